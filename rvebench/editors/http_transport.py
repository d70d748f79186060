"""Editors that are web services: submit, poll, download at once, several jobs in flight."""

from __future__ import annotations

import base64
import mimetypes
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from rvebench.editors.exchange import check_output, no_video, request_values, source_frames
from rvebench.editors.http_client import CallError, Cancelled, HttpClient, dig
from rvebench.editors.http_jobs import JobNote
from rvebench.editors.http_spec import CallSpec, HttpSpec
from rvebench.editors.templates import env_names, fill_text, fill_value, placeholders
from rvebench.errors import RveError
from rvebench.records import EditorInfo, EditRequest, EditResult, Window
from rvebench.redaction import Secrets
from rvebench.taxonomy import Status
from rvebench.video import probe_video

__all__ = ["HttpEditor"]

_GONE = {401, 403, 404, 410}


class HttpEditor:
    """An editor that is a web service.

    Args:
        spec: the service.
        environ: where `${NAME}` is looked up; the process's environment when absent.
    """

    def __init__(self, spec: HttpSpec, *, environ: Mapping[str, str] | None = None) -> None:
        self.spec = spec
        self._environ = dict(os.environ if environ is None else environ)
        in_headers = (name for text in spec.headers.values() for name in env_names(text))
        self._secrets = Secrets(self._environ, also=in_headers)
        self._wanted = frozenset().union(*(placeholders(text) for text in spec.all_texts()))

    @property
    def info(self) -> EditorInfo:
        return self.spec.info(model=f"{self.spec.model}@{self.spec.model_date}")

    @property
    def patience_s(self) -> float:
        """Seconds after which this editor ends an edit itself."""
        return self.spec.deadline_s

    def missing(self) -> tuple[str, ...]:
        """Returns the environment variables that are not set."""
        names = {name for text in self.spec.all_texts() for name in env_names(text)}
        return tuple(f"environment variable {name}" for name in sorted(names) if not self._environ.get(name))

    def edit(self, requests: Iterable[EditRequest]) -> Iterator[EditResult]:
        stop = threading.Event()
        client = HttpClient(self.spec, environ=self._environ, secrets=self._secrets, stop=stop)
        stream = iter(requests)
        flying: set[Future[EditResult]] = set()
        with ThreadPoolExecutor(self.spec.concurrency, thread_name_prefix="http-editor") as pool:
            try:
                while True:
                    while len(flying) < self.spec.concurrency:
                        request = next(stream, None)
                        if request is None:
                            break
                        flying.add(pool.submit(self._edit_one, request, client))
                    if not flying:
                        break
                    done, flying = wait(flying, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield future.result()
            finally:
                # Also when the caller stops reading: jobs under way keep their notes and are found again.
                stop.set()
                for future in flying:
                    future.cancel()
                pool.shutdown(wait=True)
                client.close()

    def render(self, request: EditRequest) -> dict[str, object]:
        """Returns the submit call that would be made, with secrets masked and media shortened. Sends nothing.

        Raises:
            RveError: the source cannot be read.
            ValueError: the request lacks what a placeholder needs.
        """
        call = self.spec.submit
        values = {**self._values(request), "media": f"<{self.spec.upload.mode} of {request.source.name}>"}
        if self.spec.upload.mode == "public_url":
            values["media"] = fill_text(self.spec.upload.url, values, self._environ)
        known = {name: self._environ.get(name, f"${{{name}}} is not set") for name in self._all_env()}
        headers = {name: fill_text(text, values, known) for name, text in {**self.spec.headers, **call.headers}.items()}
        shown: dict[str, object] = {
            "method": call.method,
            "url": self._secrets.mask(f"{self.spec.base_url}/{fill_text(call.path, values, known).lstrip('/')}"),
            "headers": {name: self._secrets.mask(text) for name, text in headers.items()},
        }
        if call.json_body is not None:
            shown["json"] = self._masked(fill_value(call.json_body, values, known))
        if call.form:
            shown["form"] = self._masked(fill_value(call.form, values, known))
        if call.files:
            shown["files"] = dict.fromkeys(call.files, request.source.name)
        return shown

    def _all_env(self) -> set[str]:
        return {name for text in self.spec.all_texts() for name in env_names(text)}

    def _masked(self, value: object) -> object:
        if isinstance(value, str):
            return self._secrets.mask(value)
        if isinstance(value, dict):
            return {key: self._masked(inner) for key, inner in value.items()}
        return [self._masked(inner) for inner in value] if isinstance(value, list) else value

    def _values(self, request: EditRequest) -> dict[str, object]:
        values = {**self.spec.settings, **request_values(request, self._wanted), "model": self.spec.model}
        if self.spec.seed_modulo is not None:
            values["seed"] = request.seed % self.spec.seed_modulo
        return values

    def _edit_one(self, request: EditRequest, client: HttpClient) -> EditResult:
        """Runs one job to its end, whatever that is. This is the boundary where faults become results."""
        started = time.monotonic()
        try:
            return self._job(request, client, started)
        except CallError as error:
            charged = error.status is Status.REFUSED and self.spec.price is not None and self.spec.price.refused_too
            return no_video(
                request,
                self._secrets.mask(error.reason),
                started=started,
                status=error.status,
                model_id=self.spec.model,
                cost_usd=self._cost(request, error.reply) if charged else None,
            )
        except Cancelled:
            return no_video(request, "the run was stopped", started=started, model_id=self.spec.model)
        except (RveError, OSError, ValueError) as error:
            return no_video(request, self._secrets.mask(str(error)), started=started, model_id=self.spec.model)

    def _job(self, request: EditRequest, client: HttpClient, started: float) -> EditResult:
        deadline = started + self.spec.deadline_s
        values = self._values(request)
        window = self._window(request)
        note = JobNote.of(self.spec, request)
        job = note.read()
        found = job is not None
        reply: object = None
        if job is None:
            values["media"] = self._media(request, values, client, deadline)
            files = {field: _file(request, kind) for field, kind in self.spec.submit.files.items()}
            reply = client.call(self.spec.submit, values, deadline=deadline, files=files, once=self.spec.paid)
            job = {name: dig(reply, path) for name, path in self.spec.capture.items()} if self.spec.poll else {}
            lacking = [f"{name} at {self.spec.capture[name]!r}" for name, value in job.items() if value in (None, "")]
            if lacking:
                if client.refused(reply):
                    raise CallError(Status.REFUSED, client.told(reply) or "refused", reply=reply)
                told = client.told(reply)
                raise CallError(Status.FAILED, told or f"the submit reply has no {', '.join(lacking)}", reply=reply)
            if job:
                note.write(job)
        values |= job
        video = request.out.with_suffix(".mp4")
        try:
            reply = self._wait(values, reply, client, deadline)
            reply = self._fetch(values, reply, video, client, deadline)
        except CallError as error:
            # What was paid for is asked for again on the next run, once; a job that ended is not.
            if error.ended or error.code in (404, 410) or (found and error.status is not Status.TIMEOUT):
                note.drop()
            raise
        problem = check_output(video)
        note.drop()
        if problem:
            video.unlink(missing_ok=True)
            raise CallError(Status.FAILED, problem.replace("wrote", "sent", 1))
        returned = dig(reply, self.spec.returned_model) if self.spec.returned_model else None
        meta = {str(name): str(value) for name, value in job.items() if name == "id"}
        return EditResult(
            sample_id=request.sample_id,
            status=Status.OK,
            video=video,
            window=window,
            wall_s=time.monotonic() - started,
            cost_usd=self._cost(request, reply),
            model_id=str(returned or self.spec.model),
            meta=meta | ({"resumed": "the job was found again"} if found else {}),
        )

    def _window(self, request: EditRequest) -> Window | None:
        if self.spec.window is None:
            return None
        return self.spec.window.on(frames=source_frames(request.source), fps=probe_video(request.source).fps)

    def _media(
        self, request: EditRequest, values: Mapping[str, object], client: HttpClient, deadline: float
    ) -> str | None:
        upload = self.spec.upload
        size = request.source.stat().st_size
        as_sent = (size + 2) // 3 * 4 if upload.mode == "data_uri" else size
        if upload.max_bytes is not None and as_sent > upload.max_bytes:
            raise ValueError(f"the source is too large: {as_sent} bytes as sent, {upload.max_bytes} allowed")
        if upload.mode == "data_uri":
            kind = mimetypes.guess_type(request.source.name)[0] or "video/mp4"
            return f"data:{kind};base64,{base64.b64encode(request.source.read_bytes()).decode()}"
        if upload.mode == "public_url":
            return fill_text(upload.url, values, self._environ)
        if upload.mode == "presigned":
            assert upload.ask is not None
            reply = client.call(upload.ask, values, deadline=deadline)
            url, media = dig(reply, upload.send_url), dig(reply, upload.media)
            if not isinstance(url, str) or not isinstance(media, str):
                raise CallError(Status.FAILED, f"the upload reply has no {upload.send_url} or {upload.media}")
            fields = dig(reply, upload.send_fields) if upload.send_fields else None
            form = {str(key): str(value) for key, value in fields.items()} if isinstance(fields, Mapping) else None
            client.upload(url, request.source, method=upload.send_method, fields=form, deadline=deadline)
            return media
        return None

    def _wait(self, values: Mapping[str, object], reply: object, client: HttpClient, deadline: float) -> object:
        poll = self.spec.poll
        if poll is None:
            return reply
        call = CallSpec(method="GET", path=poll.path)
        name = ""
        while True:
            reply = client.call(call, values, deadline=deadline)
            name = str(dig(reply, poll.status))
            state = poll.statuses.get(name, "running")
            if state == "ok":
                return reply
            if state == "refused" or (state == "failed" and client.refused(reply)):
                raise CallError(
                    Status.REFUSED, client.told(reply) or f"the job ended as {name}", reply=reply, ended=True
                )
            if state == "failed":
                raise CallError(
                    Status.FAILED, client.told(reply) or f"the job ended as {name}", reply=reply, ended=True
                )
            if time.monotonic() + poll.interval_s > deadline:
                known = "" if name in poll.statuses else ", a state the specification does not know"
                job = f"job {values.get('id')}" if values.get("id") else "the job"
                raise CallError(
                    Status.TIMEOUT, f"{job} is {name} after {self.spec.deadline_s:g} s{known}; asking again resumes it"
                )
            client.sleep(poll.interval_s)

    def _fetch(
        self, values: Mapping[str, object], reply: object, video: Path, client: HttpClient, deadline: float
    ) -> object:
        """Downloads the video; a link that has gone stale is asked for once more."""
        result = self.spec.result
        if result.content is not None:
            client.download(fill_text(result.content, values, self._environ), video, own=True, deadline=deadline)
            return reply
        for again in (False, True):
            if again and self.spec.poll is not None:
                reply = self._wait(values, reply, client, deadline)
            if result.path is not None:
                reply = client.call(CallSpec(method="GET", path=result.path), values, deadline=deadline)
            url = dig(reply, result.url)
            if not isinstance(url, str) or not url:
                told = client.told(reply) or f"the job is done, but no URL stands at {result.url!r}"
                raise CallError(Status.FAILED, told)
            try:
                client.download(url, video, own=False, deadline=deadline)
                return reply
            except CallError as error:
                if error.code not in _GONE or again or self.spec.poll is None:
                    told = f"the result's link has expired ({error.reason})" if error.code in _GONE else error.reason
                    raise CallError(error.status, told, code=error.code, reply=reply) from None
        raise AssertionError("two rounds end in a return or an error")

    def _cost(self, request: EditRequest, reply: object) -> float | None:
        price = self.spec.price
        if price is None:
            return None
        parts = [price.usd] if price.usd is not None else []
        if price.usd_per_source_second is not None:
            facts = probe_video(request.source)
            seconds = facts.duration_s or source_frames(request.source) / facts.fps
            parts.append(price.usd_per_source_second * seconds)
        if price.field is not None:
            units = dig(reply, price.field)
            if not isinstance(units, (int, float)) or isinstance(units, bool):
                return None
            parts.append(units * price.usd_per_unit)
        return round(sum(parts), 6) if parts else None


def _file(request: EditRequest, kind: str) -> Path:
    if kind == "source":
        return request.source
    if request.mask is None:
        raise ValueError("the sample has no mask, and this editor sends one")
    return request.mask
