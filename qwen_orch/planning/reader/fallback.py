"""A second look at texts in which neither lists, headings nor tables are tasks: lines, and gantt charts in fences."""

from __future__ import annotations

import re
from itertools import pairwise

from qwen_orch.planning.reader import fields, gantt, headings, ids, verbs
from qwen_orch.planning.reader.blocks import Block, Item, Tree
from qwen_orch.planning.reader.convention import Convention
from qwen_orch.planning.reader.entries import Gathered, Need
from qwen_orch.planning.reader.headings import PROSE, Kind
from qwen_orch.planning.reader.items import Reading
from qwen_orch.planning.reader.text import one_line

_ORDER = re.compile(
    r"(?:first(?:ly)?|second(?:ly)?|third(?:ly)?|then|next|after (?:that|this)|afterwards|finally|"
    r"lastly|last)\b,?\s+(?:of all,?\s+)?(?:we (?:will |need to )?|i(?:'ll| will)? )?",
    re.I,
)
_LEAD = re.compile(r"\s*(?:[•‣◦▪●○·–—]|\(?\d{1,3}[.)]|(?:todo|fixme)\s*:|\[[ xX]?\]|[☐☑✅⬜])\s*", re.I)


def look_again(tree: Tree, convention: Convention, out: Gathered) -> None:
    """Add the tasks that a gantt chart or plain lines of *tree* state, if any do."""
    blocks = [b for s in tree.root.walk() if not _is_prose(s, convention) for b in s.blocks]
    charts = [b for b in blocks if b.kind == "fence" and gantt.is_chart(b)]
    for chart in charts:
        gantt.read(chart, out)
    if charts and out.tasks:
        out.convention = "the entries of a gantt chart"
        return
    if headings_of_manuals(tree):
        return
    reading = Reading(tree, convention, out)
    if (told := [(b, s) for b in blocks if b.kind == "paragraph" and (s := _told_in_order(b))]) and len(told) == 1:
        _chain(told[0][0], told[0][1], reading)
        return
    for block in blocks:
        if block.kind == "paragraph" and (lines := _lines(block)):
            reading.group += 1
            for offset, line in lines:
                reading.task(Item(block.line + offset, block.line + offset + 1, line), None)
            _forget(out, tree.source(block.line, block.end))
    if out.tasks:
        out.convention = "lines that begin like tasks, as the text has no lists"


def _told_in_order(block: Block) -> list[str]:
    """The sentences of ``First, ... Then ... Finally ...``, without those words; nothing when it is not so told."""
    sentences = [s.strip(" .") for s in re.split(r"(?<=[.;])\s+|\n", block.text) if s.strip(" .")]
    led = [(_ORDER.match(s), s) for s in sentences]
    if len(led) < 3 or not all(match for match, _ in led) or not re.match(r"first", sentences[0], re.I):
        return []
    return [s[match.end() :] for match, s in led if match]


def _chain(block: Block, sentences: list[str], reading: Reading) -> None:
    """Tasks each of which waits for the one before it: the words first, then and finally say so."""
    out = reading.out
    for sentence in sentences:
        reading.task(Item(block.line, block.end, sentence[:1].upper() + sentence[1:]), None)
    for before, task in pairwise(list(out.tasks)):
        task.needs.append(Need(before.title, block.line, inferred=True))
    _forget(out, reading.tree.source(block.line, block.end))
    out.convention = "sentences told in order"


def headings_of_manuals(tree: Tree) -> bool:
    """Tell whether the document is a README, manual or change log by its headings."""
    return headings.are_of_a_manual([s.title for s in tree.root.walk() if s.parent])


def _is_prose(section: object, convention: Convention) -> bool:
    from qwen_orch.planning.reader.blocks import Section

    return isinstance(section, Section) and any(
        convention.kind(s) in PROSE or convention.kind(s) in (Kind.SOFT, *headings.APART)
        for s in section.path()
        if s is not convention.title
    )


def _lines(block: Block) -> list[tuple[int, str]]:
    """The lines of a paragraph that are tasks: numbered or bulleted by hand, or each an order."""
    lines = block.text.split("\n")
    led = [(n, _LEAD.match(line), line) for n, line in enumerate(lines)]
    if sum(bool(match) or bool(_series(line)) for _, match, line in led) == len(lines):
        return [(n, _unled(line, match)) for n, match, line in led]
    orders = [
        n
        for n, line in enumerate(lines)
        if verbs.is_imperative(line) and len(line) < 140 and not line.rstrip().endswith((",", ";"))
    ]
    if len(lines) >= 2 and len(orders) * 5 >= len(lines) * 4 and not any(". " in one_line(line)[:-1] for line in lines):
        return list(enumerate(lines))
    return []


def _series(line: str) -> bool:
    id_ = ids.identifier(line.strip())
    return id_ is not None and id_.sure and fields.labelled(line) is None


def _unled(line: str, match: re.Match[str] | None) -> str:
    if match is None or match[0].strip().startswith("[") or match[0].strip()[:1] in "☐☑✅⬜":
        return line.strip()
    return line[match.end() :].strip()


def _forget(out: Gathered, source: str) -> None:
    """What became tasks is no longer description."""
    if source in out.description:
        out.description.remove(source)
    for phase in out.phases:
        if source in phase.description:
            phase.description.remove(source)
