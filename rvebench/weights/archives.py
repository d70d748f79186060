"""Opens the files torch writes: the zip of today, the stream of pickles before 1.6, TorchScript archives.

Tensors that Python's own `pickle.dump` wrote are read too: each storage is then a small file of torch in the pickle.

What comes out is the pickled value with :class:`TensorSpec` in place of tensors, and for each storage where its bytes
lie. Nothing of the file is run, and no torch is needed. Sizes are checked against the file before anything is read:
a small file cannot ask for much memory.
"""

from __future__ import annotations

import mmap
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any, NamedTuple

from rvebench.errors import DataError
from rvebench.weights.pickle_names import ITEM_BYTES, Storage
from rvebench.weights.pickles import PickleMachine

__all__ = ["Checkpoint", "Span", "kind_of", "open_checkpoint"]

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_MOST_PICKLE_BYTES = 256 * 2**20
_MOST_GROWTH = 100
_FREE_GROWTH_BYTES = 256 * 2**20
_UNPACKING = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError, IndexError)
"""What the zip library raises for damaged files."""
_PAGE_STARTS = (b"<!doctype html", b"<html", b"<?xml", b'{"error')


class Span(NamedTuple):
    """Where a storage's bytes are."""

    start: int
    """In the file."""
    size_bytes: int
    data: bytes | None = None
    """The bytes themselves, when they are compressed in the file."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A file that was read."""

    root: Any
    globals: tuple[str, ...]
    """Every dotted name its pickles ask for."""
    spans: Mapping[str, Span]
    """By storage key."""
    mapped: mmap.mmap


def kind_of(path: Path) -> str:
    """Returns `safetensors`, `zip` or `pickle`, by the first bytes.

    Raises:
        DataError: the file is not there, is empty, or is plainly something else.
    """
    try:
        with path.open("rb") as file:
            head = file.read(512)
            size = file.seek(0, 2)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path) from None
    if not head:
        raise DataError("the file is empty", where=path)
    start = head.lstrip().lower()
    if start.startswith(_PAGE_STARTS):
        raise DataError("this is a web page, not weights", where=path, hint="download the file again")
    if start.startswith(b"version https://git-lfs"):
        raise DataError("this is a Git LFS pointer, not the file itself", where=path, hint="run `git lfs pull` there")
    if head.startswith(b"PK"):
        return "zip"
    if len(head) > 9 and head[8:9] == b"{" and 2 <= struct.unpack("<Q", head[:8])[0] <= size - 8:
        return "safetensors"
    if head[257:262] == b"ustar":
        raise DataError(
            "this is a tar file as torch wrote before 0.1.10, which is not read",
            where=path,
            hint="save it with a newer torch",
        )
    return "pickle"


@contextmanager
def open_checkpoint(path: Path, *, ignore_others: bool = False) -> Iterator[Checkpoint]:
    """Yields what a torch zip, TorchScript archive or legacy file holds.

    Args:
        path: the file.
        ignore_others: pass over objects of unknown classes instead of refusing the file. They are never built.

    Raises:
        DataError: the file is cut, damaged, big-endian, unreasonably compressed, or holds code.
    """
    kind = kind_of(path)
    seen: dict[str, None] = {}
    machine = PickleMachine(
        path, ignore_others=ignore_others, open_nested=lambda data: _nested(path, data, seen, ignore_others)
    )
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        if kind == "zip":
            root, spans = _read_zip(path, file, mapped, machine)
        else:
            root, spans = _read_stream(path, mapped, machine)
        yield Checkpoint(root, tuple({**machine.globals, **seen}), spans, mapped)


def _size_of(storage: Storage) -> int:
    return storage.numel * ITEM_BYTES[storage.dtype]


def _read_zip(path: Path, file: IO[bytes], mapped: mmap.mmap, machine: PickleMachine) -> tuple[Any, dict[str, Span]]:
    try:
        archive = zipfile.ZipFile(file)
    except _UNPACKING as error:
        raise DataError(f"the zip is cut or damaged: {error}", where=path, hint="fetch the file again") from None
    members = {info.filename: info for info in archive.infolist()}
    if len(members) != len(archive.infolist()):
        raise DataError("the zip holds two members of one name", where=path)
    pickles = [name for name in members if name.count("/") <= 1 and name.rpartition("/")[2] == "data.pkl"]
    if len(pickles) != 1:
        raise DataError("a zip, but not one that torch wrote: it has no data.pkl", where=path)
    (name,) = pickles
    prefix = name.removesuffix("data.pkl")
    order = members.get(f"{prefix}byteorder")
    if order is not None and _member(path, archive, order, mapped, 16).strip() != b"little":
        raise DataError("its numbers are big-endian, which is not read", where=path, hint="save it on another machine")
    budget = _FREE_GROWTH_BYTES + _MOST_GROWTH * len(mapped)
    if sum(info.file_size for info in members.values()) > budget:
        raise DataError(
            f"it would grow over {_MOST_GROWTH} times its size when unpacked; it was not loaded", where=path
        )
    pickled = _member(path, archive, members[name], mapped, _MOST_PICKLE_BYTES)
    root = machine.load(BytesIO(pickled))
    spans = {}
    for key, storage in machine.storages.items():
        info = members.get(f"{prefix}data/{key}")
        if info is None:
            raise DataError(f"storage {key[:40]!r} is missing in the zip", where=path)
        if info.file_size != _size_of(storage):
            raise DataError(f"storage {key} has {info.file_size} bytes, not {_size_of(storage)}", where=path)
        spans[key] = _span(path, archive, info, mapped)
    return root, spans


def _span(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, mapped: mmap.mmap) -> Span:
    """Finds a member's bytes and checks its CRC."""
    if info.compress_type != zipfile.ZIP_STORED:
        data = _member(path, archive, info, mapped, info.file_size)
        return Span(0, len(data), data)
    start = info.header_offset
    header = mapped[start : start + 30]
    if len(header) < 30 or header[:4] != b"PK\x03\x04" or info.flag_bits & 1:
        raise DataError(f"the zip is damaged at {info.filename}", where=path)
    name_bytes, extra_bytes = struct.unpack("<HH", header[26:30])
    begin = start + 30 + name_bytes + extra_bytes
    if info.file_size != info.compress_size or begin + info.file_size > len(mapped):
        raise DataError(f"the zip is cut: {info.filename} lies beyond its end", where=path)
    with memoryview(mapped) as view, view[begin : begin + info.file_size] as part:
        if zlib.crc32(part) != info.CRC:
            raise DataError(f"{info.filename} fails its checksum: the file is damaged", where=path)
    return Span(begin, info.file_size)


def _member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, mapped: mmap.mmap, most: int) -> bytes:
    """Returns a small member whole."""
    if info.file_size > most:
        raise DataError(f"{info.filename} has {info.file_size} bytes: too large to be what it must be", where=path)
    if info.compress_size > len(mapped) or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(f"the zip is damaged at {info.filename}, or packed in a way that is not read", where=path)
    try:
        with archive.open(info) as member:
            data = member.read(info.file_size + 1)
    except _UNPACKING as error:
        raise DataError(f"the zip is cut or damaged at {info.filename}: {error}", where=path) from None
    if len(data) != info.file_size:
        raise DataError(f"the zip is cut or damaged at {info.filename}", where=path)
    return data


def _read_stream(path: Path, mapped: mmap.mmap, machine: PickleMachine) -> tuple[Any, dict[str, Span]]:
    """Reads magic number, protocol, machine, value, keys; then each storage as a count and its numbers."""
    magic = machine.load(mapped)
    if magic != _MAGIC:
        if machine.nested and machine.nested.keys() == machine.storages.keys():
            return magic, {key: Span(0, len(data), data) for key, data in machine.nested.items()}
        raise DataError("a pickle, but not one that torch wrote", where=path)
    protocol, system = machine.load(mapped), machine.load(mapped)
    if protocol != _PROTOCOL or not isinstance(system, dict):
        raise DataError("torch's old format in an unknown version", where=path)
    if system.get("little_endian") is not True:
        raise DataError("its numbers are big-endian, which is not read", where=path, hint="save it on another machine")
    root = machine.load(mapped)
    keys = machine.load(mapped)
    if not isinstance(keys, list) or {str(key) for key in keys} != set(machine.storages):
        raise DataError("the list of storages does not fit the value", where=path)
    spans: dict[str, Span] = {}
    at = mapped.tell()
    for key in map(str, keys):
        if key in spans or at + 8 > len(mapped):
            raise DataError("the file is cut or damaged in its list of storages", where=path)
        storage = machine.storages[key]
        (count,) = struct.unpack("<q", mapped[at : at + 8])
        size = _size_of(storage)
        if count != storage.numel or at + 8 + size > len(mapped):
            raise DataError("the file is cut or damaged in its storages", where=path, hint="fetch the file again")
        spans[key] = Span(at + 8, size)
        at += 8 + size
    return root, spans


def _nested(path: Path, data: bytes, seen: dict[str, None], ignore_others: bool) -> tuple[Storage, bytes] | None:
    """Returns the storage that a file of torch inside a pickle holds, and its numbers; None for what is passed over."""
    machine = PickleMachine(path, ignore_others=ignore_others)
    with mmap.mmap(-1, max(1, len(data))) as copy:
        copy[: len(data)] = data
        storage, spans = _read_stream(path, copy, machine)
        seen.update(machine.globals)
        if not isinstance(storage, Storage):
            if ignore_others:
                return None
            raise DataError("a storage in the pickle is something else", where=path)
        span = spans[storage.key]
        return storage, copy[span.start : span.start + span.size_bytes]
