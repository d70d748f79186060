"""`rvebench editors`: which editors there are, and whether one works here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rvebench.cli.common import Format, console, print_json
from rvebench.errors import EXIT_FAILED

if TYPE_CHECKING:
    from rvebench.editors import Editor

__all__ = ["app"]

app = typer.Typer(
    help="Editing models: which there are, what each needs, whether one works here.", no_args_is_help=True
)

_Format = Annotated[Format, typer.Option("--format", help="How results are printed.")]


@app.command("list")
def list_editors(output: _Format = Format.TEXT) -> None:
    """List every editor that has a name, and what is missing to run it here.

    Example: rvebench editors list
    """
    from rvebench.editors import EDITORS, missing_of, open_editor
    from rvebench.errors import RveError

    rows: list[dict[str, object]] = []
    for entry in EDITORS:
        row: dict[str, object] = {"name": entry.name, "summary": entry.summary, "origin": entry.origin}
        try:
            editor = open_editor(entry.name)
        except RveError as error:
            row |= {"error": str(error)}
        else:
            info = editor.info
            row |= {
                "kind": _kind_of(editor),
                "prompt_kind": info.prompt_kind,
                "needs": list(info.needs),
                "track": info.track,
                "paid": info.paid,
                "missing": list(missing_of(editor)),
            }
        rows.append(row)
    if output is Format.JSON:
        print_json({"editors": rows})
        return
    from rich.table import Table

    table = Table("editor", "kind", "prompt", "needs", "missing here", box=None, pad_edge=False)
    for row in rows:
        missing, needs = row.get("missing"), row.get("needs")
        lacks = ", ".join(missing) if isinstance(missing, list) else f"broken: {row['error']}"
        table.add_row(
            str(row["name"]),
            f"{row.get('kind', '?')}{', paid' if row.get('paid') else ''}",
            str(row.get("prompt_kind", "?")).replace("_", " "),
            ", ".join(needs) if isinstance(needs, list) else "",
            lacks.replace("environment variable ", "$") or "nothing",
        )
    console().print(table)
    console().print(
        "\nBeside these: python:package.module:Class, command:TEMPLATE or FILE.yaml, http:FILE.yaml, folder:DIR "
        "(docs/editors.md)"
    )


@app.command("check")
def check(
    name: Annotated[str, typer.Argument(help="An editor as --model takes it.", metavar="EDITOR")],
    spend: Annotated[bool, typer.Option("--spend", help="Send a paid service one real request.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the request.")] = 0,
    output: _Format = Format.TEXT,
) -> None:
    """Run an editor on one small generated clip, and say what it is and did.

    A paid service is only shown the request it would get, unless --spend is given. Leaves with 1 when the editor does
    not work here.

    Example: rvebench editors check "command:ffmpeg -y -i {source} -vf hue=s=0 {out}"
    """
    import tempfile
    from dataclasses import asdict
    from pathlib import Path

    from rvebench.editors import missing_of, open_editor
    from rvebench.editors.check import check_editor, sample_request
    from rvebench.editors.http_transport import HttpEditor

    editor = open_editor(name)
    report: dict[str, object] = {"editor": name, "info": asdict(editor.info)}
    problems = [f"missing: {item}" for item in missing_of(editor)]
    with tempfile.TemporaryDirectory(prefix="rvebench-check-") as text:
        folder = Path(text)
        if editor.info.paid and not spend:
            if isinstance(editor, HttpEditor):
                report["request"] = editor.render(sample_request(folder, seed=seed))
            report["note"] = "nothing was sent; --spend makes one paid edit"
        elif not problems:
            tried = check_editor(editor, folder, seed=seed)
            report["facts"] = tried.facts
            problems = list(tried.problems)
    report |= {"ok": not problems, "problems": problems}
    if output is Format.JSON:
        print_json(report)
    else:
        _print_report(report)
    if problems:
        raise typer.Exit(EXIT_FAILED)


def _kind_of(editor: Editor) -> str:
    """Returns the transport in one word."""
    kinds = {"CommandEditor": "command", "HttpEditor": "http", "FolderEditor": "folder"}
    return kinds.get(type(editor).__name__, "python")


def _print_report(report: dict[str, object]) -> None:
    import json

    out = console()
    info = report["info"]
    assert isinstance(info, dict)
    for label, value in (
        ("editor", f"{info['name']} {info['version']}"),
        ("runs", info["revision"] or "not said"),
        ("prompt", f"{info['prompt_kind']} from {info['prompt_source']}, track {info['track']}"),
        ("needs", ", ".join(info["needs"]) or "source and instruction only"),
        ("claims", f"seeded {info['seeded']}, deterministic {info['deterministic']}"),
    ):
        out.print(f"{label:<8} {value}", markup=False)
    for note in info["notes"]:
        out.print(f"note     {note}", markup=False)
    facts = report.get("facts")
    for label, value in facts.items() if isinstance(facts, dict) else ():
        out.print(f"{label:<16} {value}", markup=False)
    if "request" in report:
        out.print(json.dumps(report["request"], indent=2, ensure_ascii=False), markup=False)
    if "note" in report:
        out.print(str(report["note"]), markup=False)
    problems = report["problems"]
    assert isinstance(problems, list)
    for problem in problems:
        out.print(f"problem  {problem}", markup=False)
    tried = "works" if "facts" in report else "nothing is missing; not tried"
    out.print(tried if report["ok"] else "does not work here", markup=False)
