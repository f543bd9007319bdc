"""A project: the folder, its settings, its orchestrations, and which of them is current."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from attrs import define, field

from qwen_orch.errors import PlanNotFound, SessionNotFound, StorageError
from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import SUFFIX_ALPHABET, SUFFIX_LENGTH, OrchestrationId, resolve
from qwen_orch.project import config as settings
from qwen_orch.project.config import Config
from qwen_orch.project.writer import Writer, now
from qwen_orch.store import codec, seal
from qwen_orch.store.aside import keep_aside
from qwen_orch.store.files import Disk
from qwen_orch.store.snapshots import Layout
from qwen_orch.store.store import Store

HOME = Path(".qwen/orchestration")


def find_root(start: Path) -> Path:
    """Return the nearest folder from *start* upwards that holds our state, else the git root, else *start*."""
    above = [start, *start.parents]
    for mark in (HOME, Path(".git")):
        for folder in above:
            if (folder / mark).exists():
                return folder
    return start


class Current(NamedTuple):
    """What ``state.json`` says: the orchestration and session that commands mean when they name none."""

    orchestration: OrchestrationId | None = None
    session: str | None = None


@define(slots=False)
class Project:
    """One project folder. Nothing is made on the disk before something is to be kept."""

    root: Path
    disk: Disk = field(factory=Disk)
    reports: list[str] = field(factory=list)
    """What had to be repaired, one line each, for the next answer to show."""
    _writers: dict[str, Writer] = field(factory=dict)

    @classmethod
    def at(cls, folder: Path, disk: Disk | None = None) -> Project:
        """Open the project at *folder*, which must exist."""
        if not folder.is_dir():
            kind = "is not a folder" if folder.exists() else "does not exist"
            raise StorageError(f"the project folder {folder} {kind}", "choose an existing folder with --project")
        return cls(folder.resolve(), disk or Disk())

    @property
    def home(self) -> Path:
        """Where the state is kept."""
        return self.root / HOME

    @cached_property
    def layout(self) -> Layout:
        """Where each file is."""
        return Layout(self.home)

    # Settings

    @cached_property
    def config(self) -> Config:
        """The settings; raises `ValidationError` naming the line and key that are wrong."""
        return settings.parse(self.disk.read(self.home / "config.json") or b"")

    def configure(self, name: str, text: str) -> Config:
        """Set one key, durably."""
        changed = settings.changed(self.config, name, text)
        self.disk.replace(self.home / "config.json", settings.to_bytes(changed))
        self.__dict__["config"] = changed
        return changed

    # What is current

    @property
    def current(self) -> Current:
        """What commands mean when they name nothing. Without a state file: the orchestration worked on last."""
        path = self.home / "state.json"
        raw = self.disk.read(path)
        if raw:
            try:
                page = seal.unseal(raw)
                return Current(page["orchestration"], page["session"])
            except (seal.Damaged, KeyError) as error:
                kept = keep_aside(self.disk, self.layout, path, raw)
                self.reports.append(f"state.json was damaged ({error}); kept as backups/{kept.name}")
                self.disk.remove(path)
        return self._latest()

    def _latest(self) -> Current:
        journals = sorted(self.home.glob("journal/orch-*.jsonl"), key=lambda p: p.stat().st_mtime)
        return Current(OrchestrationId(journals[-1].stem)) if journals else Current()

    def make_current(self, orchestration: OrchestrationId, session: str | None) -> None:
        """Remember, durably, what commands mean when they name nothing."""
        page = {"format": codec.FORMAT, "orchestration": orchestration, "session": session}
        raw = seal.seal(page, pretty=True)
        if self.disk.read(self.home / "state.json") != raw:
            self.disk.replace(self.home / "state.json", raw)

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
        writer = self._opened(found)
        writer.graph.root  # noqa: B018 - raises PlanNotFound for a journal that was never acknowledged
        return writer

    def new_writer(self, orchestration: OrchestrationId) -> Writer:
        """Return the writer of an orchestration that is about to be created."""
        return self._opened(orchestration)

    def _opened(self, orchestration: OrchestrationId) -> Writer:
        writer = self._writers.get(orchestration)
        if writer is None:
            writer = Writer.open(Store(self.disk, self.layout, orchestration))
            self._writers[orchestration] = writer
        else:
            writer.refresh()
        self.reports += writer.repairs
        writer.repairs = ()
        return writer

    def upkeep(self) -> None:
        """Do what is due in the current orchestration; to be called once before each command.

        Attempts whose process is gone become ``interrupted``, and with ``autoCleanup`` idle sessions are suspended.
        """
        current = self.current.orchestration
        if current is None:
            return
        writer = self._opened(current)
        if any(t.open_attempt and t.open_attempt.executor != "manual" for t in writer.graph.tasks.values()):
            from qwen_orch.project.upkeep import recover

            self.reports += recover(self.layout, writer)
        if self.config.autoCleanup and self._idle_since(writer.graph):
            from qwen_orch.project.upkeep import suspend_timed_out

            suspend_timed_out(writer, self.config)

    def _idle_since(self, graph: Graph) -> bool:
        limit = (now() - timedelta(seconds=settings.seconds(self.config.sessionTimeout))).isoformat()
        return any(s.updated < limit and s.state == "active" for s in graph.sessions.values())

    def writers(self) -> Iterator[Writer]:
        """Yield the writer of every orchestration that can be read; one that cannot is reported, not raised."""
        for name in self.orchestrations():
            try:
                writer = self._opened(OrchestrationId(name))
            except StorageError as error:
                self.reports.append(error.message)
                continue
            if writer.graph.orchestration is not None:
                yield writer

    def writer_of_session(self, session: str) -> tuple[Writer, str]:
        """Return the writer and full id of the session that *session*, an id or prefix, means in the whole project."""
        current = self.current.orchestration
        if current and session in self._opened(current).graph.sessions:
            return self._opened(current), session
        owners = {str(s): writer for writer in self.writers() for s in writer.graph.sessions}
        found = resolve(session, owners, SessionNotFound, "/sessions")
        return owners[found], found

    def checkpoint(self, last: bool = False) -> None:
        """Bring all snapshots up to date."""
        for writer in self._writers.values():
            writer.checkpoint(last)

    def take_reports(self) -> list[str]:
        """Return what had to be repaired since this was last asked."""
        taken, self.reports = list(dict.fromkeys(self.reports)), []
        return taken


def suffix() -> str:
    """Return the random end of a new id."""
    return "".join(SUFFIX_ALPHABET[byte % len(SUFFIX_ALPHABET)] for byte in os.urandom(SUFFIX_LENGTH))
