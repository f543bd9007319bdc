"""Task Master's ``tasks.json``, legacy (``{"tasks": [...]}``) and tagged (``{"master": {"tasks": [...]}}``)."""

from __future__ import annotations

from typing import Any

from qwen_orch.errors import ValidationError
from qwen_orch.model.task import Criterion
from qwen_orch.planning.reader import durations, states
from qwen_orch.planning.reader.entries import Found, Gathered, Need, PhaseFound
from qwen_orch.planning.reader.text import clean, plain
from qwen_orch.planning.reader.titles import capped

_HINT = 'the JSON that can be planned is Task Master\'s: {"tasks": [{"id": 1, "title": "..."}]}'
_TEXTS = (("description", ""), ("details", ""))
_KNOWN = frozenset(
    (
        "id",
        "title",
        "name",
        "status",
        "dependencies",
        "priority",
        "description",
        "details",
        "testStrategy",
        "subtasks",
        "tags",
        "labels",
        "assignee",
        "estimate",
        "estimatedHours",
        "acceptanceCriteria",
    )
)


def is_json(text: str) -> bool:
    """Tell whether *text* is meant as JSON: it begins with a brace, or with a bracket that holds one."""
    start = text.lstrip()[:200]
    return start.startswith("{") or (start.startswith("[") and start[1:].lstrip()[:1] in ("{", "]"))


def gather(text: str) -> Gathered:
    """Read *text*; broken JSON is repaired and reported, JSON of another shape raises `ValidationError`."""
    out = Gathered(convention="the entries of a Task Master file")
    data = _load(text, out)
    groups = _groups(data)
    for name, tasks in groups:
        phase = PhaseFound(name, 0) if len(groups) > 1 else None
        if phase:
            out.phases.append(phase)
        _add(tasks, None, phase, out, _prefix(name, groups))
    _describe(data, out)
    return out


def _load(text: str, out: Gathered) -> Any:
    import orjson

    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        return _repaired(text, line, out)


def _repaired(text: str, line: int | None, out: Gathered) -> Any:
    from json_repair import repair_json

    try:
        data = repair_json(text[:2_000_000], return_objects=True, skip_json_loads=True)
    except (RecursionError, ValueError) as error:
        raise ValidationError(f"this JSON cannot be read (line {line})", _HINT) from error
    if not data:
        raise ValidationError(f"this JSON cannot be read: it breaks off or is malformed at line {line}", _HINT)
    out.warn(
        "the JSON was broken here and was repaired: compare the tasks with the file", None if line is None else line - 1
    )
    return data


def _groups(data: Any) -> list[tuple[str, list[Any]]]:
    """The task lists by tag; one without a name when the file is a plain list."""
    if isinstance(data, list):
        return [("", data)] if _is_tasks(data) else _wrong()
    if not isinstance(data, dict):
        return _wrong()
    if isinstance(data.get("tasks"), list):
        return [("", data["tasks"])]
    tagged = [
        (clean(str(k)), v["tasks"]) for k, v in data.items() if isinstance(v, dict) and isinstance(v.get("tasks"), list)
    ]
    return tagged or _wrong()


def _is_tasks(data: list[Any]) -> bool:
    return all(isinstance(entry, dict) and ("title" in entry or "name" in entry) for entry in data)


def _wrong() -> list[tuple[str, list[Any]]]:
    raise ValidationError("this JSON holds no tasks", _HINT)


def _prefix(name: str, groups: list[tuple[str, list[Any]]]) -> str:
    return f"{name}:" if len(groups) > 1 else ""


def _add(
    entries: list[Any], parent: Found | None, phase: PhaseFound | None, out: Gathered, prefix: str, depth: int = 0
) -> None:
    for entry in entries:
        if not isinstance(entry, dict) or depth > 20:
            out.warn(f"not a task: {str(entry)[:60]}")
            continue
        task = _task(entry, parent, phase, out, prefix)
        out.tasks.append(task)
        if isinstance(entry.get("subtasks"), list):
            _add(entry["subtasks"], task, phase, out, prefix, depth + 1)


def _task(entry: dict[str, Any], parent: Found | None, phase: PhaseFound | None, out: Gathered, prefix: str) -> Found:
    whole = plain(clean(str(entry.get("title") or entry.get("name") or "")))
    title, cut = capped(whole or "(untitled)")
    task = Found(title, 0, _label(entry, parent, prefix), parent=parent, phase=phase)
    task.description = ([whole] if cut else []) + [clean(str(entry[key])) for key, _ in _TEXTS if entry.get(key)]
    task.description += [
        f"{key}: {clean(str(value))}"
        for key, value in entry.items()
        if key not in _KNOWN and isinstance(value, str | int | float) and value
    ]
    if state := states.status(str(entry.get("status", ""))):
        task.status = state[0]
        task.tag(state[1])
    task.priority = states.priority(str(entry.get("priority", "")))
    task.estimate = durations.whole(str(entry.get("estimate") or f"{entry.get('estimatedHours', '')}h"))
    task.assignee = clean(str(entry["assignee"]))[:80] if entry.get("assignee") else None
    for tag in _strings(entry.get("tags") or entry.get("labels")):
        task.tag(tag)
    proofs = [*_strings(entry.get("testStrategy")), *_strings(entry.get("acceptanceCriteria"))]
    task.criteria = [Criterion(plain(p)) for p in proofs if plain(p)]
    task.needs = _needs(entry, parent, prefix)
    task.origin("title", None, 1.0, f"entry {task.label}")
    return task


def _label(entry: dict[str, Any], parent: Found | None, prefix: str) -> str:
    own = clean(str(entry.get("id", ""))).strip()[:60]
    if parent and parent.label and own and "." not in own:
        return f"{parent.label}.{own}"
    return own if parent or not own else f"{prefix}{own}"


def _needs(entry: dict[str, Any], parent: Found | None, prefix: str) -> list[Need]:
    """Dependencies of a subtask are its siblings' numbers; ``2.1`` names another's."""
    found = []
    for value in _strings(entry.get("dependencies")):
        sibling = parent and parent.label and "." not in value
        found.append(Need(f"{parent.label}.{value}" if sibling and parent else f"{prefix}{value}", 0))
    return found


def _strings(value: Any) -> list[str]:
    if isinstance(value, list):
        return [clean(str(v)).strip() for v in value if isinstance(v, str | int | float) and str(v).strip()]
    return [clean(value).strip()] if isinstance(value, str) and value.strip() else []


def _describe(data: Any, out: Gathered) -> None:
    meta = data.get("metadata") if isinstance(data, dict) else None
    if isinstance(meta, dict):
        out.title = plain(clean(str(meta.get("projectName") or meta.get("title") or "")))
        out.goal = plain(clean(str(meta.get("description") or "")))
