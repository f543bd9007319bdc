"""The block between ``---`` lines at the top of a Markdown file, and files that are one task each (Backlog.md)."""

from __future__ import annotations

import re

from attrs import frozen

from qwen_orch.planning.reader import durations, headings, states
from qwen_orch.planning.reader.blocks import Section, Tree
from qwen_orch.planning.reader.convention import Convention
from qwen_orch.planning.reader.entries import Found, Gathered, Need
from qwen_orch.planning.reader.headings import Kind
from qwen_orch.planning.reader.items import Reading
from qwen_orch.planning.reader.text import plain
from qwen_orch.planning.reader.titles import capped

_PAIR = re.compile(r"([A-Za-z_][\w .-]{0,40}):(?:\s+(.*))?$")
_MAX_LINES = 300
Value = str | list[str]


@frozen
class Front:
    """What front matter says: *values* by key in lower case; *lines* is how many lines it took."""

    values: dict[str, Value]
    lines: int = 0

    def text(self, *keys: str) -> str:
        """The first of *keys* that holds one value."""
        return next((v for k in keys if isinstance(v := self.values.get(k), str) and v), "")

    def listed(self, *keys: str) -> list[str]:
        """The values of the first of *keys* that is there, as a list."""
        for key in keys:
            if value := self.values.get(key):
                return [value] if isinstance(value, str) else value
        return []


def split(text: str) -> tuple[Front, str]:
    """Take front matter off *text*; its lines become empty ones, so that line numbers stay."""
    if not text.startswith("---"):
        return Front({}), text
    lines = text.split("\n", _MAX_LINES)
    end = next((n for n, line in enumerate(lines[1:_MAX_LINES], 1) if line.strip() in ("---", "...")), 0)
    if lines[0].strip() != "---" or not end or not any(_PAIR.match(line) for line in lines[1:end]):
        return Front({}), text
    return Front(_values(lines[1:end]), end + 1), "\n" * (end + 1) + "\n".join(lines[end + 1 :])


def _values(lines: list[str]) -> dict[str, Value]:
    """Scalars, flow lists and block lists: the part of YAML that such files use."""
    found: dict[str, Value] = {}
    key = ""
    for line in lines:
        stripped = line.strip()
        if stripped.startswith("- ") and key:
            known = found.get(key)
            found[key] = [*(known if isinstance(known, list) else []), _scalar(stripped[2:])]
        elif match := _PAIR.match(line):
            key = match[1].strip().lower()
            found[key] = _value(match[2] or "")
        elif key and stripped and isinstance(known := found[key], str):
            found[key] = f"{known} {stripped}".strip(" >|")
    return found


def _value(text: str) -> Value:
    bare = text.strip()
    if bare.startswith("[") and bare.endswith("]"):
        return [_scalar(part) for part in bare[1:-1].split(",") if part.strip()]
    return _scalar(bare)


def _scalar(text: str) -> str:
    bare = text.strip()
    return bare[1:-1] if len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "'\"" else bare


def is_task(front: Front) -> bool:
    """Tell whether the file is one task: it has a title with a status or an id."""
    return bool(front.text("title")) and bool(front.text("status") or front.text("id"))


def gather(front: Front, tree: Tree, convention: Convention) -> Gathered:
    """Read a file that is one task: fields from the front matter, criteria and description from its sections."""
    out = Gathered(convention="the file itself, by its front matter")
    whole = plain(front.text("title"))
    title, cut = capped(whole)
    task = Found(title, 0, front.text("id"))
    task.description = [whole] if cut else []
    _fields(task, front, out)
    out.tasks.append(task)
    out.title, out.goal = title, title
    reading = Reading(tree, convention, out)
    for section in tree.root.walk():
        _section(section, task, reading, convention)
    return out


def _fields(task: Found, front: Front, out: Gathered) -> None:
    if state := states.status(front.text("status")):
        task.status = state[0]
        task.tag(state[1])
        task.origin("status", 0, 0.95, f"status: {front.text('status')}")
    task.priority = states.priority(front.text("priority"))
    task.estimate = durations.whole(front.text("estimate", "effort", "estimated_hours"))
    people = front.listed("assignee", "assignees", "owner")
    task.assignee = people[0].lstrip("@") if people else None
    for tag in front.listed("labels", "tags"):
        task.tag(tag)
    task.needs = [Need(name, 0) for name in front.listed("dependencies", "depends_on", "blocked_by")]
    if parent := front.text("parent_task_id", "parent"):
        out.warn(f"this task is part of {parent}, which is not in this file", 0)
        task.description.append(f"Part of {parent}")


def _section(section: Section, task: Found, reading: Reading, convention: Convention) -> None:
    kind = convention.kind(section)
    if (
        section.parent
        and kind is not Kind.CRITERIA
        and section is not convention.title
        and headings.read(section.title).title.lower() != "description"
    ):
        task.description.append(f"{'#' * max(section.level, 2)} {section.title}")
    for block in section.blocks:
        if block.kind == "list" and kind is Kind.CRITERIA:
            for item in block.items:
                reading.accept(task, item.text, item.line)
        elif block.kind not in ("comment", "rule"):
            reading.describe(task, block.line, block.end)
