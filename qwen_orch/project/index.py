"""The sessions of the whole project in brief, without opening a thousand orchestrations.

What was found of an orchestration is kept in ``index.json`` beside what `os.stat` said of its journal before we looked:
every change of a session is a record there, so while the journal stands, what was found holds. The index is a cache,
never the truth. One that is missing, damaged or of another version is made anew without a word; of two processes that
write it the later wins, and what the other had found is found again.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple

from qwen_orch.answers.core import SessionAnswer, session_answer
from qwen_orch.errors import OrchError, StorageError
from qwen_orch.model.ids import OrchestrationId
from qwen_orch.store import journal, seal
from qwen_orch.store.files import Stands, standing
from qwen_orch.store.migrations import migrated

if TYPE_CHECKING:
    from pathlib import Path

    from qwen_orch.project.project import Project

FORMAT = ["1", *SessionAnswer._fields]
"""What an index must say it is made of to be believed."""


class Entry(NamedTuple):
    """The sessions of one orchestration, as they are while its journal *stands* so: inode, size, time of change."""

    stands: Stands
    sessions: tuple[SessionAnswer, ...]


def sessions(project: Project) -> list[SessionAnswer]:
    """Return all sessions of *project*, oldest first; an orchestration that cannot be read is reported, not raised."""
    known, now, others = read(project), dict[str, Entry](), list[SessionAnswer]()
    for own in project.orchestrations():
        stands = standing(project.layout.journal(own))
        entry = known.get(own)
        if entry is None or entry.stands != stands:
            found = _found(project, OrchestrationId(own))
            if stands is None or found is None:
                others += found or ()
                continue
            entry = Entry(stands, found)
        now[own] = entry
    if now != known and not project.disk.rehearses:
        _write(project, now)
    return sorted((s for some in (*(e.sessions for e in now.values()), others) for s in some), key=_age)


def _age(session: SessionAnswer) -> tuple[str, str]:
    return session.created, session.id


def _found(project: Project, own: OrchestrationId) -> tuple[SessionAnswer, ...] | None:
    """Look at one orchestration; None when it cannot be read."""
    with contextlib.suppress(seal.Damaged, KeyError, TypeError, ValueError, OSError, StorageError):
        return _in_snapshots(project, own)
    try:
        return tuple(session_answer(s) for s in project.opened(own).graph.sessions.values())
    except OrchError as error:
        project.reports.append(error.message)
        return None


def _in_snapshots(project: Project, own: OrchestrationId) -> tuple[SessionAnswer, ...]:
    """Return what the snapshots say, if the journal is whole and ends with the record that they reach; raise if not."""
    plan = _page(project, project.layout.plan(own), own)
    found = journal.scan_from_first(project.disk.read(project.layout.journal(own)) or b"", own)
    if found.fault or (found.reach, found.last) != (plan["seq"], plan["record"]):
        raise seal.Damaged("the snapshots are behind, or the journal is damaged")
    return tuple(_brief(_page(project, project.layout.session(i), own, seq)) for i, seq in plan["sessions"].items())


def _page(project: Project, path: Path, own: OrchestrationId, seq: int | None = None) -> dict[str, Any]:
    page = migrated(seal.unseal(project.disk.read(path) or b""))
    if page["belongs_to"] != own or seq not in (None, page["seq"]):
        raise seal.Damaged("only who opens the orchestration can tell what this is")
    return page


def _brief(page: dict[str, Any]) -> SessionAnswer:
    """Return what `session_answer` returns for the session stored in *page*."""
    stored = page["session"]
    told: dict[str, Any] = {name: stored[name] for name in _AS_STORED}
    told |= {name: len(stored[name]) for name in _COUNTED}
    return SessionAnswer(**told, type=stored["kind"], tags=tuple(stored["tags"]))


_COUNTED = ("thoughts", "notes", "decisions", "artifacts")
_AS_STORED = ("id", "kind", "state", "title", "orchestration", "task", "parent", "created", "updated")


def read(project: Project) -> dict[str, Entry]:
    """Return what the index says, which may be out of date; nothing where there is none to be believed."""
    try:
        page = seal.unseal(project.disk.read(_path(project)) or b"")
        if page["format"] != FORMAT:
            return {}
        return {own: _entry(stands, rows) for own, (stands, rows) in page["orchestrations"].items()}
    except (seal.Damaged, KeyError, TypeError, ValueError, StorageError):
        return {}


def _entry(stands: list[int], rows: list[list[Any]]) -> Entry:
    return Entry(
        (stands[0], stands[1], stands[2]),
        tuple(SessionAnswer._make([*row[:8], tuple(row[8]), *row[9:]]) for row in rows),
    )


def _write(project: Project, entries: dict[str, Entry]) -> None:
    """Keep *entries* for the next process; where that cannot be it looks for itself."""
    rows = {own: (entry.stands, [tuple(s) for s in entry.sessions]) for own, entry in entries.items()}
    with contextlib.suppress(StorageError):
        project.disk.replace(_path(project), seal.seal({"format": FORMAT, "orchestrations": rows}))


def _path(project: Project) -> Path:
    return project.home / "index.json"
