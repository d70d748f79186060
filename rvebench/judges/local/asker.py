"""A model on this machine where the API judge expects a service: the same requests, answered one at a time."""

from __future__ import annotations

import asyncio
import functools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple, TypeVar

from rvebench.errors import RveError, UsageError
from rvebench.judges.local.generate import next_logits, write_reply
from rvebench.judges.local.grammar import Grammar, compile_schema
from rvebench.judges.local.model import VisionModel, load_model
from rvebench.judges.local.reading import YesNo, find_answer_tokens, read_yes_no
from rvebench.judges.local.weights import Weights
from rvebench.llm import ChatRequest, Reply, TokenUsage
from rvebench.llm.faults import FatalCallError, RejectedError, TransportError

__all__ = ["Constrain", "LocalAsker", "SoftReply"]

T = TypeVar("T")

Constrain = Literal["never", "repair", "always"]
"""Which replies are held to the request's schema: none, the one that follows a malformed one, or all."""

Stopping = Callable[[], bool]


class SoftReply(NamedTuple):
    """The readings of a yes/no question."""

    reading: YesNo
    usage: TokenUsage


class LocalAsker:
    """Answers chat requests with a model that is loaded at the first of them.

    One thread does all the work: a second question beside the first would not be answered sooner, and would take the
    memory of its own. A question that nobody waits for any more is stopped at its next token.

    Args:
        weights: the model.
        device: where it runs; not `auto`.
        dtype: what it computes in; not `auto`.
        constrain: which replies are held to the request's schema.
    """

    def __init__(self, weights: Weights, *, device: str, dtype: str, constrain: Constrain) -> None:
        self._weights = weights
        self._device = device
        self._dtype = dtype
        self._constrain = constrain
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="rvebench-vlm")
        self._model: VisionModel | None = None
        self._fault: FatalCallError | None = None

    @property
    def returned_model(self) -> str:
        """The model as verdicts name it."""
        return f"{self._weights.name}@{self._weights.identity}"

    async def ask(self, request: ChatRequest) -> Reply:
        """Returns the model's reply; greedy, whatever the request's temperature.

        Raises:
            RejectedError: the question does not fit the model.
            TransportError: the model failed: out of memory, say.
            FatalCallError: the model cannot be loaded.
        """
        return await self._work(functools.partial(self._reply, request))

    async def ask_yes_no(self, request: ChatRequest) -> SoftReply:
        """Returns how the model would answer a yes/no question, read from the logits of its first token.

        Raises:
            RejectedError: the question does not fit the model, or its vocabulary lacks the words.
            TransportError: the model failed.
            FatalCallError: the model cannot be loaded.
        """
        return await self._work(functools.partial(self._read, request))

    async def accept(self, request: ChatRequest, reply: Reply) -> None:
        """Does nothing: a local reply costs no money, and is the same again."""

    async def aclose(self) -> None:
        """Lets the thread and the model go."""
        self._worker.shutdown(wait=False, cancel_futures=True)
        self._model = None

    async def _work(self, task: Callable[[Stopping], T]) -> T:
        stop = threading.Event()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._worker, self._guarded, task, stop.is_set)
        finally:
            stop.set()

    def _guarded(self, task: Callable[[Stopping], T], stopping: Stopping) -> T:
        """Runs in the worker thread."""
        try:
            return task(stopping)
        except FatalCallError:
            raise
        except RveError as error:
            raise RejectedError(error.what, where=error.where, hint=error.hint) from error
        except Exception as error:  # the boundary of one question: whatever a model raises says nothing of the edit
            self._free_memory()
            raise TransportError(f"the model failed: {type(error).__name__}: {error}") from error

    def _reply(self, request: ChatRequest, stopping: Stopping) -> Reply:
        model = self._loaded()
        started = time.monotonic()
        prompt = model.prompt(request.messages)
        written = write_reply(
            model,
            prompt,
            room=request.sampling.max_output_tokens,
            grammar=self._grammar_for(request),
            stopping=stopping,
        )
        return Reply(
            text=written.text,
            returned_model=self.returned_model,
            finish_reason="stop" if written.finished else "length",
            usage=TokenUsage(input_tokens=prompt.tokens, output_tokens=written.tokens),
            wall_s=time.monotonic() - started,
        )

    def _read(self, request: ChatRequest, stopping: Stopping) -> SoftReply:
        model = self._loaded()
        tokens = find_answer_tokens(model.tokenizer)
        if stopping():
            raise UsageError("the question was given up")
        prompt = model.prompt(request.messages)
        reading = read_yes_no(next_logits(model, prompt), tokens)
        return SoftReply(reading, TokenUsage(input_tokens=prompt.tokens, output_tokens=1))

    def _grammar_for(self, request: ChatRequest) -> Grammar | None:
        is_repair = any(message.role == "assistant" for message in request.messages)
        if request.schema is None or self._constrain == "never" or (self._constrain == "repair" and not is_repair):
            return None
        return compile_schema(request.schema.schema)

    def _loaded(self) -> VisionModel:
        if self._fault is not None:
            raise self._fault
        if self._model is None:
            try:
                self._model = load_model(self._weights, device=self._device, dtype=self._dtype)
            except UsageError as error:
                # Every other question would fail alike, after as long a time.
                self._fault = FatalCallError(error.what, where=error.where, hint=error.hint)
                raise self._fault from error
        return self._model

    def _free_memory(self) -> None:
        import torch

        if torch.cuda.is_available():
            torch.cuda.empty_cache()
