"""What people change in our JSON with an editor: settings are theirs to change, everything else is ours to tell.

The settings may be edited. When an editor leaves a comma too many, a comment or a bracket too few, the file is mended,
and a person accepts the difference first. All other files are sealed: an edit breaks the seal, the file is put aside
and rebuilt, so that the edit had no effect. Then what it would have changed is told, and the command that changes it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import orjson

from qwen_orch.errors import OrchError, ValidationError
from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import SessionId, is_safe
from qwen_orch.model.task import TaskStatus
from qwen_orch.model.text import clean, one_word
from qwen_orch.project.config import parse
from qwen_orch.project.project import Project
from qwen_orch.project.writer import Writer
from qwen_orch.store import seal
from qwen_orch.store.aside import keep_aside
from qwen_orch.store.codec import unstructure
from qwen_orch.store.fold import folded

LONGEST = 200
"""Characters shown of a value."""
MOST_LINES = 40
"""Lines shown of a difference."""


class Mended(NamedTuple):
    """The settings as they were written and as they were meant, and the difference in lines."""

    written: bytes
    meant: bytes
    diff: str


class Edit(NamedTuple):
    """What a file that was put aside says otherwise: its name, where it is kept, the difference, what makes it so."""

    file: str
    kept: str
    diff: str
    steps: tuple[str, ...]


# Settings


def settings(project: Project) -> Mended | None:
    """Return how ``config.json`` can be mended; None when it is JSON already.

    Raises `ValidationError` when nothing valid can be made of it.
    """
    written = project.disk.read(project.home / "config.json") or b"{}"
    if _is_json(written):
        return None
    meant = orjson.dumps(_repaired(written), option=orjson.OPT_INDENT_2) + b"\n"
    parse(meant)
    return Mended(written, meant, _difference(written, meant))


def accept(project: Project, mended: Mended) -> str:
    """Put the settings as they were meant in the place of the file, which is kept; return where, below ``backups/``.

    Raises `ValidationError` when somebody has written to the file since it was shown.
    """
    path = project.home / "config.json"
    with project.disk.locked(project.home / ".lock"):
        if project.disk.read(path) != mended.written:
            raise ValidationError("config.json was changed just now", "/doctor")
        kept = keep_aside(project.disk, project.layout, path, mended.written)
        project.disk.replace(path, mended.meant)
    return kept.name


def _is_json(raw: bytes) -> bool:
    try:
        orjson.loads(raw)
    except orjson.JSONDecodeError:
        return False
    return True


def _repaired(raw: bytes) -> dict[str, Any]:
    """Return the object that damaged JSON was meant to be; raise `ValidationError` when it is none."""
    from json_repair import loads

    try:
        found = loads(raw.decode())
    except (ValueError, RecursionError) as error:
        raise ValidationError(f"this cannot be mended: {error}", "/doctor") from None
    if not isinstance(found, dict):
        raise ValidationError("this cannot be mended: an object {...} is expected", "/doctor")
    return found


def _difference(before: bytes, after: bytes) -> str:
    old, new = (raw.decode("utf-8", "replace").splitlines() for raw in (before, after))
    return _shown(list(map(clean, difflib.unified_diff(old, new, lineterm="", n=1)))[2:])


def _shown(lines: list[str]) -> str:
    """Return a difference of at most `MOST_LINES`, and how many there are besides."""
    rest = [f"… and {len(lines) - MOST_LINES} lines more"] if len(lines) > MOST_LINES else []
    return "\n".join([*lines[:MOST_LINES], *rest])


# Sealed files

Fields: TypeAlias = "dict[tuple[str, str], Any]"
"""The values of a snapshot by the id of what they belong to and their name."""


def edits(project: Project, writer: Writer) -> Iterator[Edit]:
    """Yield what people changed in files of an orchestration that were put aside, as far as it is not so by now.

    A value counts that differs from what was written then, when nobody has changed it since.
    """
    own = writer.graph.root.id
    names = {f"plans-{own}.json": "plan", f"manifests-{own}.json": "manifest"}
    names |= {f"sessions-{i}.json": i for i in writer.graph.sessions}
    for name, part in names.items():
        kept = _newest(project, name)
        raw = project.disk.read(kept) if kept else None
        if kept and raw and not seal.intact(raw):
            yield from _edit(writer, part, raw, name.replace("-", "/", 1), kept.name)


def state_edit(project: Project) -> Edit | None:
    """Return what a person wanted to be current, by an edit of ``state.json`` after which nothing was made current."""
    kept = _newest(project, "orchestration-state.json")
    if kept is None or (kept.exists() and _written_at(project.home / "state.json") > _written_at(kept)):
        return None
    try:
        page = _repaired(project.disk.read(kept) or b"")
    except ValidationError:
        return None
    names = [str(page[key]) for key in ("session", "orchestration") if page.get(key) and is_safe(str(page[key]))]
    known = [n for n in names if project.layout.has(n) or project.disk.read(project.layout.session(n)) is not None]
    current = project.current
    if not known or known[0] in (current.orchestration, current.session):
        return None
    diff = f"- {current.session or current.orchestration}\n+ {known[0]}"
    return Edit("state.json", kept.name, diff, (f"/resume {known[0]}",))


def _newest(project: Project, name: str) -> Path | None:
    """Return the copy that was kept last of a file, by the name of its kind in ``backups/``."""
    return max(project.disk.glob(project.layout.backups, f"{name}.*.damaged"), default=None)


def _written_at(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def _edit(writer: Writer, part: str, raw: bytes, file: str, kept: str) -> Iterator[Edit]:
    try:
        page = _repaired(raw)
        edited = _FIELDS.get(part, _session)(page)
        standing = folded(writer.history()[: page["seq"]])
    except (OrchError, KeyError, TypeError, AttributeError):
        return  # damage, not an edit
    whole = "checksum" in page  # which comes last: a file without it was cut, not edited
    if not whole or page.get("belongs_to") != writer.graph.root.id or standing.orchestration is None:
        return
    before, now = _of(standing, part), _of(writer.graph, part)
    missing = object()
    changed = [
        key
        for key in dict.fromkeys((*before, *edited))
        if edited.get(key, missing) != before.get(key, missing) == now.get(key, missing)
    ]
    if changed:
        lines = [line for key in changed for line in _lines(key, before, edited)]
        steps = dict.fromkeys(_step(*key, edited.get(key)) for key in changed)
        yield Edit(file, kept, _shown(lines), tuple(steps))


def _of(graph: Graph, part: str) -> Fields:
    """Return the values of one part of *graph*, as its snapshot tells them."""
    if part == "plan":
        page = {"orchestration": unstructure(graph.root)}
    elif part == "manifest":
        page = {"tasks": [unstructure(t) for t in graph.ordered()]}
    else:
        session = graph.sessions.get(SessionId(part))
        page = {"session": unstructure(session) if session else {"id": part}}
    plain: dict[str, Any] = orjson.loads(orjson.dumps(page))
    return _FIELDS.get(part, _session)(plain)


def _plan(page: Mapping[str, Any]) -> Fields:
    root = page["orchestration"]
    return {(root["id"], k): v for k, v in {**root, **root["plan"]}.items() if k != "plan"}


def _manifest(page: Mapping[str, Any]) -> Fields:
    return {(task["id"], name): value for task in page["tasks"] for name, value in task.items()}


def _session(page: Mapping[str, Any]) -> Fields:
    return {(page["session"]["id"], name): value for name, value in page["session"].items()}


_FIELDS: dict[str, Callable[[Mapping[str, Any]], Fields]] = {"plan": _plan, "manifest": _manifest}
"""How a snapshot is taken apart; that of a session by `_session`."""


def _lines(key: tuple[str, str], before: Fields, edited: Fields) -> Iterator[str]:
    for sign, values in (("-", before), ("+", edited)):
        if key in values:
            value = clean(orjson.dumps(values[key]).decode())
            yield f"{sign} {clean(key[0])} {clean(key[1])}: {value[:LONGEST]}{'…' if len(value) > LONGEST else ''}"


_EARNED = {
    TaskStatus.PENDING: "/update_task {} status:pending",
    TaskStatus.IN_PROGRESS: "/new_task {}",
    TaskStatus.CLAIMED: "/complete_task {}",
    TaskStatus.COMPLETED: "/complete_task {}",
    TaskStatus.CANCELLED: "/cancel_task {}",
}
_ELSEWHERE = "/export_plan json, edit it, /import FILE"
_PLAIN = ("title", "description", "priority", "assignee", "parent", "phase")


def _step(owner: str, name: str, value: Any) -> str:
    """Return the command that makes a value what an edit made it."""
    if not owner.startswith("task-"):
        return {"notes": "/note TEXT", "decisions": "/decide TEXT"}.get(name, _ELSEWHERE)
    if value is None and name not in _PLAIN:
        return f"/cancel_task {owner}"
    if name == "status":
        return _EARNED.get(value, _EARNED[TaskStatus.PENDING]).format(owner)
    return f"/update_task {owner} {_term(name, value)}"


def _term(name: str, value: Any) -> str:
    """Return the words that set a field of a task."""
    if name in _PLAIN:
        return f"{name}:{_quoted(value)}"
    if name == "tags":
        return f"tags:{_quoted(','.join(map(str, value)))}"
    if name == "depends_on":
        return f"depends_on:{_quoted(','.join(str(d['task']) for d in value))}"
    if name == "estimate":
        return "estimate:" + "-".join(f"{value[n]:g}h" for n in ("low", "likely", "high"))
    if name == "run":
        return " ".join(["run:none", *(f"run:{_quoted(command)}" for command in value)])
    return f"{'accept' if name == 'acceptance' else name}:…"


def _quoted(value: Any) -> str:
    return one_word(clean(str(value)) if value else "none")
