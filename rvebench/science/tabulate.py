"""The last stage of a study: findings, page and pictures from what all others left."""

from __future__ import annotations

import io
import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from rvebench.revise.placement import check_device
from rvebench.revise.training.timesteps import gate_rate
from rvebench.science.driver import Context
from rvebench.science.editing import load_edits
from rvebench.science.figures import SheetRow, edit_sheet
from rvebench.science.findings import Shown, Training, findings_of
from rvebench.science.page import render_page
from rvebench.science.pictures import pictures_of
from rvebench.science.rows import BASE, EditRow
from rvebench.science.steps import editing_of
from rvebench.science.workshop import Workshop
from rvebench.storage import LogLine, atomic_write_bytes, atomic_write_text, read_lines

__all__ = ["make_tables"]

_SHEET_ROWS = 6


def make_tables(shop: Workshop, edited: Sequence[tuple[str, int]], context: Context) -> Mapping[str, Any]:
    """Makes the findings, the page and its pictures."""
    rows = [
        EditRow.from_json(line)
        for name, seed in edited
        for line in _lines(context.needs[f"measures/{name}/seed-{seed}"].folder / "rows.jsonl")
    ]
    shown = [Shown.from_json(line) for line in _lines(context.needs["calibration"].folder / "verdicts.jsonl")]
    taus = shop.study.calibration.taus
    timesteps = shop.study.training(None, shop.scale, seed=0).timesteps
    found = findings_of(
        shop.study,
        shop.scale,
        rows,
        shown,
        _trainings(shop, context),
        closed_form={tau: gate_rate(timesteps, tau) for tau in taus},
        facts=_facts(shop, context),
    )
    name, folder = shop.study.name, context.folder / "page"
    pictures = folder / name
    pictures.mkdir(parents=True, exist_ok=True)
    atomic_write_text(folder / f"{name}.json", json.dumps(found, indent=1, allow_nan=False) + "\n")
    atomic_write_text(folder / f"{name}.md", render_page(found, pictures=name))
    for file, text in pictures_of(found).items():
        atomic_write_text(pictures / file, text)
    atomic_write_bytes(pictures / "sheet.webp", _sheet(shop, context))
    return {"page": str(folder), "claims": [each["claim"] for each in found["contrasts"] if each["claim"]]}


def _lines(path: Path) -> list[dict[str, Any]]:
    return [item.value for item in read_lines(path) if isinstance(item, LogLine)]


def _trainings(shop: Workshop, context: Context) -> list[Training]:
    per_step: Mapping[str, float] = context.needs["budget"].result["flops_per_step"]
    base = context.needs["base"]
    config = shop.study.training(None, shop.scale, seed=0)
    found = [
        Training(
            name=BASE,
            title="Base, before any fork" if shop.choices.base is None else "Base, given",
            objective="sft",
            steps=int(base.result["steps"]),
            seeds=1,
            flops_per_step=per_step[BASE],
            batch=config.loop.batch_size,
            gate_seen=None,
            tau=None,
            wall_s=base.wall_s,
        )
    ]
    for name in dict.fromkeys(run.name for run in shop.runs):
        runs = [run for run in shop.runs if run.name == name]
        done = [context.needs[f"fork/{run.stage}"] for run in runs]
        arm, config = runs[0].arm, shop.study.training(runs[0].arm, shop.scale, seed=0)
        gates = [each.result["gate_seen"] for each in done if each.result["gate_seen"] is not None]
        found.append(
            Training(
                name=name,
                title=arm.title,
                objective=arm.objective,
                steps=int(done[0].result["steps"]),
                seeds=len(runs),
                flops_per_step=per_step[arm.name],
                batch=config.loop.batch_size,
                gate_seen=sum(gates) / len(gates) if gates else None,
                tau=config.uso.tau if arm.objective == "uso" else None,
                wall_s=sum(each.wall_s for each in done),
            )
        )
    return found


def _facts(shop: Workshop, context: Context) -> dict[str, Any]:
    sets = [held.set for held in shop.held_out]
    spoilt = context.needs["spoil"].result["counts"]
    told = {
        "training clips": f"{len(shop.kept)} of `{shop.data.split}` ({shop.train_split.sha256[:12]}), "
        + ", ".join(f"{count} {kind}" for kind, count in sorted(spoilt.items())),
        "held out": ", ".join(f"{sets.count(name)} of {name}" for name in dict.fromkeys(sets)),
        "clips": f"{shop.shape.frames} frames of {shop.shape.size}, every {shop.shape.stride}-th of the video",
        "sampling": f"{shop.scale.edit_steps} steps",
        "base": "given" if shop.choices.base is not None else "trained by this run",
        "machine": f"{check_device('auto').type}, torch {torch.__version__}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}",
    }
    for name in ("vae", "critic"):
        given = getattr(shop.choices, name) is not None or shop.choices.base is not None
        told[name] = "given" if given else "trained by this run"
    weights = {
        arm.name: shop.study.training(arm, shop.scale, seed=0).uso.weight for arm in shop.arms if "5" in arm.tables
    }
    return {"tables": dict(shop.tables()), "lambdas": weights, "told": told, "missing": shop.missing}


def _sheet(shop: Workshop, context: Context) -> bytes:
    """Returns the contact sheet as WebP: test samples whose edit shows, with the edits of base, SFT and USO."""
    clips, seed = editing_of(shop).clips, shop.seeds[0]
    names = [name for name in shop.models() if f"edits/{name}/seed-{seed}" in context.needs]
    edits = {name: load_edits(context.needs[f"edits/{name}/seed-{seed}"].folder / "edits.npz") for name in names}
    places = [place for place, each in enumerate(clips) if each.held.set != "held-out"]
    most = min(_SHEET_ROWS, len(places))
    rows = [
        SheetRow(
            instruction=clips[place].held.sample.instruction,
            clips=(
                clips[place].source_THWC,
                *(edits[name][place] for name in names),
                clips[place].target_THWC,
            ),
        )
        for place in (places[index * len(places) // most] for index in range(most))
    ]
    out = io.BytesIO()
    edit_sheet(["source", *names, "target"], rows).save(out, "WEBP", quality=90, method=6)
    return out.getvalue()
