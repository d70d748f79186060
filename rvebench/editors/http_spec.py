"""The specification of an editor that is a web service: submit, poll, download."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from rvebench.editors.exchange import REQUEST_VALUES
from rvebench.editors.spec_files import CommonSpec, Strict
from rvebench.editors.templates import check_placeholders, texts_of
from rvebench.errors import EditorError

__all__ = ["CallSpec", "HttpSpec", "PollSpec", "PriceSpec", "RefusalRule", "ResultSpec", "UploadSpec"]

State = Literal["pending", "running", "ok", "failed", "refused"]

_OF_RUN = ("media", "model")


class CallSpec(Strict):
    """One HTTP request."""

    method: Literal["GET", "POST", "PUT"] = "POST"
    path: str = Field(min_length=1)
    """After `base_url`; or a whole URL on the same host, as some services hand them back."""
    headers: dict[str, str] = Field(default_factory=dict)
    json_body: object = Field(default=None, alias="json")
    """The JSON body; a string that is one placeholder keeps its type."""
    form: dict[str, object] | None = None
    """Fields of a multipart form, instead of `json`."""
    files: dict[str, Literal["source", "mask"]] = Field(default_factory=dict)
    """Files of the form, by field."""

    @model_validator(mode="after")
    def _one_body(self) -> CallSpec:
        if self.json_body is not None and (self.form is not None or self.files):
            raise ValueError("a call has either json or form and files")
        return self

    def texts(self) -> list[str]:
        """Returns every template of the call."""
        return [self.path, *texts_of(self.headers), *texts_of(self.json_body), *texts_of(self.form)]


class UploadSpec(Strict):
    """How the source reaches the service, as the placeholder {media}."""

    mode: Literal["data_uri", "presigned", "public_url", "none"] = "none"
    """`data_uri`: inside the body. `presigned`: asked for, sent, then named. `public_url`: you host it. `none`: the
    submit call sends it as a file of its form."""
    url: str = ""
    """public_url: where the service finds the source, for example `${MEDIA_URL}/{source_name}`."""
    max_bytes: int | None = Field(default=None, ge=1)
    """A larger source (as sent) fails before anything is."""
    ask: CallSpec | None = None
    """presigned: the call that gives the place to send to."""
    send_method: Literal["PUT", "POST"] = "PUT"
    send_url: str = ""
    """presigned: path in the reply to the URL to send to."""
    send_fields: str = ""
    """presigned: path in the reply to the form's fields (POST)."""
    media: str = ""
    """presigned: path in the reply to what {media} becomes."""

    @model_validator(mode="after")
    def _consistent(self) -> UploadSpec:
        if self.mode == "presigned" and not (self.ask and self.send_url and self.media):
            raise ValueError("mode presigned needs ask, send_url and media")
        if self.mode == "public_url" and not self.url:
            raise ValueError("mode public_url needs url")
        return self


class PollSpec(Strict):
    """How the state of a job is asked for."""

    path: str
    status: str
    """Path in the reply to the state's name."""
    statuses: dict[str, State]
    """The service's names for states. One that is not listed counts as running, and is told when time runs out."""
    interval_s: float = Field(default=5.0, gt=0)


class ResultSpec(Strict):
    """Where the finished video is."""

    path: str | None = None
    """A further GET whose reply holds the URL; absent: the last poll's reply does."""
    url: str = ""
    """Path in the reply to the video's URL."""
    content: str | None = None
    """A path of the service that sends the video itself, instead of `url`."""

    @model_validator(mode="after")
    def _one(self) -> ResultSpec:
        if bool(self.url) == bool(self.content):
            raise ValueError("result needs either url or content")
        return self


class RefusalRule(Strict):
    """What tells a refusal for content from a failure."""

    path: str
    """Path in the reply, of the poll or of an error."""
    matches: str
    """Regular expression searched there, case does not matter."""

    @field_validator("matches")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return pattern


class PriceSpec(Strict):
    """What an edit costs; the parts that are given are added."""

    usd: float | None = Field(default=None, ge=0)
    """For each edit."""
    usd_per_source_second: float | None = Field(default=None, ge=0)
    field: str | None = None
    """Path in the last reply to what was charged."""
    usd_per_unit: float = Field(default=1.0, ge=0)
    """Dollars for one unit of `field`."""
    refused_too: bool = False
    """Refused edits are charged as well."""
    as_of: str = ""
    """The day the price was read."""


class HttpSpec(CommonSpec):
    """An editor that is a web service."""

    transport: Literal["http"]
    base_url: str
    headers: dict[str, str] = Field(default_factory=dict)
    """Sent to `base_url`'s host only. `${NAME}` takes a variable of the environment, which is then never shown."""
    model: str = Field(min_length=1)
    """The model's id, pinned; the placeholder {model}."""
    model_date: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    """The day the id and the shapes here were checked."""
    returned_model: str | None = None
    """Path in the last reply to the model that really ran."""
    upload: UploadSpec = UploadSpec()
    submit: CallSpec
    capture: dict[str, str] = Field(default_factory=lambda: {"id": "id"})
    """Placeholders for the later calls, each with its path in the submit reply."""
    poll: PollSpec | None = None
    """Absent: the submit reply is the result."""
    result: ResultSpec
    error: tuple[str, ...] = ("error.message", "error", "message", "detail")
    """Paths in a reply to what went wrong; the first that is there is told."""
    refused: tuple[RefusalRule, ...] = ()
    price: PriceSpec | None = None
    concurrency: int = Field(default=4, ge=1, le=64)
    """Jobs in flight in one worker."""
    deadline_s: float = Field(default=1800.0, gt=0)
    """Seconds for one edit, from the first call to the last byte."""
    call_timeout_s: float = Field(default=60.0, gt=0)
    """Seconds without an answer after which one call is given up."""
    attempts: int = Field(default=6, ge=1)
    """How often one call is tried on 429, 5xx and broken connections."""
    backoff_s: float = Field(default=1.0, gt=0)
    """The first wait between attempts; it doubles up to a minute. Retry-After goes first."""
    seed_modulo: int | None = Field(default=None, ge=2)
    """Seeds the service takes are below this; {seed} is reduced to fit."""
    max_download_bytes: int = Field(default=2 << 30, ge=1)

    @field_validator("base_url")
    @classmethod
    def _is_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise ValueError("base_url must be http(s)://host, maybe with a path")
        if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError("base_url must be https: the key would travel in the open")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _placeholders(self) -> HttpSpec:
        before = (*REQUEST_VALUES, *self.settings, "model")
        after = (*before, "media", *self.capture)
        try:
            check_placeholders([self.upload.url, *self.headers.values()], before, where="upload.url, headers")
            if self.upload.ask:
                check_placeholders(self.upload.ask.texts(), before, where="upload.ask")
            check_placeholders(self.submit.texts(), (*before, "media"), where="submit")
            if self.poll:
                check_placeholders([self.poll.path], after, where="poll.path")
            check_placeholders([self.result.path or "", self.result.content or ""], after, where="result")
        except EditorError as error:
            raise ValueError(str(error)) from None
        taken = [name for name in self.settings if name in (*REQUEST_VALUES, *_OF_RUN, *self.capture)]
        if taken:
            raise ValueError(f"setting {taken[0]!r} has the name of a placeholder")
        return self

    def all_texts(self) -> list[str]:
        """Returns every template of the file, for the environment variables in them."""
        calls = [self.submit, *([self.upload.ask] if self.upload.ask else [])]
        return [*self.headers.values(), self.upload.url, *(text for call in calls for text in call.texts())]

    @property
    def host(self) -> tuple[str, str]:
        """Scheme and host (with port) that may see the headers."""
        parts = urlsplit(self.base_url)
        return parts.scheme, parts.netloc
