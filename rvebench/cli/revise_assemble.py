"""`rvebench revise assemble`: a model folder from networks that were trained apart."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rvebench.cli.common import Format, print_json
from rvebench.cli.model_paths import model_folder

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds the command to `rvebench revise`."""
    app.command("assemble")(assemble)


def assemble(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The model's folder; new or empty.")],
    vae: Annotated[
        Path,
        typer.Option("--vae", metavar="DIR|NAME", callback=model_folder, help="A folder of train-vae, or a model."),
    ],
    critic: Annotated[
        Path,
        typer.Option(
            "--critic", metavar="DIR|NAME", callback=model_folder, help="A folder of train-critic, or a model."
        ),
    ],
    generator: Annotated[
        Path | None,
        typer.Option(
            "--generator",
            metavar="DIR|NAME",
            callback=model_folder,
            help="A model whose generator is taken. [random weights]",
        ),
    ] = None,
    config: Annotated[
        str, typer.Option("--config", metavar="nano|FILE", help="Sizes: a training's preset or file.")
    ] = "nano",
    seed: Annotated[int, typer.Option(min=0, help="Of the random weights.")] = 0,
    half: Annotated[bool, typer.Option("--half", help="Keep generator and connector in bf16: half the size.")] = False,
    format_: Annotated[Format, typer.Option("--format", help="text, or json: exactly one object on stdout.")] = (
        Format.TEXT
    ),
) -> None:
    """Put a model together from an autoencoder, a VLM and a generator that were trained apart.

    Without --generator it is the model that `train-revise --init` begins with: trained networks around a generator of
    random weights. A generator fits the VLM that it was trained with; another one gives other states.

    Example:

        rvebench revise assemble --vae nano-vae --critic nano-critic --out nano-init
    """
    from rvebench.cli.revise_show import size_text
    from rvebench.cli.train_parts import read_config
    from rvebench.revise.assembly import save_parts
    from rvebench.revise.training.beginning import assemble as put_together
    from rvebench.revise.training.beginning import in_half, with_generator

    parts = put_together(read_config(config, objective=None, init=None, changes=[]).model, vae, critic, seed=seed)
    if generator is not None:
        parts = with_generator(parts, generator)
    made = save_parts(in_half(parts) if half else parts, out)
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    if format_ is Format.JSON:
        print_json({"out": str(out), "digest": made.digest, "bytes": size})
        return
    typer.echo(f"{out}: {size_text(size)}, digest {made.digest[:12]}")
