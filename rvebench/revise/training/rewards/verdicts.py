"""Rewards that ask: the frozen VLM critic, and any judge that scores a clip."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from torch import nn

from rvebench.errors import UsageError
from rvebench.revise.training.critic.protocol import Critic
from rvebench.revise.training.decode import pick_frames
from rvebench.revise.training.rewards.protocol import ClipJudge, Edits, Need, RewardError, RewardTools

__all__ = ["CriticVerdict", "JudgeVerdict"]


class CriticVerdict:
    """P(yes) of the critic, in 0..1, or its log-odds: the reading that uso differentiates, here as a number.

    The frames are those that uso looks at. Log-odds do not flatten out near certainty, P(yes) cannot be driven up
    without end; P(yes) is the default.
    """

    needs: frozenset[Need] = frozenset({"source"})

    def __init__(self, critic: Critic, reading: Literal["p-yes", "delta"], frames: int) -> None:
        self._critic = critic
        self._reading = reading
        self._frames = frames

    @classmethod
    def of(cls, tools: RewardTools) -> CriticVerdict:
        """Returns the reward.

        Raises:
            UsageError: no critic was handed in.
        """
        if tools.critic is None:
            raise UsageError("the reward critic needs a VLM that answers yes or no, and none was given")
        return cls(tools.critic, tools.critic_reading, tools.frames)

    @property
    def modules(self) -> Mapping[str, nn.Module]:
        """The critic's."""
        return self._critic.modules

    def score(self, edits: Edits) -> list[float | None]:
        """As the protocol says."""
        if edits.source_BTHWC is None:
            raise RewardError("the reward critic needs the source's frames", where=edits.ids[0])
        picks = pick_frames(edits.edit_BTHWC.shape[1], self._frames)
        seen = list(picks.frames)
        reading = self._critic.read(
            list(edits.source_BTHWC[:, seen]),
            list(edits.edit_BTHWC[:, seen]),
            edits.instructions,
            picks.fps(edits.fps),
        )
        return list((reading.p_yes_B if self._reading == "p-yes" else reading.delta_B).tolist())


class JudgeVerdict:
    """What a judge of ours says, clip by clip, on its own scale. A verdict that fails is None, never a number."""

    needs: frozenset[Need] = frozenset({"source"})
    modules: Mapping[str, nn.Module] = {}

    def __init__(self, judge: ClipJudge) -> None:
        self._judge = judge

    @classmethod
    def of(cls, tools: RewardTools) -> JudgeVerdict:
        """Returns the reward.

        Raises:
            UsageError: no judge was handed in.
        """
        if tools.judge is None:
            raise UsageError("the reward judge needs a judge, and none was given", hint="name one on the command line")
        return cls(tools.judge)

    def score(self, edits: Edits) -> list[float | None]:
        """As the protocol says."""
        if edits.source_BTHWC is None:
            raise RewardError("the reward judge needs the source's frames", where=edits.ids[0])
        clips = zip(edits.source_BTHWC.cpu(), edits.edit_BTHWC.cpu(), edits.instructions, edits.ids, strict=True)
        return [self._judge(*clip) for clip in clips]
