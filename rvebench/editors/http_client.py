"""Calls to a service: bounded retries, total deadline, errors in words without secrets."""

from __future__ import annotations

import email.utils
import importlib
import json
import re
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential

from rvebench.editors.http_spec import CallSpec, HttpSpec
from rvebench.editors.templates import fill_text, fill_value
from rvebench.redaction import Secrets
from rvebench.taxonomy import Status

__all__ = ["CallError", "Cancelled", "HttpClient", "dig"]

_LONGEST_WAIT_S = 60.0
_LONGEST_TEXT = 400
_RETRIED = {408, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529}


class CallError(Exception):
    """A call that failed for good: the status and reason of the edit, and the reply as far as it was JSON."""

    def __init__(
        self, status: Status, reason: str, *, code: int = 0, reply: object = None, ended: bool = False
    ) -> None:
        super().__init__(reason)
        self.ended = ended
        """The job itself is over: asking again gives the same."""
        self.status = status
        self.reason = reason
        self.code = code
        self.reply = reply


class Cancelled(Exception):  # noqa: N818 - not an error
    """The run is being stopped."""


class _Transient(Exception):  # noqa: N818 - never leaves this module
    def __init__(self, last: CallError, *, wait_s: float | None = None) -> None:
        super().__init__(last.reason)
        self.last = last
        self.wait_s = wait_s


def dig(value: object, path: str) -> object:
    """Returns what stands at `a.0.b` in a JSON value, or None. The path `` is the value itself."""
    for part in path.split(".") if path else ():
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and re.fullmatch(r"-?\d+", part):
            value = value[int(part)] if -len(value) <= int(part) < len(value) else None
        else:
            return None
    return value


class HttpClient:
    """One service, called from several threads.

    Args:
        spec: the service.
        environ: where `${NAME}` is looked up.
        secrets: what is masked in every reason.
        stop: set when the run is being stopped; waits end at once.
    """

    def __init__(self, spec: HttpSpec, *, environ: Mapping[str, str], secrets: Secrets, stop: threading.Event) -> None:
        self._library = importlib.import_module("httpx2")  # imported when a service is really called
        self._spec = spec
        self._environ = environ
        self._secrets = secrets
        self._stop = stop
        self._client: Any = self._library.Client(timeout=spec.call_timeout_s, follow_redirects=False)

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def sleep(self, seconds: float) -> None:
        """Waits.

        Raises:
            Cancelled: the run is being stopped.
        """
        if self._stop.wait(seconds):
            raise Cancelled

    def call(
        self,
        call: CallSpec,
        values: Mapping[str, object],
        *,
        deadline: float,
        files: Mapping[str, Path] | None = None,
        once: bool = False,
    ) -> object:
        """Makes a call to the service and returns its JSON reply.

        Args:
            call: the request's template.
            values: for its placeholders.
            deadline: `time.monotonic()` after which nothing is tried again.
            files: the files of the form, by field.
            once: a call that starts a paid job: it is not repeated when it may have been taken (no answer came).

        Raises:
            CallError: the service refused, or failed for good.
            Cancelled: the run is being stopped.
        """
        url = self._url(fill_text(call.path, values, self._environ))
        headers = {
            name: fill_text(text, values, self._environ)
            for name, text in {**self._spec.headers, **call.headers}.items()
        }
        body: dict[str, Any] = {}
        if call.json_body is not None:
            body["json"] = fill_value(call.json_body, values, self._environ)
        form = fill_value(call.form or {}, values, self._environ)
        if isinstance(form, dict) and form:
            body["data"] = {key: _form_text(value) for key, value in form.items()}

        def attempt() -> object:
            with ExitStack() as stack:
                sent = dict(body)
                if files:
                    sent["files"] = {
                        field: (path.name, stack.enter_context(path.open("rb"))) for field, path in files.items()
                    }
                response = self._send(call.method, url, headers, sent, once=once)
            return self._json(response)

        return self._retrying(attempt, deadline)

    def upload(self, url: str, path: Path, *, method: str, fields: Mapping[str, str] | None, deadline: float) -> None:
        """Sends a file to a presigned URL, without the service's headers.

        Raises:
            CallError: it is not taken.
            Cancelled: the run is being stopped.
        """
        _check_web(url)

        def attempt() -> None:
            with path.open("rb") as file:
                body: dict[str, Any] = {"content": file}
                if method == "POST":
                    body = {"data": dict(fields or {}), "files": {"file": (path.name, file)}}
                response = self._send(method, url, {}, body, once=False)
            self._check(response)

        self._retrying(attempt, deadline)

    def download(self, url: str, out: Path, *, own: bool, deadline: float) -> None:
        """Stores what a URL sends; `out` is there only when it came whole.

        Args:
            url: the video's URL.
            out: where it goes.
            own: the URL is one of the service itself and gets its headers; others get none.
            deadline: `time.monotonic()` after which nothing is tried again.

        Raises:
            CallError: it cannot be had, or is no video.
            Cancelled: the run is being stopped.
        """
        url = self._url(url) if own else url
        _check_web(url)
        headers = {name: fill_text(text, {}, self._environ) for name, text in self._spec.headers.items()} if own else {}
        part = out.with_name(out.name + ".part")
        try:
            self._retrying(lambda: self._fetch(url, headers, part, deadline, redirects=not own), deadline)
            part.replace(out)
        finally:
            part.unlink(missing_ok=True)

    def _url(self, path: str) -> str:
        if not urlsplit(path).scheme:
            return self._spec.base_url + "/" + path.lstrip("/")
        parts = urlsplit(path)
        if (parts.scheme, parts.netloc) != self._spec.host:
            raise CallError(Status.FAILED, f"the service named another host ({parts.hostname}) for a call with the key")
        return urljoin(self._spec.base_url, path)

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: dict[str, Any], *, once: bool) -> Any:
        library = self._library
        try:
            return self._client.request(method, url, headers=dict(headers), **body)
        except (library.ConnectError, library.ConnectTimeout, library.PoolTimeout) as error:
            raise _Transient(self._broken(error)) from None
        except library.HTTPError as error:
            if once:
                broken = self._broken(error)
                reason = f"{broken.reason}; not sent again, because the job may have been started and charged"
                raise CallError(broken.status, reason) from None
            raise _Transient(self._broken(error)) from None

    def _fetch(self, url: str, headers: Mapping[str, str], part: Path, deadline: float, *, redirects: bool) -> None:
        library = self._library
        try:
            with self._client.stream("GET", url, headers=dict(headers), follow_redirects=redirects) as response:
                if response.status_code >= 300:
                    response.read()
                    self._check(response)
                kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
                if kind.startswith("text/") or kind == "application/json":
                    response.read()
                    raise CallError(Status.FAILED, f"sent {kind} instead of a video: {self._snippet(response)}")
                size = 0
                with part.open("wb") as file:
                    for chunk in response.iter_bytes():
                        size += file.write(chunk)
                        if size > self._spec.max_download_bytes:
                            raise CallError(Status.FAILED, f"the video is larger than {size >> 20} MiB")
                        if self._stop.is_set():
                            raise Cancelled
                        if time.monotonic() > deadline:
                            raise CallError(Status.TIMEOUT, "the download did not end in time")
        except library.HTTPError as error:
            raise _Transient(self._broken(error)) from None

    def _broken(self, error: Exception) -> CallError:
        status = Status.TIMEOUT if isinstance(error, self._library.TimeoutException) else Status.FAILED
        text = self._secrets.mask(str(error))[:_LONGEST_TEXT]
        return CallError(status, f"no answer: {type(error).__name__}{f': {text}' if text else ''}")

    def _retrying(self, attempt: Any, deadline: float) -> Any:
        def wait(state: RetryCallState) -> float:
            assert state.outcome is not None
            error = state.outcome.exception()
            asked = error.wait_s if isinstance(error, _Transient) else None
            return asked if asked is not None else backoff(state)

        def enough(state: RetryCallState) -> bool:
            return state.attempt_number >= self._spec.attempts or time.monotonic() + wait(state) > deadline

        backoff = wait_exponential(multiplier=self._spec.backoff_s, max=_LONGEST_WAIT_S)
        retrying = Retrying(
            retry=retry_if_exception_type(_Transient),
            stop=enough,
            wait=wait,
            sleep=self.sleep,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except _Transient as error:
            tried = retrying.statistics.get("attempt_number", 1)
            last = error.last
            reason = f"{last.reason} (tried {tried} times)"
            raise CallError(last.status, reason, code=last.code, reply=last.reply) from None

    def _json(self, response: Any) -> object:
        self._check(response)
        try:
            return json.loads(response.content)
        except ValueError:
            raise CallError(Status.FAILED, f"the reply is not JSON: {self._snippet(response)}") from None

    def _check(self, response: Any) -> None:
        code = response.status_code
        if code < 300:
            return
        reply: object = None
        try:
            reply = json.loads(response.content)
        except ValueError:
            told = self._snippet(response)
        else:
            told = self.told(reply) or self._snippet(response)
        refused = self.refused(reply)
        failure = CallError(
            Status.REFUSED if refused else Status.FAILED,
            f"HTTP {code}: {told}" if told else f"HTTP {code}",
            code=code,
            reply=reply,
        )
        if code in _RETRIED and not refused:
            raise _Transient(failure, wait_s=_retry_after(response.headers.get("retry-after")))
        raise failure

    def refused(self, reply: object) -> bool:
        """Returns whether a reply says that the content was refused."""
        rules = self._spec.refused
        return any(re.search(rule.matches, _text(dig(reply, rule.path)), re.IGNORECASE) for rule in rules)

    def told(self, reply: object) -> str:
        """Returns what a reply says went wrong, masked and short."""
        for path in self._spec.error:
            text = _text(dig(reply, path))
            if text:
                return self._secrets.mask(text)[:_LONGEST_TEXT]
        return ""

    def _snippet(self, response: Any) -> str:
        kind = response.headers.get("content-type", "").split(";")[0] or "no content type"
        text = re.sub(r"(?is)<(script|style).*?</\1>|<[^>]+>", " ", response.text)
        return f"{self._secrets.mask(' '.join(text.split()))[: _LONGEST_TEXT // 2]!r} ({kind})"


def _check_web(url: str) -> None:
    if urlsplit(url).scheme not in ("http", "https"):
        raise CallError(Status.FAILED, "the service named a URL that is not http(s)")


def _text(value: object) -> str:
    if value is None or value == "":
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _form_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _retry_after(text: str | None) -> float | None:
    """Returns the seconds a Retry-After header asks for: a number, or a date."""
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None
