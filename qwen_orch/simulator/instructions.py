r"""What a prompt asks for, word for word: its lines ``sim: VERB ARGUMENTS``, which may be items of a list."""

from __future__ import annotations

import re
from typing import NamedTuple

LINE = re.compile(r"^[ \t]*(?:[-*+][ \t]+)?sim:[ \t]+(\S+)[ \t]*(.*?)[ \t]*$", re.M)
ESCAPE = re.compile(r"\\(.)")
ESCAPES = {"n": "\n", "t": "\t", "\\": "\\"}
LITERAL = ("run", "loop")
"""Verbs whose arguments are a command: its backslashes are its own."""


class Instruction(NamedTuple):
    """One thing to do: a verb, and the rest of its line."""

    verb: str
    rest: str = ""


def instructions(prompt: str) -> list[Instruction]:
    r"""Return the instructions of *prompt*, in order; ``\n``, ``\t`` and ``\\`` in texts are what they stand for."""
    return [Instruction(v, rest if v in LITERAL else _unescaped(rest)) for v, rest in LINE.findall(prompt)]


def _unescaped(text: str) -> str:
    return ESCAPE.sub(lambda found: ESCAPES.get(found[1], found[0]), text)
