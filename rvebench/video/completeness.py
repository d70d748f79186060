"""Whether a decode is the whole video that its container promises."""

from __future__ import annotations

from dataclasses import dataclass

import av

from rvebench.video.opening import OpenVideo
from rvebench.video.probe import declared_frames, nominal_rate

__all__ = ["TRUNCATED_HINT", "Shortfall", "packet_end_s", "shortfall"]

TRUNCATED_HINT = "get the file again, or allow truncated videos (--allow-truncated) to use the frames there are"

# Containers that keep no frame count, but a duration that the muxer wrote.
_TIMED_KINDS = ("matroska", "flv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """Why a decode is not the whole video."""

    text: str
    """Both numbers, in a clause."""
    expected: int
    """Frames the container promises; an estimate where it keeps no count."""


def packet_end_s(packet: av.Packet[av.stream.Stream]) -> float:
    """Returns when a packet's picture or sound ends, 0 when it does not say."""
    if packet.pts is None or packet.time_base is None:
        return 0.0
    return float((packet.pts + (packet.duration or 0)) * packet.time_base)


def shortfall(opened: OpenVideo, *, decoded: int, packets: int, damaged: int, end_s: float) -> Shortfall | None:
    """Returns how a decode to the end of the file disagrees with the container; None when it does not.

    Ask only after the last packet was read: a fragmented mp4 has its whole sample table only then.

    Args:
        opened: the video.
        decoded: frames that came out.
        packets: packets of the video that went in, empty ones not counted.
        damaged: packets that could not be decoded and frames that were marked as corrupt.
        end_s: latest :func:`packet_end_s` in the file, sound included.
    """
    promised = declared_frames(opened)
    if "avi" in opened.container.format.name.split(",") and packets == promised and not damaged:
        # Every chunk was there and was decoded. DivX and Xvid leave place-holders that show nothing after packed pairs.
        return None
    if promised is not None and promised != decoded:
        return Shortfall(text=f"decoded {decoded} frames, but the container promises {promised}", expected=promised)
    if promised is None and (missing_s := _missing_s(opened, end_s)) is not None:
        whole_s = end_s + missing_s
        expected = max(decoded + 1, round(whole_s * nominal_rate(opened)))
        text = (
            f"decoded {decoded} frames up to {end_s:.2f} s, but the container promises {whole_s:.2f} s, "
            f"about {expected} frames"
        )
        return Shortfall(text=text, expected=expected)
    if opened.container.format.name == "gif" and opened.finished is False:
        text = f"decoded {decoded} frames, but the GIF stops without its end mark: there were more"
        return Shortfall(text=text, expected=decoded + 1)
    if damaged:
        expected = promised or decoded
        return Shortfall(text=f"decoded {decoded} frames of {expected}, but {damaged} are damaged", expected=expected)
    return None


def _missing_s(opened: OpenVideo, end_s: float) -> float | None:
    container = opened.container
    if not container.duration or not any(kind in _TIMED_KINDS for kind in container.format.name.split(",")):
        return None
    # Both kinds count the duration from zero, also where the first frame comes later.
    whole_s = container.duration / 1_000_000
    tolerance_s = max(0.5, 3 / nominal_rate(opened))
    return whole_s - end_s if whole_s - end_s > tolerance_s else None
