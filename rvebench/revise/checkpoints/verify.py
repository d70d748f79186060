"""Is a checkpoint whole and right: every part, tensor and shape, what its pickles ask for, and its sums."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rvebench.errors import DataError, RveError
from rvebench.revise.checkpoints.folder import TAGS, CheckpointFolder
from rvebench.revise.checkpoints.layout import weights_in
from rvebench.revise.checkpoints.manifest import ManifestCheck, check_manifest, find_manifest
from rvebench.revise.checkpoints.report import KeyReport
from rvebench.revise.checkpoints.tensors import open_tensors
from rvebench.revise.config import ReviseConfig

__all__ = ["VLM_FOLDERS", "VerifyReport", "verify_checkpoint", "vlm_weights"]

VLM_FOLDERS = ("llm", "vision_tower", "mm_projector")
_TOKENIZERS = ("tokenizer.json", "spiece.model", "tokenizer.model")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What was found."""

    root: Path
    kind: str
    config: ReviseConfig | None
    """None when not even the sizes could be told."""
    reports: tuple[KeyReport, ...]
    """One for every place of every part; of several places of a part the first counts, all must be sound."""
    problems: tuple[str, ...]
    """Whatever else is wrong, a sentence each."""
    notes: tuple[str, ...]
    sums: ManifestCheck | None
    """None when sums were not asked for, or no manifest is there."""

    @property
    def sound(self) -> bool:
        """Nothing is wrong."""
        sums = self.sums is None or self.sums.sound
        return sums and not self.problems and all(report.sound for report in self.reports)

    def as_json(self) -> dict[str, Any]:
        """Returns the report as JSON values."""
        sums = self.sums
        return {
            "path": str(self.root),
            "layout": self.kind,
            "sound": self.sound,
            "config": self.config.name if self.config is not None else None,
            "parts": [report.as_json(self.root) for report in self.reports],
            "problems": list(self.problems),
            "notes": list(self.notes),
            "sums": None
            if sums is None
            else {
                "checked": sums.checked,
                "missing": list(sums.missing),
                "changed": list(sums.changed),
                "unlisted": list(sums.unlisted),
            },
        }


def verify_checkpoint(
    path: Path,
    *,
    sizes: ReviseConfig | None = None,
    sums: bool = True,
    ignore_others: bool = False,
    progress: Callable[[int], None] | None = None,
) -> VerifyReport:
    """Compares a checkpoint with what it must be; whatever is wrong is in the report, not raised.

    Args:
        path: the folder.
        sizes: what its sizes must be; default see :mod:`rvebench.revise.checkpoints.sizes`.
        sums: read every file for its SHA-256, where a manifest lists them.
        ignore_others: pass over objects beside the tensors of a pickle; each is named in the notes.
        progress: called with bytes as files are read for their sums.

    Raises:
        UsageError: there is no such folder.
        DataError: it has no layout that is known.
    """
    folder = CheckpointFolder(path, sizes=sizes, ignore_others=ignore_others)
    return _Verification(folder).run(sums=sums, progress=progress)


class _Verification:
    def __init__(self, folder: CheckpointFolder) -> None:
        self.folder = folder
        self.layout = folder.layout
        self.problems: list[str] = []
        self.notes: list[str] = []

    def run(self, *, sums: bool, progress: Callable[[int], None] | None) -> VerifyReport:
        reports: list[KeyReport] = []
        config: ReviseConfig | None = None
        if self._all_open():
            config = self._tried(lambda: self.folder.config)
        if config is not None:
            reports = self._parts()
            self._context(config)
        self._tokenizer(config)
        self._vlm()
        check = None
        listed = find_manifest(self.layout.root)
        if listed is None:
            self.notes.append("no manifest lists its files: their sums are not known")
        elif sums:
            check = self._tried(lambda: check_manifest(listed, self.layout.root, progress))
        self.folder.close()
        return VerifyReport(
            root=self.layout.root,
            kind=self.layout.kind,
            config=config,
            reports=tuple(reports),
            problems=tuple(dict.fromkeys(self.problems)),
            notes=tuple(self.notes),
            sums=check,
        )

    def _tried(self, work: Callable[[], Any]) -> Any:
        """Returns what `work` does, or None after it put its error among the problems."""
        try:
            return work()
        except RveError as error:
            self.problems.append(str(error))
            return None

    def _all_open(self) -> bool:
        """Opens every file, so that each that cannot be read is named, not the first alone."""
        opened = True
        for path in self.layout.files():
            file = self._tried(lambda path=path: self.folder.file(path))  # type: ignore[misc]
            opened = opened and file is not None
            code = [name for listing in (file.listings if file is not None else ()) for name in listing.code]
            if code:
                self.notes.append(f"{path}: passed over {', '.join(code)}, which was not run")
        return opened

    def _parts(self) -> list[KeyReport]:
        reports: list[KeyReport] = []
        for part in self.folder.wanted_parts:
            found = self.folder.reports(part)
            if not found:
                self.problems.append(f"{self.layout.root}: the part {part} is missing")
            if len(found) > 1:
                names = [self._short(report.path) for report in found]
                self.notes.append(f"{part} is in {' and in '.join(names)}: the first counts, as in the released code")
            reports += found
        strays = self.folder.strays()
        if strays and self.layout.mixed is not None:
            more = f" and {len(strays) - 3} more" if len(strays) > 3 else ""
            self.problems.append(
                f"{self.layout.mixed}: {len(strays)} tensors belong to no part: {', '.join(strays[:3])}{more}"
            )
        return reports

    def _short(self, path: Path) -> str:
        return path.relative_to(self.layout.root).as_posix()

    def _context(self, config: ReviseConfig) -> None:
        """Special tokens and null context: names, and widths that fit the model."""
        if self.layout.is_base:
            return
        for name in self.folder.context_names():
            found = self._tried(lambda name=name: self.folder.context_sources(name))  # type: ignore[misc]
            if found is None:
                continue
            widths = dict.fromkeys(self.folder.tag_names(), config.dit.text_dim)
            if name == "null_context":
                widths = {"vlm_last_hidden_states": config.vlm.dim}
                if config.text is not None:
                    widths["text_emb"] = config.text.dim
            path = getattr(self.layout, name)
            for start, end in TAGS.values() if name == "special_tokens" else ():
                if start in found and end in found and found[start][0].shape != found[end][0].shape:
                    self.notes.append(f"{path}: {start} and {end} differ in length, which the context builder refuses")
            for tensor, width in widths.items():
                shape = found[tensor][0].shape if tensor in found else None
                if shape is None:
                    self.problems.append(f"{path}: the tensor {tensor} is missing")
                elif len(shape) not in (2, 3) or shape[-1] != width:
                    self.problems.append(f"{path}: {tensor} has the shape {shape}, not (…, {width})")

    def _tokenizer(self, config: ReviseConfig | None) -> None:
        if config is not None and config.text is None:
            return
        folder = self.layout.tokenizer
        if folder is None or not any((folder / name).is_file() for name in _TOKENIZERS):
            self.problems.append(f"{folder or self.layout.root}: the tokenizer of the text encoder is missing")

    def _vlm(self) -> None:
        """The VLM is kept as transformers' folders; here its files are opened, its names are its loader's matter."""
        if self.layout.is_base:
            return
        if self.layout.vlm is None:
            self.problems.append(f"{self.layout.root}: the VLM is missing")
            return
        ignore = self.folder.ignore_others
        self._tried(lambda: [open_tensors(path, ignore_others=ignore) for path in vlm_weights(self.layout.vlm)])
        if not (self.layout.vlm / "config.json").is_file():
            self.problems.append(f"{self.layout.vlm}: config.json is missing")


def vlm_weights(root: Path | None) -> list[Path]:
    """Returns the file, or index, of weights of each network of a VLM; a VLM of one network has them in its root.

    Raises:
        DataError: a network has none.
    """
    assert root is not None
    whole = weights_in(root)
    if whole is not None:
        return [whole]
    found = {name: weights_in(root / name) for name in VLM_FOLDERS}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        raise DataError(f"the VLM has no weights in {', '.join(missing)}", where=root, hint="finish the download")
    return [path for path in found.values() if path is not None]
