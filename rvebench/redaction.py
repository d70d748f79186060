"""Keys and tokens stay out of everything that is kept or printed, and folders out of what is passed on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

__all__ = ["MASK", "Secrets", "hide_paths"]

MASK = "***"

_SECRET_NAME = re.compile(
    r"(^|_)(API_?)?(KEY|TOKEN|SECRETS?|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?)(_|$)|APIKEY", re.IGNORECASE
)
_SIGNED_QUERY = re.compile(r"(https?://[^\s?#\"'<>]+)\?[^\s\"'<>]*")
_SHORTEST = 6
"""Shorter values would mask ordinary words."""
_FOLDERS = re.compile(r"""(?:(?<![\w/.~…-])|(?<=file://))/(?!/)(?:[^\s/:;,'"<>()]+/)+""")


def hide_paths(text: str) -> str:
    """Returns `text` with the folders of absolute paths replaced by an ellipsis; names of files and URLs stay.

    A page is passed on: it must not tell where on whose machine it was made, and must be the same from both.
    """
    return _FOLDERS.sub("…/", text)


class Secrets:
    """The texts that must not be shown.

    Args:
        environ: variables; those whose name says key, token, secret or password are masked.
        also: names of variables that are masked whatever they are called (they stand in an HTTP header, say).
    """

    def __init__(self, environ: Mapping[str, str], *, also: Iterable[str] = ()) -> None:
        named = set(also)
        found = {value for name, value in environ.items() if name in named or _SECRET_NAME.search(name)}
        self._values = sorted((value for value in found if len(value) >= _SHORTEST), key=len, reverse=True)

    def mask(self, text: str) -> str:
        """Returns `text` without the secret values and without the query of any URL (signed links hold keys)."""
        return _SIGNED_QUERY.sub(rf"\1?{MASK}", self.mask_values(text))

    def mask_values(self, text: str) -> str:
        """Returns `text` without the secret values, for texts that must still parse, such as a model's JSON."""
        for value in self._values:
            text = text.replace(value, MASK)
        return text
