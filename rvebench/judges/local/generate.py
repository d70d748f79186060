"""Writes a reply, greedily: freely, or held to a grammar token by token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from rvebench.errors import UsageError
from rvebench.judges.local.grammar import Grammar, State
from rvebench.judges.local.model import Prompt, VisionModel

__all__ = ["Constraint", "Written", "check_room", "next_logits", "write_reply"]

_LEAST_PER_TEXT = 8
"""Tokens each string of a constrained reply must have room for."""


class Written(NamedTuple):
    """A reply."""

    text: str
    tokens: int
    finished: bool
    """The model ended it; False: it was cut off."""


class Constraint:
    """A logits processor that lets a model write only what a grammar allows, and always to its end.

    The room left is shared evenly by the strings that are still to come; one that has used its share is closed.

    Args:
        model: whose tokens are written.
        grammar: of the reply.
        start: how many tokens the prompt has.
        room: most tokens of the reply.

    Raises:
        UsageError: the room does not hold the shortest reply, or the tokenizer is not understood.
    """

    def __init__(self, model: VisionModel, grammar: Grammar, *, start: int, room: int) -> None:
        self._grammar = grammar
        self._vocabulary = model.vocabulary
        self._ends = model.ends
        self._seen = start
        self._left = room
        self._state = Grammar.start
        self._spent = 0
        self._masks: dict[State, Any] = {}
        self._share = self._share_of_next()
        if grammar.texts_from(0) and self._share < _LEAST_PER_TEXT:
            least = room + (_LEAST_PER_TEXT - self._share) * grammar.texts_from(0)
            raise UsageError(f"max_new_tokens={room} does not hold a constrained reply", hint=f"give at least {least}")

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Returns the scores with everything that is not allowed at minus infinity."""
        import torch

        for token in input_ids[0, self._seen :].tolist():
            self._take(int(token))
        self._seen = input_ids.shape[1]
        chosen = self._allowed(scores.device)
        held = torch.full_like(scores, float("-inf"))
        held[:, chosen] = scores[:, chosen]
        return held

    def _take(self, token: int) -> None:
        before = self._state.piece
        self._left -= 1
        for byte in self._vocabulary.text_of(token):
            state = self._grammar.step(self._state, byte)
            assert state is not None, "only allowed tokens are written"
            self._state = state
        self._spent += 1
        if self._state.piece != before:
            self._spent = 0
            self._share = self._share_of_next()

    def _share_of_next(self) -> int:
        """Returns the tokens for the insides of each string from here on, were every other byte a token of its own."""
        texts = self._grammar.texts_from(self._state.piece)
        # A string may overrun its share by one token to finish an escape; the end takes one.
        spare = self._left - self._grammar.fixed_bytes_from(self._state.piece) - texts - 1
        return spare // max(1, texts)

    def _allowed(self, device: Any) -> Any:
        import torch

        state = self._state
        if self._grammar.is_text(state) and self._spent >= self._share:
            state = self._grammar.closing(state)
        if state not in self._masks:
            end = self._grammar.is_end(state)
            found = self._ends if end else self._vocabulary.allowed(self._grammar, state)
            if not found:
                raise UsageError(
                    "no token of the model goes on with the reply", hint="add constrain=never to the judge"
                )
            self._masks[state] = torch.tensor(found, device=device)
        return self._masks[state]


def check_room(model: VisionModel, prompt: Prompt, room: int) -> None:
    """Raises where question and reply do not fit the model.

    Raises:
        UsageError: they do not.
    """
    if prompt.tokens + room > model.context:
        raise UsageError(
            f"the question has {prompt.tokens} tokens and the reply up to {room}, the model takes {model.context}",
            hint="lower k, max_side or max_new_tokens",
        )


def write_reply(
    model: VisionModel,
    prompt: Prompt,
    *,
    room: int,
    grammar: Grammar | None = None,
    stopping: Callable[[], bool] | None = None,
) -> Written:
    """Returns the model's reply; the same for the same prompt on the same machine.

    Args:
        model: who writes.
        prompt: the question.
        room: most tokens.
        grammar: what the reply is held to; None: it is free.
        stopping: asked at each token; once true, the reply is cut off.

    Raises:
        UsageError: question and reply do not fit the model, or its tokens cannot be held to the grammar.
    """
    import torch

    check_room(model, prompt, room)
    held = [] if grammar is None else [Constraint(model, grammar, start=prompt.tokens, room=room)]
    with torch.inference_mode():
        written = model.model.generate(
            **prompt.inputs,
            max_new_tokens=room,
            logits_processor=held,
            stopping_criteria=[] if stopping is None else [_Stop(stopping)],
        )
    tokens = written[0, prompt.tokens :].tolist()
    finished = bool(tokens) and tokens[-1] in model.ends
    text = model.tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return Written(text=text, tokens=len(tokens), finished=finished)


def next_logits(model: VisionModel, prompt: Prompt) -> Any:
    """Returns the logits of the reply's first token, shape (V,), float32 on the CPU.

    Raises:
        UsageError: the question does not fit the model.
    """
    import torch

    check_room(model, prompt, 1)
    with torch.inference_mode():
        found = model.model.generate(
            **prompt.inputs, max_new_tokens=1, output_logits=True, return_dict_in_generate=True
        )
    return found.logits[0][0].float().cpu()


class _Stop:
    """A stopping criterion of transformers."""

    def __init__(self, stopping: Callable[[], bool]) -> None:
        self._stopping = stopping

    def __call__(self, input_ids: Any, scores: Any) -> Any:  # noqa: ARG002
        import torch

        return torch.full((input_ids.shape[0],), self._stopping(), dtype=torch.bool, device=input_ids.device)
