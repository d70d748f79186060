"""Runs with a judge behind a service that stops, errs, refuses or is not there: exit codes, one sentence, no loss."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.judging import (
    KEY,
    MODEL,
    SAMPLES,
    Commands,
    CountingServer,
    Place,
    World,
    cost_lines,
    costs_of,
    environment,
    every_file,
    kept_replies,
    verdicts,
)
from tests.llm.fault_script import Script

NOWHERE = "http://127.0.0.1:9/v1"
"""Nothing listens there."""


@pytest.fixture(scope="module")
def whole(world: World, commands: Commands, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A run that met no trouble."""
    place = world.copy(tmp_path_factory.mktemp("whole"))
    with CountingServer(Script(keys=(KEY,))) as server:
        commands.run(*place.command(server.url), env=environment(place.cache))
        assert server.calls == SAMPLES
    return place


@pytest.fixture
def place(world: World, tmp_path: Path) -> Place:
    return world.copy(tmp_path)


@pytest.fixture
def server() -> Iterator[CountingServer]:
    with CountingServer(Script(keys=(KEY,))) as opened:
        yield opened


# Money


@pytest.mark.parametrize("cap", ["--max-usd", "--max-tokens"])
def test_a_budget_stops_with_exit_3_and_a_larger_one_goes_on_without_paying_again(
    cap: str, whole: Place, place: Place, server: CountingServer, commands: Commands
) -> None:
    caps = {"--max-usd": (0.08, 5.0), "--max-tokens": (30_000, 10_000_000)}[cap]
    server.use(Script(latency_s=0.05))
    ran = commands.run(*place.command(server.url, cap, caps[0]), env=environment(place.cache), code=3)
    assert ran.out == "" and f"{cap} {caps[0]} leaves no room" in ran.error
    assert f"run the same command with a larger {cap} to go on" in ran.error
    assert (server.usd if cap == "--max-usd" else server.tokens) <= caps[0]
    done = verdicts(place.run)
    assert 0 < len(done) == server.calls == server.paid.total() < SAMPLES
    assert {line["status"] for line in done.values()} == {"ok"}
    commands.run(*place.command(server.url, cap, caps[1]), env=environment(place.cache))
    assert server.calls == len(server.paid) == SAMPLES
    assert place.summary == whole.summary
    assert {name: verdicts(place.run)[name] for name in done} == done


# What no question can be answered with


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (Script(latency_s=0.05, keys=("another-key",)), "OPENAI_API_KEY"),
        (Script(latency_s=0.05, models=("gpt-9",)), f"'{MODEL}'"),
        (Script(latency_s=0.05, images=False), "takes no images"),
        (Script(latency_s=0.05, for_ever="no-images-500"), "takes no images"),
        (Script(latency_s=0.05, for_ever="quota"), "quota"),
        (Script(latency_s=0.05, for_ever="echo-key"), "***"),
    ],
    ids=["wrong key", "unknown model", "text only", "text only by a 500", "no credit", "echoes the key"],
)
def test_a_service_that_takes_no_question_is_asked_once_and_named_in_one_sentence(
    script: Script, words: str, place: Place, server: CountingServer, commands: Commands
) -> None:
    server.use(script)
    ran = commands.run(*place.command(server.url, "--max-usd", 5), env=environment(place.cache), code=2)
    assert ran.out == "" and words in ran.error
    assert server.calls == 1 and not server.paid
    assert costs_of(place.run).most_usd == 0 and costs_of(place.run).left_open == 0
    assert [line["kind"] for line in cost_lines(place.run) if "key" in line] == ["hold", "free"]
    assert not verdicts(place.run)
    files = every_file(place.folder)
    assert not [path for path, data in files.items() if KEY.encode() in data]
    assert KEY not in ran.out + ran.err


@pytest.mark.parametrize("judge", [MODEL, f"openai:{MODEL}?key_env=MY_KEY"])
def test_without_a_key_nothing_begins(judge: str, world: World, tmp_path: Path, commands: Commands) -> None:
    place = Place(world, tmp_path)
    url = NOWHERE if "MY_KEY" in judge else None
    env = environment(place.cache, key=None)
    ran = commands.run(*place.command(url, judge=judge), env=env, code=2)
    assert ran.out == "" and ("MY_KEY" if "MY_KEY" in judge else "OPENAI_API_KEY") in ran.error
    assert not place.run.exists() and not place.replies.exists()


def test_a_model_without_a_price_is_refused_under_a_cap_in_dollars(
    place: Place, server: CountingServer, commands: Commands
) -> None:
    command = place.command(server.url, "--max-usd", 5, judge="openai:nobodys-model")
    ran = commands.run(*command, env=environment(place.cache), code=2)
    assert "the price of 'nobodys-model' is not known" in ran.error
    assert server.calls == 0


# The key


def test_the_key_is_in_no_file_and_no_output(whole: Place, tmp_path: Path, commands: Commands) -> None:
    tape = tmp_path / "tape.jsonl"
    export = ("judge", "cache", "export", tape, "--run", whole.run)
    ran = commands.run(*export, env=environment(whole.cache))
    files = every_file(whole.folder, tmp_path)
    assert {"journal.jsonl", "costs.jsonl", "replies.sqlite", "tape.jsonl", "report.html"} <= {p.name for p in files}
    assert not [path for path, data in files.items() if KEY.encode() in data]
    assert KEY not in ran.out + ran.err


def test_a_key_that_a_service_echoes_in_faults_and_answers_is_in_no_file(
    place: Place, server: CountingServer, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answered first, so that the fault is one question's own; then in the model's words, as a chatty gateway would."""
    from tests.llm import fault_answers

    plain = fault_answers.sentence
    monkeypatch.setattr(fault_answers, "sentence", lambda *args: f"{plain(*args)} Bearer {KEY}")
    server.use(Script(sequence=("ok", "ok", "echo-key", "wrong-json", "ok")))
    ran = commands.run(*place.command(server.url, "--cache", place.replies), env=environment(place.cache), code=3)
    assert KEY not in ran.out + ran.err
    tape = place.folder / "tape.jsonl"
    export = ("judge", "cache", "export", tape, "--run", place.run)
    commands.run(*export, env=environment(place.cache))
    assert not [path for path, data in every_file(place.folder).items() if KEY.encode() in data]
    assert "***" in (place.run / "journal.jsonl").read_text()


# Answers that are none


def test_refusals_and_broken_answers_leave_samples_unjudged_with_every_word_kept(
    whole: Place, place: Place, server: CountingServer, commands: Commands
) -> None:
    bad = ("refusal", "content-filter", "policy-400", "out-of-range", "wrong-json", "nan", "length")
    server.use(Script(for_ever="ok", rates={name: 1 / len(bad) for name in bad}))
    ran = commands.run(*place.command(server.url), env=environment(place.cache), code=3)
    shown = json.loads(ran.out)
    assert shown["coverage"]["unjudged"] == SAMPLES and shown["overall"]["mean"] is None
    lines = verdicts(place.run)
    assert len(lines) == SAMPLES and {line["status"] for line in lines.values()} == {"unjudged"}
    for line in lines.values():
        assert "scores" not in line and line["reason"]
        raw = json.loads(line["raw"])
        assert all(entry.get("refused") or entry.get("malformed") for entry in raw), raw
        assert all("text" in entry for entry in raw if "malformed" in entry), "the raw text is kept"
    reasons = " ".join(line["reason"] for line in lines.values())
    assert "refused" in reasons and "cannot be read" in reasons
    assert not kept_replies(place.replies), "only accepted replies are kept"

    # With no service, no key and no cache: numbers come from the records.
    summary = place.summary
    rescore = ("rescore", place.run, "--format", "json")
    again = commands.run(*rescore, env=environment(place.folder / "none", key=None, network=False), code=3)
    assert json.loads(again.out) == shown and place.summary == summary

    # Half of them are answered on the retry, then only the other half is asked.
    commands.run(*place.command(server.url), env=environment(place.cache), code=3)
    asked = server.calls
    server.use(Script(sequence=("ok",) * (SAMPLES // 2), for_ever="refusal"))
    commands.run(*place.command(server.url, "--retry-failed"), env=environment(place.cache), code=3)
    assert server.calls - asked == SAMPLES
    left = {name for name, line in verdicts(place.run).items() if line["status"] != "ok"}
    assert len(left) == SAMPLES // 2
    server.use(Script())
    server.asked.clear()
    commands.run(*place.command(server.url, "--retry-failed"), env=environment(place.cache))
    assert server.asked.total() == SAMPLES // 2
    assert place.summary == whole.summary


# Replies that are replayed


def test_a_cassette_of_a_run_plays_where_there_is_no_service(
    whole: Place, world: World, tmp_path: Path, commands: Commands
) -> None:
    tape = tmp_path / "tape.jsonl"
    commands.run("judge", "cache", "export", tape, "--run", whole.run, env=environment(whole.cache))
    (tmp_path / "ci").mkdir()
    place = world.copy(tmp_path / "ci")
    env = environment(place.cache, key=None, network=False)
    commands.run(*place.command(NOWHERE, "--cache", tape), env=env)
    assert place.summary == whole.summary
    assert not place.replies.exists()
    assert costs_of(place.run).most_usd == 0

    (tmp_path / "other").mkdir()
    other = world.copy(tmp_path / "other")
    command = other.command(NOWHERE, "--cache", tape, judge=f"openai:{MODEL}?k=4")
    ran = commands.run(*command, env=env, code=2)
    assert "it holds no reply of gpt-4o for s0" in ran.error and str(tape) in ran.error
    assert not verdicts(other.run)


def test_without_a_cache_the_numbers_are_the_same_and_nothing_is_kept(
    whole: Place, place: Place, server: CountingServer, commands: Commands
) -> None:
    commands.run(*place.command(server.url, "--cache", "off"), env=environment(place.cache))
    assert place.summary == whole.summary and not place.replies.exists()
    commands.run(*place.command(server.url, "--cache", "off"), env=environment(place.cache))
    assert server.calls == SAMPLES, "what the journal holds is not asked again"


# Before anything is asked


def test_a_dry_run_tells_what_will_be_asked_and_asks_nothing(
    world: World, tmp_path: Path, server: CountingServer, commands: Commands
) -> None:
    place = Place(world, tmp_path)
    command = place.command(server.url, "--dry-run")
    env = environment(place.cache, key=None)
    cost = json.loads(commands.run(*command, env=env).out)["dry_run"]["judge_cost"]
    assert cost["calls"] == SAMPLES
    assert 0 < cost["text_tokens"]["likely"] <= cost["text_tokens"]["most"]
    assert 0 < cost["image_tokens"]["likely"] <= cost["image_tokens"]["most"]
    assert 0 < cost["usd"]["low"] < cost["usd"]["high"] and cost["seconds"] > 0
    text = commands.run(*command[:-3], "--dry-run", env=env).out
    for word in (f"calls            {SAMPLES}", "text tokens", "image tokens", "price", "USD", "time"):
        assert word in text
    assert server.counts.total() == 0 and not place.run.exists()


def test_the_real_cost_is_within_what_the_dry_run_said(
    whole: Place, world: World, tmp_path: Path, commands: Commands
) -> None:
    place = Place(world, tmp_path)
    ran = commands.run(*place.command(NOWHERE, "--dry-run"), env=environment(place.cache))
    said = json.loads(ran.out)["dry_run"]["judge_cost"]["usd"]
    assert said["low"] <= costs_of(whole.run).most_usd <= said["high"]
    assert said["low"] < said["likely"] < said["high"]
