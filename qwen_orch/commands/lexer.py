"""From a typed line to words, tolerantly: an open quote is a letter like any other, a pasted plan is left as it is."""

from __future__ import annotations

import re
from typing import NamedTuple

# As text: the module ``re`` keeps what it has compiled, and a command line that a shell has cut needs none of it.
_WORD = r"""(?x)
      "(?:[^"\\]|\\.)*"(?=\s|$) | '[^']*'(?=\s|$)              # a quoted word
    | (?:--)?[a-z_-]+[:=](?:"(?:[^"\\]|\\.)*"|'[^']*')(?=\s|$)  # key:"a value"
    | \S+
    """
_KEYED = r"((?:--)?[a-z_-]+[:=])(?:\"((?:[^\"\\]|\\.)*)\"|'([^']*)')"
_ESCAPE = r'\\(["\\])'
_OPTION = r"(?s)--[a-z][a-z-]*(?:=.*)?"


class Word(NamedTuple):
    """A word of a line and where it stands; a *quoted* one is never an option."""

    text: str
    start: int
    end: int
    quoted: bool = False

    @property
    def is_option(self) -> bool:
        """Whether this looks like ``--name`` or ``--name=value``."""
        return not self.quoted and self.text.startswith("--") and re.fullmatch(_OPTION, self.text) is not None


class Line(NamedTuple):
    """A command line: its *words*, the *raw* text they are cut from, and what follows the first line feed."""

    words: tuple[Word, ...]
    raw: str = ""
    below: str = ""


def split(text: str) -> Line:
    """Cut a typed line into words. Only the first line has words and options; what is below it is text."""
    first, _, below = text.partition("\n")
    return Line(tuple(_word(m) for m in re.finditer(_WORD, first)), first, below)


def from_argv(arguments: list[str]) -> Line:
    """Return the line that a shell has cut into *arguments* already."""
    return Line(tuple(Word(a, 0, 0) for a in arguments))


def _word(match: re.Match[str]) -> Word:
    text, (start, end) = match.group(), match.span()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        inner = text[1:-1]
        return Word(re.sub(_ESCAPE, r"\1", inner) if text[0] == '"' else inner, start, end, quoted=True)
    keyed = re.fullmatch(_KEYED, text)
    if keyed:
        text = keyed[1] + (keyed[3] or re.sub(_ESCAPE, r"\1", keyed[2] or ""))
    return Word(text, start, end)
