"""The table of ratings that `rvebench correlate` reads: one score for each edit, rater and criterion."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Collection, Mapping, Sequence

from rvebench.study.analysis.evidence import Scored, gather, method_names
from rvebench.study.folder import Answers
from rvebench.study.records import Study

__all__ = ["ratings_csv"]

_COLUMNS = ("sample_id", "editor", "rater", "criterion", "score", "cluster", "category")


def ratings_csv(study: Study, answers: Answers, raters: Collection[str]) -> str:
    """Returns the answers of some raters as CSV, the scale declared above the header.

    A Likert score stands as it was given. A place becomes the share of the other methods on the screen that the edit
    was put above, a tie for half: 1 is best of all, 0 is worst, whatever the number shown; a rater who met the edit on
    several screens gave the mean.

    Args:
        study: the study.
        answers: what raters sent.
        raters: whose answers are wanted.
    """
    likert = study.design == "likert"
    scored = gather(study, answers, raters)
    low, high = study.rules.scale if likert else (0, 1)
    text = io.StringIO(newline="")
    text.write(f"# scale: {low} {high}\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    names, facts = method_names(study), study.sample_of
    for (sample, method, rater, criterion), values in sorted(_scores(scored, likert).items()):
        score = math.fsum(values) / len(values)
        where = facts[sample]
        writer.writerow([sample, names[method], rater, criterion, f"{score:.6g}", where.cluster, where.category])
    return text.getvalue()


def _scores(scored: Sequence[Scored], likert: bool) -> Mapping[tuple[str, str, str, str], list[float]]:
    found: dict[tuple[str, str, str, str], list[float]] = {}
    for each in scored:
        for method, merit in each.merits.items():
            others = [other for name, other in each.merits.items() if name != method]
            if likert:
                score = merit
            elif others:
                score = sum((merit > other) + (merit == other) / 2 for other in others) / len(others)
            else:
                continue
            found.setdefault((each.sample, method, each.rater, each.criterion), []).append(score)
    return found
