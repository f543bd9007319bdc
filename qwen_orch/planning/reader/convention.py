"""Which of a document's lists, tables, headings and lines are its tasks.

People mark tasks in one way throughout a document. Every candidate gets a strength (what marks it, under which heading
it stands); the strongest way found in the document is its convention, and weaker candidates stay description, unless
they stand in a phase beside others that hold tasks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from attrs import Factory, define

from qwen_orch.planning.reader import fields, headings, marks, series, verbs
from qwen_orch.planning.reader.blocks import Block, Item, Section, Tree
from qwen_orch.planning.reader.entries import Gathered
from qwen_orch.planning.reader.headings import APART, PROSE, Heading, Kind
from qwen_orch.planning.reader.series import is_marked
from qwen_orch.planning.reader.tables import Columns, columns
from qwen_orch.planning.reader.text import one_line, plain

MARKED, TITLED, TABLE, PLACED, NAMED, LOOSE, PLAIN = 4.0, 3.0, 2.5, 2.0, 1.8, 1.5, 1.0
"""Strengths: boxes and ids; task headings; tables with plan columns; lists under work headings or phases; lists in a
document whose title is a plan's; lists under headings such as Timeline; lists that merely sound like work."""

_WAITS = re.compile(r"[,;(\[–—-]\s*(?:depends on|after|requires|blocked by)\b[^\n]{0,40}\d", re.I)
_GROUPS = frozenset(("sprint", "epic", "feature", "module", "release", "version", "milestone"))


@define
class Convention:
    """What `settle` concluded; *reads* maps sections to their headings, *prefixes* are the ids' letters in use.

    *own*: the text is an export of ours, whose headings of level 2 are phases whatever their words.
    """

    title: Section | None = None
    reads: dict[Section, Heading] = Factory(dict)
    columns: dict[Block, Columns] = Factory(dict)
    prefixes: frozenset[str] = frozenset()
    strength: float = 0.0
    own: bool = False
    found: dict[Block, float] = Factory(dict)
    left: list[tuple[Block, str]] = Factory(list)

    def kind(self, section: Section) -> Kind:
        """The kind of a section's heading; the root and the title are neutral."""
        return self.reads[section].kind if section in self.reads else Kind.NEUTRAL

    def first_heading(self, tree: Tree) -> str:
        """The first heading of the document when it names no phase or task: it may serve as title."""
        first = tree.root.children[0] if tree.root.children else None
        return self.reads[first].title if first and self.kind(first) in (Kind.NEUTRAL, Kind.WORK) else ""

    def name(self) -> str:
        """The convention in words."""
        named = (
            (MARKED, "list items with boxes or ids"),
            (TITLED, "headings that name tasks"),
            (TABLE, "table rows"),
            (PLACED, "list items in phases and sections of work"),
            (NAMED, "list items of a document that calls itself a plan"),
            (LOOSE, "list items under a timeline or summary"),
            (PLAIN, "list items that begin with a verb"),
        )
        return next((words for strength, words in named if self.strength >= strength), "nothing")

    def report(self, out: Gathered) -> None:
        """Warn of lists that could have been tasks and stayed description: each, or all in one if many."""
        left = [(block, heading) for block, heading in self.left if block.kind == "list"] if out.tasks else []
        why = f"kept as description: tasks here are {out.convention}"
        if len(left) > 3:
            items = sum(len(block.items) for block, _ in left)
            lines = ", ".join(str(block.line + 1) for block, _ in left[:8]) + (", …" if len(left) > 8 else "")
            out.warn(f"{items} list items in {len(left)} lists (lines {lines}) were {why}", left[0][0].line)
            return
        for block, heading in left:
            where = f" under “{headings.read(heading).title[:60]}”" if heading else ""
            count = "1 list item" if len(block.items) == 1 else f"{len(block.items)} list items"
            out.warn(f"{count}{where} {'was' if len(block.items) == 1 else 'were'} {why}", block.line)


def settle(tree: Tree) -> Convention:
    """Conclude what the tasks of *tree* are: sets ``role`` of its sections and blocks."""
    here = Convention()
    sections = tree.root.walk()
    here.reads = {section: headings.read(section.title) for section in sections if section.parent}
    here.own = series.is_export(sections)
    here.title = _title(tree.root, here)
    here.prefixes = series.prefixes(sections)
    _weigh_headings(sections, here)
    for section in sections:
        for block in section.blocks:
            _weigh(block, section, here)
    _choose(sections, here)
    return here


def _title(root: Section, here: Convention) -> Section | None:
    """The heading that names the whole document: the first of all, alone on its level or before a lower one."""
    if not root.children:
        return None
    first = root.children[0]
    if here.own and first.level == 1:
        here.reads[first] = Heading(plain(first.title), Kind.NEUTRAL)
        return first
    read = here.reads[first]
    alone = len(root.children) == 1 and (bool(first.children) or first.level == 1)
    named = (
        first.level == 1
        and read.kind in (Kind.NEUTRAL, Kind.WORK)
        and not read.numbered
        and bool(first.children or not first.blocks)
    )
    if alone and (len(first.children) > 1 or read.word in _GROUPS) and read.kind is not Kind.TASK:
        return first
    return first if (alone or named) and read.kind not in (Kind.PHASE, Kind.TASK) else None


def _weigh_headings(sections: list[Section], here: Convention) -> None:
    tasks = [s for s in sections if s in here.reads and s is not here.title and _is_task(s, here)]
    for section in tasks:
        section.role = "task"


def _is_task(section: Section, here: Convention) -> bool:
    read = here.reads[section]
    outer = [here.kind(s) for s in section.path()[:-1] if s is not here.title]
    if any(kind in APART or kind in PROSE or kind is Kind.SOFT for kind in outer):
        return False
    if read.kind is Kind.TASK:
        if not read.word and not read.sure:
            return verbs.is_imperative(read.title)
        return not (read.word == "step" and section.level < 7 and _holds_marked(section, here))
    if read.box:
        return True
    return read.word in _GROUPS and Kind.PHASE in outer and not _holds_marked(section, here)


def _holds_marked(section: Section, here: Convention) -> bool:
    return any(
        is_marked(item, here.prefixes)
        for part in section.walk()
        if here.kind(part) not in APART
        for block in part.blocks
        if block.kind == "list" and _label_kind(block) not in APART
        for item in block.items
    )


def _label_kind(block: Block) -> Kind | None:
    return headings.read(block.label.text.rsplit("\n", 1)[-1]).kind if block.label else None


def context(block: Block, section: Section, here: Convention) -> list[Kind]:
    """The kinds that stand over *block*, innermost first: its label, then the headings, without the title."""
    label = _label_kind(block)
    path = [here.kind(s) for s in reversed(section.path()) if s is not here.title]
    return ([label] if label else []) + path


def _weigh(block: Block, section: Section, here: Convention) -> None:
    kinds = context(block, section, here)
    telling = next((kind for kind in kinds if kind is not Kind.NEUTRAL), Kind.NEUTRAL)
    if block.kind == "table":
        strength = _weigh_table(block, kinds, here)
    elif block.kind == "list":
        strength = _weigh_list(block, kinds, telling, here)
    else:
        return
    if strength and any(s.role == "task" for s in section.path()):
        block.role = "inside"
    elif strength:
        here.found[block] = strength
    block.role = block.role or (telling if telling in APART else "")


def _weigh_list(block: Block, kinds: list[Kind], telling: Kind, here: Convention) -> float:
    if any(kind in APART for kind in kinds[:2]) and telling in APART:
        return 0.0
    if any(is_marked(item, here.prefixes) for item in _two_levels(block)):
        return MARKED if telling not in (Kind.DEPENDENCIES, Kind.LEGEND) else 0.0
    if telling in PROSE or telling in APART or telling is Kind.FEATURES or _is_links(block):
        return 0.0
    soft = any(kind is Kind.SOFT or kind in PROSE for kind in kinds)
    if telling in (Kind.PHASE, Kind.WORK) or any(headings.starts_a_phase(item.text) for item in block.items):
        return LOOSE if soft else PLACED
    if soft:
        return 0.0
    if here.title and here.reads[here.title].kind is Kind.WORK:
        return NAMED
    if _with_fields(block.items):
        return NAMED
    return PLAIN if verbs.mostly_imperative([item.text for item in block.items]) else 0.0


def _with_fields(items: Sequence[Item]) -> bool:
    """Tell whether at least a third of *items* state an effort or what they wait for: only tasks do."""
    found = 0
    for item in items:
        said = marks.Marks()
        marks.after(one_line(item.text)[-300:], said)
        found += bool(
            _WAITS.search(item.text)
            or said.estimate
            or said.fields
            or said.assignee
            or fields.states_a_field(item.text)
        )
    return len(items) > 1 and found * 3 >= len(items)


def _two_levels(block: Block) -> Iterable[Item]:
    for item in block.items:
        yield item
        for inner in item.blocks:
            yield from inner.items


def _is_links(block: Block) -> bool:
    return all(re.match(r"\s*(?:\[[^\]]{2,}\]\(|https?://|\[[^\]]{2,}\]:)", item.text) for item in block.items)


def _weigh_table(block: Block, kinds: list[Kind], here: Convention) -> float:
    read = columns(block)
    if read is None or any(kind in APART or kind is Kind.DEPENDENCIES for kind in kinds):
        return 0.0
    here.columns[block] = read
    prose = any(kind in PROSE or kind in (Kind.SOFT, Kind.FEATURES) for kind in kinds)
    if prose:
        return LOOSE if read.strong and Kind.SOFT in kinds else 0.0
    if read.strong:
        return TABLE
    return PLACED if any(k in (Kind.PHASE, Kind.WORK) for k in kinds) else LOOSE if read.named else 0.0


def _choose(sections: list[Section], here: Convention) -> None:
    """Keep the strongest candidates and give them the role ``tasks``."""
    if max(here.found.values(), default=0.0) < NAMED and not _is_manual(sections, here):
        _take_numbered(sections, here)
    titled = [s for s in sections if s.role == "task"]
    best = max([*here.found.values(), TITLED if titled else 0.0], default=0.0)
    if best <= PLAIN and _is_manual(sections, here):
        best = 0.0
    here.strength = best
    if best < PLAIN:
        return
    floor = TITLED if best >= TITLED else PLACED if best >= PLACED else best
    kept = {block for block, strength in here.found.items() if strength >= floor}
    siblings = _sibling_sections(sections, kept, here) if best >= TITLED and not here.own else set()
    for section in sections:
        for block in section.blocks:
            if block in kept or (block in here.found and section in siblings and block.label is None):
                block.role = "tasks"
            elif block in here.found:
                here.left.append((block, section.title))


def _take_numbered(sections: list[Section], here: Convention) -> None:
    """Numbered headings beside one another that begin with verbs are tasks when nothing marked or placed is."""
    for parent in sections:
        if any(
            here.kind(s) in APART or here.kind(s) in (Kind.NEVER, Kind.PAST)
            for s in parent.path()
            if s is not here.title
        ):
            continue
        numbered = [s for s in parent.children if here.reads[s].numbered and here.kind(s) is Kind.NEUTRAL]
        bare = [headings.without_number(here.reads[s].title) for s in numbered]
        if len(numbered) > 1 and sum(map(verbs.is_imperative, bare)) * 3 >= len(numbered) * 2:
            for section in numbered:
                section.role = "task"
                for block in (b for s in section.walk() for b in s.blocks):
                    here.found.pop(block, None)


def _is_manual(sections: list[Section], here: Convention) -> bool:
    """READMEs, manuals and change logs hold lists that sound like work and are none."""
    titles = [s.title for s in sections if s.parent]
    return headings.are_of_a_manual(titles)


def _sibling_sections(sections: list[Section], kept: set[Block], here: Convention) -> set[Section]:
    """Phases beside phases that hold tasks: their unmarked lists are tasks too."""
    holding = {
        s.parent for s in sections if here.kind(s) is Kind.PHASE and any(b in kept for p in s.walk() for b in p.blocks)
    }
    return {s for s in sections if s.parent in holding and here.kind(s) is Kind.PHASE and not _holds_kept(s, kept)}


def _holds_kept(section: Section, kept: set[Block]) -> bool:
    return any(block in kept for part in section.walk() for block in part.blocks)
