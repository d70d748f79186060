"""From what the user asked for to what there is to do: nothing here writes a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rvebench.editors import Editor, build_editor, patience_of
from rvebench.errors import UsageError
from rvebench.judges import Judge, build_judge
from rvebench.metrics import Metric, choose_metrics
from rvebench.records import EditorInfo, EditRequest, Need, Sample
from rvebench.runs.asking import AskingOptions, first_connection
from rvebench.runs.environment import describe_environment
from rvebench.runs.manifest import (
    Generation,
    Manifest,
    Scoring,
    Shard,
    editor_entry,
    judge_entry,
    make_scoring,
    metric_entry,
    samples_digest,
)
from rvebench.runs.units import edit_key
from rvebench.scoring import get_formula
from rvebench.splits import fingerprint_split, load_split
from rvebench.taxonomy import Subset
from rvebench.video import CONFORM_VERSION

if TYPE_CHECKING:
    from rvebench.judges.llm import Connection

__all__ = ["Judging", "Plan", "RunOptions", "Scorers", "build_scorers", "make_plan", "scratch_request"]

Progress = Callable[[int, int], None]

_EDIT_LIMIT_S = 1800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How to work; nothing here decides a number."""

    workers: int = 1
    """Worker processes for generation, each with its own copy of the model."""
    timeout_s: float | None = None
    """Time for one edit; None: half an hour, or a minute more than the editor gives itself."""
    judge_timeout_s: float = 900.0
    """Time for one verdict."""
    decode_limit_s: float = 300.0
    """Time for decoding one video."""
    retry_failed: bool = False
    """Do again what ended failed, refused, timed out or unjudged."""
    allow_mixed: bool = False
    """Go on in a directory made with other software."""
    allow_truncated: bool = False
    """Accept sources and targets that decode to fewer frames than their container says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """Which judge, and how it is reached."""

    spec: str
    repeats: int = 1
    """Independent verdicts of each judge."""
    reduce: str = "mean"
    """How the verdicts of several judges or repeats become one."""
    quorum: int | None = None
    """How many judges (of one judge: repeats) must answer; None: all."""
    asking: AskingOptions = field(default_factory=AskingOptions)

    def build(self, connection: Connection) -> Judge:
        """Returns the judge over a connection; nothing is called or loaded yet.

        Raises:
            UsageError: a name is unknown, or the judge cannot work here; the text says what to do.
        """
        return build_judge(self.spec, connection, repeats=self.repeats, reduce=self.reduce, quorum=self.quorum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorers:
    """The judge and the metrics of a run, built and described."""

    judge: Judge | None
    metrics: tuple[Metric, ...]
    scoring: Scoring
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Why metrics are not among them that could have been meant, by name."""
    judging: Judging | None = None
    """How the judge was asked for, to build it again with a run's cache and budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run to make: what, with what, and under which identity."""

    manifest: Manifest
    samples: tuple[Sample, ...]
    """All selected samples, in the split's order, with frame hashes."""
    own: tuple[Sample, ...]
    """Those of this shard."""
    editor: EditorInfo
    scorers: Scorers
    keys: Mapping[str, str] = field(default_factory=dict)
    """Edit key by sample id."""
    patience_s: float = 0.0
    """Seconds after which the editor ends an edit itself, 0 when it never does."""

    def edit_limit_s(self, options: RunOptions) -> float:
        """Returns the time for one edit."""
        return options.timeout_s or max(_EDIT_LIMIT_S, self.patience_s + 60)


def build_scorers(
    *,
    judge: Judging | str | None,
    metrics: str,
    formula: str,
    exclude_unjudged: bool,
    dry: bool = False,
    metric_defaults: Mapping[str, str] | None = None,
) -> Scorers:
    """Returns the judge and metrics by name; nothing is loaded or called yet.

    Args:
        judge: which judge, or its spec alone.
        metrics: `ready`, `all`, `none`, or names with commas.
        formula: how criteria become one number.
        exclude_unjudged: leave unjudged edits out of the headline instead of withholding it.
        dry: nothing will be asked, so that no key is needed.
        metric_defaults: options (precision, device) for every metric that takes them.

    Raises:
        UsageError: a name is unknown, or the judge cannot work here; the text says what to do.
    """
    judging = Judging(spec=judge) if isinstance(judge, str) else judge
    chosen = judging.build(first_connection(judging.asking, needs_key=not dry)) if judging else None
    measures = choose_metrics(metrics, metric_defaults)
    return Scorers(
        judge=chosen,
        metrics=measures.metrics,
        left_out=measures.left_out,
        scoring=make_scoring(
            judge_entry(judging.spec, chosen.info) if judging and chosen else None,
            [metric_entry(metric.info) for metric in measures.metrics],
            get_formula(formula),
            exclude_unjudged=exclude_unjudged,
        ),
        judging=judging,
    )


def make_plan(
    *,
    model: str,
    split: str,
    seed: int,
    limit: int | None,
    shard: Shard | None,
    scorers: Scorers,
    allow_truncated: bool = False,
    progress: Progress | None = None,
) -> Plan:
    """Returns the plan of a run.

    Everything that can be wrong before work begins is found here: unknown names, a damaged manifest, sources that are
    not there, texts the editor needs and the split lacks.

    Raises:
        UsageError: a name or option cannot be used.
        DataError: the split is damaged.
    """
    editor = build_editor(model)
    whole = load_split(split)
    chosen = whole.samples if limit is None else whole.samples[:limit]
    if not chosen:
        raise UsageError("there is nothing to do: no sample is selected", where=split)
    _require_texts(editor, chosen, model)
    hashed = fingerprint_split(
        replace(whole, samples=tuple(chosen)), progress=progress, allow_truncated=allow_truncated
    )
    selected = hashed.samples
    entry = editor_entry(model, editor.info)
    generation = Generation(
        split=whole.name,
        split_sha256=hashed.sha256,
        n_samples=len(selected),
        samples_sha256=samples_digest(selected),
        editor=entry,
        seed=seed,
        conform_version=CONFORM_VERSION,
    )
    return Plan(
        manifest=Manifest(
            generation=generation,
            scoring=scorers.scoring if scorers.judge or scorers.metrics else None,
            shard=str(shard) if shard else None,
            environments=(describe_environment(),),
        ),
        samples=selected,
        own=tuple(shard.pick(selected)) if shard else selected,
        editor=editor.info,
        scorers=scorers,
        keys=edit_keys(selected, generation),
        patience_s=patience_of(editor),
    )


def edit_keys(samples: Sequence[Sample], generation: Generation) -> dict[str, str]:
    """Returns the edit key of each sample."""
    return {
        sample.id: edit_key(sample_digest=sample.digest, editor_digest=generation.editor.digest, seed=generation.seed)
        for sample in samples
    }


def _require_texts(editor: Editor, samples: Sequence[Sample], model: str) -> None:
    source = editor.info.prompt_source
    lacking = [sample.id for sample in samples if not prompt_of(sample, source)]
    if lacking:
        raise UsageError(
            f"the editor is told the samples' {source}, which {len(lacking)} of {len(samples)} lack "
            f"({', '.join(lacking[:3])})",
            where=model,
            hint="choose prompt=instruction",
        )
    if "target" in editor.info.needs:
        lacking = [sample.id for sample in samples if sample.target is None]
        if lacking:
            raise UsageError(
                f"the editor needs target videos, which {len(lacking)} of {len(samples)} samples lack", where=model
            )

    if "other" in editor.info.needs and len(samples) < 2:
        raise UsageError("the editor shows another sample's video, and there is only one sample", where=model)


def prompt_of(sample: Sample, source: str) -> str | None:
    """Returns the text an editor is given: the instruction, its literal form, or the expected outcome."""
    return {
        "instruction": sample.instruction,
        "literal": sample.literal_instruction,
        "expected_outcome": sample.expected_outcome,
    }.get(source)


def scratch_request(plan: Plan, sample: Sample, folder: Path) -> EditRequest:
    """Returns the request for one sample, with just what the editor declared that it needs."""
    needs = plan.editor.needs
    text = prompt_of(sample, plan.editor.prompt_source)
    assert text, "make_plan checked that every sample has the text"
    other = None
    if "other" in needs:
        stranger = _another(plan.samples, sample)
        other = stranger.target or stranger.source
    return EditRequest(
        sample_id=sample.id,
        source=sample.source,
        instruction=text,
        subset=sample.subset,
        seed=plan.manifest.generation.seed,
        out=folder / f"{sample.id}.mp4",
        mask=sample.mask if "mask" in needs and _mask_is_for_editors(sample, needs) else None,
        target=sample.target if "target" in needs else None,
        other=other,
    )


def _mask_is_for_editors(sample: Sample, needs: Sequence[Need]) -> bool:
    """A following shot's mask marks the target, not the source: only a control that is given the target can use it."""
    return sample.subset is not Subset.ICVG or "target" in needs


def _another(samples: Sequence[Sample], sample: Sample) -> Sample:
    """Returns the next sample in the split's order that has another source, or simply the next one."""
    at = next(index for index, item in enumerate(samples) if item.id == sample.id)
    following = [*samples[at + 1 :], *samples[:at]]
    return next((item for item in following if item.cluster != sample.cluster), following[0])
