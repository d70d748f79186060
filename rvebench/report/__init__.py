"""What a run looks like to a person: a page, terminal tables, and the frozen JSON and CSV forms."""

from __future__ import annotations

from rvebench.report.html import MEDIA_LIMIT_BYTES, render_html
from rvebench.report.sheet import contact_sheet
from rvebench.report.summary import samples_csv, summary_json
from rvebench.report.tables import print_tables
from rvebench.runs.preview import PreviewLayout

__all__ = [
    "MEDIA_LIMIT_BYTES",
    "PreviewLayout",
    "contact_sheet",
    "print_tables",
    "render_html",
    "samples_csv",
    "summary_json",
]
