"""What every page of ours has in common: one file, no request to anywhere, and nothing in it that others wrote can act.

* Texts reach the markup escaped (:func:`environment`), or as JSON whose `<`, `>` and `&` are written as escapes.
* The content security policy allows the page's own style and script by their hashes, pictures that are inside the file,
  and no request at all.
* `base.css` holds the palette, light and dark, the plain elements, and the frame of a page: head, sections, panels,
  tables, bars; `frame.html` the macros `head` and `bar_row`. Each room adds its own style.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

__all__ = ["Shell", "as_ascii", "base64_text", "environment", "inert_json", "make_shell"]


class Shell(NamedTuple):
    """What is the same in every page of a kind."""

    style: Markup
    script: Markup
    policy: str
    """For the `Content-Security-Policy` meta element."""


def make_shell(styles: Sequence[str], scripts: Sequence[str]) -> Shell:
    """Returns style, script and the policy that allows exactly these.

    Args:
        styles: texts of style sheets; the base comes before them.
        scripts: texts of scripts, which share one strict function scope.
    """
    style = "\n".join([_own_text("base.css"), *styles])
    script = '"use strict";\n(() => {\n' + "\n".join(scripts) + "})();\n"
    policy = "; ".join(
        (
            "default-src 'none'",
            "img-src data:",
            f"style-src 'sha256-{_sha256(style)}'",
            f"script-src 'sha256-{_sha256(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    return Shell(style=Markup(style), script=Markup(script), policy=policy)  # noqa: S704 - our own files


@cache
def environment() -> Environment:
    """Returns the template environment: everything is escaped, an unknown name is an error.

    Templates may import the macros of `frame.html`, `head` and `bar_row`.
    """
    return Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(_own_text),
    )


def inert_json(value: object) -> Markup:
    """Returns JSON, keys sorted, that no HTML parser can take for a tag, comment or entity.

    Raises:
        ValueError: the value holds NaN or an infinity.
    """
    text = json.dumps(value, sort_keys=True, allow_nan=False)
    text = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return Markup(text)  # noqa: S704 - every markup character is escaped above


def as_ascii(page: str) -> str:
    """Returns the page with every other letter as a character reference.

    It then reads the same whatever encoding a server claims, a lone surrogate in a text cannot make it unwritable, and
    tens of megabytes of base64 behind it stay one byte a character in memory.
    """
    return page.encode("ascii", "xmlcharrefreplace").decode("ascii")


def base64_text(data: bytes) -> str:
    """Returns bytes as base64."""
    return base64.b64encode(data).decode("ascii")


def _sha256(text: str) -> str:
    return base64_text(hashlib.sha256(text.encode()).digest())


@cache
def _own_text(name: str) -> str:
    return resources.files("rvebench.pages").joinpath(name).read_text(encoding="utf-8")
