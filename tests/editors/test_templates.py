from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvebench.editors.templates import check_placeholders, env_names, fill_text, fill_value, placeholders
from rvebench.errors import EditorError
from rvebench.redaction import Secrets


@given(st.text(), st.text())
def test_what_is_put_in_is_never_read_again(instruction: str, source: str) -> None:
    filled = fill_text("{instruction}|{source}", {"instruction": instruction, "source": source}, {"HOME": "/root"})
    assert filled == f"{instruction}|{source}"


def test_braces_without_a_name_stay_and_doubled_ones_become_one() -> None:
    assert fill_text('{1,2} {"a": 1} {{seed}} {}', {}, {}) == '{1,2} {"a": 1} {seed} {}'


def test_variables_and_placeholders_are_told_apart() -> None:
    text = "${CKPT}/{sample_id} $PLAIN"
    assert env_names(text) == {"CKPT"} and placeholders(text) == {"sample_id"}
    assert fill_text(text, {"sample_id": "s"}, {"CKPT": "/w"}) == "/w/s $PLAIN"


def test_a_value_that_is_one_placeholder_keeps_its_type() -> None:
    template = {"seed": "{seed}", "text": "seed {seed}", "list": ["{fps}", 3], "off": None}
    filled = fill_value(template, {"seed": 7, "fps": 12.5}, {})
    assert filled == {"seed": 7, "text": "seed 7", "list": [12.5, 3], "off": None}


def test_an_unknown_placeholder_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(EditorError, match=r"unknown placeholder \{instrution\}.*did you mean \{instruction\}"):
        check_placeholders(["{instrution}"], ["instruction", "out"], where="x")


def test_secrets_are_masked_by_name_and_in_signed_links() -> None:
    secrets = Secrets({"MY_API_KEY": "abcdef123", "X": "plainvalue", "TOKENS": "t"}, also=["X"])
    masked = secrets.mask("key=abcdef123 and plainvalue at https://cdn.example/v.mp4?sig=zzz&x=1 t")
    assert masked == "key=*** and *** at https://cdn.example/v.mp4?*** t"


def test_ordinary_variables_are_not_masked() -> None:
    secrets = Secrets({"KEYBOARD": "qwertyuiop", "MONKEY": "bananabanana"})
    assert secrets.mask("qwertyuiop bananabanana") == "qwertyuiop bananabanana"
