"""People whose preferences are known: samples and raters with effects of their own, answering a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
from scipy.stats import norm, rankdata

from rvebench.storage import LineLog
from rvebench.study import Answer, Answers, Method, Rules, Study, Trial, write_study
from rvebench.study.analysis.evidence import Comparisons
from rvebench.study.design import Item, Layout, lay_out
from tests.study.world import QUESTIONS, RULES, sample


@dataclass(frozen=True, kw_only=True)
class Population:
    """What a rater sees in an edit is a method's quality, plus a sample's, a rater's and a moment's own, all normal.

    `cuts` are the borders of the levels that raters tell apart; empty: they tell apart everything.
    """

    quality: tuple[float, ...]
    sample_sd: float = 0.6
    rater_sd: float = 0.4
    moment_sd: float = 1.0
    cuts: tuple[float, ...] = ()

    def look(self, samples: int, raters: int, rng: np.random.Generator) -> np.ndarray:
        """What each of so many raters sees in each edit of so many samples (S, R, M)."""
        count = len(self.quality)
        seen = (
            np.array(self.quality)
            + rng.normal(0, self.sample_sd, (samples, 1, count))
            + rng.normal(0, self.rater_sd, (1, raters, count))
            + rng.normal(0, self.moment_sd, (samples, raters, count))
        )
        return np.digitize(seen, self.cuts).astype(float) if self.cuts else seen

    def win_rates(self) -> np.ndarray:
        """Chance (M, M) that a new rater on a new sample prefers i to j, a tie for half."""
        sd = np.sqrt(self.sample_sd**2 + self.rater_sd**2 + self.moment_sd**2)
        quality = np.array(self.quality)
        if not self.cuts:
            return norm.cdf((quality[:, None] - quality) / (sd * np.sqrt(2)))
        borders = norm.cdf((np.array([-np.inf, *self.cuts, np.inf]) - quality[:, None]) / sd)
        levels = np.diff(borders, axis=1)
        return np.array([[sum(a[x] * (b[:x].sum() + b[x] / 2) for x in range(len(b))) for b in levels] for a in levels])


def shown_to(
    design: str,
    samples: int,
    raters: int,
    methods: int,
    *,
    per_rater: int | None = None,
    shown: int | None = None,
    seed: int = 0,
) -> np.ndarray:
    """Which pairs each rater compares on each sample (P, S, R), as the study's own design deals them out."""
    names = [f"m{index + 1}" for index in range(methods)]
    items = [Item(id=f"s{index:03}", criteria=("EA",)) for index in range(samples)]
    trials = lay_out(
        items,
        names,
        Layout(design=design, raters=raters, per_rater=per_rater or samples, shown=shown or methods, seed=seed),
    )
    pairs = list(combinations(range(methods), 2))
    people = sorted({trial.rater for trial in trials})
    table = np.zeros((len(pairs), samples, raters))
    for trial in trials:
        here = [names.index(entry) for entry in trial.shown]
        for place, (i, j) in enumerate(pairs):
            if i in here and j in here:
                table[place, int(trial.sample[1:]), people.index(trial.rater)] += 1
    return table


def compared(seen_SRM: np.ndarray, shown_PSR: np.ndarray) -> Comparisons:
    """What `compare` makes of the answers of those who saw this, every sample a source of its own."""
    samples, raters, methods = seen_SRM.shape
    pairs = tuple(combinations(range(methods), 2))
    order = np.stack([np.sign(seen_SRM[..., i] - seen_SRM[..., j]) for i, j in pairs])
    wins, ties, losses = ((order == sign) * shown_PSR for sign in (1, 0, -1))
    return Comparisons(
        methods=tuple(f"m{index + 1}" for index in range(methods)),
        pairs=pairs,
        clusters=tuple(f"s{index:03}" for index in range(samples)),
        raters=tuple(f"r{index:03}" for index in range(raters)),
        wins_PKR=wins,
        losses_PKR=losses,
        ties_PKR=ties,
        both_bad_PKR=np.zeros_like(ties),
    )


def answer_study(study: Study, population: Population, *, seed: int = 0, only: Sequence[str] | None = None) -> Answers:
    """Everybody's answers to a study: what was seen decides, also in duplicates; the noise control is seen far below.

    On every criterion people see the same, plus a little of its own.
    """
    rng = np.random.default_rng(seed)
    samples = {sample.id: place for place, sample in enumerate(study.samples)}
    raters = {rater: place for place, rater in enumerate(study.raters)}
    methods = {method.id: place for place, method in enumerate(study.methods)}
    seen = {question.id: population.look(len(samples), len(raters), rng) for question in study.questions}
    found = []
    for trial in study.trials:
        if only is not None and trial.rater not in only:
            continue
        here = {
            criterion: {
                entry: float(seen[criterion][samples[trial.sample], raters[trial.rater], methods[entry]])
                if entry in methods
                else (99.0 if entry == "@target" else -99.0)
                for entry in trial.shown
            }
            for criterion in study.sample_of[trial.sample].criteria
        }
        found.append(make_answer(study, trial, here))
    return Answers(answers=tuple(found))


def make_answer(study: Study, trial: Trial, merits: Mapping[str, Mapping[str, float]], **changes: object) -> Answer:
    """The answer of one who sees these merits, by criterion and entry."""
    values = {}
    for criterion, own in merits.items():
        if study.design == "likert":
            low, high = study.rules.scale
            values[criterion] = {entry: int(min(max(low + merit, low), high)) for entry, merit in own.items()}
        else:
            places = rankdata([-merit for merit in own.values()], method="min").astype(int).tolist()
            values[criterion] = dict(zip(own, places, strict=True))
    fields: dict[str, object] = {
        "study": study.digest,
        "key": f"k-{trial.id}",
        "rater": trial.rater,
        "trial": trial.id,
        "values": values,
        "shown": trial.shown,
        "watched_s": 6.0,
        "elapsed_s": 12.0,
        "at": "2026-11-26T12:00:00Z",
    }
    return Answer.model_validate({**fields, **changes})


LEVELS = tuple(float(each) for each in np.arange(-3, 3.5, 0.5))
"""Cuts that tie about one pair in six."""
assert all(after > before for before, after in pairwise(LEVELS))


def laid_out(
    *,
    design: str = "ranking",
    raters: int = 6,
    samples: int = 10,
    methods: int = 4,
    per_rater: int | None = None,
    shown: int | None = None,
    duplicates: int = 0,
    attention: int = 0,
    names: Sequence[str] = (),
    rules: Rules = RULES,
) -> Study:
    """A study dealt out as `rvebench study create` does, on samples whose media nobody will look at."""
    ids = [f"m{index + 1}" for index in range(methods)]
    items = tuple(sample(f"s{index:03}", ids) for index in range(samples))
    trials = lay_out(
        [Item(id=item.id, criteria=item.criteria) for item in items],
        ids,
        Layout(
            design=design,
            raters=raters,
            per_rater=per_rater or samples,
            shown=shown or (2 if design == "pairwise" else methods),
            duplicates=duplicates,
            attention=attention,
            seed=3,
        ),
    )
    return Study(
        design=design,
        seed=7,
        questions=QUESTIONS,
        methods=tuple(
            Method(id=name, name=said)
            for name, said in zip(ids, names or [f"Editor {each}" for each in ids], strict=True)
        ),
        samples=items,
        raters=tuple(sorted({trial.rater for trial in trials})),
        trials=trials,
        rules=rules,
    )


def write_answers(directory: Path, study: Study, answers: Answers) -> Path:
    """Writes a study folder without media, and what people answered, as the server does."""
    directory.mkdir(parents=True, exist_ok=True)
    write_study(directory, study)
    with LineLog(directory / "answers.jsonl") as log:
        for answer in answers.answers:
            log.append(answer.model_dump(mode="json"))
    return directory
