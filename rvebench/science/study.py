"""A study as one frozen value, read from a file that is written before anything is trained.

The file fixes data, noise, arms, seeds, measures and the comparisons that may be claimed. Its digest stands on every
page that is made from it. Sizes that only decide how much is computed are apart, in scales.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeVar

from rvebench.errors import UnknownNameError, UsageError
from rvebench.records import digest_of
from rvebench.registry import nearest_names
from rvebench.revise.config_io import from_plain, merged, read_plain, to_plain
from rvebench.revise.shapes import Size
from rvebench.revise.training.clips import ClipShape
from rvebench.revise.training.config import OBJECTIVES, ObjectiveName, TrainConfig

__all__ = [
    "Arm",
    "Calibration",
    "Claims",
    "Contrast",
    "DataPlan",
    "NoisePlan",
    "Scale",
    "Study",
    "load_study",
    "shipped_studies",
]

ItemT = TypeVar("ItemT")
Start = Literal["base", "scratch"]
_EXTENDS = "extends"
"""The key of a study's file that names the shipped study whose keys it begins from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPlan:
    """Which clips are trained on and which are held out."""

    split: str = "sim-train"
    test: str = "mini"
    """A rendered split whose compositions of object and law are in no training sample."""
    width: int = 128
    """Of the rendered clips."""
    height: int = 72
    video_frames: int = 33
    held_out: float = 0.05
    """Share of the training split's groups, the last ones, that nothing is trained on."""
    stride: int = 4
    """Frames of the video per frame of the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoisePlan:
    """How many targets of the training data are spoilt, as shares of all. The critic is trained on unspoilt ones."""

    unchanged: float = 0.25
    """The target is the source."""
    wrong: float = 0.15
    """The target shows what another law would have done."""
    half: float = 0.10
    """The target shows half of the right change."""
    seed: int = 0

    def __post_init__(self) -> None:
        shares = (self.unchanged, self.wrong, self.half)
        if any(not 0 <= share <= 1 for share in shares) or sum(shares) > 1:
            raise UsageError(f"shares of spoilt targets are within 0..1 and sum to at most 1, not {shares}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One way of training, forked from the base (or begun from scratch), run for each seed."""

    name: str
    title: str
    objective: ObjectiveName
    start: Start = "base"
    set: tuple[str, ...] = ()
    """Changes of the training configuration, as `train-revise --set` takes them."""
    tables: tuple[str, ...] = ()
    """Numbers of the paper's tables it belongs to; "extra" for what the paper has not."""
    equal_flops: bool = False
    """Train it a second time, for as many operations as the reference arm takes instead of as many steps."""
    most_seeds: int | None = None
    """Fewer seeds than the others."""

    def __post_init__(self) -> None:
        if not self.name or not all(letter.isalnum() or letter in "-." for letter in self.name):
            raise UsageError(f"an arm's name is of letters, digits, '-' and '.', not {self.name!r}")
        if self.name == "base":
            raise UsageError("no arm is called base: that is what arms are forked from")
        if self.objective not in OBJECTIVES:
            raise UsageError(f"arm {self.name}: no objective {self.objective!r}", hint=f"use {', '.join(OBJECTIVES)}")
        if self.most_seeds is not None and self.most_seeds < 1:
            raise UsageError(f"arm {self.name}: most_seeds is at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """A difference that may be claimed: `better` minus `than`. What is not listed is shown and never claimed."""

    better: str
    """An arm, or `base`. The name states the paper's order, where the paper has one; our claim may be the reverse."""
    than: str
    table: str
    paper: bool = True
    """Whether the paper reports both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """When an ordering may be claimed."""

    measures: tuple[str, ...] = ("ea_progress", "pc_error")
    """Measures on which claims are made; all others are shown beside them."""
    sets: tuple[str, ...] = ("held-out", "mini")
    cluster: Literal["family"] = "family"
    """What is resampled: a law's world with all its samples. Training seeds are resampled as well."""
    resamples: int = 4000
    seed: int = 2512
    fewest_clusters: int = 10
    """Families below which nothing is claimed."""

    def __post_init__(self) -> None:
        if self.resamples < 200 or self.fewest_clusters < 2 or not self.measures or not self.sets:
            raise UsageError("claims need at least 200 resamples, two clusters, one measure and one set")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How well the critic's verdict tells good edits from bad ones (Figure 4 and Table 6)."""

    taus: tuple[float, ...] = (0.1, 0.3, 0.5, 0.7, 0.9)
    rungs: tuple[str, ...] = ("target", "half", "no-op", "wrong-law", "wrong-sample", "blurred")
    """Constructed edits of known quality, one clip each of every held-out sample."""
    models: tuple[str, ...] = ("base", "sft", "uso")
    """Whose edits are added, of the first seed."""
    estimates: int = 800
    """Edits that one-step estimates are made of, evenly spread over all; the paper's number of held-out pairs."""
    bins: int = 10

    def __post_init__(self) -> None:
        if self.estimates < 1 or self.bins < 1:
            raise UsageError("calibration needs at least one estimate and one bin")
        if not all(0 < tau < 1 for tau in self.taus) or list(self.taus) != sorted(set(self.taus)):
            raise UsageError(f"noise levels rise strictly within 0..1, not {self.taus}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much is computed. Claims are made at scales that say so."""

    name: str
    summary: str
    preset: str = "nano"
    """Training preset of all arms."""
    set: tuple[str, ...] = ()
    """Changes of the preset, before an arm's own."""
    fork_set: tuple[str, ...] = ()
    """More of them, for forks alone, the same for all: before an arm's own."""
    data: DataPlan | None = None
    """Other clips than the study's, for rehearsals."""
    samples: int = 4000
    graded: int = 1200
    """Samples of which edits are drawn that are half right and wrong, for the critic."""
    held_out_samples: int | None = None
    """Most of the held-out samples that are edited, evenly spread; None for all."""
    test_samples: int | None = None
    """The same of the test split."""
    base_steps: int
    fork_steps: int
    vae_set: tuple[str, ...] = ()
    """Changes of the autoencoder's training, as `train-vae --set` takes them."""
    critic_set: tuple[str, ...] = ()
    """The same of the critic's."""
    seeds: int = 3
    edit_steps: int = 12
    estimates: int | None = None
    """Fewer edits that one-step estimates are made of than the study's; for rehearsals."""
    arms: tuple[str, ...] = ()
    """Only these; empty for all."""
    arm_set: tuple[str, ...] = ()
    """Changes after an arm's own, of the form ARM:KEY=VALUE."""
    claims: bool = True
    """Whether results of this scale may be claimed; else the page says that they are a rehearsal."""
    paces: tuple[str, ...] = ()
    """Seconds a unit of work, KIND=SECONDS, for estimates before anything was run: kinds are names of arms and of
    stages (`vae`, `critic`, `base`, `edits`)."""

    def __post_init__(self) -> None:
        for name in ("samples", "graded", "base_steps", "fork_steps", "seeds", "edit_steps"):
            if getattr(self, name) < 1:
                raise UsageError(f"scale {self.name}: {name} is at least 1, not {getattr(self, name)}")
        self.pace("")

    def pace(self, kind: str) -> float | None:
        """Returns the guessed seconds a unit of work of a kind; None where the study has no guess.

        Raises:
            UsageError: a pace is not of the form KIND=SECONDS.
        """
        found = {}
        for text in self.paces:
            name, equals, seconds = text.partition("=")
            try:
                found[name] = float(seconds)
            except ValueError:
                equals = ""
            if not equals or not name:
                raise UsageError(f"scale {self.name}: the pace {text!r} is not of the form KIND=SECONDS")
        return found.get(kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """Everything that is fixed before the first training."""

    name: str
    title: str
    registered: str
    """The day on which it was written down, before any fork was trained."""
    data: DataPlan = field(default_factory=DataPlan)
    noise: NoisePlan = field(default_factory=NoisePlan)
    reference: str = "uso"
    """The arm whose operations are those of the equal-FLOPs column."""
    arms: tuple[Arm, ...]
    contrasts: tuple[Contrast, ...]
    claims: Claims = field(default_factory=Claims)
    calibration: Calibration = field(default_factory=Calibration)
    scales: tuple[Scale, ...]

    def __post_init__(self) -> None:
        _once((arm.name for arm in self.arms), "arm")
        _once((scale.name for scale in self.scales), "scale")
        _once((f"{each.better} and {each.than}" for each in self.contrasts), "contrast")
        names = {"base", *(arm.name for arm in self.arms)}
        asked = {
            "reference": (self.reference,),
            "calibration.models": self.calibration.models,
            **{f"contrast {each.better} and {each.than}": (each.better, each.than) for each in self.contrasts},
            **{f"scale {scale.name}": scale.arms for scale in self.scales},
        }
        for where, wanted in asked.items():
            for name in wanted:
                if name not in names:
                    near = nearest_names(name, names, most=1)
                    raise UsageError(
                        f"{where} names the arm {name!r}, which the study has not",
                        hint=f"did you mean {near[0]}?" if near else None,
                    )
        for scale in self.scales:
            for arm in self.arms:
                self.training(arm, scale, seed=0)

    def arm(self, name: str) -> Arm:
        """Returns the arm of a name.

        Raises:
            UnknownNameError: there is none.
        """
        return _found({arm.name: arm for arm in self.arms}, name, "arm")

    def scale(self, name: str) -> Scale:
        """Returns the scale of a name.

        Raises:
            UnknownNameError: there is none.
        """
        return _found({scale.name: scale for scale in self.scales}, name, "scale")

    def arms_of(self, scale: Scale) -> tuple[Arm, ...]:
        """Returns the arms that a scale runs, in the study's order."""
        return tuple(arm for arm in self.arms if not scale.arms or arm.name in scale.arms)

    def training(self, arm: Arm | None, scale: Scale, *, seed: int) -> TrainConfig:
        """Returns the configuration of an arm, or of the base (None), at a scale.

        Raises:
            UsageError: a change does not fit; names the arm.
        """
        steps = scale.base_steps if arm is None or arm.start == "scratch" else scale.fork_steps
        objective = "sft" if arm is None else arm.objective
        changes = [*scale.set, f"objective={objective}", f"loop.steps={steps}", f"loop.seed={seed}"]
        if arm is not None:
            changes += (*(scale.fork_set if arm.start == "base" else ()), *arm.set)
            changes += [text.partition(":")[2] for text in scale.arm_set if text.partition(":")[0] == arm.name]
        plain: dict[str, Any] = {"preset": scale.preset}
        try:
            return TrainConfig.from_dict(plain).with_changes(tuple(changes))
        except UsageError as error:
            who = "the base" if arm is None else f"arm {arm.name}"
            raise type(error)(f"{who} at scale {scale.name}: {error.what}", hint=error.hint) from None

    def data_of(self, scale: Scale) -> DataPlan:
        """Returns the clips of a scale."""
        return scale.data or self.data

    def estimates_of(self, scale: Scale) -> int:
        """Returns the most edits that one-step estimates are made of at a scale."""
        return self.calibration.estimates if scale.estimates is None else scale.estimates

    def shape_of(self, scale: Scale) -> ClipShape:
        """Returns what the models of a scale are given of a video."""
        sampling = self.training(None, scale, seed=0).model.sampling
        size = sampling.size or Size(width=64, height=64)
        return ClipShape(frames=sampling.frames, stride=self.data_of(scale).stride, size=size)

    @property
    def digest(self) -> str:
        """sha256 of the whole study, the sizes of its scales included."""
        return digest_of(to_plain(self))


def _found(known: dict[str, ItemT], name: str, kind: str) -> ItemT:
    if name in known:
        return known[name]
    near = nearest_names(name, known) or list(known)
    raise UnknownNameError(f"the study has no {kind} called {name!r}", hint=f"did you mean {', '.join(near)}?")


def _once(names: Iterable[str], kind: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise UsageError(f"the study has the {kind} {name} twice")
        seen.add(name)


def shipped_studies() -> tuple[str, ...]:
    """Returns the names of the studies in this package."""
    files = resources.files("rvebench.science").iterdir()
    return tuple(sorted(file.name[: -len(".toml")] for file in files if file.name.endswith(".toml")))


def load_study(name_or_path: str) -> Study:
    """Returns a shipped study by its name, or one from a `.toml` or `.json` file.

    A file may hold `extends = "nano"` and only what differs: tables change the keys that they hold, lists replace.

    Raises:
        UnknownNameError: it is neither.
        UsageError: an unknown key, a wrong type, a name that stands twice or leads nowhere; names the file.
        DataError: the file is not valid TOML or JSON.
    """
    if name_or_path in shipped_studies():
        with resources.as_file(resources.files("rvebench.science") / f"{name_or_path}.toml") as path:
            return _read(path)
    path = Path(name_or_path)
    if path.suffix not in {".toml", ".json"}:
        near = nearest_names(name_or_path, shipped_studies()) or list(shipped_studies())
        raise UnknownNameError(f"no study is called {name_or_path!r}", hint=f"did you mean {', '.join(near)}?")
    return _read(path)


def _extended(plain: dict[str, Any]) -> dict[str, Any]:
    """Returns a study's keys laid over those of the shipped study that it names under `extends`, if it does."""
    if _EXTENDS not in plain:
        return plain
    name = plain[_EXTENDS]
    if name not in shipped_studies():
        raise UsageError(f"{_EXTENDS} names no shipped study: {name!r}", hint=f"use {', '.join(shipped_studies())}")
    with resources.as_file(resources.files("rvebench.science") / f"{name}.toml") as path:
        return merged(_extended(read_plain(path)), {key: value for key, value in plain.items() if key != _EXTENDS})


def _read(path: Path) -> Study:
    plain = read_plain(path)
    try:
        return from_plain(Study, _extended(plain))
    except UsageError as error:
        raise type(error)(error.what, where=path, hint=error.hint) from None
