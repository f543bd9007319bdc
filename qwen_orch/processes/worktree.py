"""What an attempt changed in the files, as git sees it; nothing where there is no git."""

from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path

from attrs import frozen

MOST_FILES = 200
"""More changed files than this are not listed one by one in evidence."""


@frozen
class Worktree:
    """The commit that is checked out, and the files that differ from it with their size and time of change.

    Nothing is *known* of a folder that git does not look after.
    """

    commit: str = ""
    files: frozenset[tuple[str, int, int]] = frozenset()
    known: bool = False

    def changed_after(self, moment: str) -> tuple[str, ...]:
        """Return those of the files that were written after *moment*; what lay about before is not counted."""
        since = datetime.fromisoformat(moment).timestamp() * 1e9
        return tuple(sorted(path for path, _, written in self.files if written >= since))


def look(root: Path) -> Worktree:
    """Return what git says of *root* now."""
    status = _git(root, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", ".", ":!.qwen")
    if status is None:
        return Worktree()
    commit = (_git(root, "rev-parse", "--short=12", "HEAD") or "").strip()
    prefix = (_git(root, "rev-parse", "--show-prefix") or "").rstrip("\n")  # git names files from its own root
    names = [entry[3:].removeprefix(prefix) for entry in status.split("\0") if len(entry) > 3]
    return Worktree(commit, frozenset(_state(root, name) for name in names[: 20 * MOST_FILES]), known=True)


def changes(root: Path, before: Worktree, after: Worktree) -> tuple[str, ...]:
    """Return the paths that are not as they were, committed meanwhile or not, sorted."""
    lying = {path for path, _, _ in before.files ^ after.files}
    return tuple(sorted(lying | _committed(root, before, after)))


def _committed(root: Path, before: Worktree, after: Worktree) -> set[str]:
    """Return the paths in which the two commits differ; before the first commit there is nothing."""
    if not after.commit or after.commit == before.commit:
        return set()
    base = before.commit or (_git(root, "hash-object", "-t", "tree", "--stdin") or "").strip()
    words = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--relative", base, after.commit)
    return set((_git(root, *words, "--", ".", ":!.qwen") or "").split("\0")) - {""}


def _state(root: Path, name: str) -> tuple[str, int, int]:
    try:
        found = (root / name).lstat()
    except OSError:
        return name, -1, 0
    return name, found.st_size, found.st_mtime_ns


def _git(root: Path, *arguments: str) -> str | None:
    careful = ("--no-optional-locks", "-c", "core.fsmonitor=false")  # a task may need the lock; no program of theirs
    words = ["git", *careful, "-C", str(root), *arguments]
    try:
        done = subprocess.run(words, capture_output=True, timeout=20, check=True, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace")
