from __future__ import annotations

from pathlib import Path

import pytest

from rvebench.assets import asset_dir
from rvebench.errors import UsageError
from rvebench.leaderboard.gate import Policy, read_policy
from rvebench.leaderboard.gate.policy import parse_policy
from rvebench.scoring.margin import PairedTest

HEAD = 'schema = "rve-gate/1"\n'
PATH = Path("gate.toml")


def parse(text: str) -> Policy:
    return parse_policy(HEAD + text, PATH)


def test_the_shipped_policy_is_one_and_is_what_its_comments_say() -> None:
    policy = read_policy(asset_dir("leaderboards") / "gate.toml")
    assert [rule.name for rule in policy.rules] == ["overall", "EA", "PC"]
    assert not policy.fail_inconclusive
    assert (policy.max_usd, policy.max_hours) == (None, None)


def test_a_rule_takes_what_it_does_not_say_from_the_gate() -> None:
    policy = parse(
        '[gate]\nalpha = 0.01\ntest = "paired-bootstrap"\nmin_coverage = 0.9\nmax_judge_errors = 2\n'
        '[rules.overall]\nmax_drop = 1\n[rules."EA/temporal"]\nmin_mean = 3\nmax_drop = 0.5\nmin_effect = 0.1\n'
        'alpha = 0.05\ntest = "sign-flip"\nmin_coverage = 1.0\nmax_judge_errors = 0\n'
    )
    overall, temporal = policy.rules
    assert (overall.alpha, overall.test, overall.min_coverage) == (0.01, PairedTest.BOOTSTRAP, 0.9)
    assert (overall.max_drop, overall.min_effect, overall.max_judge_errors, overall.category) == (1.0, 0.0, 2, "")
    assert (temporal.quantity, temporal.category, temporal.name) == ("EA", "temporal", "EA/temporal")
    assert (temporal.alpha, temporal.test, temporal.min_coverage) == (0.05, PairedTest.SIGN_FLIP, 1.0)
    assert (temporal.min_mean, temporal.min_effect, temporal.max_judge_errors) == (3.0, 0.1, 0)
    assert (overall.line, temporal.line) == (7, 9)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "[rules.overall]\nmax_dorp = 0.5\n",
            r"gate.toml:3: no such key: rules.overall.max_dorp; did you mean max_drop",
        ),
        ("[gate]\non_inconclusiv = 'warn'\n", r"gate.toml:3: no such key: gate.on_inconclusiv; did you mean on_inc"),
        ("[bugdet]\nmax_usd = 1\n", r"gate.toml:2: no such key: bugdet; did you mean budget\?"),
        ("[zzz]\n", r"no such key: zzz; known are schema, gate, budget, rules"),
        ("[rules.EA]\nmax_drop = -1\n", r"gate.toml:3: rules.EA.max_drop is -1: input should be greater than 0"),
        ("[rules.EA]\nmax_drop = 'big'\n", r"gate.toml:3: rules.EA.max_drop is 'big': input should be a valid number"),
        ("[rules.EA]\nmax_drop = nan\n", r"rules.EA.max_drop is nan: input should be"),
        ("[rules.EA]\nmax_drop = true\n", r"rules.EA.max_drop is True"),
        ("[gate]\nalpha = 5\n", r"gate.toml:3: gate.alpha is 5: input should be less than or equal to 0.5"),
        ("[gate]\ntest = 't-test'\n", r"gate.toml:3: gate.test is 't-test': input should be 'sign-flip' or 'paired-b"),
        ("[gate]\non_inconclusive = 'pass'\n", r"gate.on_inconclusive is 'pass': input should be 'warn' or 'fail'"),
        ("[rules.EA]\nalpha = 0.01\n", r"gate.toml:2: rules.EA checks nothing; give max_drop, min_mean, or both"),
        ("[rules.EA]\nmin_mean = 3\nmin_effect = 0.2\n", r"rules.EA.min_effect is 0.2 and max_drop is None"),
        (
            "[rules.EA]\nmax_drop = 0.1\nmin_effect = 0.2\n",
            r"gate.toml:4: rules.EA.min_effect is 0.2 and max_drop is 0",
        ),
        ("[rules.'EA/']\nmax_drop = 0.1\n", r"'EA/' names no quantity"),
        ("[rules.'EA/camera']\nmax_drop = 0.1\ncategories = true\n", r"is about one category already"),
        ("rules = 3\n", r"rules must be tables"),
        ("rules.EA = 3\n", r"rules.EA must be a table"),
        ("", r"gate.toml: the policy checks nothing; add a rule, for example \[rules.overall\]"),
        ("[rules.EA\n", r"the policy is not valid TOML: .*line 2"),
        ("[rules.EA]\nmax_drop = 1\nmax_drop = 2\n", r"the policy is not valid TOML"),
    ],
)
def test_what_makes_no_policy_is_refused_in_one_sentence_with_its_line(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse(text)


@pytest.mark.parametrize(
    ("text", "words"), [("", "None"), ('schema = "rve-gate/9"\n', "'rve-gate/9', this program reads 'rve-gate/1'")]
)
def test_another_schema_is_refused_with_the_line_to_write(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        parse_policy(text, PATH)
    assert caught.value.hint == 'write schema = "rve-gate/1" at the top'


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_policy(tmp_path / "nothing.toml")
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        read_policy(tmp_path)
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="not UTF-8"):
        read_policy(tmp_path / "bad.toml")


def test_a_budget_alone_is_a_policy() -> None:
    assert parse("[budget]\nmax_usd = 0\n").max_usd == 0.0
