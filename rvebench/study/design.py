"""Who is shown what, and in which order: balanced incomplete blocks from one seed.

A *block* is a set of methods that stand on one screen. All blocks of the wanted size are put in a row so that any run
of them shows every pair of methods almost equally often, and dealt out over samples and raters like this: each pass
over the shuffled samples goes on in the row of blocks where the last one ended, and skips one where a sample would
otherwise meet a block again too early. Then, for every count of raters and trials,

* each sample is shown equally often, give or take one (a whole pass holds every sample once);
* each sample meets its blocks in turn, so each pair of methods is shown equally often on it, give or take one;
* each rater, who takes a run of neighbours, sees the methods and their pairs almost equally often.

Places on the screen (left and right, first and last) are balanced for each rater and over all raters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from math import gcd

import numpy as np

from rvebench.errors import UsageError
from rvebench.records import digest_of
from rvebench.study.records import COPY, NOISE, TARGET, Check, Design, Trial, TrialKind

__all__ = ["MAX_METHODS", "Item", "Layout", "block_order", "lay_out"]

MAX_METHODS = 8
"""More clips than this on one screen, or more methods than this in one study, nobody compares."""

_MAX_CANDIDATES = 24
"""Orders of a block that are tried for the most even one."""

_GAP = 3
"""Screens that stand at least between a trial and its duplicate, where the session is long enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One sample, as far as the design looks at it."""

    id: str
    criteria: tuple[str, ...]
    has_target: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The numbers that a design is made of.

    Raises:
        UsageError: they contradict each other.
    """

    design: Design
    raters: int
    per_rater: int
    """Main trials of one rater; duplicates and attention checks come on top."""
    shown: int
    """Methods on one screen."""
    duplicates: int = 0
    """Trials of each rater that come a second time, later and in another order."""
    attention: int = 0
    """Attention checks of each rater: one of the methods is replaced by noise."""
    target_checks: int = 0
    """Attention checks that set the target against the untouched source, on edit accuracy alone."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.raters < 1 or self.per_rater < 1 or self.shown < 1:
            raise UsageError("a study needs at least one rater, one trial a rater, and one method a screen")
        if self.design == "pairwise" and self.shown != 2:
            raise UsageError("a pairwise study shows two methods on a screen", hint="leave --shown out")
        if self.design == "ranking" and self.shown < 2:
            raise UsageError("one clip cannot be ranked", hint="show at least two with --shown")
        if not 0 <= self.duplicates <= self.per_rater or min(self.attention, self.target_checks) < 0:
            raise UsageError(f"{self.duplicates} duplicates cannot be made of {self.per_rater} trials a rater")


@dataclass(frozen=True, slots=True)
class _Screen:
    kind: TrialKind
    item: Item
    shown: tuple[str, ...]
    check: Check | None = None


def block_order(methods: int, shown: int) -> tuple[tuple[int, ...], ...]:
    """Returns every set of `shown` out of `methods` numbers once, such that all prefixes are balanced.

    Each next set is the one that leaves the counts of pairs, and then of single methods, most even.
    """
    left = list(combinations(range(methods), shown))
    singles: Counter[int] = Counter()
    pairs: Counter[tuple[int, int]] = Counter()
    found = []
    while left:

        def cost(block: tuple[int, ...]) -> tuple[int, int, tuple[int, ...]]:
            return (
                sum(pairs[pair] for pair in combinations(block, 2)),
                sum(singles[one] for one in block),
                block,
            )

        best = min(left, key=cost)
        left.remove(best)
        found.append(best)
        singles.update(best)
        pairs.update(combinations(best, 2))
    return tuple(found)


def lay_out(items: Sequence[Item], methods: Sequence[str], layout: Layout) -> tuple[Trial, ...]:
    """Returns every rater's session; the same arguments give the same trials.

    Args:
        items: the samples.
        methods: ids of the methods, two or more (one for Likert scores).
        layout: how many of what.

    Raises:
        UsageError: there are too few samples or methods for what is asked, or too many methods.
    """
    if not layout.shown <= len(methods) <= MAX_METHODS:
        raise UsageError(f"{len(methods)} methods cannot stand {layout.shown} on a screen (at most {MAX_METHODS})")
    blocks = block_order(len(methods), layout.shown)
    if layout.per_rater > len(items) * len(blocks):
        raise UsageError(
            f"{layout.per_rater} trials a rater are more than the {len(items) * len(blocks)} different ones",
            hint="ask for fewer with --per-rater, or give more samples",
        )
    rng = np.random.default_rng(layout.seed)
    dealt = [items[index] for index in rng.permutation(len(items))]
    names = [methods[index] for index in rng.permutation(len(methods))]
    places = _Places(rng)
    checks = _checks(dealt, names, layout, rng)
    # After so many passes each sample has met every block it would ever meet without the skip.
    lap = len(blocks) // gcd(len(dealt), len(blocks))
    trials: list[Trial] = []
    for number in range(layout.raters):
        rater = f"r{number + 1:0{max(2, len(str(layout.raters)))}d}"
        places.next_rater()
        hand = []
        for unit in range(number * layout.per_rater, (number + 1) * layout.per_rater):
            turn, index = divmod(unit, len(dealt))
            block = blocks[(unit + turn // lap) % len(blocks)]
            hand.append(_Screen("main", dealt[index], places.arrange([names[one] for one in block])))
        session = _shuffled(hand, checks(number), layout, places, rng)
        trials.extend(_trials(rater, session, layout.seed))
    return tuple(trials)


class _Places:
    """Arranges blocks so that everybody stands everywhere equally often."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._all: Counter[tuple[str, int]] = Counter()
        self._own: Counter[tuple[str, int]] = Counter()
        self._orders: Counter[tuple[str, ...]] = Counter()

    def next_rater(self) -> None:
        self._own.clear()

    def arrange(self, block: Sequence[str], avoid: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Returns the block in the order that evens the counts most; never as in `avoid`, if there is another."""
        best = min(self._candidates(block, avoid), key=self._cost)
        for counts in (self._all, self._own):
            counts.update((name, place) for place, name in enumerate(best))
        self._orders[best] += 1
        return best

    def _candidates(self, block: Sequence[str], avoid: tuple[str, ...]) -> list[tuple[str, ...]]:
        if len(block) <= 4:
            every = list(permutations(sorted(block)))
        else:
            every = []
            while len(every) < _MAX_CANDIDATES:
                order = [str(name) for name in self._rng.permutation(sorted(block))]
                every.extend(tuple(order[turn:] + order[:turn]) for turn in range(len(order)))
        found = [order for order in every if order != avoid] or every
        return [found[index] for index in self._rng.permutation(len(found))]

    def _cost(self, order: tuple[str, ...]) -> tuple[int, int, int]:
        own = sum((self._own[name, place] + 1) ** 2 - self._own[name, place] ** 2 for place, name in enumerate(order))
        everybody = sum(self._all[name, place] for place, name in enumerate(order))
        return 2 * own, self._orders[order], everybody


def _checks(items: Sequence[Item], methods: Sequence[str], layout: Layout, rng: np.random.Generator) -> _CheckMaker:
    with_target = [item for item in items if item.has_target and "EA" in item.criteria]
    if layout.target_checks and not with_target:
        raise UsageError(
            "no sample has a target and is asked for edit accuracy, so there is nothing to check with",
            hint="leave --target-checks out",
        )
    return _CheckMaker(items[: layout.attention], with_target[: layout.target_checks], tuple(methods), layout, rng)


class _CheckMaker:
    """Makes each rater's attention checks, all from the same few samples: each needs a clip of its own."""

    def __init__(
        self,
        noisy: Sequence[Item],
        targeted: Sequence[Item],
        methods: tuple[str, ...],
        layout: Layout,
        rng: np.random.Generator,
    ) -> None:
        self._noisy, self._targeted, self._methods, self._layout, self._rng = noisy, targeted, methods, layout, rng

    def __call__(self, number: int) -> list[_Screen]:
        """Returns the checks of rater `number`, in no particular order."""
        found = []
        size = max(2, self._layout.shown)
        for turn in range(self._layout.attention):
            item = self._noisy[(number + turn) % len(self._noisy)]
            real = self._some(size - 1)
            check = Check(criteria=item.criteria, better=real, worse=NOISE)
            found.append(_Screen("attention", item, self._mixed((*real, NOISE)), check))
        for turn in range(self._layout.target_checks):
            item = self._targeted[(number + turn) % len(self._targeted)]
            check = Check(criteria=("EA",), better=(TARGET,), worse=COPY)
            found.append(_Screen("attention", item, self._mixed((TARGET, COPY, *self._some(size - 2))), check))
        return found

    def _some(self, count: int) -> tuple[str, ...]:
        return tuple(self._methods[index] for index in self._rng.permutation(len(self._methods))[:count])

    def _mixed(self, shown: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(shown[index] for index in self._rng.permutation(len(shown)))


def _shuffled(
    hand: Sequence[_Screen], checks: Sequence[_Screen], layout: Layout, places: _Places, rng: np.random.Generator
) -> list[_Screen]:
    """Returns one rater's session: main trials shuffled, duplicates late, checks spread, never one at the start."""
    session = [hand[index] for index in rng.permutation(len(hand))]
    # Duplicates repeat trials of the first part, so that there is room behind them.
    early = session[: max(layout.duplicates, len(session) * 2 // 3)]
    for index in sorted(rng.permutation(len(early))[: layout.duplicates].tolist(), reverse=True):
        first = early[index]
        copy = _Screen("duplicate", first.item, places.arrange(first.shown, first.shown))
        lowest = min(session.index(first) + 1 + _GAP, len(session))
        session.insert(int(rng.integers(lowest, len(session) + 1)), copy)
    for turn, check in enumerate(checks):
        share = (turn + float(rng.uniform(0.25, 1.0))) / len(checks)
        session.insert(max(1, round(share * len(session))), check)
    return session


def _trials(rater: str, session: Sequence[_Screen], seed: int) -> Iterator[Trial]:
    ids = ["t" + digest_of({"seed": seed, "rater": rater, "position": place})[:16] for place in range(len(session))]
    # One rater meets a sample with one set of methods once, duplicates apart.
    first = {
        (screen.item.id, frozenset(screen.shown)): ids[place]
        for place, screen in enumerate(session)
        if screen.kind == "main"
    }
    for place, screen in enumerate(session):
        yield Trial(
            id=ids[place],
            rater=rater,
            position=place,
            kind=screen.kind,
            sample=screen.item.id,
            shown=screen.shown,
            repeats=first[screen.item.id, frozenset(screen.shown)] if screen.kind == "duplicate" else None,
            check=screen.check,
        )
