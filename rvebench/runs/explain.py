"""Why run B's numbers differ from run A's: the change taken apart by cause, as far as the records allow.

What can be computed is computed: leaving out the samples of one run only, scoring A's verdicts by B's formula, and
keeping apart the pairs that show the same edit (their change is the judge's) from those that show another. A part that
two causes share is given to both by name, and said to be inseparable; telling them apart takes another run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rvebench.runs.changes import Cause, Change, RunFiles, changed_samples, changes_between
from rvebench.runs.load import score_rows
from rvebench.scoring import get_formula, score_sample
from rvebench.scoring.attribution import Attribution, Part, attribute_change
from rvebench.scoring.shapes import as_json_number
from rvebench.taxonomy import Status

__all__ = ["Explained", "Explanation", "Movement", "explain_change"]

_TEXTS, _MEDIA, _GONE, _ENDED, _SAME, _OTHER = (
    "changed samples",
    "changed source or target videos",
    "outputs missing in one run",
    "edits in one run only",
    "the same edits",
    "other edits",
)

_ACTS: Mapping[str, tuple[Cause, ...]] = {
    _TEXTS: (Cause.SAMPLES, Cause.MEDIA, Cause.EDITOR, Cause.JUDGE, Cause.PROMPT, Cause.FRAMES, Cause.CODE),
    _MEDIA: (Cause.MEDIA, Cause.EDITOR, Cause.JUDGE, Cause.PROMPT, Cause.FRAMES, Cause.CODE),
    _GONE: (),
    _ENDED: (Cause.EDITOR, Cause.CODE),
    _SAME: (Cause.JUDGE, Cause.PROMPT, Cause.FRAMES, Cause.CODE),
    _OTHER: (Cause.EDITOR, Cause.JUDGE, Cause.PROMPT, Cause.FRAMES, Cause.CODE),
}
"""What can change the score of a pair of each class, once the formula is the same."""

_SCATTER: Mapping[str, str] = {
    _GONE: "nothing is recorded for them: the run is not finished, or outputs are gone",
    _SAME: "nothing that is recorded differs: the judge answered otherwise",
    _OTHER: "nothing that is recorded differs: the editor made another video",
    _ENDED: "nothing that is recorded differs: the editor ended otherwise",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One part of a change, with what caused it."""

    part: Part
    causes: tuple[Cause, ...]
    """More than one: the records cannot tell how much is whose. None: `words` says what is known."""
    words: str
    """For people: the cause or causes."""

    @property
    def separable(self) -> bool:
        """Whether the part has one cause."""
        return len(self.causes) < 2

    def as_json(self) -> dict[str, object]:
        """Returns every field in plain JSON values."""
        return {
            "part": self.part.name,
            "amount": as_json_number(self.part.amount),
            "n": self.part.n,
            "causes": [cause.value for cause in self.causes],
            "separable": self.separable,
            "words": self.words,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """The change of one quantity, taken apart."""

    attribution: Attribution
    parts: tuple[Explained, ...]

    def as_json(self) -> dict[str, object]:
        """Returns both means, their difference and its parts."""
        return {
            "a": as_json_number(self.attribution.mean_a),
            "b": as_json_number(self.attribution.mean_b),
            "change": as_json_number(self.attribution.change),
            "shared": self.attribution.n_shared,
            "parts": [part.as_json() for part in self.parts],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything that differs between two runs, and where the change of each number comes from."""

    changes: tuple[Change, ...]
    quantities: Mapping[str, Movement]
    """`overall`, then metrics by name; those with a number in both runs on some sample."""
    unjudged: tuple[int, int]
    """Edits of A and of B without a verdict: they are in no mean here."""

    def as_json(self) -> dict[str, object]:
        """Returns the whole in plain JSON values."""
        return {
            "changes": [change.as_json() for change in self.changes],
            "unjudged": {"a": self.unjudged[0], "b": self.unjudged[1]},
            "quantities": {name: found.as_json() for name, found in self.quantities.items()},
        }


def explain_change(a: RunFiles, b: RunFiles) -> Explanation:
    """Returns what differs between two runs, and what each difference did to the numbers where that can be computed."""
    changes = changes_between(a, b)
    classes = _classes(a, b)
    quantities: dict[str, Movement] = {}
    if a.view.header.judge and b.view.header.judge:
        other = a.view.header.formula != b.view.header.formula
        found = attribute_change(
            _scores(a, a.view.header.formula),
            _scores(b, b.view.header.formula),
            classes,
            rescored_a=_scores(a, b.view.header.formula) if other else None,
        )
        if found is not None:
            quantities["overall"] = _explained(found, changes)
    for name in sorted(_metric_names(a) & _metric_names(b)):
        found = attribute_change(_measures(a, name), _measures(b, name), classes)
        if found is not None:
            quantities[name] = _explained(found, changes, metric=name)
    ours, theirs = (
        sum(item.status is Status.UNJUDGED for item in files.view.outcomes) if files.view.header.judge else 0
        for files in (a, b)
    )
    return Explanation(changes=changes, quantities=quantities, unjudged=(ours, theirs))


def _classes(a: RunFiles, b: RunFiles) -> dict[str, str]:
    """Returns the class of every sample that both runs have."""
    changed = changed_samples(a.view, b.view)
    in_b = {item.sample.id for item in b.view.outcomes}
    found = {}
    for item in a.view.outcomes:
        name = item.sample.id
        if name not in in_b:
            continue
        ours, theirs = a.edits.get(name), b.edits.get(name)
        gone = [edit is None or edit.status is Status.MISSING for edit in (ours, theirs)]
        made = [edit is not None and edit.status is Status.OK for edit in (ours, theirs)]
        if name in changed:
            found[name] = _MEDIA if changed[name] is Cause.MEDIA else _TEXTS
        elif gone[0] != gone[1]:
            found[name] = _GONE
        elif made[0] != made[1]:
            found[name] = _ENDED
        elif ours is None or theirs is None or not made[0]:
            found[name] = _SAME  # no video in either: both count 0
        else:
            found[name] = _SAME if ours.frames_sha256 == theirs.frames_sha256 else _OTHER
    return found


def _scores(files: RunFiles, formula: str) -> dict[str, float | None]:
    chosen = get_formula(formula)
    return {row.sample_id: score_sample(row, chosen) for row in score_rows(files.view.outcomes)}


def _metric_names(files: RunFiles) -> set[str]:
    return {value.metric for item in files.view.outcomes for value in item.metrics}


def _measures(files: RunFiles, name: str) -> dict[str, float | None]:
    return {
        item.sample.id: value.value for item in files.view.outcomes for value in item.metrics if value.metric == name
    }


def _explained(found: Attribution, changes: Sequence[Change], *, metric: str | None = None) -> Movement:
    return Movement(
        attribution=found, parts=tuple(_explain_part(part, _active(changes, metric), metric) for part in found.parts)
    )


def _active(changes: Sequence[Change], metric: str | None) -> set[Cause]:
    """Returns the causes that are there and can touch the quantity: no judge touches a metric, and the other way."""
    found: set[Cause] = set()
    for change in changes:
        of_metric = f"{change.what} ".startswith(f"metric {metric} ")
        of_judge = change.cause in {Cause.JUDGE, Cause.PROMPT, Cause.FORMULA} or change.what == "frame plan sha256"
        if (change.cause is Cause.METRIC and not of_metric) or (metric is not None and of_judge):
            continue
        found.add(change.cause)
    return found


def _explain_part(part: Part, active: Iterable[Cause], metric: str | None) -> Explained:
    if part.name.startswith("only in"):
        return Explained(part=part, causes=(Cause.SAMPLES,), words=Cause.SAMPLES.value)
    if part.name == "formula":
        words = "formula: A's verdicts scored by B's formula"
        return Explained(part=part, causes=(Cause.FORMULA,), words=words)
    acts = _ACTS[part.name] if metric is None else (*_ACTS[part.name], Cause.METRIC)
    causes = tuple(cause for cause in acts if cause in set(active))
    if len(causes) > 1:
        words = f"{' + '.join(cause.value for cause in causes)}: not separable"
    elif causes:
        words = causes[0].value
    else:
        words = _SCATTER.get(part.name, "nothing that is recorded differs")
    return Explained(part=part, causes=causes, words=words)
