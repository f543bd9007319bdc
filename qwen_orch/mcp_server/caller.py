"""Who calls: the agent in one session of ours, which a token proves, or any client that was started on its own."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from attrs import define, field

from qwen_orch.commands.context import Context, Moot, Update
from qwen_orch.errors import SessionNotFound, StateTransitionError, StorageError, ValidationError
from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import OrchestrationId, SessionId, is_safe
from qwen_orch.model.session import TOKEN, Session, SessionKind
from qwen_orch.project.project import HOME, Current, Project, find_root
from qwen_orch.project.writer import Writer


class Nobody:
    """The door of a program: nobody can be asked, and nothing is shown but the answer."""

    interactive = False

    def consent(self, question: str, moot: Moot | None = None) -> bool:
        """Never."""
        return False

    def show(self, update: Update) -> None:
        """Nothing: standard output is for the protocol."""

    def edit(self, text: str) -> str | None:
        """Nobody can write."""
        return None

    def stdin(self) -> bytes:
        """Nothing: standard input is for the protocol."""
        return b""


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
    _project: Project | None = None

    @property
    def home(self) -> Path:
        """Where the state of the project is, whether it can be opened or not."""
        return Path(self.folder or "") / HOME

    def caller(self) -> Caller:
        """Return who calls; raise the typed error that says why nobody may: a wrong token, no such folder."""
        return Caller(Context(self._of_anybody(), Nobody())) if self.token is None else self._bound(self.token)

    def _of_anybody(self) -> Project:
        self._project = self._project or Project.at(_root(self.folder))
        return self._project

    def _bound(self, token: str) -> Caller:
        name, _, secret = token.partition(":")
        project = self._project or ProjectOfSession.at(_root(self.folder))
        assert isinstance(project, ProjectOfSession)
        session = _proven(project, name, secret)
        project.here = Current(session.orchestration, session.id)
        self._project = project
        return Caller(Context(project, Nobody()), session.id, session.kind)


def _proven(project: Project, name: str, secret: str) -> Session:
    """Return the session *name* if *secret* is its own; raise `ValidationError`, the same whatever is wrong."""
    wrong = ValidationError("the token in QWEN_ORCH_TOKEN is not that of a session in this project")
    try:
        session = project.writer_of_session(name)[0].graph.session(name) if is_safe(name) else None
    except SessionNotFound:
        session = None
    said = hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
    if session is None or not hmac.compare_digest(session.metadata.get(TOKEN, ""), said):
        raise wrong
    return session


def _root(folder: str | None) -> Path:
    if folder is not None:
        return Path(folder).expanduser()
    try:
        return find_root(Path.cwd())
    except FileNotFoundError:
        raise StorageError("the current folder no longer exists", "qwen-orch mcp --project DIR") from None
