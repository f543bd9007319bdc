"""Text from outside: what is taken out, what stays, and how it is cut to fit."""

from __future__ import annotations

import json
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_orch.model.text import cells, clean, clip, escaped, one_line

SPICE = ["\x1b[", "\x1b]0;", "\x9b31m", "\x07", "\x1b\\", "\x1bP", "\u202e", "\u200d", "\ufe0f", "\ufe01", "👩", "🏴"]
SPICE += [
    "\U000e0067",
    "\U000e007f",
    "\n",
    "\r",
    "\t",
    "\u2028",
    "\u0301",
    "漢",
    "ع",
    "\u200c",
    "\ud800",
    "a",
    " ",
    "1",
]
anything = st.one_of(
    st.text(st.characters(exclude_categories=())), st.lists(st.sampled_from(SPICE), max_size=12).map("".join)
)


@pytest.mark.parametrize(
    ("dirty", "shown"),
    [
        ("\x1b[2J", ""),
        ("a\x1b[31;1mred\x1b[0m", "ared"),
        ("a\x9b31mred", "ared"),
        ("\x1b]0;owned\x07title", "title"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;never closed", "52;c;never closed"),
        ("\x1bPq#0\x1b\\sixel", "sixel"),
        ("\x1bc reset \x1b(B", " reset "),
        ("\x1b\x1b[2J[2J", "[2J"),
        ("safe\rrm -rf", "safe rm -rf"),
        ("one\r\ntwo\tthree\u2028four", "one two three four"),
        ("bell\x07 null\x00 del\x7f", "bell null del"),
        ("\u202egnp.exe\u202c \u2066x\u2069\u200f", "gnp.exe x"),
        ("zero\u200bwidth\ufeff\u2060", "zerowidth"),
        ("soft\xadhyphen\u3164", "softhyphen"),
        ("lone \ud83d", "lone "),
        ("a\u200db", "ab"),
        ("hid\U000e0068\U000e0069den", "hidden"),
        ("v\ufe01\ufe02\ufe03x", "v\ufe01x"),
    ],
)
def test_what_a_terminal_would_obey_goes(dirty: str, shown: str) -> None:
    assert clean(dirty) == shown


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "naïve café",
        "漢字かな",
        "שלום",
        "👩‍👩‍👧‍👦 👩🏽‍💻",
        "❤️‍🔥 1️⃣ 🏳️‍🌈",
        "می‌خواهم",
        "ශ්‍රී",
        "葛\U000e0101",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    ],
)
def test_what_people_write_stays(text: str) -> None:
    assert clean(text) == text
    assert clean(text, multiline=True) == text


def test_lines_and_tabs_stay_when_asked() -> None:
    assert clean("a\r\n\tb\rc\x85d\x1b[K", multiline=True) == "a\n\tb\nc\nd"


@settings(deadline=None)
@given(anything, st.booleans())
def test_nothing_dangerous_is_left_and_cleaning_again_changes_nothing(text: str, multiline: bool) -> None:
    once = clean(text, multiline)
    assert clean(once, multiline) == once
    assert not [c for c in once if unicodedata.category(c) in ("Cc", "Cs") and not (multiline and c in "\n\t")]
    assert not [c for c in once if unicodedata.bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI")]
    once.encode()


@settings(deadline=None)
@given(anything)
def test_one_line_has_single_spaces(text: str) -> None:
    line = one_line(text)
    assert line == " ".join(line.split())
    assert len(line.splitlines()) <= 1


@settings(deadline=None)
@given(anything.map(clean), st.integers(-1, 30))
def test_clipped_text_fits_and_says_that_it_was_cut(text: str, width: int) -> None:
    cut = clip(text, width)
    assert cells(cut) <= max(width, 0)
    assert cut == text or not cut or cut.endswith("…")
    if cells(text) <= width and len(text) <= 8 * width:
        assert cut == text


@pytest.mark.parametrize(
    ("text", "width", "cut"),
    [
        ("hello", 5, "hello"),
        ("hello!", 5, "hell…"),
        ("hello world", 7, "hello…"),
        ("漢字漢字", 5, "漢字…"),
        ("漢字漢字", 4, "漢…"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
        ("👩‍💻👩‍💻", 4, "👩…"),
        ("x", 0, ""),
        ("xy", 1, "…"),
    ],
)
def test_clip(text: str, width: int, cut: str) -> None:
    assert clip(text, width) == cut


def test_marks_without_end_are_cut_too() -> None:
    assert len(clip("a" + "\u0301" * 100_000, 10)) < 100


@pytest.mark.parametrize(
    "unit", ["\x1b]", "\x1b[1", "\x1bP\n", "\x9d", "\u200d", "\ufe0f", "\U000e0061", "🏴\U000e0061", "\x1b "]
)
def test_no_text_takes_long(unit: str) -> None:
    """What took time quadratic in its length would take hours here, not the fraction of a second it does."""
    started = time.process_time()
    clean(unit * 300_000)
    assert time.process_time() - started < 20


@given(st.lists(st.sampled_from(SPICE) | st.text(max_size=3), max_size=20).map("".join))
def test_escaped_json_means_the_same_and_hides_nothing(text: str) -> None:
    """What cannot be seen is an escape, also beyond the first 65,536 characters of Unicode; the rest stays."""
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    shown = escaped(json.dumps({text: text}, ensure_ascii=False))
    assert json.loads(shown) == {text: text}
    kinds = {c: unicodedata.category(c) for c in shown}
    assert [c for c, kind in kinds.items() if kind in ("Cc", "Zl", "Zp", "Cs")] == []
    assert not set(shown) & set("\u200b\u200e\u202e\u2066\ufeff\U000e0041\U000e0067")
    assert escaped("é漢👩") == "é漢👩"


def test_text_of_several_lines_is_cleaned_as_fast_as_it_is_searched() -> None:
    """Plain output, which most is, costs one look."""
    plain = "a line of plain output\n" * 40_000
    assert clean(plain, multiline=True) is plain
