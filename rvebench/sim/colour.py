"""Colours as linear arithmetic on 0..255 triples, and the light that falls on things."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Light", "Rgb", "mix", "shade"]


class Rgb(NamedTuple):
    """A colour, each channel 0..255; values outside are clipped when drawn."""

    r: float
    g: float
    b: float

    @classmethod
    def of(cls, text: str) -> Rgb:
        """Returns the colour written `#rrggbb`."""
        digits = text.lstrip("#")
        return cls(int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16))


def mix(first: Rgb, second: Rgb, share: float) -> Rgb:
    """Returns the colour `share` (0..1) of the way from the first to the second."""
    return Rgb(*(a + (b - a) * share for a, b in zip(first, second, strict=True)))


def shade(colour: Rgb, factor: float) -> Rgb:
    """Returns the colour made lighter (factor above 1) or darker."""
    return Rgb(*(channel * factor for channel in colour))


_DAYLIGHT = Rgb(255, 248, 232)


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """One far light; shadows fall away from it and stay attached to what casts them."""

    azimuth: float = -0.5
    """Where it stands: -1 far left, 0 behind the viewer, 1 far right."""
    elevation: float = 0.7
    """How high: 0 at the horizon, 1 overhead."""
    colour: Rgb = _DAYLIGHT
    ambient: float = 0.45
    """Brightness of what it does not reach, 0..1."""

    def lit(self, colour: Rgb, facing: float = 1.0) -> Rgb:
        """Returns a surface's colour; `facing` is 1 toward the light and 0 away from it."""
        amount = self.ambient + (1 - self.ambient) * max(0.0, min(1.0, facing))
        return Rgb(*(channel * amount * tint / 255 for channel, tint in zip(colour, self.colour, strict=True)))

    def shadow_of(self, height: float) -> tuple[float, float]:
        """Returns where the top of something `height` tall throws its shadow, from its foot: (dx, dy)."""
        length = height * min(2.6, 0.25 + 0.75 * (1 - self.elevation) / max(0.18, self.elevation))
        return -self.azimuth * length, 0.16 * length + 0.05 * height
