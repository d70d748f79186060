"""Runs: manifest, journal, pipeline, resume, merge, and the way back from files to numbers."""

from __future__ import annotations

from rvebench.runs.asking import AskingOptions
from rvebench.runs.changes import Cause, Change, RunFiles, changes_between, deciding_changes, read_run_files
from rvebench.runs.costing import estimate_run
from rvebench.runs.explain import Explained, Explanation, Movement, explain_change
from rvebench.runs.load import load_run, metric_rows, score_rows
from rvebench.runs.manifest import Manifest, Shard, parse_shard, read_manifest
from rvebench.runs.merge import merge_runs
from rvebench.runs.pipeline import Remaining, Tally
from rvebench.runs.plan import Judging, Plan, RunOptions, Scorers, build_scorers, make_plan
from rvebench.runs.session import Outcome, default_directory, execute, is_run, left_to_do, plan_of_run, rescore
from rvebench.runs.spending import Spending, read_spending
from rvebench.runs.view import RunHeader, RunView, SampleOutcome

__all__ = [
    "AskingOptions",
    "Cause",
    "Change",
    "Explained",
    "Explanation",
    "Judging",
    "Manifest",
    "Movement",
    "Outcome",
    "Plan",
    "Remaining",
    "RunFiles",
    "RunHeader",
    "RunOptions",
    "RunView",
    "SampleOutcome",
    "Scorers",
    "Shard",
    "Spending",
    "Tally",
    "build_scorers",
    "changes_between",
    "deciding_changes",
    "default_directory",
    "estimate_run",
    "execute",
    "explain_change",
    "is_run",
    "left_to_do",
    "load_run",
    "make_plan",
    "merge_runs",
    "metric_rows",
    "parse_shard",
    "plan_of_run",
    "read_manifest",
    "read_run_files",
    "read_spending",
    "rescore",
    "score_rows",
]
