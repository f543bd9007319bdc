"""A folder of Backlog.md: a Markdown file a task, its fields in front matter, its criteria in a list of boxes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from attrs import evolve

from qwen_orch.errors import ValidationError
from qwen_orch.graph.state import Graph
from qwen_orch.model.draft import Draft, Warning  # noqa: A004
from qwen_orch.model.ids import TaskId
from qwen_orch.model.task import Criterion, Task
from qwen_orch.planning.export.escape import claim, code, paragraph
from qwen_orch.planning.neighbours import losses
from qwen_orch.planning.neighbours.ledger import Record, draft
from qwen_orch.planning.neighbours.losses import Speech
from qwen_orch.planning.neighbours.wording import (
    Standing,
    ids,
    literal,
    moment,
    standing,
    states_priority,
    tags_beside,
)
from qwen_orch.planning.reader.text import clean, one_line

_SPEECH = Speech(
    "Backlog.md",
    frozenset(
        (
            *("description", "priority", "parent", "phase", "depends_on", "criteria", "checks", "tags", "assignee"),
            *("doing", "cancelled"),
        )
    ),
)
_WORDS = {Standing.DOING: "In Progress", Standing.DONE: "Done", Standing.CANCELLED: "Cancelled"}
_ID = re.compile(r"[A-Za-z]+-\d+(?:\.\d+)*")
_PLAIN = re.compile(r"[A-Za-z][^:#\n]*(?<![\s:])")
_NO_TEXT = re.compile(r"true|false|null|yes|no|on|off|y|n|~", re.I)
_MOST_FILES = 20_000
_MOST_BYTES = 5_000_000
_PARENT = ("parent_task_id", "parent")


def task_files(folder: Path) -> list[Path]:
    """Return the files of the tasks that *folder* holds: in it, or where Backlog.md keeps them below it."""
    for base in (folder / "backlog", folder):
        found = [p for name in ("tasks", "completed") for p in sorted((base / name).glob("*.md"))]
        if any(map(_is_task, found[:50])):
            return found
    found = sorted(folder.glob("*.md"))
    return found if any(map(_is_task, found[:50])) else []


def _is_task(path: Path) -> bool:
    from qwen_orch.planning.reader.frontmatter import is_task, split

    if not path.is_file() or path.stat().st_size > _MOST_BYTES:
        return False
    return is_task(split(clean(path.read_bytes()[:20_000].decode("utf-8", "replace")).lstrip("\ufeff"))[0])


def parse(source: Path | bytes, title: str | None = None) -> Draft:
    """Read the folder *source*, or the bytes of one file: what is no task is left out, and told."""
    if isinstance(source, bytes):
        from qwen_orch.planning.neighbours.listing import parse as parse_file

        return parse_file(source, title)
    files = task_files(source)
    if not files or len(files) > _MOST_FILES:
        expected = "files with front matter that has id, title and status"
        raise ValidationError(f"{source} holds no tasks of Backlog.md: {expected} were expected", "/import FOLDER")
    warnings: list[Warning] = []
    records = [r for path in files if (r := _record(path, warnings))]
    return draft(_sorted(records), title or "Tasks of Backlog.md", "the files of the folder", warnings)


def _record(path: Path, warnings: list[Warning]) -> tuple[float, Record] | None:
    """Return a task with its place on the board, or None when the file holds none."""
    from qwen_orch.planning.reader import blocks, convention, decode, dialects, frontmatter, outline

    if not _is_task(path):
        warnings.append(Warning(f"{path.name} was left out: it is no task"))
        return None
    text, told = decode(path.read_bytes())
    front, body = frontmatter.split(clean(text))
    above = front.text(*_PARENT)
    alone = evolve(front, values={k: v for k, v in front.values.items() if k not in _PARENT})
    tree = blocks.parse(dialects.to_markdown(body))
    outline.shape(tree.root)
    gathered = frontmatter.gather(alone, tree, convention.settle(tree))
    found = gathered.tasks[0]
    found.line = -1
    found.origins = [evolve(o, line=None) for o in found.origins]
    warnings += [Warning(f"{path.name}: {w.message}") for w in (*told, *gathered.warnings)]
    needs = [need.text for need in found.needs]
    ordinal = front.text("ordinal")
    place = float(ordinal) if re.fullmatch(r"\d{1,12}(\.\d{1,9})?", ordinal) else -1.0
    return place, Record(found, path.name, needs, above, front.text("milestone"))


def _sorted(records: list[tuple[float, Record]]) -> list[Record]:
    """Return the tasks as the board has them if it says so of all, else by their ids."""
    if all(place >= 0 for place, _ in records):
        return [r for _, r in sorted(records, key=lambda pair: (pair[0], _natural(pair[1].found.label)))]
    return sorted((r for _, r in records), key=lambda r: _natural(r.found.label))


def _natural(label: str) -> tuple[tuple[int, int, str], ...]:
    parts = re.findall(r"\d{1,18}|[^\d]+|\d+", label.casefold())
    return tuple((0, int(p), "") if p.isdecimal() and p.isascii() else (1, 0, p) for p in parts)


def render(graph: Graph) -> dict[str, str]:
    """Return the files of the folder ``tasks`` by their names."""
    names = _names(graph)
    places = {t.id: n for n, t in enumerate(graph.ordered(), 1)}
    return {_file(names[t.id], t): _document(graph, t, names, places[t.id]) for t in graph.ordered()}


def cannot_say(graph: Graph) -> list[str]:
    """Return what Backlog.md cannot say of *graph*."""
    gone = [t for t in graph.ordered() if standing(t) is Standing.CANCELLED]
    status = "that a task is cancelled, unless config.yml lists the status Cancelled"
    return losses.losses(graph, _SPEECH, [losses.told_of(_SPEECH, status, gone)] if gone else [])


def _names(graph: Graph) -> dict[TaskId, str]:
    return ids(graph.ordered(), lambda t: t.label if _ID.fullmatch(t.label) else None, lambda n: f"TASK-{n}")


def _file(name: str, task: Task) -> str:
    words = re.sub(r"[^\w.]+", "-", one_line(clean(task.title)))[:60].strip("-.") or "task"
    return f"{name.lower()} - {words}.md"


def _document(graph: Graph, task: Task, names: dict[TaskId, str], place: int) -> str:
    description = paragraph(task.description, headings=True)
    told = ["<!-- SECTION:DESCRIPTION:BEGIN -->", *description, "<!-- SECTION:DESCRIPTION:END -->"]
    criteria = [f"- [ ] #{n} {_criterion(c)}" for n, c in enumerate(task.acceptance, 1)]
    lines = ["---", *_front(graph, task, names, place), "---", "", "## Description", "", *(told if description else [])]
    lines += ["", "## Acceptance Criteria", "<!-- AC:BEGIN -->", *criteria, "<!-- AC:END -->"] if criteria else []
    return "\n".join(lines).rstrip() + "\n"


def _criterion(criterion: Criterion) -> str:
    if not criterion.check:
        return claim(criterion.text)
    alone = criterion.text.strip() in ("", criterion.check.strip())
    return f"check: {code(criterion.check)}" if alone else f"{claim(criterion.text)} — check: {code(criterion.check)}"


def _front(graph: Graph, task: Task, names: dict[TaskId, str], place: int) -> Iterator[str]:
    phase = graph.phase(task.phase)
    person = f"@{task.assignee}" if task.assignee and " " not in task.assignee else task.assignee
    yield f"id: {names[task.id]}"
    yield f"title: {scalar(literal(task.title))}"
    yield f"status: {_WORDS.get(standing(task), 'To Do')}"
    yield from _listed("assignee", [person] if person else [])
    yield f"created_date: '{_date(moment(graph, task))}'"
    yield from [f"updated_date: '{_date(task.updated)}'"] if task.updated else []
    yield from _listed("labels", tags_beside(task, Standing.DOING))
    yield from [f"milestone: {scalar(one_line(phase.title))}"] if phase else []
    yield from _listed("dependencies", [names[d.task] for d in task.depends_on if d.task in names])
    yield from [f"parent_task_id: {names[task.parent]}"] if task.parent and task.parent in names else []
    yield from [f"priority: {'high' if task.priority.rank == 0 else task.priority}"] if states_priority(task) else []
    yield f"ordinal: {place * 1000}"


def _listed(key: str, values: Iterable[str]) -> Iterator[str]:
    items = [f"  - {scalar(one_line(v))}" for v in values]
    yield from (f"{key}:", *items) if items else (f"{key}: []",)


def scalar(text: str) -> str:
    """Return *text* as a scalar of YAML: plain where that is safe, else in the quotes that need no escape."""
    if _PLAIN.fullmatch(text) and not _NO_TEXT.fullmatch(text):
        return text
    if '"' not in text and "\\" not in text:
        return f'"{text}"'
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _date(at: str) -> str:
    return f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M}"
