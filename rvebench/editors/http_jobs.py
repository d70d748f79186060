"""Notes of jobs that were started and paid for, kept beside the output until they end.

A worker that is killed while a service works finds the job again and asks for its result, instead of paying twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rvebench.editors.http_spec import HttpSpec
from rvebench.records import EditRequest, canonical_json, digest_of
from rvebench.storage import atomic_write_text

__all__ = ["JobNote"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobNote:
    """The note of one request's job."""

    path: Path
    key: str
    """Digest of specification and request: a note of another one is not ours."""

    @classmethod
    def of(cls, spec: HttpSpec, request: EditRequest) -> JobNote:
        """Returns the place of the note, whether there is one or not."""
        facts = request.source.stat()
        key = digest_of(
            {
                "spec": spec.digest,
                "sample": request.sample_id,
                "instruction": request.instruction,
                "seed": request.seed,
                "source": [request.source.name, facts.st_size],
            }
        )
        return cls(path=request.out.with_name(request.out.name + ".job.json"), key=key)

    def read(self) -> dict[str, object] | None:
        """Returns what the submit reply gave for the later calls; None when there is no note of this very job."""
        try:
            value = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(value, dict) or value.get("key") != self.key or not isinstance(value.get("job"), dict):
            return None
        return dict(value["job"])

    def write(self, job: Mapping[str, object]) -> None:
        """Notes a job that was started, durably."""
        atomic_write_text(self.path, canonical_json({"key": self.key, "job": dict(job)}))

    def drop(self) -> None:
        """Forgets the job: it ended."""
        self.path.unlink(missing_ok=True)
