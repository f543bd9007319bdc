"""What a scripted model can be told to say, or do instead.

text("Hello", every=0.1)        words, streamed one by one with a pause between
call("glob", {"pattern": "*"})  a tool call; a string in place of the arguments is sent as it is: '{"patt'
text("First") + call(...)       words and calls in one answer; call(...) + call(...) are parallel calls
finished(answer, "length")      another finish_reason: length, content_filter
costing(answer, 900, 12)        the usage it reports; otherwise a quarter of the characters
slow(2, answer)                 silence first, then the answer
status(429, {"retry-after": "2"})   an HTTP error
garbage()  garbage(b"data: {")  200, and then something that is not a completion
cut(answer)                     the stream ends in the middle: no finish_reason, no [DONE]
drop()                          the connection is reset without a byte
hang()  stall(answer)           never a byte; the first half and never another
forever(answer, ...)            these answers, again and again
loop("glob", {"pattern": "*"})  the same call for ever
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from attrs import evolve, field, frozen


class Usage(NamedTuple):
    """Tokens that a request is said to have cost."""

    prompt: int
    completion: int


@frozen
class Answer:
    """What the model does with one request: the *deltas* of a message, or what goes wrong instead."""

    deltas: tuple[dict[str, Any], ...] = ()
    finish: str | None = None
    usage: Usage | None = None
    before: float = 0.0
    between: float = 0.0
    ending: Literal["whole", "cut", "stall", "drop"] = "whole"
    status: int = 200
    headers: dict[str, str] = field(factory=dict)
    body: bytes | None = None

    def __add__(self, other: Answer) -> Answer:
        return evolve(self, deltas=self.deltas + other.deltas)


@frozen
class Forever:
    """Answers that begin anew when the last was given."""

    answers: tuple[Answer, ...]


def text(words: str, *, every: float = 0.0) -> Answer:
    """Say *words*, one by one, with *every* seconds between."""
    pieces = words.split(" ")
    spaced = [*(f"{piece} " for piece in pieces[:-1]), pieces[-1]]
    return Answer(tuple({"content": piece} for piece in spaced), between=every)


def call(tool: str, arguments: Mapping[str, object] | str) -> Answer:
    """Call *tool*; *arguments* that are a string are sent as they are, JSON or not."""
    sent = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return Answer(({"tool": tool, "arguments": sent},))


def finished(answer: Answer, reason: str) -> Answer:
    """Give *answer* with *reason* as its finish_reason."""
    return evolve(answer, finish=reason)


def costing(answer: Answer, prompt: int, completion: int) -> Answer:
    """Give *answer* and say that it cost so many tokens."""
    return evolve(answer, usage=Usage(prompt, completion))


def slow(seconds: float, answer: Answer) -> Answer:
    """Be silent for *seconds*, then give *answer*."""
    return evolve(answer, before=seconds)


def status(code: int, headers: Mapping[str, str] | None = None, message: str = "") -> Answer:
    """Refuse with an HTTP error."""
    error = {"message": message or f"scripted {code}", "type": "scripted", "code": str(code)}
    return Answer(status=code, headers=dict(headers or {}), body=json.dumps({"error": error}).encode())


def garbage(body: bytes = b"<html><body>Please log in to the hotel's network.</body></html>") -> Answer:
    """Answer 200 and *body*, which is not a completion."""
    return Answer(body=body)


def cut(answer: Answer) -> Answer:
    """Give the first half of *answer*, then end the stream as if all had been said."""
    return evolve(answer, ending="cut")


def stall(answer: Answer) -> Answer:
    """Give the first half of *answer*, then nothing more."""
    return evolve(answer, ending="stall")


def hang() -> Answer:
    """Take the request and never answer."""
    return Answer(before=float("inf"))


def drop() -> Answer:
    """Reset the connection."""
    return Answer(ending="drop")


def forever(*answers: Answer) -> Forever:
    """Give *answers* again and again."""
    return Forever(answers)


def loop(tool: str, arguments: Mapping[str, object] | str) -> Forever:
    """Call *tool* for ever."""
    return forever(call(tool, arguments))
