"""What an agent reports of its work: how far it is, what it decided, that it is done, what it found."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from qwen_orch.answers.reports import Reported
from qwen_orch.commands.context import task_named
from qwen_orch.errors import StateTransitionError, ValidationError
from qwen_orch.graph.state import Graph
from qwen_orch.mcp_server.caller import Caller
from qwen_orch.mcp_server.keeping import keep
from qwen_orch.mcp_server.tools import Argument, Tool
from qwen_orch.model import event as e
from qwen_orch.model.activity import Finding
from qwen_orch.model.ids import SessionId
from qwen_orch.model.plan import Decision
from qwen_orch.model.session import Note, Session
from qwen_orch.model.task import Attempt, Executor, Task

TASK = Argument(
    "task", "string", "the task: its id, its number, or the label that the plan gives it", True, longest=200
)
SUMMARY = Argument("summary", "string", "what was done, and how it was proven", required=True)
SHORT = 4_000


def report_progress(caller: Caller, said: dict[str, Any]) -> Reported:
    """Keep how far a task is, and the note. What is known already is not kept twice."""
    note = said.get("note", "").strip()
    found: list[Task] = []

    def added(graph: Graph, session: Session, at: str) -> list[e.Event]:
        task = graph.task(session.task if caller.session and session.task else task_named(graph, said["task"]))
        found[:] = [task]
        events: list[e.Event] = []
        if task.progress != said["progress"]:
            events.append(e.ProgressReported(task.id, said["progress"]))
        if note and note not in (n.text for n in session.notes):
            events.append(e.NoteAdded(session.id, Note(note, at)))
        return events

    session = keep(caller, "report_progress", added, None if caller.session else _worked_in(caller, said["task"]))
    return Reported(session.id, f"{said['progress']:.0%}", found[0].id)


def _worked_in(caller: Caller, name: str) -> SessionId:
    """Return the session of the attempt by hand at the task *name*; raise what says that there is none."""
    graph = caller.writer.graph
    return by_hand(graph.task(task_named(graph, name))).session


def by_hand(task: Task) -> Attempt:
    """Return the attempt under way at *task*, made by hand; raise `StateTransitionError` when there is none."""
    attempt = task.open_attempt
    if attempt is None:
        raise StateTransitionError(f"nobody is at work on {task.id}, which is {task.status}: start_task begins it")
    if attempt.executor is not Executor.MANUAL:
        raise StateTransitionError(f"{task.id} is being done by the {attempt.executor} just now")
    return attempt


def record_decision(caller: Caller, said: dict[str, Any]) -> Reported:
    """Keep what was decided, and why."""
    decision = Decision(said["decision"].strip(), said.get("why", "").strip())

    def added(graph: Graph, session: Session, at: str) -> list[e.Event]:
        known = any(evolve(d, at="") == decision for d in session.decisions)
        return [] if known else [e.DecisionMade(session.id, evolve(decision, at=at))]

    session = keep(caller, "record_decision", added, None if caller.session else caller.ctx.session(caller.writer))
    return Reported(session.id, decision.text, session.task)


def claim_done(caller: Caller, said: dict[str, Any]) -> Reported:
    """Keep the claim of the agent in a task session; whoever runs it verifies the claim when the turn has ended."""
    summary = said["summary"].strip()

    def added(graph: Graph, session: Session, at: str) -> list[e.Event]:
        return [] if session.activity.claim == summary else [e.DoneClaimed(session.id, summary)]

    session = keep(caller, "claim_done", added)
    return Reported(session.id, summary, session.task, "end your turn now: the claim is verified then")


def report_finding(caller: Caller, said: dict[str, Any]) -> Reported:
    """Keep what a reviewing agent found of one criterion; a later finding of the same one replaces it."""
    finding = Finding(said["criterion"], said["met"], said["confidence"], said["reason"].strip())

    def added(graph: Graph, session: Session, at: str) -> list[e.Event]:
        criteria = graph.task(session.task).acceptance if session.task else graph.root.plan.quality_gates
        most = len(criteria) or 1  # where none is named, the task itself is
        if finding.criterion > most:
            raise ValidationError(f"there is no criterion {finding.criterion} (there are {most})")
        return [] if finding in session.activity.findings else [e.FindingReported(session.id, finding)]

    session = keep(caller, "report_finding", added)
    met = "met" if finding.met else "not met"
    return Reported(session.id, f"criterion {finding.criterion}: {met}", session.task)


_PROGRESS = (
    Argument("progress", "number", "how far the task is, from 0 to 1", required=True, least=0, most=1),
    Argument("note", "string", "what is worth keeping: what was done, what was found out", longest=SHORT),
)
_PROGRESS_ABOUT = "Say how far the task is. Call it when a step is done; the note is kept for whoever continues."
REPORT_PROGRESS = Tool("report_progress", _PROGRESS_ABOUT, _PROGRESS, report_progress)
REPORT_PROGRESS_OF = Tool("report_progress", _PROGRESS_ABOUT, (TASK, *_PROGRESS), report_progress)
RECORD_DECISION = Tool(
    "record_decision",
    "Keep a decision and its reason, so that later sessions hold to it.",
    (
        Argument("decision", "string", "what is settled", required=True, longest=SHORT),
        Argument("why", "string", "the reason", longest=SHORT),
    ),
    record_decision,
)
CLAIM_DONE = Tool(
    "claim_done",
    "Say that the task is done, once it is, then end the turn. The claim is verified: its checks are run, and only they"
    " complete the task.",
    (SUMMARY,),
    claim_done,
)
REPORT_FINDING = Tool(
    "report_finding",
    "Say what you found of one acceptance criterion: whether it is met, how sure you are, and what shows it. Call it"
    " once for each.",
    (
        Argument("criterion", "integer", "number of the criterion, from 1", required=True, least=1),
        Argument("met", "boolean", "whether it is met", required=True),
        Argument("confidence", "number", "how sure you are, from 0 to 1", required=True, least=0, most=1),
        Argument("reason", "string", "what shows it: files, lines, output", required=True, longest=SHORT),
    ),
    report_finding,
)
