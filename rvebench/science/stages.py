"""The stages of a study, from rendering to tables: what decides each, and which others it needs.

They are run by :mod:`rvebench.science.driver`; what they do is in :mod:`rvebench.science.steps`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from rvebench.errors import DataError, UsageError
from rvebench.records import digest_of
from rvebench.revise.config_io import to_plain
from rvebench.revise.folder import read_folder
from rvebench.revise.training.config import TrainConfig
from rvebench.science import steps
from rvebench.science.driver import Stage
from rvebench.science.rows import BASE
from rvebench.science.tabulate import make_tables
from rvebench.science.workshop import Run, Workshop
from rvebench.splits.rendered import RENDER_VERSION
from rvebench.weights import sha256_of

__all__ = ["stages_of"]

_NOT_LEARNT = ("log_every", "save_every", "keep", "eval_every", "eval_samples", "grid_every", "grid_samples")
"""Keys of a loop that decide what is written, and nothing that is learnt."""


def stages_of(shop: Workshop) -> list[Stage]:
    """Returns what a run does, in order."""
    found = [*_data_stages(shop), *_frozen_stages(shop)]
    scratch = [arm for arm in shop.arms if arm.start == "scratch"]
    found.append(_shards_stage(shop, BASE, shop.study.training(None, shop.scale, seed=0)))
    found += [_shards_stage(shop, arm.name, shop.study.training(arm, shop.scale, seed=0)) for arm in scratch]
    found.append(_budget_stage(shop))
    found.append(_base_stage(shop))
    found += [_fork_stage(shop, run) for run in shop.runs]
    edited = [(BASE, seed, "base") for seed in shop.seeds]
    edited += [(run.name, run.seed, f"fork/{run.stage}") for run in shop.runs]
    for name, seed, model in edited:
        found.append(_edits_stage(shop, name, seed, model))
        found.append(_measures_stage(shop, name, seed))
    found.append(_calibration_stage(shop))
    found.append(_tables_stage(shop, [(name, seed) for name, seed, _ in edited]))
    return found


def _data_stages(shop: Workshop) -> list[Stage]:
    scale, data, choices = shop.scale, shop.data, shop.choices
    drawn = {"size": [data.width, data.height], "frames": data.video_frames, "version": RENDER_VERSION}
    train: dict[str, Any] = {"split": data.split, "samples": scale.samples, "held_out": data.held_out, **drawn}
    if choices.data is not None:
        train |= {"given": shop.train_split.sha256}
    test: dict[str, Any] = {"split": data.test, "samples": scale.test_samples, **drawn}
    if choices.test is not None:
        test |= {"given": shop.test_split.sha256}
    return [
        Stage(
            name="render",
            decides=train,
            run=partial(steps.render_train, shop),
            work=scale.samples,
            guess_s=scale.pace("render"),
        ),
        Stage(name="render-test", kind="render", decides=test, run=partial(steps.render_test, shop), work=96),
        Stage(
            name="spoil",
            decides={"noise": to_plain(shop.study.noise)},
            needs=("render",),
            run=partial(steps.draw_spoilt, shop),
            work=scale.samples * (shop.study.noise.wrong + shop.study.noise.half),
            guess_s=scale.pace("draw"),
            kind="draw",
        ),
    ]


def _frozen_stages(shop: Workshop) -> list[Stage]:
    """Returns the trainings of autoencoder and critic, or what was given in their place."""
    scale, choices, shape = shop.scale, shop.choices, shop.shape.as_json()
    if choices.base is not None and choices.vae is None and choices.critic is None:
        return []
    found = []
    if choices.vae is None:
        config = steps.vae_config(shop)
        found.append(
            Stage(
                name="vae",
                decides={"config": to_plain(config), "shape": shape},
                needs=("render",),
                run=partial(steps.make_vae, shop),
                work=config.stage.steps,
                guess_s=scale.pace("vae"),
            )
        )
    else:
        found.append(_given("vae", choices.vae, ("vae", "revise.json")))
    if choices.critic is None:
        critic = steps.critic_config(shop)
        ids = min(scale.graded, scale.samples)
        found.append(
            Stage(
                name="draw-graded",
                kind="draw",
                decides={"samples": ids},
                needs=("render",),
                run=partial(steps.draw_graded, shop),
                work=ids,
                guess_s=scale.pace("draw"),
            )
        )
        found.append(
            Stage(
                name="critic",
                decides={"config": to_plain(critic), "shape": shape},
                needs=("render", "draw-graded", "vae"),
                run=partial(steps.make_critic, shop),
                work=critic.stage.steps,
                guess_s=scale.pace("critic"),
            )
        )
    else:
        found.append(_given("critic", choices.critic, ("vlm",)))
    return found


def _given(name: str, folder: Path, parts: tuple[str, ...]) -> Stage:
    """Returns a stage that was done elsewhere; its key is that of the files."""
    missing = [part for part in parts if not (folder / part).exists()]
    if missing:
        raise UsageError(f"holds no {missing[0]}", where=folder, hint=f"give the folder of a finished {name} training")
    place = {"folder": str(folder.resolve())}
    return Stage(name=name, decides={"given": _digest_of_folder(folder, parts)}, run=lambda _c: place, given=place)


def _digest_of_folder(folder: Path, parts: tuple[str, ...]) -> str:
    files = [file for part in parts for file in sorted([folder / part, *(folder / part).rglob("*")]) if file.is_file()]
    if not files:
        raise DataError("holds no files", where=folder)
    return digest_of({file.relative_to(folder).as_posix(): sha256_of(file) for file in files})


def _frozen_needs(shop: Workshop) -> tuple[str, ...]:
    choices = shop.choices
    if choices.base is not None and choices.vae is None and choices.critic is None:
        return ("base",)
    return ("vae", "critic")


def _learnt(config: TrainConfig) -> dict[str, Any]:
    """Returns what of a configuration decides what is learnt."""
    plain = config.to_dict()
    plain["loop"] = {key: value for key, value in plain["loop"].items() if key not in _NOT_LEARNT}
    return plain


def _shards_stage(shop: Workshop, name: str, config: TrainConfig) -> Stage:
    critic = to_plain(config.critic)
    model = config.to_dict()["model"]
    needs = ("render", "spoil", *(each for each in _frozen_needs(shop) if each != "base"))
    given = {"base": _base_key(shop)} if shop.choices.base is not None else {}
    return Stage(
        name="precompute" if name == BASE else f"precompute/{name}",
        decides={"shape": shop.shape.as_json(), "critic": critic, "model": model, **given},
        needs=needs,
        run=partial(steps.make_shards, shop, config),
        work=shop.scale.samples,
        guess_s=shop.scale.pace("precompute"),
    )


def _base_key(shop: Workshop) -> str:
    assert shop.choices.base is not None
    return read_folder(shop.choices.base).digest


def _base_stage(shop: Workshop) -> Stage:
    if shop.choices.base is not None:
        told = {"model": str(shop.choices.base.resolve()), "steps": 0, "gate_seen": None, "p_yes": None}
        return Stage(name="base", decides={"given": _base_key(shop)}, run=lambda _c: told, given=told)
    config = shop.study.training(None, shop.scale, seed=0)
    return Stage(
        name="base",
        decides={"config": _learnt(config)},
        needs=("precompute", "vae", "critic"),
        run=partial(steps.make_base, shop, config),
        work=config.loop.steps,
        guess_s=shop.scale.pace("base"),
    )


def _budget_stage(shop: Workshop) -> Stage:
    arms = {arm.name: arm for arm in shop.arms}
    reference = shop.study.arm(shop.study.reference)
    arms.setdefault(reference.name, reference)
    configs = {BASE: shop.study.training(None, shop.scale, seed=0)}
    configs |= {name: shop.study.training(arm, shop.scale, seed=0) for name, arm in arms.items()}
    return Stage(
        name="budget",
        decides={name: _learnt(config) for name, config in configs.items()},
        run=partial(steps.count_budget, configs),
        guess_s=20.0,
    )


def _fork_stage(shop: Workshop, run: Run) -> Stage:
    config = shop.study.training(run.arm, shop.scale, seed=run.seed)
    shards = "precompute"
    begins: tuple[str, ...] = ("base",)
    if run.arm.start == "scratch":
        shards, begins = f"precompute/{run.arm.name}", _frozen_needs(shop)
    decides = {"config": _learnt(config), "equal_flops": run.flops}
    if run.flops:  # counted by the fork itself: which other arms are trained beside it changes nothing
        decides["reference"] = _learnt(shop.reference_training(run.seed))
    kind = f"fork {shop.study.reference if run.flops else run.arm.name}"
    pace = shop.scale.pace(shop.study.reference if run.flops else run.arm.name)
    return Stage(
        name=f"fork/{run.stage}",
        kind=kind,
        decides=decides,
        needs=(shards, *begins),
        run=partial(steps.make_fork, shop, run, config),
        work=config.loop.steps,
        guess_s=pace if pace is not None else shop.scale.pace(run.arm.objective),
    )


def _held_out_keys(shop: Workshop) -> Mapping[str, Any]:
    return {
        "shape": shop.shape.as_json(),
        "steps": shop.scale.edit_steps,
        "held_out": shop.data.held_out,
        "most": [shop.scale.held_out_samples, shop.scale.test_samples],
    }


def _edited(shop: Workshop) -> int:
    test = 96 if shop.scale.test_samples is None else shop.scale.test_samples
    held = max(1, round(shop.scale.samples * shop.data.held_out))
    return min(held, shop.scale.held_out_samples or held) + test


def _edits_stage(shop: Workshop, name: str, seed: int, model: str) -> Stage:
    return Stage(
        name=f"edits/{name}/seed-{seed}",
        decides={**_held_out_keys(shop), "seed": seed},
        needs=("render", "render-test", model),
        run=partial(steps.make_edits, shop, model, seed),
        work=_edited(shop),
        guess_s=shop.scale.pace("edits"),
    )


def _measures_stage(shop: Workshop, name: str, seed: int) -> Stage:
    edits = f"edits/{name}/seed-{seed}"
    critic = shop.study.training(None, shop.scale, seed=0).critic
    return Stage(
        name=f"measures/{name}/seed-{seed}",
        decides={"critic": to_plain(critic), "arm": name},
        needs=("render", "render-test", "base", edits),
        run=partial(steps.measure_edits, shop, name, seed, edits),
        work=_edited(shop),
        guess_s=shop.scale.pace("measures"),
    )


def _calibration_stage(shop: Workshop) -> Stage:
    calibration, seed = shop.study.calibration, shop.seeds[0]
    models = {name: f"edits/{name}/seed-{seed}" for name in shop.models()}
    finished = _edited(shop) * (len(calibration.rungs) + len(models))
    estimates = min(finished, shop.study.estimates_of(shop.scale))
    return Stage(
        name="calibration",
        decides={**to_plain(calibration), "estimates": estimates, "models": sorted(models)},
        needs=("render", "render-test", "base", *models.values()),
        run=partial(steps.calibrate, shop, models),
        work=finished + len(calibration.taus) * estimates,
        guess_s=shop.scale.pace("calibration"),
    )


def _tables_stage(shop: Workshop, edited: list[tuple[str, int]]) -> Stage:
    trained = tuple(f"fork/{run.stage}" for run in shop.runs)
    edits = tuple(f"edits/{name}/seed-{seed}" for name, seed in edited)
    measures = tuple(f"measures/{name}/seed-{seed}" for name, seed in edited)
    return Stage(
        name="tables",
        decides={"study": shop.study.digest, "scale": json.loads(json.dumps(to_plain(shop.scale)))},
        needs=("render", "render-test", "spoil", "budget", "base", *trained, *edits, *measures, "calibration"),
        run=partial(make_tables, shop, edited),
        guess_s=60.0,
    )
