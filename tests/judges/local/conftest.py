from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rvebench.llm.messages import ChatMessage, ImagePart, TextPart

Save = Callable[[str], Path]


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Save:
    """The folder of a tiny model of a kind, made once; skips where torch or transformers are not installed."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from tests.judges.local.tiny import save_model

    made: dict[str, Path] = {}

    def save(kind: str) -> Path:
        if kind == "smolvlm":
            pytest.importorskip("num2words")
        if kind not in made:
            made[kind] = save_model(kind, tmp_path_factory.mktemp("models") / f"tiny-{kind}")
        return made[kind]

    return save


@pytest.fixture(scope="session")
def loaded(saved: Save) -> Callable[[str], Any]:
    """A tiny model of a kind, loaded as a real one is."""
    from rvebench.judges.local.model import load_model
    from rvebench.judges.local.weights import find_weights

    held: dict[str, Any] = {}

    def load(kind: str) -> Any:
        if kind not in held:
            held[kind] = load_model(find_weights(str(saved(kind))), device="cpu", dtype="float32")
        return held[kind]

    return load


def picture(grey: int, *, size: tuple[int, int] = (96, 72)) -> ImagePart:
    out = io.BytesIO()
    Image.fromarray(np.full((size[1], size[0], 3), grey, np.uint8)).save(out, "PNG")
    return ImagePart(out.getvalue(), "image/png", *size)


def question(*greys: int, text: str = "Is the second frame lighter?") -> tuple[ChatMessage, ...]:
    """A question about some grey frames."""
    shown = [part for index, grey in enumerate(greys) for part in (TextPart(f"frame {index} "), picture(grey))]
    return (
        ChatMessage("system", (TextPart("You compare frames."),)),
        ChatMessage("user", (*shown, TextPart(text))),
    )
