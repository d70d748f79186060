from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from rvebench.assets import asset_dir
from rvebench.errors import DataError, UsageError
from rvebench.leaderboard.site import build_site, load_boards, write_site
from rvebench.taxonomy import Criterion, Status
from tests.cli.helpers import only_error, rvebench
from tests.leaderboard.site.boards import SYSTEMS, write_leaderboard, write_media

ATTACKS = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "{{ 7 * 7 }} | [x](javascript:y)",
    "=HYPERLINK(1)",
    "\u202egnirts",
    "lone \ud800",
)


class Reader(HTMLParser):
    """What a browser would make of a page: elements with attributes, texts outside scripts, blocks by id."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.blocks: dict[str, str] = {}
        self.words: list[str] = []
        self._block: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in {"script", "style"}:
            self._block = dict(attrs).get("id") or tag
            self.blocks[self._block] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style"}:
            self._block = None

    def handle_data(self, data: str) -> None:
        if self._block is None:
            self.words.append(data)
        else:
            self.blocks[self._block] += data

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_leaderboard(tmp_path_factory.mktemp("leaderboards"), samples=32)
    write_media(folder, "rave-test", SYSTEMS[0].id, ["sample-0000", "sample-0001"], width=48)
    (folder / "media" / "rave-test" / SYSTEMS[0].id / "sample-0001.mp4").write_bytes(b"video")
    shutil.copytree(asset_dir("leaderboards") / "reported", folder / "reported")
    return folder


@pytest.fixture(scope="module")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "site"
    build_site(root, out)
    return out


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_two_builds_give_the_same_bytes_in_another_process_with_another_hash_seed(
    root: Path, site: Path, tmp_path: Path
) -> None:
    code = (
        "import pathlib, sys; from rvebench.leaderboard.site import build_site; "
        "build_site(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), media=pathlib.Path(sys.argv[3]))"
    )
    # The folders of media and site stand to each other as before, so that the link of a video is the same.
    out = tmp_path / "site"
    shutil.copytree(root / "media", tmp_path / "media")
    subprocess.run(
        [sys.executable, "-c", code, str(root), str(out), str(tmp_path / "media")],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "77"},
    )
    again = tmp_path / "again"
    build_site(root, again, media=tmp_path / "media")
    assert hashes(out) == hashes(again)
    ours, theirs = hashes(site), hashes(out)
    page = f"submissions/rave-test/{SYSTEMS[0].id}.html"
    assert {name for name in ours if ours[name] != theirs.get(name)} <= {page}
    assert ours.keys() == theirs.keys()


def test_every_file_is_there_and_stale_pages_go(root: Path, site: Path) -> None:
    stale = site / "submissions" / "rave-test" / "20200101_gone.html"
    stale.write_text("old", encoding="utf-8")
    built = build_site(root, site)
    assert not stale.exists()
    assert built.rows == len(SYSTEMS) == len(list(site.glob("submissions/*/*.html")))
    assert built.size_bytes == sum(p.stat().st_size for p in site.rglob("*") if p.is_file() and p.name[0] != ".")


def test_a_folder_that_is_no_site_is_left_alone(root: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work", encoding="utf-8")
    with pytest.raises(UsageError, match="something else than a site"):
        build_site(root, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_pages_ask_for_nothing_and_every_link_inside_leads_somewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        found = Reader(page.read_text(encoding="ascii"))
        ids = {attributes["id"] for _, attributes in found.elements if attributes.get("id")}
        for tag, attributes in found.elements:
            assert not {"src", "srcset", "action", "style", "background"} & attributes.keys(), (tag, attributes)
            assert not any(name.startswith("on") for name in attributes)
            assert tag not in {"iframe", "object", "embed", "base"}
            if tag == "link":
                assert attributes["href"] == "data:,"
            elif "href" in attributes:
                href = attributes["href"] or ""
                path, _, fragment = href.partition("#")
                if href.startswith("#"):
                    assert fragment in ids
                elif not href.startswith("https://"):
                    assert (page.parent / path).resolve().is_file()
        policy = next(a["content"] for t, a in found.elements if t == "meta" and a.get("http-equiv"))
        assert policy is not None and policy.startswith("default-src 'none'")


def test_the_index_has_every_row_in_order_with_its_numbers(root: Path, site: Path) -> None:
    page = Reader((site / "index.html").read_text(encoding="ascii"))
    rows = [attributes["href"] for tag, attributes in page.elements if tag == "a" and "submissions/" in str(attributes)]
    board = load_boards(root)[0]
    order = [f"submissions/rave-test/{row.id}.html" for row in board.rows]
    assert rows[: len(order)] == order
    for row in board.ranked:
        assert row.standing is not None
        assert f"{row.standing.mean:.2f}" in page.text
    assert "2 refused" in page.text and "1 failed" in page.text
    assert "trained on this benchmark" in page.text
    assert "Nobody has rated edits of this track yet" in page.text
    prices = page.text.partition("What services asked for an edit.")[2].partition(" . ")[0]
    assert "Without a number: Meadow," in prices and "copy" not in prices.partition(".")[0]


def test_reported_rows_are_apart_from_measured_ones(site: Path) -> None:
    text = (site / "index.html").read_text(encoding="ascii")
    measured, _, reported = text.partition('id="reported"')
    assert "4.6689" in reported and "4.6689" not in measured
    assert "Copied from papers, not measured here" in reported
    assert "SFT improves EA by only 1.8 %" in reported
    data = json.loads((site / "data.json").read_text(encoding="utf-8"))
    assert "4.6689" not in json.dumps(data["tracks"])
    assert data["reported"][0]["table"][0]["rows"][4]["values"]["Overall"] == 4.6689
    assert "4.6689" not in (site / "data.csv").read_text(encoding="utf-8")
    markdown = (site / "LEADERBOARD.md").read_text(encoding="utf-8")
    assert markdown.index("# What papers report") < markdown.index("4.6689")


def test_the_data_files_hold_the_pages_numbers(root: Path, site: Path) -> None:
    board = load_boards(root)[0]
    data = json.loads((site / "data.json").read_text(encoding="utf-8"))
    lines = list(csv.DictReader(io.StringIO((site / "data.csv").read_text(encoding="utf-8"))))
    markdown = (site / "LEADERBOARD.md").read_text(encoding="utf-8")
    rows = data["tracks"][0]["rows"]
    assert [row["submission"] for row in rows] == [line["submission"] for line in lines] == [r.id for r in board.rows]
    for row, line, found in zip(rows, lines, board.rows, strict=True):
        mean = found.standing.mean if found.standing else found.submission.headline
        assert row["score"]["mean"] == float(line["score"]) == pytest.approx(mean, abs=1e-6)
        assert line["rank"] == ("" if row["rank"] is None else str(row["rank"]))
        assert f"| {found.name}" in markdown.replace("\\", "") and f"| {mean:.2f} |" in markdown
        assert float(line["EA"]) == pytest.approx(found.submission.scores.criteria[Criterion.EA].mean, abs=1e-6)
    assert data["tracks"][0]["judge"]["prompt_sha256"] == "b2" * 32


def test_a_submissions_page_has_its_samples_pictures_and_says_what_is_missing(root: Path, site: Path) -> None:
    page = Reader((site / "submissions" / "rave-test" / f"{SYSTEMS[0].id}.html").read_text(encoding="ascii"))
    samples = json.loads(page.blocks["data"])["samples"]
    assert len(samples) == 32
    assert samples[0]["sheet"]["rows"] == ["Source", "Edit", "Target"] and samples[0]["sheet"]["columns"] == 8
    assert "media-0" in page.blocks and "media-1" in page.blocks and "media-2" not in page.blocks
    assert "No picture" in samples[2]["missing"]
    assert (site / "submissions" / "rave-test" / samples[1]["video"]).resolve().is_file()
    assert [name for name, _ in samples[0]["criteria"]] == ["EA", "PC", "GN", "GR"]
    assert samples[0]["why"][0][1].startswith("The outcome")
    assert "2 of 32 edits are shown" in page.text and "1 videos are linked" in page.text
    other = Reader((site / "submissions" / "rave-test" / f"{SYSTEMS[2].id}.html").read_text(encoding="ascii"))
    lost = json.loads(other.blocks["data"])["samples"][3]
    assert (lost["status"], lost["score"], lost["lost"]) == ("refused", 0.0, True)
    assert lost["reason"] == "the editor wrote no video"
    assert "No picture of these edits lies beside the leaderboard" in other.text


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_words_reach_no_markup_whatever_the_validator_let_through(
    root: Path, tmp_path: Path, attack: str
) -> None:
    """The checks of records keep markup out; the pages must be safe without them."""
    board = load_boards(root)[0]
    row = board.rows[0]
    model = row.submission.model.model_copy(
        update={"name": attack, "organisation": attack, "notes": (attack,), "licence": attack}
    )
    samples = [
        dataclasses.replace(s, instruction=attack, reason=attack, rationale={Criterion.EA: attack}) for s in row.samples
    ]
    samples[0] = dataclasses.replace(samples[0], status=Status.FAILED)
    hostile = dataclasses.replace(
        row,
        submission=row.submission.model_copy(update={"model": model}),
        samples=tuple(samples),
        readme=attack,
    )
    rules = board.rules.model_copy(update={"title": attack, "summary": attack})
    boards = (dataclasses.replace(board, rules=rules, rows=(hostile, *board.rows[1:])),)
    write_site(boards, (), tmp_path / "site", root=root)
    plain = Reader((tmp_path / "site" / "index.html").read_text(encoding="ascii"))
    assert sum(tag == "script" for tag, _ in plain.elements) == 1
    assert not any(tag == "img" for tag, _ in plain.elements)
    assert attack.encode(errors="surrogatepass") in plain.text.encode(errors="surrogatepass") or "\ud800" in attack
    page = Reader((tmp_path / "site" / "submissions" / "rave-test" / f"{row.id}.html").read_text(encoding="ascii"))
    scripts = [attributes for tag, attributes in page.elements if tag == "script"]
    assert [a.get("type") for a in scripts] == ["application/json", None, "text/plain", "text/plain"]
    assert json.loads(page.blocks["data"])["samples"][1]["instruction"] == attack
    line = next(csv.reader(io.StringIO((tmp_path / "site" / "data.csv").read_text(encoding="utf-8").split("\n", 1)[1])))
    assert not line[2].startswith("=")
    markdown = (tmp_path / "site" / "LEADERBOARD.md").read_text(encoding="utf-8")
    assert not re.search(r"(?<!\\)<(script|img)", markdown) and "](javascript" not in markdown.replace("\\]", "")


def test_ratings_beside_the_leaderboard_give_the_scatter_of_judge_and_people(root: Path, tmp_path: Path) -> None:
    board = load_boards(root)[0]
    lines = ["# scale: 1 5", "sample_id,editor,rater,criterion,score"]
    for row in board.ranked[:4]:
        for sample in row.samples[:12]:
            if sample.score is not None:
                rating = min(5, max(1, round(1 + sample.score * 0.4)))
                lines += [f"{sample.id},{row.id},{rater},EA,{rating}" for rater in ("anna", "ben")]
    folder = tmp_path / "board"
    shutil.copytree(root, folder)
    (folder / "ratings").mkdir()
    file = folder / "ratings" / "rave-test.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    build_site(folder, tmp_path / "site")
    text = Reader((tmp_path / "site" / "index.html").read_text(encoding="ascii")).text
    assert "2 raters" in text and "Spearman" in text and "over 4 submissions" in text
    assert "People's mean rating, 1 to 5" in text
    file.write_text("\n".join(lines).replace(board.ranked[0].id, "20990101_ghost"), encoding="utf-8")
    with pytest.raises(DataError, match="no submission '20990101_ghost'"):
        build_site(folder, tmp_path / "site")


def test_the_verb_builds_and_tells_where(root: Path, tmp_path: Path) -> None:
    told = rvebench("leaderboard", "build", "--root", root, "--out", tmp_path / "site", "--format", "json")
    assert json.loads(told.stdout) == {
        "index": str(tmp_path / "site" / "index.html"),
        "tracks": 1,
        "rows": len(SYSTEMS),
        "size_bytes": json.loads(told.stdout)["size_bytes"],
    }
    assert (tmp_path / "site" / "index.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [(("--root", "nowhere"), 4, "the file is not there"), (("--out", "."), 2, "something else than a site")],
)
def test_bad_input_is_one_sentence(
    root: Path, tmp_path: Path, arguments: tuple[str, str], code: int, sentence: str
) -> None:
    (tmp_path / "something").write_text("", encoding="utf-8")
    whole = ("--root", str(root), *arguments) if arguments[0] == "--out" else (*arguments, "--out", "site")
    assert sentence in only_error(rvebench("leaderboard", "build", *whole, cwd=tmp_path, code=code))
