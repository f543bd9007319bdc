"""What /doctor looks at, one function a thing."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from qwen_orch.answers.safety import Finding
from qwen_orch.errors import OrchError
from qwen_orch.model.ids import OrchestrationId
from qwen_orch.project.project import Project
from qwen_orch.project.writer import Writer
from qwen_orch.store.fold import folded
from qwen_orch.store.store import Store

if TYPE_CHECKING:
    from qwen_orch.project.hand_edits import Edit

OK, WARNING, PROBLEM = "ok", "warning", "problem"
LEAST_FREE = 50_000_000
"""Fewer free bytes than this are worth a warning."""


def examine(project: Project, agreed: Callable[[str], bool] = lambda question: False) -> Iterator[Finding]:
    """Yield what is found, thing by thing; nothing here raises for what it finds.

    Settings that are no longer JSON are mended if *agreed* says so, asked with the difference.
    """
    yield Finding("python", OK, f"{sys.version.split()[0]} at {sys.executable}")
    yield _settings(project, agreed)
    yield _folder(project)
    yield _space(project)
    yield _git()
    if project.home.is_dir():
        yield _permissions(project)
        for name in project.orchestrations():
            yield from _orchestration(project, name)
        yield from _state(project)
    yield from (Finding("repair", WARNING, line) for line in project.take_reports())


def _settings(project: Project, agreed: Callable[[str], bool]) -> Finding:
    try:
        project.config  # noqa: B018 - reading it checks it
    except OrchError as error:
        return _mended(project, error, agreed)
    return Finding("settings", OK, "config.json is valid" if (project.home / "config.json").exists() else "all usual")


def _mended(project: Project, error: OrchError, agreed: Callable[[str], bool]) -> Finding:
    """Mend settings that an editor left broken, when a person agrees to the difference; *error* says what is wrong."""
    from qwen_orch.project import hand_edits

    try:
        mended = hand_edits.settings(project)
        if mended is None:
            return Finding("settings", PROBLEM, error.message, *error.hints[:1])
        if not agreed(f"{mended.diff}\nconfig.json is no longer JSON. Is this what it was meant to be?"):
            message = f"{error.message}; this can be mended"
            return Finding("settings", PROBLEM, message, "/doctor --yes", mended.diff)
        kept = hand_edits.accept(project, mended)
    except OrchError as worse:
        return Finding("settings", PROBLEM, f"{error.message}; {worse.message}", *worse.hints[:1])
    return Finding("settings", WARNING, f"config.json was mended; kept as backups/{kept}", "/config", mended.diff)


def _folder(project: Project) -> Finding:
    where = project.home if project.home.exists() else project.root
    if os.access(where, os.W_OK):
        return Finding("folder", OK, str(where))
    return Finding("folder", PROBLEM, f"{where} cannot be written to", "give yourself write permission")


def _space(project: Project) -> Finding:
    free = shutil.disk_usage(project.root).free
    state = OK if free > LEAST_FREE else WARNING
    return Finding("disk", state, f"{free / 1e9:.1f} GB free", "" if state == OK else "free some space")


def _git() -> Finding:
    if shutil.which("git"):
        return Finding("git", OK, "changed files are noted as evidence")
    return Finding("git", WARNING, "not found: evidence will not name changed files", "install git")


def loose(project: Project) -> list[Path]:
    """Return the files and folders of ours that others may read; they hold what commands printed."""
    return [p for p in sorted([project.home, *project.home.rglob("*")]) if _is_loose(p)]


def _permissions(project: Project) -> Finding:
    """Take files and folders from the eyes of others."""
    found = loose(project)
    if found and project.disk.rehearses:
        return Finding("permissions", WARNING, f"{len(found)} are open to others", "/doctor closes them")
    try:
        for path in found:
            with contextlib.suppress(FileNotFoundError):
                path.chmod(0o700 if path.is_dir() else 0o600)
    except OSError as error:
        return Finding("permissions", PROBLEM, f"{path} is open to others: {error.strerror}", f"chmod go= {path}")
    if found:
        return Finding("permissions", WARNING, f"{len(found)} were open to others; they no longer are")
    return Finding("permissions", OK, "private to you")


def _is_loose(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except OSError:  # it was there a moment ago
        return False
    return not stat.S_ISLNK(mode) and bool(mode & 0o077)


def _orchestration(project: Project, name: str) -> Iterator[Finding]:
    """Read all of one orchestration afresh, and hold its snapshots against its journal."""
    try:
        writer = Writer.open(Store(project.disk, project.layout, OrchestrationId(name)))
        writer.refuse_newer()
        agree = folded(writer.history()) == writer.graph  # which reads every session, and repairs it
        repairs = writer.take_repairs()
        if repairs and writer.graph.orchestration is not None:
            writer.checkpoint(last=True)
    except OrchError as error:
        yield Finding(name, PROBLEM, error.message, *error.hints[:1])
        return
    if writer.graph.orchestration is None:
        yield Finding(name, OK, "was never finished being planned; nothing was shown of it")
    elif repairs:
        yield Finding(name, WARNING, "; ".join(repairs))
    elif not agree:
        yield Finding(name, PROBLEM, "journal and snapshots disagree", "report this, with the folder")
    else:
        yield Finding(name, OK, f"{writer.seq} steps, {len(writer.graph.tasks)} tasks, journal and snapshots agree")
    if writer.graph.orchestration is not None:
        yield from _edits(project, writer)


def _edits(project: Project, writer: Writer) -> Iterator[Finding]:
    from qwen_orch.project.hand_edits import edits

    yield from map(_edit, edits(project, writer))


def _state(project: Project) -> Iterator[Finding]:
    from qwen_orch.project.hand_edits import state_edit

    try:
        project.current  # noqa: B018 - reading it puts a damaged one aside
        edit = state_edit(project)
    except OrchError as error:
        yield Finding("state", PROBLEM, error.message, *error.hints[:1])
        return
    if edit is not None:
        yield _edit(edit)


def _edit(edit: Edit) -> Finding:
    told = f"{edit.file} was edited by hand, to no effect; what was written is backups/{edit.kept}"
    return Finding("edit", WARNING, told, "; ".join(edit.steps[:4]), edit.diff)
