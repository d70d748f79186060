"""From a spec and a run's settings to a judge with a client behind it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rvebench.errors import UsageError
from rvebench.judges.llm.judge import LlmJudge
from rvebench.judges.llm.spec import LlmSpec, parse_llm_spec
from rvebench.llm.client import LlmClient
from rvebench.llm.limits import Limits

if TYPE_CHECKING:
    from rvebench.llm.budget import Budget
    from rvebench.llm.cache import ReplyCache
    from rvebench.llm.prices import PriceTable

__all__ = ["Connection", "build_llm_judge", "client_of", "provider_of", "settle"]

_OPENAI_HOST = "api.openai.com"
_NO_KEY_WANTED = "none"
_NEVER_SET = "RVEBENCH_NO_KEY"
"""The variable that is read where no key is wanted, so that a key for somebody else is never sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What a run settles about the way to a service. Only the host of `base_url` is part of a judge's identity.

    A spec's own `base_url`, `key_env`, `concurrency`, `rpm` and `tpm` come before these.
    """

    base_url: str | None = None
    """Of an OpenAI-compatible service; None: OpenAI's own."""
    key_env: str = "OPENAI_API_KEY"
    cache: ReplyCache | None = None
    """Where accepted replies are kept; it stays its owner's to close."""
    budget: Budget | None = None
    prices: PriceTable | None = None
    limits: Limits = field(default_factory=Limits)
    needs_key: bool = True
    """False where nothing is sent: for a dry run, or over a cassette."""


def build_llm_judge(text: str, connection: Connection | None = None) -> LlmJudge:
    """Returns the judge behind `gpt-4o` or `openai:MODEL?option=value&…`; nothing is sent yet.

    Raises:
        UsageError: the spec or the base URL cannot be used, or there is no key.
        DataError: a prompt file is damaged.
    """
    spec = parse_llm_spec(text)
    settled = settle(spec, connection or Connection())
    client = client_of(spec, settled)
    judge = LlmJudge(spec, client, provider=provider_of(settled.base_url), on_close=client.aclose)
    _ = judge.info  # reads the prompts: what is wrong with them is said before any work
    return judge


def client_of(spec: LlmSpec, connection: Connection, environ: Mapping[str, str] = os.environ) -> LlmClient:
    """Returns the client for a spec whose wire options are settled.

    Raises:
        UsageError: the base URL cannot be used, or there is no key.
    """
    key_env = _NEVER_SET if connection.key_env == _NO_KEY_WANTED else connection.key_env
    client = LlmClient(
        base_url=connection.base_url,
        api_key_env=key_env,
        cache=connection.cache,
        budget=connection.budget,
        prices=connection.prices,
        limits=connection.limits,
        form=spec.schema,
    )
    named = spec.wire.key_env not in (None, _NO_KEY_WANTED)
    # A service of one's own mostly wants no key; a variable that was named on purpose is wanted.
    if connection.needs_key and (named or provider_of(connection.base_url) == "openai"):
        _require_key(spec, key_env, environ)
    return client


def provider_of(base_url: str | None) -> str:
    """Returns who is asked: `openai`, or the host. The port is left out: a server that moves to another is the same."""
    host = _OPENAI_HOST if base_url is None else urlsplit(base_url).hostname or ""
    return "openai" if host == _OPENAI_HOST else host


def settle(spec: LlmSpec, connection: Connection) -> Connection:
    """Returns the connection with what the spec itself says of the way to its service."""
    wire = spec.wire
    limits = {name: getattr(wire, name) for name in ("concurrency", "rpm", "tpm") if getattr(wire, name) is not None}
    return replace(
        connection,
        base_url=wire.base_url or connection.base_url,
        key_env=wire.key_env or connection.key_env,
        limits=replace(connection.limits, **limits),
    )


def _require_key(spec: LlmSpec, key_env: str, environ: Mapping[str, str]) -> None:
    if environ.get(key_env, "").strip():
        return
    raise UsageError(
        f"the judge {spec.name!r} needs a key, and {key_env} is not set here",
        hint=f"set {key_env}, name another variable by `{spec.name}?key_env=NAME`, or use `--judge reference` "
        "(compares with the sample's target video, needs no key)",
    )
