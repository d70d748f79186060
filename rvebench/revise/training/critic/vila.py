"""The VILA-style model, the paper's own, as a critic: frames as pictures, a question, and the reply's first word.

VILA reads a video as its frames one after the other, `<image>` and a line break each, in a llama_3 conversation. The
released weights were tuned to answer with one token for a generator; whether they still say Yes or No is theirs to
show, and `mass_B` tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from transformers import DynamicCache

from rvebench.errors import UsageError
from rvebench.records import digest_of
from rvebench.revise.pretrained import softened
from rvebench.revise.training.config_parts import CriticConfig
from rvebench.revise.training.critic.answers import AnswerTokens, CriticReading, find_answer_tokens, read_answers
from rvebench.revise.training.critic.prompt import CriticPrompt
from rvebench.revise.training.critic.protocol import check_pairs
from rvebench.revise.training.critic.thought import cut_thought, likeliest_tokens
from rvebench.revise.vlm.states import pad_states
from rvebench.revise.vlm.vila import VilaVlm
from rvebench.revise.vlm.vila_prompt import join_embeddings

__all__ = ["VilaCritic"]

_IMAGE = "<image>"


@dataclass(frozen=True, kw_only=True, eq=False)
class VilaCritic:
    """See :class:`rvebench.revise.training.critic.protocol.Critic`."""

    vlm: VilaVlm
    prompt: CriticPrompt
    config: CriticConfig

    def __post_init__(self) -> None:
        if self.config.max_pixels is not None:
            raise UsageError("critic.max_pixels has no effect: VILA sees every frame at one size", hint="leave it out")

    @property
    def modules(self) -> dict[str, torch.nn.Module]:
        return dict(self.vlm.modules)

    @cached_property
    def fingerprint(self) -> str:
        return digest_of(
            {
                "vlm": self.vlm.fingerprint,
                "prompt": self.prompt.digest,
                "frames": self.config.frames,
                "thought_tokens": self.config.thought_tokens if self.prompt.thought else None,
            }
        )

    @cached_property
    def tokens(self) -> AnswerTokens:
        """The tokens that answer."""
        return find_answer_tokens(self.vlm.tokenizer)

    def read(
        self,
        sources: Sequence[torch.Tensor],
        candidates: Sequence[torch.Tensor],
        instructions: Sequence[str],
        fps: float,
    ) -> CriticReading:
        check_pairs(sources, candidates, instructions, fps)
        thoughts: list[str] = []
        if self.prompt.thought:
            with torch.no_grad():
                thoughts = [
                    self._thought(source, candidate.detach(), instruction)
                    for source, candidate, instruction in zip(sources, candidates, instructions, strict=True)
                ]
        logits_BV = self.logits(sources, candidates, instructions, fps, thoughts=thoughts)
        return read_answers(logits_BV, self.tokens, thoughts)

    def logits(
        self,
        sources: Sequence[torch.Tensor],
        candidates: Sequence[torch.Tensor],
        instructions: Sequence[str],
        fps: float,
        *,
        thoughts: Sequence[str] = (),
    ) -> torch.Tensor:
        """Returns the logits over the vocabulary at the place of each answer, (B, V), in the model's dtype.

        Args:
            sources: frames of each source, (K, H, W, 3).
            candidates: frames of each edit.
            instructions: what was asked.
            fps: frames a second of the frames given; the model is not told of it.
            thoughts: what the reply says before its answer, one a pair; empty for a prompt without them.

        Raises:
            UsageError: as :meth:`read`.
        """
        check_pairs(sources, candidates, instructions, fps)
        said = [*thoughts] if thoughts else [""] * len(sources)
        rows, marks = zip(
            *(
                self._embeddings(source, candidate, instruction, thought)
                for source, candidate, instruction, thought in zip(sources, candidates, instructions, said, strict=True)
            ),
            strict=True,
        )
        embeddings_BLD, mask_BL, _ = pad_states(rows, marks)
        states_BLD = self.vlm.llm.model(
            inputs_embeds=embeddings_BLD, attention_mask=mask_BL.long(), use_cache=False
        ).last_hidden_state
        last_B = mask_BL.sum(dim=1) - 1
        logits_BV: torch.Tensor = self.vlm.llm.lm_head(states_BLD[torch.arange(len(rows)), last_B])
        return logits_BV

    def _embeddings(
        self, source_KHWC: torch.Tensor, edit_KHWC: torch.Tensor, instruction: str, thought: str
    ) -> tuple[torch.Tensor, torch.Tensor]:
        pictures = [
            picture.to(self.vlm.dtype)
            for frames in (source_KHWC, edit_KHWC)
            for picture in self.vlm.vision_features(frames).unbind()
        ]
        pieces = self._pieces(instruction, len(source_KHWC), thought)
        ids = [
            list(self.vlm.tokenizer(piece, add_special_tokens=index == 0).input_ids)
            for index, piece in enumerate(pieces)
        ]
        length = sum(map(len, ids)) + sum(map(len, pictures))
        if length > self.vlm.llm.config.max_position_embeddings:
            raise UsageError(
                f"the critic's prompt has {length} tokens and the model reads "
                f"{self.vlm.llm.config.max_position_embeddings}",
                hint="show fewer frames (critic.frames)",
            )
        table = self.vlm.llm.get_input_embeddings()
        words = [table(torch.tensor(piece, dtype=torch.long, device=self.vlm.device)) for piece in ids]
        return join_embeddings(words, pictures)

    def _pieces(self, instruction: str, count: int, thought: str) -> list[str]:
        """Returns the text between the pictures, one piece more than there are pictures."""
        controls = (*self.vlm.tokenizer.get_added_vocab(), _IMAGE)
        words = self.prompt.words(softened(instruction, controls))
        system = f"{_turn('system')}{words.system}<|eot_id|>" if words.system else ""
        before = f"<|begin_of_text|>{system}{_turn('user')}{_line(words.source)}"
        between = f"\n{_line(words.edit)}"
        reply = f"{softened(thought, controls)}\n{words.verdict}" if thought else words.verdict
        after = f"\n{words.question}<|eot_id|>{_turn('assistant')}{reply}"
        inner = ["\n"] * (count - 1)
        return [before, *inner, between, *inner, after]

    def _thought(self, source: torch.Tensor, candidate: torch.Tensor, instruction: str) -> str:
        asked = replace(self, prompt=replace(self.prompt, texts={**self.prompt.texts, "verdict": ""}))
        row_LD, _ = asked._embeddings(source, candidate, instruction, "")
        llm, tokenizer, cache = self.vlm.llm, self.vlm.tokenizer, DynamicCache()
        verdict = self.prompt.words("").verdict

        def following(token: int) -> torch.Tensor:
            ids = torch.tensor([[token]], device=self.vlm.device)
            states = llm.model(input_ids=ids, past_key_values=cache, use_cache=True).last_hidden_state
            logits_V: torch.Tensor = llm.lm_head(states[0, -1])
            return logits_V

        states = llm.model(inputs_embeds=row_LD[None], past_key_values=cache, use_cache=True).last_hidden_state
        tokens = likeliest_tokens(
            llm.lm_head(states[0, -1]),
            following,
            most=self.config.thought_tokens,
            ends={tokenizer.convert_tokens_to_ids("<|eot_id|>"), tokenizer.eos_token_id},
            done=lambda written: verdict in tokenizer.decode(written),
        )
        return cut_thought(tokenizer, tokens, verdict)


def _turn(role: str) -> str:
    return f"<|start_header_id|>{role}<|end_header_id|>\n\n"


def _line(text: str) -> str:
    return f"{text}\n" if text else ""
