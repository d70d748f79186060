from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvebench.errors import DataError
from rvebench.records import Sample
from rvebench.splits import check_licence, sample_from_json, sample_to_json
from rvebench.splits.schema import parse_line
from rvebench.taxonomy import ReasoningType, Subset, reasoning_types_of
from tests.splits.conftest import row

ROOT = Path("/data/split")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
spoken = texts.filter(lambda text: text.strip() != "")
names = st.from_regex(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,40}", fullmatch=True)
files = st.lists(names, min_size=1, max_size=3).map(lambda parts: ROOT.joinpath(*parts))
hashes = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    subset = draw(st.sampled_from(Subset))
    others = {role: draw(st.none() | files) for role in ("target", "mask", "counterfactual")}
    roles = ["source", *(role for role, path in others.items() if path)]
    return Sample(
        id=draw(names),
        subset=subset,
        reasoning_type=draw(st.sampled_from(reasoning_types_of(subset))),
        source=draw(files),
        instruction=draw(spoken),
        target=others["target"],
        literal_instruction=draw(st.none() | spoken),
        expected_outcome=draw(st.none() | spoken),
        preserve=tuple(draw(st.lists(spoken, max_size=3))),
        mask=others["mask"],
        counterfactual=others["counterfactual"],
        fps=draw(st.none() | st.floats(0.01, 1000)),
        licence=draw(st.sampled_from(["NOASSERTION", "CC-BY-4.0", "CC0-1.0 OR (MIT AND Zlib)"])),
        provenance=draw(texts),
        group=draw(texts),
        frames_sha256=draw(st.dictionaries(st.sampled_from(roles), hashes, max_size=3)),
    )


@given(samples(), st.sampled_from([ROOT, None]))
def test_a_sample_survives_the_way_to_json_and_back(sample: Sample, root: Path | None) -> None:
    text = json.dumps(sample_to_json(sample, relative_to=root))
    back = sample_from_json(json.loads(text), relative_to=root)
    assert back == sample
    assert back.digest == sample.digest


@given(st.text(max_size=60) | st.from_regex(r"\{[\"a-z:\[\]{},0-9 ]{0,40}\}", fullmatch=True))
def test_any_text_is_json_or_one_clean_error(text: str) -> None:
    try:
        parse_line(text)
    except DataError as error:
        assert "\n" not in error.what


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*row(), "mask", "fps", "preserve", "frames_sha256", "x"]), json_values))
def test_any_object_is_a_sample_or_a_data_error(value: dict[str, Any]) -> None:
    try:
        sample = sample_from_json({**row(), **value}, relative_to=ROOT)
    except DataError:
        return
    json.dumps(sample_to_json(sample, relative_to=ROOT)).encode()
    assert len(sample.digest) == 64


def problem(**changes: object) -> str:
    with pytest.raises(DataError) as caught:
        sample_from_json(row(**changes), relative_to=ROOT)
    return str(caught.value)


def test_an_unknown_key_names_the_nearest_known_one() -> None:
    assert "unknown key 'licens'; did you mean 'licence'?" in problem(licens="MIT")
    assert "'license'; did you mean 'licence'?" in problem(license="MIT")
    assert "'frames_sha256.sorce'; did you mean 'source'?" in problem(frames_sha256={"sorce": "0" * 64})


def test_a_missing_key_is_named() -> None:
    assert "the key 'instruction' is missing" in problem(instruction=None)
    assert "the key 'subset' is missing" in problem(subset=None)


def test_every_fault_of_a_line_is_named_at_once() -> None:
    text = problem(id="a/b", fps="fast", licence="CC BY 4.0", preserve="the sky")
    assert all(part in text for part in ("'id'", "'fps' is not a number", "'licence'", "'preserve' is not a list"))


def test_split_is_read_as_subset_but_not_both() -> None:
    assert sample_from_json(row(subset=None, split="RAVE"), relative_to=ROOT).subset is Subset.RAVE
    assert "keep one" in problem(split="rave")


def test_type_names_of_older_papers_are_understood() -> None:
    read = sample_from_json(row(reasoning_type="Existential Reasoning Edits"), relative_to=ROOT)
    assert read.reasoning_type is ReasoningType.SEMANTIC_INFERENCE
    assert "unknown reasoning type 'camera' for subset rave" in problem(reasoning_type="camera")


def test_another_schema_is_refused() -> None:
    assert "schema 'rve-sample/9' is not known here" in problem(schema="rve-sample/9")


@pytest.mark.parametrize("bad", ["", ".hidden", "a b", "a/b", "ä", "x" * 121, "a\n"])
def test_an_id_must_be_safe_as_a_file_name(bad: str) -> None:
    assert "not a name for a file" in problem(id=bad)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/etc/passwd", "absolute"),
        ("~/x.mp4", "absolute"),
        ("C:/x.mp4", "absolute"),
        ("../x.mp4", "leads out"),
        ("a/../../x.mp4", "leads out"),
        ("..", "leads out"),
        (".", "leads out"),
        ("", "empty"),
        ("a\\b.mp4", "not allowed"),
        ("a\0b.mp4", "not allowed"),
    ],
)
@pytest.mark.parametrize("role", ["source", "target", "mask", "counterfactual"])
def test_a_path_that_escapes_is_an_error_that_names_the_role(path: str, why: str, role: str) -> None:
    text = problem(**{role: path})
    assert why in text
    assert f"'{role}'" in text


def test_a_symbolic_link_that_leads_out_is_an_escape(tmp_path: Path) -> None:
    (tmp_path / "split").mkdir()
    (tmp_path / "split" / "inside").symlink_to(tmp_path)
    (tmp_path / "split" / "loop").symlink_to("loop")
    (tmp_path / "split" / "b.mp4").touch()
    (tmp_path / "split" / "a.mp4").symlink_to("b.mp4")
    with pytest.raises(DataError, match="symbolic link"):
        sample_from_json(row(source="inside/x.mp4"), relative_to=tmp_path / "split")
    sample_from_json(row(), relative_to=tmp_path / "split")


def test_absolute_paths_are_read_only_without_a_root(tmp_path: Path) -> None:
    value = row(source="/x/a.mp4", target="/y/b.mp4")
    assert sample_from_json(value, relative_to=None).source == Path("/x/a.mp4")
    with pytest.raises(DataError, match="is not absolute"):
        sample_from_json(row(), relative_to=None)
    with pytest.raises(DataError, match="is not inside"):
        sample_to_json(sample_from_json(value, relative_to=None), relative_to=tmp_path)


def test_a_hash_of_a_file_the_sample_lacks_is_an_error() -> None:
    assert "names a mask and the sample has none" in problem(frames_sha256={"mask": "0" * 64})


def test_half_a_surrogate_pair_is_not_text() -> None:
    assert "surrogate" in problem(instruction="\ud800")


@pytest.mark.parametrize("fps", [0, -1, float("inf"), 1e6, 10**400])
def test_a_frame_rate_is_positive_and_finite(fps: float) -> None:
    assert "'fps'" in problem(fps=fps)


@pytest.mark.parametrize("text", ['{"a":1,"a":2}', '{"a":NaN}', '{"a":-Infinity}', "[" * 100_000, '{"a":', "\x00"])
def test_json_that_hides_something_is_refused(text: str) -> None:
    with pytest.raises(DataError):
        parse_line(text)


@pytest.mark.parametrize(
    "text",
    ["MIT", "CC-BY-4.0", "GPL-2.0-or-later WITH Classpath-exception-2.0", "(MIT OR Apache-2.0) AND CC0-1.0",
     "LicenseRef-our-terms", "DocumentRef-x:LicenseRef-y", "GPL-2.0+", "NOASSERTION", " NONE "],
)  # fmt: skip
def test_spdx_expressions_pass(text: str) -> None:
    assert check_licence(text) == text.strip()


@pytest.mark.parametrize(
    "text",
    ["", "CC BY 4.0", "MIT OR", "AND MIT", "(MIT", "MIT)", "MIT, Zlib", "MIT WITH", "free for research!", "(" * 5000],
)
def test_what_is_no_spdx_expression_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(DataError, match=r"CC-BY-4\.0"):
        check_licence(text)


@given(st.text(max_size=40))
def test_any_text_is_a_licence_or_a_data_error(text: str) -> None:
    with contextlib.suppress(DataError):
        assert check_licence(text) == text.strip()
