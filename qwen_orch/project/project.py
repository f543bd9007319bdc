"""A project: the folder, its settings, its orchestrations, and which of them is current."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self
from weakref import WeakValueDictionary

from attrs import define, field

from qwen_orch.errors import OrchError, PlanNotFound, SessionNotFound, StorageError, ValidationError
from qwen_orch.model.ids import OrchestrationId, checked, is_safe, resolve
from qwen_orch.project.writer import Writer
from qwen_orch.store import codec, seal
from qwen_orch.store.aside import keep_aside
from qwen_orch.store.files import Disk, listed, standing
from qwen_orch.store.migrations import ignoring_newer, is_newer, is_number_newer, migrated, newer_format, refuse_newer
from qwen_orch.store.snapshots import Layout
from qwen_orch.store.store import Store

if TYPE_CHECKING:
    from qwen_orch.answers.core import SessionAnswer
    from qwen_orch.graph.state import Graph
    from qwen_orch.model.event import Event
    from qwen_orch.project.config import Config
    from qwen_orch.store.journal import Record

HOME = Path(".qwen/orchestration")
KEPT_OPEN = 8
"""Orchestrations that a process keeps in memory, unless more are in use."""


def find_root(start: Path) -> Path:
    """Return the nearest folder from *start* upwards that holds our state, else the git root, else *start*."""
    above = [start, *start.parents]
    for mark in (HOME, Path(".git")):
        for folder in above:
            if os.path.exists(folder / mark):  # noqa: PTH110 - which a folder we may not look into does not stop
                return folder
    return start


class Current(NamedTuple):
    """What ``state.json`` says: the orchestration and session that commands mean when they name none."""

    orchestration: OrchestrationId | None = None
    session: str | None = None


class Listener(Protocol):
    """Somebody who wants to hear of each step of ours, once it is durable, and must neither fail nor take long."""

    def hear(self, before: Graph, record: Record, after: Graph) -> None:
        """Be told of the step *record*, and of the states before and after it."""

    def finish(self, patient: bool) -> list[str]:
        """Come to an end with what was begun, at once unless *patient*; return what went wrong, a line each."""


@define(slots=False, eq=False, repr=False)
class Project:
    """One project folder. Nothing is made on the disk before something is to be kept."""

    root: Path
    disk: Disk = field(factory=Disk)
    newer: bool = False
    """Whether a later version has written in it, as far as was seen: then caches stay as that left them."""
    reports: list[str] = field(factory=list)
    """What had to be repaired, one line each, for the next answer to show."""
    listener: Listener | None = None
    """Hears of each step of ours."""
    _said: set[str] = field(factory=set)
    """What was reported and is not to be again."""
    _writers: WeakValueDictionary[str, Writer] = field(factory=WeakValueDictionary)
    """Those that anybody holds."""
    _recent: deque[Writer] = field(factory=deque)
    """Those we hold ourselves, the one asked for last at the end."""
    _config: tuple[Config, tuple[int, ...] | None] | None = None
    """The settings, and what their file was when they were read."""
    _named: tuple[Current, tuple[int, ...] | None] | None = None
    """What the state file says is current, and what it was when it was read."""

    @classmethod
    def at(cls, folder: Path, disk: Disk | None = None) -> Self:
        """Open the project at *folder*, which must exist."""
        if not os.path.isdir(folder):  # noqa: PTH112 - it need not be readable
            kind = "is not a folder" if os.path.lexists(folder) else "does not exist"
            raise StorageError(f"the project folder {folder} {kind}", "choose an existing folder with --project")
        project = cls(folder.resolve(), disk or Disk())
        project.disk.scratch = project.layout.scratch
        project.layout.refuse_outside()
        return project

    def rehearsal(self) -> Project:
        """Return the project as a process that has just started sees it, on a disk that is written in memory alone."""
        from qwen_orch.store.rehearsal import Rehearsal

        return Project.at(self.root, Rehearsal())

    @property
    def home(self) -> Path:
        """Where the state is kept."""
        return self.root / HOME

    @cached_property
    def layout(self) -> Layout:
        """Where each file is."""
        return Layout(self.home)

    # Settings

    @property
    def config(self) -> Config:
        """The settings as they stand; raises `ValidationError` naming the line and key that are wrong.

        Where a later version has made something current, it may have written them too: then that is a `StorageError`.
        """
        from qwen_orch.project import config as settings

        path = self.home / "config.json"
        stands = standing(path)
        if self._config is None or self._config[1] != stands:
            try:
                self._config = settings.parse(self.disk.read(path) or b""), stands
            except ValidationError as error:
                self._refuse_newer_state(error.message)
                raise
        return self._config[0]

    @property
    def glance(self) -> Config:
        """The settings, to look by and not to act on: those of a later version as far as they are understood."""
        from qwen_orch.project import config as settings

        try:
            return self.config
        except StorageError as error:
            if not is_newer(error):
                raise
            self.reports.append(f"{error.message}; that is passed over")
            return settings.known(self.disk.read(self.home / "config.json") or b"")

    def configure(self, name: str, text: str) -> Config:
        """Set one key, durably; what others set meanwhile stays."""
        from qwen_orch.project import config as settings

        settings.changed(b"", name, text)  # a refusal makes no folder
        self._refuse_newer_state()
        with self.disk.locked(self.home / ".lock"):
            self._config = None
            changed = settings.changed(self.disk.read(self.home / "config.json") or b"", name, text)
            self.disk.replace(self.home / "config.json", settings.to_bytes(changed))
        return changed

    # What is current

    @property
    def current(self) -> Current:
        """What commands mean when they name nothing. Without a state file: the orchestration worked on last."""
        found = self._stated()
        if found is None:
            return self._latest()
        if found.orchestration is None or self.layout.has(found.orchestration):
            return found
        latest = self._latest()
        gone = f"{found.orchestration}, which was current, is no longer here"
        self.reports.append(f"{gone}; {latest.orchestration or 'no plan'} is")
        return latest

    def _stated(self) -> Current | None:
        """Return what the state file says, None without a whole one; it is read again only when it was written."""
        path = self.home / "state.json"
        stands = standing(path)
        if self._named is not None and self._named[1] == stands:
            return self._named[0]
        raw = self.disk.read(path)
        if raw is None:
            return None
        newer = newer_format(raw) is not None
        self.newer |= newer
        try:
            self._named = _current(seal.unseal(raw)), stands
        except (seal.Damaged, KeyError, TypeError, ValidationError) as error:
            if not newer:
                self._put_state_aside(path, raw, str(error))
                return None
            self.reports.append(
                "what a newer qwen-orch wrote in state.json is not understood: the plan worked on last is current"
            )
            self._named = self._latest(), stands
        return self._named[0]

    def _refuse_newer_state(self, what: str = "state.json") -> None:
        """Raise `StorageError` about *what*, when a later version has made something current."""
        refuse_newer(newer_format(self.disk.read(self.home / "state.json") or b""), what)

    def _put_state_aside(self, path: Path, raw: bytes, why: str) -> None:
        """Keep a damaged state file, and do without; where nothing can be written it stays."""
        try:
            kept = f"kept as backups/{keep_aside(self.disk, self.layout, path, raw).name}"
            self.disk.remove(path)
        except StorageError as error:
            kept = error.message
        self.reports.append(f"state.json was damaged ({why}); the plan worked on last is current; {kept}")

    def _latest(self) -> Current:
        """Return the orchestration whose journal was written to last; one that is empty was never shown."""
        journals = [(standing(p) or (0, 0, 0), p.stem) for p in listed(self.home, "journal/orch-*.jsonl")]
        written = [(at, name) for (_, size, at), name in journals if size and is_safe(name)]
        if written:
            return Current(OrchestrationId(max(written)[1]))
        others = self.orchestrations()  # whose journals are lost
        return Current(OrchestrationId(others[-1])) if others else Current()

    def make_current(self, orchestration: OrchestrationId, session: str | None) -> None:
        """Remember, durably, what commands mean when they name nothing; not where a later version remembers more."""
        path = self.home / "state.json"
        before = self.disk.read(path) or b""
        if newer_format(before) is not None:
            self._named = Current(orchestration, session), standing(path)
            self.reports.append(f"state.json, by a newer qwen-orch, stays: {orchestration} is current until we end")
            return
        page = {"format": codec.FORMAT, "orchestration": orchestration, "session": session}
        raw = seal.seal(page, pretty=True)
        if before != raw:
            self.disk.replace(path, raw)
            self._named = None

    # Orchestrations

    def orchestrations(self) -> list[str]:
        """Return the ids of all orchestrations, sorted."""
        return self.layout.orchestrations()

    def writer(self, orchestration: str | None = None) -> Writer:
        """Return the writer of an orchestration named by id or prefix, or of the current one.

        Raises `PlanNotFound` when there is none, `SessionCorrupted` or `StorageError` when it cannot be read.
        """
        if orchestration is None:
            found = self.current.orchestration
            if found is None:
                raise PlanNotFound("there is no plan in this project yet", "/plan TEXT", "/plan @FILE")
        else:
            found = OrchestrationId(resolve(orchestration, self.orchestrations(), PlanNotFound, "/sessions"))
        writer = self.opened(found)
        writer.graph.root  # noqa: B018 - raises PlanNotFound for a journal that was never acknowledged
        return writer

    def new_writer(self, orchestration: OrchestrationId) -> Writer:
        """Return the writer of an orchestration that is about to be created; raise `StorageError` if it is there."""
        if self.layout.has(orchestration):
            raise StorageError(f"{orchestration} exists already", "repeat the command: it gets another id")
        return self.opened(orchestration)

    def created(self, orchestration: OrchestrationId, by: str, events: list[Event], session: str | None) -> Writer:
        """Make an orchestration of its first *events*, durable and then current, and return its writer."""
        writer = self.new_writer(orchestration)
        writer.commit(by, lambda _: events)
        self.make_current(orchestration, session)
        return writer

    def opened(self, orchestration: OrchestrationId) -> Writer:
        """Return the writer of the orchestration with exactly this id, with what others have written."""
        try:
            writer = self._up_to_date(orchestration)
        except StorageError as error:
            self.newer |= is_newer(error)
            raise
        self.newer |= bool(writer.newer)
        self.reports += writer.take_repairs()
        self._hold(writer)
        return writer

    def _up_to_date(self, orchestration: OrchestrationId) -> Writer:
        writer = self._writers.get(orchestration)
        if writer is None:
            writer = Writer.open(Store(self.disk, self.layout, orchestration))
            writer.heard = self._hear
            self._writers[orchestration] = writer
        else:
            writer.refresh()
        return writer

    def _hold(self, writer: Writer) -> None:
        """Keep *writer*, and let the one go that was not asked for longest: there may be a thousand orchestrations."""
        if writer in self._recent:
            self._recent.remove(writer)
        self._recent.append(writer)
        if len(self._recent) > KEPT_OPEN:
            oldest = self._recent.popleft()
            try:
                oldest.checkpoint(last=True)
            except StorageError as error:  # its steps are in the journal
                self.reports.append(error.message)
            self.reports += oldest.take_repairs()

    def _hear(self, before: Graph, record: Record, after: Graph) -> None:
        if self.listener is not None:
            self.listener.hear(before, record, after)

    def upkeep(self) -> None:
        """End, in the current orchestration, the attempts and verifications whose process is gone.

        To be called once before each command.
        """
        current = self.current.orchestration
        if current is None:
            return
        try:
            writer = self.opened(current)
        except StorageError as error:
            if not is_newer(error):
                raise
            self._say_once(error.message)
            return
        if writer.newer:
            return
        at_work = any(t.open_attempt and t.open_attempt.executor != "manual" for t in writer.graph.tasks.values())
        if at_work or any(standing(self.layout.log(i)) for i in writer.graph.sessions.awake):
            from qwen_orch.project.upkeep import recover

            self.reports += recover(self.layout, writer)

    def _say_once(self, line: str) -> None:
        """Report *line*, unless we did: a shell need not hear before each command what a newer version wrote."""
        self.reports += {line} - self._said
        self._said.add(line)

    def writers(self) -> Iterator[Writer]:
        """Yield the writer of every orchestration that can be read; one that cannot is reported, not raised."""
        for name in self.orchestrations():
            try:
                writer = self.opened(OrchestrationId(name))
            except OrchError as error:
                self.reports.append(error.message)
                continue
            if writer.graph.orchestration is not None:
                yield writer

    def sessions(self) -> list[SessionAnswer]:
        """Return all sessions in brief, oldest first; an orchestration that cannot be read is reported, not raised."""
        from qwen_orch.project import index

        return index.sessions(self)

    def tokens(self, orchestration: str) -> int:
        """Return how many tokens agents have used in all sessions of an orchestration."""
        return sum(s.tokens for s in self.sessions() if s.orchestration == orchestration)

    def writer_of_session(self, session: str) -> tuple[Writer, str]:
        """Return the writer and full id of the session that *session*, an id or prefix, means in the whole project."""
        current = self.current.orchestration
        with ignoring_newer():  # it is not what was asked for, perhaps
            if current and session in self.opened(current).graph.sessions:
                return self.opened(current), session
        owner = self._owner(session)
        if owner and session in self.opened(owner).graph.sessions:
            return self.opened(owner), session
        owners = {s.id: s.orchestration for s in self.sessions()}
        found = resolve(session, owners, SessionNotFound, "/sessions")
        return self.opened(OrchestrationId(owners[found])), found

    def _owner(self, session: str) -> OrchestrationId | None:
        """Return the orchestration whose snapshot a session has, if its full id was given: no other need be read."""
        if not is_safe(session):
            return None
        try:
            page = seal.unseal(self.disk.read(self.layout.session(session)) or b"")
        except (seal.Damaged, StorageError):
            return None
        return OrchestrationId(page["belongs_to"])

    def checkpoint(self, last: bool = False) -> None:
        """Bring all snapshots up to date."""
        for writer in list(self._writers.values()):
            writer.checkpoint(last)

    def take_reports(self) -> list[str]:
        """Return what had to be repaired since this was last asked."""
        found = [*self.reports, *(line for writer in list(self._writers.values()) for line in writer.take_repairs())]
        self.reports = []
        return list(dict.fromkeys(found))


def _current(page: dict[str, Any]) -> Current:
    page = page if is_number_newer(page["format"]) else migrated(page)
    orchestration, session = page["orchestration"], page["session"]
    named = OrchestrationId(checked(orchestration)) if orchestration else None
    return Current(named, checked(session) if session else None)
