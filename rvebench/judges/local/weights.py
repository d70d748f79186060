"""Which weights `hf:MODEL` means, found before any work: a folder by its files' hash, a hub model by its commit."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rvebench.errors import UsageError
from rvebench.records import digest_of

__all__ = ["Weights", "find_weights", "require_libraries"]

_LIBRARIES = ("torch", "transformers")
_DECIDING = (".json", ".jinja", ".txt", ".model", ".safetensors")
_WEIGHT_FILES = ("model.safetensors", "model.safetensors.index.json")
_HUB_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A model whose files are known."""

    source: str
    """What transformers loads from: a folder, or `owner/name`."""
    name: str
    """As verdicts name it: never with the folders of one machine."""
    revision: str = ""
    """The commit on the hub; empty for a folder."""
    files_sha256: str = ""
    """Of a folder's configuration, tokenizer and weights; empty for a commit, which fixes them."""

    @property
    def identity(self) -> str:
        """What decides the model's answers."""
        return self.revision or f"sha256:{self.files_sha256}"


def require_libraries(where: str) -> None:
    """Imports torch and transformers.

    Raises:
        UsageError: one of them is not installed, or does not import.
    """
    absent = [name for name in _LIBRARIES if importlib.util.find_spec(name) is None]
    if absent:
        raise UsageError(
            f"a local judge needs {' and '.join(absent)}, not installed here",
            where=where,
            hint='install them with `pip install "rvebench[hf]"`',
        )
    for name in _LIBRARIES:
        try:
            importlib.import_module(name)
        except (ImportError, OSError) as error:
            raise UsageError(f"{name} is installed and does not import: {_line(error)}", where=where) from None


def find_weights(model: str, revision: str = "") -> Weights:
    """Returns what `model` means. Reads files; asks the hub for a commit only when its cache has none.

    Args:
        model: a folder, or `owner/name`.
        revision: branch, tag or commit on the hub.

    Raises:
        UsageError: no such folder, a folder without a model, a hub model that is neither cached nor to be had, or a
            model that takes no images.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        if revision:
            raise UsageError(f"revision={revision} has no meaning for a folder", where=model)
        return _in_folder(folder.resolve())
    if model.startswith((".", "/", "~")) or model.count("/") != 1:
        raise UsageError(
            "no such folder, and no name on the hub", where=model, hint="write a folder, or owner/name as on the hub"
        )
    return _on_hub(model, revision)


def _in_folder(folder: Path) -> Weights:
    config = folder / "config.json"
    if not config.is_file() or not any(folder.glob("*.safetensors")):
        raise UsageError(
            "the folder holds no model: it needs config.json and *.safetensors",
            where=folder,
            hint="save one with save_pretrained, or fetch one with `hf download MODEL --local-dir FOLDER`",
        )
    _check_sees_images(config, str(folder))
    files = sorted(path for path in folder.iterdir() if path.suffix in _DECIDING and path.is_file())
    hashes = {path.name: _sha256(path) for path in files}
    return Weights(source=str(folder), name=folder.name, files_sha256=digest_of(hashes))


def _on_hub(model: str, revision: str) -> Weights:
    import huggingface_hub as hub

    cached = hub.try_to_load_from_cache(model, "config.json", revision=revision or None)
    if isinstance(cached, str):
        commit = Path(cached).parent.name
        if _is_offline() and not any(
            isinstance(hub.try_to_load_from_cache(model, name, revision=commit), str) for name in _WEIGHT_FILES
        ):
            raise _not_here(model, "its weights are not in the cache, and HF_HUB_OFFLINE forbids to fetch them")
    elif _is_offline():
        raise _not_here(model, "it is not in the cache, and HF_HUB_OFFLINE forbids to fetch it")
    else:
        # The hub's errors have a dozen classes over versions and transports; each means the same to the user.
        try:
            commit = str(hub.HfApi().model_info(model, revision=revision or None, timeout=_HUB_LIMIT_S).sha)
            cached = hub.hf_hub_download(model, "config.json", revision=commit)
        except Exception as error:
            raise _not_here(model, f"it is not in the cache, and the hub does not give it: {_line(error)}") from None
    _check_sees_images(Path(cached), model)
    return Weights(source=model, name=model, revision=commit)


def _check_sees_images(config: Path, where: str) -> None:
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES as KNOWN

    try:
        kind: Any = json.loads(config.read_text("utf-8")).get("model_type")
    except (ValueError, AttributeError) as error:
        raise UsageError(f"config.json is damaged: {_line(error)}", where=where) from None
    if kind not in KNOWN:
        raise UsageError(
            f"a model of type {kind!r} takes no images, or this version of transformers does not know it",
            where=where,
            hint="use a vision-language model such as Qwen2.5-VL, Qwen3-VL or SmolVLM",
        )


def _is_offline() -> bool:
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}


def _not_here(model: str, why: str) -> UsageError:
    return UsageError(
        why,
        where=model,
        hint=f"run `hf download {model}` where there is a network, or name a folder: hf:/path/to/model",
    )


def _line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__


def _sha256(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            found.update(block)
    return found.hexdigest()
