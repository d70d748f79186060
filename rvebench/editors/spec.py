"""From the text after `--model` to an editor.

=============================================== ==========================================================
`copy`, `vace?steps=30`                         a name of the registry, with options of its constructor
`python:package.module:Class?device=cuda`       any class that follows the protocol
`command:ffmpeg -y -i {source} -vf hue=s=0 {out}` an inline command; or a YAML file, or a shipped name
`http:runway.yaml`                              a service described in YAML; or a shipped name
`folder:outputs/{sample_id}.mp4`                edits made elsewhere: a folder, a pattern, a CSV table
`ladder:half`                                   an edit of known quality, for samples of the rendered world
=============================================== ==========================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from rvebench.editors.options import split_options
from rvebench.editors.protocol import Editor
from rvebench.editors.python_transport import build_class, load_class
from rvebench.editors.spec_files import SpecFile, read_yaml, shipped_names, shipped_spec
from rvebench.errors import EditorError, UnknownNameError
from rvebench.registry import Registration, Registry, nearest_names

__all__ = ["EDITORS", "build_editor", "missing_of", "open_editor", "patience_of"]

_CONTROLS = "rvebench.editors.controls"
_PIPELINES = "rvebench.editors.pipelines"
_REVISE = "rvebench.editors.revise"
_SHIPPED = "rvebench.editors.shipped"

EDITORS: Registry[object] = Registry(
    "editor",
    (
        Registration(name="copy", target=f"{_CONTROLS}:CopyControl", summary="control: the source, untouched"),
        Registration(name="target", target=f"{_CONTROLS}:TargetControl", summary="control: the target video"),
        Registration(
            name="wrong-sample", target=f"{_CONTROLS}:WrongSampleControl", summary="control: another sample's video"
        ),
        Registration(name="blank", target=f"{_CONTROLS}:BlankControl", summary="control: grey frames"),
        Registration(name="vace", target=f"{_PIPELINES}.vace:VaceEditor", summary="Wan2.1-VACE through diffusers"),
        Registration(
            name="lucy-edit", target=f"{_PIPELINES}.lucy_edit:LucyEditEditor", summary="Lucy-Edit through diffusers"
        ),
        Registration(
            name="wan-sdedit", target=f"{_PIPELINES}.wan_sdedit:WanSDEditEditor", summary="SDEdit on Wan2.1, diffusers"
        ),
        Registration(name="revise", target=f"{_REVISE}:ReviseEditor", summary="ReViSE, our code, weights of a folder"),
        Registration(name="revise-nano", target=f"{_REVISE}:ReviseNanoEditor", summary="ReViSE in small, on a CPU"),
        Registration(
            name="revise-tiny-random",
            target=f"{_REVISE}:ReviseTinyRandomEditor",
            summary="ReViSE's parts with random weights, for tests",
        ),
        Registration(name="insv2v", target=f"{_SHIPPED}:INSV2V", summary="InsV2V, through a script of yours"),
        Registration(name="insvie", target=f"{_SHIPPED}:INSVIE", summary="InsViE, through a script of yours"),
        Registration(name="omni-video", target=f"{_SHIPPED}:OMNI_VIDEO", summary="Omni-Video 2, its own script"),
        Registration(name="ditto", target=f"{_SHIPPED}:DITTO", summary="Ditto, its own script"),
        Registration(
            name="revise-official", target=f"{_SHIPPED}:REVISE_OFFICIAL", summary="ReViSE, the official script"
        ),
        Registration(name="runway", target=f"{_SHIPPED}:RUNWAY", summary="Runway video_to_video, paid"),
        Registration(name="luma", target=f"{_SHIPPED}:LUMA", summary="Luma modify video, paid"),
        Registration(name="decart", target=f"{_SHIPPED}:DECART", summary="Decart Lucy, paid"),
        Registration(name="fal-kling", target=f"{_SHIPPED}:FAL_KLING", summary="Kling edit through fal, paid"),
    ),
    group="rvebench.editors",
)
"""Every editor by name; other packages add theirs through the entry-point group `rvebench.editors`."""


def build_editor(spec: str) -> Editor:
    """Returns the editor that a text names, ready to run. No model is loaded and no request sent.

    Args:
        spec: see the module's text.

    Raises:
        EditorError: the editor cannot be built, or something it needs (a program, a key, a module) is not there.
        UnknownNameError: no editor has that name; the hint lists the nearest ones.
    """
    editor = open_editor(spec)
    missing = missing_of(editor)
    if missing:
        raise EditorError(
            f"this editor cannot run here: {'; '.join(f'no {item}' for item in missing)}",
            where=spec,
            hint="`rvebench editors list` says what each editor needs",
        )
    return editor


def open_editor(spec: str) -> Editor:
    """Returns the editor that a text names, whether it can run here or not.

    Raises:
        EditorError: the editor cannot be built.
        UnknownNameError: no editor has that name; the hint lists the nearest ones.
    """
    kind, colon, rest = spec.partition(":")
    if not colon:
        name, options = split_options(spec)
        target = EDITORS.load(name.strip())
        if isinstance(target, SpecFile):
            return _from_file(target, options, where=spec)
        return build_class(target, options, where=spec)
    openers = {"python": _python, "command": _command, "http": _http, "folder": _folder, "ladder": _ladder}
    if kind not in openers:
        near = nearest_names(kind, openers, most=1)
        offer = f"did you mean {near[0]}:? " if near else ""
        raise UnknownNameError(
            f"unknown kind of editor {kind!r}", where=spec, hint=f"{offer}kinds are {', '.join(openers)}"
        )
    if not rest.strip():
        raise EditorError(f"nothing stands after {kind}:", where=spec)
    return openers[kind](rest.strip())


def patience_of(editor: Editor) -> float:
    """Returns the seconds after which an editor ends an edit itself, 0 when it never does.

    An editor may offer `patience_s: float`. Whoever watches it waits longer than that, so that the editor's own reason
    is the one recorded.
    """
    return float(getattr(editor, "patience_s", 0.0))


def missing_of(editor: Editor) -> tuple[str, ...]:
    """Returns what is not there to run an editor; nothing when it does not say.

    An editor may offer `missing() -> tuple[str, ...]`: "environment variable X", "module torch", "executable ffmpeg".
    """
    ask: Callable[[], tuple[str, ...]] | None = getattr(editor, "missing", None)
    return tuple(ask()) if callable(ask) else ()


def _ladder(rest: str) -> Editor:
    from rvebench.editors.ladder import LadderEditor

    return LadderEditor(rest)


def _python(rest: str) -> Editor:
    target, options = split_options(rest)
    return build_class(load_class(target), options, where=f"python:{rest}")


def _command(rest: str) -> Editor:
    file = _spec_file(rest)
    if file is not None:
        return _from_file(file, split_options(rest)[1], where=f"command:{rest}", transport="command")
    from rvebench.editors.command_spec import inline_spec
    from rvebench.editors.command_transport import CommandEditor

    return CommandEditor(inline_spec(rest))


def _http(rest: str) -> Editor:
    file = _spec_file(rest)
    if file is None:
        raise EditorError("neither a YAML file nor a shipped specification", where=f"http:{rest}")
    return _from_file(file, split_options(rest)[1], where=f"http:{rest}", transport="http")


def _folder(rest: str) -> Editor:
    from rvebench.editors.folder_transport import FolderEditor

    path, options = split_options(rest)
    return build_class(FolderEditor, {"path": path, **options}, where=f"folder:{rest}")


def _spec_file(text: str) -> SpecFile | None:
    """Returns the file that the text after `command:` or `http:` names; None when it is an inline command."""
    name = text.partition("?")[0]
    if name.endswith((".yaml", ".yml")) and (" " not in name or Path(name).expanduser().is_file()):
        return SpecFile(path=Path(name).expanduser().absolute())
    if name in shipped_names() or re.fullmatch(r"[\w.-]+", name):
        return shipped_spec(name)
    return None


def _from_file(file: SpecFile, options: Mapping[str, str], *, where: str, transport: str | None = None) -> Editor:
    said = read_yaml(file.path).get("transport")
    if said not in ("command", "http"):
        raise EditorError("the key transport must be command or http", where=file.path)
    if transport is not None and said != transport:
        raise EditorError(f"the file describes a {said} editor", where=file.path, hint=f"write {said}:{file.path}")
    from rvebench.editors.spec_files import load_spec

    if said == "command":
        from rvebench.editors.command_spec import CommandSpec
        from rvebench.editors.command_transport import CommandEditor

        return CommandEditor(load_spec(file.path, CommandSpec).with_settings(options, where=where))
    from rvebench.editors.http_spec import HttpSpec
    from rvebench.editors.http_transport import HttpEditor

    return HttpEditor(load_spec(file.path, HttpSpec).with_settings(options, where=where))
