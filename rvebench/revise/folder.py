"""A model on disk in our layout: read as a whole before any weight is, and written so that half is never taken for all.

The layout is that of :mod:`rvebench.revise.checkpoints.layout`: `revise.json`, a folder a component as diffusers has
them (`transformer/`, `vae/`, `text_encoder/`, `tokenizer/`), `connector/`, `context/`, `vlm/`, and a manifest with the
size and sha256 of every file. No file of it is a pickle. Nothing here needs torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rvebench.errors import DataError, UsageError
from rvebench.records import digest_of
from rvebench.revise.checkpoints.layout import CONFIG_NAME, find_layout
from rvebench.revise.checkpoints.manifest import MANIFEST_NAME, FileSum, Manifest
from rvebench.revise.config import ReviseConfig
from rvebench.storage import atomic_write_text
from rvebench.weights import sha256_of

__all__ = ["ModelFolder", "needed_files", "read_folder", "seal_folder", "write_config"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFolder:
    """A folder whose configuration and manifest were read, and whose files have the sizes they should."""

    path: Path
    config: ReviseConfig
    files: Mapping[str, FileSum]
    """By path within the folder."""

    @property
    def digest(self) -> str:
        """64 hexadecimal digits over the sha256 of all files: the revision of the weights. No file is read for it."""
        return digest_of({name: entry.sha256 for name, entry in sorted(self.files.items())})

    @property
    def size_bytes(self) -> int:
        """Bytes of all files."""
        return sum(entry.size_bytes for entry in self.files.values())

    def verify(self) -> None:
        """Reads every file and compares its sha256.

        Raises:
            DataError: a file has changed.
        """
        for name, entry in self.files.items():
            if sha256_of(self.path / name) != entry.sha256:
                raise DataError(
                    "the file is damaged: its sha256 is not that of the manifest",
                    where=self.path / name,
                    hint="fetch or convert it again",
                )


def needed_files(config: ReviseConfig) -> tuple[str, ...]:
    """Returns files without which a folder holds no such model; weights that may be sharded are not among them."""
    tags = config.conditioning.tags
    connector = {
        "visual_context_adapter": config.visual_context_adapter,
        "vision_head": config.connector,
        "adapter": config.connector,
        "refiner": config.refiner,
    }
    tagged = (
        (tags.visual, config.visual_context_adapter),
        (tags.interpreted, config.connector),
        (tags.prompt, config.text),
    )
    names = [CONFIG_NAME, *(f"connector/{part}.safetensors" for part, owner in connector.items() if owner is not None)]
    if any(length and part is not None for length, part in tagged):
        names.append("context/special_tokens.safetensors")
    return (*names, "context/null_context.safetensors")


def read_folder(path: Path) -> ModelFolder:
    """Returns what a folder holds, after comparing each file's size with the manifest; no weight is read.

    Raises:
        UsageError: the folder is not there, or has another layout.
        DataError: it holds no model, a file is missing or of another size, or its lists cannot be read.
    """
    layout = find_layout(path)
    if layout.kind != "ours" or layout.config is None:
        raise UsageError(
            f"the folder has the {layout.kind} layout, which is converted before it is used",
            where=path,
            hint=f"run `rvebench revise checkpoint convert {path} NEW_FOLDER` and give the new folder",
        )
    root = layout.root
    try:
        config = ReviseConfig.load(layout.config)
    except UsageError as error:
        raise DataError(error.what, where=layout.config, hint=error.hint) from None
    if not (root / MANIFEST_NAME).is_file():
        raise DataError(
            f"there is no {MANIFEST_NAME}: the folder is not complete", where=path, hint="fetch or convert it again"
        )
    files = Manifest.read(root).files
    if unlisted := [name for name in needed_files(config) if name not in files]:
        raise DataError(f"the manifest lacks {', '.join(unlisted)}, which the model needs", where=root / MANIFEST_NAME)
    for name, entry in files.items():
        _check_size(root / name, entry.size_bytes)
    return ModelFolder(path=root, config=config, files=files)


def _check_size(path: Path, size_bytes: int) -> None:
    try:
        there = path.stat().st_size
    except OSError:
        raise DataError(
            "the manifest lists this file and it is not there", where=path, hint="fetch the rest of the model"
        ) from None
    if there != size_bytes:
        raise DataError(
            f"the file has {there} bytes and should have {size_bytes}: it is not the whole file",
            where=path,
            hint="let its download finish, or fetch it again",
        )


def write_config(path: Path, config: ReviseConfig) -> None:
    """Writes `revise.json` into a folder."""
    atomic_write_text(path / CONFIG_NAME, config.to_json())


def seal_folder(path: Path, source: Mapping[str, str]) -> ModelFolder:
    """Writes the manifest over all that lies in a folder, and returns the folder as read back.

    Args:
        path: with all its files.
        source: where they came from.

    Raises:
        DataError: as :func:`read_folder`: something that the configuration needs is not there.
    """
    files = {
        file.relative_to(path).as_posix(): FileSum(sha256_of(file), file.stat().st_size)
        for file in sorted(path.rglob("*"))
        if file.is_file() and file.name != MANIFEST_NAME
    }
    Manifest(files=files, source=source).write(path)
    return read_folder(path)
