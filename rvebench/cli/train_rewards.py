"""What the rewards of Edit-GRPO read beside the model: networks of folders, captions of a file, a judge of ours."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rvebench.errors import DataError, UsageError

if TYPE_CHECKING:
    import torch

    from rvebench.judges import Judge
    from rvebench.records import Sample
    from rvebench.revise.training.clips import ClipShape
    from rvebench.revise.training.rewards import Captions, RewardTools
    from rvebench.video import Clip, Comparison

__all__ = ["JudgeScore", "RewardOptions", "opened_tools", "read_captions"]

_KEPT = 64
"""Samples whose videos a judge keeps decoded."""
_DECODE_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardOptions:
    """Where the networks, words and judge of rewards are; None for none."""

    clip: Path | None = None
    """A folder with a CLIP, for instruction-following and source-preservation."""
    preference: Path | None = None
    """A folder with PickScore's weights."""
    preference_tokenizer: Path | None = None
    """A folder with its tokenizer, which PickScore's own lacks."""
    captions: Path | None = None
    """Lines of JSON: id, source, edit."""
    judge: str | None = None
    """A judge, as `evaluate --judge` takes it."""
    base_url: str | None = None
    max_usd: float | None = None

    def __post_init__(self) -> None:
        if self.preference_tokenizer is not None and self.preference is None:
            raise UsageError("a tokenizer for the preference reward has no effect without its weights")
        for name in ("base_url", "max_usd"):
            if getattr(self, name) is not None and self.judge is None:
                raise UsageError(f"{name.replace('_', '-')} has no effect without a judge for rewards")


def read_captions(path: Path) -> dict[str, Captions]:
    """Returns the captions of a file by sample id.

    Args:
        path: one JSON object a line, with the texts `id`, `source` (what the source shows) and `edit` (what the edit
            should show).

    Raises:
        UsageError: the file cannot be read.
        DataError: a line is no such object, or an id comes twice; the line is named.
    """
    from rvebench.revise.training.rewards import Captions

    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the captions cannot be read: {error}", where=path) from None
    found: dict[str, Captions] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        given = [row.get(name) for name in ("id", "source", "edit")] if isinstance(row, dict) else []
        texts = [text for text in given if isinstance(text, str) and text]
        if len(texts) != 3:
            raise DataError("a line of captions holds the texts id, source and edit", where=f"{path}:{number}")
        if texts[0] in found:
            raise DataError(f"{texts[0]} has captions twice", where=f"{path}:{number}")
        found[texts[0]] = Captions(source=texts[1], edit=texts[2])
    return found


@contextlib.contextmanager
def opened_tools(
    options: RewardOptions, *, data: str, shape: ClipShape, device: torch.device | str
) -> Iterator[tuple[RewardTools, Mapping[str, Captions] | None]]:
    """Yields what rewards are made of; a judge's connections are closed afterwards.

    Args:
        options: what is asked for.
        data: the split that is trained on; a judge looks its samples up there.
        shape: how a sample's frames were taken.
        device: where networks compute.

    Raises:
        UsageError: a folder, file or judge cannot be used.
        DataError: one is damaged.
    """
    from rvebench.revise.training.rewards import ClipEncoder, RewardTools

    clip = None if options.clip is None else ClipEncoder.load(options.clip, device=device)
    preference = None
    if options.preference is not None:
        preference = ClipEncoder.load(options.preference, tokenizer=options.preference_tokenizer, device=device)
    captions = None if options.captions is None else read_captions(options.captions)
    with contextlib.ExitStack() as stack:
        judge = None
        if options.judge is not None:
            judge = stack.enter_context(_opened_judge(options, data, shape))
        yield RewardTools(clip=clip, preference=preference, judge=judge), captions


@contextlib.contextmanager
def _opened_judge(options: RewardOptions, data: str, shape: ClipShape) -> Iterator[JudgeScore]:
    from rvebench.cli.examining import built_judge, judging_of
    from rvebench.runs.asking import close_judge
    from rvebench.splits import load_split

    assert options.judge is not None
    if (Path(data) / "store.json").is_file():
        raise UsageError(
            "a judge needs the samples themselves, and precomputed shards hold none",
            where=data,
            hint="give the split as --data, and the folder as --shards",
        )
    judging = judging_of(
        options.judge,
        repeats=1,
        reduce="mean",
        quorum=None,
        base_url=options.base_url,
        cache=None,
        max_usd=options.max_usd,
        max_tokens=None,
        prices=None,
    )
    samples = {sample.id: sample for sample in load_split(data).samples}
    with built_judge(judging) as judge:
        if judge.info.paid and options.max_usd is None:
            raise UsageError(
                f"the judge {options.judge} costs money, and a training asks it thousands of times",
                hint="set --reward-max-usd, or take reference or hf:MODEL",
            )
        loop = asyncio.new_event_loop()
        try:
            yield JudgeScore(judge, samples, shape, loop)
        finally:
            loop.run_until_complete(close_judge(judge))
            loop.close()


class JudgeScore:
    """A judge's overall score 0..10 of an edit; None where it gives no verdict.

    It is shown what it is shown in an evaluation: the sample's own videos, and the edit as an editor would hand it in,
    at the model's size, with the window of source frames that it answers to.

    Args:
        judge: ours.
        samples: by id.
        shape: how frames were taken.
        loop: an event loop that is not running; the judge's connections live in it.
    """

    def __init__(
        self, judge: Judge, samples: Mapping[str, Sample], shape: ClipShape, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._judge, self._samples, self._shape, self._loop = judge, samples, shape, loop
        self._videos: dict[str, dict[str, Clip]] = {}

    def __call__(
        self,
        source_THWC: torch.Tensor,  # noqa: ARG002 - the judge is shown the sample's own
        edit_THWC: torch.Tensor,
        instruction: str,  # noqa: ARG002 - as the sample has it
        sample_id: str,
    ) -> float | None:
        """Returns the score.

        Raises:
            DataError: one of the sample's videos does not decode.
            BudgetError: the next call could cost more than is left.
        """
        from rvebench.judges.sound import sound_verdict
        from rvebench.scoring import get_formula
        from rvebench.taxonomy import Status

        sample = self._samples.get(sample_id)
        if sample is None:
            return None
        verdict = self._loop.run_until_complete(sound_verdict(self._judge, self._comparison(sample, edit_THWC)))
        if verdict.status is not Status.OK:
            return None
        return get_formula("geometric").score(sample.subset, verdict.scores, where=sample_id)

    def _comparison(self, sample: Sample, edit_THWC: torch.Tensor) -> Comparison:
        import numpy as np

        from rvebench.records import Window
        from rvebench.video import Clip, Comparison

        videos = self._read(sample)
        fps = videos["source"].fps / self._shape.stride
        count = len(edit_THWC)
        edit = Clip(frames_THWC=edit_THWC.numpy(), fps=fps, pts_s=np.arange(count) / fps)
        return Comparison(
            sample=sample,
            source=videos["source"],
            edit=edit,
            window=Window(start=0, stride=self._shape.stride, count=count, fps=fps),
            target=videos.get("target"),
            mask=videos.get("mask"),
            counterfactual=videos.get("counterfactual"),
        )

    def _read(self, sample: Sample) -> dict[str, Any]:
        from rvebench.runs.scorer import Role, read_hashed
        from rvebench.splits import sample_files

        if sample.id not in self._videos:
            if len(self._videos) >= _KEPT:
                self._videos.pop(next(iter(self._videos)))
            there = sample_files(sample)
            roles: tuple[Role, ...] = ("source", "target", "mask", "counterfactual")
            self._videos[sample.id] = {
                role: read_hashed(sample, role, decode_limit_s=_DECODE_LIMIT_S, allow_truncated=False)
                for role in roles
                if role in there
            }
        return self._videos[sample.id]
