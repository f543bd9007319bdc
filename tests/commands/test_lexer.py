"""From a typed line to words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_orch.commands.lexer import Line, Word, from_argv, split
from tests.strategies import LAW

lines = st.text(st.sampled_from(list("ab -=:\"'\\/\n\t,é")) | st.characters(), max_size=40)


@LAW
@given(lines)
def test_any_text_is_cut_and_nothing_of_it_lost(text: str) -> None:
    """It never raises; the words stand in order, apart, and cover every character that is not blank."""
    line = split(text)
    first, _, below = text.partition("\n")
    assert (line.raw, line.below) == (first, below)
    ends = 0
    for word in line.words:
        assert ends <= word.start < word.end
        assert first[ends : word.start].strip() == ""
        ends = word.end
    assert first[ends:].strip() == ""


@LAW
@given(st.lists(st.text("abc -:'\\", max_size=8), max_size=4))
def test_a_quoted_word_is_what_was_quoted(texts: list[str]) -> None:
    """Whatever is put in double quotes, with quotes and backslashes escaped, comes back as it was."""
    typed = " ".join('"' + t.replace("\\", "\\\\").replace('"', '\\"') + '"' for t in texts)
    assert [(w.text, w.quoted) for w in split(typed).words] == [(t, True) for t in texts]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("/note it's fine, isn't it", ["/note", "it's", "fine,", "isn't", "it"]),
        ("/note rock 'n' roll", ["/note", "rock", "n", "roll"]),
        ('phase:"Week 1" x', ["phase:Week 1", "x"]),
        ("phase:'Week 1' x", ["phase:Week 1", "x"]),
        ('--title="A \\"B\\" C"', ['--title=A "B" C']),
        ("--title 'A B'", ["--title", "A B"]),
        ('a"b c', ['a"b', "c"]),
        ('"open', ['"open']),
        ("''", [""]),
        ("'", ["'"]),
        ('"a"b', ['"a"b']),
        ("  spaced \t out  ", ["spaced", "out"]),
        ("description:it's", ["description:it's"]),
        ('-tag:"a b"', ["-tag:a b"]),
        ("", []),
    ],
)
def test_words(typed: str, words: list[str]) -> None:
    """Quotes hold words together; an apostrophe or an open quote is a letter like any other."""
    assert [w.text for w in split(typed).words] == words


def test_only_the_first_line_has_words() -> None:
    """What stands below is text, whatever its lines begin with."""
    assert split("/plan --tags a\n# Plan\n--yes /reset_plan\n") == Line(
        (Word("/plan", 0, 5), Word("--tags", 6, 12), Word("a", 13, 14)), "/plan --tags a", "# Plan\n--yes /reset_plan\n"
    )


@pytest.mark.parametrize(
    ("typed", "option"),
    [
        ("--yes", True),
        ("--a=b", True),
        ('"--yes"', False),
        ("--", False),
        ("--5", False),
        ("-x", False),
        ("---", False),
    ],
)
def test_what_looks_like_an_option(typed: str, option: bool) -> None:
    """Two dashes and a letter; never a quoted word."""
    assert split(typed).words[0].is_option is option


def test_words_of_a_shell_are_taken_as_they_are() -> None:
    """Their quotes were taken off by the shell already; there is no raw line."""
    assert from_argv(["/note", 'it\'s "so"', ""]) == Line(
        (Word("/note", 0, 0), Word('it\'s "so"', 0, 0), Word("", 0, 0))
    )


def test_it_is_linear() -> None:
    """A paste of a megabyte of quotes and backslashes is cut at once."""
    for text in ('"' * 1_000_000, "\\" * 1_000_000, "a:" * 500_000, "--" + "a-" * 500_000, "'\"" * 500_000):
        assert re.sub(r"\s", "", text) == "".join(text[w.start : w.end] for w in split(text).words)
