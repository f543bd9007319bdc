r"""What a prompt asks for, word for word: its lines ``sim: VERB ARGUMENTS``, which may be items of a list."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

LINE = re.compile(r"^[ \t]*(?:[-*+][ \t]+)?sim:[ \t]+(review[ \t]+)?(\S+)[ \t]*(.*?)[ \t]*$", re.M)
ESCAPE = re.compile(r"\\(.)")
ESCAPES = {"n": "\n", "t": "\t", "\\": "\\"}
LITERAL = ("run", "loop")
"""Verbs whose arguments are a command: its backslashes are its own."""


class Instruction(NamedTuple):
    """One thing to do: a verb, and the rest of its line; *review* when a reviewer is to do it, not the worker."""

    verb: str
    rest: str = ""
    review: bool = False


def instructions(prompt: str) -> list[Instruction]:
    r"""Return the instructions of *prompt*, in order; ``\n``, ``\t`` and ``\\`` in texts are what they stand for."""
    return [_instruction(*found) for found in LINE.findall(prompt)]


def meant_for(tools: Collection[str], todo: list[Instruction]) -> list[Instruction]:
    """Leave out of *todo* what is not for whoever is offered *tools*: the lines of a task stand in its review, too."""
    works, reviews = "claim_done" in tools, "report_finding" in tools
    return todo if works == reviews else [one for one in todo if one.review == reviews]


def _instruction(review: str, verb: str, rest: str) -> Instruction:
    return Instruction(verb, rest if verb in LITERAL else _unescaped(rest), bool(review) or verb == "finding")


def _unescaped(text: str) -> str:
    return ESCAPE.sub(lambda found: ESCAPES.get(found[1], found[0]), text)
