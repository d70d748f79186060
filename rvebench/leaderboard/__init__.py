"""Leaderboards: rows that anyone can make again from their evidence, and tracks that say which may be ranked."""

from __future__ import annotations

from rvebench.leaderboard.evidence import Evidence, SampleScore, per_sample, read_evidence, recompute
from rvebench.leaderboard.submission import SUBMISSION_NAME, Submission, Tier, read_submission
from rvebench.leaderboard.tracks import TrackRules, Tracks, read_tracks

__all__ = [
    "SUBMISSION_NAME",
    "Evidence",
    "SampleScore",
    "Submission",
    "Tier",
    "TrackRules",
    "Tracks",
    "per_sample",
    "read_evidence",
    "read_submission",
    "read_tracks",
    "recompute",
]
