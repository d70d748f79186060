"""Everything in fp64: the code of transformers and diffusers casts to fp32 here and there, and is kept from it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch


@contextlib.contextmanager
def double_precision() -> Iterator[None]:
    """Makes `tensor.float()` and `tensor.to(torch.float32)` give fp64, and new tensors fp64, for what runs inside."""
    patch_float, patch_to, default = torch.Tensor.float, torch.Tensor.to, torch.get_default_dtype()

    def to(self: torch.Tensor, *args: Any, **named: Any) -> torch.Tensor:
        args = tuple(torch.float64 if each is torch.float32 else each for each in args)
        if named.get("dtype") is torch.float32:
            named["dtype"] = torch.float64
        return patch_to(self, *args, **named)

    torch.Tensor.float = lambda self, *_, **__: self.double()  # type: ignore[method-assign]
    torch.Tensor.to = to  # type: ignore[method-assign]
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.Tensor.float, torch.Tensor.to = patch_float, patch_to  # type: ignore[method-assign]
        torch.set_default_dtype(default)
