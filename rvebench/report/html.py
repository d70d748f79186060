"""The page: one file that holds its numbers, texts, pictures, style and script, and loads nothing.

* Same run, same bytes: no date, no absolute path, no order that hashing decides.
* Nothing a run carries can act: texts reach the markup escaped, or as JSON whose `<`, `>` and `&` are written as
  escapes; the content security policy allows the page's own style and script by their hashes and no request at all.
* Previews stand behind the script as base64 texts, each decoded only when its card is near the viewport, so that the
  first paint waits for none of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import resources

from rvebench.pages import Shell, as_ascii, base64_text, environment, inert_json, make_shell
from rvebench.report.cards import card
from rvebench.report.judges import DISAGREE_POINTS
from rvebench.report.page import make_page
from rvebench.runs.preview import Preview, PreviewProblem, read_preview
from rvebench.runs.view import RunView
from rvebench.scoring.words import METRIC_NOTE

__all__ = ["MEDIA_LIMIT_BYTES", "render_html"]

MEDIA_LIMIT_BYTES = 192 * 1024 * 1024
"""Previews in one page, before base64: past this, browsers open a file too slowly to be of use."""

_STYLES = ("samples.css",)
_SCRIPTS = ("core.js", "player.js", "cards.js", "app.js")


def render_html(view: RunView, *, media_limit_bytes: int = MEDIA_LIMIT_BYTES) -> str:
    """Returns the whole page as one HTML text; the same view gives the same text.

    Args:
        view: the run. Previews are read from the files it names; one that cannot be shown is said in its card.
        media_limit_bytes: previews past this many bytes together are left out, which their cards say.
    """
    previews = list(_previews(view, media_limit_bytes))
    cards = [card(outcome, preview) for outcome, preview in zip(view.outcomes, previews, strict=True)]
    template = environment().from_string(_read("report.html"))
    head = template.render(
        page=make_page(view),
        shell=_shell(),
        metric_note=METRIC_NOTE,
        disagree_points=f"{DISAGREE_POINTS:g}",
        cards=inert_json({"judged": bool(view.header.judge), "samples": cards}),
    )
    parts = [as_ascii(head)]
    for index, preview in enumerate(previews):
        if isinstance(preview, Preview):
            parts.append(f'<script type="text/plain" id="media-{index}">{base64_text(preview.data)}</script>\n')
    parts.append("</body>\n</html>\n")
    return "".join(parts)


def _previews(view: RunView, limit_bytes: int) -> Iterator[Preview | PreviewProblem | None]:
    left = limit_bytes
    for outcome in view.outcomes:
        preview = None if outcome.preview is None else read_preview(outcome.preview)
        if isinstance(preview, Preview):
            left -= len(preview.data)
            if left < 0:
                preview = PreviewProblem(reason="left out: the page would be too large to open with every preview")
        yield preview


def _read(name: str) -> str:
    return resources.files("rvebench.report").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _shell() -> Shell:
    return make_shell([_read(name) for name in _STYLES], [_read(name) for name in _SCRIPTS])
