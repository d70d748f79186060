"""Models that the pipeline saves are sound checkpoints, and come back from every layout as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from rvebench.errors import UsageError  # noqa: E402
from rvebench.revise.assembly import Parts, load_parts, random_parts, save_parts  # noqa: E402
from rvebench.revise.checkpoints.convert import convert_checkpoint  # noqa: E402
from rvebench.revise.checkpoints.verify import verify_checkpoint  # noqa: E402
from rvebench.revise.config import (  # noqa: E402
    Compat,
    ConditioningConfig,
    RefinerConfig,
    ReviseConfig,
    TagConfig,
    preset,
)
from rvebench.revise.folder import read_folder  # noqa: E402


def viva() -> ReviseConfig:
    tiny = preset("tiny-random")
    return ReviseConfig(
        name="viva",
        vae=tiny.vae,
        dit=tiny.dit,
        text=None,
        vlm=tiny.vlm,
        visual_context_adapter=None,
        connector=None,
        refiner=RefinerConfig(dim=16, heads=2, layers=2, ffn_dim=32),
        conditioning=ConditioningConfig(strategy="viva", tags=TagConfig()),
        compat=Compat.named("fixed"),
        sampling=tiny.sampling,
    )


CONFIGS = {"tiny-random": preset("tiny-random"), "nano": preset("nano"), "viva": viva()}


def assert_same(found: Parts, wanted: Parts) -> None:
    for name in ("dit", "vae", "connector"):
        state = getattr(wanted, name).state_dict()
        other = getattr(found, name).state_dict()
        assert set(other) == set(state)
        assert all(torch.equal(other[key], tensor) for key, tensor in state.items()), name
    assert found.vlm.fingerprint == wanted.vlm.fingerprint
    assert torch.equal(found.null.vlm_LD, wanted.null.vlm_LD)
    assert {name: tensor.tolist() for name, tensor in found.tags.tensors.items()} == {
        name: tensor.tolist() for name, tensor in wanted.tags.tensors.items()
    }
    if wanted.text is not None:
        assert found.text is not None and torch.equal(
            found.text.encode(["Let the candle burn down."]).embeddings_LD[0],
            wanted.text.encode(["Let the candle burn down."]).embeddings_LD[0],
        )


@pytest.mark.parametrize("name", list(CONFIGS))
def test_a_saved_model_is_sound_and_survives_diffusers_layout(name: str, tmp_path: Path) -> None:
    wanted = random_parts(CONFIGS[name])
    save_parts(wanted, tmp_path / "saved")
    report = verify_checkpoint(tmp_path / "saved")
    assert report.sound, (report.problems, [row.summary() for row in report.reports if not row.sound])
    assert report.config == CONFIGS[name] and report.sums is not None
    convert_checkpoint(tmp_path / "saved", tmp_path / "diffusers", to="diffusers")
    assert verify_checkpoint(tmp_path / "diffusers").sound
    convert_checkpoint(tmp_path / "diffusers", tmp_path / "ours", to="ours")
    assert_same(load_parts(read_folder(tmp_path / "ours")), wanted)


def test_a_saved_model_survives_the_official_layout(tmp_path: Path) -> None:
    config = CONFIGS["tiny-random"]
    wanted = random_parts(config)
    save_parts(wanted, tmp_path / "saved")
    convert_checkpoint(tmp_path / "saved", tmp_path / "revise_ckpt", to="official")
    assert verify_checkpoint(tmp_path / "revise_ckpt", sizes=config).sound
    convert_checkpoint(tmp_path / "revise_ckpt", tmp_path / "ours", to="ours", sizes=config)
    assert_same(load_parts(read_folder(tmp_path / "ours")), wanted)


def test_what_a_text_encoder_s_own_config_says_is_kept(tmp_path: Path) -> None:
    wanted = random_parts(CONFIGS["tiny-random"])
    save_parts(wanted, tmp_path / "saved")
    convert_checkpoint(tmp_path / "saved", tmp_path / "diffusers", to="diffusers")
    convert_checkpoint(tmp_path / "diffusers", tmp_path / "ours", to="ours")
    found = load_parts(read_folder(tmp_path / "ours"))
    assert found.text is not None and wanted.text is not None
    assert found.text.fingerprint == wanted.text.fingerprint


@pytest.mark.parametrize("name", ["nano", "viva"])
def test_another_strategy_has_no_official_layout(name: str, tmp_path: Path) -> None:
    save_parts(random_parts(CONFIGS[name]), tmp_path / "saved")
    with pytest.raises(UsageError, match="has no official layout"):
        convert_checkpoint(tmp_path / "saved", tmp_path / "revise_ckpt", to="official")
    assert [path.name for path in tmp_path.iterdir()] == ["saved"]
