"""What an attempt changed, as git sees it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from qwen_orch.processes.worktree import Worktree, changes, look


def git(folder: Path, *words: str) -> str:
    """Run git as a person does, with nothing of this machine's settings."""
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", *identity, *words], cwd=folder, env=environment, capture_output=True, check=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit of three files."""
    git(tmp_path, "init", "-q")
    for name in ("kept.txt", "changed.txt", "removed.txt"):
        (tmp_path / name).write_text(name)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    return tmp_path


def changed_since(before: Worktree, folder: Path) -> tuple[str, ...]:
    """Return what is not as it was in *before*."""
    return changes(folder, before, look(folder))


def test_what_was_made_changed_and_removed(repository: Path) -> None:
    """Names are relative to the project, sorted; what did not change is not named."""
    before = look(repository)
    (repository / "changed.txt").write_text("other")
    (repository / "removed.txt").unlink()
    (repository / "sub dir").mkdir()
    (repository / "sub dir" / "tschüß.txt").write_text("new")
    assert changed_since(before, repository) == ("changed.txt", "removed.txt", "sub dir/tschüß.txt")


def test_a_file_that_was_dirty_already_and_is_changed_again(repository: Path) -> None:
    """It differs from what it was, though git says the same of it."""
    (repository / "changed.txt").write_text("once")
    (repository / "untouched.txt").write_text("lies about")
    before = look(repository)
    (repository / "changed.txt").write_text("twice!")
    assert changed_since(before, repository) == ("changed.txt",)


def test_the_commit_is_named(repository: Path) -> None:
    """Short, and of the moment."""
    assert look(repository).commit == git(repository, "rev-parse", "--short=12", "HEAD")


def test_a_project_in_a_folder_of_the_repository(repository: Path) -> None:
    """Only what is in the project counts, named from there, and a second change of a dirty file is seen."""
    project = repository / "services" / "shop"
    project.mkdir(parents=True)
    (project / "main.py").write_text("1")
    before = look(project)
    (project / "main.py").write_text("22")
    (project / "new.py").write_text("3")
    (repository / "elsewhere.txt").write_text("not ours")
    assert changed_since(before, project) == ("main.py", "new.py")


def test_our_own_state_is_no_change(repository: Path) -> None:
    """What we write about the work is not the work."""
    before = look(repository)
    (repository / ".qwen" / "orchestration").mkdir(parents=True)
    (repository / ".qwen" / "orchestration" / "state.json").write_text("{}")
    assert changed_since(before, repository) == ()


def test_a_repository_without_a_commit(tmp_path: Path) -> None:
    """Files are seen; there is no commit to name."""
    git(tmp_path, "init", "-q")
    before = look(tmp_path)
    (tmp_path / "first.txt").write_text("x")
    assert changed_since(before, tmp_path) == ("first.txt",)
    assert look(tmp_path).commit == ""


def test_what_was_committed_meanwhile(repository: Path) -> None:
    """A worker that commits its work leaves a clean tree; the work is there all the same."""
    before = look(repository)
    (repository / "sub dir").mkdir()
    (repository / "sub dir" / "tschüß.txt").write_text("new")
    git(repository, "add", ".")
    git(repository, "rm", "-q", "removed.txt")
    git(repository, "commit", "-qm", "second")
    assert changed_since(before, repository) == ("removed.txt", "sub dir/tschüß.txt")


def test_what_was_committed_first(tmp_path: Path) -> None:
    """Where there was no commit, all that the first one holds is new; only what is in the project counts."""
    git(tmp_path, "init", "-q")
    (tmp_path / "project").mkdir()
    before = look(tmp_path / "project")
    (tmp_path / "project" / "first.txt").write_text("x")
    (tmp_path / "elsewhere.txt").write_text("x")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    assert changed_since(before, tmp_path / "project") == ("first.txt",)


def test_an_empty_commit_is_no_change(repository: Path) -> None:
    """Whoever commits nothing has done nothing."""
    before = look(repository)
    git(repository, "commit", "-q", "--allow-empty", "-m", "nothing")
    assert look(repository).commit != before.commit
    assert changed_since(before, repository) == ()


def test_a_folder_that_is_no_repository(tmp_path: Path) -> None:
    """Nothing is known, nothing fails."""
    assert look(tmp_path) == Worktree()
    assert look(tmp_path / "gone") == Worktree()


def test_a_machine_without_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known, nothing fails."""
    monkeypatch.setenv("PATH", str(repository))
    assert look(repository) == Worktree()


def test_looking_takes_no_lock(repository: Path) -> None:
    """A task that commits at the same moment must never find git's index locked by us: we write nothing to it."""
    (repository / "kept.txt").touch()  # the index would be refreshed
    index = repository / ".git" / "index"
    before = index.stat()
    look(repository)
    assert (index.stat().st_mtime_ns, index.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
