"""JSON lines under zstandard: the same lines give the same bytes, and no file unpacks into more than was allowed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from rvebench.errors import DataError
from rvebench.records import canonical_json

__all__ = ["PackedError", "TooLargeError", "pack_lines", "unpack_lines"]

_LEVEL = 12
_PIECE_BYTES = 512
"""Read at a time: at its densest, zstandard makes 128 KiB of four bytes, so this is 16 MiB at most."""
_WINDOW_BYTES = 1 << 27
"""Most memory a frame may ask its reader for."""


class PackedError(DataError):
    """A file that is not whole lines of text under zstandard."""


class TooLargeError(DataError):
    """A file, or what it unpacks to, is larger than was allowed."""


def pack_lines(values: Iterable[object]) -> bytes:
    """Returns values as canonical JSON lines, packed in one frame with its size and a checksum.

    Bytes are the same for the same values and the same release of zstandard.
    """
    import zstandard

    # Half a surrogate pair (a cut reply) cannot be written: it becomes a question mark, as in a run's journal.
    text = "".join(f"{canonical_json(value)}\n" for value in values).encode(errors="replace")
    return zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True, write_content_size=True).compress(text)


def unpack_lines(
    path: Path, *, packed_bytes: int, unpacked_bytes: int, line_bytes: int, most_lines: int = 1_000_000
) -> Iterator[bytes]:
    """Yields the lines of a packed file without their ends; memory stays small whatever the file says of itself.

    Args:
        path: the file.
        packed_bytes: most bytes of the file.
        unpacked_bytes: most bytes of all lines.
        line_bytes: most bytes of one line.
        most_lines: most lines; work on a file of empty lines ends there.

    Raises:
        TooLargeError: a limit is passed; nothing beyond it is unpacked.
        PackedError: the file is not there, is damaged, has more than one frame, or ends in the middle of a line.
    """
    import zstandard

    try:
        size = path.stat().st_size
        if size > packed_bytes:
            raise TooLargeError(f"the file has {size:,} bytes, and the track allows {packed_bytes:,}", where=path)
        file = path.open("rb")
    except OSError as error:
        raise PackedError(f"the file cannot be read: {error.strerror or error}", where=path) from None
    with file:
        unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES).decompressobj()
        seen = count = 0
        rest = b""
        try:
            while piece := file.read(_PIECE_BYTES):
                if unpacker.eof:
                    raise PackedError("the file goes on after its end", where=path)
                chunk = unpacker.decompress(piece)
                seen += len(chunk)
                if seen > unpacked_bytes:
                    raise TooLargeError(
                        f"the file unpacks to more than the {unpacked_bytes:,} bytes that the track allows", where=path
                    )
                *lines, rest = (rest + chunk).split(b"\n")
                count += len(lines)
                if count > most_lines:
                    raise TooLargeError(f"the file has more than {most_lines:,} lines", where=path)
                yield from _sized(lines, line_bytes, path)
                if len(rest) > line_bytes:
                    yield from _sized([rest], line_bytes, path)
        except zstandard.ZstdError as error:
            raise PackedError(f"the file is not zstandard, or is damaged: {error}", where=path) from None
        if not unpacker.eof:
            raise PackedError("the file ends before it should", where=path)
        if unpacker.unused_data:
            raise PackedError("the file goes on after its end", where=path)
        if rest:
            raise PackedError("the file ends in the middle of a line", where=path)


def _sized(lines: list[bytes], line_bytes: int, path: Path) -> Iterator[bytes]:
    for line in lines:
        if len(line) > line_bytes:
            raise TooLargeError(f"a line has more than the {line_bytes:,} bytes that the track allows", where=path)
        yield line
