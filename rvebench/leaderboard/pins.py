"""What a track fixes, and where a row differs from it: one clause for each difference."""

from __future__ import annotations

from typing import NamedTuple

from rvebench.leaderboard.submission import GeneratorFacts, JudgeFacts, RunFacts
from rvebench.leaderboard.tracks import TrackRules
from rvebench.records import Track

__all__ = ["PinDifference", "pin_differences"]


class PinDifference(NamedTuple):
    """One thing that a row has otherwise than its track."""

    pin: str
    """split, judge, prompt, frame-plan, formula, repeats, seed or conditioning."""
    text: str
    """A clause, as "the prompt hash is 12ab…, and the track fixes 34cd…"."""


def pin_differences(
    rules: TrackRules,
    *,
    run: RunFacts,
    judge: JudgeFacts,
    generator: GeneratorFacts,
    formula: tuple[str, str],
    interval_seed: int,
    control: bool,
) -> list[PinDifference]:
    """Returns where a row is not what its track fixes; empty: nowhere.

    Args:
        rules: the track.
        run: which split was edited.
        judge: who judged.
        generator: how the edits were made.
        formula: name and digest.
        interval_seed: of the bootstrap.
        control: a control may be told more than the instruction: it has no rank.
    """
    pins = rules.judge
    found: list[PinDifference] = []

    def same(pin: str, what: str, ours: object, fixed: object) -> None:
        if ours != fixed:
            found.append(PinDifference(pin, f"the {what} is {_short(ours)}, and the track fixes {_short(fixed)}"))

    same("split", "split's hash", run.split_sha256, rules.split_sha256)
    same("judge", "judge", f"{judge.name} {judge.version}", f"{pins.name} {pins.version}")
    same("judge", "judge's model", judge.model, pins.model)
    same("prompt", "prompt's hash", judge.prompt_sha256, pins.prompt_sha256)
    same("frame-plan", "frame plan's hash", judge.frame_plan_sha256, pins.frame_plan_sha256)
    same("repeats", "number of verdicts on each edit", judge.repeats, rules.repeats)
    if not any(difference.pin in {"judge", "prompt", "frame-plan", "repeats"} for difference in found):
        # It covers all of the above and the settings: named alone only where nothing more telling is.
        same("judge", "judge's digest", judge.digest, pins.digest)
    same("formula", "formula", formula[0], rules.formula)
    if formula[0] == rules.formula:
        same("formula", "formula's digest", formula[1], rules.formula_digest)
    same("seed", "seed of the intervals", interval_seed, rules.interval_seed)
    if not control:
        found += _conditioning(rules.conditioning, generator)
    return found


def _conditioning(fixed: Track, generator: GeneratorFacts) -> list[PinDifference]:
    told: dict[str, str] = {"literal": "the literal instruction", "expected_outcome": "the expected outcome"}
    if generator.conditioning != fixed:
        return [
            PinDifference(
                "conditioning", f"the editor is conditioned {generator.conditioning}, and the track fixes {fixed}"
            )
        ]
    if generator.prompt_source != "instruction":
        what = told.get(generator.prompt_source, generator.prompt_source)
        return [PinDifference("conditioning", f"the editor was told {what}, and a track's editors get the instruction")]
    return []


def _short(value: object) -> str:
    text = str(value)
    if not text:
        return "none"
    return f"{text[:12]}…" if len(text) == 64 else text
