"""Qwen2.5-VL as a critic: two videos, or one of pairs, a question, and the logits of the reply's first word.

The prompt's ids, positions and pixels are made here, in tensors, so that a gradient reaches the frames of the edit; see
:mod:`rvebench.revise.vlm.qwen25` for why the processor of transformers cannot. The language model's head is applied to
one place a prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

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
from rvebench.revise.vlm.mrope import mrope_positions
from rvebench.revise.vlm.preprocess import QwenPixels, QwenSpec, patchify
from rvebench.revise.vlm.qwen25 import QwenVlm

__all__ = ["PromptStates", "QwenCritic"]


@dataclass(frozen=True, kw_only=True)
class _Prompt:
    """One question as ids, and what the model needs beside them."""

    ids: list[int]
    types: list[int]
    positions_3L: torch.Tensor
    segments: tuple[QwenPixels, ...]
    kind: str


class PromptStates(NamedTuple):
    """What the language model makes of some questions."""

    states_BLD: torch.Tensor
    """Padded on the right."""
    ids: tuple[tuple[int, ...], ...]
    """Tokens of each, without padding."""


@dataclass(frozen=True, kw_only=True, eq=False)
class QwenCritic:
    """See :class:`rvebench.revise.training.critic.protocol.Critic`."""

    vlm: QwenVlm
    prompt: CriticPrompt
    config: CriticConfig

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
                "max_pixels": self.config.max_pixels,
                "thought_tokens": self.config.thought_tokens if self.prompt.thought else None,
            }
        )

    @cached_property
    def tokens(self) -> AnswerTokens:
        """The tokens that answer."""
        return find_answer_tokens(self.vlm.tokenizer)

    @cached_property
    def pixels(self) -> QwenSpec:
        """How frames are shown."""
        spec = self.vlm.settings.pixels
        if self.config.max_pixels is None:
            return spec
        return replace(spec, max_pixels=self.config.max_pixels, min_pixels=min(spec.min_pixels, self.config.max_pixels))

    def read(
        self,
        sources: Sequence[torch.Tensor],
        candidates: Sequence[torch.Tensor],
        instructions: Sequence[str],
        fps: float,
    ) -> CriticReading:
        check_pairs(sources, candidates, instructions, fps)
        thoughts = self._thoughts(sources, candidates, instructions, fps) if self.prompt.thought else ()
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

        This is also what a critic is trained on: arguments as in :meth:`read`, and the model's weights get gradients
        if they require them.

        Args:
            sources: frames of each source, (K, H, W, 3).
            candidates: frames of each edit.
            instructions: what was asked.
            fps: frames a second of the frames given.
            thoughts: what the reply says before its answer, one a pair; empty for a prompt without them.

        Raises:
            UsageError: as :meth:`read`.
        """
        whole = self.states(sources, candidates, instructions, fps, thoughts=thoughts)
        last_B = torch.tensor([len(ids) - 1 for ids in whole.ids], device=whole.states_BLD.device)
        rows_BD = whole.states_BLD[torch.arange(len(last_B), device=last_B.device), last_B]
        logits_BV: torch.Tensor = self.vlm.model.lm_head(rows_BD)
        return logits_BV

    def states(
        self,
        sources: Sequence[torch.Tensor],
        candidates: Sequence[torch.Tensor],
        instructions: Sequence[str],
        fps: float,
        *,
        thoughts: Sequence[str] = (),
    ) -> PromptStates:
        """Returns the last hidden states of the whole questions; arguments and errors as in :meth:`logits`."""
        check_pairs(sources, candidates, instructions, fps)
        said = [*thoughts] if thoughts else [""] * len(sources)
        prompts = [
            self._prompt(source, candidate, instruction, fps, thought)
            for source, candidate, instruction, thought in zip(sources, candidates, instructions, said, strict=True)
        ]
        return PromptStates(self._states(prompts), tuple(tuple(prompt.ids) for prompt in prompts))

    def _states(self, prompts: Sequence[_Prompt], cache: DynamicCache | None = None) -> torch.Tensor:
        """Returns the last hidden states; prompts are padded on the right, where causal attention looks from none."""
        longest = max(len(prompt.ids) for prompt in prompts)
        filler = self.vlm.tokenizer.pad_token_id
        ids_BL = self._rows([[*prompt.ids, *[filler] * (longest - len(prompt.ids))] for prompt in prompts])
        mask_BL = self._rows([[1] * len(prompt.ids) + [0] * (longest - len(prompt.ids)) for prompt in prompts])
        types_BL = self._rows([[*prompt.types, *[0] * (longest - len(prompt.types))] for prompt in prompts])
        positions_3BL = torch.zeros(3, len(prompts), longest, dtype=torch.long)
        for index, prompt in enumerate(prompts):
            positions_3BL[:, index, : len(prompt.ids)] = prompt.positions_3L
        shown = [segment for prompt in prompts for segment in prompt.segments]
        patches_ND = torch.cat([segment.patches_ND for segment in shown])
        grids = torch.tensor([segment.grid for segment in shown], device=self.vlm.device)
        names = ("pixel_values_videos", "video_grid_thw")
        if prompts[0].kind == "image":
            names = ("pixel_values", "image_grid_thw")
        given: dict[str, Any] = dict(zip(names, (patches_ND, grids), strict=True))
        states: torch.Tensor = self.vlm.model.model(
            input_ids=ids_BL,
            attention_mask=mask_BL,
            mm_token_type_ids=types_BL,
            position_ids=positions_3BL.to(self.vlm.device),
            past_key_values=cache,
            use_cache=cache is not None,
            **given,
        ).last_hidden_state
        return states

    def _rows(self, rows: list[list[int]]) -> torch.Tensor:
        return torch.tensor(rows, device=self.vlm.device)

    def _prompt(
        self, source_KHWC: torch.Tensor, edit_KHWC: torch.Tensor, instruction: str, fps: float, thought: str
    ) -> _Prompt:
        merge = self.pixels.merge
        clips, step_s = (
            [source_KHWC.to(self.vlm.device), edit_KHWC.to(self.vlm.device)],
            self.pixels.temporal_patch / fps,
        )
        if self.prompt.paired:
            clips, step_s = [_paired(*clips)], 1 / fps
        segments = tuple(patchify(clip, self.pixels) for clip in clips)
        kind = "video" if len(clips[0]) > 1 else "image"
        text = self._text(instruction, kind, [segment.tokens(merge) for segment in segments], thought)
        ids = list(self.vlm.tokenizer(text, add_special_tokens=False).input_ids)
        config = self.vlm.model.config
        most = config.text_config.max_position_embeddings
        if len(ids) > most:
            raise UsageError(
                f"the critic's prompt has {len(ids)} tokens and the model reads {most}",
                hint="show fewer or smaller frames (critic.frames, critic.max_pixels)",
            )
        kinds = {config.image_token_id: 1, config.video_token_id: 2}
        types = [kinds.get(token, 0) for token in ids]
        positions_3L = mrope_positions(
            types,
            [segment.grid for segment in segments],
            [step_s] * len(segments),
            merge=merge,
            tokens_per_second=config.vision_config.tokens_per_second,
        )
        return _Prompt(ids=ids, types=types, positions_3L=positions_3L, segments=segments, kind=kind)

    def _text(self, instruction: str, kind: str, lengths: Sequence[int], thought: str) -> str:
        controls = tuple(self.vlm.tokenizer.get_added_vocab())
        words = self.prompt.words(softened(instruction, controls))
        shown = [f"<|vision_start|>{f'<|{kind}_pad|>' * length}<|vision_end|>" for length in lengths]
        parts = (words.source, shown[0], words.edit, *shown[1:], words.question)
        system = f"<|im_start|>system\n{words.system}<|im_end|>\n" if words.system else ""
        reply = f"{softened(thought, controls)}\n{words.verdict}" if thought else words.verdict
        return (
            f"{system}<|im_start|>user\n{chr(10).join(part for part in parts if part)}<|im_end|>\n"
            f"<|im_start|>assistant\n{reply}"
        )

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _thoughts(
        self,
        sources: Sequence[torch.Tensor],
        candidates: Sequence[torch.Tensor],
        instructions: Sequence[str],
        fps: float,
    ) -> list[str]:
        return [
            self._thought(source, candidate.detach(), instruction, fps)
            for source, candidate, instruction in zip(sources, candidates, instructions, strict=True)
        ]

    def _thought(self, source: torch.Tensor, candidate: torch.Tensor, instruction: str, fps: float) -> str:
        prompt = self._without_verdict(source, candidate, instruction, fps)
        cache = DynamicCache()
        tokenizer, head = self.vlm.tokenizer, self.vlm.model.lm_head
        verdict = self.prompt.words("").verdict
        place = int(prompt.positions_3L.max())
        first_V = head(self._states([prompt], cache)[0, -1])

        def following(token: int) -> torch.Tensor:
            nonlocal place
            place += 1
            states: torch.Tensor = self.vlm.model.model(
                input_ids=self._rows([[token]]),
                position_ids=torch.full((3, 1, 1), place, device=self.vlm.device),
                past_key_values=cache,
                use_cache=True,
            ).last_hidden_state
            logits_V: torch.Tensor = head(states[0, -1])
            return logits_V

        tokens = likeliest_tokens(
            first_V,
            following,
            most=self.config.thought_tokens,
            ends={tokenizer.eos_token_id, tokenizer.pad_token_id},
            done=lambda written: verdict in tokenizer.decode(written),
        )
        return cut_thought(tokenizer, tokens, verdict)

    def _without_verdict(self, source: torch.Tensor, candidate: torch.Tensor, instruction: str, fps: float) -> _Prompt:
        asked = replace(self.prompt, texts={**self.prompt.texts, "verdict": ""})
        return replace(self, prompt=asked)._prompt(source, candidate, instruction, fps, "")


def _paired(source_KHWC: torch.Tensor, edit_KHWC: torch.Tensor) -> torch.Tensor:
    """Returns frames of source and edit in turn, (2K, H, W, 3), in 0..1 with the edit's gradient."""
    source, edit = (clip if clip.is_floating_point() else clip.float() / 255 for clip in (source_KHWC, edit_KHWC))
    return torch.stack([source.to(edit), edit], dim=1).flatten(0, 1)
