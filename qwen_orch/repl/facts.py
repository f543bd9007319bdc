"""What completion and the toolbar know: the state as last seen, indexed once for each graph, and names of things."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from attrs import define, evolve, field

from qwen_orch.graph.query import status_word
from qwen_orch.graph.state import Graph
from qwen_orch.model.task import Task, TaskStatus
from qwen_orch.model.text import clip, one_line
from qwen_orch.project.project import Project
from qwen_orch.project.writer import now
from qwen_orch.repl.standing import Standing, asking, standing
from qwen_orch.store import files

if TYPE_CHECKING:
    from qwen_orch.answers.core import SessionAnswer
    from qwen_orch.model.session import Session

_FIRST = (TaskStatus.IN_PROGRESS, TaskStatus.CLAIMED, TaskStatus.FAILED, TaskStatus.PENDING)
_RANK = {status: rank for rank, status in enumerate((*_FIRST, TaskStatus.COMPLETED, TaskStatus.CANCELLED))}
ABOUT = 60
"""How many columns what stands beside an id may take."""
FEW = 200
"""Sessions of the current orchestration that are read to say something beside their names; of more the index tells."""


class Named(NamedTuple):
    """Something that can be named, and what to say beside its name; *also* is what it is found by, too."""

    name: str
    about: str = ""
    also: str = ""


@define
class Facts:
    """What is known of *project*. `see` is told the newest state; nothing else here reads a file of ours."""

    project: Project
    graph: Graph = field(factory=Graph)
    session: str | None = None
    standing: Standing | None = None
    watch: Callable[[], Callable[[], None] | None] = lambda: None
    """Called now and then while the prompt waits: takes in what others did; returns what says it, if anything does."""
    _tasks: list[tuple[Task, str]] | None = None
    _sessions: list[Named] | None = None
    _orchestrations: list[str] | None = None
    _listed: tuple[list[str], files.Stands | None] = ([], None)

    def see(self, graph: Graph, session: str | None) -> None:
        """Take in the state that is current now."""
        if graph.tasks is not self.graph.tasks:
            self._tasks = None
        self._sessions = self._orchestrations = None
        self.graph, self.session = graph, session
        self.standing = standing(graph, session, now())

    def notice(self, graph: Graph) -> None:
        """Take in the state while keys are pressed: what was counted and still holds is not counted again.

        Agents at work change their sessions many times a second, and the tasks seldom.
        """
        before = self.graph
        if self.standing is None or graph.tasks is not before.tasks or graph.root.plan is not before.root.plan:
            self.see(graph, self.session)
        else:
            self.graph, self._sessions = graph, None
            self.standing = evolve(self.standing, asking=asking(graph))

    def tasks(self) -> list[tuple[Task, str]]:
        """Return the tasks, those under way first, settled last, each with its label and title in small letters."""
        if self._tasks is None:
            tasks = sorted(self.graph.ordered(), key=lambda t: _RANK[t.status])
            self._tasks = [(t, f"{t.label}\n{t.title}".lower()) for t in tasks]
        return self._tasks

    def about_task(self, task: Task) -> str:
        """Return what stands beside the id of *task*."""
        return clip(one_line(f"{status_word(self.graph, task, now())} · {task.title}"), ABOUT)

    def sessions(self) -> list[Named]:
        """Return the sessions of the current orchestration, newest first, then the names of the others."""
        if self._sessions is None:
            here = self._many() if len(self.graph.sessions) > FEW else self.graph.sessions_by_age()
            self._sessions = [Named(s.id, _about_session(s.state, s.kind, s.title)) for s in reversed(here)]
        told = {s.name for s in self._sessions}
        return self._sessions + [Named(n, self._where(n)) for n in self._names() if n not in told]

    def _many(self) -> Sequence[Session | SessionAnswer]:
        """Return the sessions of the current orchestration as the index last knew them, then those active now."""
        from qwen_orch.project.index import read

        known, active = read(self.project).get(self.graph.root.id), self.graph.sessions.active()
        news = {s.id for s in active}
        return [*(b.session for b in (known.briefs if known else ()) if b.session.id not in news), *active]

    def _where(self, session: str) -> str:
        return "" if session in self.graph.sessions else "another orchestration"

    def orchestrations(self) -> list[Named]:
        """Return the orchestrations, the current one first."""
        root = self.graph.orchestration
        here = [Named(root.id, clip(one_line(f"current · {root.title}"), ABOUT))] if root else []
        if self._orchestrations is None:
            self._orchestrations = self.project.orchestrations()
        return here + [Named(i) for i in self._orchestrations if root is None or i != root.id]

    def _names(self) -> list[str]:
        """Return the names of all sessions in the project; the folder is listed again when it has changed."""
        folder = self.project.home / "sessions"
        stands = files.standing(folder)
        if stands != self._listed[1]:
            names = sorted(path.stem for path in folder.glob("session-*.json"))
            self._listed = names, stands
        return self._listed[0]

    def templates(self) -> list[Named]:
        """Return the playbooks."""
        from qwen_orch.planning.playbooks import names

        return [Named(name, "playbook") for name in names(self.project.home / "playbooks")]

    def settings(self) -> list[Named]:
        """Return the keys of the configuration."""
        from qwen_orch.project.config import KEYS

        return [Named(name, key.metadata["meaning"]) for name, key in KEYS.items()]


def _about_session(state: str, kind: str, title: str) -> str:
    return clip(one_line(f"{state} · {kind} · {title}"), ABOUT)
