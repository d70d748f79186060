"""How the `revise` verbs print tables, bytes and numbers of parameters."""

from __future__ import annotations

from typing import Any

__all__ = ["count_text", "plain_table", "size_text"]


def plain_table(*titles: str) -> Any:
    """Returns a table whose last column alone is folded in narrow terminals."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in titles[:-1]:
        table.add_column(title, no_wrap=True)
    table.add_column(titles[-1], overflow="fold", min_width=20)
    return table


def size_text(count: int) -> str:
    """Returns bytes as a person reads them: `1.9 GB`, `12.0 MB`, `300 B`."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count} B"


def count_text(numbers: int) -> str:
    """Returns a number of parameters: `1.419 B`, `6.69 M`, `848`."""
    if numbers >= 1e9:
        return f"{numbers / 1e9:.3f} B"
    return f"{numbers / 1e6:.2f} M" if numbers >= 1e6 else f"{numbers}"
