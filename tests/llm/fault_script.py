"""What the fault server does, as data: faults in order or at random, limits it enforces, and what it knows."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

FAULTS = (
    "ok",
    "429",  # no Retry-After
    "429-after",  # Retry-After in seconds
    "429-date",  # Retry-After as an HTTP date
    "quota",  # 429 that no waiting cures
    "500",
    "503",
    "502-html",
    "truncated",  # 200, half of the JSON, a complete HTTP message
    "empty",  # 200 without a body
    "html-200",  # 200 with a login page
    "reset",  # the socket closes in the middle of the body
    "drop",  # the socket closes before a byte
    "endless",  # 200 and a body that never ends
    "dribble",  # 200 and one byte every 50 ms, for ever
    "hang",  # nothing at all
    "no-choices",
    "no-content",
    "array",  # 200 whose JSON is not an object
    "error-200",  # 200 with an error object, as some gateways send
    "wrong-json",  # content that is not JSON
    "nan",
    "out-of-range",
    "prose",  # good JSON between sentences and fences
    "length",  # cut by max tokens
    "refusal",  # message.refusal
    "content-filter",  # finish_reason
    "content-filter-400",
    "policy-400",
    "401",
    "403",
    "404-model",
    "no-images",  # 400: image input is not supported
    "no-images-500",
    "too-long-400",
    "strange-400",
    "echo-key",  # 400 that repeats the key it was sent
)
"""Every fault by name. Those after `no-choices` down to `length` are billed: the model did answer."""


@dataclass(frozen=True, kw_only=True)
class Script:
    """How the server behaves. `sequence` is used up first, call by call; then `rates` decide at random."""

    latency_s: float = 0.0
    jitter_s: float = 0.0
    """Uniform, added to the latency."""
    seed: int = 0
    sequence: tuple[str, ...] = ()
    rates: Mapping[str, float] = field(default_factory=dict)
    """Probability by fault; the rest is `ok`."""
    for_ever: str = "ok"
    """What follows the sequence when no rate strikes."""
    retry_after_s: float = 1.0
    rate_per_s: float | None = None
    """Calls a second that a token bucket lets through; others get a 429 and are counted as `over_rate`."""
    burst: float = 1.0
    """Size of that bucket."""
    limit_headers: bool = False
    """Whether answers carry x-ratelimit-* headers, as OpenAI's do."""
    keys: tuple[str, ...] = ()
    """Keys that are accepted; empty: any."""
    models: tuple[str, ...] = ()
    """Models that exist; empty: any."""
    images: bool = True
    formats: tuple[str, ...] = ("json_schema", "json_object")
    """Values of response_format.type that are understood."""
    unsupported: tuple[str, ...] = ()
    """Parameters that are answered with a 400 in OpenAI's words."""
    usd_per_million_input: float = 2.5
    usd_per_million_output: float = 10.0
    batch_delay_s: float = 0.1
    batch_outcome: str = "completed"
    """`completed`, `failed`, `expired` (half is done) or `partial` (some lines fail)."""
    batch_faults: tuple[str, ...] = ()
    """Used up call by call on POST /v1/batches: `ok`, `drop`, `500`, or `drop-after` (it is created, nobody hears)."""

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> Script:
        known = {item.name for item in fields(cls)}
        if unknown := set(value) - known:
            raise SystemExit(f"a script has no field {sorted(unknown)}; it has {sorted(known)}")
        tuples = {"sequence", "keys", "models", "formats", "unsupported", "batch_faults"}
        script = cls(**{key: tuple(item) if key in tuples else item for key, item in value.items()})
        script.check()
        return script

    @classmethod
    def read(cls, text: str) -> Script:
        """Reads JSON, or a file that holds it."""
        return cls.of_json(json.loads(text if text.lstrip().startswith("{") else Path(text).read_text()))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def check(self) -> None:
        for name in (*self.sequence, *self.rates, self.for_ever):
            if name not in FAULTS:
                raise SystemExit(f"no fault is called {name!r}; there are {', '.join(FAULTS)}")


class Dice:
    """Draws the fault of each call: the sequence, then the rates."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._random = random.Random(script.seed)
        self._left = list(reversed(script.sequence))

    def fault(self) -> str:
        if self._left:
            return self._left.pop()
        throw = self._random.random()
        for name, share in self._script.rates.items():
            if throw < share:
                return name
            throw -= share
        return self._script.for_ever

    def latency_s(self) -> float:
        return self._script.latency_s + self._script.jitter_s * self._random.random()


class Bucket:
    """A token bucket: `rate` tokens a second, at most `burst` of them."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst = rate, max(1.0, burst)
        self.tokens = self.burst
        self._at: float | None = None

    def take(self, now: float) -> bool:
        if self._at is not None:
            self.tokens = min(self.burst, self.tokens + (now - self._at) * self.rate)
        self._at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    @property
    def wait_s(self) -> float:
        """Until a token is there."""
        return max(0.0, (1 - self.tokens) / self.rate)

    @property
    def full_in_s(self) -> float:
        return (self.burst - self.tokens) / self.rate
