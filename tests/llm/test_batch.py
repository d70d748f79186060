import asyncio
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from rvebench.errors import DataError, LockedError
from rvebench.llm.batch import BatchRunner
from rvebench.llm.batch_replies import BatchReplies
from rvebench.llm.batch_rows import read_row
from rvebench.llm.batch_wire import BatchView, OpenAIBatches
from rvebench.llm.budget import Budget
from rvebench.llm.cache import NullCache, SqliteCache
from rvebench.llm.faults import BudgetError, FatalCallError, RefusedError, RejectedError, TransportError
from rvebench.llm.ledger import Spent
from rvebench.llm.messages import ChatMessage, ChatRequest, ImagePart, Sampling, TextPart, TokenUsage
from rvebench.llm.prices import load_prices
from rvebench.llm.tokens import estimate_tokens
from tests.llm.fault_script import Script
from tests.llm.fault_server import FaultServer

PRICES = load_prices()
KEY = "sk-test-0123456789abcdef"


def picture() -> ImagePart:
    data = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 80, 40)).save(data, "PNG")
    return ImagePart(data.getvalue(), "image/png", 64, 48)


FRAME = picture()


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(Script(batch_delay_s=0.0, keys=(KEY,))) as server:
        yield server


def ask(number: int, model: str = "gpt-4o") -> ChatRequest:
    return ChatRequest(
        provider="openai",
        model=model,
        messages=(
            ChatMessage("system", (TextPart("You judge edits."),)),
            ChatMessage("user", (TextPart(f"Is edit {number} good?"), FRAME)),
        ),
        sampling=Sampling(max_output_tokens=200),
    )


def asks(count: int) -> list[ChatRequest]:
    return [ask(number) for number in range(count)]


class Bench:
    """A runner on the fault server, as a new process would make it."""

    def __init__(self, server: FaultServer, directory: Path) -> None:
        self.server = server
        self.directory = directory

    def runner(self, wire: OpenAIBatches, **options: object) -> BatchRunner:
        return BatchRunner(self.directory, wire, prices=PRICES, settle_s=0.0, **options)  # type: ignore[arg-type]

    def do(self, work: object, **options: object) -> object:
        async def go() -> object:
            wire = OpenAIBatches(base_url=self.server.url, patience_s=5.0)
            try:
                with self.runner(wire, **options) as runner:
                    return await work(runner)  # type: ignore[operator]
            finally:
                await wire.aclose()

        return asyncio.run(go())


@pytest.fixture
def bench(server: FaultServer, tmp_path: Path) -> Bench:
    return Bench(server, tmp_path / "batch")


def test_questions_are_answered_by_digest_for_half_the_price(bench: Bench) -> None:
    requests = asks(7)

    async def work(runner: BatchRunner) -> None:
        progress = await runner.run(lambda: requests, poll_s=0.01)
        assert (progress.answered, progress.waiting, progress.failed) == (7, 0, {})
        for request in requests:
            reply = runner.reply(request.digest)
            assert reply is not None and json.loads(reply.text)
            assert reply.meta["batch"] == "batch_0001"
            assert 0 < reply.usage.input_tokens <= estimate_tokens(request).input_most
            assert reply.cost_usd == pytest.approx(PRICES.cost_usd("gpt-4o", reply.usage) / 2)  # type: ignore[operator]
        assert runner.reply("0" * 64) is None

    bench.do(work)
    assert bench.server.counters()["batches"] == 1 and bench.server.counters()["answered_again"] == 0


def test_a_second_run_asks_nothing_and_answers_from_the_files(bench: Bench) -> None:
    requests = asks(3)
    first = bench.do(lambda runner: runner.run(lambda: requests, poll_s=0.01))
    second = bench.do(lambda runner: runner.run(lambda: [*requests, *requests], poll_s=0.01))
    assert first == second
    assert bench.server.counters()["answered"] == 3


def test_chunks_keep_the_services_limits_and_one_model_each(bench: Bench) -> None:
    requests = [*asks(7), *(ask(number, "gpt-4o-mini") for number in range(2)), ask(0)]

    async def submit(runner: BatchRunner) -> None:
        await runner.submit(requests)

    bench.do(submit, most_requests=3)
    state = json.loads((bench.directory / "batch.json").read_text())
    assert sorted((chunk["model"], chunk["requests"]) for chunk in state["chunks"]) == [
        ("gpt-4o", 1),
        ("gpt-4o", 3),
        ("gpt-4o", 3),
        ("gpt-4o-mini", 2),
    ]
    for chunk in state["chunks"]:
        lines = (bench.directory / f"{chunk['number']:04d}.jsonl").read_bytes().splitlines()
        assert [json.loads(line)["body"]["model"] for line in lines] == [chunk["model"]] * chunk["requests"]
        assert sum(len(line) + 1 for line in lines) == chunk["size_bytes"]


def test_files_are_cut_by_size_and_a_question_larger_than_a_file_is_refused(bench: Bench) -> None:
    async def submit(runner: BatchRunner) -> None:
        await runner.submit(asks(4))

    bench.do(submit, most_bytes=1500)
    state = json.loads((bench.directory / "batch.json").read_text())
    assert len(state["chunks"]) >= 2 and all(chunk["size_bytes"] <= 1500 for chunk in state["chunks"])
    with pytest.raises(RejectedError, match="is more than a batch takes"):
        bench.do(lambda runner: runner.submit([ask(99)]), most_bytes=100)
    assert not list(bench.directory.glob(".sheet*"))


def test_requests_are_removed_here_and_at_the_service_once_answered(bench: Bench) -> None:
    bench.do(lambda runner: runner.run(lambda: asks(2), poll_s=0.01))
    names = {path.name for path in bench.directory.iterdir()}
    assert "0001.jsonl" not in names and {"batch.json", "0001.ids", "0001.output.jsonl"} <= names
    assert bench.server.counters()["files"] == 0


@pytest.mark.parametrize("outcome", ["partial", "expired"])
def test_rows_that_failed_are_named_by_kind_and_asked_again_until_their_attempts_are_over(
    bench: Bench, outcome: str
) -> None:
    bench.server.use(Script(batch_delay_s=0.0, batch_outcome=outcome))
    requests = asks(8)

    async def once(runner: BatchRunner) -> None:
        await runner.submit(requests)
        await runner.poll()
        progress = await runner.collect()
        assert progress.answered == 4 and len(progress.failed) == 4
        for failure in progress.failed.values():
            assert failure.kind == ("expired" if outcome == "expired" else "transport") and failure.attempts == 1
            assert failure.what

    bench.do(once)
    # 8 questions: 4 are answered, then 2 of 4, then 1 of 2; the last one had its three attempts.
    progress = bench.do(lambda runner: runner.run(lambda: requests, poll_s=0.01))
    assert progress.answered == 7 and [f.attempts for f in progress.failed.values()] == [3]  # type: ignore[attr-defined]
    bench.server.use(Script(batch_delay_s=0.0))
    progress = bench.do(lambda runner: runner.run(lambda: requests, poll_s=0.01), attempts=4)
    assert (progress.answered, progress.failed) == (8, {})  # type: ignore[attr-defined]
    assert bench.server.counters()["answered_again"] == 0


def test_a_batch_that_the_service_does_not_take_fails_every_question_and_costs_nothing(
    bench: Bench, tmp_path: Path
) -> None:
    bench.server.use(Script(batch_delay_s=0.0, batch_outcome="failed"))
    with Budget(spent_file=tmp_path / "costs.jsonl", prices=PRICES) as budget:
        progress = bench.do(lambda runner: runner.run(lambda: asks(3), poll_s=0.01), budget=budget)
        assert {failure.kind for failure in progress.failed.values()} == {"fatal"}  # type: ignore[attr-defined]
        assert "The batch input is not valid" in next(iter(progress.failed.values())).what  # type: ignore[attr-defined]
        assert budget.spent().usd == 0 and budget.spent().calls == 0


@pytest.mark.parametrize("faults", [("drop-after",), ("drop",), ("500", "500"), ("drop", "drop-after")])
def test_a_lost_answer_to_create_never_makes_a_second_batch(bench: Bench, faults: tuple[str, ...]) -> None:
    bench.server.use(Script(batch_delay_s=0.0, batch_faults=faults))
    progress = bench.do(lambda runner: runner.run(lambda: asks(4), poll_s=0.01))
    counters = bench.server.counters()
    assert progress.answered == 4  # type: ignore[attr-defined]
    assert (counters["batches"], counters["answered"], counters["answered_again"]) == (1, 4, 0)


def test_of_two_batches_for_one_chunk_the_first_is_kept_and_the_other_cancelled(bench: Bench) -> None:
    bench.server.use(Script(batch_delay_s=3600.0))
    bench.do(lambda runner: runner.submit(asks(2)))
    path = bench.directory / "batch.json"
    state = json.loads(path.read_text())
    chunk = state["chunks"][0]

    async def again() -> None:
        wire = OpenAIBatches(base_url=bench.server.url)
        await wire.create(chunk["file_id"], {"rvebench_chunk": f"rvebench:{state['name']}:0001"})
        await wire.aclose()

    asyncio.run(again())
    chunk.update(step="creating", batch_id="")
    path.write_text(json.dumps(state))
    bench.do(lambda runner: runner.poll())
    assert json.loads(path.read_text())["chunks"][0]["batch_id"] == "batch_0001"

    async def statuses() -> list[str]:
        wire = OpenAIBatches(base_url=bench.server.url)
        found = [f"{view.id} {view.status}" async for view in wire.recent()]
        await wire.aclose()
        return found

    assert asyncio.run(statuses()) == ["batch_0002 cancelled", "batch_0001 in_progress"]


def test_the_budget_is_charged_what_the_service_counted(bench: Bench, tmp_path: Path) -> None:
    with Budget(spent_file=tmp_path / "costs.jsonl", prices=PRICES, max_usd=1) as budget:
        bench.do(lambda runner: runner.run(lambda: asks(5), poll_s=0.01), budget=budget)
        assert budget.spent().usd == pytest.approx(bench.server.usd / 2)
        assert (budget.spent().calls, budget.spent().unsettled_calls) == (5, 0)


def test_what_has_no_room_in_the_budget_waits_for_batches_at_work(bench: Bench, tmp_path: Path) -> None:
    each = estimate_tokens(ask(0)).most
    with Budget(spent_file=tmp_path / "costs.jsonl", max_tokens=each * 4) as budget:

        async def work(runner: BatchRunner) -> None:
            progress = await runner.submit(asks(6))
            assert progress.waiting == 4 and progress.stopped is not None
            assert "collect them first" in str(progress.stopped)
            progress = await runner.run(lambda: asks(6), poll_s=0.01)
            assert (progress.answered, progress.stopped) == (6, None)

        bench.do(work, budget=budget)
        assert budget.spent().tokens <= each * 4
    with Budget(spent_file=tmp_path / "costs.jsonl", max_tokens=each * 4) as budget:
        with pytest.raises(BudgetError, match="with a larger --max-tokens to go on"):
            bench.do(lambda runner: runner.run(lambda: asks(60), poll_s=0.01), budget=budget)
        assert budget.spent().tokens <= each * 4
    assert bench.server.counters()["answered_again"] == 0


def test_a_wrong_key_stops_at_once_and_stands_nowhere(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bad = "sk-wrong-0123456789"
    monkeypatch.setenv("OPENAI_API_KEY", bad)
    with pytest.raises(FatalCallError, match="was not accepted") as caught:
        bench.do(lambda runner: runner.run(lambda: asks(2), poll_s=0.01))
    assert bad not in str(caught.value) and bad not in repr(caught.value.__dict__)
    assert bench.server.counters()["batches"] == 0
    for path in bench.directory.rglob("*"):
        assert path.is_dir() or bad.encode() not in path.read_bytes()
    # With the right key the same directory goes on.
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert bench.do(lambda runner: runner.run(lambda: asks(2), poll_s=0.01)).answered == 2  # type: ignore[attr-defined]


class NoCredit(OpenAIBatches):
    """Takes files and no batch."""

    async def create(self, file_id: str, metadata: object) -> BatchView:
        raise FatalCallError("no credit is left")


def test_where_certainly_nothing_was_created_the_room_is_given_back_and_reserved_anew(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spent(wire: type[OpenAIBatches], error: str | None) -> Spent:
        async def go() -> None:
            asked = wire(base_url=bench.server.url, patience_s=5.0)
            try:
                with bench.runner(asked, budget=budget) as runner:
                    await runner.run(lambda: asks(3), poll_s=0.01)
            finally:
                await asked.aclose()

        with Budget(spent_file=tmp_path / "costs.jsonl", prices=PRICES, max_usd=0.1) as budget:
            if error is None:
                asyncio.run(go())
            else:
                with pytest.raises(FatalCallError, match=error):
                    asyncio.run(go())
            return budget.spent()

    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong-0123456789")
    for _ in range(2):
        assert spent(OpenAIBatches, "was not accepted").tokens == 0
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    for _ in range(2):
        assert spent(NoCredit, "no credit").tokens == 0
        assert bench.server.counters()["files"] == 1, "the file that was taken is used again"
    done = spent(OpenAIBatches, None)
    assert (done.calls, done.unsettled_calls) == (3, 0) and done.usd == pytest.approx(bench.server.usd / 2)
    assert bench.server.counters()["batches"] == 1 and bench.server.counters()["files"] == 0
    assert replace(spent(OpenAIBatches, None), hours=0) == replace(done, hours=0)


def test_a_failure_in_a_batch_fails_where_an_answer_was_looked_for(bench: Bench, tmp_path: Path) -> None:
    bench.do(lambda runner: runner.submit(asks(4)))
    state = json.loads((bench.directory / "batch.json").read_text())
    assert state["chunks"][0]["requests"] == 4
    digests = [request.digest for request in asks(4)]
    choice = {"message": {"content": None, "refusal": "I will not."}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 9, "completion_tokens": 3}
    refusal = {"id": "x", "model": "gpt-4o", "choices": [choice], "usage": usage}
    rows = [
        {"custom_id": digests[0], "response": {"status_code": 200, "body": refusal}},
        {"custom_id": digests[1], "response": {"status_code": 401, "body": {"error": {"message": "no such key"}}}},
        {"custom_id": digests[2], "error": {"code": "batch_expired", "message": "too late"}},
    ]
    (bench.directory / "0001.output.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    state["chunks"][0].update(step="fetched", status="completed", output_file_id="file-9")
    (bench.directory / "batch.json").write_text(json.dumps(state))

    async def work(runner: BatchRunner) -> None:
        replies = BatchReplies([runner], NullCache())
        with pytest.raises(RefusedError, match="I will not") as refused:
            replies.get(digests[0])
        assert refused.value.usage == TokenUsage(input_tokens=9, output_tokens=3)
        with pytest.raises(FatalCallError, match="no such key"):
            replies.get(digests[1])
        for digest in digests[2:]:
            with pytest.raises(TransportError, match="asked once by batch"):
                replies.get(digest)
        assert [replies.settled(digest) for digest in digests] == [True, False, True, True]
        assert replies.get("0" * 64) is None and not replies.settled("0" * 64)

    bench.do(work, attempts=1)

    async def patient(runner: BatchRunner) -> None:
        replies = BatchReplies([runner], NullCache())
        assert replies.get(digests[2]) is None and not replies.settled(digests[2]), "it will be asked again"

    bench.do(patient, attempts=2)


def test_a_service_without_a_batch_api_is_one_sentence(tmp_path: Path, server: FaultServer) -> None:
    async def go() -> None:
        wire = OpenAIBatches(base_url=server.url + "/nothing", patience_s=1.0)
        try:
            with BatchRunner(tmp_path, wire) as runner:
                await runner.run(lambda: asks(1))
        finally:
            await wire.aclose()

    with pytest.raises(FatalCallError, match="no Batch API at all") as caught:
        asyncio.run(go())
    assert "\n" not in str(caught.value)


def test_two_processes_never_work_in_one_directory(bench: Bench) -> None:
    async def work(runner: BatchRunner) -> None:
        with pytest.raises(LockedError):
            BatchRunner(bench.directory, OpenAIBatches(base_url=bench.server.url))

    bench.do(work)


def test_a_damaged_state_stops_instead_of_paying_again(bench: Bench) -> None:
    bench.do(lambda runner: runner.submit(asks(2)))
    path = bench.directory / "batch.json"
    path.write_text(path.read_text()[:40])
    with pytest.raises(DataError, match="not the state of a batch"):
        bench.do(lambda runner: runner.submit(asks(2)))
    assert bench.server.counters()["batches"] == 1


def test_answered_questions_are_passed_over_and_accepted_answers_go_to_the_cache(bench: Bench, tmp_path: Path) -> None:
    requests = asks(4)
    with SqliteCache(tmp_path / "replies.sqlite") as cache:

        async def work(runner: BatchRunner) -> None:
            await runner.run(lambda: requests, poll_s=0.01)
            replies = BatchReplies([runner], cache)
            for request in requests[:2]:
                reply = replies.get(request.digest, request)
                assert reply is not None and not reply.from_cache and reply.cost_usd > 0
                replies.put(request, reply)
            assert cache.get(requests[0].digest) is not None
            assert cache.get(requests[2].digest) is None and replies.get(requests[2].digest) is not None

        def answered(digest: str) -> bool:
            return cache.get(digest) is not None

        bench.do(work, answered=answered)
        bench.directory = tmp_path / "another"
        progress = bench.do(lambda runner: runner.run(lambda: requests, poll_s=0.01), answered=answered)
        assert progress.answered == 2  # type: ignore[attr-defined]
    assert bench.server.counters()["answered"] == 6


def test_an_answer_that_nobody_counted_is_not_taken_for_free(bench: Bench, tmp_path: Path) -> None:
    bench.do(lambda runner: runner.submit(asks(2)))
    with Budget(spent_file=tmp_path / "costs.jsonl", prices=PRICES) as budget:

        async def work(runner: BatchRunner) -> None:
            await runner.poll()
            path = bench.directory / "0001.output.jsonl"
            real = runner._wire.download  # type: ignore[attr-defined]

            async def without_usage(file_id: str, path: Path) -> None:
                await real(file_id, path)
                lines = [json.loads(line) for line in path.read_text().splitlines()]
                del lines[0]["response"]["body"]["usage"]
                path.write_text("".join(json.dumps(line) + "\n" for line in lines))

            runner._wire.download = without_usage  # type: ignore[attr-defined, method-assign]
            await runner.collect()
            reply = runner.reply(json.loads(path.read_text().splitlines()[0])["custom_id"])
            assert reply is not None and (reply.meta["cost"], reply.meta["usage"]) == ("not known", "not stated")
            counted = [runner.reply(request.digest).usage for request in asks(2)]  # type: ignore[union-attr]
            known = sum(usage.input_tokens + usage.output_tokens for usage in counted)
            assert budget.spent().tokens == known + estimate_tokens(ask(0)).most

        bench.do(work, budget=budget)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ({"error": {"code": "batch_expired", "message": "late"}}, "expired"),
        ({"error": {"code": "batch_cancelled", "message": ""}}, "cancelled"),
        ({"error": {"code": "token_limit_exceeded", "message": ""}}, "rate-limited"),
        ({"response": None, "error": None}, "transport"),
        ({"response": {"status_code": 500, "body": {}}}, "transport"),
        ({"response": {"status_code": 429, "body": {}}}, "rate-limited"),
        ({"response": {"status_code": 401, "body": {}}}, "fatal"),
        ({"response": {"status_code": 400, "body": {"error": {"code": "content_filter", "message": ""}}}}, "refused"),
        ({"response": {"status_code": 400, "body": {"error": {"message": "too long"}}}}, "rejected"),
        ({"response": {"status_code": 200, "body": {"choices": []}}}, "transport"),
        ({"response": {"status_code": 200, "body": {"choices": [{"message": {"refusal": "No."}}]}}}, "refused"),
        ({"response": {"status_code": 200, "body": "<html>"}}, "transport"),
    ],
)
def test_every_line_without_an_answer_has_its_kind(line: dict[str, object], kind: str) -> None:
    row = read_row(json.dumps({"custom_id": "a" * 64, **line}).encode(), model="gpt-4o", where="x.jsonl")
    assert row is not None and row.reply is None and row.kind == kind


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b'{"custom_id": 3}', b"\xff\xfe", b"[" * 100_000])
def test_a_line_that_is_none_is_no_answer(line: bytes) -> None:
    assert read_row(line, model="gpt-4o", where="x.jsonl") is None
