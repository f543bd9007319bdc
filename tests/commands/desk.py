"""A desk at which a test works: a project in a real folder, typed lines, and what is on the disk afterwards."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from attrs import Factory, define, field

from qwen_orch.commands.context import Context, Moot, Update
from qwen_orch.commands.lexer import split
from qwen_orch.dispatch import InternalError, Outcome, run
from qwen_orch.errors import OrchError
from qwen_orch.graph.state import Graph
from qwen_orch.model.task import Task
from qwen_orch.project.project import Project
from qwen_orch.store.fold import folded

THREE = """# Shop
## Build
- [ ] Catalogue (2h) #data
  - run: `echo built > catalogue.txt`
  - check: `test -f catalogue.txt`
- [ ] Cart (3h) @ada !high
  - depends on: Catalogue
- [ ] Checkout (1h)
  - depends on: Cart
"""


@define
class RecordingDoor:
    """A door that remembers what it was asked and shown."""

    interactive: bool = False
    agrees: bool = False
    input: bytes = b""
    written: str | None = None
    asked: list[str] = Factory(list)
    shown: list[Update] = Factory(list)

    def consent(self, question: str, moot: Moot | None = None) -> bool:
        """Answer as told beforehand; where nobody can be asked, no."""
        self.asked.append(question)
        return self.interactive and self.agrees

    def show(self, update: Update) -> None:
        """Remember what was shown."""
        self.shown.append(update)

    def edit(self, text: str) -> str | None:
        """Return what the person is to have written."""
        return self.written

    def stdin(self) -> bytes:
        """Return all of what was piped in."""
        return self.input

    def kinds(self, task: str) -> list[str]:
        """Return the kinds of the updates on *task*, in order, each run of the same once."""
        kinds = [u.kind for u in self.shown if u.task == task]
        return [a for a, b in zip(kinds, [*kinds[1:], ""], strict=True) if a != b]

    def lines(self, task: str) -> list[str]:
        """Return the lines of output shown of *task*."""
        return [u.text for u in self.shown if u.task == task and u.kind == "output"]


@define
class Desk:
    """A project folder and one process's view of it."""

    root: Path
    door: RecordingDoor = Factory(RecordingDoor)
    project: Project = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.reopen()

    def reopen(self) -> Desk:
        """Forget everything and read the disk, as a new process does."""
        self.project = Project.at(self.root)
        return self

    def another(self) -> Desk:
        """Return a second process's view of the same folder."""
        return Desk(self.root)

    def run(self, line: str, yes: bool = False) -> Outcome:
        """Run one typed line."""
        outcome = run(Context(self.project, self.door, yes), split(line), last=True)
        assert not isinstance(outcome.error, InternalError), (outcome.error.message, _traceback(outcome.error))
        return outcome

    def __call__(self, line: str, yes: bool = False) -> Any:
        """Run a line that must succeed, and return its answer."""
        outcome = self.run(line, yes)
        assert outcome.error is None, (line, outcome.error)
        return outcome.answer

    def refused(self, line: str, kind: type[OrchError], yes: bool = False) -> OrchError:
        """Run a line that must fail with an error of *kind* that says what to type next; return the error."""
        outcome = self.run(line, yes)
        assert type(outcome.error) is kind, (line, outcome)
        assert outcome.error.message
        assert outcome.error.hints, f"{line} says not what to type next: {outcome.error.message}"
        return outcome.error

    def plan(self, text: str = THREE, approve: bool = True) -> Desk:
        """Plan *text*, and approve it."""
        self(f"/plan\n{text}", yes=True)
        if approve:
            self("/approve_plan --force")
        return self

    @property
    def graph(self) -> Graph:
        """The state of the current orchestration as a fresh process reads it from the disk."""
        return Project.at(self.root).writer().graph

    def task(self, number: int) -> Task:
        """Return a task as it is on the disk."""
        return self.graph.task(f"task-{number:03d}")

    def statuses(self) -> dict[int, str]:
        """Return the status of every task on the disk by its number."""
        return {int(t.id[5:]): str(t.status) for t in self.graph.ordered()}

    def sound(self) -> None:
        """Check that the journal alone says what the snapshots say."""
        writer = Project.at(self.root).writer()
        assert folded(writer.history()) == writer.graph

    def bytes_on_disk(self) -> dict[str, str]:
        """Return the digest of every file of ours and in the folder, locks and the index, a cache, apart."""
        files = (
            p
            for p in self.root.rglob("*")
            if p.is_file() and not p.name.endswith((".lock", "index.json")) and ".git/" not in str(p)
        )
        return {str(p.relative_to(self.root)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(files)}


def _traceback(error: InternalError) -> str:
    path = error.hints[0].removeprefix("the traceback is in ")
    return Path(path).read_text(encoding="utf-8")[-3000:] if Path(path).is_file() else ""


def tree(root: Path) -> dict[str, tuple[object, ...]]:
    """Return everything that is said of every file and folder: bytes, permissions, times."""
    return {
        str(p.relative_to(root)): (
            hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() else "",
            p.lstat().st_mode,
            p.lstat().st_mtime_ns,
        )
        for p in [root, *root.rglob("*")]
    }
