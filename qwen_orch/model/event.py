"""Every persistent change, one class each: a fact, past tense, frozen.

An event belongs to one *part* of what is stored: the ``plan``, the ``manifest`` (tasks) or one ``session``. The state
is three independent folds, so a part can be restored from its own snapshot, however old, without the others. Times are
not here: the journal record that holds the event says when.
"""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias, get_args

from attrs import frozen

from qwen_orch.model.activity import Action, ActionState, Finding, PermissionRequest, Usage
from qwen_orch.model.ids import SessionId, TaskId
from qwen_orch.model.plan import Decision, Orchestration, Plan
from qwen_orch.model.session import Artifact, Note, Session, SessionState, Thought
from qwen_orch.model.task import Attempt, Criterion, Evidence, Outcome, Task

Part: TypeAlias = Literal["plan", "manifest", "session"]


class PlanEvent:
    """A change of the orchestration and its plan."""

    part: ClassVar[Part] = "plan"
    __slots__ = ()


class ManifestEvent:
    """A change of the tasks."""

    part: ClassVar[Part] = "manifest"
    __slots__ = ()


class SessionEvent:
    """A change of sessions."""

    part: ClassVar[Part] = "session"
    __slots__ = ()


@frozen
class TaskEvent(ManifestEvent):
    """A change of the one task with the id *task*."""

    task: TaskId


@frozen
class InSession(SessionEvent):
    """A change of the one session with the id *id*."""

    id: SessionId


@frozen
class OrchestrationCreated(PlanEvent):
    """A goal was taken up, with its first plan in draft."""

    orchestration: Orchestration


@frozen
class PlanApproved(PlanEvent):
    """A person consented to the plan and to the commands of its quality gates."""


@frozen
class PlanCompleted(PlanEvent):
    """A completeness check found everything done."""


@frozen
class PlanReopened(PlanEvent):
    """A completed plan has work again."""


@frozen
class PlanReset(PlanEvent):
    """The plan was emptied; its requirements stay when they were preserved."""

    preserve_requirements: bool


@frozen
class GatesVerified(PlanEvent):
    """The quality gates were looked at; *gates* are they, with what was found."""

    gates: tuple[Criterion, ...]


@frozen
class PlanRevised(PlanEvent):
    """An edited text was merged into the plan; *plan* is the whole new one, a draft again when something is new."""

    plan: Plan


@frozen
class PlanTitled(PlanEvent):
    """The plan is called so now: a draft that was begun by a thought, or a text that was merged, said it."""

    title: str


@frozen
class CheckpointNamed(PlanEvent):
    """Record *seq* of the journal was given a name to come back to."""

    name: str
    seq: int


@frozen
class PlanRestored(PlanEvent):
    """The orchestration is again as it once was (undo, or rebuilt after damage)."""

    orchestration: Orchestration


@frozen
class TasksAdded(ManifestEvent):
    """Tasks joined the manifest."""

    tasks: tuple[Task, ...]


@frozen
class TasksRemoved(ManifestEvent):
    """Tasks left the manifest: the plan was reset or replaced."""

    tasks: tuple[TaskId, ...]


@frozen
class TaskEdited(ManifestEvent):
    """The named *fields* of a task were changed by a person; *task* is the whole new record."""

    task: Task
    fields: tuple[str, ...]


@frozen
class CommandsApproved(ManifestEvent):
    """A person saw the commands of these tasks and consented to running them."""

    tasks: tuple[TaskId, ...]


@frozen
class AttemptStarted(TaskEvent):
    """Work on a task began. Durable before any process is spawned."""

    attempt: Attempt


@frozen
class ProgressReported(TaskEvent):
    """A worker said how far it is (0 to 1)."""

    progress: float


@frozen
class AttemptEnded(TaskEvent):
    """The attempt under way ended without a claim: *outcome* says how, *detail* why, *output* what it printed last."""

    outcome: Outcome
    detail: str = ""
    output: str = ""
    evidence: tuple[Evidence, ...] = ()


@frozen
class TaskClaimed(TaskEvent):
    """A worker claims that the task is done; only a verdict makes it so."""

    by: str
    summary: str = ""
    output: str = ""
    evidence: tuple[Evidence, ...] = ()


@frozen
class VerdictGiven(TaskEvent):
    """Verification looked at a task: *acceptance* are its criteria with what was found; *passed* makes it completed."""

    passed: bool
    acceptance: tuple[Criterion, ...] = ()
    evidence: tuple[Evidence, ...] = ()


@frozen
class CriteriaChecked(TaskEvent):
    """Verification looked at a task and could not decide: it stays claimed, with what was found."""

    acceptance: tuple[Criterion, ...]


@frozen
class TaskCancelled(TaskEvent):
    """A task is no longer wanted."""

    reason: str = ""


@frozen
class TaskReopened(TaskEvent):
    """A settled or failed task is pending again."""


@frozen
class TasksRestored(ManifestEvent):
    """These tasks are again as they once were, and *removed* are gone (undo, or rebuilt after damage)."""

    tasks: tuple[Task, ...]
    removed: tuple[TaskId, ...] = ()


@frozen
class SessionOpened(SessionEvent):
    """A stretch of work began."""

    session: Session


@frozen
class SessionMoved(InSession):
    """A session was suspended, resumed, completed or failed."""

    state: SessionState
    reason: str = ""


@frozen
class ThoughtRecorded(InSession):
    """A step of sequential thinking was taken."""

    thought: Thought


@frozen
class ThinkingFinished(InSession):
    """The chain of thoughts is complete."""


@frozen
class NoteAdded(InSession):
    """Something is to be kept in the session's context."""

    note: Note


@frozen
class DecisionMade(InSession):
    """Something was settled in the session."""

    decision: Decision


@frozen
class ArtifactRecorded(InSession):
    """A file came out of the session."""

    artifact: Artifact


@frozen
class ActionBegan(InSession):
    """The agent in the session began to use a tool."""

    action: Action


@frozen
class ActionEnded(InSession):
    """The tool call named *call* ended. It changed *files*, as far as the agent told; *ran*: or any file."""

    call: str
    state: ActionState
    files: tuple[str, ...] = ()
    ran: bool = False


@frozen
class UsageReported(InSession):
    """The agent spent so many tokens more."""

    usage: Usage


@frozen
class PermissionAsked(InSession):
    """The agent asked whether it may do something; it waits for the answer."""

    request: PermissionRequest


@frozen
class PermissionAnswered(InSession):
    """The request *number* was answered, once, *by* somebody."""

    number: int
    allowed: bool
    by: str


@frozen
class DoneClaimed(InSession):
    """The agent says that the task of the session is done. The attempt goes on until its turn ends."""

    summary: str


@frozen
class FindingReported(InSession):
    """A reviewing agent said what it found of a criterion; a later one of the same criterion replaces it."""

    finding: Finding


@frozen
class MetadataRecorded(InSession):
    """A fact about the session for programs: the id that the agent has for it, for one."""

    key: str
    value: str


@frozen
class SessionRestored(SessionEvent):
    """A session is again as it once was (undo, or rebuilt after damage)."""

    session: Session


@frozen
class SessionsRemoved(SessionEvent):
    """A step that had opened these sessions was undone."""

    ids: tuple[SessionId, ...]


Event: TypeAlias = (
    OrchestrationCreated
    | PlanApproved
    | PlanCompleted
    | PlanReopened
    | PlanReset
    | GatesVerified
    | PlanRevised
    | PlanTitled
    | CheckpointNamed
    | PlanRestored
    | TasksAdded
    | TasksRemoved
    | TaskEdited
    | CommandsApproved
    | AttemptStarted
    | ProgressReported
    | AttemptEnded
    | TaskClaimed
    | VerdictGiven
    | CriteriaChecked
    | TaskCancelled
    | TaskReopened
    | TasksRestored
    | SessionOpened
    | SessionMoved
    | ThoughtRecorded
    | ThinkingFinished
    | NoteAdded
    | DecisionMade
    | ArtifactRecorded
    | ActionBegan
    | ActionEnded
    | UsageReported
    | PermissionAsked
    | PermissionAnswered
    | DoneClaimed
    | FindingReported
    | MetadataRecorded
    | SessionRestored
    | SessionsRemoved
)

EVENTS: dict[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}
"""Every kind of event by the name it has in the journal."""
