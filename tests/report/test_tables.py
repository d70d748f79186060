from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from rvebench.records import Usage
from rvebench.report import print_tables
from rvebench.report.judges import usage_words
from rvebench.runs.view import RunView
from rvebench.scoring.words import hide_paths, measure, score, signed
from rvebench.taxonomy import Status
from tests.report.views import fixed_view, judged_by, mixed_view, outcome, panel_view, view_of

GOLDEN = Path(__file__).parent / "golden"


def printed(view: RunView, *, width: int = 80, soft_wrap: bool = True) -> str:
    out = io.StringIO()
    print_tables(view, Console(file=out, width=width, soft_wrap=soft_wrap, highlight=False))
    return out.getvalue()


def test_the_tables_say_everything_the_headline_needs() -> None:
    text = printed(fixed_view(GOLDEN / "tiny.2x2.webp"))
    assert "Overall        4.25 of 10   95 % interval [1.50, 7.00]" in text
    assert "4 samples: 2 ok, 1 failed, 0 refused, 1 missing, 0 unjudged" in text
    assert "Answered only  8.50 n=2" in text
    assert "+0.0200" in text
    assert "A frozen output wins" in text
    assert "note: The editor was trained on captions" in text


@pytest.mark.parametrize("soft_wrap", [False, True])
def test_no_number_is_cut_at_80_columns(soft_wrap: bool, tmp_path: Path) -> None:
    text = printed(mixed_view(tmp_path, 20), soft_wrap=soft_wrap)
    tables = text[text.index("Criteria, 0 to 10") : text.index("Read each metric")]
    assert max(len(line) for line in tables.splitlines()) <= 80
    assert "…" not in tables
    assert "Physical causality" in tables


def test_a_panel_shows_each_judges_means_and_how_far_they_differ() -> None:
    lines = printed(panel_view()).splitlines()
    start = lines.index(next(line for line in lines if line.startswith("Judges")))
    table = "\n".join(lines[start : start + 10])
    assert re.search(r"gpt-4o +5\.00 \(0\.58\) +4\.67 \(0\.71\) .* 7/8\n", table)
    assert re.search(r"hf:Qwen/.* +6\.50 \(0\.35\) .* 8/8\n", table)
    assert re.search(r"SD between judges( +\d\.\d\d){4}", table)
    assert re.search(r"SD within a judge( +\d\.\d\d){4}", table)
    assert max(map(len, lines[start : start + 7])) <= 80
    assert "in brackets the SD of its repeats" in table
    assert "…" not in table


def test_a_judge_that_is_not_asked_twice_has_no_deviation_of_its_own() -> None:
    text = printed(view_of([judged_by(0, {"a": [4.0], "b": [6.0]}), judged_by(1, {"a": [5.0], "b": [9.0]})]))
    assert re.search(r"^a +4\.50 +4\.50 +4\.50 +4\.50 +2/2$", text, flags=re.MULTILINE)
    assert "SD between judges" in text
    assert "SD within" not in text
    assert "in brackets" not in text


def test_one_judge_has_no_table_of_judges() -> None:
    assert "Judges" not in printed(view_of([outcome(0)]))


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        (Usage(), ""),
        (
            Usage(input_tokens=123_456, output_tokens=1234, cost_usd=0.25),
            "123,456 input and 1,234 output tokens, 0.25 USD",
        ),
        (Usage(input_tokens=1, cost_usd=0.0001), "1 input and 0 output tokens, under 0.01 USD"),
        (Usage(input_tokens=1), "1 input and 0 output tokens, nothing paid"),
        (Usage(input_tokens=1, unpriced=4), "1 input and 0 output tokens, price not known"),
        (
            Usage(input_tokens=1, cost_usd=2, unpriced=1),
            "1 input and 0 output tokens, 2.00 USD, price of 1 call not known",
        ),
    ],
)
def test_what_judging_used_is_said_and_an_unknown_price_is_no_zero(usage: Usage, words: str) -> None:
    assert usage_words(usage) == words


def test_the_tables_say_what_judging_used() -> None:
    assert "Judge used     15,000 input and 150 output tokens, 1.88 USD" in printed(panel_view())
    assert "Judge used" not in printed(view_of([outcome(0)]))


def test_piped_tables_hold_no_control_codes(tmp_path: Path) -> None:
    assert "\x1b" not in printed(mixed_view(tmp_path))


def test_a_withheld_headline_is_a_word_not_a_number() -> None:
    text = printed(view_of([outcome(0), outcome(1, status=Status.UNJUDGED)]))
    assert "withheld: 1 of 2" in text
    assert "–" in text


def test_markup_in_names_is_printed_as_it_is() -> None:
    text = printed(view_of([outcome(0)], model="[bold]x[/bold]", notes=("[red]n[/]",), judge="[/j]"))
    assert "[bold]x[/bold]" in text
    assert "[red]n[/]" in text
    assert "[/j]" in text


def test_a_run_without_judge_or_metrics_prints_its_coverage_alone() -> None:
    text = printed(view_of([outcome(0, status=Status.UNJUDGED, metrics=False)], judge=""))
    assert "Criteria" not in text
    assert "Metrics" not in text
    assert "Judge          none" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0.0, "0.0000"), (-0.0, "0.0000"), (-0.5, "−0.5000"), (123.456, "123.46"), (1e-7, "1.000e−07")],
)
def test_measures_are_written_one_way(value: float | None, text: str) -> None:
    assert measure(value) == text


def test_no_number_is_never_written_as_zero() -> None:
    assert score(None) == signed(None) == measure(float("nan")) == "–"
    assert signed(0.25) == "+0.2500"
    assert score(-0.0) == "0.00"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("folder:/a/b/{sample_id}.mp4", "folder:…/{sample_id}.mp4"),
        ("see https://example.org/a/b.mp4", "see https://example.org/a/b.mp4"),
        ("/a/b/c.mp4: the file is empty", "…/c.mp4: the file is empty"),
        ("--env=/opt/envs/x/bin/python", "--env=…/python"),
        ("file:///a/b/c.mp4", "file://…/c.mp4"),
        ("and/or, 24/7, ./videos/x.mp4", "and/or, 24/7, ./videos/x.mp4"),
        ("'/a/b c/d.mp4'", "'…/b c/d.mp4'"),
    ],
)
def test_folders_of_a_machine_are_hidden_and_other_slashes_stay(text: str, shown: str) -> None:
    assert hide_paths(text) == shown
