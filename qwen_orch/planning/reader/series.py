"""Which starts of items are ids: delimited ones, ones of a series, ones that a dependency names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise

from qwen_orch.planning.reader import ids, states
from qwen_orch.planning.reader.blocks import Block, Item, Section
from qwen_orch.planning.reader.statements import references

_NAMES = re.compile(
    r"\b(?:depends? (?:up)?on|dependenc(?:y|ies)|deps?|after|blocked by|requires|needs|prerequisites?|waits? for|"
    r"blocks|before)\**\s*:?\**\s+(?=[`\[#*]{0,3}[A-Z]{1,12}-?\d)|"
    r"(?:依赖(?:于|项)?|依賴|前置(?:任务)?|依存)\s*[:：]?\s*(?=[A-Z])",
    re.I,
)


def lead(item: Item) -> tuple[bool, ids.Identifier | None]:
    """Tell whether *item* has a box, and its id if it begins with one."""
    if item.led is None:
        status, rest = states.box(item.text.lstrip())
        item.led = status is not None, ids.identifier(rest.lstrip(), weak=True)
    return item.led


def is_marked(item: Item, prefixes: frozenset[str]) -> bool:
    """Tell whether a box or an id marks *item* as a task; ``R1`` alone does not, it may be spoken of."""
    boxed, id_ = lead(item)
    return boxed or (id_ is not None and not id_.weak and is_id(id_, prefixes))


def is_id(id_: ids.Identifier, prefixes: frozenset[str]) -> bool:
    """Tell whether an id-like start is an id: delimited, or one of a series here; bare numbers mark order.

    *prefixes* are the letters in use, and ids that a dependency names.
    """
    if id_.label[0].isdigit():
        return "" in prefixes and not id_.label.isdigit()
    return (id_.sure and not id_.weak) or id_.prefix in prefixes or id_.label in prefixes


def is_export(sections: Iterable[Section]) -> bool:
    """Tell whether the text is an export of ours: most items with boxes begin with our labels."""
    boxed = own = 0
    for block in (block for section in sections for block in section.blocks):
        for item in block.items:
            status, rest = states.box(item.text.lstrip())
            boxed += status is not None
            own += status is not None and rest.startswith("`task-")
    return own > 0 and own * 2 > boxed


def prefixes(sections: Iterable[Section]) -> frozenset[str]:
    """The letters that at least two items of the document begin their ids with, and ids that dependencies name.

    ``R1``, ``P2`` or ``Q3`` count when they stand in sequence, each before other words, or when a dependency names one.
    """
    counts: Counter[str] = Counter()
    found: set[str] = set()
    open_: dict[str, ids.Identifier] = {}
    blocks = [block for section in sections for block in section.blocks]
    for block, depth in _lists(blocks):
        led = [id_ for item in block.items if (id_ := lead(item)[1]) is not None]
        if depth == 0:
            counts.update(
                i.prefix for i in led if not i.weak and (not i.sure or (i.label[0].isdigit() and "." in i.label))
            )
        found |= _in_sequence([i for i in led if i.serial and not _is_level(i)])
        open_ |= {i.label: i for i in led if i.weak or (not i.sure and not i.label[0].isdigit())}
    found |= {prefix for prefix, count in counts.items() if count > 1}
    if doubtful := {label: i for label, i in open_.items() if i.prefix not in found}:
        for name in _named(blocks, doubtful):
            found.add(name if doubtful[name].weak and not doubtful[name].serial else doubtful[name].prefix)
    return frozenset(found)


def _lists(blocks: Iterable[Block]) -> Iterator[tuple[Block, int]]:
    """Every list, with how deep it is nested."""
    stack = [(block, 0) for block in blocks if block.kind == "list"]
    while stack:
        block, depth = stack.pop()
        yield block, depth
        stack += [(inner, depth + 1) for item in block.items for inner in item.blocks if inner.kind == "list"]


def _in_sequence(led: list[ids.Identifier]) -> set[str]:
    """The letters of labels that count on by one, each before words of its own."""
    by_prefix: dict[str, list[ids.Identifier]] = {}
    for id_ in led:
        by_prefix.setdefault(id_.prefix, []).append(id_)
    return {
        prefix
        for prefix, those in by_prefix.items()
        if len(those) > 1
        and len({i.rest.casefold() for i in those}) == len(those)
        and all(_number(b) == _number(a) + 1 for a, b in pairwise(those))
    }


def _is_level(id_: ids.Identifier) -> bool:
    """Tell whether an id is rather a priority: ``P1: Fix it``, ``P0 Fix it``."""
    return id_.prefix == "P" and (id_.sure or id_.label == "P0")


def _number(id_: ids.Identifier) -> int:
    digits = re.match(r"\d+", id_.label[len(id_.prefix) :])
    return int(digits[0]) if digits else -1


def _named(blocks: Iterable[Block], labels: dict[str, ids.Identifier]) -> Iterator[str]:
    """Those of *labels* that a dependency stated anywhere names."""
    stack = list(blocks)
    while stack:
        block = stack.pop()
        texts = [block.text, *(item.text for item in block.items)] if block.kind != "fence" else []
        for text in texts:
            for match in _NAMES.finditer(text):
                found, _ = references(text, match.end())
                yield from (r.id for r in found if r.id in labels)
        stack += [*block.blocks, *(inner for item in block.items for inner in item.blocks)]
