"""Draws the pictures of the metrics' cards from clips of the split `smoke`.

Run: `python docs/metrics/make_figures.py [NAME …] [--out FOLDER]`, and look at every figure before committing it. No
network is asked: whatever number stands in a figure is computed here from frames, all else is the formula.

A figure carries its own background, light or dark as the reader's system has it, so that it can be read on any page.
"""

from __future__ import annotations

import argparse
import base64
import io
import itertools
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from html import escape
from pathlib import Path

import numpy as np
from PIL import Image

from rvebench.metrics.preprocess import middle_indices
from rvebench.metrics.temporal_flickering import temporal_flickering
from rvebench.video import Frames, read_video

VIDEOS = Path(__file__).resolve().parents[2] / "data" / "smoke" / "videos"
MOST_BYTES = 40_000
WIDTH = 760
THUMB = (112, 64)
PIECES = {
    "instruction": "the cyclist has kept ped|alling and is now among the last of the lamps .",
    "outcome": (
        "the cyclist is a small figure far up the avenue near the vanishing point , wheels on the road and in the "
        "right size beside the lamps there ; the place where the cyclist was is empty road ."
    ),
}
"""Texts of `avenue-walk-0` as CLIP's vocabulary cuts them: at spaces, and at `|` inside a word."""
CONTEXT = 32
_STYLE = """
svg{font-family:ui-sans-serif,system-ui,'Segoe UI',Helvetica,Arial,sans-serif;font-size:13px;
--card:#fbfaf7;--ink:#1d1d1f;--quiet:#62626a;--edge:#c9c7c0;--a:#1f5fae;--b:#b4530a;--soft:#ecebe5}
@media (prefers-color-scheme:dark){svg{--card:#1b1c1f;--ink:#ececee;--quiet:#a2a2ab;--edge:#4a4b52;--a:#7db4ff;
--b:#ffab66;--soft:#2a2b30}}
.card{fill:var(--card);stroke:var(--edge)}.ink{fill:var(--ink)}.quiet{fill:var(--quiet)}.a{fill:var(--a)}
.b{fill:var(--b)}.small{font-size:11px}.line{fill:none;stroke:var(--edge);stroke-width:1.2}
.la{fill:none;stroke:var(--a);stroke-width:1.8}.lb{fill:none;stroke:var(--b);stroke-width:1.8}
.box{fill:var(--soft);stroke:var(--edge)}.veil{fill:var(--card);opacity:.72}.dash{stroke-dasharray:4 3}
.hit{fill:var(--a)}.bold{font-weight:600}.cut{fill:none;stroke:var(--edge);stroke-dasharray:2 2}
"""


class Sheet:
    """A picture under construction; all places are in pixels from the upper left corner."""

    def __init__(self, title: str, height: int) -> None:
        self.height = height
        self._parts = [f"<title>{escape(title)}</title>"]

    def text(self, x: float, y: float, text: str, kind: str = "ink", *, at: str = "middle") -> None:
        """Writes a line of text whose baseline is y."""
        self._parts.append(f'<text x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{at}">{escape(text)}</text>')

    def frame(self, x: float, y: float, frame_HWC: Frames, size: tuple[int, int] = THUMB, times: float = 1.5) -> None:
        """Puts a picture at its upper left corner, with `times` as many pixels to a side as it is shown in."""
        memory = io.BytesIO()
        picture = Image.fromarray(frame_HWC).resize((int(size[0] * times), int(size[1] * times)), Image.Resampling.BOX)
        picture.save(memory, "JPEG", quality=50, optimize=True)
        code = base64.b64encode(memory.getvalue()).decode()
        place = f'x="{x:g}" y="{y:g}" width="{size[0]}" height="{size[1]}"'
        self._parts.append(f'<image {place} preserveAspectRatio="none" href="data:image/jpeg;base64,{code}"/>')

    def rect(self, x: float, y: float, width: float, height: float, kind: str, *, radius: float = 0) -> None:
        """Draws a rectangle."""
        place = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
        self._parts.append(f'<rect {place} rx="{radius:g}" class="{kind}"/>')

    def line(self, path: str, kind: str = "line", *, arrow: bool = False, both: bool = False) -> None:
        """Draws an SVG path, with arrow heads where wanted."""
        tip = f"url(#{kind.split()[0]})"
        ends = (f' marker-end="{tip}"' if arrow or both else "") + (f' marker-start="{tip}"' if both else "")
        self._parts.append(f'<path d="{path}" class="{kind}"{ends}/>')

    def box(self, x: float, y: float, width: float, height: float, text: str) -> None:
        """Draws a network: a rounded box with its name."""
        self.rect(x, y, width, height, "box", radius=6)
        self.text(x + width / 2, y + height / 2 + 4.5, text, "ink bold")

    def square(self, x: float, y: float, size: tuple[int, int] = THUMB) -> None:
        """Veils what CLIP does not see of a frame: all but the middle square."""
        side = (size[0] - size[1]) / 2
        self.rect(x, y, side, size[1], "veil")
        self.rect(x + size[0] - side, y, side, size[1], "veil")
        self.rect(x + side, y, size[1], size[1], "la")

    def svg(self) -> str:
        """Returns the whole file."""
        tips = "".join(
            f'<marker id="{kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
            f'markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path d="M0 0.5 8 4 0 7.5z" '
            f'style="fill:var({colour})"/></marker>'
            for kind, colour in (("la", "--a"), ("lb", "--b"), ("line", "--quiet"))
        )
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" role="img">'
        card = f'<rect x=".5" y=".5" width="{WIDTH - 1}" height="{self.height - 1}" rx="8" class="card"/>'
        body = "\n".join(self._parts)
        return f"{head}\n<style>{_STYLE}</style><defs>{tips}</defs>\n{card}\n{body}\n</svg>\n"


@lru_cache(maxsize=4)
def clip(name: str) -> Frames:
    """Returns the frames of a clip of `smoke`, (T, H, W, 3)."""
    return read_video(VIDEOS / f"{name}.mp4").frames_THWC


def gap(first: Frames, second: Frames, times: int) -> Frames:
    """Returns |first - second|, made brighter."""
    wide = np.abs(first.astype(np.int32) - second.astype(np.int32)) * times
    bright: Frames = np.minimum(wide, 255).astype(np.uint8)
    return bright


def flicker() -> Sheet:
    """TF: pairs of frames and their differences, with real numbers."""
    frames, first = clip("bus-boarding-0.source"), 12
    sheet = Sheet("Temporal flickering: each pair of neighbouring frames and its difference", 252)
    left, step, y = 60, 176, 34
    for column in range(4):
        x: float = left + column * step
        sheet.frame(x, y, frames[first + column])
        sheet.text(x + 56, y - 8, f"frame {first + column}", "quiet small")
    for column in range(3):
        pair = frames[first + column], frames[first + column + 1]
        x = left + column * step + step / 2
        sheet.line(f"M{x - 32:g} {y + 64} L{x + 20:g} {y + 88}", "la")
        sheet.line(f"M{x + 144:g} {y + 64} L{x + 92:g} {y + 88}", "la")
        sheet.frame(x, y + 88, gap(*pair, 6))
        mean = float(np.abs(pair[0].astype(np.int64) - pair[1]).mean())
        sheet.text(x + 56, y + 170, f"mean difference {mean:.3f}", "a")
    sheet.text(20, 226, "|difference| is shown six times as bright.", "quiet small", at="start")
    sheet.text(20, 242, f"The clip: {len(frames)} frames, 16 fps.", "quiet small", at="start")
    value = temporal_flickering(frames)
    sheet.text(740, 226, f"TF = (255 − mean over 32 pairs) / 255 = {value:.4f}", "ink bold", at="end")
    sheet.text(740, 242, "its first frame held for 33 frames: 1.0000", "b small", at="end")
    return sheet


def chain(network: str, *, crop: bool) -> Sheet:
    """SC and BC: every frame against the one before it and against the first."""
    frames = clip("bus-boarding-0.source")[::8]
    title = "Each frame's features are compared with the frame before it and with the first frame"
    sheet = Sheet(title, 330)
    left, step, y = 28, 148, 104
    for index in range(5):
        x = left + index * step
        sheet.frame(x, y, frames[index])
        if crop:
            sheet.square(x, y)
        else:
            sheet.rect(x, y, *THUMB, "la")
        sheet.line(f"M{x + 56} {y + 67} V{y + 86}", "line", arrow=True)
        sheet.line(f"M{x + 56} {y + 116} V{y + 134}", "line", arrow=True)
        sheet.text(x + 56, y + 151, f"f{'₀₁₂₃₄'[index]}", "ink bold")
        if index:
            sheet.line(f"M{x + 56 - step + 14} {y + 147} H{x + 56 - 14}", "la", arrow=True)
            sheet.text(x + 56 - step / 2, y + 166, f"cos(f{'₀₁₂₃₄'[index - 1]}, f{'₀₁₂₃₄'[index]})", "a small")
            rise = 14 + 15 * index
            start, end = left + 40 + 5 * index, x + 56
            sheet.line(f"M{start} {y - 4} C{start + 30} {y - rise - 14} {end - 40} {y - rise - 14} {end} {y - 5}", "lb",
                       arrow=True)  # fmt: skip
    sheet.text(732, 24, "cos(f₀, fᵢ): has it drifted from where it began?", "b small", at="end")
    sheet.box(left, y + 86, 4 * step + 112, 30, network)
    seen = "It sees the middle square alone." if crop else "It sees the whole frame."
    sheet.text(28, 308, seen, "quiet small", at="start")
    sheet.text(732, 296, "frame i: ( max(0, cos(fᵢ₋₁, fᵢ)) + max(0, cos(f₀, fᵢ)) ) / 2", "ink bold", at="end")
    sheet.text(732, 314, "video: the mean over i = 1 … T − 1", "quiet", at="end")
    return sheet


def middles(text: str, field: str) -> Sheet:
    """OC and ViCLIP_T: eight frames from the middles of eight stretches, a text cut at 32 tokens, one cosine."""
    frames = clip("avenue-walk-0.target")
    sheet = Sheet("Eight frames of the video and the first 32 tokens of the text make one cosine", 340)
    cell, left, y = 21.3, 28, 42
    chosen = middle_indices(len(frames), 8)
    sheet.text(left, 26, f"{len(frames)} frames in eight stretches: the middle one of each", "quiet small", at="start")
    for index in range(len(frames)):
        kind = "hit" if index in chosen else "box"
        sheet.rect(left + index * cell, y, cell - 3, 12, kind, radius=2)
    for edge in np.linspace(0, len(frames), 9).astype(int)[1:-1]:
        sheet.line(f"M{left + edge * cell - 1.5:g} {y - 5} v22")
    for number, index in enumerate(chosen):
        x = left + number * 88.4
        sheet.line(f"M{left + (index + 0.5) * cell - 1.5:g} {y + 14} L{x + 36:g} {y + 32}", "la")
        sheet.frame(x, y + 33, frames[index][:, 104:376], (72, 72))
        sheet.text(x + 36, y + 119, str(index), "quiet small")
    last = _tokens(sheet, PIECES[text], left, 200)
    sheet.text(left, 188, f"{field}:", "quiet small", at="start")
    foot = last + 36
    sheet.box(left, foot, 150, 30, "ViCLIP L/14, text")
    sheet.box(left + 174, foot, 150, 30, "ViCLIP L/14, video")
    sheet.line(f"M{left + 330} {foot + 15} h30", "line", arrow=True)
    sheet.text(left + 374, foot + 13, "value = cos(video, text)", "ink bold", at="start")
    sheet.text(left + 374, foot + 29, "from −1 to 1, not cut off at 0", "quiet small", at="start")
    sheet.height = round(foot) + 48
    return sheet


def _tokens(sheet: Sheet, pieces: str, left: float, top: float) -> float:
    """Draws the tokens of a text and what is not read; returns where the last row begins."""
    words = ["[start]", *itertools.chain.from_iterable(word.split("|") for word in pieces.split()), "[end]"]
    if len(words) > CONTEXT:
        kept, lost = [*words[: CONTEXT - 1], "[end]"], words[CONTEXT - 1 : -1]
    else:
        kept, lost = words, []
    x, y = left, top
    for number, word in enumerate([*kept, *lost]):
        width = 6.3 * len(word) + 10
        if x + width > WIDTH - left:
            x, y = left, y + 24
        sheet.rect(x, y, width, 19, "box" if number < len(kept) else "cut", radius=4)
        sheet.text(x + width / 2, y + 13.5, word, "ink small" if number < len(kept) else "quiet small")
        x += width + 4
        if number == CONTEXT - 1 and lost:
            sheet.line(f"M{x:g} {y - 2} v23", "lb")
            x += 6
    note = f"{len(words)} tokens: the dashed {len(lost)} are not read" if lost else f"{len(words)} tokens: all read"
    sheet.text(WIDTH - left, top - 12, note, "b small" if lost else "quiet small", at="end")
    return y


def arrows() -> Sheet:
    """Direction: the step in the video space and the step in the text space."""
    sheet = Sheet("Direction: the step from source to edit and the step from instruction to outcome", 250)
    for x, title in ((150, "video space"), (420, "text space"), (645, "together")):
        sheet.text(x, 26, title, "ink bold")
    places = {"source": (28, 138), "target": (162, 50)}
    for role, (x, y) in places.items():
        sheet.frame(x, y, clip(f"avenue-walk-0.{role}")[16])
        sheet.rect(x, y, *THUMB, "line")
    sheet.text(84, 218, "source", "quiet")
    sheet.text(218, 130, "edit", "quiet")
    sheet.line("M112 134 L174 118", "la", arrow=True)
    for x, y, words in ((318, 160, "instruction"), (442, 72, "outcome")):
        sheet.rect(x, y, 96, 28, "box", radius=6)
        sheet.text(x + 48, y + 18.5, words)
    sheet.line("M382 156 L470 104", "lb", arrow=True)
    x, y = 596, 158
    sheet.line(f"M{x} {y} L{x + 106} {y - 28}", "la", arrow=True)
    sheet.line(f"M{x} {y} L{x + 94} {y - 56}", "lb", arrow=True)
    sheet.line(f"M{x + 58} {y - 15} A 60 60 0 0 0 {x + 51.5} {y - 30.5}", "line")
    sheet.text(x + 68, y - 25, "θ", "ink small")
    sheet.text(645, 196, "value = cos θ", "ink bold")
    sheet.text(28, 240, "Schematic: places and angle are not measured, and the spaces have 768 axes.", "quiet small",
               at="start")  # fmt: skip
    return sheet


def foreseen() -> Sheet:
    """MS: an odd frame is taken out, foreseen from its neighbours, and compared."""
    frames, first = clip("bus-boarding-0.source")[::2], 4
    sheet = Sheet("Motion smoothness: each odd frame is foreseen from its neighbours and compared", 330)
    left, step, y, size = 24, 103, 36, (94, 53)
    for index in range(7):
        x = left + index * step
        sheet.frame(x, y, frames[first + index], size, 1.2)
        if index % 2:
            sheet.rect(x, y, *size, "veil")
            sheet.rect(x, y, *size, "lb dash")
        else:
            sheet.rect(x, y, *size, "la")
        sheet.text(x + 47, y - 8, f"{index}", "b small" if index % 2 else "a small")
    middle = left + 3 * step + 47
    sheet.box(middle - 62, 124, 124, 30, "AMT-S, t = ½")
    for side in (-1, 1):
        sheet.line(f"M{middle + side * step} {y + 56} C{middle + side * step} 120 {middle + side * 90} 139 "
                   f"{middle + side * 66} 139", "la", arrow=True)  # fmt: skip
    before, real, after = (frames[first + index] for index in (2, 3, 4))
    made = ((before.astype(np.uint16) + after) // 2).astype(np.uint8)
    row = 180
    sheet.line(f"M{middle} 156 V{row - 3}", "line", arrow=True)
    for offset, picture, name in (
        (-190, real, "the real frame 3"),
        (0, made, "foreseen"),
        (190, gap(real, made, 3), ""),
    ):
        sheet.frame(middle + offset - 56, row, picture)
        sheet.text(middle + offset, row + 82, name or "|real − foreseen|", "ink")
    sheet.text(middle - 95, row + 38, "−", "ink bold")
    sheet.text(middle + 95, row + 38, "=", "ink bold")
    sheet.text(24, 296, "In this drawing the mean of the two neighbours stands", "quiet small", at="start")
    sheet.text(24, 311, "for AMT-S's frame; the difference is three times as bright.", "quiet small", at="start")
    sheet.text(736, 296, "MS = (255 − mean |difference|) / 255", "ink bold", at="end")
    sheet.text(736, 313, "over the odd frames that have two neighbours", "quiet small", at="end")
    return sheet


def paired(network: str, *, crop: bool) -> Sheet:
    """Source similarity: frames of the same moment."""
    sheet = Sheet("Each frame of the edit is compared with the source frame of the same moment", 300)
    left, step, top, low = 92, 130, 38, 168
    for role, y in (("source", top), ("edit", low)):
        frames = clip(f"avenue-walk-0.{'target' if role == 'edit' else role}")[::8]
        sheet.text(left - 14, y + 36, role, "ink bold", at="end")
        for index in range(5):
            x = left + index * step
            sheet.frame(x, y, frames[index])
            if crop:
                sheet.square(x, y)
            else:
                sheet.rect(x, y, *THUMB, "la")
    for index in range(5):
        x = left + index * step + 56
        sheet.text(x, top - 10, f"frame {index * 8}", "quiet small")
        sheet.line(f"M{x} {top + 70} V{low - 6}", "la", both=True)
        sheet.text(x + 8, (top + 64 + low) / 2 + 4, "cos", "a small", at="start")
    seen = "the middle square alone" if crop else "whole frames"
    sheet.text(left, 268, f"{network} sees {seen}.", "quiet small", at="start")
    sheet.text(724, 268, "value = mean cosine over the edit's frames", "ink bold", at="end")
    sheet.text(724, 284, "an untouched copy: 1", "b small", at="end")
    return sheet


def frames_and_text() -> Sheet:
    """CLIP_T: every frame against one text."""
    sheet = Sheet("CLIP_T: every frame is compared with one text", 310)
    frames = clip("avenue-walk-0.target")[::8]
    left, step, y = 66, 132, 34
    for index in range(5):
        x = left + index * step
        sheet.frame(x, y, frames[index])
        sheet.square(x, y)
        sheet.text(x + 56, y - 8, f"frame {index * 8}", "quiet small")
        sheet.line(f"M{x + 56} {y + 68} L{380 + (x + 56 - 380) * 0.62:g} {y + 128}", "la", both=True)
        side = -1 if x + 56 < 380 else 1
        sheet.text(380 + (x + 56 - 380) * 0.84 + 16 * side, y + 100 + (8 if index != 2 else 0), "cos", "a small")
    _quote(sheet, PIECES["outcome"].replace("|", ""), y + 134)
    sheet.text(28, 284, "CLIP ViT-B/32 sees the middle square of each frame", "quiet small", at="start")
    sheet.text(28, 299, "and reads 77 tokens: this text has 41.", "quiet small", at="start")
    sheet.text(732, 284, "value = mean cosine over the frames", "ink bold", at="end")
    return sheet


def _quote(sheet: Sheet, text: str, y: float) -> None:
    words, lines = text.replace(" ,", ",").replace(" ;", ";").replace(" .", ".").split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > 68:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    sheet.rect(120, y, 520, 22 + 20 * len(lines), "box", radius=6)
    for number, line in enumerate(lines):
        sheet.text(380, y + 26 + 20 * number, line)


FIGURES: dict[str, Callable[[], Sheet]] = {
    "temporal_flickering": flicker,
    "subject_consistency": partial(chain, "DINO ViT-B/16", crop=False),
    "background_consistency": partial(chain, "CLIP ViT-B/32", crop=True),
    "overall_consistency": partial(middles, "instruction", "the instruction"),
    "viclip_t": partial(middles, "outcome", "the expected outcome"),
    "viclip_direction": arrows,
    "motion_smoothness": foreseen,
    "dino_source_similarity": partial(paired, "DINO ViT-B/16", crop=False),
    "clip_source_similarity": partial(paired, "CLIP ViT-B/32", crop=True),
    "clip_t": frames_and_text,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(FIGURES), metavar="NAME")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "figures")
    chosen = parser.parse_args(arguments)
    unknown = [name for name in chosen.names if name not in FIGURES]
    if unknown:
        parser.error(f"no figure is called {', '.join(unknown)}; there are {', '.join(FIGURES)}")
    chosen.out.mkdir(parents=True, exist_ok=True)
    for name in chosen.names:
        svg = FIGURES[name]().svg()
        if len(svg) > MOST_BYTES:
            parser.error(f"{name} has {len(svg)} bytes, more than {MOST_BYTES}")
        (chosen.out / f"{name}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
