"""The leaderboard as pages that open from a file: tables, charts, one page a submission, and the same as data."""

from __future__ import annotations

from rvebench.leaderboard.site.board import Board, Row, load_boards, rank_rows
from rvebench.leaderboard.site.build import Site, build_site, write_site
from rvebench.leaderboard.site.reported import Reported, read_reported

__all__ = ["Board", "Reported", "Row", "Site", "build_site", "load_boards", "rank_rows", "read_reported", "write_site"]
