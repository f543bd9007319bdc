"""What a submitted text means: a command, a plan that was pasted, a goal, or a slip."""

from __future__ import annotations

from typing import TypeAlias

from attrs import frozen

from qwen_orch.commands import ALIASES
from qwen_orch.commands.lexer import Line, Word, split
from qwen_orch.commands.registry import ALL


@frozen
class Order:
    """A command to run, as typed."""

    line: Line


@frozen
class Description:
    """Text of several lines that is no command: a plan, most likely."""

    text: str


@frozen
class Goal:
    """One line that is no command."""

    text: str


@frozen
class Slip:
    """A command that lacks its slash; *text* has it."""

    text: str


@frozen
class Stray:
    """A yes or no, though nothing was asked."""


Meaning: TypeAlias = Order | Description | Goal | Slip | Stray


def meaning(text: str) -> Meaning | None:
    """Return what *text* means; None when there is nothing in it."""
    text = text.strip("\n").rstrip()
    if not text.strip():
        return None
    line = split(text.lstrip(" "))
    first = line.words[0].text if line.words else ""
    if first.startswith("/") and (is_command(first) or "\n" not in text):
        return Order(line)
    if "\n" in text:
        return Description(text)
    if text.strip().lower() in ("y", "yes", "n", "no"):
        return Stray()
    return Slip(f"/{text.strip()}") if _lacks_slash(line) else Goal(text.strip())


def is_command(word: str) -> bool:
    """Tell whether *word* is the name of a command, with its slash or without."""
    plain = word.removeprefix("/")
    return plain in ALL or plain in ALIASES


def _lacks_slash(line: Line) -> bool:
    """Tell whether a line can only have been meant as a command: ``list_tasks tag:x``, but not ``plan the party``."""
    first = line.words[0].text
    return is_command(first) and ("_" in first or len(line.words) == 1)


def plan_of(text: str) -> Line:
    """Return the command that plans *text*, whatever characters it is made of."""
    return Line((Word("/plan", 0, 0), Word(text, 0, 0, quoted=True)))
