"""Which judges there are, and what the `--judge` option means."""

from __future__ import annotations

from collections.abc import Callable

from rvebench.errors import UnknownNameError, UsageError
from rvebench.judges.availability import ANNOUNCED, explain_absence
from rvebench.judges.protocol import Judge
from rvebench.registry import Registration, Registry, nearest_names

__all__ = ["DEFAULT_JUDGE", "JUDGES", "build_judge"]

DEFAULT_JUDGE = "gpt-4o"
"""The paper's judge. It is asked for by default so that no score is mistaken for it."""

JUDGES: Registry[Callable[[], Judge]] = Registry(
    "judge",
    [
        Registration(
            name="reference",
            target="rvebench.judges.reference:ReferenceJudge",
            summary="compares with the sample's target video; no model, no weights, no key",
        ),
    ],
    group="rvebench.judges",
)


def build_judge(spec: str) -> Judge:
    """Returns the judge called `spec`; no call is made and no weights are loaded yet.

    Raises:
        UnknownNameError: no judge has that name; the nearest ones are listed.
        UsageError: the judge is not part of this version, the name carries options, or what an installed package
            registered is not a judge.
    """
    name, mark, _ = spec.strip().partition("?")
    if name.startswith("hf:"):
        from rvebench.judges.local import build_local_judge

        return build_local_judge(spec.strip())
    if name not in JUDGES:
        if name.lower() in ANNOUNCED:
            raise explain_absence(name.lower())
        near = nearest_names(name, {*JUDGES.names(), *ANNOUNCED})
        offer = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(JUDGES.names())}"
        raise UnknownNameError(f"unknown judge {name!r}", hint=offer)
    if mark:
        raise UsageError(f"the judge {name!r} takes no options", where=spec, hint=f"write {name}")
    judge = JUDGES.load(name)()
    entry = JUDGES.entry(name)
    if not isinstance(judge, Judge):
        raise UsageError(f"{entry.target} is not a judge: it lacks `info` or `judge`", where=entry.origin)
    return judge
