"""The budget of the context: what goes into it, in which order, and whether it fits. Nothing is ever cut.

The released code joins source, VLM and text tokens and drops what passes `max_context_len` from the end, which at
larger sizes is the whole instruction. Here a context that does not fit is an error that shows the table of its parts,
or, by a declared policy, source tokens are averaged on a coarser grid. No torch is needed to know which.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from rvebench.errors import UsageError
from rvebench.revise.config import ReviseConfig, Size

__all__ = ["ContextCounts", "ContextOverflowError", "ContextPlan", "ContextRow", "counts_for", "plan_context"]

Grid = tuple[int, int, int]


class ContextOverflowError(UsageError):
    """A context with more tokens than the model takes; the text lists every part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextCounts:
    """How many tokens each part brings, before tags."""

    interpreted: int
    """From the VLM's states: 1024 for a video through the released connector, or one per state through a refiner."""
    text: int | None = None
    """Of the encoded instruction; None where the model has no text encoder."""
    source_grid: Grid | None = None
    """Source tokens along (time, height, width); None where the source enters another way."""
    reference_grid: Grid | None = None
    """The same of a reference picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextRow:
    """One run of tokens."""

    name: str
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextPlan:
    """A context that fits."""

    rows: tuple[ContextRow, ...]
    """In the order of the sequence, tags included."""
    limit: int
    pool: tuple[int, int] = (1, 1)
    """How many source tokens are averaged into one, along time and along each side."""

    @property
    def total(self) -> int:
        """Tokens in all."""
        return sum(row.tokens for row in self.rows)

    @property
    def table(self) -> str:
        """The parts in lines, for logs and manifests."""
        lines = [f"{row.tokens:>6}  {row.name}" for row in self.rows]
        return "\n".join([*lines, f"{self.total:>6}  of {self.limit}"])


def counts_for(
    config: ReviseConfig, *, frames: int, size: Size, text: int | None, vlm: int, reference: bool = False
) -> ContextCounts:
    """Returns the counts of a clip before anything is computed.

    Args:
        config: the model.
        frames: of the clip, 4n + 1.
        size: of its frames.
        text: tokens of the encoded instruction, at most `config.text.max_length`.
        vlm: states of the VLM; they count one for one with strategy viva only.
        reference: whether a reference picture of the same size enters beside the source.
    """
    _, time, height, width = config.latent_shape(frames=frames, size=size)
    source = ref = None
    if config.visual_context_adapter is not None:
        _, rows, columns = config.visual_context_adapter.patch_size
        source = (time, height // rows, width // columns)
        ref = (1, *source[1:]) if reference else None
    interpreted = vlm
    if config.connector is not None:
        interpreted = config.connector.tokens if time > 1 else config.connector.adapter.queries
    text = text if config.text is not None else None
    return ContextCounts(interpreted=interpreted, text=text, source_grid=source, reference_grid=ref)


def plan_context(counts: ContextCounts, config: ReviseConfig) -> ContextPlan:
    """Returns how the context is laid out.

    The policy `pool` averages blocks of source tokens, f frames by g x g, for the first of (1, 2), (2, 2), (2, 3),
    (3, 3), (3, 4), … as (f, g) that fits; a reference keeps its grid.

    Raises:
        ContextOverflowError: the parts do not fit, and the policy is `error`, or what is not source is too much alone.
    """
    limit = config.conditioning.max_context_len
    plan = ContextPlan(rows=_rows(counts, config, (1, 1)), limit=limit)
    if plan.total <= limit:
        return plan
    if config.conditioning.source_overflow == "error" or counts.source_grid is None:
        raise _overflow(plan, "use fewer frames or a smaller size", may_pool=counts.source_grid is not None)
    for step in count(3):
        pool = (step // 2, (step + 1) // 2)
        pooled = ContextPlan(rows=_rows(counts, config, pool), limit=limit, pool=pool)
        if pooled.total <= limit:
            return pooled
        if _pooled(counts.source_grid, pool) == (1, 1, 1):
            raise _overflow(pooled, "shorten the instruction, or raise conditioning.max_context_len")
    raise AssertionError("the loop ends when the grid is one token")


def _rows(counts: ContextCounts, config: ReviseConfig, pool: tuple[int, int]) -> tuple[ContextRow, ...]:
    tags = config.conditioning.tags
    rows: list[ContextRow] = []

    def add(name: str, tag: str, length: int, tokens: int) -> None:
        opened, closed = ContextRow(name=f"<{tag}_st>", tokens=length), ContextRow(name=f"<{tag}_ed>", tokens=length)
        body = ContextRow(name=name, tokens=tokens)
        rows.extend([opened, body, closed] if length else [body])

    for name, grid, blocks in (
        ("source", counts.source_grid, pool),
        ("reference", counts.reference_grid, (1, 1)),
    ):
        if grid is not None:
            time, height, width = _pooled(grid, blocks)
            note = "" if blocks == (1, 1) else ", averaged from {}x{}x{}".format(*grid)
            add(f"{name} ({time}x{height}x{width}{note})", "img", tags.visual, time * height * width)
    if config.refiner is not None:
        rows.append(ContextRow(name="VLM", tokens=counts.interpreted))
    else:
        add("VLM", "ipl", tags.interpreted, counts.interpreted)
    if counts.text is not None:
        add("text", "prp", tags.prompt, counts.text)
    return tuple(rows)


def _pooled(grid: Grid, pool: tuple[int, int]) -> Grid:
    time, side = pool
    return -(-grid[0] // time), -(-grid[1] // side), -(-grid[2] // side)


def _overflow(plan: ContextPlan, hint: str, *, may_pool: bool = False) -> ContextOverflowError:
    parts = ", ".join(f"{row.name} {row.tokens}" for row in plan.rows)
    if may_pool:
        hint += ", or set conditioning.source_overflow to pool"
    return ContextOverflowError(
        f"the context needs {plan.total} tokens, {plan.total - plan.limit} more than the {plan.limit} that the model "
        f"takes: {parts}",
        hint=hint,
    )
