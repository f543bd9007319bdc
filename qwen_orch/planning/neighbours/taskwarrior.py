"""Taskwarrior: what ``task export`` prints and ``task import`` reads, as an array or an object a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from qwen_orch.graph.state import Graph
from qwen_orch.model.draft import Draft
from qwen_orch.model.ids import TaskId
from qwen_orch.model.task import Priority, Task, TaskStatus
from qwen_orch.planning.neighbours import losses
from qwen_orch.planning.neighbours.ledger import Record, draft, found
from qwen_orch.planning.neighbours.loading import load, text_of, texts_of, unread
from qwen_orch.planning.neighbours.losses import Speech
from qwen_orch.planning.neighbours.wording import Standing, ids, moment, standing, states_priority, tags_beside
from qwen_orch.planning.reader.states import DEFERRED, DOING
from qwen_orch.planning.reader.text import clean, one_line

_SPEECH = Speech(
    "Taskwarrior", frozenset(("description", "priority", "phase", "depends_on", "tags", "doing", "cancelled"))
)
_PRIORITIES = {"H": Priority.HIGH, "M": Priority.MEDIUM, "L": Priority.LOW}
_LETTERS = {Priority.CRITICAL: "H", Priority.HIGH: "H", Priority.MEDIUM: "M", Priority.LOW: "L"}
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_PLACE = re.compile(r'"uuid"\s*:\s*"([^"]{1,60})"')
_READ = frozenset(
    (
        *("uuid", "description", "status", "project", "priority", "tags", "depends", "annotations", "start", "wait"),
        *("recur", "id", "entry", "modified", "end", "urgency", "mask", "imask", "parent", "rtype", "template"),
    )
)
"""Fields that are read, and those that say nothing that a plan holds."""
_APART = re.compile(r"[\s,]+")


def parse(source: bytes, title: str | None = None) -> Draft:
    """Read *source*: projects are phases, annotations descriptions; what waits for a date is deferred."""
    loaded = load(source)
    tasks = [(n, e) for n, e in loaded.entries if text_of(e.get("uuid")) and text_of(e.get("description"))]
    lines = _lines(source)
    records = [_record(entry, lines.get(text_of(entry["uuid"]), n)) for n, entry in tasks]
    warnings = [*loaded.warnings, *unread(tasks, _READ)]
    return draft(records, title or "Tasks of Taskwarrior", "the tasks of Taskwarrior", warnings)


def _lines(source: bytes) -> dict[str, int]:
    """Return on which line each task says its own id: dependencies stand in a list and are not met."""
    text = source.decode("utf-8", "replace")
    return {m[1]: n for n, line in enumerate(text.split("\n"), 1) for m in _PLACE.finditer(line)}


def _record(entry: dict[str, Any], line: int) -> Record:
    description = "\n".join(text for _, text in sorted(_annotations(entry), key=lambda a: a[0]))
    task = found(text_of(entry["description"]), text_of(entry["uuid"]), line - 1, description)
    status = text_of(entry.get("status"))
    task.status = {"completed": TaskStatus.CLAIMED, "deleted": TaskStatus.CANCELLED}.get(status, TaskStatus.PENDING)
    for tag in texts_of(entry.get("tags")):
        task.tag(tag)
    if task.status is TaskStatus.PENDING:
        task.tag(DEFERRED if status == "waiting" or entry.get("wait") else DOING if entry.get("start") else "")
    if repeats := text_of(entry.get("recur")):
        task.description.append(f"Repeats: {repeats}")
    task.priority = _PRIORITIES.get(text_of(entry.get("priority")))
    if task.priority:
        task.origin("priority", line - 1, 1.0, f"priority {entry['priority']}")
    task.origin("title", line - 1, 1.0, "a task of Taskwarrior")
    needs = texts_of(entry.get("depends"))
    return Record(task, f"line {line}" if line else "in the export", needs, phase=text_of(entry.get("project")))


def _annotations(entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    listed = entry.get("annotations")
    for note in listed if isinstance(listed, list) else []:
        if isinstance(note, dict) and (text := text_of(note.get("description"))):
            yield text_of(note.get("entry")), text


def render(graph: Graph) -> str:
    """Return *graph* as the array that ``task import`` reads, a task a line."""
    import orjson

    tasks, root = graph.ordered(), graph.root.id
    names = ids(tasks, lambda t: t.label if _UUID.fullmatch(t.label) else None, lambda n: f"{n}")
    names = {i: n if _UUID.fullmatch(n) else str(uuid5(NAMESPACE_URL, f"{root}/{i}")) for i, n in names.items()}
    lines = (orjson.dumps(_task(graph, task, names)).decode() for task in tasks)
    return "[\n" + ",\n".join(lines) + "\n]\n"


def cannot_say(graph: Graph) -> list[str]:
    """Return what Taskwarrior cannot say of *graph*."""
    lost: list[tuple[str, Callable[[Task], object]]] = [
        ("tags of several words (they are joined by _)", lambda t: any(map(_APART.search, t.tags))),
        ("blank lines and indents of descriptions", _has_gaps),
    ]
    return losses.losses(graph, _SPEECH, losses.special(graph, _SPEECH, lost))


def _task(graph: Graph, task: Task, names: dict[TaskId, str]) -> dict[str, Any]:
    now, made = standing(task), moment(graph, task)
    phase = graph.phase(task.phase)
    ended = now in (Standing.DONE, Standing.CANCELLED)
    told = {
        "uuid": names[task.id],
        "description": one_line(clean(task.title)),
        "status": {Standing.DONE: "completed", Standing.CANCELLED: "deleted"}.get(now, "pending"),
        "entry": _stamp(made),
        "modified": _stamp(moment(graph, task, task.updated)),
        "end": _stamp(moment(graph, task, task.finished, task.updated)) if ended else None,
        "start": _stamp(moment(graph, task, task.started)) if now is Standing.DOING else None,
        "project": one_line(phase.title) if phase else None,
        "priority": _LETTERS[task.priority] if states_priority(task) else None,
        "tags": [_APART.sub("_", tag) for tag in tags_beside(task, Standing.DOING)],
        "depends": [names[d.task] for d in task.depends_on if d.task in names],
        "annotations": [{"entry": _stamp(made, n), "description": line} for n, line in enumerate(_lines_of(task))],
    }
    return {key: value for key, value in told.items() if value not in (None, [])}


def _lines_of(task: Task) -> Iterator[str]:
    return (text for line in clean(task.description).split("\n") if (text := line.strip()))


def _has_gaps(task: Task) -> bool:
    return bool(task.description.strip()) and list(_lines_of(task)) != clean(task.description).strip().split("\n")


def _stamp(at: str, later: int = 0) -> str:
    """Return a time as Taskwarrior writes it, *later* by so many seconds: no two annotations have the same."""
    when = datetime.fromisoformat(at)
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    return f"{aware.astimezone(UTC) + timedelta(seconds=later):%Y%m%dT%H%M%SZ}"
