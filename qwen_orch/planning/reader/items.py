"""From a list item, heading or table row to a task: its title, its fields and what stands under it."""

from __future__ import annotations

import re

from attrs import define

from qwen_orch.model.task import Priority, TaskStatus
from qwen_orch.planning.reader import durations, fields, headings, ids, marks, people, states, tails, titles
from qwen_orch.planning.reader.blocks import Block, Item
from qwen_orch.planning.reader.brackets import bracketed
from qwen_orch.planning.reader.convention import MARKED
from qwen_orch.planning.reader.entries import Found, Need
from qwen_orch.planning.reader.fields import Field
from qwen_orch.planning.reader.headings import Kind
from qwen_orch.planning.reader.marks import Marks
from qwen_orch.planning.reader.series import is_id, is_marked
from qwen_orch.planning.reader.statements import in_prose, states_only
from qwen_orch.planning.reader.text import one_line, plain, without_comments
from qwen_orch.planning.reader.values import Values

_REFERENCE = re.compile(r"\d")
_PLACE = re.compile(r"\s*\|\s+(?=\S)")


@define
class Reading(Values):
    """What reading an item needs: the tree, the document's convention, where results go and the task list's number."""

    def task(self, item: Item, parent: Found | None) -> Found:
        """Read *item* as a task below *parent*, add it and everything under it to the results."""
        found = Marks()
        task = Found("", item.line, parent=parent, group=self.group, number=item.number)
        text = self._identify(task, without_comments(item.text.strip()), found)
        head, below = _own_lines(text) if task.own else _lines(text)
        if struck := marks.struck(head, found):
            head, aside = struck
            if aside:
                task.description.append(plain(aside))
        self._entitle(task, head, found)
        self.out.tasks.append(task)
        for offset, line in enumerate(below):
            self.line(task, line, item.line + text.count("\n") - len(below) + 1 + offset)
        self.below(
            task, item.blocks, plain_parts=not found.boxed and not task.label and self.convention.strength < MARKED
        )
        return task

    def _identify(self, task: Found, text: str, found: Marks) -> str:
        """Take box, id and leading marks off *text*."""
        boxed, text = states.box(text)
        optional = boxed is not None and text.startswith("* ")
        if boxed is not None:
            found.boxed = True
            found.state(boxed, "", "box", 0.98)
            text = text[2:].lstrip() if optional else text
        for _ in range(2):
            text = self._take_id(task, text, found)
            text = text if task.own and text.startswith("**") else marks.before(text, found)
        if optional:
            task.tag(states.OPTIONAL)
            task.priority = Priority.LOW
            task.origin("priority", task.line, 0.8, "marked optional with *")
        return text

    def _take_id(self, task: Found, text: str, found: Marks) -> str:
        id_ = None if task.label else ids.identifier(text, weak=True)
        if (
            not id_
            or not id_.rest.strip(" *`:")
            or not (id_.label.isdigit() or (found.boxed and not id_.weak) or is_id(id_, self.convention.prefixes))
        ):
            return text
        if id_.label.isdigit() and not id_.sure and not found.boxed and not id_.own:
            return text
        task.label, task.own = id_.label, id_.own
        if id_.prefix == "step" and task.parent and task.parent.label:
            task.label = f"{task.parent.label}.{id_.label}"
        task.origin("label", task.line, 0.95 if id_.sure else 0.8, f"the text begins with {id_.label}")
        return id_.rest

    def _entitle(self, task: Found, head: str, found: Marks) -> None:
        """Set title, marks and stated needs from the words of the item."""
        text = self._numbered_needs(one_line(head), task)
        line = task.line
        task.needs += in_prose(text, line)
        text = marks.behind(text, found) if task.own else marks.after(text, found)
        if not task.own:
            text = self._before_tail(text, task, found)
            text = marks.within(_person(_issue(text, task), found), found)
        title, rest = (text, "") if task.own else titles.split(text)
        title = marks.after(title, found) if rest else title
        bare = self._without_needs(title, task)
        title = bare if bare == title or task.own else marks.after(bare, found)
        shown = titles.tidy(title) if not task.own else plain(title)
        task.title, cut = titles.capped(shown or plain(head) or "(untitled)")
        if cut:
            task.description.append(shown)
            self.out.warn(f"a title of {len(shown)} characters was cut; its whole text is in the description", line)
        if not task.own and task.estimate is None and found.estimate is None and (told := durations.told(text)):
            found.effort(told, "a sentence says how long it takes")
        if rest.strip(" ."):
            task.description.append(plain(rest))
        task.take(found, line)
        self.apply(task, found)

    def _before_tail(self, text: str, task: Found, found: Marks) -> str:
        """Read the marks before a tail such as ``, depends on T1``, and cut it off when it is understood."""
        tail = tails.find(text)
        if tail is None or (tail.fields and not bracketed(tail.fields, found)):
            return text
        head = marks.after(tail.head, found)
        if not (task.needs and states_only(tail.names)):
            return head + (f" (after {tail.names})" if tail.fields else text[len(tail.head) :])
        if not tail.names.startswith(('"', "“")):
            task.needs = [need for need in task.needs if not need.text.startswith(tail.names)]
            task.needs.append(Need(tail.names, task.line))
        return head

    def apply(self, task: Found, found: Marks) -> None:
        """Apply the ``label value`` pairs that stood in parentheses behind a title."""
        for name, value in found.fields:
            field = fields.which(name)
            if field is None:
                task.description.append(value)
            else:
                self.field(task, fields.Labelled(field, name, value), task.line)

    def _numbered_needs(self, text: str, task: Found) -> str:
        """In a numbered list ``, after 2 and 3`` at the end of an item means the items of these numbers."""
        match = _NEED_TAIL.search(text) if task.number else None
        if match and match.start() >= 3 and match[0][:3].strip()[:1] in ",;-–—([" and states_only(match[1], bare=True):
            task.needs.append(Need(match[1], task.line))
            return text[: match.start()]
        return text

    def _without_needs(self, title: str, task: Found) -> str:
        """Cut ``, depends on T1`` off the end of a title when it was understood."""
        match = _NEED_TAIL.search(title) if task.needs else None
        return title[: match.start()] if match and match.start() >= 3 and states_only(match[1]) else title

    def line(self, task: Found, text: str, line: int) -> None:
        """Read one line under a title: a field, a scenario or description."""
        labelled = fields.labelled(text) or fields.loose(text)
        if labelled:
            self.field(task, labelled, line, raw=text)
        elif fields.is_scenario(text):
            self.accept(task, text, line)
        elif text.strip():
            task.description.append(text.strip())
            task.needs += in_prose(text, line)

    def below(self, task: Found, blocks: list[Block], plain_parts: bool = False) -> None:
        """Read what stands under a task: fields, criteria, subtasks, and description for the rest."""
        for at, block in enumerate(blocks):
            following = blocks[at + 1] if at + 1 < len(blocks) else None
            if block.kind == "paragraph":
                self._paragraph(task, block, following)
            elif block.kind == "list":
                self._list(task, block, plain_parts)
            elif block.kind not in ("rule", "comment") and not (block.kind == "fence" and block.role == "used"):
                self.describe(task, block.line, block.end)

    def _paragraph(self, task: Found, block: Block, following: Block | None) -> None:
        tied = following is not None and following.label is block
        lines = block.text.split("\n")
        if tied and following:
            read = fields.labelled(lines[-1])
            if (
                read
                and not read.value
                and following.kind == "fence"
                and read.field in (Field.RUN, Field.CHECK)
                and fields.is_shell(following.info)
            ):
                self.field(task, read, block.line, [following])
                following.role = "used"
                lines = lines[:-1]
            elif following.kind == "list" and self._list_role(following) != "text":
                lines = lines[:-1]
        self._texts(task, lines, block)

    def _texts(self, task: Found, lines: list[str], block: Block) -> None:
        if any(fields.labelled(line) or fields.is_scenario(line) for line in lines):
            for offset, line in enumerate(_joined_scenarios(lines)):
                self.line(task, line, block.line + offset)
        elif lines and any(line.strip() for line in lines):
            self.describe(task, block.line, block.line + len(lines))
            task.needs += in_prose(one_line(" ".join(lines)), block.line)

    def _list_role(self, block: Block) -> str:
        """What a list under a task is by its label: criteria, subtasks, fields or text."""
        if block.label is None:
            return "mixed"
        last = block.label.text.rsplit("\n", 1)[-1]
        read = fields.labelled(last)
        if read and not read.value:
            return {
                Field.ACCEPTANCE: "criteria",
                Field.CHECK: "criteria",
                Field.SUBTASKS: "subtasks",
                Field.DEPENDS: "depends",
            }.get(read.field, "text")
        kind = headings.read(last).kind
        return "criteria" if kind is Kind.CRITERIA else "text"

    def _list(self, task: Found, block: Block, plain_parts: bool) -> None:
        role = self._list_role(block)
        if role == "criteria":
            self._criteria(task, [block])
        elif role == "depends":
            task.needs += [Need(item.text, item.line) for item in block.items]
        else:
            self._mixed(
                task, block, role == "subtasks" or (plain_parts and role == "mixed"), only_marked=role == "text"
            )

    def _mixed(self, task: Found, block: Block, plain_parts: bool, only_marked: bool = False) -> None:
        start: int | None = None
        for item in block.items:
            if self._read_item(task, item, plain_parts, only_marked):
                if start is not None:
                    self.describe(task, start, item.line)
                start = None
            elif start is None:
                start = item.line
        if start is not None:
            self.describe(task, start, block.end)

    def _read_item(self, task: Found, item: Item, plain_parts: bool, only_marked: bool) -> bool:
        """Read one item under a task as part, field or criterion; False leaves it to the description."""
        if is_marked(item, self.convention.prefixes):
            self.task(item, task)
            return True
        if only_marked:
            return False
        labelled = fields.labelled(item.text)
        if labelled and labelled.field is not Field.PROSE:
            self.field(task, labelled, item.line, item.blocks, raw=item.text)
            return True
        if fields.is_scenario(item.text):
            self.accept(task, one_line(item.text), item.line)
            return True
        if (plain_parts and not labelled) or _has_own_effort(item):
            self.task(item, task)
            return True
        task.needs += in_prose(one_line(item.text), item.line)
        return False


_ISSUE = re.compile(r"\s*\((#\d{1,7})\)$")
_PERSON = re.compile(r"@([^\W\d_][\w.-]{0,60}?)([:,]?)\s+(?=\S)|([A-Z][a-z]{1,20}) to (?=[a-z])")
_NEED_TAIL = re.compile(
    r"\s*[,;，；–—(\[-]*\s*(?:\b(?:depends on|blocked by|requires|after)\b|依赖(?:于)?)\s*[:：]?\s*([^()]*?)[)\]]?$",
    re.I,
)


def _issue(text: str, task: Found) -> str:
    """``Cache pages (#12)``: the issue's number is the id of a task that has no other."""
    match = None if task.label or "(#" not in text else _ISSUE.search(text)
    if match and match.start():
        task.label = match[1]
        task.origin("label", task.line, 0.8, f"issue {match[1]}")
        return text[: match.start()]
    return text


def _person(text: str, found: Marks) -> str:
    """``@ann: write it`` and ``Ann to write it`` name who does it."""
    match = _PERSON.match(text)
    rest = text[match.end() :] if match else ""
    if match and (people.is_called(match[1], match[2], rest) if match[1] else people.is_sent(match[3], rest)):
        found.assignee = found.assignee or match[1] or match[3]
        found.note("assignee", 0.8, match[0].strip())
        return rest
    return text


def _has_own_effort(item: Item) -> bool:
    found = Marks()
    marks.after(one_line(item.text)[-200:], found)
    return found.estimate is not None


def _own_lines(text: str) -> tuple[str, list[str]]:
    head, *below = text.split("\n")
    return head, below


def _lines(text: str) -> tuple[str, list[str]]:
    """Split the lines of an item into those of its title and those below it (fields and what follows them)."""
    lines = text.split("\n")
    first, *placed = _PLACE.split(lines[0]) if "|" in lines[0] else [lines[0]]
    if placed and all(fields.labelled(part) for part in placed):
        return first, placed + lines[1:]
    if len(lines) == 1:
        return text, []
    probe = Marks()
    marks.after(one_line(lines[0])[-300:], probe)
    if probe.seen:
        return lines[0], lines[1:]
    at = next(
        (n for n, line in enumerate(lines[1:], 1) if fields.labelled(line) or fields.is_scenario(line)), len(lines)
    )
    return "\n".join(lines[:at]), lines[at:]


def _joined_scenarios(lines: list[str]) -> list[str]:
    """Put Given, When and Then lines that follow one another on one line."""
    joined: list[str] = []
    for line in lines:
        if (
            joined
            and re.match(r"[\s*_]*(?:when|then|and|but)\b", line, re.I)
            and re.match(r"[\s*_]*given\b", joined[-1], re.I)
        ):
            joined[-1] += " " + line.strip()
        else:
            joined.append(line)
    return joined


def settle_deferred(task: Found) -> None:
    """A deferred task is of low priority unless the document says another."""
    if states.DEFERRED in task.tags and task.priority is None and task.status is TaskStatus.PENDING:
        task.priority = Priority.LOW
        task.origin("priority", task.line, 0.6, "deferred")
