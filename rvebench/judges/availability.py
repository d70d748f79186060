"""Judges that users know by name and that this version does not have: what to do instead.

A name stands here only while no registry entry has it; an entry of the same name, shipped or from an installed
package, is used at once.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType

from rvebench.errors import UsageError

__all__ = ["ANNOUNCED", "explain_absence"]

ANNOUNCED: Mapping[str, str] = MappingProxyType({"gpt-4o": "OPENAI_API_KEY"})
"""Judge name to the environment variable that its key is read from."""


def explain_absence(name: str, environ: Mapping[str, str] = os.environ) -> UsageError:
    """Returns the error for a judge of :data:`ANNOUNCED`: that it is not here, and the two ways on.

    Args:
        name: a key of :data:`ANNOUNCED`.
        environ: where the key is looked for; its value is not shown.
    """
    key = ANNOUNCED[name]
    found = "is set" if environ.get(key) else "is not set"
    return UsageError(
        f"the judge {name!r} is not part of this version yet; it needs {key}, which {found} here",
        hint=f"two ways on: set {key} and install a version that has the judge, "
        "or use `--judge reference` (compares with the sample's target video, needs no key)",
    )
