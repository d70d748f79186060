"""What judging will cost, as a dry run says it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rvebench.llm import Estimate

__all__ = ["cost_as_json", "print_cost"]


def cost_as_json(estimate: Estimate) -> dict[str, object]:
    """Returns the estimate as one JSON object."""
    return {
        "calls": estimate.calls,
        "text_tokens": {"likely": estimate.tokens.text.likely, "most": estimate.tokens.text.most},
        "image_tokens": {"likely": estimate.tokens.image.likely, "most": estimate.tokens.image.most},
        "output_tokens_most": estimate.tokens.output_most,
        "usd": {"low": estimate.usd_low, "likely": estimate.usd_likely, "high": estimate.usd_high},
        "seconds": estimate.seconds,
        "unpriced_models": list(estimate.unpriced_models),
        "prices": [f"{price.model}, {price.as_of}: {price.source}" for price in estimate.prices],
    }


def _duration(seconds: float) -> str:
    return (
        f"{seconds:.0f} s"
        if seconds < 90
        else f"{seconds / 60:.0f} min"
        if seconds < 5400
        else f"{seconds / 3600:.1f} h"
    )


def print_cost(estimate: Estimate) -> None:
    """Prints the estimate, one fact a line."""
    tokens = estimate.tokens
    typer.echo(f"{'calls':16} {estimate.calls}; repairs and retries come on top, answers in the cache cost nothing")
    typer.echo(f"{'text tokens':16} about {tokens.text.likely:,}, {tokens.text.most:,} at most")
    typer.echo(f"{'image tokens':16} about {tokens.image.likely:,}, {tokens.image.most:,} at most")
    typer.echo(f"{'output tokens':16} {tokens.output_most:,} at most")
    if estimate.usd_low is None or estimate.usd_likely is None or estimate.usd_high is None:
        typer.echo(f"{'price':16} not known for {', '.join(estimate.unpriced_models)}; --prices FILE names it")
    else:
        low, high = math.floor(estimate.usd_low * 100) / 100, math.ceil(estimate.usd_high * 100) / 100
        typer.echo(f"{'price':16} about {estimate.usd_likely:.2f} USD, between {low:.2f} and {high:.2f}")
    for price in estimate.prices:
        typer.echo(f"{'':16} by {price.model}, {price.as_of}: {price.source}")
    if estimate.seconds is not None:
        typer.echo(f"{'time':16} about {_duration(estimate.seconds)} at 5 s a call")
    else:
        typer.echo(f"{'time':16} within a day (Batch API)")
