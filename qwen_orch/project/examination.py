"""What /doctor looks at, one function a thing."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from qwen_orch.answers.safety import Finding
from qwen_orch.errors import OrchError
from qwen_orch.model.ids import OrchestrationId
from qwen_orch.project.project import Project
from qwen_orch.project.writer import Writer
from qwen_orch.store.fold import folded
from qwen_orch.store.store import Store

OK, WARNING, PROBLEM = "ok", "warning", "problem"
LEAST_FREE = 50_000_000
"""Fewer free bytes than this are worth a warning."""


def examine(project: Project) -> Iterator[Finding]:
    """Yield what is found, thing by thing; nothing here raises for what it finds."""
    yield Finding("python", OK, f"{sys.version.split()[0]} at {sys.executable}")
    yield _settings(project)
    yield _folder(project)
    yield _space(project)
    yield _git()
    if project.home.is_dir():
        yield _permissions(project)
        for name in project.orchestrations():
            yield _orchestration(project, name)
    yield from (Finding("repair", WARNING, line) for line in project.take_reports())


def _settings(project: Project) -> Finding:
    try:
        project.config  # noqa: B018 - reading it checks it
    except OrchError as error:
        return Finding("settings", PROBLEM, error.message, *error.hints[:1])
    return Finding("settings", OK, "config.json is valid" if (project.home / "config.json").exists() else "all usual")


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


def _permissions(project: Project) -> Finding:
    """Mend files and folders that others may read; they hold what commands printed."""
    loose = [p for p in [project.home, *project.home.rglob("*")] if _is_loose(p)]
    try:
        for path in loose:
            with contextlib.suppress(FileNotFoundError):
                path.chmod(0o700 if path.is_dir() else 0o600)
    except OSError as error:
        return Finding("permissions", PROBLEM, f"{path} is open to others: {error.strerror}", f"chmod go= {path}")
    if loose:
        return Finding("permissions", WARNING, f"{len(loose)} were open to others; they no longer are")
    return Finding("permissions", OK, "private to you")


def _is_loose(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except OSError:  # it was there a moment ago
        return False
    return not stat.S_ISLNK(mode) and bool(mode & 0o077)


def _orchestration(project: Project, name: str) -> Finding:
    """Read all of one orchestration afresh, and hold its snapshots against its journal."""
    try:
        writer = Writer.open(Store(project.disk, project.layout, OrchestrationId(name)))
        history = writer.history()
    except OrchError as error:
        return Finding(name, PROBLEM, error.message, *error.hints[:1])
    if writer.graph.orchestration is None:
        return Finding(name, OK, "was never finished being planned; nothing was shown of it")
    if writer.repairs:
        return Finding(name, WARNING, "; ".join(writer.repairs))
    if folded(history) != writer.graph:
        return Finding(name, PROBLEM, "journal and snapshots disagree", "report this, with the folder")
    return Finding(name, OK, f"{writer.seq} steps, {len(writer.graph.tasks)} tasks, journal and snapshots agree")
