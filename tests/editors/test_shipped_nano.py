"""ReViSE-nano as it ships: what it is made of, and what it does on clips and compositions that it never saw."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from rvebench.assets import asset_dir  # noqa: E402
from rvebench.editors import build_editor  # noqa: E402
from rvebench.records import Sample  # noqa: E402
from rvebench.revise.assembly import Parts, load_parts  # noqa: E402
from rvebench.revise.folder import read_folder  # noqa: E402
from rvebench.revise.model.vae import VideoVae, frames_to_signal, signal_to_frames  # noqa: E402
from rvebench.revise.training.clips import ClipShape  # noqa: E402
from rvebench.revise.training.config import CriticConfig  # noqa: E402
from rvebench.revise.training.vae_stage import psnr_db  # noqa: E402
from rvebench.science.editing import Editing  # noqa: E402
from rvebench.science.measures import measure_edit  # noqa: E402
from rvebench.science.verdicts import CriticReader  # noqa: E402
from rvebench.science.world import HeldOut, family_of  # noqa: E402
from rvebench.splits import load_split  # noqa: E402

FOLDER = asset_dir("data") / "models" / "revise-nano"
CHOSEN = ("avenue-walk-0", "fruit-ripen-0", "cat-hideout-0", "balance-tips-0")


@cache
def parts() -> Parts:
    return load_parts(read_folder(FOLDER))


@cache
def editing() -> Editing:
    samples = {sample.id: sample for sample in load_split("smoke").samples}

    def held(sample: Sample) -> HeldOut:
        return HeldOut(set="smoke", sample=sample, family=family_of(sample.id))

    size = parts().config.sampling.size
    assert size is not None
    shape = ClipShape(frames=parts().config.sampling.frames, stride=4, size=size)
    return Editing(samples=[held(samples[name]) for name in CHOSEN], shape=shape, steps=12, device="cpu")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_it_is_small_without_pickles_and_comes_with_a_card() -> None:
    files = [file for file in FOLDER.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) <= 25_000_000
    assert {file.suffix for file in files} <= {".safetensors", ".json", ".md", ".jinja", ".txt"}
    card = (FOLDER / "README.md").read_text()
    assert "## Data card" in card and "CC0-1.0" in card
    read_folder(FOLDER)  # compares every file with the manifest


def test_the_editor_is_ready_without_a_download() -> None:
    editor = build_editor("revise-nano?threads=1")
    assert editor.info.name == "revise-nano" and editor.info.deterministic


def test_its_autoencoder_keeps_what_an_edit_changes() -> None:
    vae = VideoVae(parts().vae)
    for clips in editing().clips[:2]:
        with torch.no_grad():
            latents = vae.encode(frames_to_signal(torch.from_numpy(clips.target_THWC)))
            made = signal_to_frames(vae.decode(latents))[0].numpy()
        assert psnr_db(made, clips.target_THWC) > 26
        assert psnr_db(made, clips.target_THWC) > psnr_db(clips.source_THWC, clips.target_THWC) + 3


def test_its_critic_tells_right_edits_from_the_untouched_source_where_the_compositions_are_new() -> None:
    clips = editing().clips
    reader = CriticReader(parts(), CriticConfig(prompt="nano-v2", frames=4), device="cpu")
    right = reader.p_yes(clips, [each.target_THWC for each in clips])
    untouched = reader.p_yes(clips, [each.source_THWC for each in clips])
    assert all(yes > no for yes, no in zip(right, untouched, strict=True))
    assert np.mean(right) > 0.2 + np.mean(untouched) and np.mean(untouched) < 0.1


def test_its_edits_go_the_right_way() -> None:
    progress = []
    for clips, edit in zip(editing().clips, editing().edits(parts(), seed=0), strict=True):
        measured = measure_edit(clips.source_THWC, clips.target_THWC, edit, clips.mask_THW).ea_progress
        assert measured is not None
        progress.append(measured)
    assert np.mean(progress) > 0.2, f"an untouched copy has 0 by definition; the edits have {progress}"
