"""Draws the gallery: one contact sheet a reasoning type, a row a family: source, source later, target, mask.

Run: `python docs/gallery/make.py [TYPE …]` (needs the extra `sim`); look at every sheet before committing it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from rvebench.sim import FAMILIES, change_masks, load_family, render_pictures
from rvebench.sim.family import rng_of
from rvebench.taxonomy import ReasoningType, Subset

CELL = (320, 180)
FRAMES = 33
SEED = 1


def row_of(name: str) -> Image.Image:
    """Returns one family's row."""
    family = load_family(name)
    clean = {
        role: render_pictures(family, SEED, role, size=CELL, frames=FRAMES, noisy=False)  # type: ignore[arg-type]
        for role in ("source", "target")
    }
    cells = [clean["source"][2], clean["source"][-3], clean["target"][-3]]
    if family.subset is Subset.RAVE:
        mask = change_masks(clean["source"], clean["target"])[-3]
        cells.append(np.repeat(mask[..., None], 3, axis=2))
    else:
        cells.append(clean["target"][2])
    row = Image.fromarray(np.concatenate(cells, axis=1))
    words = family.words(family.setup(rng_of(name, SEED)))
    label = Image.new("RGB", (row.width, row.height + 22), "white")
    label.paste(row, (0, 22))
    ImageDraw.Draw(label).text((6, 5), f"{name}:  {words.instructions[0]}", fill="black")
    return label


def main() -> None:
    """Writes a JPEG for every reasoning type that has families."""
    here = Path(__file__).parent
    for kind in [ReasoningType(name) for name in sys.argv[1:]] or list(ReasoningType):
        names = [entry.name for entry in FAMILIES if load_family(entry.name).reasoning_type is kind]
        if not names:
            continue
        rows = [row_of(name) for name in names]
        sheet = Image.new("RGB", (rows[0].width, sum(row.height for row in rows)), "white")
        top = 0
        for row in rows:
            sheet.paste(row, (0, top))
            top += row.height
        sheet.save(here / f"{kind.value}.jpg", quality=82, optimize=True)
        print(kind.value, len(names))  # noqa: T201


if __name__ == "__main__":
    main()
