from __future__ import annotations

import subprocess
import sys

import pytest

from rvebench.errors import UsageError
from rvebench.judges import Judge, build_judge
from rvebench.judges.llm import Connection, build_llm_judge, provider_of
from rvebench.llm.limits import Limits

KEY = "sk-test-0123456789"


def test_no_key_is_one_sentence_before_any_work() -> None:
    with pytest.raises(UsageError, match="the judge 'openai:gpt-5' needs a key, and OPENAI_API_KEY is not set here"):
        build_llm_judge("openai:gpt-5")
    with pytest.raises(UsageError, match="MY_KEY is not set here"):
        build_llm_judge("gpt-4o?key_env=MY_KEY")


def test_nothing_is_asked_for_where_nothing_is_sent() -> None:
    assert isinstance(build_llm_judge("gpt-4o", Connection(needs_key=False)), Judge)


def test_a_service_of_ones_own_needs_no_key_unless_one_is_named() -> None:
    local = Connection(base_url="http://127.0.0.1:8000/v1")
    assert build_llm_judge("gpt-4o", local).info.settings["provider"] == "127.0.0.1"
    with pytest.raises(UsageError, match="MY_KEY"):
        build_llm_judge("gpt-4o?key_env=MY_KEY", local)


def test_no_key_is_sent_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    judge = build_llm_judge("openai:qwen?base_url=http://127.0.0.1:8000/v1&key_env=none")
    assert judge._asker._transport._key_name == "RVEBENCH_NO_KEY"  # type: ignore[attr-defined]


def test_the_key_is_in_nothing_that_a_judge_says_of_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    judge = build_llm_judge("gpt-4o")
    assert KEY not in repr((judge, judge.info, judge.spec, vars(judge)))


def test_the_spec_comes_before_the_run() -> None:
    run = Connection(base_url="http://one/v1", limits=Limits(concurrency=2, rpm=5))
    judge = build_llm_judge("openai:m?base_url=http://two/v1&concurrency=7", run)
    client = judge._asker
    assert judge.info.settings["provider"] == "two"
    assert (client._limits.concurrency, client._limits.rpm) == (7, 5)  # type: ignore[attr-defined]


def test_only_the_host_of_the_way_is_part_of_the_judge() -> None:
    one = build_llm_judge("openai:m?base_url=http://127.0.0.1:8000/v1&rpm=5")
    two = build_llm_judge("openai:m?base_url=http://127.0.0.1:9999/v1")
    other = build_llm_judge("openai:m?base_url=http://elsewhere:8000/v1")
    assert one.info.digest == two.info.digest != other.info.digest


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        (None, "openai"),
        ("https://api.openai.com/v1", "openai"),
        ("https://me@openrouter.ai/api/v1", "openrouter.ai"),
        ("http://[::1]:8000/v1", "::1"),
    ],
)
def test_the_provider_is_a_host(url: str | None, provider: str) -> None:
    assert provider_of(url) == provider


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://x/v1", "http://user:secret@host/v1"])
def test_a_url_that_cannot_be_used_is_said_at_once_and_its_password_is_not(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        build_judge(f"openai:m?base_url={url}")
    assert "secret" not in str(caught.value)


def test_building_a_judge_imports_no_sdk() -> None:
    code = (
        "import sys; from rvebench.judges import build_judge; from rvebench.judges.llm import Connection;"
        "build_judge('gpt-4o', Connection(needs_key=False));"
        "print(sorted({'openai', 'torch', 'scipy', 'pandas', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
