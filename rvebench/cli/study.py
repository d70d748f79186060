"""`rvebench study`: ask people which edits are better."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rvebench.cli import study_analyze
from rvebench.cli.common import Format, print_json, progress_bar

if TYPE_CHECKING:
    from rvebench.runs.view import RunView
    from rvebench.study import Study
    from rvebench.study.create import Candidate
    from rvebench.study.server.serve import Serving

__all__ = ["app"]

app = typer.Typer(
    help="Ask people which edits are better: make a study, serve it, read its answers.", no_args_is_help=True
)

FormatOption = Annotated[Format, typer.Option("--format", help="text, or json: exactly one object on stdout.")]
FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="The study folder.")]

_INSTALL = 'install them with `pip install "rvebench[study]"`'
_WHOLE_SIDE = 1280


class DesignChoice(str, Enum):
    """How people answer."""

    RANKING = "ranking"
    PAIRWISE = "pairwise"
    LIKERT = "likert"


@app.command()
def create(
    runs: Annotated[
        list[str],
        typer.Option(
            "--run", "-r", metavar="[NAME=]RUN", help="A run directory: one method. Give it again for each method."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The study folder to make.")],
    design: Annotated[
        DesignChoice, typer.Option("--design", "-d", help="Put edits in order, pick the better of two, or give marks.")
    ] = DesignChoice.RANKING,
    raters: Annotated[int, typer.Option("--raters", "-n", min=1, max=2000, help="How many people take part.")] = 15,
    samples: Annotated[
        int, typer.Option("--samples", min=1, help="How many samples are drawn from those the runs share.")
    ] = 50,
    criteria: Annotated[
        str, typer.Option("--criteria", help="What is asked, in order: EA, PC, VQ, GN, GR, overall.")
    ] = "EA,PC,VQ",
    per_rater: Annotated[
        int | None, typer.Option("--per-rater", min=1, help="Screens a person; default: as many as samples.")
    ] = None,
    shown: Annotated[
        int | None,
        typer.Option("--shown", min=1, help="Methods on one screen; default: all to rank, 2 pairwise, 1 for marks."),
    ] = None,
    duplicates: Annotated[
        int | None, typer.Option("--duplicates", min=0, help="Screens shown twice to each; default: a tenth.")
    ] = None,
    attention: Annotated[
        int | None, typer.Option("--attention", min=0, help="Screens with an edit of noise; default: one in fifteen.")
    ] = None,
    target_checks: Annotated[
        int, typer.Option("--target-checks", min=0, help="Screens that set the target against the source untouched.")
    ] = 0,
    min_watch: Annotated[
        float, typer.Option("--min-watch", min=0, max=600, help="Seconds the clips play before an answer is taken.")
    ] = 3.0,
    max_side: Annotated[
        int, typer.Option("--max-side", min=64, max=4096, help="Longer sides of clips are scaled down to this.")
    ] = _WHOLE_SIDE,
    title: Annotated[str, typer.Option("--title", help="What stands above the study.")] = "",
    consent: Annotated[
        Path | None,
        typer.Option("--consent", help="A text file with what people agree to; empty lines part paragraphs."),
    ] = None,
    drop_missing: Annotated[
        bool, typer.Option("--drop-missing", help="Leave out samples that a method has no edit of; the study says so.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Decides samples, screens and orders.")] = 0,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Make a study from runs: the same samples, methods without names, balanced screens for each person.

    Example:

        rvebench study create --run runs/a --run runs/b --design pairwise --raters 10 --out studies/ab
    """
    from rvebench.errors import UsageError
    from rvebench.study.create import create_study, draw_samples
    from rvebench.study.design import Layout
    from rvebench.study.exclusion import Exclusion
    from rvebench.study.questions import default_rules, questions_named

    questions = questions_named([name for name in criteria.split(",") if name.strip()], design.value)
    paragraphs = _paragraphs(consent)
    methods = _methods(runs)
    draw = draw_samples(_candidates(methods), list(methods), count=samples, seed=seed, drop_missing=drop_missing)
    screens = per_rater or samples
    layout = Layout(
        design=design.value,
        raters=raters,
        per_rater=screens,
        shown=shown or {"ranking": len(methods), "pairwise": 2, "likert": 1}[design.value],
        duplicates=round(screens / 10) if duplicates is None else duplicates,
        attention=max(screens >= 5, round(screens / 15)) if attention is None else attention,
        target_checks=target_checks,
        seed=seed,
    )
    if min_watch != min_watch:
        raise UsageError("--min-watch is not a number of seconds")
    with progress_bar("clips", None) as on_progress:
        study = create_study(
            out,
            draw,
            methods=[(name, view.header.run_id) for name, view in methods.items()],
            layout=layout,
            questions=questions,
            rules=default_rules(
                design.value, title=title, consent=paragraphs, min_watch_s=min_watch, exclusion=Exclusion()
            ),
            max_side=max_side,
            on_progress=on_progress,
        )
    _tell_created(study, out, format_)


def _paragraphs(path: Path | None) -> tuple[str, ...]:
    from rvebench.errors import DataError

    if path is None:
        return ()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the consent text cannot be read: {error}", where=path) from None
    found = tuple(" ".join(part.split()) for part in text.split("\n\n") if part.strip())
    if not found:
        raise DataError("the consent text is empty", where=path)
    return found


def _methods(runs: Sequence[str]) -> dict[str, RunView]:
    """Returns the runs by the names their methods get."""
    from rvebench.errors import UsageError
    from rvebench.runs import load_run

    found: dict[str, RunView] = {}
    for text in runs:
        name, given, path = text.partition("=")
        view = load_run(Path(path if given else text))
        name = name if given else view.header.model
        if not name or name in found:
            raise UsageError(
                f"two methods are called {name!r}" if name else "a method has no name",
                where=text,
                hint="name them: --run first=DIR --run second=DIR",
            )
        found[name] = view
    return found


def _candidates(methods: dict[str, RunView]) -> list[Candidate]:
    """Returns the samples that all runs share, with each method's edit."""
    from rvebench.errors import UsageError
    from rvebench.study.create import Candidate
    from rvebench.taxonomy import Criterion, criteria_for

    by_run = {name: {item.sample.id: item for item in view.outcomes} for name, view in methods.items()}
    first = next(iter(methods.values()))
    found = []
    for outcome in first.outcomes:
        sample = outcome.sample
        items = {name: own.get(sample.id) for name, own in by_run.items()}
        if any(item is None for item in items.values()):
            continue
        for name, item in items.items():
            if item is not None and item.sample.digest != sample.digest:
                raise UsageError(
                    f"sample {sample.id} is not the same in all runs",
                    where=methods[name].directory,
                    hint="take runs of one version of a split",
                )
        found.append(
            Candidate(
                id=sample.id,
                instruction=sample.instruction,
                subset=sample.subset.value,
                category=sample.reasoning_type.value,
                cluster=sample.cluster,
                source=sample.source,
                edits={name: None if item is None else item.video for name, item in items.items()},
                target=sample.target,
                has_preservation=Criterion.PC in criteria_for(sample.subset),
            )
        )
    if not found:
        raise UsageError("the runs share no sample", hint="take runs of the same split")
    return found


def _tell_created(study: Study, out: Path, format_: Format) -> None:
    per_rater = len(study.session_of[study.raters[0]])
    media = {one.name: one for item in study.samples for one in (item.source, *item.entries.values())}
    size_bytes = sum(one.size_bytes for one in media.values())
    left_out = {method.name: method.left_out for method in study.methods if method.left_out}
    if format_ is Format.JSON:
        print_json(
            {
                "directory": str(out),
                "digest": study.digest,
                "design": study.design,
                "criteria": [question.id for question in study.questions],
                "methods": {method.id: method.name for method in study.methods},
                "samples": len(study.samples),
                "raters": len(study.raters),
                "screens_per_rater": per_rater,
                "trials": len(study.trials),
                "clips": len(media),
                "size_bytes": size_bytes,
                "left_out": left_out,
            }
        )
        return
    typer.echo(
        f"{out}: {study.design}, {len(study.methods)} methods, {len(study.samples)} samples, "
        f"{len(study.raters)} people with {per_rater} screens each, {len(media)} clips, {size_bytes / 1e6:.1f} MB"
    )
    for name, count in left_out.items():
        typer.echo(f"left out: {count} samples that {name} has no edit of")
    typer.echo(f"next: rvebench study serve {out}")


@app.command()
def serve(
    directory: FolderArgument,
    host: Annotated[
        str, typer.Option("--host", help="The address to listen on. Any but loopback asks people for their token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", "-p", min=0, max=65535, help="0: one that is free.")] = 8765,
    tokens: Annotated[
        bool, typer.Option("--tokens", help="Ask for tokens on loopback too: see `rvebench study links`.")
    ] = False,
    url: Annotated[
        str | None,
        typer.Option("--url", help="The address people use when another server stands in front; asks for tokens."),
    ] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Serve a study until Ctrl-C. Each answer is on the disk before the page says so; a restart goes on from there.

    Example:

        rvebench study serve studies/ab --port 8765
    """
    from rvebench.errors import EXIT_INTERRUPTED, UsageError

    try:
        from rvebench.study.server.serve import serve as run_server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"starlette", "uvicorn", "anyio", "h11"}:
            raise
        raise UsageError("to serve a study, starlette and uvicorn must be installed", hint=_INSTALL) from None

    def tell(serving: Serving) -> None:
        if format_ is Format.JSON:
            print_json(
                {
                    "url": serving.url,
                    "needs_token": serving.needs_token,
                    "answers": serving.answers,
                    "total": serving.total,
                    "torn_bytes": serving.torn_bytes,
                }
            )
            return
        if serving.torn_bytes:
            typer.echo(f"dropped {serving.torn_bytes} bytes of an answer that was never confirmed", err=True)
        typer.echo(f"{serving.url}  ({serving.answers} of {serving.total} answers are in; Ctrl-C stops)")
        if serving.needs_token:
            typer.echo(f"each person has a link: rvebench study links {directory} --url {serving.url}")

    answers = run_server(directory, host=host, port=port, tokens=tokens, url=url, on_ready=tell)
    typer.echo(f"stopped; {answers} answers are in {directory}", err=True)
    raise typer.Exit(EXIT_INTERRUPTED)


@app.command()
def links(
    directory: FolderArgument,
    url: Annotated[str, typer.Option("--url", help="The address people use.")] = "http://127.0.0.1:8765",
    format_: FormatOption = Format.TEXT,
) -> None:
    """Print each person's own link. Whoever has it answers as that person: send each to one, and post none.

    Example:

        rvebench study links studies/ab --url https://study.example.org
    """
    from rvebench.study import read_study
    from rvebench.study.tokens import link, read_tokens

    found = {rater: link(url, token) for rater, token in read_tokens(directory, read_study(directory)).items()}
    if format_ is Format.JSON:
        print_json({"links": found})
    else:
        for rater, address in found.items():
            typer.echo(f"{rater}  {address}")


app.command()(study_analyze.analyze)
