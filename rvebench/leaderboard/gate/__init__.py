"""The regression gate: a candidate run against a baseline, rule by rule, with an answer that CI can act on."""

from __future__ import annotations

from rvebench.leaderboard.gate.evaluate import run_gate
from rvebench.leaderboard.gate.policy import POLICY_NAME, Policy, Rule, read_policy
from rvebench.leaderboard.gate.verdicts import Check, GateResult, Reason, Verdict

__all__ = ["POLICY_NAME", "Check", "GateResult", "Policy", "Reason", "Rule", "Verdict", "read_policy", "run_gate"]
