"""Memory plans: weights against modules built on the meta device, working memory against a count of live tensors."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
transformers = pytest.importorskip("transformers")

from rvebench.errors import UsageError  # noqa: E402
from rvebench.revise.conditions import Conditions  # noqa: E402
from rvebench.revise.config import ReviseConfig, preset  # noqa: E402
from rvebench.revise.model.connector import build_connector  # noqa: E402
from rvebench.revise.model.dit import Denoiser, build_dit, cast_dit  # noqa: E402
from rvebench.revise.model.vae import VideoVae, build_vae  # noqa: E402
from rvebench.revise.sampling import memory as memory_module  # noqa: E402
from rvebench.revise.sampling.footprint import (  # noqa: E402
    STAGES,
    EditShape,
    decode_bytes,
    denoise_bytes,
    encode_bytes,
    llm_parameters,
    parts_of,
    text_parameters,
    tower_parameters,
    working_bytes,
)
from rvebench.revise.sampling.memory import MemoryPlan, available_memory, most_frames, plan_memory  # noqa: E402
from rvebench.revise.shapes import Size  # noqa: E402
from tests.revise.live_memory import LiveTensors, attention_without_scores  # noqa: E402

WAN = preset("wan1.3b")
PAPER = EditShape(frames=17, size=Size(width=640, height=352))
LONG = EditShape(frames=81, size=Size(width=832, height=480))
GIB = 2**30


def parameters(module: Any) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


# Weights.


def test_weights_of_the_released_model_are_those_the_facts_give() -> None:
    counts = {part.name: part.parameters for part in parts_of(WAN)}
    assert counts["transformer"] == 1_418_996_800
    assert counts["vae"] == 126_892_531
    assert counts["connector"] == pytest.approx(1902.1e6 + 154.8e6 + 6.69e6, rel=1e-4)
    assert counts["text encoder"] == 5_680_910_336
    assert counts["vlm"] == pytest.approx(8.5e9, rel=0.005)
    sizes = {part.name: part.weight_bytes for part in parts_of(WAN)}
    for name, decimal_gb in {"vlm": 17, "connector": 4.1, "transformer": 2.8, "text encoder": 11.4, "vae": 0.5}.items():
        assert sizes[name] / 1e9 == pytest.approx(decimal_gb, rel=0.02), name


def test_weights_in_float32_are_twice_as_large_but_the_autoencoder_never_shrinks() -> None:
    half, full = ({part.name: part.weight_bytes for part in parts_of(WAN, each)} for each in ("bfloat16", "float32"))
    assert full["transformer"] == 2 * half["transformer"]
    assert full["vae"] == half["vae"]


def test_text_encoder_formula_is_the_modules_count() -> None:
    text = WAN.text
    assert text is not None
    with torch.device("meta"):
        model = transformers.UMT5EncoderModel(
            transformers.UMT5Config(
                vocab_size=text.vocab_size,
                d_model=text.dim,
                d_kv=text.head_dim,
                d_ff=text.ffn_dim,
                num_layers=text.layers,
                num_heads=text.heads,
                relative_attention_num_buckets=text.relative_buckets,
            )
        )
    assert parameters(model) == text_parameters(text)


def test_llama_and_siglip_formulas_are_the_modules_counts() -> None:
    vlm, vision = WAN.vlm, WAN.vlm.vision
    with torch.device("meta"):
        llm = transformers.LlamaForCausalLM(
            transformers.LlamaConfig(
                vocab_size=vlm.vocab_size,
                hidden_size=vlm.dim,
                intermediate_size=vlm.ffn_dim,
                num_hidden_layers=vlm.layers,
                num_attention_heads=vlm.heads,
                num_key_value_heads=vlm.kv_heads,
            )
        )
        tower = transformers.SiglipVisionModel(
            transformers.SiglipVisionConfig(
                hidden_size=vision.dim,
                intermediate_size=vision.ffn_dim,
                num_hidden_layers=vision.layers,
                num_attention_heads=vision.heads,
                image_size=vision.image_size,
                patch_size=vision.patch_size,
                vision_use_head=False,
            )
        )
        projector = torch.nn.Sequential(
            torch.nn.LayerNorm(4 * vision.dim),
            torch.nn.Linear(4 * vision.dim, vlm.dim),
            torch.nn.Linear(vlm.dim, vlm.dim),
        )
    assert parameters(llm) == llm_parameters(vlm)
    assert parameters(tower) + parameters(projector) == tower_parameters(vlm)


def test_qwen_formulas_are_the_modules_counts() -> None:
    from rvebench.revise.vlm.tiny import random_qwen25

    vlm = preset("nano").vlm
    assert parameters(random_qwen25(vlm).model) == llm_parameters(vlm) + tower_parameters(vlm)


def test_largest_block_of_the_transformer_is_its_block() -> None:
    block = build_dit(WAN, "meta").blocks[0]
    assert next(part for part in parts_of(WAN) if part.name == "transformer").largest_block == parameters(block)


# Working memory.


@pytest.fixture
def fused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", attention_without_scores)


def measured_denoise(config: ReviseConfig, frames: int, size: Size, batch: int, context: int, dtype: Any) -> int:
    model = cast_dit(build_dit(config, "meta"), dtype)
    shape = config.latent_shape(frames=frames, size=size)
    latents = torch.empty(batch, *shape, device="meta")
    given = Conditions(
        context_BLD=torch.empty(batch, context, config.dit.text_dim, device="meta", dtype=dtype),
        concat_latents_BCTHW=torch.empty_like(latents) if config.concat_channels else None,
    )
    with torch.no_grad(), LiveTensors(model) as live:
        Denoiser(model)(latents, torch.empty(batch, device="meta"), given)
    return live.peak


@pytest.mark.usefixtures("fused")
@pytest.mark.parametrize(("shape", "tokens"), [(PAPER, 4400), (LONG, 32760)])
def test_denoising_works_with_what_a_full_size_pass_keeps_alive(shape: EditShape, tokens: int) -> None:
    measured = measured_denoise(WAN, shape.frames, shape.size, 2, 2560, torch.bfloat16)
    planned = denoise_bytes(WAN.dit, tokens=tokens, context=2560, batch=2, bytes_each=2)
    assert planned == pytest.approx(measured, rel=0.02)
    assert planned == working_bytes(WAN, shape)["denoise"]


@pytest.mark.usefixtures("fused")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("context", [16, 384])
@pytest.mark.parametrize("ffn_share", [1, 2, 6])
@pytest.mark.parametrize("name", ["nano", "tiny-random"])
def test_denoising_of_small_models_is_planned_too(name: str, ffn_share: int, context: int, precision: Any) -> None:
    config = preset(name)
    config = dataclasses.replace(
        config,
        dit=dataclasses.replace(config.dit, ffn_dim=ffn_share * config.dit.dim),
        conditioning=dataclasses.replace(config.conditioning, max_context_len=context),
    )
    shape = EditShape(frames=17, size=Size(width=128, height=96), precision=precision)
    measured = measured_denoise(config, 17, shape.size, 2, context, getattr(torch, precision))
    assert 0.95 * measured <= working_bytes(config, shape)["denoise"] <= 1.2 * measured


@pytest.mark.parametrize(("frames", "size"), [(1, PAPER.size), (17, PAPER.size), (21, LONG.size)])
def test_autoencoder_works_with_what_a_full_size_pass_keeps_alive(frames: int, size: Size) -> None:
    vae = VideoVae(build_vae(WAN, "meta"))
    signal = torch.empty(1, 3, frames, size.height, size.width, device="meta")
    latents = torch.empty(1, *WAN.latent_shape(frames=frames, size=size), device="meta")
    with torch.no_grad(), LiveTensors(vae.model) as encoding:
        vae.encode(signal)
    with torch.no_grad(), LiveTensors(vae.model) as decoding:
        vae.decode(latents)
    assert encode_bytes(WAN.vae, frames, size) == pytest.approx(encoding.peak, rel=0.02)
    assert decode_bytes(WAN.vae, frames, size) == pytest.approx(decoding.peak, rel=0.02)


@pytest.mark.usefixtures("fused")
def test_text_encoding_is_planned_with_its_score_matrices() -> None:
    text = WAN.text
    assert text is not None
    with torch.device("meta"):
        model = transformers.UMT5EncoderModel(
            transformers.UMT5Config(
                vocab_size=text.vocab_size, d_model=text.dim, d_kv=64, d_ff=text.ffn_dim, num_layers=2, num_heads=64
            )
        ).to(torch.bfloat16)
    with torch.no_grad(), LiveTensors(model) as live:
        model(input_ids=torch.zeros(1, 512, dtype=torch.long, device="meta"))
    assert live.peak <= working_bytes(WAN, PAPER)["text"] <= 1.6 * live.peak


@pytest.mark.usefixtures("fused")
@pytest.mark.parametrize("shape", [PAPER, LONG])
def test_connector_is_planned_for_its_larger_pass(shape: EditShape) -> None:
    connector = build_connector(WAN, "meta").to(torch.bfloat16)
    latents = torch.empty(
        1, *WAN.latent_shape(frames=shape.frames, size=shape.size), device="meta", dtype=torch.bfloat16
    )
    states = torch.empty(1, 267, WAN.vlm.dim, device="meta", dtype=torch.bfloat16)
    with torch.no_grad(), LiveTensors(connector) as source:
        connector.source_tokens(latents)
    with torch.no_grad(), LiveTensors(connector) as interpreted:
        connector.interpret(states, latent_frames=latents.shape[2])
    measured = max(source.peak, interpreted.peak)
    assert 0.98 * measured <= working_bytes(WAN, shape)["connector"] <= 1.3 * measured


@pytest.mark.parametrize("frames", [1, 8])
@pytest.mark.parametrize("backend", ["vila", "qwen2.5"])
def test_vlm_is_planned_as_a_real_pass_of_a_smaller_one(backend: Any, frames: int) -> None:
    from rvebench.revise.config_parts import VlmConfig, VlmVisionConfig
    from rvebench.revise.vlm.protocol import VlmRequest
    from rvebench.revise.vlm.tiny import random_qwen25, random_vila

    vision = VlmVisionConfig(dim=160, layers=3, heads=4, ffn_dim=480, image_size=196)
    config = VlmConfig(
        backend=backend, dim=512, layers=3, heads=8, kv_heads=2, ffn_dim=1792, vocab_size=1024, vision=vision
    )
    vlm: Any = (random_vila if backend == "vila" else random_qwen25)(config)
    vlm = vlm.with_frames("first" if frames == 1 else "all", frames)
    request = VlmRequest(instruction="let it melt", frames_THWC=torch.zeros(17, 160, 192, 3, dtype=torch.uint8))
    with torch.no_grad(), LiveTensors(*vlm.modules.values()) as live:
        states = vlm.encode([request])
    words = states.hidden_BLD.shape[1] - states.n_visual[0]
    shape = EditShape(
        frames=17, size=Size(width=192, height=160), precision="float32", vlm_frames=frames, vlm_text_tokens=words
    )
    planned = working_bytes(dataclasses.replace(WAN, vlm=config), shape)["vlm"]
    assert planned == pytest.approx(live.peak, rel=0.15)


def test_numbers_of_the_two_published_shapes() -> None:
    # By hand: 2 branches x (tokens x (2 x 8960 + 4 x 1536 + 64) + 2560 x (4096 + 1536)) x 2 bytes, and
    # tokens x 2 x 128 x 4 bytes of rotary tables.
    assert working_bytes(WAN, PAPER)["denoise"] == 4 * (4400 * 24128 + 2560 * 5632) + 4400 * 1024
    assert working_bytes(WAN, LONG)["denoise"] == 4 * (32760 * 24128 + 2560 * 5632) + 32760 * 1024
    paper, long = plan_memory(WAN, PAPER), plan_memory(WAN, LONG)
    assert [round(plan.device_bytes / GIB, 1) for plan in (paper, long)] == [38.5, 42.0]
    assert paper.peak[0] == long.peak[0] == "vae decode"
    by_mode = [dataclasses.replace(paper, offload=mode).device_bytes / GIB for mode in ("none", "model", "sequential")]
    assert by_mode == sorted(by_mode, reverse=True)


def test_working_memory_grows_with_batch_frames_and_guidance_in_one_pass() -> None:
    base = working_bytes(WAN, PAPER)
    double = working_bytes(WAN, dataclasses.replace(PAPER, batch=2))
    apart = working_bytes(WAN, dataclasses.replace(PAPER, batched_guidance=False))
    kept = working_bytes(WAN, dataclasses.replace(PAPER, kept_blocks=30))
    assert all(double[stage] > base[stage] for stage in STAGES if stage != "connector")
    assert base["denoise"] / 2 < apart["denoise"] < 0.52 * base["denoise"]
    assert kept["denoise"] - base["denoise"] == 2 * 30 * 4400 * 1536 * 2
    assert all(working_bytes(WAN, LONG)[stage] >= base[stage] for stage in STAGES)


# Plans.


def test_offload_says_what_is_on_the_device_at_each_stage() -> None:
    plan = plan_memory(WAN, PAPER)
    weights = {part.name: part.weight_bytes for part in plan.parts}
    assert all(plan.resident_bytes(stage) == sum(weights.values()) for stage in STAGES)
    assert plan.host_bytes == 0
    one = plan_memory(WAN, PAPER, offload="model")
    assert one.resident_bytes("denoise") == weights["transformer"]
    assert one.resident_bytes("vae decode") == weights["vae"]
    assert one.peak == ("vlm", weights["vlm"] + one.working["vlm"] + one.reserve_bytes)
    assert one.host_bytes == sum(weights.values())
    blocks = plan_memory(WAN, PAPER, offload="sequential")
    assert blocks.resident_bytes("denoise") == 2 * 46_440_704
    assert blocks.resident_bytes("text") == 2 * 256384 * 4096


def test_what_was_computed_before_needs_no_memory() -> None:
    plan = plan_memory(WAN, PAPER, offload="model").without("vlm", "text encoder")
    assert plan.peak[0] == "vae decode"
    assert plan.working["vlm"] == plan.working["text"] == 0
    assert plan.resident_bytes("vlm") == 0
    with pytest.raises(UsageError, match="parts are connector"):
        plan.without("critic")


def test_refusal_is_one_sentence_with_numbers_and_a_way_out() -> None:
    plan = plan_memory(WAN, PAPER)
    plan.require("cuda:0", 80 * GIB)
    with pytest.raises(UsageError) as caught:
        plan.require("cuda:0", 24 * GIB, 64 * GIB)
    assert str(caught.value) == (
        "editing 17 frames of 640x352 with offload none needs 38.47 GiB on cuda:0, where 24.00 GiB are free; "
        "offload model needs 16.85 GiB on cuda:0"
    )
    with pytest.raises(UsageError, match="no offload fits: take fewer frames"):
        plan.require("cuda:0", 2 * GIB)
    with pytest.raises(UsageError, match=r"needs 33\.33 GiB of main memory, of which 16\.00 GiB are free"):
        plan_memory(WAN, PAPER, offload="model").require("cuda:0", 80 * GIB, 16 * GIB)


def test_refusal_names_only_what_the_caller_can_follow() -> None:
    plan = plan_memory(WAN, PAPER)
    with pytest.raises(UsageError, match="offload sequential needs"):
        plan.require("cuda:0", 8 * GIB)
    with pytest.raises(UsageError, match="no offload fits"):
        plan.require("cuda:0", 8 * GIB, offers=("none", "model"))


@pytest.mark.parametrize("offload", ["none", "model", "sequential"])
def test_no_offload_saves_memory_on_a_cpu(offload: Any) -> None:
    plan = plan_memory(WAN, PAPER, offload=offload, reserve_bytes=0)
    plan.require("cpu", 40 * GIB)
    with pytest.raises(UsageError) as caught:
        plan.require("cpu", 24 * GIB)
    assert "needs 37.47 GiB on cpu, where 24.00 GiB are free; take fewer frames" in str(caught.value)


def test_fastest_offload_that_fits_is_found() -> None:
    plan = plan_memory(WAN, PAPER)
    found = [plan.fitting_offload(free * GIB, 64 * GIB) for free in (80, 24, 8, 2)]
    assert found == ["none", "model", "sequential", None]
    assert plan.fitting_offload(24 * GIB, 8 * GIB) is None


def test_longest_window_that_fits_is_four_n_plus_one_and_the_next_does_not_fit() -> None:
    for free in (40, 48):
        frames = most_frames(WAN, LONG, free * GIB)
        assert frames is not None
        assert frames % 4 == 1
        fits = [
            plan_memory(WAN, dataclasses.replace(LONG, frames=count)).fits(free * GIB) for count in (frames, frames + 4)
        ]
        assert fits == [True, False]
    assert most_frames(WAN, LONG, GIB) is None
    assert most_frames(WAN, PAPER, 80 * GIB, limit=21) == 21


def test_table_shows_every_part_and_stage_and_its_sum() -> None:
    table = plan_memory(WAN, PAPER, offload="model").table()
    for text in ("text encoder", "connector", *STAGES, "17,769.4 M", "needs 16.85 GiB on the device (at vlm"):
        assert text in table
    assert "needs 33.33 GiB of main memory" in table
    assert "main memory" not in plan_memory(WAN, PAPER).table()


def test_record_is_json() -> None:
    record = json.loads(json.dumps(plan_memory(WAN, PAPER).as_json()))
    assert record["weights"]["transformer"] == 2 * 1_418_996_800
    assert record["device"] == plan_memory(WAN, PAPER).device_bytes


def test_every_preset_has_a_plan() -> None:
    for name in ("nano", "tiny-random"):
        plan = plan_memory(preset(name), EditShape(frames=9, size=Size(width=64, height=64)), reserve_bytes=0)
        assert plan.device_bytes < GIB / 2
        assert ("text encoder" in {part.name for part in plan.parts}) == (name == "tiny-random")


def test_bad_plans_are_refused_in_one_sentence() -> None:
    for call, text in [
        (lambda: plan_memory(WAN, PAPER, offload="disk"), "none, model or sequential"),  # type: ignore[arg-type]
        (lambda: plan_memory(WAN, dataclasses.replace(PAPER, frames=16)), "4n \\+ 1"),
        (lambda: EditShape(frames=17, size=PAPER.size, precision="int8"), "bfloat16"),  # type: ignore[arg-type]
        (lambda: EditShape(frames=17, size=PAPER.size, batch=0), "not the shape of an edit"),
    ]:
        with pytest.raises(UsageError, match=text):
            call()


# What is free.


def machine(folder: Path, *, free_kib: str = "1000", limit: str | None = None, used: int = 0, files: int = 0) -> Any:
    (folder / "meminfo").write_text(f"MemTotal: 2000 kB\nMemAvailable:    {free_kib} kB\n")
    if limit is not None:
        (folder / "memory.max").write_text(f"{limit}\n")
        (folder / "memory.current").write_text(f"{used}\n")
        (folder / "memory.stat").write_text(f"anon 1\ninactive_file {files}\n")
    return {"proc": folder, "cgroup": folder}


def test_free_main_memory_is_what_the_system_and_the_container_leave(tmp_path: Path) -> None:
    assert available_memory("cpu", **machine(tmp_path)) == 1000 * 1024
    assert available_memory("cpu", **machine(tmp_path, limit="max")) == 1000 * 1024
    assert available_memory("cpu", **machine(tmp_path, limit="500000", used=400000, files=50000)) == 150000
    assert available_memory("cpu", **machine(tmp_path, limit="500000", used=600000)) == 0


def test_system_that_does_not_say_is_an_error_and_no_number(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not say"):
        available_memory("cpu", **machine(tmp_path, free_kib="plenty"))
    with pytest.raises(UsageError, match="does not say"):
        available_memory("cpu", proc=tmp_path / "nowhere", cgroup=tmp_path)


def test_this_machine_has_memory_free() -> None:
    assert available_memory("cpu") > 2**20


def test_device_memory_is_asked_of_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_module.torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(memory_module.torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(memory_module.torch.cuda, "mem_get_info", lambda index: (100 + index, 200))
    assert [available_memory(name) for name in ("cuda", "cuda:0", "cuda:1")] == [100, 100, 101]
    with pytest.raises(UsageError, match="this machine has 2"):
        available_memory("cuda:2")
    monkeypatch.setattr(memory_module.torch.cuda, "is_available", lambda: False)
    with pytest.raises(UsageError, match="no CUDA device"):
        available_memory("cuda")
    with pytest.raises(UsageError, match="use cpu, cuda or mps"):
        available_memory("meta")


def test_plans_are_values() -> None:
    assert isinstance(plan_memory(WAN, PAPER), MemoryPlan)
    assert plan_memory(WAN, PAPER) == plan_memory(WAN, PAPER)
