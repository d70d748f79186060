"""`rvebench revise precompute` and `rvebench revise shards`: what the frozen encoders say of samples, kept on disk."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from rvebench.cli.common import EXIT_HELP, Format, print_error, print_json, progress_bar
from rvebench.cli.model_paths import model_folder, shipped_or_given
from rvebench.errors import EXIT_CORRUPT, EXIT_FAILED, DataError, RveError, UsageError

if TYPE_CHECKING:
    from rvebench.revise.assembly import Parts
    from rvebench.revise.config import ReviseConfig
    from rvebench.revise.training.clips import ClipShape, TrainingSample
    from rvebench.revise.training.shards import BaselineCritic, PrecomputeReport, ShardListing, UnusableSample

__all__ = ["register"]

_SHOWN = 12

FormatOption = Annotated[Format, typer.Option("--format", help="text, or json: exactly one object on stdout.")]
FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="What `rvebench revise precompute` filled.")]


class LatentDtype(str, Enum):
    """Precisions of latents."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"


class StateDtype(str, Enum):
    """Precisions of states."""

    ENCODER = "encoder"
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"


class Sees(str, Enum):
    """What the VLM is shown."""

    SOURCE = "source"
    MODEL = "model"


class FitChoice(str, Enum):
    """How a frame comes to the model's size."""

    PAD = "pad"
    CROP = "crop"
    STRETCH = "stretch"


class OffloadChoice(str, Enum):
    """Where encoders wait."""

    NONE = "none"
    MODEL = "model"


def register(app: typer.Typer) -> None:
    """Adds the commands to `rvebench revise`."""
    app.command("precompute")(precompute)
    shards = typer.Typer(help="Look at and check folders of shards.", epilog=EXIT_HELP, no_args_is_help=True)
    shards.command("list")(list_)
    shards.command("verify")(verify)
    app.add_typer(shards, name="shards")


def precompute(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder of shards; goes on where it stopped.")],
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="SPLIT|FILE", help="A split's name, its .jsonl manifest, or its folder."),
    ] = None,
    official: Annotated[
        Path | None,
        typer.Option(
            "--from-official", metavar="LIST", help="In place of --data: the released trainer's list, a pickle a line."
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option("--model", metavar="DIR|NAME", callback=model_folder, help="The model whose encoders are used."),
    ] = None,
    config: Annotated[
        str | None,
        typer.Option("--config", metavar="PRESET|FILE", help="In place of --model: random weights, for rehearsals."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the random weights.")] = 0,
    critic: Annotated[
        str | None,
        typer.Option(
            "--critic",
            metavar="DIR|NAME|model",
            help="Keep this critic's baselines too; `model` is the model's own VLM.",
        ),
    ] = None,
    critic_set: Annotated[
        list[str] | None,
        typer.Option(
            "--critic-set", metavar="KEY=VALUE", help="How the critic is asked, such as frames=2; may be repeated."
        ),
    ] = None,
    part: Annotated[
        str, typer.Option("--shard", metavar="I/N", help="Do the I-th of N parts, from 0; parts share --out.")
    ] = "0/1",
    update: Annotated[
        bool, typer.Option("--update", help="Add samples or baselines that the folder was not begun for.")
    ] = False,
    frames: Annotated[int | None, typer.Option(help="Frames of a clip, 4n + 1. [the model's]")] = None,
    stride: Annotated[int, typer.Option(min=1, help="Every how many-th frame of a video is taken.")] = 4,
    size: Annotated[str | None, typer.Option(metavar="WxH", help="Of a frame, multiples of 32. [the model's]")] = None,
    fit: Annotated[FitChoice, typer.Option(help="How a frame comes to that size.")] = FitChoice.STRETCH,
    latents: Annotated[LatentDtype, typer.Option(help="Precision latents are kept in.")] = LatentDtype.FLOAT32,
    states: Annotated[
        StateDtype, typer.Option(help="Precision states are kept in; encoder: as they come.")
    ] = StateDtype.ENCODER,
    source_frames: Annotated[
        bool, typer.Option("--source-frames/--no-source-frames", help="Keep the source's frames, for critics.")
    ] = True,
    vision: Annotated[bool, typer.Option("--vision", help="Keep the VLM's vision features of the source.")] = False,
    sees: Annotated[
        Sees, typer.Option("--vlm-sees", help="The source at its own size, as when editing, or at the model's.")
    ] = Sees.SOURCE,
    device: Annotated[str, typer.Option(help="auto, cuda, cuda:N, mps or cpu.")] = "auto",
    dtype: Annotated[
        LatentDtype, typer.Option(help="Of VLM, text encoder and critic; the autoencoder is in float32.")
    ] = LatentDtype.FLOAT32,
    offload: Annotated[
        OffloadChoice, typer.Option(help="model: only the encoder at work is on the device.")
    ] = OffloadChoice.NONE,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Run the frozen encoders over a split once, and keep what they say in shards that trainings read.

    Kept are latents of source and target, states of VLM and text encoder, the edit's place where the split has masks,
    the source's frames, and with --critic the critic's logit of the untouched source. A run that was stopped or killed
    goes on when the same command is given again. Shards of another model, clip shape or precision are an error that
    says what differs. A sample that cannot be used is named, and nothing takes its place; the command then leaves
    with 1.

    Example:

        rvebench revise precompute --model revise-nano --data smoke --out shards
    """
    from rvebench.revise.training.shards import Part

    chosen = Part.parse(part)
    if (data is None) == (official is None):
        raise UsageError("give either --data or --from-official")
    if (model is None) == (config is None):
        raise UsageError("give either --model or --config", hint="--config makes random weights, for rehearsals")
    if official is not None and (critic is not None or vision):
        raise UsageError("the released pickles hold no frames: neither baselines nor vision features can be computed")
    samples = _samples(data) if data is not None else []
    parts = _parts(model, config, seed, dtype.value)
    shape = _shape(parts.config, frames, stride, size, fit)
    if official is not None:
        report = _import(official, parts, out, shape, chosen, update)
        typer.echo(
            f"note: the pickles do not say which encoders made them; they are recorded as those of {model or config}",
            err=True,
        )
    else:
        kept = _Kept(latents.value, states.value, source_frames, vision, sees.value)
        asked = _critic(critic, parts, critic_set or [], dtype.value, device)
        report = _compute(samples, parts, out, shape, kept, chosen, asked, update, device, offload.value)
    _tell(report, format_)


class _Kept(NamedTuple):
    latents: Any
    states: Any
    source_frames: bool
    vision: bool
    sees: Any


def _samples(data: str) -> list[TrainingSample | UnusableSample]:
    """Returns a split's samples; those without a target are failures, not the end of the rest."""
    from rvebench.revise.training.clips import TrainingSample
    from rvebench.revise.training.shards import UnusableSample
    from rvebench.splits import load_split

    found: list[TrainingSample | UnusableSample] = []
    for sample in load_split(data).samples:
        try:
            found.append(
                TrainingSample.of(
                    id=sample.id,
                    source=sample.source,
                    target=sample.target,
                    mask=sample.mask,
                    instruction=sample.instruction,
                    group=sample.group,
                    frames_sha256=sample.frames_sha256,
                )
            )
        except RveError as error:
            found.append(UnusableSample(id=sample.id, error=error))
    if all(isinstance(sample, UnusableSample) for sample in found):
        raise DataError(
            f"none of the {len(found)} samples can be learnt from: {found[0].error.what}",  # type: ignore[union-attr]
            where=data,
            hint="a training needs source, target and instruction",
        )
    return found


def _parts(model: Path | None, config: str | None, seed: int, dtype: str) -> Parts:
    import torch

    from rvebench.revise.assembly import load_parts, random_parts
    from rvebench.revise.checkpoints.sizes import load_sizes
    from rvebench.revise.folder import read_folder

    if model is not None:
        return load_parts(read_folder(model), dtype=getattr(torch, dtype))
    assert config is not None
    return random_parts(load_sizes(config), seed=seed, dtype=getattr(torch, dtype))


def _shape(config: ReviseConfig, frames: int | None, stride: int, size: str | None, fit: FitChoice) -> ClipShape:
    from rvebench.revise.shapes import Size
    from rvebench.revise.training.clips import ClipShape

    wanted = Size.parse(size) if size is not None else config.sampling.size
    if wanted is None:
        raise UsageError("the model fixes no size", hint="give --size WxH")
    return ClipShape(frames=frames or config.sampling.frames, stride=stride, size=wanted, fit=fit.value)


def _critic(critic: str | None, parts: Parts, changes: list[str], dtype: str, device: str) -> BaselineCritic | None:
    if critic is None:
        if changes:
            raise UsageError("--critic-set has no effect without --critic")
        return None
    import torch

    from rvebench.revise.placement import check_device
    from rvebench.revise.training.config import training_preset, training_preset_names
    from rvebench.revise.training.critic import build_critic
    from rvebench.revise.training.shards import BaselineCritic, load_baseline_critic

    name = parts.config.name if parts.config.name in training_preset_names() else "wan1.3b"
    config = training_preset(name).with_changes(tuple(f"critic.{change}" for change in changes)).critic
    where = str(check_device(device))
    if critic == "model":
        return BaselineCritic(critic=build_critic(config, parts.vlm.to(where)), frames=config.frames, device=where)
    return load_baseline_critic(
        shipped_or_given(Path(critic)), parts.config, config, dtype=getattr(torch, dtype), device=where
    )


def _compute(
    samples: list[TrainingSample | UnusableSample],
    parts: Parts,
    out: Path,
    shape: ClipShape,
    kept: _Kept,
    part: Any,
    critic: BaselineCritic | None,
    update: bool,
    device: str,
    offload: Any,
) -> PrecomputeReport:
    from rvebench.revise.training.shards import EncoderPrints, KeptSettings, SampleEncoder, ShardSpec
    from rvebench.revise.training.shards import precompute as fill

    settings = KeptSettings(
        latents=kept.latents,
        states=kept.states,
        source_frames=kept.source_frames,
        vision=kept.vision,
        vlm_sees=kept.sees,
    )
    spec = ShardSpec(encoders=EncoderPrints.of(parts), clip=shape, kept=settings)
    encoder = SampleEncoder(parts, spec, device=device, offload=offload)
    with progress_bar("precompute", len(samples)) as show:
        return fill(samples, encoder, out, part=part, critic=critic, update=update, progress=show)


def _import(official: Path, parts: Parts, out: Path, shape: ClipShape, part: Any, update: bool) -> PrecomputeReport:
    from rvebench.revise.training.shards import EncoderPrints, import_official, read_official_list

    samples = read_official_list(official)
    with progress_bar("import", len(samples)) as show:
        return import_official(
            samples,
            parts.config,
            EncoderPrints.of(parts),
            out,
            shape=shape,
            part=part,
            update=update,
            progress=show,
        )


def _tell(report: PrecomputeReport, format_: Format) -> None:
    if format_ is Format.JSON:
        print_json(report.as_json())
    else:
        baselines = f", {report.baselines} baselines" if report.baselines else ""
        typer.echo(
            f"{report.path}: {report.computed} samples computed, {report.kept} were there{baselines}; "
            f"the folder has {report.samples} of {report.asked} in {report.shards} shards, {_size(report.size_bytes)}"
        )
    for failure in report.failures[:_SHOWN]:
        typer.echo(f"failed: {failure.id}: {failure.reason}", err=True)
    if report.failures:
        more = len(report.failures) - _SHOWN
        if more > 0:
            typer.echo(f"failed: and {more} more; see `rvebench revise shards list {report.path}`", err=True)
        error = RveError(
            f"{len(report.failures)} of {report.asked} samples failed and are in no shard",
            where=report.path,
            hint="mend them and run the same command again, or train without them",
        )
        print_error(error)
        raise typer.Exit(EXIT_FAILED)


def list_(folder: FolderArgument, format_: FormatOption = Format.TEXT) -> None:
    """Show what a folder of shards holds: encoders, clip shape, samples by shape, baselines, failures.

    Example:

        rvebench revise shards list shards
    """
    from rvebench.revise.training.shards import list_store

    found = list_store(folder)
    if format_ is Format.JSON:
        print_json(found.as_json())
        return
    _print_listing(found)


def _print_listing(found: ShardListing) -> None:
    spec = found.store.spec
    typer.echo(f"{found.store.path}: {found.samples} samples in {len(found.records)} shards, {_size(found.size_bytes)}")
    declared = " (declared)" if spec.encoders.declared else ""
    for name, print_ in (("vae", spec.encoders.vae), ("vlm", spec.encoders.vlm), ("text", spec.encoders.text)):
        typer.echo(f"{name}: {'none' if print_ is None else f'{print_[:16]}…{declared}'}")
    clip, kept = spec.clip, spec.kept
    typer.echo(f"clip: {clip.frames} frames, {clip.stride} apart, {clip.size}, {clip.fit}")
    extra = [word for word, there in (("source frames", kept.source_frames), ("vision features", kept.vision)) if there]
    typer.echo(f"kept: latents {kept.latents}, states {kept.states}, {', '.join(extra) or 'no frames'}")
    for shape, count in found.shapes:
        typer.echo(f"latents {'x'.join(map(str, shape))}: {count} samples")
    for critic, count in found.critics:
        typer.echo(f"baselines of {critic[:16]}…: {count}")
    for failure in found.failures:
        typer.echo(f"failed: {failure.id}: {failure.reason}")


def verify(folder: FolderArgument, format_: FormatOption = Format.TEXT) -> None:
    """Read every shard and compare sizes, SHA-256 and the sum of every tensor; leaves with 4 when anything is wrong.

    Example:

        rvebench revise shards verify shards
    """
    from rvebench.revise.training.shards import verify_store

    with progress_bar("verify", None) as show:
        report = verify_store(folder, progress=show)
    if format_ is Format.JSON:
        print_json(report.as_json())
    else:
        for problem in report.problems:
            typer.echo(f"wrong: {problem}")
        for stray in report.strays:
            typer.echo(f"note: {stray}: no record names it; a run that was killed left it, and it can be deleted")
        if report.sound:
            listing = report.listing
            typer.echo(f"sound: {listing.samples} samples in {len(listing.records)} shards")
    if not report.sound:
        print_error(DataError("these shards are not sound", where=folder))
        raise typer.Exit(EXIT_CORRUPT)


def _size(count: int) -> str:
    """Returns bytes as a person reads them."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count} B"
