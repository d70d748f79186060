from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rvebench.editors import build_editor
from rvebench.editors.http_client import dig
from rvebench.editors.http_spec import HttpSpec
from rvebench.editors.http_transport import HttpEditor
from rvebench.editors.spec_files import load_spec, shipped_spec
from rvebench.errors import EditorError
from rvebench.records import EditResult
from rvebench.taxonomy import Status
from rvebench.video import fingerprint, read_video
from tests.editors.conftest import MakeRequest
from tests.editors.service import KEY, Service, serve


@pytest.fixture
def service(clip: Path) -> Iterator[Service]:
    with serve(clip.read_bytes()) as running:
        yield running


def spec_of(service: Service, **changes: Any) -> HttpSpec:
    spec: dict[str, Any] = {
        "transport": "http",
        "name": "loopback",
        "version": "1",
        "base_url": service.url,
        "headers": {"Authorization": "Bearer ${LOOP_KEY}"},
        "model": "m-1",
        "model_date": "2026-11-21",
        "upload": {"mode": "data_uri"},
        "submit": {
            "path": "/v1/edit",
            "json": {"model": "{model}", "video": "{media}", "prompt": "{instruction}", "seed": "{seed}"},
        },
        "poll": {
            "path": "/v1/tasks/{id}",
            "status": "status",
            "statuses": {"PENDING": "pending", "RUNNING": "running", "SUCCEEDED": "ok", "FAILED": "failed"},
            "interval_s": 0.02,
        },
        "result": {"url": "output.0"},
        "error": ["failure", "error.message", "error", "detail.0.msg"],
        "refused": [
            {"path": "failureCode", "matches": "^SAFETY"},
            {"path": "detail.0.type", "matches": "content_policy"},
        ],
        "price": {"usd": 0.05, "field": "cost.credits", "usd_per_unit": 0.01},
        "deadline_s": 20,
        "attempts": 3,
        "backoff_s": 0.01,
        "call_timeout_s": 5,
        "paid": True,
        **changes,
    }
    return HttpSpec.model_validate(spec)


def editor_of(service: Service, **changes: Any) -> HttpEditor:
    return HttpEditor(spec_of(service, **changes), environ={"LOOP_KEY": KEY})


def edit(service: Service, make: MakeRequest, **changes: Any) -> EditResult:
    (result,) = editor_of(service, **changes).edit([make()])
    assert KEY not in repr(result) and "hush" not in repr(result)
    return result


def test_a_job_is_submitted_polled_and_fetched(service: Service, make: MakeRequest, clip: Path) -> None:
    result = edit(service, make)
    assert result.status is Status.OK, result.reason
    assert result.video is not None
    assert fingerprint(read_video(result.video)) == fingerprint(read_video(clip))
    assert (result.cost_usd, result.model_id, result.meta["id"]) == (0.3, "m-1", "job-1")
    (body,) = service.bodies
    assert body["seed"] == 7 and body["prompt"] == "make it grey"
    assert base64.b64decode(body["video"].removeprefix("data:video/mp4;base64,")) == clip.read_bytes()
    assert service.calls == {"submit": 1, "poll": 3, "download": 1}
    assert [path.name for path in result.video.parent.iterdir()] == ["s1.mp4"]


def test_the_key_goes_to_the_service_and_not_to_the_place_of_the_result(service: Service, make: MakeRequest) -> None:
    edit(service, make)
    for path, headers in service.headers:
        assert headers.get("Authorization") == (None if "/cdn/" in path else f"Bearer {KEY}"), path


@pytest.mark.parametrize("step", ["submit", "poll", "download"])
@pytest.mark.parametrize("fault", ["429", "500"])
def test_faults_that_pass_are_tried_again(step: str, fault: str, service: Service, make: MakeRequest) -> None:
    service.faults[step] = [fault, fault]
    result = edit(service, make)
    assert result.status is Status.OK, result.reason
    assert service.calls["submit"] == (3 if step == "submit" else 1)


def test_retry_after_is_waited_for(service: Service, make: MakeRequest) -> None:
    service.faults["submit"] = ["429", "429"]
    started = time.monotonic()
    assert edit(service, make).status is Status.OK
    assert time.monotonic() - started >= 0.1


def test_attempts_are_bounded_and_html_errors_are_told_short(service: Service, make: MakeRequest) -> None:
    service.faults["submit"] = ["500!"]
    result = edit(service, make)
    assert result.status is Status.FAILED
    assert "HTTP 500" in result.reason and "Oops" in result.reason and "tried 3 times" in result.reason
    assert "<html" not in result.reason and "***" in result.reason
    assert service.calls["submit"] == 3


def test_a_wrong_key_fails_at_once_without_showing_it(service: Service, make: MakeRequest) -> None:
    service.faults["submit"] = ["401!"]
    result = edit(service, make)
    assert result.status is Status.FAILED and result.reason == "HTTP 401: bad key ***"
    assert service.calls["submit"] == 1


def test_a_paid_job_is_not_submitted_twice_when_the_answer_is_lost(service: Service, make: MakeRequest) -> None:
    service.faults["submit"] = ["drop!"]
    result = edit(service, make)
    assert result.status is Status.FAILED and "may have been started and charged" in result.reason
    assert service.calls["submit"] == 1


def test_a_failed_job_is_failed_in_the_service_s_words(service: Service, make: MakeRequest) -> None:
    service.state, service.extra = ["RUNNING", "FAILED"], {"failure": "the video is too short", "failureCode": "INPUT"}
    result = edit(service, make)
    assert (result.status, result.reason) == (Status.FAILED, "the video is too short")
    assert result.cost_usd is None


def test_a_job_stopped_for_its_content_is_refused_and_charged_where_the_price_says_so(
    service: Service, make: MakeRequest
) -> None:
    service.state, service.extra = ["FAILED"], {"failure": "moderated", "failureCode": "SAFETY.INPUT.TEXT"}
    assert edit(service, make).cost_usd is None
    result = edit(service, make, price={"usd": 0.05, "refused_too": True})
    assert (result.status, result.reason, result.cost_usd) == (Status.REFUSED, "moderated", 0.05)


def test_a_refusal_as_an_http_error_is_refused_and_not_tried_again(service: Service, make: MakeRequest) -> None:
    service.faults["submit"] = ["422!"]
    result = edit(service, make)
    assert result.status is Status.REFUSED and "not allowed here" in result.reason
    assert service.calls["submit"] == 1


def test_a_job_that_never_ends_is_a_timeout_and_is_found_again(service: Service, make: MakeRequest) -> None:
    service.state = ["THROTTLED"]
    result = edit(service, make, deadline_s=0.3)
    assert result.status is Status.TIMEOUT
    assert "job-1 is THROTTLED" in result.reason and "does not know" in result.reason
    service.state = ["SUCCEEDED"]
    again = edit(service, make, deadline_s=0.3)
    assert again.status is Status.OK and "resumed" in again.meta
    assert service.calls["submit"] == 1


def test_a_note_of_another_request_is_not_taken_for_ours(service: Service, make: MakeRequest) -> None:
    service.state = ["RUNNING"]
    edit(service, make, deadline_s=0.2)
    service.state = ["SUCCEEDED"]
    (result,) = editor_of(service, deadline_s=0.2).edit([make(instruction="something else")])
    assert result.status is Status.OK and service.calls["submit"] == 2


def test_a_stale_link_is_asked_for_once_more(service: Service, make: MakeRequest) -> None:
    service.faults["download"] = ["403"]
    assert edit(service, make).status is Status.OK
    service.faults["download"] = ["403!"]
    result = edit(service, make)
    assert result.status is Status.FAILED and "link has expired" in result.reason


def test_a_body_cut_short_is_fetched_again_and_never_kept(service: Service, make: MakeRequest) -> None:
    service.faults["download"] = ["truncated"]
    result = edit(service, make)
    assert result.status is Status.OK and service.calls["download"] == 2
    service.faults["download"] = ["truncated!"]
    result = edit(service, make)
    assert result.status is Status.FAILED and "tried 3 times" in result.reason
    assert not make().out.with_name("s1.mp4.part").exists()


@pytest.mark.parametrize(
    ("fault", "told"), [("html", "text/html instead of a video: 'Log in please'"), ("garbage", "not a readable video")]
)
def test_a_download_that_is_no_video_is_a_failure(fault: str, told: str, service: Service, make: MakeRequest) -> None:
    service.faults["download"] = [fault + "!"]
    result = edit(service, make)
    assert result.status is Status.FAILED and told in result.reason
    assert not make().out.exists()


def test_a_page_where_json_was_expected_is_a_failure(service: Service, make: MakeRequest) -> None:
    service.faults["poll"] = ["html!"]
    result = edit(service, make)
    assert result.status is Status.FAILED and "the reply is not JSON" in result.reason and "Log in" in result.reason


def test_several_jobs_are_in_flight_and_come_back_as_they_end(service: Service, make: MakeRequest) -> None:
    service.state = ["RUNNING"] * 4 + ["SUCCEEDED"]
    results = list(editor_of(service, concurrency=3).edit(make(f"s{number}") for number in range(7)))
    assert {result.status for result in results} == {Status.OK}
    assert sorted(result.sample_id for result in results) == [f"s{number}" for number in range(7)]
    assert service.most_at_once == 3


def test_requests_are_pulled_only_as_they_can_be_taken(service: Service, make: MakeRequest) -> None:
    pulled: list[str] = []

    def requests() -> Iterator[Any]:
        for number in range(6):
            pulled.append(f"s{number}")
            yield make(f"s{number}")

    stream = editor_of(service, concurrency=2).edit(requests())
    next(stream)
    assert len(pulled) == 2
    stream.close()


def test_stopping_early_leaves_a_note_of_what_was_paid_for(service: Service, make: MakeRequest) -> None:
    service.state = ["SUCCEEDED"]
    requests = [make("fast"), make("slow")]
    editor = editor_of(service, concurrency=2, poll={**spec_of(service).poll.model_dump(), "interval_s": 0.3})  # type: ignore[union-attr]
    service.next_state = lambda job: "SUCCEEDED" if job == "job-1" else "RUNNING"  # type: ignore[method-assign]
    stream = editor.edit(requests)
    first = next(stream)
    stream.close()
    notes = list(requests[0].out.parent.glob("*.job.json"))
    assert first.status is Status.OK and len(notes) == 1
    assert KEY not in notes[0].read_text()


def test_a_source_too_large_for_the_service_fails_before_anything_is_sent(service: Service, make: MakeRequest) -> None:
    result = edit(service, make, upload={"mode": "data_uri", "max_bytes": 100})
    assert result.status is Status.FAILED and "too large" in result.reason
    assert service.calls["submit"] == 0


def test_a_presigned_upload_is_sent_without_the_key_and_named_in_the_job(
    service: Service, make: MakeRequest, clip: Path
) -> None:
    upload = {
        "mode": "presigned",
        "ask": {"path": "/v1/uploads", "json": {"name": "{source_name}"}},
        "send_url": "put",
        "media": "uri",
    }
    assert edit(service, make, upload=upload).status is Status.OK
    assert service.uploaded == [clip.read_bytes()] and service.bodies[0]["video"] == "svc://media/1"
    assert [headers.get("Authorization") for path, headers in service.headers if path == "PUT"] == [None]


def test_a_multipart_job_carries_the_source_as_a_file_and_its_result_comes_from_the_service(
    service: Service, make: MakeRequest, clip: Path
) -> None:
    result = edit(
        service,
        make,
        upload={"mode": "none"},
        submit={"path": "/v1/jobs", "form": {"prompt": "{instruction}", "fast": True}, "files": {"data": "source"}},
        result={"content": "/v1/tasks/{id}/content"},
    )
    assert result.status is Status.OK, result.reason
    (body,) = service.bodies
    assert clip.read_bytes() in body and b"make it grey" in body and b'name="fast"\r\n\r\ntrue' in body
    assert all(headers.get("Authorization") for _, headers in service.headers)


def test_calls_may_follow_urls_of_the_service_and_of_no_other_host(service: Service, make: MakeRequest) -> None:
    poll = {**spec_of(service).poll.model_dump(), "path": "{status_url}"}  # type: ignore[union-attr]
    capture = {"id": "id", "status_url": "status_url"}
    assert edit(service, make, poll=poll, capture=capture).status is Status.OK
    seen = len(service.headers)
    service_url, service.url = service.url, "http://127.0.0.1:9"
    changed = {"poll": poll, "capture": capture, "base_url": service_url}
    result = edit(service, make, **changed)
    assert result.status is Status.FAILED and "another host" in result.reason
    assert len(service.headers) == seen + 1


def test_a_reply_without_the_job_s_id_is_a_failure(service: Service, make: MakeRequest) -> None:
    result = edit(service, make, capture={"id": "data.task_id"})
    assert result.status is Status.FAILED and "no id at 'data.task_id'" in result.reason


def test_a_service_that_is_not_there_is_a_failure_with_the_attempts(service: Service, make: MakeRequest) -> None:
    result = edit(service, make, base_url="http://127.0.0.1:9")
    assert result.status is Status.FAILED and "no answer" in result.reason and "tried 3 times" in result.reason


def test_a_missing_key_is_told_up_front(service: Service, tmp_path: Path) -> None:
    editor = HttpEditor(spec_of(service), environ={})
    assert editor.missing() == ("environment variable LOOP_KEY",)
    with pytest.raises(EditorError, match="no environment variable RUNWAYML_API_SECRET"):
        build_editor("runway")


def test_the_request_can_be_shown_without_sending_it(service: Service, make: MakeRequest) -> None:
    shown = editor_of(service).render(make(instruction='say "hi"'))
    assert shown["headers"] == {"Authorization": "Bearer ***"}
    assert shown["json"]["prompt"] == 'say "hi"'  # type: ignore[index]
    assert KEY not in repr(shown) and not service.headers


@pytest.mark.parametrize("name", ["runway", "luma", "decart", "fal-kling"])
def test_shipped_services_pin_a_model_and_a_day_and_are_paid(name: str) -> None:
    spec = load_spec(shipped_spec(name).path, HttpSpec)
    assert spec.paid and spec.base_url.startswith("https://")
    assert f"{spec.model}@{spec.model_date}" in HttpEditor(spec, environ={}).info.revision


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"base_url": "http://api.example.com"}, "must be https"),
        ({"base_url": "ftp://x"}, "must be http"),
        ({"model_date": "yesterday"}, "model_date"),
        ({"result": {}}, "either url or content"),
        ({"poll": {"path": "/{idd}", "status": "s", "statuses": {}}}, "unknown placeholder"),
        ({"refused": [{"path": "x", "matches": "("}]}, "not a regular expression"),
        ({"upload": {"mode": "presigned"}}, "needs ask"),
        ({"pricee": 1}, "pricee"),
    ],
)
def test_a_wrong_specification_is_refused(change: dict[str, Any], told: str, service: Service) -> None:
    with pytest.raises(ValueError, match=told):
        spec_of(service, **change)


def test_values_are_found_by_path() -> None:
    reply = {"a": [{"b": 1}, {"b": 0}], "c": "text", "d": None}
    assert [dig(reply, path) for path in ("a.0.b", "a.-1.b", "a.5.b", "c.x", "d", "e", "")] == [
        1, 0, None, None, None, None, reply,
    ]  # fmt: skip
