from __future__ import annotations

from pathlib import Path

import pytest

from rvebench.errors import DataError, UsageError
from rvebench.scoring.agreement import Ratings, SampleFacts, Scale, parse_ratings, parse_verdicts, read_ratings

HEADER = "sample_id,editor,rater,criterion,score"


def ratings(*lines: str, header: str = HEADER) -> Ratings:
    return parse_ratings("\n".join([header, *lines]) + "\n", where="r.csv", scale=Scale(1, 5))


def test_rows_come_back_as_they_stand() -> None:
    found = ratings("s1,copy,anna,ea,4", ' s1 ,copy,"ben, the second",EA, 2.5 ')
    assert [(r.sample_id, r.editor, r.rater, r.criterion, r.score) for r in found.rows] == [
        ("s1", "copy", "anna", "EA", 4.0),
        ("s1", "copy", "ben, the second", "EA", 2.5),
    ]


@pytest.mark.parametrize("line", ["# scale: 1 5", "#scale 1..5", "# Scale: 1 to 5", "# scale: 1, 5"])
def test_a_comment_declares_the_scale(line: str) -> None:
    found = parse_ratings(f"# ratings of May\n{line}\n\n{HEADER}\ns,e,r,EA,5\n", where="r.csv")
    assert found.scale == Scale(1, 5)


def test_a_scale_may_hold_negative_and_broken_numbers() -> None:
    assert parse_ratings(f"# scale: -1.5 1.5\n{HEADER}\ns,e,r,EA,-1.5\n", where="r.csv").scale == Scale(-1.5, 1.5)


@pytest.mark.parametrize(
    ("text", "scale", "words"),
    [
        (f"{HEADER}\ns,e,r,EA,5\n", None, "not declared; begin the file with a line like '# scale: 1 5'"),
        (f"# scale: 1 5\n{HEADER}\ns,e,r,EA,5\n", Scale(0, 10), "r.csv:1: the file declares a scale of 1 to 5"),
        (f"{HEADER}\ns,e,r,EA,5\n", Scale(5, 1), "the lowest score comes first"),
    ],
)
def test_a_scale_that_is_not_declared_once_is_a_usage_error(text: str, scale: Scale | None, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_ratings(text, where="r.csv", scale=scale)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("s1,copy,anna,EA,6", "score 6 is outside the declared scale of 1 to 5"),
        ("s1,copy,anna,EA,four", "score 'four' is not a finite number"),
        ("s1,copy,anna,EA,nan", "score 'nan' is not a finite number"),
        ("s1,copy,anna,EA,inf", "score 'inf' is not a finite number"),
        ("s1,copy,anna,EA,", "'score' is empty; leave out the line of a score that was not given"),
        ("s1,copy,anna,EA", "the cell of 'score' is missing"),
        ("s1,,anna,EA,3", "'editor' is empty"),
        ("s1,copy,anna,EA,3,5", "6 cells, the header names 5"),
        ("s0,copy,anna,EA,3", "stands in line 2 already"),
        ('s1,copy,"anna,EA,3', "not CSV"),
    ],
)
def test_a_bad_row_is_named_with_its_line(line: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        ratings("s0,copy,anna,EA,3", line)
    assert str(caught.value).startswith("r.csv:3: ") and words in str(caught.value)


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(DataError) as caught:
        ratings("s1,copy,anna,EA,9", "s2,copy,anna,EA,x", "s3,copy,,EA,3", "s4,copy,anna,EA,2")
    text = str(caught.value)
    assert "3 faults" in text
    assert all(f"r.csv:{line}:" in text for line in (2, 3, 4)) and "r.csv:5" not in text


def test_of_very_many_faults_the_first_are_shown_and_the_rest_counted() -> None:
    with pytest.raises(DataError) as caught:
        ratings(*(f"s{i},copy,anna,EA,99" for i in range(50)))
    assert "and 30 more" in str(caught.value)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("sample_id,editor,rater,criteria,score", "is 'criteria' meant for 'criterion'?"),
        ("id,score", "the columns sample_id, editor, rater, criterion are missing"),
        ("sample_id,editor,rater,criterion,score,score", "repeated column name"),
    ],
)
def test_a_header_that_is_not_the_one_is_explained(header: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        ratings("a,b,c,d,1", header=header)
    assert words in str(caught.value) and "r.csv:1" in str(caught.value)


def test_comments_do_not_shift_line_numbers() -> None:
    with pytest.raises(DataError, match=r"r\.csv:5"):
        parse_ratings(f"# scale: 1 5\n\n{HEADER}\ns,e,r,EA,1\ns,e,r,EA,7\n", where="r.csv")


def test_a_quoted_cell_over_two_lines_does_not_shift_line_numbers() -> None:
    with pytest.raises(DataError, match=r"r\.csv:4"):
        ratings('s,e,"anna\nb",EA,1', "s,e,r,EA,7")


def test_clusters_and_categories_are_read_and_must_agree() -> None:
    header = f"{HEADER},cluster,category,comment"
    found = ratings("s1,e,r,EA,1,film,temporal,nice", "s2,e,r,EA,1,,,", header=header)
    assert found.facts == {"s1": SampleFacts("film", "temporal")}
    assert found.unread == ("comment",)
    with pytest.raises(DataError, match="cluster 'other' of sample 's1' is 'film' in line 2"):
        ratings("s1,e,r,EA,1,film,,", "s1,e,r2,EA,1,other,,", header=header)


def test_a_verdict_is_hard_unless_it_says_otherwise() -> None:
    text = "sample_id,editor,judge,criterion,score,reading\ns,e,gpt,EA,4,\ns,e,gpt,EA,0.3,soft\n"
    assert [row.reading for row in parse_verdicts(text, where="v.csv").rows] == ["hard", "soft"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty"),
        (b"# scale: 1 5\n", "the file is empty"),
        (HEADER.encode(), "there are no ratings"),
        (f"{HEADER}\n".encode("utf-16"), "UTF-16"),
        (f"{HEADER}\ns,e,r,EA,1\n".encode() + b"\xff\n", ":3: not UTF-8"),
    ],
)
def test_a_file_that_is_no_table_is_one_sentence(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        read_ratings(path, scale=Scale(1, 5))
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_from_a_spreadsheet_is_read(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(b"\xef\xbb\xbf" + f"{HEADER}\r\ns,e,r,EA,1\r\n,,,,\r\n".encode())
    assert len(read_ratings(path, scale=Scale(1, 5)).rows) == 1
