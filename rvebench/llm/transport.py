"""The one place that knows the `openai` package: a request goes out, a reply or a :class:`CallError` comes back.

One call, or a few while it learns the service's dialect; no retries, no cache, no money. The key is read from the
environment at the first call and is part of no message: whatever a service says is masked before it is quoted.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from rvebench.errors import UsageError
from rvebench.llm.dialect import Dialect, Form, adapt
from rvebench.llm.faults import CallError, FatalCallError, LostReplyError, TransportError
from rvebench.llm.limits import Limits
from rvebench.llm.messages import ChatRequest, Reply
from rvebench.llm.statuses import Allowance, allowance_of, fault_of, read_said
from rvebench.llm.wire import body_of, read_reply
from rvebench.redaction import Secrets

if TYPE_CHECKING:
    from openai import AsyncOpenAI

__all__ = ["OPENAI_URL", "Transport", "check_base_url"]

OPENAI_URL = "https://api.openai.com/v1"
_NO_KEY = "no-key"
"""Sent to a service of one's own when no key is set; such services mostly want none."""


class _Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    content: bytes


def check_base_url(url: str) -> str:
    """Returns the URL.

    Raises:
        UsageError: it is no http(s) URL of a service, or holds a password.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"{url!r} is no base URL", hint="it looks like http://127.0.0.1:8000/v1")
    if parts.password:
        raise UsageError("the base URL holds a password", hint="put the key into an environment variable")
    return url


class Transport:
    """Sends chat completions to one service.

    Args:
        base_url: of any OpenAI-compatible service (vLLM, Azure, OpenRouter); None: OpenAI's own. A query in it, such as
            Azure's `?api-version=`, goes with every call.
        api_key_env: the environment variable that holds the key.
        form: how the shape of answers is asked for: `auto` begins with a JSON schema and goes down from there when the
            service objects.
        limits: times and sizes of a call.

    Raises:
        UsageError: the base URL cannot be used.
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        api_key_env: str = "OPENAI_API_KEY",
        form: Form | str = "auto",
        limits: Limits | None = None,
    ) -> None:
        forms: tuple[Form, ...] = ("json_schema", "json_object", "none")
        first = next((name for name in forms if name == form), None)
        if first is None and form != "auto":
            raise UsageError(f"{form!r} is no way to ask for JSON; there are auto, {', '.join(forms)}")
        self._url = urlsplit(check_base_url(base_url or OPENAI_URL))
        self._own = base_url is not None and self._url.hostname != "api.openai.com"
        self._key_name = api_key_env
        self._limits = limits or Limits()
        # The old word is the one that every other service has always known.
        self._dialect = Dialect(
            form=first or "json_schema", length_word="max_tokens" if self._own else "max_completion_tokens"
        )
        self._dialects: dict[str, Dialect] = {}
        self._answered: set[str] = set()
        self._client: AsyncOpenAI | None = None
        self._secrets = Secrets({})
        self.calls = 0
        """HTTP calls sent."""
        self.on_allowance: Callable[[Allowance], None] | None = None
        """Told what the service says about the calls that it still takes."""

    @property
    def host(self) -> str:
        """The service, for messages."""
        port = f":{self._url.port}" if self._url.port else ""
        return f"{self._url.hostname}{port}"

    def __repr__(self) -> str:
        return f"Transport({self.host})"

    async def aclose(self) -> None:
        """Closes every connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def send(self, request: ChatRequest) -> Reply:
        """Returns the answer to one call.

        Raises:
            CallError: of a kind that says what happened.
        """
        start = time.monotonic()
        while True:
            dialect = self._dialects.get(request.model, self._dialect)
            body = body_of(request, dialect)
            answer = await self._post(body)
            if self.on_allowance is not None and (allowance := allowance_of(answer.headers)) is not None:
                self.on_allowance(allowance)
            if answer.status == 200:
                notes = dialect.notes(shaped=request.schema is not None)
                reply = self._read(answer, notes)
                self._answered.add(request.model)
                return replace(reply, wall_s=time.monotonic() - start)
            said = read_said(answer.content)
            learnt = adapt(dialect, status=answer.status, message=said.message, param=said.param, sent=body)
            if learnt is None:
                raise self._masked(
                    fault_of(
                        answer.status,
                        answer.headers,
                        answer.content,
                        model=request.model,
                        key_name=self._key_name,
                        where=self.host,
                        answered=request.model in self._answered,
                    )
                )
            # Another call may have learnt the same meanwhile, or more.
            if self._dialects.get(request.model, self._dialect) == dialect:
                self._dialects[request.model] = learnt

    def _read(self, answer: _Answer, notes: Mapping[str, str]) -> Reply:
        fault: CallError
        try:
            reply = read_reply(
                answer.content, where=self.host, request_id=answer.headers.get("x-request-id", ""), meta=notes
            )
        except CallError as error:
            fault = error
        else:
            # Whatever becomes of an answer, a key that a gateway echoed in it is kept nowhere.
            mask = self._secrets.mask_values
            return replace(
                reply,
                text=mask(reply.text),
                returned_model=mask(reply.returned_model),
                fingerprint=mask(reply.fingerprint),
                request_id=mask(reply.request_id),
            )
        raise self._masked(fault)

    def _masked(self, fault: CallError) -> CallError:
        """Returns the error without any secret in its words, and without the chain of errors that led to it."""
        fault.what = self._secrets.mask(fault.what)
        text = fault.what if fault.where is None else f"{fault.where}: {fault.what}"
        fault.args = (text if fault.hint is None else f"{text}; {fault.hint}",)
        fault.__cause__ = fault.__context__ = fault.__traceback__ = None
        return fault

    async def _post(self, body: Mapping[str, object]) -> _Answer:
        client = self._open()
        import anyio
        import httpx2
        import openai

        from rvebench.llm.capped import BodyTooLongError

        fault: CallError
        self.calls += 1
        try:
            with anyio.fail_after(self._limits.attempt_s):
                response = await client.post("/chat/completions", cast_to=httpx2.Response, body=body)
            return _Answer(response.status_code, response.headers, response.content)
        except openai.APIStatusError as error:
            return _Answer(error.status_code, error.response.headers, error.response.content)
        except BodyTooLongError:
            fault = LostReplyError(f"an answer of more than {self._limits.body_bytes} bytes", where=self.host)
        except (TimeoutError, openai.APIConnectionError) as error:
            fault = self._cut_off(error)
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL, OSError, ValueError) as error:
            # While the body of an error status is read, faults come from below the SDK and not as its own.
            fault = LostReplyError(f"the answer could not be read: {type(error).__name__}", where=self.host)
        # Raised here and not in the handlers: an SDK error holds the request and with it the key.
        raise fault

    def _cut_off(self, error: BaseException) -> TransportError:
        import httpx2
        import openai

        cause = error.__cause__
        if isinstance(cause, (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)):
            return TransportError(
                f"no connection ({type(cause).__name__})", where=self.host, hint="check the base URL and the network"
            )
        if isinstance(error, (TimeoutError, openai.APITimeoutError)):
            limits = self._limits
            within = limits.read_s if isinstance(error, openai.APITimeoutError) else limits.attempt_s
            return LostReplyError(f"no answer within {within:g} s", where=self.host)
        return LostReplyError("the connection broke before the answer was whole", where=self.host)

    def _open(self) -> AsyncOpenAI:
        if self._client is not None:
            return self._client
        key = os.environ.get(self._key_name, "").strip()
        if not key and not self._own:
            raise FatalCallError(
                f"there is no key in ${self._key_name}", where=self.host, hint=f"set it: export {self._key_name}=…"
            )
        if any(not 32 < ord(letter) < 127 for letter in key):
            raise FatalCallError(f"${self._key_name} holds something that is no key", where=self.host)
        self._secrets = Secrets(os.environ, also=[self._key_name])
        import httpx2
        import openai

        from rvebench.llm.capped import cap_bodies
        from rvebench.llm.connections import AiohttpConnections, goes_through_proxy
        from rvebench.llm.lean import LeanClient

        limits = self._limits
        timeout = httpx2.Timeout(limits.read_s, connect=limits.connect_s, pool=limits.connect_s)
        url = urlunsplit(self._url._replace(query="", fragment=""))
        # An encoding could make the bound on bytes a bound on nothing; classic Azure wants the key under its own name.
        headers = {"Accept-Encoding": "identity"}
        if (self._url.hostname or "").endswith(".azure.com"):
            headers["api-key"] = key
        most = limits.concurrency + 4
        secure = self._url.scheme == "https"
        connections = None if goes_through_proxy(httpx2.URL(url)) else AiohttpConnections(most, secure=secure)
        self._client = openai.AsyncOpenAI(
            api_key=key or _NO_KEY,
            base_url=url,
            max_retries=0,
            timeout=timeout,
            default_headers=headers,
            default_query=dict(parse_qsl(self._url.query)),
            http_client=LeanClient(
                timeout=timeout,
                follow_redirects=True,
                limits=httpx2.Limits(max_connections=most, max_keepalive_connections=most),
                transport=connections,
                event_hooks={"response": [cap_bodies(limits.body_bytes)]},
            ),
        )
        return self._client
