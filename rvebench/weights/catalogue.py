"""Which weight files the project can use: where they come from, how they are checked, under which terms.

The sums and sizes were found as follows. CLIP publishes its sum inside the URL. The vocabulary was hashed from three
copies (the packages `open_clip` and `clip`, and GitHub). DINO publishes none: several independent projects that fetched
it record the same sum. ViCLIP's and AMT's stand in public tables made from Hugging Face's own listing; none of these
three was fetched here, because this project was written without a network.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from rvebench.errors import DataError, UnknownNameError, UsageError

__all__ = ["CATALOGUE", "WeightFile", "catalogue", "known_file"]

PLACES = ("vbench", "torch_hub", "clip", "package", "hf")
"""What a template of :attr:`WeightFile.known_places` may start with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightFile:
    """One file that somebody publishes and this project reads."""

    name: str
    """As it is called here: `dino-vitb16`."""
    filename: str
    """One path component; unique in a catalogue."""
    urls: tuple[str, ...]
    """Tried in this order."""
    sha256: str | None
    """64 hexadecimal digits; None where nobody publishes it: then the first sum seen here is trusted."""
    size_bytes: int | None
    licence: str
    terms: str = ""
    """A sentence the user must read; empty when the licence is permissive and known."""
    source: str
    """Who publishes the file, for which model."""
    known_places: tuple[str, ...] = ()
    """Where other tools keep the same file: `{vbench}/…`, `{torch_hub}/…`, `{clip}/…`, `{package:NAME}/…`,
    `{hf:OWNER/NAME}/…`."""
    unwrap: tuple[str, ...] = ()
    """Keys to go through to the state dict, see :func:`rvebench.weights.load_tensors`."""
    only_tensors: bool = False
    """The published file may hold objects beside its tensors: they are passed over, never built."""

    def __post_init__(self) -> None:
        """Checks every field: a record may come from a user's file.

        Raises:
            UsageError: a field cannot be used.
        """
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,63}", self.name):
            raise self._bad("name", "a name is lower-case letters, digits, dots and dashes")
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}", self.filename):
            raise self._bad("filename", "a file name is one plain path component")
        if self.sha256 is not None and not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise self._bad("sha256", "a sum is 64 lower-case hexadecimal digits")
        if self.size_bytes is not None and self.size_bytes < 1:
            raise self._bad("size_bytes", "a size is a number of bytes above 0")
        for url in self.urls:
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.netloc:
                raise self._bad("urls", "a URL starts with http:// or https://")
        for place in self.known_places:
            found = re.fullmatch(r"\{(\w+)(?::[\w./-]+)?\}/(.+)", place)
            if found is None or found[1] not in PLACES or ".." in place.split("/"):
                raise self._bad("known_places", f"a place starts with one of {', '.join(PLACES)} in braces")

    def _bad(self, field: str, hint: str) -> UsageError:
        return UsageError(f"{getattr(self, field)!r} cannot be the {field} of weights", where=self.name, hint=hint)


_HF = "https://huggingface.co"
_CLIP_SHA256 = "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af"

_SHIPPED = (
    WeightFile(
        name="dino-vitb16",
        filename="dino_vitbase16_pretrain.pth",
        urls=("https://dl.fbaipublicfiles.com/dino/dino_vitbase16_pretrain/dino_vitbase16_pretrain.pth",),
        sha256="bf34ad0f424b9029b593e8dc3ed553bf26e88bcba0d32bf3e62a6209cb64c85e",
        size_bytes=343_242_485,
        licence="Apache-2.0",
        source="facebookresearch/dino, ViT-B/16",
        known_places=(
            "{torch_hub}/checkpoints/dino_vitbase16_pretrain.pth",
            "{vbench}/dino_model/dino_vitbase16_pretrain.pth",
        ),
    ),
    WeightFile(
        name="clip-vit-b32",
        filename="ViT-B-32.pt",
        urls=(f"https://openaipublic.azureedge.net/clip/models/{_CLIP_SHA256}/ViT-B-32.pt",),
        sha256=_CLIP_SHA256,
        size_bytes=353_976_522,
        licence="MIT",
        source="openai/CLIP, ViT-B/32",
        known_places=("{clip}/ViT-B-32.pt", "{vbench}/clip_model/ViT-B-32.pt"),
    ),
    WeightFile(
        name="viclip-l14",
        filename="ViClip-InternVid-10M-FLT.pth",
        urls=(
            f"{_HF}/OpenGVLab/VBench_Used_Models/resolve/main/ViClip-InternVid-10M-FLT.pth",
            f"{_HF}/OpenGVLab/ViCLIP/resolve/main/ViClip-InternVid-10M-FLT.pth",
            "https://pjlab-gvm-data.oss-cn-shanghai.aliyuncs.com/internvideo/viclip/ViClip-InternVid-10M-FLT.pth",
        ),
        sha256="7a4d6ad6eac6632db3693f4b97f9f8f6445b65b1e139a6fc6686150522238c56",
        size_bytes=1_710_545_812,
        licence="not verified",
        terms="the licence of the ViCLIP weights is not verified; the InternVid data they were trained on is "
        "CC BY-NC-SA 4.0: ask OpenGVLab before any use that is not research",
        source="OpenGVLab/InternVideo, ViCLIP-L/14 trained on InternVid-10M-FLT",
        known_places=(
            "{vbench}/ViCLIP/ViClip-InternVid-10M-FLT.pth",
            "{hf:OpenGVLab/VBench_Used_Models}/ViClip-InternVid-10M-FLT.pth",
            "{hf:OpenGVLab/ViCLIP}/ViClip-InternVid-10M-FLT.pth",
        ),
        unwrap=("model",),
        only_tensors=True,
    ),
    WeightFile(
        name="amt-s",
        filename="amt-s.pth",
        urls=(f"{_HF}/lalala125/AMT/resolve/main/amt-s.pth",),
        sha256="07e7e03405c213fe4405678db9b42d05671e48c56faf6a441b99bb0047d3cf77",
        size_bytes=12_038_359,
        licence="CC BY-NC 4.0",
        terms="the AMT-S weights are CC BY-NC 4.0: no commercial use",
        source="MCG-NKU/AMT, AMT-S",
        known_places=("{vbench}/amt_model/amt-s.pth", "{hf:lalala125/AMT}/amt-s.pth"),
        unwrap=("state_dict",),
        only_tensors=True,
    ),
    WeightFile(
        name="clip-bpe",
        filename="bpe_simple_vocab_16e6.txt.gz",
        urls=("https://raw.githubusercontent.com/openai/CLIP/main/clip/bpe_simple_vocab_16e6.txt.gz",),
        sha256="924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a",
        size_bytes=1_356_917,
        licence="MIT",
        source="openai/CLIP, the vocabulary of its tokenizer",
        known_places=(
            "{package:open_clip}/bpe_simple_vocab_16e6.txt.gz",
            "{package:clip}/bpe_simple_vocab_16e6.txt.gz",
            "{vbench}/ViCLIP/bpe_simple_vocab_16e6.txt.gz",
        ),
    ),
)

CATALOGUE: Mapping[str, WeightFile] = MappingProxyType({file.name: file for file in _SHIPPED})
"""The shipped records by name."""


def catalogue(environ: Mapping[str, str] = os.environ) -> Mapping[str, WeightFile]:
    """Returns the shipped records, changed and extended by the file `$RVEBENCH_WEIGHTS_CATALOGUE`, when it is set.

    That file is a JSON object by name; each value holds the fields to change, or all fields of a file of one's own.

    Raises:
        DataError: it is not such a file.
        UsageError: a record in it cannot be used.
    """
    named = environ.get("RVEBENCH_WEIGHTS_CATALOGUE")
    if not named:
        return CATALOGUE
    path = Path(named)
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"the catalogue of weights cannot be read: {error}", where=path) from None
    if not isinstance(given, dict) or not all(isinstance(record, dict) for record in given.values()):
        raise DataError("the catalogue of weights is not an object of objects", where=path)
    merged = dict(CATALOGUE)
    for name, record in given.items():
        merged[name] = _merge(name, record, merged.get(name), path)
    claimed: dict[str, str] = {}
    for name, file in merged.items():
        if file.filename in claimed:
            raise UsageError(
                f"{claimed[file.filename]} and {name} have one file name ({file.filename})",
                where=path,
                hint="give each file its own name",
            )
        claimed[file.filename] = name
    return MappingProxyType(merged)


_TYPES: Mapping[str, tuple[type, ...]] = {
    "filename": (str,),
    "urls": (list,),
    "sha256": (str, type(None)),
    "size_bytes": (int, type(None)),
    "licence": (str,),
    "terms": (str,),
    "source": (str,),
    "known_places": (list,),
    "unwrap": (list,),
    "only_tensors": (bool,),
}


def _merge(name: str, record: Mapping[str, object], base: WeightFile | None, path: Path) -> WeightFile:
    where = f"{path}: {name}"
    values: dict[str, object] = {}
    for field, value in record.items():
        if field not in _TYPES:
            raise DataError(f"{field!r} is no field of weights", where=where, hint=f"fields: {', '.join(_TYPES)}")
        fits = isinstance(value, _TYPES[field]) and not (field == "size_bytes" and isinstance(value, bool))
        if not fits or (isinstance(value, list) and not all(isinstance(item, str) for item in value)):
            raise DataError(f"the field {field} has a value of the wrong kind", where=where)
        values[field] = tuple(value) if isinstance(value, list) else value
    if base is None:
        values = {"sha256": None, "size_bytes": None, "licence": "not stated", "source": str(path), **values}
        if missing := {"filename", "urls"} - set(values):
            raise DataError(f"a new file needs {' and '.join(sorted(missing))}", where=where)
        base = WeightFile(name=name, filename="new", urls=(), sha256=None, size_bytes=None, licence="", source="")
    checked: dict[str, Any] = values
    return replace(base, **checked)


def known_file(name: str, files: Mapping[str, WeightFile]) -> WeightFile:
    """Returns the record of a name.

    Raises:
        UnknownNameError: there is none; the hint lists all.
    """
    file = files.get(name)
    if file is None:
        raise UnknownNameError(f"unknown weights {name!r}", hint=f"known: {', '.join(sorted(files))}")
    return file
