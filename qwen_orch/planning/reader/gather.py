"""Walk a settled document and gather its phases, tasks and plan parts; what is none of these becomes description."""

from __future__ import annotations

import re

from attrs import Factory, define
from attrs import field as attribute

from qwen_orch.model.task import TaskStatus
from qwen_orch.planning.reader import arrows, durations, fields, headings, introduction, marks, rows, states, verbs
from qwen_orch.planning.reader.blocks import Block, Item, Section, Tree
from qwen_orch.planning.reader.convention import MARKED, Convention
from qwen_orch.planning.reader.entries import Found, Gathered, Need, PhaseFound
from qwen_orch.planning.reader.fields import Field
from qwen_orch.planning.reader.headings import APART, Kind
from qwen_orch.planning.reader.items import Reading
from qwen_orch.planning.reader.marks import Marks
from qwen_orch.planning.reader.phases import BARRIER, Phases
from qwen_orch.planning.reader.series import is_marked
from qwen_orch.planning.reader.statements import in_prose
from qwen_orch.planning.reader.text import one_line, plain

_PLAN_LISTS = {Kind.DECISIONS: "decisions", Kind.RISKS: "risks", Kind.REQUIREMENTS: "requirements"}
_PHASE_WORD = re.compile(
    r"\bphases?\s+\d|\bphases are\b|\b(?:each|every|a|one|no) (?:phase|stage|milestone|sprint|iteration)\b", re.I
)
_BOARD = re.compile(r"in progress|doing|done|completed|in review|review|blocked|to ?do|to-do|进行中|已完成|完了", re.I)


@define
class Gathering(Phases):
    """The walk: how items are read, and which headings already stand in the description (*shown*, by line)."""

    reading: Reading = attribute(kw_only=True)
    shown: set[int] = Factory(set)

    def section(self, section: Section, task: Found | None) -> None:
        """Gather *section* and everything below it; inside a task heading everything belongs to *task*."""
        for block in section.blocks:
            self.block(block, section)
        for child in section.children:
            self.child(child, task)

    def child(self, section: Section, task: Found | None) -> None:
        """Gather a subsection: a task heading becomes a task, any other is walked through."""
        if section.role == "task":
            self.heading_task(section, task)
        elif task is not None:
            self._under_task(section, task)
        else:
            phase = self._phase_of(section)
            self.section(section, None)
            self._keep_heading(section, phase)

    def _keep_heading(self, section: Section, phase: PhaseFound | None) -> None:
        """A heading under which nothing stands, or nothing that names it, stays in the description."""
        named = self.convention.kind(section) in APART or section in self.holding or section is self.convention.title
        if section in self.phases or section.line in self.shown or (named and (section.blocks or section.children)):
            return
        if phase:
            phase.description.append(f"### {one_line(section.title)}")
        else:
            self._sink(section, "")

    def heading_task(self, section: Section, parent: Found | None) -> None:
        """Make a task of a heading; lists, fields and headings below it are its parts."""
        read = self.convention.reads[section]
        self.reading.group += 1
        task = Found("", section.line, read.label, parent=parent, group=self.reading.group)
        if read.word == "step" and parent and parent.label:
            task.label = f"{parent.label}.{read.label}"
        task.phase = None if parent else self._phase_of(section)
        found = Marks()
        bare = headings.without_number(read.title) if read.numbered else read.title
        title = marks.before(marks.after(bare, found), found)
        task.title = plain(title) or plain(read.title) or "(untitled)"
        task.status, task.priority, task.tags = read.status, read.priority, read.tags
        task.origin("title", section.line, 0.9, "a heading")
        task.take(found, section.line)
        self.reading.apply(task, found)
        self.out.tasks.append(task)
        if parent is None and section.parent:
            self._place([task], None, section.parent, task.phase)
        self.reading.below(task, section.blocks)
        for child in section.children:
            self.child(child, task)

    def _under_task(self, section: Section, task: Found) -> None:
        kind = self.convention.kind(section)
        field = fields.which(plain(section.title))
        if kind is Kind.CRITERIA or field is Field.ACCEPTANCE:
            for block in section.blocks:
                if block.kind == "list":
                    for item in block.items:
                        self.reading.accept(task, item.text, item.line)
                else:
                    self.reading.describe(task, block.line, block.end)
        else:
            task.description.append(section.title)
            self.reading.below(task, section.blocks)
        for child in section.children:
            self.child(child, task)

    def block(self, block: Block, section: Section) -> None:
        """Gather one block that stands under no task."""
        if block.kind == "list" and block.role == "tasks":
            self.list_of_tasks(block, section)
        elif block.kind == "table" and block.role == "tasks":
            rows.read(block, self.convention.columns[block], self.reading, self._phase_of(section), self._phase_named)
        elif block.kind == "list" and block.role in APART:
            self.plan_list(block, Kind(block.role), section)
        elif block.kind == "table" and self.convention.kind(section) is Kind.RISKS:
            self.out.risks += [rows.as_line(block, cells) for _, cells in block.rows[1:]]
        elif block.kind not in ("rule", "comment") and block.role not in ("label", "goal"):
            self.text(block, section)

    def list_of_tasks(self, block: Block, section: Section) -> None:
        """Gather the tasks of a list; an item that names a phase makes one of what stands below it."""
        self.reading.group += 1
        if _names_phases(block):
            if block.label:
                self._sink(section, block.label.text)
            self._items_as_phases(block, section)
            return
        phase = self._phase_of(section) or self._label_phase(block)
        work = self.convention.kind(section) is Kind.WORK and section is not self.convention.title
        first = len(self.out.tasks)
        placed: list[Found] = []
        parent: Found | None = None
        for item in block.items:
            if self.convention.strength >= MARKED and not self._counts(item, block, work):
                self._aside(item, section)
                continue
            before = len(self.out.tasks)
            self.reading.task(item, None)
            self._adopt(self.out.tasks[before:], phase)
            placed.append(self.out.tasks[before])
        self._place(placed, block, section, phase)
        self._column(section, self.out.tasks[first:])
        parent = self._semantic_parent(block, first, parent)

    def _place(self, tasks: list[Found], block: Block | None, section: Section, phase: PhaseFound | None) -> None:
        """Remember the label and the lower headings over *tasks*, which are no phases."""
        over = [
            s for s in section.path() if s in self.holding and s is not self.convention.title and s not in self.phases
        ]
        label = block.label if block else None
        names = [one_line(s.title) for s in over] + ([one_line(label.text)] if label else [])
        named = [name for name in names if not phase or name.strip("*_: ：") != phase.title]
        line = label.line if label else over[-1].line if over else 0
        for task in tasks if named else []:
            task.origin("phase", line, 0.9, f"stands under {' / '.join(named)}"[:500])

    def _column(self, section: Section, tasks: list[Found]) -> None:
        """On a board the heading is the status of the tasks under it."""
        read = self.convention.reads.get(section)
        state = states.status(read.title) if read and read.kind is Kind.WORK and _BOARD.fullmatch(read.title) else None
        for task in tasks if state else []:
            if state and task.status is TaskStatus.PENDING:
                task.status = state[0]
                task.tag(state[1])
                task.origin("status", section.line, 0.8, f"stands under “{section.title[:40]}”")

    def _counts(self, item: Item, block: Block, work: bool) -> bool:
        """In a marked list an unmarked item counts when most others are marked, or when marked ones stand below it."""
        prefixes = self.convention.prefixes
        if (
            is_marked(item, prefixes)
            or verbs.is_imperative(item.text)
            or any(is_marked(i, prefixes) for b in item.blocks for i in b.items)
        ):
            return True
        marked = sum(is_marked(i, prefixes) for i in block.items)
        return work or marked == 0 or marked * 2 > len(block.items)

    def _aside(self, item: Item, section: Section, why: str = "it has no box or id like the others") -> None:
        self.out.warn(f"not read as a task, as {why}: {plain(item.text)[:60]}", item.line)
        self._sink(section, self.tree.source(item.line, item.end))

    def _adopt(self, tasks: list[Found], phase: PhaseFound | None) -> None:
        for task in tasks:
            task.phase = phase

    def _semantic_parent(self, block: Block, first: int, parent: Found | None) -> Found | None:
        """A flat item that ends in a colon introduces the unfinished items after it, up to the next ticked one."""
        texts = {item.line: item.text.rstrip() if not item.blocks else "" for item in block.items}
        for task in self.out.tasks[first:]:
            if task.parent is not None or task.line not in texts:
                continue
            if texts[task.line].endswith((":", "：")):
                parent = task
            elif parent and task.status is parent.status:
                task.parent = parent
                task.origin("parent", task.line, 0.6, f"follows “{parent.title[:60]}”, which ends in a colon")
            else:
                parent = None
        return parent

    def _items_as_phases(self, block: Block, section: Section) -> None:
        for item in block.items:
            if any(inner.kind == "list" for inner in item.blocks):
                self._item_phase(item)
            else:
                self._aside(item, section, "it stands among phases and holds no tasks")

    def _item_phase(self, item: Item) -> None:
        text = one_line(item.text)
        phase = self._new_phase(text, item.line)
        for block in item.blocks:
            if block.kind == "list":
                self.reading.group += 1
                for inner in block.items:
                    before = len(self.out.tasks)
                    self.reading.task(inner, None)
                    self._adopt(self.out.tasks[before:], phase)
            else:
                phase.description.append(self.tree.source(block.line, block.end))

    def plan_list(self, block: Block, kind: Kind, section: Section) -> None:
        """Gather a list of criteria, decisions, risks or requirements of the whole plan or of a phase."""
        phase = self._phase_of(section)
        for item in block.items:
            for inner in (b for b in item.blocks if b.kind not in ("list", "comment")):
                self._sink(section, self.tree.source(inner.line, inner.end))
            text = one_line(states.box(item.text.strip())[1])
            if kind is Kind.CRITERIA:
                probe = Found("", item.line)
                self.reading.accept(probe, text, item.line)
                self._nested_checks(item, probe)
                self._gate(probe, phase)
            else:
                nested = "; ".join(plain(i.text) for b in item.blocks for i in b.items)
                getattr(self.out, _PLAN_LISTS[kind]).append(plain(text) + (f" ({nested})" if nested else ""))
        if block.label and kind is not headings.read(block.label.text).kind:
            self._sink(section, block.label.text)

    def _nested_checks(self, item: Item, probe: Found) -> None:
        for inner in (i for b in item.blocks for i in b.items):
            read = fields.labelled(inner.text)
            if read and read.field is Field.CHECK:
                probe.criteria = [c for c in probe.criteria if c.check]
                probe.criteria += fields.check(read.value + (f" — {plain(item.text)}" if "—" not in read.value else ""))
            else:
                self.reading.accept(probe, inner.text, inner.line)

    def _gate(self, probe: Found, phase: PhaseFound | None) -> None:
        from attrs import evolve

        for made in probe.criteria:
            self.out.gates.append(evolve(made, text=f"{phase.title}: {made.text}") if phase else made)

    def text(self, block: Block, section: Section) -> None:
        """Gather a block that is neither tasks nor a plan list: statements of order, then description."""
        phase = self._phase_of(section)
        source = self.tree.source(block.line if not block.label else block.label.line, block.end)
        if block.kind in ("paragraph", "quote", "list", "fence"):
            self._statements(block, section, phase)
        if phase:
            if not self._phase_field(block, phase):
                phase.description.append(source)
                if BARRIER.search(plain(source[:400])):
                    phase.blocks_rest = block.line
        else:
            self._sink(section, source)
        self.out.legend |= {k: v for k, v in durations.legend(source[:4000]).items() if k not in self.out.legend}

    def _phase_field(self, block: Block, phase: PhaseFound) -> bool:
        read = fields.labelled(block.text) if block.kind == "paragraph" and "\n" not in block.text else None
        if read and read.field is Field.DEPENDS:
            phase.needs.append(Need(read.value, block.line))
            return True
        return False

    def _statements(self, block: Block, section: Section, phase: PhaseFound | None) -> None:
        """Remember sentences about order for ``dependencies`` to look at."""
        telling = any(self.convention.kind(s) is Kind.DEPENDENCIES for s in section.path())
        if block.kind == "fence":
            self._fence(block, telling)
            return
        texts = [(item.line, item.text) for item in block.items] or [(block.line, block.text)]
        for line, text in texts:
            one = one_line(text)
            if telling or _PHASE_WORD.search(one) or (phase is None and in_prose(one, line)):
                self.out.statements.append(Need(one, line, "section" if telling else "prose"))

    def _fence(self, block: Block, telling: bool) -> None:
        """A flowchart, or lines with arrows in a fence under a heading about dependencies, state what comes first."""
        if arrows.is_flowchart(block):
            self.out.statements += [Need(f"{a} → {b}", line, "link") for a, b, line in arrows.links(block)]
        elif telling and not re.search("[\u2500-\u257f▼►▲◄]", block.text):
            lines = enumerate(block.text.split("\n"), block.line + 1)
            self.out.statements += [
                Need(one_line(text), n, "section") for n, text in lines if arrows.ARROW.search(text)
            ]

    def _sink(self, section: Section, text: str) -> None:
        """Add *text* to the plan's description under its headings."""
        for part in section.path():
            if part is not self.convention.title and part.line not in self.shown:
                self.shown.add(part.line)
                level = min(max(part.level, 2), 6)
                self.out.description.append(f"{'#' * level} {one_line(part.title)}")
        if text.strip():
            self.out.description.append(text)


def gather(tree: Tree, convention: Convention) -> Gathered:
    """Gather everything a settled *tree* holds."""
    out = Gathered()
    reading = Reading(tree, convention, out)
    introduction.legend(tree, out)
    walk = Gathering(tree, convention, out, _holding(tree.root, convention), reading=reading)
    walk.columns_as_phases = _several_columns(walk)
    if convention.title:
        out.title = convention.reads[convention.title].title
    introduction.goal(tree, convention, out)
    walk.section(tree.root, None)
    return out


def _holding(root: Section, convention: Convention) -> set[Section]:
    """Sections that hold tasks, themselves or below."""
    found: set[Section] = set()
    for section in root.walk():
        if section.role == "task" or any(b.role == "tasks" for b in section.blocks):
            found.update(section.path())
    return found


def _names_phases(block: Block) -> bool:
    """Tell whether the items of a list are phases that hold lists."""
    return any(any(b.kind == "list" for b in i.blocks) and headings.starts_a_phase(i.text) for i in block.items)


def _several_columns(walk: Gathering) -> bool:
    """Headings such as Backlog, Next and Later are phases when several of them hold tasks and no heading names one."""
    holding = [s for s in walk.holding if s is not walk.convention.title and s.role != "task"]
    kinds = [walk.convention.kind(s) for s in holding]
    direct = [
        s
        for s in holding
        if any(b.role == "tasks" and not _names_phases(b) for b in s.blocks) and walk.convention.kind(s) is Kind.WORK
    ]
    board = any(_BOARD.fullmatch(walk.convention.reads[s].title) for s in direct)
    return Kind.PHASE not in kinds and not board and len({s.title for s in direct}) > 1
