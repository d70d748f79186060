"""Which judges there are, and what the `--judge` option means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from rvebench.errors import UnknownNameError, UsageError
from rvebench.judges.protocol import Judge
from rvebench.registry import Registration, Registry, load_target, nearest_names

if TYPE_CHECKING:
    from rvebench.judges.llm import Connection

__all__ = ["DEFAULT_JUDGE", "FAMILIES", "JUDGES", "build_judge"]

DEFAULT_JUDGE = "gpt-4o"
"""The paper's judge. It is asked for by default so that no score is mistaken for it."""

_LLM = "rvebench.judges.llm:build_llm_judge"
_LOCAL = "rvebench.judges.local:build_local_judge"

JUDGES: Registry[Callable[[], Judge]] = Registry(
    "judge",
    [
        Registration(name="gpt-4o", target=_LLM, summary="the paper's judge, by OpenAI's API; needs a key"),
        Registration(
            name="reference",
            target="rvebench.judges.reference:ReferenceJudge",
            summary="compares with the sample's target video; no model, no weights, no key",
        ),
    ],
    group="rvebench.judges",
)

FAMILIES: Mapping[str, Registration] = {
    family.name: family
    for family in (
        Registration(name="openai", target=_LLM, summary="openai:MODEL, by any OpenAI-compatible service"),
        Registration(name="hf", target=_LOCAL, summary="hf:MODEL, a vision-language model on this machine"),
    )
}
"""Judges made from what follows a prefix and a colon."""


def build_judge(
    spec: str,
    connection: Connection | None = None,
    *,
    repeats: int = 1,
    reduce: str = "mean",
    quorum: int | None = None,
) -> Judge:
    """Returns the judge called `spec`; no call is made and no weights are loaded yet.

    Several judges, or one asked several times, are a panel (:class:`rvebench.judges.panel.PanelJudge`).

    Args:
        spec: a name, or `prefix:MODEL`; some take `?option=value&option=value`. Several with commas between.
        connection: cache, budget and limits of judges that call a service; others do not look at it.
        repeats: independent verdicts of each judge.
        reduce: how several verdicts become one: `mean`, `median` or `worst`.
        quorum: how many of the judges (of one judge: of its repeats) must answer; None: all.

    Raises:
        UnknownNameError: no judge has that name; the nearest ones are listed.
        UsageError: an option cannot be used, the judge lacks something here (a key, say), or what an installed package
            registered is not a judge.
    """
    from rvebench.judges.panel import PanelJudge, split_judges

    judges = [_build_one(one, connection) for one in split_judges(spec)]
    panel = PanelJudge(judges, repeats=repeats, reducer=reduce, quorum=quorum)  # also checks the options of one judge
    return judges[0] if len(judges) == repeats == 1 else panel


def _build_one(spec: str, connection: Connection | None) -> Judge:
    name, mark, _ = spec.partition("?")
    prefix, colon, _ = name.partition(":")
    target = FAMILIES[prefix].target if colon and prefix in FAMILIES else None
    if target is None:
        if name not in JUDGES:
            raise _unknown(name)
        target = JUDGES.entry(name).target
    if target == _LLM:
        return cast(Judge, cast(Any, load_target(target, kind="judge"))(spec, connection))
    if target == _LOCAL:
        return cast(Judge, cast(Any, load_target(target, kind="judge"))(spec))
    if mark:
        raise UsageError(f"the judge {name!r} takes no options", where=spec, hint=f"write {name}")
    judge = JUDGES.load(name)()
    entry = JUDGES.entry(name)
    if not isinstance(judge, Judge):
        raise UsageError(f"{entry.target} is not a judge: it lacks `info` or `judge`", where=entry.origin)
    return judge


def _unknown(name: str) -> UnknownNameError:
    known = [*JUDGES.names(), *(f"{prefix}:MODEL" for prefix in FAMILIES)]
    prefix, colon, rest = name.partition(":")
    near = (
        [f"{found}:{rest}" for found in nearest_names(prefix, FAMILIES)]
        if colon
        else nearest_names(name, JUDGES.names())
    )
    offer = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
    return UnknownNameError(f"unknown judge {name!r}", hint=offer)
