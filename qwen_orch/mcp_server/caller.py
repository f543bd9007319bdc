"""Who calls: the agent in one session of ours, which a token proves, or any client that was started on its own."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from attrs import define, field

from qwen_orch.commands.context import Context, Nobody
from qwen_orch.errors import SessionNotFound, StateTransitionError, StorageError, ValidationError
from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import OrchestrationId, SessionId, is_safe
from qwen_orch.model.session import TOKEN, Session, SessionKind
from qwen_orch.project import token
from qwen_orch.project.project import HOME, Current, Project, find_root
from qwen_orch.project.writer import Writer

DOOR = Nobody("behind a tool")


@define(slots=False, eq=False, repr=False)
class ProjectOfSession(Project):
    """The project as the agent in a session sees it: that one is current, whatever a person turns to meanwhile."""

    here: Current = field(factory=Current)

    @property
    def current(self) -> Current:
        """The session of the agent, in its orchestration."""
        return self.here

    def make_current(self, orchestration: OrchestrationId, session: str | None) -> None:
        """Nothing: what is current is the person's to choose."""

    def upkeep(self) -> None:
        """Nothing: whoever runs the agent keeps its attempt."""


@define(eq=False, repr=False)
class Caller:
    """Who called a tool: with the hands of a command, and bound to *session*, of this *kind*, or to none."""

    ctx: Context
    session: SessionId | None = None
    kind: SessionKind | None = None

    @property
    def writer(self) -> Writer:
        """The writer of the orchestration that is meant; raises `PlanNotFound` without one."""
        return self.ctx.writer

    def own(self, graph: Graph) -> Session:
        """Return the session that the caller is bound to; raise `StateTransitionError` when reports no longer count."""
        session = graph.session(str(self.session))
        task = graph.tasks.get(session.task) if session.task and session.kind is SessionKind.TASK else None
        attempt = task.open_attempt if task else None
        if task and (attempt is None or attempt.session != session.id):
            raise StateTransitionError(
                f"this attempt has ended: {task.id} is {task.status}. No report of it counts now"
            )
        if session.state.ended:
            raise StateTransitionError(f"this session has ended: it is {session.state}. No report of it counts now")
        return session


@define
class Reception:
    """Tells who calls, anew for each call: a session may have ended, or its token been taken back."""

    folder: str | None
    token: str | None

    @property
    def home(self) -> Path:
        """Where the state of the project is, whether it can be opened or not."""
        return Path(self.folder or "") / HOME

    @cached_property
    def _project(self) -> Project:
        return Project.at(_root(self.folder))

    @cached_property
    def _project_of_session(self) -> ProjectOfSession:
        return ProjectOfSession.at(_root(self.folder))

    def caller(self) -> Caller:
        """Return who calls; raise the typed error that says why nobody may: a wrong token, no such folder."""
        if self.token is None:
            return Caller(Context(self._project, DOOR))
        project = self._project_of_session
        session = _proven(project, self.token)
        project.here = Current(session.orchestration, session.id)
        return Caller(Context(project, DOOR), session.id, session.kind)


def _proven(project: Project, said: str) -> Session:
    """Return the session of the token that was *said*; raise `ValidationError`, the same whatever is wrong with it."""
    name = token.session_of(said)
    try:
        session = project.writer_of_session(name)[0].graph.session(name) if is_safe(name) else None
    except SessionNotFound:
        session = None
    if session is None or not token.proves(said, session.metadata.get(TOKEN, "")):
        raise ValidationError(f"the token in {token.VARIABLE} is not that of a session in this project")
    return session


def _root(folder: str | None) -> Path:
    if folder is not None:
        return Path(folder).expanduser()
    try:
        return find_root(Path.cwd())
    except FileNotFoundError:
        raise StorageError("the current folder no longer exists", "qwen-orch mcp --project DIR") from None
