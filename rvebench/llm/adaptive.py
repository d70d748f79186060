"""How many calls at once a service bears: additive increase, multiplicative decrease, and what they cannot cure.

Pure: outcomes in, a limit out; no clock. The rules, in the order in which they matter:

* Until the first answer there is one call at a time: a wrong key or model costs one call, not one for each worker.
* From then on the limit doubles each round-trip until the first refusal (429), then grows by a little after each
  window of answers, and faster when many windows in a row were clean.
* A refusal cuts the limit once a round-trip, by a tenth, or by the share that was refused of the calls sent since the
  last change where that is more. Far below the limit that was too much it rises in thirds of the distance.
* Some services refuse a share of calls at any pace. Answering that with ever fewer calls would stall a run, as it
  stalls TCP on a lossy line. So when refusals go on at half of the limit that they began at, though there they were
  fewer than 45 %, their share is taken for the service's own (`baseline`) and the limit returns. From then on only what
  exceeds it is summed (a CUSUM: refusals minus their expected number, never below 0), and the sum must pass a bound
  before it cuts. The baseline is checked again now and then at half of the limit. It is never more than 30 %.
"""

from __future__ import annotations

import math

__all__ = ["AdaptiveLimit"]

_FIRST = 8.0
_CUT = 0.9
_SMALL_CUT = 0.93
_DEEPEST_CUT = 0.5
_LOW = 0.5
_OWN_MOST = 0.3
_CURABLE = 0.45
"""Where more than this share was refused, refusals at half of the limit would prove nothing."""
_WINDOW = 50
_JUDGE_AFTER = 25
_MEASURE_AFTER = 160
_CHECK_EVERY = 5000
_ALLOWED = 0.03
"""Excess share that is not summed."""


class AdaptiveLimit:
    """The limit. Report each call when it is sent, and its outcome with the generation that :meth:`sent` returned.

    Args:
        cap: the limit never exceeds it.
    """

    def __init__(self, cap: int) -> None:
        self._cap = float(cap)
        self.limit = 1.0
        """How many calls may be under way, from 1 to the cap; not whole, since calls can be spread in time."""
        self.generation = 0
        """Rises with each change of the limit."""
        self.baseline = 0.0
        """Share of calls that the service refuses whatever their number."""
        self.proven = False
        """Whether a call was ever answered."""
        self.refusing = False
        """Whether a call was ever refused: from then on calls are better spread than sent in a rush."""
        self._doubling = True
        self._first_refusal = True
        self._clean_windows = 0
        self._sent = self._n = self._k = 0
        self._sum = 0.0
        self._long_n = self._long_k = 0
        self._stale_sent = self._stale_k = 0
        self._stale_limit = 0.0
        self._ceiling: float | None = None
        self._ceiling_share = 0.0
        self._wall = 0.0
        self._checking = False
        self._since_check = 0

    def sent(self) -> int:
        """A call is sent; returns the generation that it belongs to.

        What is expected is counted here and not with the outcomes: refusals come back sooner than answers, so that the
        first outcomes after a change are mostly refusals.
        """
        self._sent += 1
        self._sum = max(0.0, self._sum - self.baseline - (_ALLOWED if self.baseline else 0.0))
        return self.generation

    def answered(self, generation: int) -> None:
        """A call was answered."""
        if not self.proven:
            self.proven = True
            self._move(_FIRST)
        else:
            self._count(generation, refused=False)

    def refused(self, generation: int) -> None:
        """A call was refused for its rate."""
        self.refusing = True
        if self.proven:
            self._count(generation, refused=True)

    def _count(self, generation: int, *, refused: bool) -> None:
        if generation != self.generation:
            if refused:
                self._count_stale(generation)
            return
        self._n += 1
        self._k += refused
        self._since_check += 1
        self._lower_baseline(refused=refused)
        self._sum += refused
        if self._low:
            self._judge()
        # A refusal too many is seen at once where none is expected, and after several where some are.
        elif self._sum > self._bound and self._seen_enough:
            # The first refusal of all may be due to the rush of the first calls, which are spread from now on.
            self._doubling = self._doubling and self._first_refusal
            self._first_refusal = False
            self._cut()
        elif self._n >= self._window:
            self._grow()

    def _lower_baseline(self, *, refused: bool) -> None:
        self._long_n += 1
        self._long_k += refused
        if self._long_n >= 300:
            # Part of the way: the least of many noisy shares would be too low.
            self.baseline += 0.3 * min(0.0, self._long_k / self._long_n - self.baseline)
            self._long_n = self._long_k = 0

    def _count_stale(self, generation: int) -> None:
        """Makes a cut as deep as it should have been: by the share that was refused of the calls sent before it."""
        if generation != self.generation - 1 or not self._stale_sent:
            return
        self._stale_k += 1
        share = self._stale_k / max(4, self._stale_sent)
        if not self._low:
            self._ceiling_share = max(self._ceiling_share, share)
        self.limit = max(1.0, min(self.limit, self._stale_limit * max(_DEEPEST_CUT, 1 - share + self.baseline)))

    @property
    def _bound(self) -> float:
        """How many refusals above the expected number make a cut: one where none is expected."""
        return 3.0 + 25 * self.baseline if self.baseline else 0.9

    @property
    def _window(self) -> float:
        """After how many calls without a cut the limit grows."""
        if self._doubling:
            return self.limit
        return max(_WINDOW / 2 if self._far else _WINDOW, self.limit)

    @property
    def _far(self) -> bool:
        """Whether the limit is far below the last one that was too much."""
        return self.limit < 0.8 * self._wall

    @property
    def _seen_enough(self) -> bool:
        """Whether a round-trip went by since the last change: refusals alone come back sooner than that."""
        return self._n > self._k or self._k >= max(3.0, self.limit / 2)

    @property
    def _low(self) -> bool:
        """Whether the limit is so far below where refusals began that they should have ended."""
        if self._ceiling is None or self._ceiling_share > _CURABLE:
            return False
        return self.limit <= _LOW * self._ceiling or self.limit <= 1

    def _cut(self) -> None:
        sent, k, limit = self._sent, self._k, self.limit
        if self._ceiling is None or (limit <= _LOW * self._ceiling and not self._low):
            self._ceiling, self._ceiling_share = limit, 0.0
        share = k / max(4, sent)
        self._ceiling_share = max(self._ceiling_share, share)
        self._wall = limit
        most = _SMALL_CUT if self.baseline else _CUT
        self._move(limit * max(_DEEPEST_CUT, min(most, 1 - share + self.baseline)))
        self._stale_sent, self._stale_k, self._stale_limit = sent, k, limit

    def _judge(self) -> None:
        """Decides at a low limit whose the refusals are: the service's own, or an answer to too many calls."""
        assert self._ceiling is not None
        n, k = self._n, self._k
        share = k / self._sent
        if k >= 12 and share > _OWN_MOST:
            self._ceiling, self.baseline, self._checking = None, 0.0, False
            self._cut()
            return
        if n < (min(_MEASURE_AFTER, max(_JUDGE_AFTER, 10 * self.limit)) if k else _JUDGE_AFTER):
            return
        ceiling, checking = self._ceiling, self._checking
        self._ceiling, self._checking, self._since_check = None, False, 0
        self._long_n = self._long_k = 0
        # Had the refusals been due to the number of calls and fewer than 45 %, at half of it there would be none.
        if k >= 2 and share <= _OWN_MOST:
            # Two looks know more than one.
            alike = self.baseline > 0 and 0.4 < share / self.baseline < 2.5
            measured = share + 0.7 * math.sqrt(share * (1 - share) / n)
            if not alike:
                # What was known of the service's bounds was a mistake.
                self._doubling, self._wall = True, 0.0
            self.baseline = (self.baseline + measured) / 2 if alike else measured
            self._move(ceiling)
        elif k >= 3:
            self._cut()
        else:
            self.baseline = 0.0
            if not checking:
                self._ceiling = ceiling
            self._move(ceiling if checking else max(self.limit, 0.75 * ceiling))

    def _grow(self) -> None:
        if self.baseline > 0 and self._since_check >= _CHECK_EVERY:
            self._ceiling, self._checking, self._ceiling_share = self.limit, True, 0.0
            self._move(self.limit * _LOW)
            return
        clean = self._clean_windows + 1
        if self._ceiling is not None and self.limit > self._ceiling:
            self._ceiling = None
        if self.limit > self._wall > 0:
            self._wall, clean = 0.0, -4
        if self._doubling:
            self._move(self.limit * 2)
            return
        total = self._sum
        faster = clean - (5 if self._wall else 2)
        step = max(0.05, 0.03 * self.limit) * 2 ** min(4, max(0, faster))
        if self._far:
            step = max(step, (0.9 * self._wall - self.limit) / 3)
        self._move(self.limit + step)
        self._clean_windows, self._sum = clean, total

    def _move(self, limit: float) -> None:
        self.limit = min(self._cap, max(1.0, limit))
        self.generation += 1
        self._clean_windows = 0
        self._sent = self._n = self._k = 0
        self._sum = 0.0
        self._stale_sent = 0
