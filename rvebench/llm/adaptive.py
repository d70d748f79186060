"""How fast a service may be asked, learnt from its refusals (429), and which of them no slower pace would cure.

Pure: calls and outcomes in with their times, a limit of calls at once and a pace out. The rules, as a controller:

* Until the first answer there is one call at a time: a wrong key or model costs one call, not one for each worker. Then
  the limit grows with each round-trip up to the cap. Calls are spread over the round-trip meanwhile, so that a rate
  limit is run into with few calls in the air. At the cap nothing but the number of calls at once bounds the pace.
* Refusals beyond those that are expected begin a **test**. Their share is `s` at a pace of `r` calls a second. If the
  service lets a rate through, that rate is `r * (1 - s)`, and a little below it there is no refusal; if it refuses
  at any pace, the share stays. So calls go on at that slower pace until enough are counted to tell which it is. Shares
  above 45 % are never taken for chance.
* **By chance**: the share becomes the `baseline`, what is expected from now on, and the old pace is taken up again.
  Answering such refusals with ever fewer calls would stall a run as it stalls TCP on a lossy line.
* **By pace**: calls are spread at a pace that climbs in large steps to just below the rate that was let through, and
  creeps from there. A refusal, or an excess over the baseline, cuts it by a few percent. What is clean for long climbs
  faster and faster, until the pace bounds nothing any more.
* What is an excess, :mod:`rvebench.llm.refusals` knows. Where none is expected and the rate is known, one refusal is.
* The baseline is tested again now and then, since services change. It is never more than 30 %.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from rvebench.llm.refusals import Refusals

__all__ = ["AdaptiveLimit"]

_FIRST, _MORE = 8.0, 4.0
"""Calls at once after the first answer, and how many times as many after as many answers."""
_RAMP_GAP_S = 0.02
"""Longest gap between two calls while the limit grows."""
_SUSPECT = 3
"""Refusals from which a share is taken where nothing is known."""
_SUSPECT_CALLS = 60
"""Calls within which they must come to be more than a rare accident."""
_BELOW = 0.85
"""Pace of a test, as a part of the rate that it would prove."""
_DEEPEST = 0.2
"""A test's pace is at least this part of the pace before: the share was taken from few calls."""
_CURABLE = 0.45
"""A larger share of refusals is never chance."""
_CHECK_EVERY, _CHECK_LOOKS, _CHECK = 6000, 200.0, 0.7
"""A second look at a baseline: after how many calls, with how many, at which part of the pace."""
_LOOKS, _LEAST_LOOKS, _MOST_LOOKS = 4.0, 20.0, 300.0
"""Calls of a test: so many variances of the difference that it is to see, and bounds."""
_CUT = 0.95
"""What one refusal too many leaves of a pace that is known to be about right."""
_BY_CHANCE = 0.02
"""Least probability of what was seen for chance to explain it."""
_FAR = 0.7
"""Refusals at this part of the pace that they began at are looked at again."""
_CREEP_PER_S = 0.005
"""Growth near a pace that is known to be too much, in a second or in :data:`_CREEP_CALLS`, whichever is longer."""
_CREEP_CALLS = 20
_CLIMB = 0.06
"""Growth with each window of calls near a rate that was worked out from few calls."""
_ALIKE = 0.25
"""Part of the excess that must be left at the slower pace for it to be chance."""
_STRIDE = 1.2
"""Growth with each window of calls while far below the rate that was let through."""
_LEAP = 1.5
"""The same where the refusals that slowed it down have turned out to be the service's own."""
_NEAR = 0.93
"""Part of a rate that was let through, up to which the pace climbs in large steps."""
_IDLE_WINDOWS, _UNBOUND = 6, 1.2
"""Windows in which the pace was not used up, and how far it is above what the limit allows, until it is forgotten."""
_SLOWEST = 0.5
"""Slowest pace, in calls for each time that a call takes: what refuses that is not a matter of pace."""


class _Seen(NamedTuple):
    """Refusals among calls at one pace."""

    pace: float
    n: int
    k: int


@dataclass(slots=True)
class _Test:
    """A look at a slower pace."""

    pace: float
    """Before."""
    share: float
    """Refused at that pace."""
    calls: int
    """From which the share was taken."""
    back: float | None
    """Pace that was set before the first of the tests in a row; None: none was."""
    first: _Seen
    """What was seen at that pace."""
    near: bool
    """Refusals began again and again at about that pace."""
    checking: bool = False
    """It was begun to look at the baseline again, and not by an excess."""

    @property
    def shrunk(self) -> float:
        """The share as of two more calls that were answered: one that is taken from few calls is often too large."""
        return self.share * self.calls / (self.calls + 2)


class AdaptiveLimit:
    """The limit and the pace. Report each call when it is sent, and its outcome with what :meth:`sent` returned.

    Args:
        cap: most calls at once.
    """

    def __init__(self, cap: int) -> None:
        self._cap = float(cap)
        self.limit = 1.0
        """How many calls may be under way, from 1 to the cap."""
        self.pace_per_s: float | None = None
        """Calls a second at which they are spread; None: nothing but the limit bounds them."""
        self.proven = False
        """Whether a call was ever answered."""
        self.generation = 0
        """Rises with each cut: what becomes of calls sent before it says nothing about the pace after it."""
        self._call_s = 0.0
        self._timed = 0
        self._answers = 0
        self._ramping = True
        self._sends: deque[float] = deque(maxlen=16)
        self._n = self._k = 0
        self._refusals = Refusals()
        self._suspect = False
        self._test: _Test | None = None
        self._wall = 0.0
        self._certain = False
        self._grown_s = 0.0
        self._window_n = self._idle = 0
        self._anchor = 0.0
        self._anchor_n = self._anchor_k = 0
        self._cuts = 0
        self._since_check = 0

    @property
    def baseline(self) -> float:
        """Share of calls that the service refuses whatever their pace."""
        return self._refusals.baseline

    def sent(self, now_s: float) -> int:
        """A call is sent; returns the generation that it belongs to.

        What is expected is counted here and not with the outcomes: refusals come back sooner than answers, so that the
        first outcomes after a change are mostly refusals.
        """
        self._sends.append(now_s)
        self._n += 1
        self._since_check += 1
        self._refusals.sent()
        if self._test is not None:
            self._judge(now_s)
        elif self.pace_per_s is not None:
            self._grow(now_s)
        elif self._suspect and self._n >= _SUSPECT_CALLS:
            self._suspect = False
        if self.baseline and self._since_check >= _CHECK_EVERY and self._test is None:
            self._begin_test(now_s, round(self.baseline * _CHECK_EVERY), _CHECK_EVERY, checking=True)
        return self.generation

    def answered(self, generation: int, took_s: float) -> None:
        """A call was answered.

        Args:
            generation: it was sent in.
            took_s: from sending to the whole answer.
        """
        # The first call pays for what is loaded and opened once: the second counts in its place.
        self._timed += 1
        self._call_s += (took_s - self._call_s) * max(0.05, 1 / max(1, self._timed - 1))
        if not self.proven:
            self.proven = True
            self._sends.clear()
            self._limit_to(_FIRST)
        elif self._ramping:
            self._answers += 1
            if self._answers >= self.limit:
                self._ramping = self.limit < self._cap
                self._limit_to(_MORE * self.limit)
        if generation == self.generation:
            self._refusals.learn(refused=False, spread=self.pace_per_s is not None)

    def refused(self, generation: int, now_s: float) -> None:
        """A call was refused for its rate."""
        if not self.proven or generation != self.generation:
            return
        refusals = self._refusals
        self._k += 1
        refusals.learn(refused=True, spread=self.pace_per_s is not None)
        refusals.refused()
        if self._test is not None:
            self._judge(now_s)
        elif self.pace_per_s is not None:
            if not self.baseline:
                self._cut(now_s)
            elif refusals.excess:
                self._begin_test(now_s, refusals.k, refusals.n, near=refusals.certain_excess)
        elif self.baseline:
            if refusals.excess:
                self._begin_test(now_s, refusals.k, refusals.n)
        elif not self._suspect:
            self._suspect, self._n, self._k = True, 1, 1
        elif self._k >= _SUSPECT:
            self._begin_test(now_s, self._k, self._n)

    @property
    def call_s(self) -> float:
        """How long a call takes, by an average of the last ones; 0 until one was answered."""
        return self._call_s

    @property
    def gap_s(self) -> float:
        """Time between two calls; 0 where they need not be spread."""
        gap_s = 0.0 if self.pace_per_s is None else 1 / self.pace_per_s
        if self._call_s and self._ramping:
            gap_s = max(gap_s, min(_RAMP_GAP_S, self._call_s / self.limit))
        return gap_s

    def _limit_to(self, limit: float) -> None:
        self.limit, self._answers = min(self._cap, limit), 0

    def _speed(self, now_s: float) -> float:
        """Calls a second that were really sent."""
        if len(self._sends) < 2:
            return 1.0
        return (len(self._sends) - 1) / max(1e-3, now_s - self._sends[0])

    def _restart(self) -> None:
        self.generation += 1
        self._n = self._k = 0
        self._suspect = False
        self._window_n = 0
        self._refusals.restart()

    def _begin_test(self, now_s: float, k: int, n: int, *, checking: bool = False, near: bool = False) -> None:
        pace = min(self._speed(now_s), self._most_per_s)
        if self.pace_per_s is not None:
            pace = min(self.pace_per_s, pace)
        before = self._test
        share = k / n
        self._test = _Test(
            pace=pace,
            share=share,
            calls=n,
            back=self.pace_per_s if before is None else before.back,
            first=_Seen(pace, n, k) if before is None else before.first,
            near=near,
            checking=checking,
        )
        self._since_check = 0
        slower = _CHECK if checking else max(_DEEPEST, _BELOW * (1 - self._refusals.over(self._test.shrunk)))
        self.pace_per_s = max(self._floor, pace * slower)
        self._restart()

    def _judge(self, now_s: float) -> None:
        """Decides at the slower pace whose the refusals are: chance, or an answer to too many calls."""
        test = self._test
        assert test is not None
        n, k = self._n, self._k
        share = k / max(1, n)
        low = 0.0 if test.checking else self.baseline
        apart = max(0.04, test.share - low)
        enough = min(_MOST_LOOKS, max(_LEAST_LOOKS, _LOOKS * test.share / apart**2))
        if low:
            enough = max(enough, 4 * _LEAST_LOOKS)
        elif not test.near:
            enough = min(enough, _LEAST_LOOKS if test.share > _CURABLE else 2 * _LEAST_LOOKS)
        if test.checking:
            enough = _CHECK_LOOKS
        if k > _SUSPECT and share > _CURABLE:
            self._begin_test(now_s, k, n)  # too fast still
        elif n < enough:
            return
        elif share <= low + (0.3 if low else 0.15) * apart:
            if test.checking:
                self._refusals.know(k, n, anew=True)
                self._resume(now_s, test.back)
            else:
                rate = test.pace * (1 - self._refusals.over(test.shrunk))
                self._wall = test.pace if test.near else max(self.pace_per_s or 0.0, rate)
                self._certain = test.near
                if low and test.share <= _CURABLE:
                    self._refusals.know(k, n)
                self._resume(now_s, self.pace_per_s)
        elif share > low + _ALIKE * apart and test.calls >= _LEAST_LOOKS:
            self._settle(now_s, test, k, n)
        else:
            self._begin_test(now_s, k, n)

    def _settle(self, now_s: float, test: _Test, k: int, n: int) -> None:
        """Takes refusals for the service's own, and goes back to where they began, at once or step by step."""
        self._refusals.know(k, n, anew=not test.checking)
        self._certain = False
        first = test.first
        if test.checking or (test.back is None and self._refusals.chance(first.n, first.k) > _BY_CHANCE):
            self._resume(now_s, test.back)
        else:
            # A pace that was set for such refusals was set by mistake; or there is a rate as well, somewhere above.
            self._wall = max(first.pace, self._most_per_s)
            self._resume(now_s, max(test.pace, self.pace_per_s or 0.0))

    @property
    def _most_per_s(self) -> float:
        """Calls a second that the limit bounds them to."""
        return self.limit / max(1e-3, self._call_s)

    @property
    def _floor(self) -> float:
        return _SLOWEST / max(self._call_s, 1e-3)

    def _cut(self, now_s: float) -> None:
        """Goes a little below the pace that was too much, where that is known; looks closer where it is not."""
        pace = self.pace_per_s
        assert pace is not None
        if not self._anchor:
            self._anchor, self._anchor_n, self._anchor_k = pace, 1, 0
        self._anchor_k += 1
        if pace < _FAR * self._anchor:
            self._begin_test(now_s, self._anchor_k, self._anchor_n, near=True)
            self._anchor = 0.0
            return
        share = 1 / (self._n + 4) if self._cuts else 0.0
        self._wall = pace
        self._certain = True
        cuts = self._cuts + 1
        self._resume(now_s, max(self._floor, pace * max(0.5, min(_CUT, 1 - share))))
        self._cuts = cuts

    def _resume(self, now_s: float, pace: float | None) -> None:
        self._test, self.pace_per_s, self._grown_s = None, pace, now_s
        self._cuts = 0
        self._restart()

    def _grow(self, now_s: float) -> None:
        pace = self.pace_per_s
        assert pace is not None
        self._anchor_n += 1
        self._window_n += 1
        far = pace < _NEAR * self._wall
        if self._window_n < max(5.0, 0.1 * pace):
            return
        gone_s, calls = now_s - self._grown_s, self._window_n
        used = calls / max(1e-3, gone_s) > 0.8 * pace
        self._grown_s, self._window_n = now_s, 0
        if not used:
            self._idle += 1
            if self._idle >= _IDLE_WINDOWS and pace > _UNBOUND * self._most_per_s:
                self._idle, self.pace_per_s = 0, None
            return
        self._idle = 0
        if far:
            self.pace_per_s = min(
                pace * (_LEAP if self.baseline and not self._certain else _STRIDE), _NEAR * self._wall
            )
            return
        growth = _CLIMB if pace < 1.5 * self._wall else _STRIDE - 1
        if self._certain:
            beyond = max(0.0, pace / self._wall - 1.04)
            growth = min(_CLIMB, _CREEP_PER_S * (1 + 100 * beyond) * min(gone_s, calls / _CREEP_CALLS))
        self.pace_per_s = pace * (1 + growth)
        if pace > self._anchor:
            self._anchor = 0.0
            self._cuts = 0
