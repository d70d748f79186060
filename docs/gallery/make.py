"""Draws the gallery: of each reasoning type a sheet of its families and one of their objects, and the README's table.

Run: `python docs/gallery/make.py [TYPE …] [--families NAME …] [--seed N] [--out FOLDER]` (needs the extra `sim`), and
look at every sheet before committing it. `--table` writes the table alone.
"""

from __future__ import annotations

import argparse
import io
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from rvebench.sim import FAMILIES, FPS, FRAMES, Clock, Family, change_masks, load_family
from rvebench.sim.family import rng_of
from rvebench.sim.recipes import objects_of
from rvebench.sim.stage import Stage
from rvebench.taxonomy import ReasoningType
from rvebench.video import Frames

EARLY, LATE = 2, 29
"""The moments that are shown, of a clip of full length."""
CELL, SMALL = (320, 180), (192, 108)
SHEET_BYTES, OBJECTS_BYTES = 450_000, 350_000
OBJECTS = 3
"""How many objects of a family are shown; the table names all."""
GAP = 3
_PAPER, _INK, _QUIET, _NONE, _EDGE = "#ffffff", "#1c1c1c", "#5d5d5d", "#ececec", "#a8a8a8"
_START, _END = "<!-- families: written by make.py -->", "<!-- end of families -->"


def frame_of(family: Family[Any, Any], seed: int, role: str, index: int, size: tuple[int, int]) -> Frames:
    """Returns one frame of one state without grain, shape (H, W, 3)."""
    setup = family.setup(rng_of(family.name, seed))
    state, clock = getattr(family.states(setup), role), Clock(index, FRAMES, index / FPS)
    camera, light = family.camera(setup, state, clock), family.light(setup, state, clock)
    stage = Stage(size=size, parts=family.parts, camera=camera, light=light, seed=seed)
    family.draw(stage, setup, state, clock)
    return stage.picture(index, noisy=False)


def cells_of(family: Family[Any, Any], seed: int) -> dict[str, Frames]:
    """Returns what a row shows, by column; the mask is the one that `rvebench data render` writes."""
    has_still = family.states(family.setup(rng_of(family.name, seed))).still is not None
    cells = {
        "source, early": frame_of(family, seed, "source", EARLY, CELL),
        "source, late": frame_of(family, seed, "source", LATE, CELL),
    }
    before = cells["source, late"]
    if has_still:
        before = cells["counterfactual, late"] = frame_of(family, seed, "still", LATE, CELL)
    after = frame_of(family, seed, "target", LATE, CELL)
    if family.reasoning_type is ReasoningType.CAMERA:
        cells["target, early"] = frame_of(family, seed, "target", EARLY, CELL)
    cells["target, late"] = after
    if family.reasoning_type is not ReasoningType.CAMERA:
        mask = change_masks(before[None], after[None])[0]
        cells["mask, late"] = np.repeat(mask[..., None], 3, axis=2)
    return cells


def sheet_of(names: Sequence[str], seed: int) -> Image.Image:
    """Returns a contact sheet, a row a family, under the names of the columns."""
    rows = [(name, cells_of(load_family(name), seed)) for name in names]
    order = ("source, early", "source, late", "counterfactual, late", "target, early", "target, late", "mask, late")
    columns = [column for column in order if any(column in cells for _, cells in rows)]
    width, high, head = len(columns) * (CELL[0] + GAP) - GAP, 40 + CELL[1] + 10, 30
    sheet = Image.new("RGB", (width, head + high * len(rows)), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for place, column in enumerate(columns):
        _write(draw, (place * (CELL[0] + GAP) + 4, 4), column, CELL[0], _QUIET)
    for number, (name, cells) in enumerate(rows):
        top = head + number * high
        family = load_family(name)
        setup = family.setup(rng_of(name, seed))
        words = family.words(setup)
        _write(draw, (4, top), f"{name} ({family.objects(setup)}): {words.instructions[0]}", width, _INK)
        _write(draw, (4, top + 19), f"Expected: {words.expected}", width, _QUIET)
        for place, column in enumerate(columns):
            at = (place * (CELL[0] + GAP), top + 40)
            if column in cells:
                sheet.paste(Image.fromarray(cells[column]), at)
            # A mask that is white to its edge is told from the paper by its outline; what a row lacks is grey.
            fill = None if column in cells else _NONE
            draw.rectangle((*at, at[0] + CELL[0] - 1, at[1] + CELL[1] - 1), outline=_EDGE, fill=fill)
    return sheet


def objects_sheet_of(names: Sequence[str], seed: int) -> Image.Image:
    """Returns a contact sheet of some objects of each family, each early in its source and late in its target."""
    pair, high = 2 * SMALL[0] + 1, SMALL[1] + 24
    sheet = Image.new("RGB", (OBJECTS * (pair + 4 * GAP) - 4 * GAP, high * len(names)), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, name in enumerate(names):
        family = load_family(name)
        for place, thing in enumerate(objects_of(name)[:OBJECTS]):
            left, top = place * (pair + 4 * GAP), number * high
            shown = next(s for s in itertools.count(seed) if family.objects(family.setup(rng_of(name, s))) == thing)
            _write(draw, (left + 2, top + 3), f"{name}: {thing}", pair, _INK)
            for side, (role, index) in enumerate((("source", EARLY), ("target", LATE))):
                picture = Image.fromarray(frame_of(family, shown, role, index, SMALL))
                sheet.paste(picture, (left + side * (SMALL[0] + 1), top + 20))
    return sheet


def _write(draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, room: int, colour: str) -> None:
    """Writes one line, cut with an ellipsis at a word when there is no room for all of it."""
    font = ImageFont.load_default(size=14)
    shown = text
    while draw.textlength(shown, font=font) > room - 8:
        shown = shown.rstrip(" …").rpartition(" ")[0] + " …"
    draw.text(at, shown, fill=colour, font=font)


def save(sheet: Image.Image, path: Path, most_bytes: int) -> None:
    """Writes a JPEG of the best quality that fits.

    Raises:
        SystemExit: none fits.
    """
    for quality in range(84, 50, -4):
        buffer = io.BytesIO()
        sheet.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
        if len(buffer.getvalue()) < most_bytes:
            path.write_bytes(buffer.getvalue())
            print(f"{path.name}: {len(buffer.getvalue()) / 1e3:.0f} kB, quality {quality}")  # noqa: T201
            return
    raise SystemExit(f"{path.name} does not fit into {most_bytes} bytes")


def names_of(kind: ReasoningType) -> list[str]:
    """Returns the families of a reasoning type."""
    return [name for name in FAMILIES.names() if load_family(name).reasoning_type is kind]


def table() -> str:
    """Returns all families as a Markdown table; what must be inferred is what each class says of its law."""
    lines = ["| type | family | law | objects | what must be inferred |", "|---|---|---|---|---|"]
    for kind in ReasoningType:
        for name in names_of(kind):
            family = load_family(name)
            says = (type(family).__doc__ or "").strip().splitlines()[0]
            kind_name = kind.value.replace("_", " ")
            lines.append(f"| {kind_name} | {name} | {family.law} | {', '.join(objects_of(name))} | {says} |")
    return "\n".join(lines)


def with_table(page: str) -> str:
    """Returns the README with its table as the families are now."""
    before, _, rest = page.partition(_START)
    _, _, after = rest.partition(_END)
    return f"{before}{_START}\n{table()}\n{_END}{after}"


def main() -> None:
    """Writes the sheets that are asked for, and the table."""
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("types", nargs="*", metavar="TYPE", help=f"one of {', '.join(k.value for k in ReasoningType)}")
    parser.add_argument("--families", nargs="+", metavar="NAME", help="draw one sheet of these: some.jpg")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=here, help="folder for the sheets")
    parser.add_argument("--table", action="store_true", help="write the README's table alone")
    asked = parser.parse_args()
    groups = {kind.value: names_of(kind) for kind in [ReasoningType(name) for name in asked.types] or ReasoningType}
    if asked.families:
        groups = {"some": [load_family(name).name for name in asked.families]}
    for title, names in {} if asked.table else groups.items():
        save(sheet_of(names, asked.seed), asked.out / f"{title}.jpg", SHEET_BYTES)
        save(objects_sheet_of(names, asked.seed), asked.out / f"objects-{title}.jpg", OBJECTS_BYTES)
    page = here / "README.md"
    page.write_text(with_table(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
