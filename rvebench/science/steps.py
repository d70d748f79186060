"""What the stages do: each takes the workshop and its context, works in its folder, and returns JSON values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rvebench.assets import cache_dir
from rvebench.revise.assembly import Parts, load_parts
from rvebench.revise.folder import read_folder
from rvebench.revise.training.beginning import assemble
from rvebench.revise.training.clips import PreparedClips, prepare_clips
from rvebench.revise.training.config import TrainConfig
from rvebench.revise.training.plan import training_plan
from rvebench.revise.training.shards.spec import EncoderPrints, ShardSpec
from rvebench.revise.training.supporting import CriticTrainConfig, VaeTrainConfig, changed
from rvebench.science.driver import Context, Finished
from rvebench.science.editing import Editing, load_edits, save_edits
from rvebench.science.rows import EditRow
from rvebench.science.training import (
    fill_shards,
    model_of,
    train_autoencoder,
    train_critic,
    train_model,
)
from rvebench.science.verdicts import Candidate, CriticReader, constructed, estimates_of
from rvebench.science.workshop import Run, Workshop
from rvebench.science.world import spoil, spoilt_kind
from rvebench.splits import render_split
from rvebench.splits.graded import render_graded
from rvebench.storage import LineLog

__all__ = [
    "between",
    "calibrate",
    "count_budget",
    "critic_config",
    "draw_graded",
    "draw_spoilt",
    "editing_of",
    "make_base",
    "make_critic",
    "make_edits",
    "make_fork",
    "make_shards",
    "make_vae",
    "measure_edits",
    "render_test",
    "render_train",
    "vae_config",
]

_HELD_OUT_CLIPS = 24


def render_train(shop: Workshop, context: Context) -> Mapping[str, Any]:
    """Renders the training split into the user's cache, or reads the one that was given."""
    if shop.choices.data is None:
        _render(shop, context, shop.data.split, shop.train_folder, shop.scale.samples)
    return {"sha256": shop.train_split.sha256, "samples": len(shop.samples), "kept": len(shop.kept)}


def render_test(shop: Workshop, context: Context) -> Mapping[str, Any]:
    """Renders the test split into the user's cache, or reads the one that was given."""
    if shop.choices.test is None:
        _render(shop, context, shop.data.test, shop.test_folder, None)
    return {"sha256": shop.test_split.sha256, "samples": len(shop.test_split.samples)}


def _render(shop: Workshop, context: Context, name: str, folder: Path, samples: int | None) -> None:
    render_split(
        name,
        folder,
        size=(shop.data.width, shop.data.height),
        frames=shop.data.video_frames,
        samples=samples,
        workers=shop.choices.workers,
        progress=between(context, f"render {name}"),
    )


def draw_spoilt(shop: Workshop, context: Context) -> Mapping[str, Any]:
    """Draws the spoilt targets of the training data."""
    noise = shop.study.noise
    ids = [sample.id for sample in shop.kept if spoilt_kind(sample.id, noise) in ("wrong", "half")]
    if ids:
        _draw(shop, context, ids, every=1)
    _, counts = spoil(shop.kept, noise, context.folder / "videos")
    return {"counts": counts}


def draw_graded(shop: Workshop, context: Context) -> Mapping[str, Any]:
    """Draws the edits of known worth that the critic learns from, of the first samples and of those held out."""
    held = [each.sample.id for each in shop.held_out if each.set == "held-out"][:_HELD_OUT_CLIPS]
    ids = [sample.id for sample in shop.kept[: shop.scale.graded]] + held
    return {"list": str(_draw(shop, context, ids, every=shop.data.stride))}


def _draw(shop: Workshop, context: Context, ids: Sequence[str], *, every: int) -> Path:
    return render_graded(
        ids,
        context.folder,
        size=(shop.data.width, shop.data.height),
        frames=shop.data.video_frames,
        every=every,
        workers=shop.choices.workers,
        progress=between(context, "draw"),
    )


def vae_config(shop: Workshop) -> VaeTrainConfig:
    """Returns the autoencoder's training at the run's scale."""
    model = shop.study.training(None, shop.scale, seed=0).model
    return changed(VaeTrainConfig(model=model, clips=shop.shape), shop.scale.vae_set)


def critic_config(shop: Workshop) -> CriticTrainConfig:
    """Returns the critic's training at the run's scale; it is asked as the forks ask it."""
    config = shop.study.training(None, shop.scale, seed=0)
    return changed(CriticTrainConfig(model=config.model, clips=shop.shape, critic=config.critic), shop.scale.critic_set)


def make_vae(shop: Workshop, context: Context) -> Mapping[str, Any]:
    """Trains the autoencoder."""
    kept, held = _clips(shop)
    told = train_autoencoder(vae_config(shop), kept, held, context.folder, stop=context.stop)
    return {"folder": str(context.folder), **told}


def make_critic(shop: Workshop, context: Context) -> Mapping[str, Any]:
    """Trains the critic."""
    kept, held = _clips(shop)
    told = train_critic(
        critic_config(shop),
        kept,
        held,
        Path(context.needs["draw-graded"].result["list"]),
        Path(context.needs["vae"].result["folder"]),
        context.folder,
        stop=context.stop,
    )
    return {"folder": str(context.folder), **told}


def _clips(shop: Workshop) -> tuple[PreparedClips, PreparedClips]:
    """Returns the unspoilt clips to train on, and some that are held out, prepared in the user's cache."""
    shape = shop.shape
    name = f"{shop.train_split.sha256[:12]}-{shape.frames}x{shape.stride}-{shape.size}"
    whole = prepare_clips(shop.samples, shape, cache_dir() / "clips" / name, workers=shop.choices.workers)
    kept = {sample.id for sample in shop.kept}
    held = [sample for sample in shop.samples if sample.id not in kept][:_HELD_OUT_CLIPS]
    return whole.of(shop.kept), whole.of(held)


def _begin(shop: Workshop, context: Context, config: TrainConfig) -> tuple[TrainConfig, Parts]:
    """Returns a training from scratch with the run's frozen networks."""
    choices = shop.choices
    if choices.base is not None and choices.vae is None and choices.critic is None:
        base = load_parts(read_folder(choices.base))
        sized = replace(config, model=replace(config.model, vae=base.config.vae, vlm=base.config.vlm))
        parts = assemble(sized.model, choices.base, choices.base, seed=config.loop.seed)
    else:
        vae, critic = (Path(context.needs[name].result["folder"]) for name in ("vae", "critic"))
        parts = assemble(config.model, vae, critic, seed=config.loop.seed)
    return replace(config, model=parts.config), parts


def make_shards(shop: Workshop, config: TrainConfig, context: Context) -> Mapping[str, Any]:
    """Spoils the training data and puts it through the frozen encoders."""
    config, parts = _begin(shop, context, config)
    samples, counts = spoil(shop.kept, shop.study.noise, context.needs["spoil"].folder / "videos")
    spec = ShardSpec(encoders=EncoderPrints.of(parts), clip=shop.shape)
    told = fill_shards(config, parts, spec, samples, context.folder / "shards", progress=between(context, "precompute"))
    return {"shards": str(context.folder / "shards"), "spoilt": counts, **told}


def make_base(shop: Workshop, config: TrainConfig, context: Context) -> Mapping[str, Any]:
    """Trains the base."""
    config, parts = _begin(shop, context, config)
    return _train(config, parts, context, "precompute")


def make_fork(shop: Workshop, run: Run, config: TrainConfig, context: Context) -> Mapping[str, Any]:
    """Trains an arm from the base, or from scratch."""
    if run.arm.start == "scratch":
        config, parts = _begin(shop, context, config)
        return _train(config, parts, context, f"precompute/{run.arm.name}")
    parts = load_parts(read_folder(Path(context.needs["base"].result["model"])))
    config = replace(config, model=replace(parts.config, sampling=config.model.sampling))
    if run.flops:
        pair = {run.arm.name: config, shop.study.reference: shop.reference_training(run.seed)}
        steps = _equal_steps(pair, shop.study.reference)[run.arm.name]
        config = replace(config, loop=replace(config.loop, steps=steps))
    return _train(config, parts.with_config(config.model), context, "precompute")


def _train(config: TrainConfig, parts: Parts, context: Context, shards: str) -> Mapping[str, Any]:
    trained = train_model(config, parts, Path(context.needs[shards].result["shards"]), context.folder, say=context.say)
    return {
        "model": str(model_of(context.folder)),
        "steps": trained.steps,
        "gate_seen": trained.gate_seen,
        "p_yes": trained.p_yes,
    }


def count_budget(configs: Mapping[str, TrainConfig], _context: Context) -> Mapping[str, Any]:
    """Counts the operations of a step of each arm."""
    return {"flops_per_step": _flops_per_step(configs)}


def _equal_steps(configs: Mapping[str, TrainConfig], reference: str) -> dict[str, int]:
    """Returns the steps of each training that take as many operations as the reference's training."""
    per_step = _flops_per_step(configs)
    whole = per_step[reference] * configs[reference].loop.steps
    return {name: max(1, round(whole / flops)) for name, flops in per_step.items()}


def _flops_per_step(configs: Mapping[str, TrainConfig]) -> dict[str, float]:
    plans = {name: training_plan(config, device="cpu", cached=True) for name, config in configs.items()}
    return {name: float(plan.mean_flops) for name, plan in plans.items()}


def editing_of(shop: Workshop) -> Editing:
    """Returns the held-out samples, read once a run."""
    if "editing" not in shop.cache:
        shop.cache["editing"] = Editing(samples=shop.held_out, shape=shop.shape, steps=shop.scale.edit_steps)
    found: Editing = shop.cache["editing"]
    return found


def _base_parts(shop: Workshop, base: Finished) -> Parts:
    key = f"parts {base.result['model']}"
    if key not in shop.cache:
        shop.cache[key] = load_parts(read_folder(Path(base.result["model"])))
    found: Parts = shop.cache[key]
    return found


def make_edits(shop: Workshop, model: str, seed: int, context: Context) -> Mapping[str, Any]:
    """Edits every held-out sample with a model."""
    parts = load_parts(read_folder(Path(context.needs[model].result["model"])))
    edits = editing_of(shop).edits(parts, seed, between=between(context, "edits"))
    save_edits(context.folder / "edits.npz", edits)
    return {"edits": len(edits), "samples": [held.sample.id for held in shop.held_out]}


def measure_edits(shop: Workshop, name: str, seed: int, edits: str, context: Context) -> Mapping[str, Any]:
    """Measures a model's edits."""
    editing, parts = editing_of(shop), _base_parts(shop, context.needs["base"])
    frames = load_edits(context.needs[edits].folder / "edits.npz")
    reader = _reader(shop, parts)
    values = editing.values(parts, frames, reader.p_yes(editing.clips, frames))
    path = context.folder / "rows.jsonl"
    path.unlink(missing_ok=True)
    with LineLog(path) as log:
        for held, each in zip(shop.held_out, values, strict=True):
            row = EditRow(arm=name, seed=seed, set=held.set, sample_id=held.sample.id, family=held.family, values=each)
            log.append(row.as_json())
    return {"rows": len(values)}


def _reader(shop: Workshop, parts: Parts) -> CriticReader:
    if "reader" not in shop.cache:
        critic = shop.study.training(None, shop.scale, seed=0).critic
        shop.cache["reader"] = CriticReader(parts, critic)
    found: CriticReader = shop.cache["reader"]
    return found


def calibrate(shop: Workshop, models: Mapping[str, str], context: Context) -> Mapping[str, Any]:
    """Asks the critic about edits of mixed quality, and about estimates that are made of some of them from noise."""
    editing, calibration = editing_of(shop), shop.study.calibration
    reader = _reader(shop, _base_parts(shop, context.needs["base"]))
    candidates = constructed(editing.clips, calibration.rungs)
    context.check_stop("the calibration")
    for name, stage in models.items():
        edits = load_edits(context.needs[stage].folder / "edits.npz")
        candidates += [
            Candidate(clips=clips, kind=name, edit_THWC=edit) for clips, edit in zip(editing.clips, edits, strict=True)
        ]
    finished = reader.rows(candidates)
    most = min(shop.study.estimates_of(shop.scale), len(candidates))
    chosen = [candidates[index * len(candidates) // most] for index in range(most)]
    shown = [*finished, *estimates_of(reader, chosen, calibration.taus, between=between(context, "estimates"))]
    path = context.folder / "verdicts.jsonl"
    path.unlink(missing_ok=True)
    with LineLog(path) as log:
        for each in shown:
            log.append(each.as_json())
    return {"finished": len(finished), "estimates": len(shown) - len(finished)}


def between(context: Context, what: str) -> Any:
    """Returns a progress function that hears a stop, and tells each tenth."""
    last = [-1]

    def show(done: int, total: int) -> None:
        context.check_stop(what)
        tenth = 10 * done // max(1, total)
        if tenth != last[0]:
            last[0] = tenth
            context.say(f"  {what}: {done} of {total}")

    return show
