"""The compact letter display: systems that share a letter are not told apart."""

from __future__ import annotations

import string
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["compact_letters", "letter_names"]


def compact_letters(order: Sequence[int], different_MM: NDArray[np.bool_]) -> list[tuple[int, ...]]:
    """Returns the groups of each system, so that two share one exactly when they are not told apart.

    The compact letter display of Piepho (Journal of Computational and Graphical Statistics 13, 2004), built as a cover
    of the pairs that are not told apart by groups without any pair that is: each pair not covered yet, best first,
    grows a group by every system that fits, in order of rank. Where being told apart follows the ranks (whoever differs
    from one differs from all below it), no display has fewer groups.

    Args:
        order: every system's index, best first.
        different_MM: symmetric; True where a pair is told apart.

    Returns:
        For each system its groups, ascending; group 0 holds the best.
    """
    like_MM = ~different_MM
    np.fill_diagonal(like_MM, True)
    ranked = np.array(order, dtype=np.intp)
    covered_MM = np.zeros_like(like_MM)
    found: list[list[int]] = [[] for _ in order]
    groups = 0
    for first in order:
        for second in ranked[like_MM[first, ranked] & ~covered_MM[first, ranked]]:
            if covered_MM[first, second]:
                continue
            group = [first] if first == second else [first, int(second)]
            fits_M = like_MM[group[0]] & like_MM[group[-1]]
            for other in order:
                if fits_M[other] and other not in group:
                    group.append(other)
                    fits_M = fits_M & like_MM[other]
            covered_MM[np.ix_(group, group)] = True
            for member in group:
                found[member].append(groups)
            groups += 1
    return [tuple(letters) for letters in found]


def letter_names(groups: Sequence[int]) -> str:
    """Returns one system's groups as letters: `a b`, three in a row as `c–e`; after z come a1, b1 and so on."""
    parts: list[str] = []
    start = 0
    while start < len(groups):
        stop = start
        while stop + 1 < len(groups) and groups[stop + 1] == groups[stop] + 1:
            stop += 1
        if stop - start >= 2:
            parts.append(f"{_letter(groups[start])}–{_letter(groups[stop])}")
        else:
            parts.extend(_letter(group) for group in groups[start : stop + 1])
        start = stop + 1
    return " ".join(parts)


def _letter(group: int) -> str:
    turn, place = divmod(group, len(string.ascii_lowercase))
    return string.ascii_lowercase[place] + (str(turn) if turn else "")
