"""The adapters on tiny real diffusers pipelines with random weights, saved to a folder and loaded from it.

Needs torch, diffusers, transformers, accelerate and ftfy, which the core does not install: `pytest -m slow`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvebench.editors import build_editor
from rvebench.records import EditResult, Window
from rvebench.taxonomy import Status
from rvebench.video import fingerprint, read_video
from tests.editors.conftest import MakeRequest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
torch: Any = pytest.importorskip("torch")
diffusers: Any = pytest.importorskip("diffusers")
transformers: Any = pytest.importorskip("transformers")
pytest.importorskip("accelerate")
pytest.importorskip("ftfy")

WORDS = ["<pad>", "</s>", "<unk>", "make", "it", "grey", "rain", "add"]


def tokenizer() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = Tokenizer(models.WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )


def parts(*, vace: bool, in_channels: int) -> dict[str, Any]:
    torch.manual_seed(0)
    transformer = {
        "patch_size": (1, 2, 2),
        "num_attention_heads": 2,
        "attention_head_dim": 12,
        "in_channels": in_channels,
        "out_channels": 16,
        "text_dim": 32,
        "freq_dim": 32,
        "ffn_dim": 32,
        "num_layers": 2,
        "rope_max_seq_len": 32,
    }
    text = transformers.UMT5Config(
        vocab_size=len(WORDS), d_model=32, d_kv=8, d_ff=32, num_layers=1, num_heads=4, decoder_start_token_id=0
    )
    return {
        "tokenizer": tokenizer(),
        "text_encoder": transformers.UMT5EncoderModel(text).eval(),
        "vae": diffusers.AutoencoderKLWan(base_dim=3, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1).eval(),
        "scheduler": diffusers.UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0
        ),
        "transformer": diffusers.WanVACETransformer3DModel(**transformer, vace_layers=[0], vace_in_channels=96)
        if vace
        else diffusers.WanTransformer3DModel(**transformer),
    }


def edit(name: str, pipeline: str, folder: Path, make: MakeRequest, options: str = "", **request: Any) -> EditResult:
    if not folder.exists():
        given = parts(vace=name == "vace", in_channels=32 if name == "lucy-edit" else 16)
        getattr(diffusers, pipeline)(**given).save_pretrained(folder)
    editor = build_editor(f"{name}?checkpoint={folder}&steps=2&device=cpu{options}")
    (result,) = editor.edit([make(**request)])
    assert result.status is Status.OK, result.reason
    return result


PIPELINES = [
    ("vace", "WanVACEPipeline"),
    ("lucy-edit", "LucyEditPipeline"),
    ("wan-sdedit", "WanVideoToVideoPipeline"),
]


@pytest.mark.parametrize(("name", "pipeline"), PIPELINES)
def test_a_tiny_real_pipeline_edits_the_frames_it_declares(
    name: str, pipeline: str, make: MakeRequest, tmp_path: Path
) -> None:
    result = edit(name, pipeline, tmp_path / name, make)
    assert result.window == Window(start=0, stride=1, count=9, fps=8.0)
    assert result.video is not None
    clip = read_video(result.video)
    assert len(clip) == 9 and clip.size == (64, 48)
    assert float(np.std(clip.frames_THWC)) > 0


@pytest.mark.parametrize(("name", "pipeline"), PIPELINES)
def test_the_seed_reaches_the_noise(name: str, pipeline: str, make: MakeRequest, tmp_path: Path) -> None:
    folder = tmp_path / name
    hashes = []
    for index, seed in enumerate((1, 1, 2)):
        video = edit(name, pipeline, folder, make, sample_id=f"s{index}", seed=seed).video
        assert video is not None
        hashes.append(fingerprint(read_video(video)))
    assert hashes[0] == hashes[1] != hashes[2]


def test_vace_takes_a_mask(make: MakeRequest, tmp_path: Path, clip: Path) -> None:
    result = edit("vace", "WanVACEPipeline", tmp_path / "vace", make, "&control=mask", mask=clip)
    assert result.window is not None and result.window.count == 9
