"""What the fields of a task state: ``Label: value`` lines applied to a task that was found."""

from __future__ import annotations

import re

from attrs import define

from qwen_orch.model.task import Criterion, Estimate, TaskStatus
from qwen_orch.planning.reader import durations, fields, marks, states
from qwen_orch.planning.reader.blocks import Block, Item, Tree
from qwen_orch.planning.reader.convention import Convention
from qwen_orch.planning.reader.entries import Found, Gathered, Need
from qwen_orch.planning.reader.fields import Field
from qwen_orch.planning.reader.marks import Marks
from qwen_orch.planning.reader.text import plain


@define
class Values:
    """Applies labelled lines to tasks; *tree* is the document, *out* what was gathered, *group* numbers the lists."""

    tree: Tree
    convention: Convention
    out: Gathered
    group: int = 0

    def task(self, item: Item, parent: Found | None) -> Found:
        """Read *item* as a task below *parent*; whoever reads items says how."""
        raise NotImplementedError

    def accept(self, task: Found, text: str, line: int) -> None:
        """Add a criterion stated by *text*."""
        bare = states.box(text.strip())[1]
        bare = re.sub(r"^(?:#\d+|AC[- ]?\d+[:.)]?)\s+", "", bare)
        made = fields.criterion(marks.before(bare, Marks()))
        if made.text:
            task.criteria.append(made)
            task.origin("acceptance", line, 0.9, "listed as acceptance")

    def field(
        self, task: Found, labelled: fields.Labelled, line: int, blocks: list[Block] | None = None, raw: str = ""
    ) -> None:
        """Apply a labelled line to *task*; what it cannot mean becomes description."""
        if not self._apply(task, labelled, line, blocks or []):
            task.description.append((raw or f"{labelled.label}: {labelled.value}").strip())

    def _apply(self, task: Found, labelled: fields.Labelled, line: int, blocks: list[Block]) -> bool:
        value = labelled.value.strip()
        match labelled.field:
            case Field.RUN | Field.CHECK:
                return self._command(task, labelled, line, blocks)
            case Field.DEPENDS | Field.BLOCKS:
                nested = ", ".join(item.text for block in blocks for item in block.items)
                task.needs.append(Need(value or nested, line, reverse=labelled.field is Field.BLOCKS))
                return bool(value or nested)
            case Field.ACCEPTANCE:
                if value:
                    self.accept(task, value, line)
                self._criteria(task, blocks)
                return bool(value or blocks)
            case Field.SUBTASKS if blocks and not value:
                for item in (i for b in blocks for i in b.items):
                    self.task(item, task)
                return True
            case Field.TRACES if value and len(value) < 300:
                task.criteria.append(Criterion(f"Requirements met: {plain(value)}"))
                task.origin("acceptance", line, 0.7, f"traces to requirements {plain(value)}")
                return True
            case _:
                return self._simple(task, labelled, plain(value), line)

    def _command(self, task: Found, labelled: fields.Labelled, line: int, blocks: list[Block]) -> bool:
        scripts = [b.text.strip() for b in blocks if b.kind == "fence" and fields.is_shell(b.info)]
        if "`" not in labelled.value and not scripts:
            if labelled.value and labelled.label.lower() in ("run", "check"):
                self.out.warn(f"{labelled.label}: without backticks is text, not a command", line)
            if labelled.field is Field.CHECK and labelled.value:
                self.accept(task, labelled.value, line)
                return True
            return False
        found, words = fields.commands(labelled.value) if labelled.value else ([], "")
        found += scripts
        if labelled.field is Field.RUN:
            task.run += found
            task.origin("run", line, 0.95, f"{labelled.label}:")
            if words:
                task.description.append(words)
        else:
            task.criteria += [Criterion(words or command, command) for command in found]
            task.origin("acceptance", line, 0.95, f"{labelled.label}: with a command")
        return True

    def _simple(self, task: Found, labelled: fields.Labelled, value: str, line: int) -> bool:
        """Fields of one value; tell whether the value was understood."""
        match labelled.field:
            case Field.ESTIMATE:
                known: object = self._estimate(task, labelled, value)
            case Field.PRIORITY:
                known = level = states.priority(value)
                task.priority = level or task.priority
            case Field.ASSIGNEE if value and len(value) < 80:
                known = task.assignee = value.removeprefix("@")
            case Field.TAGS:
                known = value
                for tag in re.split(r"[,;\s、，]+", value):
                    task.tag(tag.strip("#`[]\"'"))
            case Field.STATUS:
                known = _state(task, value)
            case Field.ID if value:
                known = task.label = value
            case _:
                return False
        if known:
            task.origin(labelled.field.value, line, 0.9, f"{labelled.label}: {value}"[:120])
        return bool(known)

    def _estimate(self, task: Found, labelled: fields.Labelled, value: str) -> Estimate | None:
        estimate = durations.whole(value, self.out.legend)
        if not estimate and labelled.label.lower() in ("points", "sp", "story points"):
            estimate = durations.points(value, self.out.legend)
        if not estimate and (read := durations.leading(value)):
            estimate = read[0]
            task.description.append(f"{labelled.label}: {value}")
        task.estimate = task.estimate or estimate
        return estimate

    def _criteria(self, task: Found, blocks: list[Block]) -> None:
        for block in blocks:
            if block.kind != "list":
                self.describe(task, block.line, block.end)
            for item in block.items:
                self.accept(task, item.text, item.line)
                if item.blocks:
                    self.describe(task, item.text_end, item.end)

    def describe(self, task: Found, start: int, end: int) -> None:
        """Add raw source lines to the description."""
        if text := self.tree.source(start, end).strip("\n"):
            task.description.append(text)


def _state(task: Found, value: str) -> tuple[TaskStatus, str] | None:
    """Take the status that *value* begins with; a note after it is for the reader of the plan."""
    state = states.status(re.sub(r"\s*[(,–—-].*$", "", value)) or states.status(value)
    if state:
        task.status = state[0]
        task.tag(state[1])
    return state
