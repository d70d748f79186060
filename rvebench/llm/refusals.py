"""How many refusals (429) are to be expected of a service, and when there are more. Pure."""

from __future__ import annotations

import math

__all__ = ["Refusals"]

_MOST = 0.3
"""No service is believed to refuse more than this share at any pace."""
_ALLOWED = 0.02
"""Excess share that is never summed."""
_RUSH = 0.12
"""The same for the sum that sees a large excess soon."""
_LEARN_FROM = 200
"""Calls from which the baseline is corrected."""
_KNOWN_MOST = 1500
"""Calls that the baseline rests on at most: older ones count for less."""
_NO_CHANCE = 1e-5


class Refusals:
    """A baseline, and two CUSUMs above it: refusals minus those expected of the calls sent, never below 0.

    One sum sees a small excess after long, the other a large one soon; their bounds grow with the baseline, as the
    spread of what chance does.
    """

    __slots__ = ("_known_n", "_long_k", "_long_n", "_rush", "_sum", "baseline", "k", "n")

    def __init__(self) -> None:
        self.baseline = 0.0
        """Share of calls that is refused whatever the pace."""
        self.n = self.k = 0
        """Calls and refusals since the sum was last 0."""
        self._known_n = 1
        self.restart()

    def restart(self) -> None:
        """Forgets the sums; the baseline stays."""
        self.n = self.k = self._long_n = self._long_k = 0
        self._sum = self._rush = 0.0

    def sent(self) -> None:
        """A call is sent."""
        if self._sum > 0:
            self.n += 1
            self._sum = max(0.0, self._sum - self.baseline - self._allowed)
            self._rush = max(0.0, self._rush - self.baseline - _RUSH)

    def refused(self) -> None:
        """A call was refused."""
        if self._sum <= 0:
            self.n, self.k = 1, 0
        self._sum += 1
        self._rush += 1
        self.k += 1

    @property
    def excess(self) -> bool:
        """Whether there are more than chance explains: a little more for long, or far more for short."""
        return self._sum > 2.0 + 105 * self.baseline or self._rush > 3.0 + 30 * self.baseline

    @property
    def certain_excess(self) -> bool:
        """Whether the sum alone leaves no doubt, though it was looked at again and again."""
        return self.chance(self.n, self.k) < _NO_CHANCE

    def chance(self, n: int, k: int) -> float:
        """Returns the probability of at least `k` refusals among `n` calls if there is only the baseline."""
        n, k = (n, k) if n <= 200 else (200, round(k * 200 / n))
        share = self.baseline
        return sum(math.comb(n, i) * share**i * (1 - share) ** (n - i) for i in range(k, n + 1))

    def over(self, share: float) -> float:
        """Returns which part of the calls that would have been let through was refused beyond the baseline."""
        return max(0.0, share - self.baseline) / (1 - self.baseline)

    def learn(self, *, refused: bool, spread: bool) -> None:
        """Corrects a baseline by what becomes of calls.

        Args:
            refused: whether this one was.
            spread: calls are spread because of refusals, so that more of them than expected are the pace's.
        """
        if not self.baseline:
            return
        self._long_n += 1
        self._long_k += refused
        if self._long_n >= _LEARN_FROM:
            if not spread or self._long_k < self.baseline * self._long_n:
                self.know(self._long_k, self._long_n)
            self._long_n = self._long_k = 0

    def know(self, k: int, n: int, *, anew: bool = False) -> None:
        """Takes `k` refusals of `n` calls into the baseline, or for it."""
        old_n = 0 if anew else min(self._known_n, _KNOWN_MOST)
        self._known_n = old_n + n
        self.baseline = min(_MOST, (self.baseline * old_n + k) / self._known_n)

    @property
    def _allowed(self) -> float:
        """Excess share that is not summed: what the baseline itself may be wrong by, and a little."""
        return _ALLOWED + math.sqrt(self.baseline / self._known_n) if self.baseline else 0.0
