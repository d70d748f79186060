"""`rvebench revise train-vae` and `train-critic`: the two networks that a small ReViSE model is trained around."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rvebench.cli.common import Format, console, print_json, progress_bar
from rvebench.cli.model_paths import model_folder
from rvebench.cli.stopping import asked_to_stop

if TYPE_CHECKING:
    from rvebench.revise.training.clips import PreparedClips, TrainingSample
    from rvebench.revise.training.stage import StageEnd, StageSettings, StageTask

__all__ = ["register", "training_samples"]

ConfigOption = Annotated[
    str, typer.Option("--config", metavar="nano|FILE", help="nano, or a .json or .toml file of its keys.")
]
DataOption = Annotated[
    str, typer.Option("--data", metavar="SPLIT|FILE", help="A split's name, its .jsonl manifest, or its folder.")
]
OutOption = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where checkpoints, log and result go.")]
ClipsOption = Annotated[
    Path | None,
    typer.Option("--clips", metavar="DIR", help="Where prepared frames are kept; trainings may share it. [OUT/clips]"),
]
StepsOption = Annotated[int | None, typer.Option(min=1, help="Optimiser steps; the same as --set stage.steps=N.")]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Go on from the newest checkpoint in --out, if any.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a key, such as stage.optim.lr=5e-4; may be repeated."),
]
StartOption = Annotated[
    Path | None,
    typer.Option(
        "--start-from",
        metavar="DIR|NAME",
        callback=model_folder,
        help="Begin with the result of an earlier training of the same sizes.",
    ),
]
FormatOption = Annotated[Format, typer.Option("--format", help="text, or json: exactly one object on stdout.")]


def register(app: typer.Typer) -> None:
    """Adds the commands to `rvebench revise`."""
    app.command("train-vae")(train_vae)
    app.command("train-critic")(train_critic)


def train_vae(
    data: DataOption,
    out: OutOption,
    config: ConfigOption = "nano",
    steps: StepsOption = None,
    clips: ClipsOption = None,
    start_from: StartOption = None,
    resume: ResumeOption = False,
    changes: SetOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Train a video autoencoder from scratch on a split's sources and targets; held-out groups measure it.

    Writes checkpoints, log.jsonl, and at the end vae/, revise.json with the latents' statistics, report.json and
    sheet.webp (source, reconstruction, target, reconstruction). Ctrl-C and SIGTERM save and leave with 130; --resume
    goes on to the same bits. A loss that is no number stops, saves, names the samples, and leaves with 1.

    Example:

        rvebench revise train-vae --config nano --data sim-train --out nano-vae
    """
    from rvebench.revise.training.supporting import VaeTrainConfig, changed, read_training
    from rvebench.revise.training.vae_stage import VaeTask, save_vae_folder, sheet
    from rvebench.storage import atomic_write_bytes

    settings = changed(read_training(VaeTrainConfig, config), _changes(steps, changes))
    samples = training_samples(data)
    kept, held = prepared(
        samples, settings.clips, clips or out / "clips", settings.held_out_share, settings.held_out_samples
    )
    task = VaeTask.fresh(settings.model, kept, held, settings.loss, seed=settings.stage.seed, start_from=start_from)
    end = run(task, settings.stage, out, resume=resume)
    typer.echo("measuring the latents", err=True)
    told = {"steps": end.step, "samples": len(kept), "held_out": end.measured}
    trained = save_vae_folder(out, task, end.averaged, told)
    atomic_write_bytes(out / "sheet.webp", sheet(task))
    if format_ is Format.JSON:
        print_json({**told, "out": str(out), "latents_std": list(trained.vae.latents_std)})
        return
    measured = end.measured
    typer.echo(
        f"{out}: {end.step} steps on {len(kept)} samples; {measured['clips']} held-out clips: "
        f"PSNR {measured['psnr_db']:.2f} dB (a source in its target's place: {measured['copy_psnr_db']:.2f}), "
        f"L1 {measured['l1_of_255']:.2f} of 255 (copy {measured['copy_l1_of_255']:.2f})"
    )
    typer.echo(f"look at {out / 'sheet.webp'}")


def train_critic(
    data: DataOption,
    out: OutOption,
    config: ConfigOption = "nano",
    steps: StepsOption = None,
    graded: Annotated[
        Path | None,
        typer.Option("--graded", metavar="FILE", help="graded.jsonl of edits whose worth is known; see the docs."),
    ] = None,
    vae: Annotated[
        Path | None,
        typer.Option(
            "--vae",
            metavar="DIR|NAME",
            callback=model_folder,
            help="A trained autoencoder: edits are shown through it.",
        ),
    ] = None,
    generator: Annotated[
        Path | None,
        typer.Option(
            "--generator",
            metavar="DIR|NAME",
            callback=model_folder,
            help="A whole model: its one-step estimates are shown as well.",
        ),
    ] = None,
    clips: ClipsOption = None,
    start_from: StartOption = None,
    resume: ResumeOption = False,
    changes: SetOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Train a small vision-language model from scratch to say whether an edit does what was asked.

    Half of its examples are targets; the others are sources, others' targets and requests, blends, spoilt pictures and
    graded edits. Writes checkpoints, log.jsonl, and at the end vlm/ (weights and a tokenizer of its own) and
    report.json. Ctrl-C and SIGTERM save and leave with 130; --resume goes on to the same bits.

    Example:

        rvebench revise train-critic --config nano --data sim-train --graded graded/graded.jsonl --out nano-critic
    """
    import json

    from rvebench.revise.pretrained import fingerprint_of
    from rvebench.revise.training.critic_examples import ExamplePool
    from rvebench.revise.training.critic_stage import CriticTask, finished, fresh_critic
    from rvebench.revise.training.supporting import CriticTrainConfig, changed, read_training
    from rvebench.revise.training.vae_stage import load_vae_folder
    from rvebench.storage import atomic_write_text

    settings = changed(read_training(CriticTrainConfig, config), _changes(steps, changes))
    autoencoder = None if vae is None else load_vae_folder(vae)[1]
    samples = training_samples(data)
    kept, held = prepared(
        samples, settings.clips, clips or out / "clips", settings.held_out_share, settings.held_out_samples
    )
    known = {} if graded is None else _graded(graded, settings.clips, kept, held)
    instructions = [sample.instruction for sample in kept.samples]
    critic = fresh_critic(
        settings.model, settings.critic, instructions, seed=settings.stage.seed, start_from=start_from
    )
    task = CriticTask(
        config=settings.model,
        critic=critic,
        pool=ExamplePool(clips=kept, graded=known, mix=settings.mix),
        held_out=ExamplePool(clips=held, graded=known, mix=settings.mix, others=kept),
        settings=settings.loss,
        vae=autoencoder,
        estimator=None if generator is None else _estimator(generator),
        fps=settings.fps,
        started_from="" if start_from is None else fingerprint_of({}, critic.modules),
    )
    end = run(task, settings.stage, out, resume=resume)
    finished(task, end.averaged).save(out / "vlm")
    told = {"steps": end.step, "samples": len(kept), "graded": len(known), "held_out": end.measured}
    atomic_write_text(out / "report.json", json.dumps({**told, "identity": task.identity()}, indent=2) + "\n")
    if format_ is Format.JSON:
        print_json({**told, "out": str(out)})
        return
    measured = end.measured
    typer.echo(
        f"{out}: {end.step} steps on {len(kept)} samples; {measured['examples']} held-out examples: balanced accuracy "
        f"{measured['balanced_accuracy']:.3f}, AUC {measured['auc']:.3f}, Pearson with the grade {measured['pearson']}"
    )
    _print_kinds(measured)


def _print_kinds(measured: Mapping[str, Any]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in ("edit", "P(yes)", "accuracy"):
        table.add_column(title)
    for kind, mean in measured["p_yes"].items():
        accuracy = measured["accuracy"].get(kind)
        table.add_row(kind, f"{mean:.3f}", "" if accuracy is None else f"{accuracy:.3f}")
    console().print(table)


def _graded(path: Path, shape: Any, *of: PreparedClips) -> dict[str, list[Any]]:
    """Returns the graded edits of the samples at hand, by sample."""
    from rvebench.revise.training.critic_examples import GradedClip, read_graded_clip
    from rvebench.splits.graded import read_graded

    wanted = {sample.id for clips in of for sample in clips.samples}
    edits = [edit for edit in read_graded(path) if edit.sample in wanted]
    found: dict[str, list[Any]] = {}
    with progress_bar("graded edits", len(edits)) as show:
        for done, edit in enumerate(edits, start=1):
            frames = read_graded_clip(edit.video, shape, where=edit.sample)
            found.setdefault(edit.sample, []).append(GradedClip(edit.kind, frames, edit.grade))
            show(done, None)
    return found


def _estimator(folder: Path) -> Any:
    from rvebench.revise.assembly import load_parts
    from rvebench.revise.folder import read_folder
    from rvebench.revise.training.estimates import OneStepEstimator

    return OneStepEstimator(load_parts(read_folder(folder)))


def training_samples(data: str) -> tuple[TrainingSample, ...]:
    """Returns a split's samples as what a training reads.

    Raises:
        DataError: a sample has no target; its id is named.
    """
    from rvebench.revise.training.clips import TrainingSample
    from rvebench.splits import load_split

    return tuple(
        TrainingSample.of(
            id=sample.id,
            source=sample.source,
            target=sample.target,
            mask=sample.mask,
            instruction=sample.instruction,
            group=sample.group,
            kind=_kind_of(sample.id, sample.reasoning_type.value),
            frames_sha256=sample.frames_sha256,
        )
        for sample in load_split(data).samples
    )


def _kind_of(sample_id: str, reasoning_type: str) -> str:
    """Returns the family of a rendered sample, the reasoning type of any other."""
    from rvebench.sim.recipes import family_and_seed

    found = family_and_seed(sample_id)
    return reasoning_type if found is None else found[0]


def prepared(
    samples: Sequence[TrainingSample], shape: Any, folder: Path, share: float, most: int
) -> tuple[PreparedClips, PreparedClips]:
    """Returns the frames to train on, and those of at most `most` held-out samples, evenly spread."""
    from rvebench.revise.training.clips import hold_out, prepare_clips

    with progress_bar("frames", len(samples)) as show:
        whole = prepare_clips(samples, shape, folder, progress=show)
    kept, held = hold_out(samples, share)
    chosen = [held[place * len(held) // min(most, len(held))] for place in range(min(most, len(held)))]
    return whole.of(kept), whole.of(chosen)


def run(task: StageTask, settings: StageSettings, out: Path, *, resume: bool) -> StageEnd:
    """Runs a stage under a progress bar; a first Ctrl-C or SIGTERM lets it save and leave."""
    from rvebench.revise.training.stage import run_stage

    with (
        asked_to_stop("stopping after this step; a second signal does not wait for it") as stop,
        _bar(task.name) as show,
    ):
        return run_stage(task, settings, out, resume=resume, stop=stop, progress=show)


def _changes(steps: int | None, changes: list[str] | None) -> list[str]:
    return [*(changes or []), *([] if steps is None else [f"stage.steps={steps}"])]


@contextmanager
def _bar(title: str) -> Iterator[Callable[[int, int, Mapping[str, float]], None]]:
    if not sys.stderr.isatty():
        yield lambda _done, _total, _told: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("loss {task.fields[loss]:.4f}"),
    )
    with Progress(*columns, console=console(stderr=True), transient=True) as bars:
        bar = bars.add_task(title, total=None, loss=float("nan"))

        def show(done: int, total: int, told: Mapping[str, float]) -> None:
            bars.update(bar, completed=done, total=total, loss=told["loss"])

        yield show
