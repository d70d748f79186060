"""The records: complete, licensed, safe as paths, and changed by a user's file only where it says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rvebench.errors import DataError, UnknownNameError, UsageError
from rvebench.weights import CATALOGUE, catalogue, known_file
from tests.weights.conftest import record


def test_every_shipped_file_is_pinned_and_says_its_licence() -> None:
    assert set(CATALOGUE) == {"dino-vitb16", "clip-vit-b32", "viclip-l14", "amt-s", "clip-bpe"}
    for name, file in CATALOGUE.items():
        assert file.name == name and file.sha256 is not None and file.size_bytes is not None
        assert file.licence and file.source and file.known_places
        assert all(url.startswith("https://") for url in file.urls)
    assert len({file.filename for file in CATALOGUE.values()}) == len(CATALOGUE)


def test_what_is_not_free_for_every_use_has_a_sentence_and_the_rest_has_none() -> None:
    assert {name for name, file in CATALOGUE.items() if file.terms} == {"viclip-l14", "amt-s"}
    assert "no commercial use" in CATALOGUE["amt-s"].terms and "BY-NC" in CATALOGUE["amt-s"].licence
    assert "not verified" in CATALOGUE["viclip-l14"].terms


def test_the_sum_of_clip_is_the_one_in_its_url() -> None:
    file = CATALOGUE["clip-vit-b32"]
    assert file.sha256 == file.urls[0].split("/")[-2]


@pytest.mark.parametrize("name", ["", "../x", "a/b", "A", ".a", "a\n", "-a", "a" * 65, "a b", "ä"])
def test_a_name_is_never_a_path(name: str) -> None:
    with pytest.raises(UsageError, match="name"):
        record(name, filename="a.bin")


@pytest.mark.parametrize(
    "filename", ["", ".", "..", "../a", "a/b", "/etc/passwd", "a\\b", "a\0b", ".hidden", "c:a", "a\n"]
)
def test_a_file_name_is_one_component(filename: str) -> None:
    with pytest.raises(UsageError, match="filename"):
        record("a", filename=filename)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sha256", "abc"),
        ("sha256", "A" * 64),
        ("size_bytes", 0),
        ("size_bytes", -1),
        ("urls", ("ftp://x/y",)),
        ("urls", ("file:///etc/passwd",)),
        ("urls", ("https://",)),
        ("known_places", ("{vbench}/../../secret",)),
        ("known_places", ("{nowhere}/a",)),
        ("known_places", ("/etc/passwd",)),
        ("known_places", ("{vbench}",)),
    ],
)
def test_a_field_that_cannot_be_used_is_named(field: str, value: object) -> None:
    with pytest.raises(UsageError, match=f"a: .* cannot be the {field} of weights"):
        record("a", **{field: value})


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="unknown weights 'dino'; known: amt-s, clip-bpe"):
        known_file("dino", CATALOGUE)


def given(tmp_path: Path, value: object) -> dict[str, str]:
    path = tmp_path / "catalogue.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return {"RVEBENCH_WEIGHTS_CATALOGUE": str(path)}


def test_a_users_file_changes_fields_and_adds_files(tmp_path: Path) -> None:
    new = {"filename": "mine.pth", "urls": ["http://here.local/mine.pth"]}
    files = catalogue(given(tmp_path, {"amt-s": {"sha256": "0" * 64}, "mine": new}))
    assert files["amt-s"].sha256 == "0" * 64 and files["amt-s"].terms == CATALOGUE["amt-s"].terms
    assert files["mine"].sha256 is None and files["mine"].licence == "not stated"
    assert files["dino-vitb16"] is CATALOGUE["dino-vitb16"]
    assert catalogue({}) is CATALOGUE


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("{", "cannot be read"),
        ("[]", "not an object of objects"),
        ({"a": 1}, "not an object of objects"),
        ({"amt-s": {"sha": "x"}}, "'sha' is no field"),
        ({"amt-s": {"size_bytes": "12"}}, "field size_bytes"),
        ({"amt-s": {"size_bytes": True}}, "field size_bytes"),
        ({"amt-s": {"urls": [1]}}, "field urls"),
        ({"mine": {"urls": []}}, "needs filename"),
    ],
)
def test_a_users_file_that_is_wrong_is_one_sentence(tmp_path: Path, value: object, words: str) -> None:
    with pytest.raises(DataError, match=words):
        catalogue(given(tmp_path, value))


@pytest.mark.parametrize(
    "value",
    [
        {"mine": {"filename": "../x", "urls": []}},
        {"mine": {"filename": "amt-s.pth", "urls": []}},
        {"../mine": {"filename": "x", "urls": []}},
    ],
)
def test_a_users_file_cannot_lead_out_of_the_folder_or_take_anothers_name(tmp_path: Path, value: object) -> None:
    with pytest.raises(UsageError):
        catalogue(given(tmp_path, value))


def test_a_users_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        catalogue({"RVEBENCH_WEIGHTS_CATALOGUE": str(tmp_path / "none.json")})
