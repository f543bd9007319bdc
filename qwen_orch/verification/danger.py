"""Commands that deserve a second look before they are approved. A net for accidents, not a jail for attackers.

What looks destructive is named, and what is not what it looks like: letters of another script that look like Latin
ones, characters that cannot be seen, blanks that push words out of sight, and lines that nobody reads to their end.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from qwen_orch.model.text import clean

_PATTERNS = (
    (
        r"\brm\s+(-[-a-zA-Z]+\s+)*-([a-zA-Z]*[rR][a-zA-Z]*|-recursive)\s+(-[-a-zA-Z]+\s+)*[\"']?(/|~|\$\{?HOME\b|\.\.)",
        "removes files outside the project",
    ),
    (r"\bsudo\b|\bdoas\b", "asks for administrator rights"),
    (r"\bmkfs|\bdd\b[^|;]*\bof=/dev/|>\s*/dev/(sd|nvme|disk)", "writes to a disk device"),
    (r"\b(curl|wget)\b[^|;]*\|\s*(sudo\s+)?(ba|z|da)?sh\b", "runs what it downloads"),
    (r"\bgit\s+push\b[^;&|]*(\s--force(?![-\w])|\s-[a-z]*f[a-z]*\b)", "overwrites a remote branch"),
    (r":\(\)\s*\{\s*:\s*\|\s*:", "is a fork bomb"),
    (r"\bchmod\s+(-[a-zA-Z]+\s+)*777\s+/", "opens system files to everybody"),
)


LONGEST = 1000
"""Characters: a longer command is not read to its end."""
_BLANKS = re.compile(r"[ \t]{40,}(?=\S)|\n[ \t]*\n[ \t]*\n[ \t]*\n")
_WORD = re.compile(r"[^\W\d_]+")
_TWINS = frozenset("асеіјорѕухһԁԛԝѵӏАВЕКМНОРСТУХЅІЈԌꓢΑΒΕΖΗΙΚΜΝΟΡΤΥΧοναρυχ")
"""Letters of Cyrillic and Greek that most fonts draw like Latin ones (Unicode TR 39, confusables)."""


def concerns(commands: Iterable[str]) -> list[str]:
    """Return one line for each command that looks destructive, or is not what it looks like, saying what it does."""
    return [f"`{clean(c)[:200]}` {what}" for c in commands if (what := next(_doubts(c), None))]


def _doubts(command: str) -> Iterator[str]:
    yield from (meaning for pattern, meaning in _PATTERNS if re.search(pattern, command))
    if clean(command, multiline=True) != command:
        yield "holds characters that cannot be seen"
    if len(command) > LONGEST:
        yield f"is {len(command):,} characters long: read it to its end"
    if _BLANKS.search(command):
        yield "hides what it does behind blanks"
    if not command.isascii():
        yield from _disguises(command)


def _disguises(command: str) -> Iterator[str]:
    for word in _WORD.findall(command):
        twins = [c for c in word if c in _TWINS]
        if twins and (len(twins) == len(word) or any(c.isascii() for c in word)):
            yield f"holds a letter that only looks like a Latin one: {_named(twins[0])}"
    for character in command:
        if character > "\x7f" and (character.isspace() or unicodedata.normalize("NFKC", character).isascii()):
            yield f"holds a character that only looks like another: {_named(character)}"


def _named(character: str) -> str:
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".strip()
