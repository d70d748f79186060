"""Each rater's secret, and the links made of them."""

from __future__ import annotations

import csv
import hmac
from collections.abc import Mapping
from pathlib import Path

from rvebench.errors import DataError
from rvebench.study.folder import TOKENS_NAME
from rvebench.study.records import Study

__all__ = ["link", "rater_of", "read_tokens"]

_FEWEST_CHARACTERS = 16


def read_tokens(directory: Path, study: Study) -> Mapping[str, str]:
    """Returns the token of each rater, by rater.

    Raises:
        DataError: the file is not there, or does not hold one good token for each rater of the study.
    """
    path = directory / TOKENS_NAME
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
    except FileNotFoundError:
        raise DataError(
            "the raters' tokens are not there", where=path, hint="restore the file from where the study was made"
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"not a table: {error}", where=path) from None
    # What stands in the file is a secret: errors name lines and raters only.
    if not rows or rows[0] != ["rater", "token"] or any(len(row) != 2 for row in rows):
        raise DataError("must have the two columns rater,token", where=path)
    found = {row[0]: row[1] for row in rows[1:]}
    if set(found) != set(study.raters) or len(rows) - 1 != len(found):
        raise DataError("must have one line for each rater of the study", where=path)
    weak = [rater for rater, token in found.items() if len(token) < _FEWEST_CHARACTERS or not token.isascii()]
    if weak or len(set(found.values())) != len(found):
        raise DataError(
            f"tokens must differ, in ASCII, {_FEWEST_CHARACTERS} characters or more"
            + (f": see rater {weak[0]}" if weak else ""),
            where=path,
        )
    return found


def rater_of(tokens: Mapping[str, str], token: str) -> str | None:
    """Returns whose token it is; looks at all of them, so that time tells nothing."""
    given = token.encode(errors="replace")
    found = None
    for rater, secret in tokens.items():
        if hmac.compare_digest(secret.encode(), given):
            found = rater
    return found


def link(url: str, token: str) -> str:
    """Returns a rater's link. The token stands behind `#`: browsers send that part to nobody."""
    return f"{url.rstrip('/')}/#{token}"
