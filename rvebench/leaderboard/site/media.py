"""What can be seen of a submission's edits: contact sheets and videos that lie beside the leaderboard.

A submission holds hashes of its videos, not the videos. Whoever builds the site may lay what a run made into
`media/<track>/<submission>/`: the contact sheets of `previews/` go into the page, as far as a page stays light; videos,
named `<sample>.mp4`, are linked from it. Whatever is not there is said to be missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rvebench.runs.preview import Preview, PreviewProblem, read_preview

__all__ = ["MEDIA_FOLDER", "MEDIA_LIMIT_BYTES", "Media", "find_media"]

MEDIA_FOLDER = "media"
MEDIA_LIMIT_BYTES = 48 * 1024 * 1024
"""Contact sheets in one page, before base64."""

_SHEET = re.compile(r"\.[23]x[1-9][0-9]{0,3}\.webp$")
_VIDEO = ".mp4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """Where a submission's pictures are; nothing is read before :meth:`sheets` is asked."""

    sheet_paths: Mapping[str, Path] = field(default_factory=dict)
    """Contact sheets by sample."""
    videos: Mapping[str, Path] = field(default_factory=dict)
    """Videos by sample."""

    def sheets(self, *, limit_bytes: int = MEDIA_LIMIT_BYTES) -> dict[str, Preview | PreviewProblem]:
        """Returns each sample's sheet, or why it is not shown; sheets past the limit are left out and say so."""
        left = limit_bytes
        found: dict[str, Preview | PreviewProblem] = {}
        for sample, path in self.sheet_paths.items():
            sheet = read_preview(path)
            if isinstance(sheet, Preview):
                left -= len(sheet.data)
                if left < 0:
                    sheet = PreviewProblem(reason="left out: the page would be too large to open with every sheet")
            found[sample] = sheet
        return found


def find_media(folder: Path, samples: Iterable[str]) -> Media:
    """Returns what a folder holds of the named samples; a folder that is not there holds nothing.

    Links to elsewhere are passed over: a page shows what lies in its own folder.
    """
    if not folder.is_dir():
        return Media()
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.is_symlink())
    sheets = {_SHEET.sub("", path.name): path for path in files if _SHEET.search(path.name)}
    videos = {path.name.removesuffix(_VIDEO): path for path in files if path.name.endswith(_VIDEO)}
    return Media(
        sheet_paths={name: sheets[name] for name in samples if name in sheets},
        videos={name: videos[name] for name in samples if name in videos},
    )
