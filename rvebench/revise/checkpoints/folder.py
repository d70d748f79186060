"""An opened checkpoint of any layout: its configuration, and the tensors of each part under the names of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rvebench.errors import DataError
from rvebench.revise.checkpoints.keys import MIXED_PREFIXES, Key, part_keys
from rvebench.revise.checkpoints.layout import BASE_PARTS, REVISE_PARTS, Layout, PartFile, find_layout
from rvebench.revise.checkpoints.report import KeyReport, compare
from rvebench.revise.checkpoints.sizes import infer_config, with_tags
from rvebench.revise.checkpoints.tensors import TensorFile, open_tensors
from rvebench.revise.config import ReviseConfig
from rvebench.weights import TensorInfo

if TYPE_CHECKING:
    import torch

__all__ = ["TAGS", "CheckpointFolder"]

TAGS: Mapping[str, tuple[str, str]] = {
    "visual": ("<img_st>", "<img_ed>"),
    "interpreted": ("<ipl_st>", "<ipl_ed>"),
    "prompt": ("<prp_st>", "<prp_ed>"),
}
"""The special tokens' names in their file, by the fields of `TagConfig`."""


_WORDS = {"special_tokens": "file of the special tokens", "null_context": "file of the null context"}


class CheckpointFolder:
    """A checkpoint whose files are opened as they are needed; nothing in it is run.

    Args:
        path: the folder, or the one above `revise_ckpt`.
        sizes: what its sizes must be; default what it declares, see :mod:`rvebench.revise.checkpoints.sizes`.
        ignore_others: pass over objects beside the tensors of a pickle instead of refusing the file.

    Raises:
        UsageError: there is no such folder.
        DataError: it has no layout that is known.
    """

    def __init__(self, path: Path, *, sizes: ReviseConfig | None = None, ignore_others: bool = False) -> None:
        self.layout: Layout = find_layout(path)
        self.ignore_others = ignore_others
        self._sizes = sizes
        self._files: dict[Path, TensorFile] = {}

    def file(self, path: Path) -> TensorFile:
        """Returns one of its files, opened once.

        Raises:
            DataError: it is cut, damaged, or holds code.
        """
        if path not in self._files:
            self._files[path] = open_tensors(path, ignore_others=self.ignore_others)
        return self._files[path]

    def found(self, place: PartFile) -> dict[str, TensorInfo]:
        """Returns the tensors of a part in one of its places, by their names without the prefix."""
        infos = self.file(place.path).infos
        if place.prefix and self._is_bare(place.path):
            return dict(infos) if place.part == "transformer" else {}
        length = len(place.prefix)
        return {name[length:]: info for name, info in infos.items() if name.startswith(place.prefix)}

    def _is_bare(self, path: Path) -> bool:
        """Whether the mixed file is the transformer alone, without prefixes."""
        return "patch_embedding.weight" in self.file(path).infos

    def strays(self) -> tuple[str, ...]:
        """Returns the names in the mixed file that belong to no part."""
        mixed = self.layout.mixed
        if mixed is None or self._is_bare(mixed):
            return ()
        prefixes = tuple(MIXED_PREFIXES.values())
        return tuple(name for name in self.file(mixed).infos if not name.startswith(prefixes))

    def places(self, part: str) -> list[PartFile]:
        """Returns the places that hold a part, the one that counts first."""
        return [place for place in self.layout.parts.get(part, ()) if not place.prefix or self.found(place)]

    @cached_property
    def config(self) -> ReviseConfig:
        """What the checkpoint is to be, see :mod:`rvebench.revise.checkpoints.sizes`.

        Raises:
            DataError: a file cannot be read, or sizes do not fit together.
        """
        if self._sizes is not None:
            return self._sizes if self.layout.config is not None else with_tags(self._sizes, self._tags())
        if self.layout.config is not None:
            return ReviseConfig.load(self.layout.config)
        parts: dict[str, Mapping[str, TensorInfo]] = {}
        for part in (*BASE_PARTS, *REVISE_PARTS):
            places = self.places(part)
            if places:
                parts[part] = self.found(places[0])
        return infer_config(parts, self.layout.settings, self._tags())

    def _tags(self) -> dict[str, int] | None:
        path = self.layout.special_tokens
        if path is None:
            return None
        infos = self.file(path).infos
        return {
            name: max(infos[tag].shape[-2] if tag in infos and len(infos[tag].shape) > 1 else 0 for tag in pair)
            for name, pair in TAGS.items()
        }

    @property
    def wanted_parts(self) -> tuple[str, ...]:
        """The parts that a folder of this layout must have, as far as they are tables of tensors."""
        keys = part_keys(self.config)
        return tuple(part for part in keys if not self.layout.is_base or part in BASE_PARTS)

    def keys(self, part: str) -> tuple[Key, ...]:
        """Returns a part's table at this checkpoint's sizes."""
        return part_keys(self.config)[part]

    def reports(self, part: str) -> list[KeyReport]:
        """Compares every place of a part with its table, the one that counts first; none where it is missing."""
        return [self._report(place) for place in self.places(part)]

    def _report(self, place: PartFile) -> KeyReport:
        prefix = "" if self._is_bare_place(place) else place.prefix
        return compare(place.part, place.path, self.keys(place.part), self.found(place), place.names, prefix=prefix)

    def _is_bare_place(self, place: PartFile) -> bool:
        return bool(place.prefix) and self._is_bare(place.path)

    def sources(self, part: str) -> dict[str, tuple[TensorInfo, Callable[[], torch.Tensor]]]:
        """Returns, by the names of ours, what each tensor of a part is and a way to its numbers.

        Raises:
            DataError: the part is missing, or not exactly what it must be.
        """
        places = self.places(part)
        if not places:
            raise DataError(
                f"the part {part} is missing", where=self.layout.root, hint="fetch it, or name another folder"
            )
        place = places[0]
        report = self._report(place)
        if not report.sound:
            raise DataError(f"the part {part} is not what it must be: {report.summary()}", where=place.path)
        infos, file = self.found(place), self.file(place.path)
        prefix = "" if self._is_bare_place(place) else place.prefix
        rows: dict[str, tuple[TensorInfo, Callable[[], torch.Tensor]]] = {}
        for key in self.keys(part):
            name = getattr(key, place.names)
            rows[key.ours] = (infos[name], _loader(file, prefix + name))
        return rows

    def tensors(self, part: str) -> dict[str, torch.Tensor]:
        """Returns a part's tensors under the names of ours, mapped from its file, ready for a strict load.

        Raises:
            DataError: the part is missing, or not exactly what it must be.
            UsageError: torch is not installed.
        """
        return {name: load() for name, (_, load) in self.sources(part).items()}

    def tag_names(self) -> tuple[str, ...]:
        """Returns the special tokens that the model's context is built with."""
        config = self.config
        lengths = config.conditioning.tags
        used = {
            "visual": config.visual_context_adapter is not None and lengths.visual,
            "interpreted": config.connector is not None and lengths.interpreted,
            "prompt": config.text is not None and lengths.prompt,
        }
        return tuple(tag for name, pair in TAGS.items() if used[name] for tag in pair)

    def context_sources(self, name: str) -> dict[str, tuple[TensorInfo, Callable[[], torch.Tensor]]]:
        """Returns the tensors of `special_tokens` or `null_context`; a list of one is its one item.

        Raises:
            DataError: the file is missing, cut, or holds code.
        """
        path = getattr(self.layout, name)
        if path is None:
            raise DataError(f"the {_WORDS[name]} is missing", where=self.layout.root, hint="finish the download")
        file = self.file(path)
        alone = {item for item in file.infos if item.endswith(".0") and f"{item[:-2]}.1" not in file.infos}
        return {item[:-2] if item in alone else item: (info, _loader(file, item)) for item, info in file.infos.items()}

    def context_names(self) -> tuple[str, ...]:
        """Returns which of the two files of context the model needs."""
        return ("special_tokens", "null_context") if self.tag_names() else ("null_context",)

    def close(self) -> None:
        """Lets go of every mapped file."""
        for file in self._files.values():
            file.close()


def _loader(file: TensorFile, name: str) -> Callable[[], torch.Tensor]:
    return lambda: file.tensor(name)
