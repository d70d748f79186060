"""From two tables to the whole report: which rows meet, by criterion and category, and what a reader must know."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rvebench.errors import CoverageError, UnknownNameError, UsageError
from rvebench.registry import nearest_names
from rvebench.scoring.agreement.ceiling import MOST_PAIRS
from rvebench.scoring.agreement.layout import lay_out
from rvebench.scoring.agreement.measure import measure_criterion
from rvebench.scoring.agreement.ratings import JudgeScore, Rating, Ratings, SampleFacts, Verdicts, criterion_name
from rvebench.scoring.agreement.shapes import AgreementReport, CriterionAgreement, Level
from rvebench.scoring.bootstrap import DEFAULT_RESAMPLES
from rvebench.taxonomy import CRITERIA

__all__ = ["measure_agreement"]

_FEW_CLUSTERS = 10
"""Sources below which the intervals are much wider than they need be (docs/design/agreement.md)."""


def measure_agreement(
    ratings: Ratings,
    verdicts: Verdicts,
    *,
    level: Level = "sample",
    by_category: bool = False,
    judges: Sequence[str] = (),
    criteria: Sequence[str] = (),
    seed: int = 0,
    resamples: int = DEFAULT_RESAMPLES,
) -> AgreementReport:
    """Returns how well judges agree with people, beside how well people agree with each other.

    Args:
        ratings: people's.
        verdicts: judges'; edits that are not judged have no row.
        level: coefficients over edits, or over editors' means.
        by_category: one block for each category after the one for all.
        judges: only these; empty: all.
        criteria: only these; empty: all that both tables have.
        seed: of the intervals.
        resamples: how many.

    Raises:
        UnknownNameError: a judge or criterion that the tables do not have.
        UsageError: by category, and no sample has one.
        CoverageError: no edit is both rated and judged.
    """
    names = {score.judge for score in verdicts.rows}
    _check_known("judge", judges, names, "verdicts")
    scores = [score for score in verdicts.rows if not judges or score.judge in judges]
    chosen = _choose_criteria(ratings, scores, criteria)
    facts = _merged(ratings.facts, verdicts.facts)
    categories = [""]
    if by_category:
        rated = {row.sample_id for row in ratings.rows}
        known = sorted({facts[sample].category for sample in rated if sample in facts} - {""})
        if not known:
            raise UsageError(
                "no category is known for any rated sample",
                hint="give runs as verdicts, name the split with --split, or add a column 'category' to a file",
            )
        categories += known
    blocks: list[CriterionAgreement] = []
    judged_only = 0
    for criterion in chosen:
        for category in categories:
            wanted = _in_category(facts, category)
            layout = lay_out(
                [row for row in ratings.rows if row.criterion == criterion and wanted(row.sample_id)],
                [row for row in scores if row.criterion == criterion and wanted(row.sample_id)],
                facts,
            )
            if category and not len(layout.samples):
                continue
            judged_only = max(judged_only, layout.n_judged_only)
            blocks.append(
                measure_criterion(
                    layout, criterion=criterion, category=category, level=level, seed=seed, resamples=resamples
                )
            )
    if not any(reading.n_units for block in blocks for reading in block.readings):
        raise CoverageError(
            "no edit is both rated and judged",
            hint="sample ids, editors and criteria must be spelt alike in both tables",
        )
    notes = _notes(ratings, verdicts, blocks, facts, judged_only, level)
    return AgreementReport(level=level, seed=seed, scale=ratings.scale, criteria=tuple(blocks), notes=notes)


def _check_known(kind: str, asked: Sequence[str], known: set[str], where: str) -> None:
    for name in asked:
        if name not in known:
            near = nearest_names(name, known)
            offer = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(sorted(known))}"
            raise UnknownNameError(f"no {kind} {name!r} in the {where}", hint=offer)


def _choose_criteria(ratings: Ratings, scores: Sequence[JudgeScore], asked: Sequence[str]) -> list[str]:
    """Returns the criteria to report: the four in their order, then any other by name."""
    rated = {row.criterion for row in ratings.rows}
    judged = {row.criterion for row in scores}
    wanted = [criterion_name(name) for name in asked]
    _check_known("criterion", wanted, rated, "ratings")
    _check_known("criterion", wanted, judged, "verdicts")
    both = rated & judged
    if not both:
        raise CoverageError(
            f"ratings and verdicts share no criterion: {', '.join(sorted(rated))} against {', '.join(sorted(judged))}"
        )
    order = [criterion.value for criterion in CRITERIA]
    found = sorted(both, key=lambda name: (order.index(name) if name in order else len(order), name))
    return [name for name in found if not wanted or name in wanted]


def _merged(one: Mapping[str, SampleFacts], two: Mapping[str, SampleFacts]) -> dict[str, SampleFacts]:
    """Returns what is known of samples; where both tables say something, the verdicts' (the second) counts."""
    nothing = SampleFacts()
    return {
        sample: SampleFacts(
            two.get(sample, nothing).cluster or one.get(sample, nothing).cluster,
            two.get(sample, nothing).category or one.get(sample, nothing).category,
        )
        for sample in {**one, **two}
    }


def _in_category(facts: Mapping[str, SampleFacts], category: str) -> Callable[[str], bool]:
    return lambda sample: not category or facts.get(sample, SampleFacts()).category == category


def _notes(
    ratings: Ratings,
    verdicts: Verdicts,
    blocks: Sequence[CriterionAgreement],
    facts: Mapping[str, SampleFacts],
    judged_only: int,
    level: Level,
) -> tuple[str, ...]:
    notes = []
    whole = [block for block in blocks if not block.category]
    for kind, columns in (("ratings", ratings.unread), ("verdicts", verdicts.unread)):
        if columns:
            notes.append(f"columns of the {kind} that are not read: {', '.join(columns)}")
    if not any(known.cluster for known in facts.values()):
        notes.append("no sources are known, so each sample is taken for independent of the others")
    few = [block.n_clusters for block in whole if block.n_clusters < _FEW_CLUSTERS]
    if few:
        notes.append(f"intervals from {min(few)} sources are rough: they rest on {min(few)} independent observations")
    unjudged = sorted({(r.judge, r.reading, r.n_unjudged) for block in whole for r in block.readings if r.n_unjudged})
    for judge, reading, count in unjudged:
        notes.append(f"{count} rated edits have no {reading} score of {judge}: they are in none of its numbers")
    if judged_only:
        notes.append(f"{judged_only} judged edits have no rating and are left out")
    rated_only = sorted({row.criterion for row in ratings.rows} - {row.criterion for row in verdicts.rows})
    if rated_only:
        notes.append(f"criteria that only people scored: {', '.join(rated_only)}")
    if any(block.n_raters * (block.n_raters - 1) // 2 > MOST_PAIRS for block in whole):
        notes.append(f"of pairs of raters, the {MOST_PAIRS} that share the most edits are looked at")
    if level == "system":
        notes.append("intervals over editors hold these editors fixed: they are about other samples, not other editors")
        if _is_uneven(ratings.rows):
            notes.append("the editors' means are over different samples: their order can be that of the samples")
    return tuple(notes)


def _is_uneven(rows: Sequence[Rating]) -> bool:
    samples: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        samples.setdefault((row.criterion, row.editor), set()).add(row.sample_id)
    for criterion in {criterion for criterion, _ in samples}:
        kinds = [found for (name, _), found in samples.items() if name == criterion]
        if any(found != kinds[0] for found in kinds):
            return True
    return False
