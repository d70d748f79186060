"""The released trainer's pickles as shards: their numbers bit for bit, and no code of theirs."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from rvebench.errors import DataError, UsageError  # noqa: E402
from rvebench.revise.config import preset  # noqa: E402
from rvebench.revise.training.dataset import ShardSource  # noqa: E402
from rvebench.revise.training.shards import (  # noqa: E402
    EncoderPrints,
    PrecomputeReport,
    import_official,
    list_store,
    read_official,
    read_official_list,
)
from rvebench.weights import load_values  # noqa: E402
from tests.revise.training.shard_world import SHAPE  # noqa: E402

CONFIG = preset("tiny-random")
PRINTS = EncoderPrints(vae="a" * 64, vlm="b" * 64, text="c" * 64)


class Evil:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.trace}",)


def sample(seed: int = 0, **changes: Any) -> dict[str, Any]:
    draw = torch.Generator().manual_seed(seed)
    made: dict[str, Any] = {
        "prompt": f"make it rain {seed}",
        "latent_feature_tgt": torch.randn(16, 2, 4, 4, generator=draw),
        "latent_features": torch.randn(16, 2, 4, 4, generator=draw),
        "t5_emb": [torch.randn(7, 32, generator=draw).bfloat16()],
        "vlm_last_hidden_states": torch.randn(1, 11, 48, generator=draw).half(),
        "frame_num": 5,
        "video_path": "a/b.mp4",
    }
    return {key: value for key, value in {**made, **changes}.items() if value is not None}


def write(path: Path, value: Any, *, torch_saved: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if torch_saved:
        torch.save(value, path)
    else:
        path.write_bytes(pickle.dumps(value))
    return path


def listed(folder: Path, *paths: Path) -> Path:
    file = folder / "list.txt"
    file.write_text("# edits\n" + "\n".join(str(path) for path in paths) + "\n\n")
    return file


def bring(list_file: Path, out: Path, **more: Any) -> PrecomputeReport:
    return import_official(read_official_list(list_file), CONFIG, PRINTS, out, shape=SHAPE, **more)


@pytest.mark.parametrize("torch_saved", [False, True])
def test_values_come_out_of_a_pickle_as_they_went_in(tmp_path: Path, torch_saved: bool) -> None:
    value = sample()
    found = load_values(write(tmp_path / "a.pkl", value, torch_saved=torch_saved))
    assert found.keys() == value.keys() and found["prompt"] == value["prompt"] and found["frame_num"] == 5
    assert torch.equal(found["latent_feature_tgt"], value["latent_feature_tgt"])
    (text,) = found["t5_emb"]
    assert text.dtype == torch.bfloat16 and torch.equal(text, value["t5_emb"][0])


def test_pickles_become_batches_with_their_numbers(tmp_path: Path) -> None:
    values = [sample(0), sample(1, latent_features=None, latent_feature=torch.ones(16, 2, 4, 4))]
    paths = [write(tmp_path / f"{n}.pkl", value, torch_saved=n == 1) for n, value in enumerate(values)]
    report = bring(listed(tmp_path, paths[0], Path("1.pkl")), tmp_path / "out")
    assert report.samples == 2 and not report.failures
    source = ShardSource([tmp_path / "out"], batch_size=2, encoders=PRINTS, frames=False)
    assert source.declared and source.ids == ("0", "1")
    batch = source.take([0, 1]).batch
    assert batch is not None and batch.text is not None and batch.source_frames_BTHWC is None and batch.fps == 8
    assert batch.instructions == ("make it rain 0", "make it rain 1")
    for n, value in enumerate(values):
        assert torch.equal(batch.target_BCTHW[n], value["latent_feature_tgt"])
        assert torch.equal(batch.source_BCTHW[n], value.get("latent_feature", value.get("latent_features")))
        assert torch.equal(batch.vlm[n], value["vlm_last_hidden_states"][0]) and batch.vlm[n].dtype == torch.float16
        assert torch.equal(batch.text[n], value["t5_emb"][0])
    assert bring(listed(tmp_path, *paths), tmp_path / "out").kept == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"latent_features": None}, "no source latents under latent_feature or latent_features"),
        ({"latent_feature_tgt": None}, "no tensor latent_feature_tgt"),
        ({"prompt": " "}, "the sample has no prompt"),
        ({"prompt": None}, "the sample has no prompt"),
        ({"latent_features": torch.zeros(16, 3, 4, 4)}, "clips of this folder have [16, 2, 4, 4]"),
        ({"vlm_last_hidden_states": torch.zeros(1, 11, 40)}, "the model takes states of width 48"),
        ({"t5_emb": torch.zeros(7, 31)}, "the model takes states of width 32"),
        ({"t5_emb": None}, "no tensor t5_emb or text_emb"),
        ({"latent_feature_tgt": torch.full((16, 2, 4, 4), float("nan"))}, "target is not finite"),
    ],
)
def test_what_is_wrong_with_a_pickle_is_its_failure(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    value = sample(**{key: changed for key, changed in changes.items() if changed is not None})
    for key, changed in changes.items():
        if changed is None:
            del value[key]
    good = write(tmp_path / "good.pkl", sample(3))
    report = bring(listed(tmp_path, write(tmp_path / "bad.pkl", value), good), tmp_path / "out")
    (failure,) = report.failures
    assert failure.id == "bad" and words in failure.reason and str(tmp_path / "bad.pkl") in failure.reason
    assert report.samples == 1 and list_store(tmp_path / "out").failures == report.failures


@pytest.mark.parametrize("torch_saved", [False, True])
def test_code_in_a_pickle_is_refused_and_never_run(tmp_path: Path, torch_saved: bool) -> None:
    trace = tmp_path / "trace"
    bad = write(tmp_path / "bad.pkl", sample(video_path=Evil(trace)), torch_saved=torch_saved)
    with pytest.raises(DataError, match=r"the file holds code \(posix.system\); it was not loaded"):
        read_official(bad, CONFIG, SHAPE, id="bad")
    report = bring(listed(tmp_path, bad), tmp_path / "out")
    assert "holds code (posix.system)" in report.failures[0].reason and not trace.exists()


def test_damaged_and_absent_files_are_failures(tmp_path: Path) -> None:
    cut = write(tmp_path / "cut.pkl", sample())
    cut.write_bytes(cut.read_bytes()[:500])
    (tmp_path / "other.pkl").write_bytes(pickle.dumps([1, 2]))
    report = bring(listed(tmp_path, cut, tmp_path / "absent.pkl", tmp_path / "other.pkl"), tmp_path / "out")
    assert [failure.id for failure in report.failures] == ["cut", "absent", "other"] and report.samples == 0


def test_a_list_is_read_strictly(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the list cannot be read"):
        read_official_list(tmp_path / "absent.txt")
    with pytest.raises(UsageError, match="names no sample"):
        read_official_list(listed(tmp_path))
    found = read_official_list(listed(tmp_path, Path("x/a.pkl"), Path("y/a.pkl"), Path("y/b.pkl")))
    assert [one.id for one in found] == ["x.a", "y.a", "b"] and found[0].path == tmp_path / "x/a.pkl"
    with pytest.raises(UsageError, match=r"two samples of the list are called x\.a"):
        read_official_list(listed(tmp_path, Path("x/a.pkl"), Path("x/a.pkl")))
    (tmp_path / "list.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="no UTF-8 text"):
        read_official_list(tmp_path / "list.txt")


def test_another_model_makes_imported_shards_stale(tmp_path: Path) -> None:
    bring(listed(tmp_path, write(tmp_path / "a.pkl", sample())), tmp_path / "out")
    other = EncoderPrints(vae="d" * 64, vlm="b" * 64, text="c" * 64)
    with pytest.raises(UsageError, match=r"vae is aaaaaaaaaaaa… there and dddddddddddd… is wanted"):
        ShardSource([tmp_path / "out"], batch_size=1, encoders=other, frames=False)
    with pytest.raises(UsageError, match="stale"):
        import_official(read_official_list(tmp_path / "list.txt"), CONFIG, other, tmp_path / "out", shape=SHAPE)
