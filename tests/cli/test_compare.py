from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from rvebench.cli.compare import compare, compare_views, print_comparison
from rvebench.errors import CoverageError, UnknownNameError, UsageError
from rvebench.records import Sample, Verdict
from rvebench.runs.view import RunHeader, RunView, SampleOutcome
from rvebench.scoring import Reading, get_formula, summarise
from rvebench.taxonomy import CRITERIA, ReasoningType, Status, Subset

KINDS = (ReasoningType.TEMPORAL, ReasoningType.PHYSICAL_CAUSALITY)


def outcome(index: int, level: float | None, *, status: Status = Status.OK, instruction: str = "dusk") -> SampleOutcome:
    sample = Sample(
        id=f"fox-{index:02}",
        subset=Subset.RAVE,
        reasoning_type=KINDS[index % 2],
        source=Path("/nowhere/fox.mp4"),
        instruction=instruction,
        group=f"g{index:02}",
    )
    verdict = None
    if level is not None:
        verdict = Verdict(sample_id=sample.id, status=Status.OK, scores=dict.fromkeys(CRITERIA, level))
    return SampleOutcome(sample=sample, status=status, overall=level, verdict=verdict)


def view(name: str, outcomes: list[SampleOutcome], **header: object) -> RunView:
    facts = {"judge digest": "d" * 64, "prompt sha256": "p" * 64}
    base = RunHeader(
        run_id=f"{name}123",
        model=f"folder:{name}",
        split="mini",
        judge="reference",
        judge_label="distance to the target",
        formula="geometric",
        seed=0,
        facts=facts,
    )
    return RunView(
        directory=Path(f"runs/{name}"),
        header=replace(base, **header),  # type: ignore[arg-type]
        outcomes=tuple(outcomes),
        summary=summarise([], [], get_formula("geometric"), seed=0),
    )


def levels(name: str, *values: float, **header: object) -> RunView:
    return view(name, [outcome(i, value) for i, value in enumerate(values)], **header)


BASE = levels("base", *[4.0 + i % 3 for i in range(24)])
NEW = levels("new", *[5.0 + i % 3 for i in range(24)])


def test_a_run_that_gained_on_every_sample_reads_better_and_the_way_back_worse() -> None:
    assert compare_views(BASE, NEW).comparison.overall.reading is Reading.BETTER
    assert compare_views(NEW, BASE).comparison.overall.reading is Reading.WORSE


def test_another_judge_is_refused_and_both_are_named() -> None:
    other = levels("other", *[4.0] * 24, judge="gpt-4o")
    with pytest.raises(UsageError, match=r"differ in judge \(reference against gpt-4o\); compare runs made alike"):
        compare_views(BASE, other)


def test_one_judge_with_another_prompt_is_refused_by_the_prompt_and_not_by_a_digest() -> None:
    other = levels("other", *[4.0] * 24, facts={"judge digest": "e" * 64, "prompt sha256": "q" * 64})
    with pytest.raises(UsageError, match=r"differ in prompt sha256 \(pppppppppppp… against qqqqqqqqqqqq…\); compare"):
        compare_views(BASE, other)


def test_a_judge_that_differs_in_nothing_named_is_refused_by_its_digest() -> None:
    other = levels("other", *[4.0] * 24, facts={"judge digest": "e" * 64, "prompt sha256": "p" * 64})
    with pytest.raises(UsageError, match=r"differ in judge digest \(dddddddddddd… against eeeeeeeeeeee…\)"):
        compare_views(BASE, other)


def test_another_formula_is_refused_unless_one_is_set_for_both() -> None:
    other = levels("other", *[4.0] * 24, formula="viescore")
    with pytest.raises(UsageError, match=r"formula \(geometric against viescore; --formula sets one for both\)"):
        compare_views(BASE, other)
    assert compare_views(BASE, other, formula="strict").comparison.formula == "strict"


def test_samples_whose_text_changed_are_refused_with_their_ids() -> None:
    changed = view("new", [outcome(i, 5.0, instruction="dawn") for i in range(5)])
    with pytest.raises(UsageError, match=r"samples that share an id \(fox-00, fox-01, fox-02 and 2 more\)"):
        compare_views(BASE, changed)


def test_everything_that_differs_is_said_at_once_and_again_beside_the_mixed_numbers() -> None:
    other = view("new", [outcome(i, 5.0, instruction="dawn") for i in range(24)], judge="gpt-4o", formula="strict")
    with pytest.raises(UsageError, match=r"judge \(.*\); formula \(.*\); samples that share an id"):
        compare_views(BASE, other)
    found = compare_views(BASE, other, allow_mixed=True)
    assert len(found.mixed) == 3
    assert "note: the runs differ in judge (reference against gpt-4o)" in printed(found)


def test_a_run_that_was_not_judged_is_refused_with_the_command_to_run() -> None:
    with pytest.raises(UsageError, match="judge it first: rvebench score runs/new"):
        compare_views(BASE, levels("new", 4.0, judge=""))


def test_runs_without_a_sample_or_a_verdict_in_common_are_refused() -> None:
    with pytest.raises(UsageError, match="share no sample"):
        compare_views(BASE, view("new", [outcome(77, 4.0)]))
    with pytest.raises(CoverageError, match="none of the 1 shared samples is judged in both runs"):
        compare_views(BASE, view("new", [outcome(0, None, status=Status.UNJUDGED)]))


def test_an_unknown_formula_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match="did you mean geometric"):
        compare_views(BASE, NEW, formula="geometry")


def test_a_failed_edit_is_a_zero_and_an_unjudged_one_is_left_out_with_a_note() -> None:
    outcomes = [outcome(0, None, status=Status.FAILED), outcome(1, None, status=Status.UNJUDGED)]
    found = compare_views(levels("base", 4.0, 4.0, 4.0), view("new", outcomes))
    assert found.comparison.overall.difference == pytest.approx(-4.0)
    text = printed(found)
    assert "note: 1 shared samples have no verdict on one side and are left out" in text
    assert "note: 1 samples are in run A only and are left out" in text


def printed(found: object, width: int = 110) -> str:
    out = io.StringIO()
    print_comparison(found, Console(file=out, width=width, highlight=False))  # type: ignore[arg-type]
    return out.getvalue()


def test_the_text_names_both_runs_and_shows_both_families() -> None:
    text = printed(compare_views(BASE, NEW))
    assert "A  folder:base on mini   run base123" in text
    assert "24 pairs from 24 sources, formula geometric, judge reference, seed 0" in text
    for name in ("Overall", "EA", "PC", "GN", "GR", "temporal", "physical causality"):
        assert f"\n{name} " in text
    assert "B is better than A: +1.00 on a scale of 0 to 10." in text


@pytest.mark.parametrize("width", [80, 100])
def test_the_text_fits_the_terminal_with_no_number_cut(width: int) -> None:
    same = levels("new", *[4.0 + (i + 1) % 3 for i in range(24)])
    lines = printed(compare_views(BASE, same), width=width).splitlines()
    assert max(map(len, lines[:-1])) <= width
    row = next(line for line in lines if line.startswith("physical causality"))
    assert row.count("…") == 1, "the one in the interval"
    assert "1.0000" in row
    assert ("8/4" in row or "4/8" in row) == (width == 100)
    assert row.rstrip().endswith("not shown" if width == 80 else "no difference shown")


def test_no_difference_is_not_called_equal_but_says_what_could_hide() -> None:
    a = levels("base", *[3.0 + (7 * i) % 5 for i in range(20)])
    b = levels("new", *[3.0 + (3 * i) % 5 for i in range(20)])
    text = printed(compare_views(a, b))
    assert "No difference shown; a comparison like this one shows a true difference of" in text
    assert "equal" not in text


def test_a_model_name_is_printed_as_it_is_and_not_as_markup() -> None:
    named = levels("new", *[5.0] * 24, model="folder:[red]x[/red]")
    assert "folder:[red]x[/red]" in printed(compare_views(BASE, named))


def run(monkeypatch: pytest.MonkeyPatch, *args: str) -> tuple[int, str]:
    runs = {"base": BASE, "new": NEW}
    monkeypatch.setattr("rvebench.runs.load_run", lambda path: runs[path.name])
    app = typer.Typer()
    app.command()(compare)
    done = CliRunner().invoke(app, list(args))
    return done.exit_code, done.stdout


def test_the_command_leaves_with_1_only_when_b_is_significantly_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "base", "new")[0] == 0
    assert run(monkeypatch, "base", "base")[0] == 0
    assert run(monkeypatch, "new", "base")[0] == 1


def test_json_is_exactly_one_object_on_stdout(monkeypatch: pytest.MonkeyPatch) -> None:
    code, text = run(monkeypatch, "base", "new", "--format", "json", "--seed", "4")
    found = json.loads(text)
    assert code == 0
    assert list(found) == [
        "a",
        "b",
        "seed",
        "mixed",
        "formula",
        "alpha",
        "samples",
        "overall",
        "criteria",
        "by_category",
    ]
    assert found["b"] == {"run": "new123", "model": "folder:new", "split": "mini", "judge": "reference"}
    assert (found["seed"], found["mixed"], found["overall"]["reading"]) == (4, [], "better")


def test_with_too_few_sources_the_verdict_says_that_nothing_could_be_shown() -> None:
    from rvebench.cli.compare import _sentence
    from rvebench.scoring import FORMULAS, ScoreRow, compare_runs
    from rvebench.taxonomy import Criterion, Status, Subset

    def rows(score: float, sources: int) -> list[ScoreRow]:
        return [
            ScoreRow(
                sample_id=f"s{index}",
                subset=Subset.RAVE,
                category="temporal",
                cluster=f"c{index}",
                status=Status.OK,
                scores=dict.fromkeys(Criterion, score),
            )
            for index in range(sources)
        ]

    few = compare_runs(rows(2, 4), rows(9, 4), FORMULAS["geometric"], seed=0)
    assert "can be shown with 4 sources" in _sentence(few.overall, 1 + len(few.criteria))
    enough = compare_runs(rows(2, 8), rows(9, 8), FORMULAS["geometric"], seed=0)
    assert _sentence(enough.overall, 1 + len(enough.criteria)).startswith("B is better than A")
