"""What of all that could be said fits into a budget of tokens, and why the rest does not. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from qwen_orch.answers.sessions import ContextPart
from qwen_orch.execution.brief.tokens import tokens

REQUIRED = 0
"""The rank of what is always given."""
SMALLEST = 400
"""A smaller budget counts as this one: with less there is no room for a goal and a task."""
LONGEST_PART = 2_000
"""Tokens of a part that is not required; a longer one loses its middle, and says so."""
SEPARATOR = "\n\n"


class Candidate(NamedTuple):
    """Something that could be said; the lower its *rank* the more it matters, and *why* tells what for."""

    name: str
    text: str
    rank: int
    why: str
    longest: int = LONGEST_PART


def select(candidates: Iterable[Candidate], budget: int) -> tuple[ContextPart, ...]:
    """Return a part for each candidate, in the order they came, kept or not, with the reason.

    The required ones are always kept; when they alone exceed *budget* they share it, and lose their middles. Of the
    others one is kept when it and all that matter more fit: so what a budget keeps, a larger one keeps as well.
    """
    numbered = sorted(enumerate(candidates), key=lambda pair: pair[1].rank)
    budget = max(budget, SMALLEST)
    required = [c for _, c in numbered if c.rank == REQUIRED]
    optional = [c for _, c in numbered if c.rank != REQUIRED]
    given = _required(required, budget)
    whole = all(p.text == c.text for p, c in zip(given, required, strict=True))
    left = budget - sum(p.tokens for p in given) if whole else 0
    parts = [*given, *_fitting(optional, left)]
    return tuple(part for _, part in sorted(zip((n for n, _ in numbered), parts, strict=True)))


def _required(required: Sequence[Candidate], budget: int) -> list[ContextPart]:
    shares = _shares([_cost(c.text) for c in required], budget)
    return [_part(c, share) for c, share in zip(required, shares, strict=True)]


def _shares(wanted: Sequence[int], budget: int) -> list[int]:
    """Return what each gets of *budget*: all it wants, or, if that is too much, as much as any other."""
    shares, left = [0] * len(wanted), budget
    by_size = sorted(range(len(wanted)), key=lambda i: wanted[i])
    for taken, i in enumerate(by_size):
        shares[i] = min(wanted[i], left // (len(wanted) - taken))
        left -= shares[i]
    return shares


def _fitting(optional: Iterable[Candidate], left: int) -> Iterator[ContextPart]:
    """Yield the parts, kept as long as they fit into *left* tokens; after the first that does not, none is."""
    full = False
    for one in optional:
        part = _part(one, one.longest)
        if full:
            part = _left_out(part, "what matters more did not fit already")
        elif part.tokens > left:
            full, part = True, _left_out(part, f"{left:,} tokens are left")
        left -= part.tokens if part.kept else 0
        yield part


def _left_out(part: ContextPart, why: str) -> ContextPart:
    return part._replace(kept=False, reason=f"left out: {why} ({part.reason})")


def _part(one: Candidate, most: int) -> ContextPart:
    text = shortened(one.text, most)
    lost = "" if text == one.text else f"; shortened in the middle: it has {_cost(one.text):,} tokens"
    return ContextPart(one.name, text, _cost(text), True, one.why + lost)


def _cost(text: str) -> int:
    """Return the tokens of a part, with what stands between it and the next."""
    return tokens(text + SEPARATOR)


def shortened(text: str, most: int) -> str:
    """Return *text* if it costs at most *most* tokens, else as much of its beginning and end, saying what is left out.

    The line that says so is all that is left when not even that fits.
    """
    if _cost(text) <= most:
        return text
    fits, too_many = 0, len(text)
    while too_many - fits > 1:
        kept = (fits + too_many) // 2
        fits, too_many = (kept, too_many) if _cost(_without_middle(text, kept)) <= most else (fits, kept)
    return _without_middle(text, fits)


def _without_middle(text: str, kept: int) -> str:
    """Return *kept* characters of *text*, the first and the last."""
    head, tail = text[: kept - kept // 2], text[len(text) - kept // 2 :]
    return f"{head}\n[… {len(text) - kept:,} characters left out …]\n{tail}".strip("\n")
