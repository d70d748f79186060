"""What the stages of one run share: the study's choices, its samples, and models that are loaded once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from rvebench.errors import UsageError
from rvebench.revise.training.clips import ClipShape, TrainingSample
from rvebench.revise.training.config import TrainConfig
from rvebench.science.rows import BASE, flops_name
from rvebench.science.study import Arm, DataPlan, Scale, Study
from rvebench.science.world import HeldOut, held_out_sets, training_samples, training_sets
from rvebench.splits import Split, load_split, rendered_folder
from rvebench.splits.manifest import MANIFEST_NAME

__all__ = ["Choices", "Run", "Workshop"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a person chose about a run."""

    scale: str = "cpu"
    seeds: int | None = None
    """None for the scale's own."""
    only: tuple[str, ...] = ()
    """Arms; empty for all of the scale."""
    trained: frozenset[str] | None = None
    """Trainings (:attr:`Run.stage`) that are done: what lacks one of its seeds is left out. None to train all."""
    data: Path | None = None
    """A rendered training split, in the place of the study's own."""
    test: Path | None = None
    """A rendered test split, in the place of the study's own."""
    vae: Path | None = None
    """A folder of `train-vae`."""
    critic: Path | None = None
    """A folder of `train-critic`."""
    base: Path | None = None
    """A whole model to fork, in the place of the study's own base."""
    workers: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One training of an arm."""

    arm: Arm
    seed: int
    flops: bool = False
    """Whether it takes as many operations as the reference, instead of as many steps."""

    @property
    def name(self) -> str:
        """Of the arm, in tables."""
        return flops_name(self.arm.name) if self.flops else self.arm.name

    @property
    def stage(self) -> str:
        """The end of its stages' names."""
        return f"{self.name}/seed-{self.seed}"


@dataclass(kw_only=True, eq=False)
class Workshop:
    """See the module.

    Args:
        study: what was registered.
        choices: what was chosen.

    Raises:
        UnknownNameError: no such scale or arm.
        UsageError: a seed too many or too few, or an arm that the scale leaves out.
    """

    study: Study
    choices: Choices
    cache: dict[str, Any] = field(init=False, default_factory=dict)
    """Models and held-out clips, by what they were loaded from."""

    def __post_init__(self) -> None:
        names = {arm.name for arm in self.study.arms_of(self.scale)}
        for name in self.choices.only:
            self.study.arm(name)
            if name not in names:
                raise UsageError(
                    f"the scale {self.scale.name} leaves the arm {name} out", hint="choose another --scale"
                )
        if self.choices.seeds is not None and self.choices.seeds < 1:
            raise UsageError(f"a study has at least one seed, not {self.choices.seeds}")

    @cached_property
    def scale(self) -> Scale:
        """How much is computed."""
        return self.study.scale(self.choices.scale)

    @property
    def data(self) -> DataPlan:
        """The clips."""
        return self.study.data_of(self.scale)

    @property
    def shape(self) -> ClipShape:
        """What models are given of a video."""
        return self.study.shape_of(self.scale)

    @cached_property
    def seeds(self) -> tuple[int, ...]:
        """Of the trainings."""
        return tuple(range(self.choices.seeds or self.scale.seeds))

    @cached_property
    def arms(self) -> tuple[Arm, ...]:
        """Those that are run, in the study's order."""
        whole = self.study.arms_of(self.scale)
        chosen = [arm for arm in whole if not self.choices.only or arm.name in self.choices.only]
        return tuple(arm for arm in chosen if self._runs_of(arm))

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """Every training, arm by arm; second trainings at equal operations after all others."""
        plain = [run for arm in self.arms for run in self._runs_of(arm)]
        return (*plain, *(run for arm in self.arms if arm.equal_flops for run in self._runs_of(arm, flops=True)))

    def _runs_of(self, arm: Arm, *, flops: bool = False) -> list[Run]:
        found = [Run(arm=arm, seed=seed, flops=flops) for seed in self.seeds_of(arm)]
        trained = self.choices.trained
        return found if trained is None or all(run.stage in trained for run in found) else []

    def reference_training(self, seed: int) -> TrainConfig:
        """Returns the training whose operations the second trainings of other arms match."""
        return self.study.training(self.study.arm(self.study.reference), self.scale, seed=seed)

    def seeds_of(self, arm: Arm) -> tuple[int, ...]:
        """Returns the seeds that an arm is trained with."""
        return self.seeds if arm.most_seeds is None else self.seeds[: arm.most_seeds]

    @cached_property
    def missing(self) -> list[str]:
        """Arms of the study that this run leaves out, and second trainings of those that it does not."""
        there = {run.name for run in self.runs}
        names = [arm.name for arm in self.study.arms]
        names += [flops_name(arm.name) for arm in self.study.arms if arm.equal_flops and arm.name in there]
        return [name for name in names if name not in there]

    @property
    def train_folder(self) -> Path:
        """Where the training split is, or will be rendered."""
        if self.choices.data is not None:
            return self.choices.data
        return rendered_folder(self.data.split, (self.data.width, self.data.height), self.data.video_frames)

    @property
    def test_folder(self) -> Path:
        """Where the test split is, or will be rendered."""
        if self.choices.test is not None:
            return self.choices.test
        return rendered_folder(self.data.test, (self.data.width, self.data.height), self.data.video_frames)

    @cached_property
    def train_split(self) -> Split:
        """The training split, once it is rendered."""
        return load_split(str(self.train_folder / MANIFEST_NAME))

    @cached_property
    def test_split(self) -> Split:
        """The test split, once it is rendered."""
        found = load_split(str(self.test_folder / MANIFEST_NAME))
        return Split(name=self.data.test, path=found.path, samples=found.samples)

    @cached_property
    def samples(self) -> tuple[TrainingSample, ...]:
        """The training split's samples, as many as the study takes."""
        return training_samples(self.train_split, self.scale.samples)

    @cached_property
    def kept(self) -> tuple[TrainingSample, ...]:
        """Those that are trained on, unspoilt."""
        return training_sets(self.samples, self.data.held_out)[0]

    @cached_property
    def held_out(self) -> tuple[HeldOut, ...]:
        """Every sample that is edited and measured."""
        return held_out_sets(
            self.train_split,
            self.samples,
            self.data.held_out,
            self.test_split,
            self.scale.test_samples,
            most_held_out=self.scale.held_out_samples,
        )

    def tables(self) -> Mapping[str, list[str]]:
        """Returns the arms of this run by the paper's tables."""
        names = dict.fromkeys(table for arm in self.arms for table in arm.tables)
        return {table: [arm.name for arm in self.arms if table in arm.tables] for table in names}

    def models(self) -> tuple[str, ...]:
        """Returns whose edits the calibration looks at: those of the study that are in this run."""
        there = {BASE, *(arm.name for arm in self.arms)}
        return tuple(name for name in self.study.calibration.models if name in there)
