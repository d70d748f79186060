"""Designs: everybody and everything is shown equally often, by seed alone."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest

from rvebench.errors import UsageError
from rvebench.study.design import Item, Layout, block_order, lay_out
from rvebench.study.records import Design, Trial

METHODS = ("m1", "m2", "m3", "m4", "m5")


def items(count: int) -> list[Item]:
    return [Item(id=f"s{index}", criteria=("EA", "VQ"), has_target=index % 2 == 0) for index in range(count)]


def spread(counts: Counter[object], keys: list[object]) -> int:
    """How far apart the commonest and the rarest of `keys` are."""
    found = [counts[key] for key in keys]
    return max(found) - min(found)


def mains(trials: tuple[Trial, ...]) -> list[Trial]:
    return [trial for trial in trials if trial.kind == "main"]


def pairs_of(trial: Trial) -> list[tuple[str, str]]:
    return list(combinations(sorted(trial.shown), 2))


@pytest.mark.parametrize(
    ("design", "shown", "raters", "per_rater", "samples"),
    [
        ("ranking", 5, 15, 50, 50),
        ("ranking", 3, 7, 20, 13),
        ("pairwise", 2, 15, 50, 50),
        ("pairwise", 2, 11, 17, 23),
        ("pairwise", 2, 4, 30, 12),
        ("likert", 1, 6, 25, 20),
    ],
)
def test_samples_pairs_raters_and_places_are_balanced(
    design: Design, shown: int, raters: int, per_rater: int, samples: int
) -> None:
    layout = Layout(design=design, raters=raters, per_rater=per_rater, shown=shown, seed=3)
    trials = mains(lay_out(items(samples), METHODS, layout))
    every_pair: list[object] = list(combinations(METHODS, 2)) if shown > 1 else []
    assert spread(Counter(trial.sample for trial in trials), [f"s{index}" for index in range(samples)]) <= 1
    pairs: Counter[object] = Counter(pair for trial in trials for pair in pairs_of(trial))
    singles: Counter[object] = Counter(name for trial in trials for name in trial.shown)
    if every_pair:
        assert spread(pairs, every_pair) <= 0.03 * len(trials) + 2
    assert spread(singles, list(METHODS)) <= 0.03 * len(trials) + 2
    for sample in {trial.sample for trial in trials}:
        own = Counter(
            trial.shown if shown == 1 else tuple(sorted(trial.shown)) for trial in trials if trial.sample == sample
        )
        assert spread(own, list(own)) <= 1  # type: ignore[arg-type]
    for rater in {trial.rater for trial in trials}:
        own_trials = [trial for trial in trials if trial.rater == rater]
        assert len(own_trials) == per_rater
        keys = [(trial.sample, frozenset(trial.shown)) for trial in own_trials]
        assert len(set(keys)) == len(keys)
        own_singles: Counter[object] = Counter(name for trial in own_trials for name in trial.shown)
        assert spread(own_singles, list(METHODS)) <= 2
        if shown > 1:
            for place in range(shown):
                at: Counter[object] = Counter(trial.shown[place] for trial in own_trials)
                assert spread(at, list(METHODS)) <= 4
    for place in range(shown):
        everywhere: Counter[object] = Counter(trial.shown[place] for trial in trials)
        assert spread(everywhere, list(METHODS)) <= 0.03 * len(trials) + 3


def test_each_pair_stands_both_ways_equally_often() -> None:
    layout = Layout(design="pairwise", raters=10, per_rater=50, shown=2, seed=1)
    orders = Counter(trial.shown for trial in mains(lay_out(items(50), METHODS, layout)))
    for one, other in combinations(METHODS, 2):
        assert abs(orders[one, other] - orders[other, one]) <= 4


def test_the_seed_decides_everything() -> None:
    def made(seed: int) -> tuple[Trial, ...]:
        layout = Layout(design="pairwise", raters=3, per_rater=10, shown=2, duplicates=2, attention=2, seed=seed)
        return lay_out(items(10), METHODS, layout)

    assert made(5) == made(5)
    assert made(5) != made(6)


@pytest.mark.parametrize(("design", "shown"), [("ranking", 4), ("pairwise", 2), ("likert", 1)])
def test_duplicates_come_later_in_another_order_and_checks_are_spread(design: Design, shown: int) -> None:
    layout = Layout(
        design=design, raters=6, per_rater=20, shown=shown, duplicates=4, attention=3, target_checks=1, seed=2
    )
    trials = lay_out(items(20), METHODS, layout)
    by_id = {trial.id: trial for trial in trials}
    assert len(by_id) == len(trials) == 6 * 28
    for trial in trials:
        if trial.kind == "duplicate":
            assert trial.repeats is not None
            first = by_id[trial.repeats]
            assert first.kind == "main" and first.rater == trial.rater and first.sample == trial.sample
            assert set(first.shown) == set(trial.shown) and trial.position - first.position > 3
            assert shown == 1 or trial.shown != first.shown
        if trial.kind == "attention":
            assert trial.check is not None and trial.position > 0
            assert {trial.check.worse, *trial.check.better} <= set(trial.shown)
            assert len(trial.shown) == max(2, shown)
    for rater in {trial.rater for trial in trials}:
        session = [trial for trial in trials if trial.rater == rater]
        assert [trial.position for trial in session] == list(range(28))
        kinds = Counter(trial.kind for trial in session)
        assert kinds == {"main": 20, "duplicate": 4, "attention": 4}
        at = [trial.position for trial in session if trial.kind == "attention"]
        assert max(at) - min(at) > 8


def test_every_run_of_blocks_is_even() -> None:
    order = block_order(5, 2)
    assert len(set(order)) == 10
    for count in range(1, 11):
        seen: Counter[object] = Counter(one for block in order[:count] for one in block)
        assert spread(seen, list(range(5))) <= 2


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"shown": 3}, "two methods on a screen"),
        ({"raters": 0}, "at least one rater"),
        ({"duplicates": 11}, "11 duplicates cannot be made"),
        ({"per_rater": 101}, "more than the 100 different ones"),
        ({"design": "ranking", "shown": 1}, "one clip cannot be ranked"),
        ({"design": "ranking", "shown": 6}, "5 methods cannot stand 6"),
    ],
)
def test_numbers_that_contradict_each_other_are_refused(changes: dict[str, object], text: str) -> None:
    numbers: dict[str, object] = {"design": "pairwise", "raters": 2, "per_rater": 10, "shown": 2}
    with pytest.raises(UsageError, match=text):
        lay_out(items(10), METHODS, Layout(**{**numbers, **changes}))  # type: ignore[arg-type]


def test_target_checks_need_a_target() -> None:
    bare = [Item(id="s0", criteria=("EA",))]
    layout = Layout(design="pairwise", raters=1, per_rater=1, shown=2, target_checks=1)
    with pytest.raises(UsageError, match="no sample has a target"):
        lay_out(bare, METHODS, layout)
