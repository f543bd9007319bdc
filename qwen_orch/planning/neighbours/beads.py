"""The ``issues.jsonl`` of beads (bd): an issue a line, with what it depends on; also what ``bd list --json`` prints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from qwen_orch.graph.state import Graph
from qwen_orch.model.draft import Draft
from qwen_orch.model.ids import TaskId
from qwen_orch.model.task import Criterion, Estimate, Priority, Task, TaskStatus
from qwen_orch.planning.neighbours import losses
from qwen_orch.planning.neighbours.ledger import Record, draft, found
from qwen_orch.planning.neighbours.loading import Loaded, load, text_of, texts_of, unread
from qwen_orch.planning.neighbours.losses import Speech
from qwen_orch.planning.neighbours.wording import Standing, criterion_words, ids, moment, standing, tags_beside
from qwen_orch.planning.reader.states import DEFERRED, DOING
from qwen_orch.planning.reader.text import clean, one_line

_SPEECH = Speech(
    "beads",
    frozenset(
        (
            *("description", "priority", "critical", "parent", "depends_on", "estimate", "criteria", "tags"),
            *("assignee", "doing", "cancelled"),
        )
    ),
)
_BLOCKING = ("blocks", "waits-for", "conditional-blocks")
_STATUSES = {"in_progress": DOING, "hooked": DOING, "deferred": DEFERRED}
_CANCELLED = re.compile(
    r"\W*(?:cancell?ed|abandoned|duplicate|dupe|won['’]?t[- ]?fix|superseded|obsoleted?|not planned|rejected)\b", re.I
)
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?(?=\S)")
_KINDS = ("bug", "feature", "epic", "chore", "decision", "spike", "story", "milestone")
"""Issue types that say more than that it is a task; they are tags here."""
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*-[A-Za-z0-9][A-Za-z0-9_.-]*")
_MOST_TITLE = 500
_READ = frozenset(
    (
        *("id", "title", "description", "design", "notes", "acceptance_criteria", "status", "priority", "issue_type"),
        *("assignee", "labels", "dependencies", "estimated_minutes", "close_reason", "_type"),
    )
)
_IGNORED = frozenset(
    (
        *("content_hash", "created_at", "updated_at", "closed_at", "started_at", "created_by", "source_repo", "parent"),
        *("compaction_level", "original_size", "dependency_count", "dependent_count", "comment_count"),
    )
)


def parse(source: bytes, title: str | None = None) -> Draft:
    """Read *source*; deleted issues (tombstones) and records that are no issues are left out, and counted."""
    loaded = load(source)
    issues = [(n, e) for n, e in loaded.entries if _is_issue(e)]
    warnings = [*loaded.warnings, *unread(issues, _READ | _IGNORED)]
    records = [_record(entry, line or place) for place, (line, entry) in enumerate(issues, 1)]
    plan = draft(records, title or "Issues of beads", "the issues of beads", warnings)
    return _told(plan, loaded, len(issues))


def _told(plan: Draft, loaded: Loaded, issues: int) -> Draft:
    from attrs import evolve

    from qwen_orch.model.draft import Warning  # noqa: A004

    left = len(loaded.entries) - issues
    told = Warning(f"{left} records were left out: deleted issues, or no issues at all")
    return evolve(plan, warnings=(*plan.warnings, told)) if left else plan


def _is_issue(entry: dict[str, Any]) -> bool:
    kind = entry.get("_type", "issue")
    return kind == "issue" and entry.get("status") != "tombstone" and bool(text_of(entry.get("title")))


def _record(entry: dict[str, Any], line: int) -> Record:
    task = found(text_of(entry.get("title")), text_of(entry.get("id")), line - 1, _description(entry))
    status = text_of(entry.get("status"))
    if status == "closed":
        task.status = TaskStatus.CANCELLED if _CANCELLED.match(_reason(entry)) else TaskStatus.CLAIMED
    kind = text_of(entry.get("issue_type"))
    for tag in (*texts_of(entry.get("labels")), kind if kind in _KINDS else "", _STATUSES.get(status, "")):
        task.tag(tag)
    task.priority = _priority(entry.get("priority"))
    task.estimate = _estimate(entry.get("estimated_minutes"))
    task.assignee = text_of(entry.get("assignee"))[:80] or None
    task.criteria = [Criterion(text) for text in _criteria(text_of(entry.get("acceptance_criteria")))]
    task.origin("title", line - 1, 1.0, "an issue of beads")
    waits = list(_waits(entry))
    above = next((i for i, kind in waits if kind == "parent-child"), "")
    return Record(task, f"line {line}", [i for i, kind in waits if kind in _BLOCKING], above)


def _description(entry: dict[str, Any]) -> str:
    more = [f"{name.capitalize()}:\n{text}" for name in ("design", "notes") if (text := text_of(entry.get(name)))]
    return "\n\n".join(filter(None, (text_of(entry.get("description")), *more)))


def _reason(entry: dict[str, Any]) -> str:
    return text_of(entry.get("close_reason"))


def _priority(value: Any) -> Priority | None:
    """Return what P0 to P4 means; older files leave the key out, which says nothing."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return list(Priority)[min(max(value, 0), 3)]


def _estimate(minutes: Any) -> Estimate | None:
    if not isinstance(minutes, int | float) or isinstance(minutes, bool) or not 0 < minutes < 1e7:
        return None
    hours = minutes / 60
    return Estimate(hours, hours, hours, 0.7)


def _criteria(text: str) -> list[str]:
    """Return the criteria of a list, or the whole text as one."""
    lines = [line for line in text.split("\n") if line.strip()]
    if all(map(_ITEM.match, lines)):
        return [one_line(_ITEM.sub("", line, count=1)) for line in lines]
    return [one_line(text)]


def _waits(entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the id and kind of everything the issue is linked to."""
    listed = entry.get("dependencies")
    for link in listed if isinstance(listed, list) else []:
        if isinstance(link, dict):
            kind = text_of(link.get("type") or link.get("dependency_type"))
            yield text_of(link.get("depends_on_id") or link.get("id")), kind


def render(graph: Graph) -> str:
    """Return *graph* as JSON Lines that ``bd import`` reads."""
    import orjson

    tasks = graph.ordered()
    names = ids(tasks, lambda t: t.label if _ID.fullmatch(t.label) else None, lambda n: f"task-{n:03d}")
    return "".join(f"{orjson.dumps(_issue(graph, task, names)).decode()}\n" for task in tasks)


def cannot_say(graph: Graph) -> list[str]:
    """Return what beads cannot say of *graph*."""
    return losses.losses(graph, _SPEECH)


def _issue(graph: Graph, task: Task, names: dict[TaskId, str]) -> dict[str, Any]:
    now = standing(task)
    tags = tags_beside(task, Standing.DOING, Standing.DEFERRED)
    kind = next((tag for tag in tags if tag in _KINDS), "task")
    closed = now in (Standing.DONE, Standing.CANCELLED)
    words = {Standing.DOING: "in_progress", Standing.DEFERRED: "deferred", Standing.OPEN: "open"}
    issue = {
        "id": names[task.id],
        "title": one_line(clean(task.title))[:_MOST_TITLE],
        "description": clean(task.description).strip(),
        "acceptance_criteria": "\n".join(f"- {one_line(clean(criterion_words(c)))}" for c in task.acceptance),
        "status": words.get(now, "closed"),
        "priority": task.priority.rank,
        "issue_type": kind,
        "assignee": task.assignee,
        "estimated_minutes": round(task.estimate.likely * 60) if task.estimate else None,
        "created_at": moment(graph, task),
        "updated_at": moment(graph, task, task.updated),
        "closed_at": moment(graph, task, task.finished, task.updated) if closed else None,
        "close_reason": "cancelled" if now is Standing.CANCELLED else None,
        "labels": [tag for tag in tags if tag != kind],
        "dependencies": list(_links(graph, task, names)),
    }
    return {key: value for key, value in issue.items() if value not in (None, "", [])}


def _links(graph: Graph, task: Task, names: dict[TaskId, str]) -> Iterator[dict[str, str]]:
    links = [(task.parent, "parent-child")] if task.parent else []
    for waits, kind in (*links, *((d.task, "blocks") for d in task.depends_on)):
        if waits in names:
            link = {"issue_id": names[task.id], "depends_on_id": names[waits], "type": kind}
            yield {**link, "created_at": moment(graph, task), "created_by": "qwen-orch"}
