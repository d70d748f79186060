from __future__ import annotations

import gzip
import html
import importlib.util
import itertools
import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("ftfy")
pytest.importorskip("regex")

from rvebench.errors import DataError
from rvebench.metrics.backbones.tokenizer import Tokenizer

START, END = 49406, 49407


def vocabulary_path() -> Path:
    """Returns CLIP's vocabulary inside open_clip, which is found and not imported."""
    spec = importlib.util.find_spec("open_clip")
    if spec is None or spec.origin is None:
        pytest.skip("open_clip_torch, which carries CLIP's vocabulary, is not installed")
    return Path(spec.origin).parent / "bpe_simple_vocab_16e6.txt.gz"


@pytest.fixture(scope="module")
def path() -> Path:
    return vocabulary_path()


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return both()[0]


# Ids that OpenAI's and ViCLIP's own tokenizers give (openai-clip 1.0.1 and vbench 0.1.5 agree on all of them).
KNOWN: dict[str, list[int]] = {
    "A car drives into the depth forest": [320, 1615, 11441, 1095, 518, 10350, 4167],
    "Make it so that the \u201cice\u201d melts \u2014 na\xefve caf\xe9 \U0001f600 &amp; more, under 30\xb0C!!!": [
        1078,
        585,
        706,
        682,
        518,
        257,
        733,
        257,
        31446,
        2005,
        1097,
        35689,
        563,
        15304,
        7334,
        261,
        750,
        267,
        1798,
        274,
        271,
        6858,
        322,
        995,
    ],
    "\u4f60\u597d world's end": [47466, 254, 29290, 377, 1002, 568, 806],
    "The candle, lit an hour ago, has burnt down: show what's left.": [
        518,
        12674,
        267,
        4350,
        550,
        2232,
        1468,
        267,
        791,
        15185,
        1136,
        281,
        1080,
        768,
        568,
        1823,
        269,
    ],
    "<|startoftext|> a <|endoftext|> b": [49406, 320, 49407, 321],
    "hello\u200bworld \x00\x07 tab\there": [3306, 9844, 1002, 14724, 763],
    "xn--p1ai \ufb01ne \uff26\uff35\uff2c\uff2c \uff37\uff49\uff44\uff54\uff48": [
        25388,
        2432,
        335,
        272,
        2215,
        3797,
        1476,
        23571,
    ],
    "don't we'll I've it's HE'D": [847, 713, 649, 1342, 328, 1200, 585, 568, 797, 1896],
    "1234567890 3.14159 10^6": [
        272,
        273,
        274,
        275,
        276,
        277,
        278,
        279,
        280,
        271,
        274,
        269,
        272,
        275,
        272,
        276,
        280,
        272,
        271,
        317,
        277,
    ],
    "zzzzzzzzzzzzzzzzqqqqqqqqqq": [35742, 35742, 35742, 35742, 31960, 31960, 31960, 31960, 80, 336],
    "\xc5\xc4\xd6 \xdf \u0130stanbul \u01c5": [23176, 10896, 37423, 127, 509, 328, 16384, 11231, 67, 129, 378],
    "&lt;b&gt; &amp;amp;lt; &#x27;": [283, 321, 285, 283, 262],
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f3f3\ufe0f\u200d\U0001f308 flags": [
        26304,
        26304,
        48938,
        4244,
        964,
        355,
        32610,
        12221,
    ],
    "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645": [
        12986,
        10948,
        25722,
        16378,
        22625,
        16378,
        12973,
        18843,
        12973,
        29945,
    ],
    "___---***": [43812, 2154, 12, 7829],
    "\u017f Kelvin K\u2019s 'S 'LL": [129, 379, 32859, 330, 568, 568, 1342],
    "\ud800 lone surrogate": [39802, 13576, 47499, 3302],
}


class Plain:
    """A second implementation for ASCII texts: merges one occurrence at a time, the best rank leftmost first."""

    def __init__(self, path: Path) -> None:
        lines = gzip.decompress(path.read_bytes()).decode().split("\n")[1:48895]
        self.order = {tuple(line.split(" ")): rank for rank, line in enumerate(lines)}
        printable = [chr(code) for code in range(33, 127)]
        self.ids = {letter: number for number, letter in enumerate(printable)}
        self.ids |= {letter + "</w>": number + 256 for number, letter in enumerate(printable)}
        self.ids |= {first + second: 512 + rank for (first, second), rank in self.order.items()}

    def word(self, word: str) -> list[int]:
        parts = list(word)
        parts[-1] += "</w>"
        while True:
            known = [(self.order[pair], at) for at, pair in enumerate(itertools.pairwise(parts)) if pair in self.order]
            if not known:
                return [self.ids[part] for part in parts]
            _, at = min(known)
            parts[at : at + 2] = [parts[at] + parts[at + 1]]

    def text(self, text: str) -> list[int]:
        found = re.findall(r"'s|'t|'re|'ve|'m|'ll|'d|[a-z]+|[0-9]|[^\sa-z0-9]+", html.unescape(text).lower())
        return [number for word in found for number in self.word(word)]


@cache
def both() -> tuple[Tokenizer, Plain]:
    return Tokenizer(vocabulary_path()), Plain(vocabulary_path())


@settings(max_examples=300)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="&<>"), max_size=60))
def test_ascii_texts_give_what_a_plain_implementation_gives(text: str) -> None:
    ours, plain = both()
    assert ours.encode(text) == plain.text(text)


@pytest.mark.parametrize("text", list(KNOWN))
def test_ids_are_those_of_the_published_tokenizers(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.encode(text) == KNOWN[text]


@settings(max_examples=200)
@given(st.text(max_size=40), st.integers(2, 80))
def test_any_text_fills_the_context_and_begins_and_ends_as_it_must(text: str, context: int) -> None:
    tokenizer, _ = both()
    tokens = tokenizer.tokenize(text, context)
    kept = min(tokens.count, context)
    assert len(tokens.ids) == context
    assert tokens.ids[0] == START
    assert tokens.ids[kept - 1] == END
    assert set(tokens.ids[kept:]) <= {0}
    assert tokens.truncated == (tokens.count > context)
    assert tokens.count == len(tokenizer.encode(text)) + 2


def test_a_text_that_is_too_long_keeps_its_beginning_and_its_end_token(tokenizer: Tokenizer) -> None:
    text = "the lake freezes over " * 20
    short, long = tokenizer.tokenize(text, 32), tokenizer.tokenize(text, 77)
    assert short.truncated
    assert short.count == long.count == len(tokenizer.encode(text)) + 2
    assert short.ids == (*long.ids[:31], END)
    exact = tokenizer.tokenize("the " * 30, 32)
    assert (exact.count, exact.truncated) == (32, False)
    assert tokenizer.tokenize("the " * 31, 32).truncated


def test_the_empty_text_is_start_and_end(tokenizer: Tokenizer) -> None:
    for text in ("", "   ", "\n\t"):
        tokens = tokenizer.tokenize(text, 5)
        assert (tokens.ids, tokens.count, tokens.truncated) == ((START, END, 0, 0, 0), 2, False)


def test_spacing_case_escapes_and_broken_encodings_do_not_matter(tokenizer: Tokenizer) -> None:
    wanted = tokenizer.encode("salt & pepper's café")
    for text in (" Salt  &amp;\nPEPPER'S café ", "salt &amp;amp; pepper’s cafÃ©", "SALT &#38; pepper's cafe\u0301"):
        assert tokenizer.encode(text) == wanted


def test_a_context_without_place_for_start_and_end_is_refused(tokenizer: Tokenizer) -> None:
    with pytest.raises(ValueError, match="no place"):
        tokenizer.tokenize("a", 1)


def test_files_that_are_no_vocabulary_are_refused(path: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        Tokenizer(tmp_path / "none.txt.gz")
    cut = tmp_path / "cut.txt.gz"
    cut.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(DataError, match="cannot be read"):
        Tokenizer(cut)
    page = tmp_path / "page.txt.gz"
    page.write_text("<html>not found</html>")
    with pytest.raises(DataError, match="cannot be read"):
        Tokenizer(page)
    for name, text in (("short", "#version\na b\n"), ("wide", "#version\n" + "a b c\n" * 60000)):
        other = tmp_path / f"{name}.txt.gz"
        other.write_bytes(gzip.compress(text.encode()))
        with pytest.raises(DataError, match="not the vocabulary of CLIP"):
            Tokenizer(other)
