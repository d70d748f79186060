"""What a folder of shards is being filled for: it takes no other samples, and no other critic, unless asked to."""

from __future__ import annotations

from collections.abc import Sequence

from rvebench.errors import UsageError
from rvebench.revise.training.shards.files import lock, sealed, unsealed
from rvebench.revise.training.shards.store import ShardStore
from rvebench.storage import atomic_write_text

__all__ = ["claim_job"]

_JOB = "job.json"
_NAMED = 3


def claim_job(store: ShardStore, ids: list[str], critic: str | None, update: bool) -> None:
    """Notes what the folder is for; another list, or another critic, must be asked for."""
    file = store.path / _JOB
    with lock(store.path / ".claim.lock"):
        critics: list[str] = []
        if file.is_file():
            told = unsealed(file)
            before, critics = told["ids"], told["critics"]
            there, asked = set(before), set(ids)
            added = [id for id in ids if id not in there]
            gone = [id for id in before if id not in asked]
            new_critic = critic is not None and critic not in critics
            if not update and (added or gone or new_critic):
                changes = [_some(added, "new"), _some(gone, "no longer listed")]
                if new_critic:
                    changes.append(f"baselines of the critic {str(critic)[:12]}… are new")
                raise UsageError(
                    f"the folder was begun for something else: {'; '.join(filter(None, changes))}",
                    where=store.path,
                    hint="add --update to compute what is new beside what is there, or choose another folder",
                )
            ids = [*before, *added]
        critics = sorted({*critics, *([] if critic is None else [critic])})
        atomic_write_text(file, sealed({"ids": ids, "critics": critics}))


def _some(ids: Sequence[str], what: str) -> str:
    if not ids:
        return ""
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return f"{', '.join(ids[:_NAMED])}{more} {'is' if len(ids) == 1 else 'are'} {what}"
