"""Bad videos, batches, threads and memory: a number is the same or is not there."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvebench.metrics import METRICS
from rvebench.metrics.encoders import Encoders
from rvebench.metrics.options import MetricOptions
from rvebench.metrics.standalone import VideoItem, aggregate, measure_videos
from rvebench.records import MetricValue
from rvebench.taxonomy import Status
from rvebench.video import Frames, write_video
from rvebench.weights import WeightStore
from tests.metrics.conftest import compare

WITH_NETWORKS = (
    "subject_consistency",
    "background_consistency",
    "overall_consistency",
    "viclip_t",
    "viclip_direction",
    "dino_source_similarity",
    "clip_source_similarity",
    "clip_t",
    "motion_smoothness",
)
QUICK = tuple(name for name in WITH_NETWORKS if name not in {"motion_smoothness"})


def video(frames: int, height: int = 48, width: int = 64, seed: int = 0) -> Frames:
    """A textured square that drifts over a texture."""
    rng = np.random.default_rng(seed)
    ground = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    square = rng.integers(0, 256, (height // 2, width // 2, 3), dtype=np.uint8)
    clip = np.repeat(ground[None], frames, axis=0)
    for index in range(frames):
        left = index % (width // 2)
        clip[index, 4 : 4 + len(square), left : left + square.shape[1]] = square
    return clip


def metric(name: str, store: WeightStore, **options: Any) -> Any:
    chosen = MetricOptions(device="cpu", **options)
    return METRICS.load(name)(chosen, Encoders(chosen, store))


def values(name: str, store: WeightStore, videos: list[Frames], **options: Any) -> list[MetricValue]:
    items = [compare(video(8, *v.shape[1:3], seed=99), v, number) for number, v in enumerate(videos)]
    return list(metric(name, store, **options).measure(items))


@pytest.fixture(autouse=True)
def _embed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RVEBENCH_FEATURE_CACHE", "off")


@pytest.mark.parametrize("name", QUICK)
def test_a_score_is_the_same_for_every_batch_and_beside_any_neighbour(name: str, tiny_store: WeightStore) -> None:
    videos = [video(9, seed=1), video(5, 64, 48, seed=2), video(17, seed=3), video(9, seed=4)]
    alone = [values(name, tiny_store, [one], batch=1)[0].value for one in videos]
    for batch in (1, 3, 64):
        together = [value.value for value in values(name, tiny_store, videos, batch=batch)]
        assert together == pytest.approx(alone, abs=1e-6)


def test_motion_smoothness_is_the_same_for_every_batch(tiny_store: WeightStore) -> None:
    clip = [video(7, 128, 128, seed=1)]
    one, many = (values("motion_smoothness", tiny_store, clip, batch=batch)[0].value for batch in (1, 4))
    assert one == pytest.approx(many, abs=1e-6)


@pytest.mark.parametrize("name", ["subject_consistency", "background_consistency", "overall_consistency"])
def test_a_score_is_the_same_for_every_number_of_threads(name: str, tiny_store: WeightStore) -> None:
    import torch

    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(values(name, tiny_store, [video(9)])[0].value)
    finally:
        torch.set_num_threads(before)
    assert found[0] == pytest.approx(found[1], abs=1e-6)


@pytest.mark.parametrize("name", ["subject_consistency", "overall_consistency", "motion_smoothness"])
def test_what_does_not_fit_into_memory_is_tried_in_halves_and_scores_the_same(
    name: str, tiny_store: WeightStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = (128, 128) if name == "motion_smoothness" else (48, 64)
    clips = [video(9, *size, seed=1), video(5, *size, seed=2)]
    plenty = [value.value for value in values(name, tiny_store, clips, batch=16)]
    chosen = MetricOptions(device="cpu", batch=16)
    encoders = Encoders(chosen, tiny_store)
    backbone = METRICS.load(name).backbone  # type: ignore[attr-defined]
    network, tries = encoders.network(backbone), []
    method = "encode_video" if backbone == "viclip" else "forward"
    whole = getattr(network, method)

    def narrow(first: Any, *others: Any) -> Any:
        tries.append(len(first))
        if len(first) > 2 - (backbone == "viclip"):
            raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")
        return whole(first, *others)

    monkeypatch.setattr(network, method, narrow)
    items = [compare(video(8, *size, seed=99), v, number) for number, v in enumerate(clips)]
    scarce = [value.value for value in METRICS.load(name)(chosen, encoders).measure(items)]
    assert scarce == pytest.approx(plenty, abs=1e-6)
    assert max(tries) > 2 - (backbone == "viclip")
    assert encoders.batch(backbone) <= 2


def test_one_frame_that_does_not_fit_is_a_reason(tiny_store: WeightStore, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = MetricOptions(device="cpu")
    encoders = Encoders(chosen, tiny_store)

    def never(*_: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(encoders.network("dino"), "forward", never)
    (value,) = METRICS.load("subject_consistency")(chosen, encoders).measure([compare(video(3), video(3))])
    assert (value.status, value.value) == (Status.FAILED, None)
    assert "does not fit into the memory" in value.reason


@pytest.mark.parametrize("name", ["subject_consistency", "overall_consistency", "motion_smoothness"])
def test_what_a_network_makes_of_overflow_is_a_reason_and_no_number(
    name: str, tiny_store: WeightStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = MetricOptions(device="cpu")
    encoders = Encoders(chosen, tiny_store)
    backbone = METRICS.load(name).backbone  # type: ignore[attr-defined]
    network, method = encoders.network(backbone), "encode_video" if backbone == "viclip" else "forward"
    whole = getattr(network, method)
    monkeypatch.setattr(network, method, lambda *given: whole(*given) * float("nan"))
    clip = video(3, 128, 128) if backbone == "amt" else video(3)
    (value,) = METRICS.load(name)(chosen, encoders).measure([compare(clip, clip)])
    assert (value.status, value.value) == (Status.FAILED, None)
    assert "finite" in value.reason or "no numbers" in value.reason


def test_a_fault_of_the_code_is_not_taken_for_a_fault_of_the_video(
    tiny_store: WeightStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = MetricOptions(device="cpu")
    encoders = Encoders(chosen, tiny_store)

    def wrong(*_: Any) -> Any:
        raise RuntimeError("shape mismatch")

    monkeypatch.setattr(encoders.network("dino"), "forward", wrong)
    with pytest.raises(RuntimeError, match="shape mismatch"):
        list(METRICS.load("subject_consistency")(chosen, encoders).measure([compare(video(3), video(3))]))


@pytest.mark.parametrize("name", WITH_NETWORKS)
@pytest.mark.parametrize("frames", [1, 2, 3])
@pytest.mark.parametrize("size", [(1, 1), (17, 33), (130, 7)])
def test_short_and_odd_videos_give_a_number_or_a_reason(
    name: str, frames: int, size: tuple[int, int], tiny_store: WeightStore
) -> None:
    rng = np.random.default_rng(0)
    edit = rng.integers(0, 256, (frames, *size, 3), dtype=np.uint8)
    (value,) = metric(name, tiny_store).measure([compare(edit[:1], edit)])
    if value.status is Status.OK:
        assert value.value is not None and math.isfinite(value.value)
    else:
        assert value.value is None and value.reason
    needs = {"subject_consistency": 2, "background_consistency": 2, "motion_smoothness": 3}.get(name, 1)
    if frames < needs:
        assert value.status is Status.FAILED
        assert f"needs at least {needs}" in value.reason


@pytest.mark.parametrize("name", ["subject_consistency", "background_consistency", "motion_smoothness"])
def test_a_frozen_output_beats_its_source(name: str, tiny_store: WeightStore) -> None:
    moving = video(7, 128, 128)
    frozen = np.repeat(moving[:1], 7, axis=0)
    (value,) = metric(name, tiny_store).measure([compare(moving, frozen)])
    assert value.value is not None and value.source_value is not None
    assert value.value > value.source_value
    if name != "motion_smoothness":
        assert value.value == pytest.approx(1.0, abs=1e-6)


def test_an_untouched_copy_is_its_source_and_has_no_direction(tiny_store: WeightStore) -> None:
    clip = video(9)
    for name in ("dino_source_similarity", "clip_source_similarity"):
        (value,) = metric(name, tiny_store).measure([compare(clip, clip)])
        assert value.value == pytest.approx(1.0, abs=1e-6)
    (value,) = metric("viclip_direction", tiny_store).measure([compare(clip, clip)])
    assert value.status is Status.FAILED
    assert "moved in no direction" in value.reason


def test_the_text_read_stands_beside_the_value(tiny_store: WeightStore) -> None:
    long = "the candle burns down " * 20
    item = compare(video(9), video(9, seed=5), expected_outcome=long)
    (value,) = metric("viclip_t", tiny_store).measure([item])
    assert value.details["text"] == long.strip()
    assert value.details["truncated"] == "yes"
    assert int(value.details["tokens"]) > 32
    (value,) = metric("viclip_t", tiny_store, text="instruction").measure([item])
    assert (value.details["text"], value.details["truncated"]) == ("the candle after an hour", "no")


def test_two_metrics_of_one_network_embed_a_video_once(tiny_store: WeightStore) -> None:
    chosen = MetricOptions(device="cpu")
    encoders = Encoders(chosen, tiny_store)
    network, passes = encoders.network("viclip"), []
    whole = network.encode_video
    network.encode_video = lambda pixels: passes.append(len(pixels)) or whole(pixels)
    item = compare(video(9), video(9, seed=5))
    for name in ("overall_consistency", "viclip_t", "viclip_direction"):
        (value,) = METRICS.load(name)(chosen, encoders).measure([item])
        assert value.status is Status.OK, value.reason
    assert sum(passes) == 2  # the edit and the source


def test_frames_of_one_content_are_embedded_once(tiny_store: WeightStore, monkeypatch: pytest.MonkeyPatch) -> None:
    encoders = Encoders(MetricOptions(device="cpu", batch=4), tiny_store)
    network, seen = encoders.network("clip"), list[int]()
    forward = network.forward
    monkeypatch.setattr(network, "forward", lambda pixels: seen.append(len(pixels)) or forward(pixels))
    source = video(6)
    edit = source.copy()
    edit[2:4] = edit[1]  # held for two frames more, and left as it was elsewhere
    together = encoders.frame_features("clip", [source, edit])
    assert sum(seen) == 6
    encoders.forget()
    (alone,) = encoders.frame_features("clip", [edit])
    assert np.array_equal(alone[1], alone[2]) and np.array_equal(alone[1], alone[3])
    assert np.allclose(together[1], alone, atol=1e-4)


def test_embeddings_are_kept_on_disk_and_a_damaged_file_is_made_again(
    tiny_store: WeightStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RVEBENCH_FEATURE_CACHE", "on")
    monkeypatch.setenv("RVEBENCH_CACHE_DIR", str(tmp_path))
    item = compare(video(5), video(5, seed=5))

    def run(encoders: Encoders) -> float | None:
        (value,) = METRICS.load("background_consistency")(encoders.options, encoders).measure([item])
        number: float | None = value.value
        return number

    first = run(Encoders(MetricOptions(device="cpu"), tiny_store))
    kept = sorted(tmp_path.glob("features/*/*.npy"))
    assert len(kept) == 2
    idle = Encoders(MetricOptions(device="cpu"), tiny_store)
    monkeypatch.setattr(idle, "network", lambda _: pytest.fail("a network was loaded"))
    assert run(idle) == first
    kept[0].write_bytes(b"\x93NUMPY torn")
    assert run(Encoders(MetricOptions(device="cpu"), tiny_store)) == pytest.approx(first, abs=1e-6)
    other = Encoders(MetricOptions(device="cpu", precision="bf16"), tiny_store)
    assert run(other) != first  # another precision has embeddings of its own


def test_a_cache_that_cannot_be_written_costs_no_number(
    tiny_store: WeightStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RVEBENCH_FEATURE_CACHE", "on")
    monkeypatch.setenv("RVEBENCH_CACHE_DIR", str(tmp_path / "file"))
    (tmp_path / "file").write_text("in the way")
    (value,) = metric("background_consistency", tiny_store).measure([compare(video(3), video(3, seed=5))])
    assert value.status is Status.OK, value.reason


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
@pytest.mark.parametrize("name", ["subject_consistency", "background_consistency", "overall_consistency"])
def test_half_precision_is_near_and_another_identity(name: str, precision: str, tiny_store: WeightStore) -> None:
    clip = [video(9)]
    full, half = values(name, tiny_store, clip)[0], values(name, tiny_store, clip, precision=precision)[0]
    assert half.value == pytest.approx(full.value, abs=2e-2)
    digests = {metric(name, tiny_store, precision=kind).info.digest for kind in ("fp32", precision)}
    assert len(digests) == 2


def test_bad_files_are_lines_with_reasons_and_the_rest_goes_on(tmp_path: Path, tiny_store: WeightStore) -> None:
    sound = tmp_path / "sound.mp4"
    write_video(sound, video(8, 48, 64), fps=8.0)
    whole = sound.read_bytes()
    bad = {
        "empty": b"",
        "text": b"this is no video",
        "cut": whole[: len(whole) * 6 // 10],
        "zeros": bytes(4096),
    }
    for name, content in bad.items():
        (tmp_path / f"{name}.mp4").write_bytes(content)
    one = tmp_path / "one.mp4"
    write_video(one, video(1, 48, 64), fps=8.0)
    names = [*bad, "one", "sound"]
    items = [VideoItem(id=name, video=tmp_path / f"{name}.mp4", text="a candle") for name in names]
    metrics = [metric(name, tiny_store) for name in ("subject_consistency", "overall_consistency")]
    found = {(one.item.id, one.value.metric): one.value for one in measure_videos(items, metrics)}
    assert len(found) == 2 * len(names)
    for name in bad:
        value = found[name, "subject_consistency"]
        assert value.status is Status.FAILED and value.value is None and value.reason
    assert "needs at least 2" in found["one", "subject_consistency"].reason
    assert found["one", "overall_consistency"].status is Status.OK
    assert found["sound", "subject_consistency"].status is Status.OK
    total = aggregate(found.values(), "macro")["subject_consistency"]
    assert (total.n, total.failed) == (1, len(bad) + 1)


@pytest.mark.parametrize(("videos", "size"), [(1, 1 << 30), (2, 1 << 30), (8, 1 << 30), (8, 1)])
def test_videos_are_measured_in_groups_and_come_in_order_with_the_same_values(
    tmp_path: Path, tiny_store: WeightStore, monkeypatch: pytest.MonkeyPatch, videos: int, size: int
) -> None:
    items = []
    for number in range(3):
        path = tmp_path / f"{number}.mp4"
        write_video(path, video(4 + number, 48, 64), fps=8.0)
        items.append(VideoItem(id=str(number), video=path))
    items.insert(1, VideoItem(id="bad", video=tmp_path / "0.txt"))
    items[1].video.write_text("no video")
    metrics = [metric(name, tiny_store) for name in ("background_consistency", "dino_source_similarity")]
    whole = list(measure_videos(items, metrics))
    assert [(one.item.id, one.value.metric) for one in whole] == [
        (item.id, each.info.name) for item in items for each in metrics
    ]
    assert [one.value.status for one in whole[::2]] == [Status.OK, Status.FAILED, Status.OK, Status.OK]
    assert all("compares a video with its source" in one.value.reason for one in whole[1::2])
    monkeypatch.setattr("rvebench.metrics.standalone._TOGETHER", videos)
    monkeypatch.setattr("rvebench.metrics.standalone._TOGETHER_BYTES", size)
    for one, again in zip(whole, measure_videos(items, metrics), strict=True):
        assert (one.item.id, one.value.metric, one.value.status) == (
            again.item.id,
            again.value.metric,
            again.value.status,
        )
        if one.value.value is not None:
            assert again.value.value == pytest.approx(one.value.value, abs=1e-6)


def test_vbenchs_average_counts_frames_for_sc_and_videos_for_oc() -> None:
    def value(name: str, number: float, weight: float, sample: str) -> MetricValue:
        return MetricValue(sample_id=sample, metric=name, status=Status.OK, value=number, weight=weight)

    rows = [
        value("subject_consistency", 1.0, 10, "a"),
        value("subject_consistency", 0.0, 30, "b"),
        value("overall_consistency", 1.0, 1, "a"),
        value("overall_consistency", 0.0, 1, "b"),
    ]
    macro, pooled = aggregate(rows, "macro"), aggregate(rows, "vbench")
    assert (macro["subject_consistency"].mean, pooled["subject_consistency"].mean) == (0.5, 0.25)
    assert pooled["overall_consistency"].mean == 0.5


def test_the_room_imports_without_torch_and_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['torch'] = None; sys.modules['safetensors'] = None\n"
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'torch' else find(name, *a)\n"
        "import rvebench.metrics as m\n"
        "assert [v.info.name for v in m.choose_metrics('ready').metrics] == ['temporal_flickering']\n"
        "try: m.build_metric('subject_consistency')\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("UsageError")
    assert 'pip install "rvebench[metrics]"' in done.stdout
