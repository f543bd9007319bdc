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
from qwen_orch.errors import OrchError, SessionCorrupted, StorageError
from qwen_orch.model.ids import OrchestrationId
from qwen_orch.model.session import AGENT
from qwen_orch.store import journal, seal
from qwen_orch.store.files import Stands, standing
from qwen_orch.store.migrations import migrated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qwen_orch.project.project import Project
    from qwen_orch.project.writer import Writer

FORMAT = ["1", *SessionAnswer._fields]
"""What an index must say it is made of to be believed."""
NOWHERE: Stands = (0, 0, 0)
"""How a journal stands that is not there; what was found without one is not kept."""


class Brief(NamedTuple):
    """A session, and the record that its snapshot *reaches*."""

    reaches: int
    session: SessionAnswer


class Entry(NamedTuple):
    """The sessions of one orchestration, as they are while its journal *stands* so.

    They were found at record *seq*, whose checksum is *last*: as long as the journal holds that one, what no record
    after it tells of, and a snapshot that reaches no further than it did then, need not be read again.
    """

    stands: Stands
    briefs: tuple[Brief, ...]
    seq: int = 0
    last: str = ""


def sessions(project: Project) -> list[SessionAnswer]:
    """Return all sessions of *project*, oldest first; an orchestration that cannot be read is reported, not raised."""
    known, now = read(project), dict[str, Entry]()
    for own in project.orchestrations():
        stands = standing(project.layout.journal(own))
        entry = known.get(own)
        if entry is None or entry.stands != stands:
            entry = _found(project, OrchestrationId(own), stands or NOWHERE, entry)
        if entry is not None:
            now[own] = entry
    sure = {own: entry for own, entry in now.items() if entry.stands != NOWHERE}
    if sure != known and not (project.disk.rehearses or project.newer):
        _write(project, sure)
    return sorted((b.session for entry in now.values() for b in entry.briefs), key=_age)


def _age(session: SessionAnswer) -> tuple[str, str]:
    return session.created, session.id


def _found(project: Project, own: OrchestrationId, stands: Stands, before: Entry | None) -> Entry | None:
    """Look at one orchestration; None when it cannot be read."""
    with contextlib.suppress(seal.Damaged, KeyError, TypeError, ValueError, StorageError):
        return _in_snapshots(project, own, stands, before)
    try:
        writer = project.opened(own)
        if writer.newer:
            return Entry(NOWHERE, tuple(_understood(project, writer)))
        return _opened(writer, stands, before)
    except OrchError as error:
        project.reports.append(error.message)
        return None


def _opened(writer: Writer, stands: Stands, before: Entry | None) -> Entry:
    """Return what the graph says, as while we work; it is asked only of sessions that changed since we looked."""
    known, sessions = _unchanged(writer, before), writer.graph.sessions
    briefs = (known.get(i) or Brief(0, session_answer(sessions[i])) for i in sessions)
    return Entry(stands, tuple(briefs), writer.seq, writer.store.last)


def _unchanged(writer: Writer, before: Entry | None) -> dict[str, Brief]:
    """Return what was known *before* of the sessions of which no record tells since."""
    from qwen_orch.store.fold import parts_of

    if before is None or before.seq == 0:
        return {}
    known = {b.session.id: b for b in before.briefs}
    with contextlib.suppress(SessionCorrupted):
        for line in writer.past():
            if line.record.seq == before.seq:
                return known if seal.mark_of(line.raw) == before.last else {}
            for name in parts_of(line.record.events):
                known.pop(name, None)
    return {}


def _understood(project: Project, writer: Writer) -> Iterator[Brief]:
    """Yield the sessions that are understood of those that a later version wrote; the others are named."""
    for name in writer.graph.sessions:
        try:
            yield Brief(0, session_answer(writer.graph.sessions[name]))
        except StorageError:
            project.reports.append(f"{name} is left out: a newer qwen-orch wrote it, and it is not understood here")


def _in_snapshots(project: Project, own: OrchestrationId, stands: Stands, before: Entry | None) -> Entry:
    """Return what the snapshots say, if the journal is whole and ends with the record that they reach; raise if not."""
    plan = _page(project, project.layout.plan(own), own)
    found = journal.scan_from_first(project.disk.read(project.layout.journal(own)) or b"", own)
    if found.fault or (found.reach, found.last) != (plan["seq"], plan["record"]):
        raise seal.Damaged("the snapshots are behind, or the journal is damaged")
    goes_on = before is not None and before.seq > 0 and found.mark(before.seq) == before.last
    known = {b.session.id: b for b in before.briefs} if before and goes_on else {}
    briefs: list[Brief] = []
    for name, seq in plan["sessions"].items():
        brief = known.get(name)
        unchanged = brief is not None and brief.reaches == seq
        briefs.append(brief if brief and unchanged else _brief(_page(project, project.layout.session(name), own, seq)))
    return Entry(stands, tuple(briefs), plan["seq"], plan["record"])


def _page(project: Project, path: Path, own: OrchestrationId, seq: int | None = None) -> dict[str, Any]:
    page = migrated(seal.unseal(project.disk.read(path) or b""))
    if page["belongs_to"] != own or seq not in (None, page["seq"]):
        raise seal.Damaged("only who opens the orchestration can tell what this is")
    return page


def _brief(page: dict[str, Any]) -> Brief:
    """Return, for the session stored in *page*, what `session_answer` returns."""
    stored = page["session"]
    told: dict[str, Any] = {name: stored[name] for name in _AS_STORED}
    told |= {name: len(stored[name]) for name in _COUNTED}
    told |= {"agent": stored["metadata"].get(AGENT), "tokens": _tokens(stored.get("activity"))}
    return Brief(page["seq"], SessionAnswer(**told, type=stored["kind"], tags=tuple(stored["tags"])))


def _tokens(activity: dict[str, Any] | None) -> int:
    """Return what an agent used, as stored; older formats know of none."""
    return activity["usage"]["input"] + activity["usage"]["output"] if activity else 0


_COUNTED = ("thoughts", "notes", "decisions", "artifacts")
_AS_STORED = ("id", "kind", "state", "title", "orchestration", "task", "parent", "created", "updated")


def read(project: Project) -> dict[str, Entry]:
    """Return what the index says, which may be out of date; nothing where there is none to be believed."""
    try:
        page = seal.unseal(project.disk.read(_path(project)) or b"")
        if page["format"] != FORMAT:
            return {}
        return {own: _entry(*stored) for own, stored in page["orchestrations"].items()}
    except (seal.Damaged, KeyError, TypeError, ValueError, StorageError):
        return {}


def _entry(stands: list[int], rows: list[list[Any]], seq: int, last: str) -> Entry:
    briefs = tuple(Brief(row[0], SessionAnswer._make([*row[1:9], tuple(row[9]), *row[10:]])) for row in rows)
    return Entry((stands[0], stands[1], stands[2]), briefs, seq, last)


def _write(project: Project, entries: dict[str, Entry]) -> None:
    """Keep *entries* for the next process; where that cannot be it looks for itself."""
    rows = {own: (n.stands, [(b.reaches, *b.session) for b in n.briefs], n.seq, n.last) for own, n in entries.items()}
    with contextlib.suppress(StorageError):
        project.disk.replace(_path(project), seal.seal({"format": FORMAT, "orchestrations": rows}))


def _path(project: Project) -> Path:
    return project.home / "index.json"
