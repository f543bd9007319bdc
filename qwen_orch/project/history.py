"""The journal in words, and which of its steps still stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from qwen_orch.answers.sessions import Entry
from qwen_orch.model import event as e
from qwen_orch.model.ids import SessionId
from qwen_orch.model.session import AGENT
from qwen_orch.store.fold import parts_of
from qwen_orch.store.journal import Record

UNDO, REDO = "undo", "redo"


def words(event: e.Event) -> str:  # noqa: C901 - one case an event
    """Return *event* in a few words."""
    match event:
        case e.OrchestrationCreated(root):
            return f"planned: {root.title}"
        case e.TasksAdded(tasks):
            return f"added {_some([f'{t.id} {t.title}' for t in tasks[:1]], len(tasks))}"
        case e.TasksRemoved(ids):
            return f"removed {_count(len(ids))}"
        case e.PlanReset():
            return "emptied the plan"
        case e.CheckpointNamed(name, seq):
            return f"named step {seq} {name}"
        case e.CommandsApproved(ids):
            return f"approved the commands of {_some(list(ids), len(ids))}"
        case e.TaskEdited(task, fields):
            return f"{task.id}: changed {', '.join(fields)}"
        case e.AttemptStarted(task, attempt):
            return f"{task}: attempt {attempt.number} by {attempt.executor} started"
        case e.ProgressReported(task, progress):
            return f"{task}: {progress:.0%} done, says its worker"
        case e.AttemptEnded(task, outcome, detail):
            return f"{task}: attempt {outcome.replace('_', ' ')}{f', {detail}' if detail else ''}"
        case e.TaskClaimed(task, by, summary):
            return f"{task}: claimed as done by {by}{f', {summary}' if summary else ''}"
        case e.VerdictGiven(task, passed):
            return f"{task}: {'completed' if passed else 'failed'} by verdict"
        case e.CriteriaChecked(task):
            return f"{task}: criteria looked at, undecided"
        case e.TaskCancelled(task, reason):
            return f"{task}: cancelled{f', {reason}' if reason else ''}"
        case e.TaskReopened(task):
            return f"{task}: reopened"
        case e.TasksRestored(tasks, removed):
            return f"restored {_count(len(tasks))}{f', removed {len(removed)}' if removed else ''}"
        case e.SessionOpened(session):
            return f"{session.kind} session {session.id} opened"
        case e.SessionMoved(session_id, state, reason):
            return f"{session_id}: {state}{f', {reason}' if reason else ''}"
        case e.ThoughtRecorded(_, thought):
            return f"thought {thought.number}: {thought.text[:80]}"
        case e.NoteAdded(_, note):
            return f"noted: {note.text[:80]}"
        case e.DecisionMade(_, decision):
            return f"decided: {decision.text[:80]}"
        case e.ArtifactRecorded(_, artifact):
            return f"wrote {artifact.path}"
        case e.ActionBegan(_, action):
            return f"began: {action.title[:80]}"
        case e.ActionEnded(_, call, state):
            return f"{state}: {call[:40]}"
        case e.UsageReported(_, usage):
            return f"spent {usage.total:,} tokens"
        case e.PermissionAsked(_, request):
            return f"asked {request.number}: {request.title[:80]}"
        case e.PermissionAnswered(_, number, allowed, by):
            return f"{'allowed' if allowed else 'denied'} {number}, by {by}"
        case e.DoneClaimed(_, summary):
            return f"says it is done: {summary[:80]}"
        case e.FindingReported(_, finding):
            return (
                f"found criterion {finding.criterion} {'met' if finding.met else 'not met'} ({finding.confidence:.0%})"
            )
        case e.MetadataRecorded(_, key, value):
            return f"{value} is at work" if key == AGENT else f"recorded its {key.replace('_', ' ')}"
        case _:
            return _PLAIN.get(type(event).__name__, type(event).__name__)


_PLAIN = {
    "PlanApproved": "approved the plan",
    "PlanCompleted": "the plan is complete",
    "PlanReopened": "the plan is open again",
    "GatesVerified": "looked at the quality gates",
    "PlanRevised": "merged an edited text into the plan",
    "PlanRestored": "restored the plan",
    "ThinkingFinished": "thinking complete",
    "SessionRestored": "restored a session",
    "SessionsRemoved": "removed sessions",
}


def _some(first: list[str], count: int) -> str:
    return first[0] if count == 1 else _count(count)


def _count(tasks: int) -> str:
    return f"{tasks} task" if tasks == 1 else f"{tasks} tasks"


def entries(records: Iterable[Record]) -> tuple[Entry, ...]:
    """Return each record in words, oldest first, marking those a later undo took back."""
    known = list(records)
    titles = {(b.id, b.action.call): b.action.title for r in known for b in r.events if isinstance(b, e.ActionBegan)}
    standing = {r.seq for r in standing_steps(known)}
    return tuple(
        Entry(
            r.seq,
            r.at,
            r.by,
            _what(r.events, titles),
            _sessions(r),
            r.by not in (UNDO, REDO) and r.seq not in standing,
        )
        for r in known
    )


def _what(events: Iterable[e.Event], titles: Mapping[tuple[SessionId, str], str]) -> tuple[str, ...]:
    """Return *events* in words; *titles* are those of the tool calls by session and call, which ends do not name."""
    return tuple(filter(None, (_in_words(event, titles) for event in events))) or ("something for programs",)


def _in_words(event: e.Event, titles: Mapping[tuple[SessionId, str], str]) -> str:
    match event:
        case e.ActionEnded(session, call, state):
            return f"{state}: {titles.get((session, call), call)[:80]}"
        case e.MetadataRecorded(_, key) if key != AGENT:
            return ""
        case _:
            return words(event)


def _sessions(record: Record) -> tuple[str, ...]:
    return tuple(sorted(p for p in parts_of(record.events) if p not in ("plan", "manifest")))


def standing_steps(records: Iterable[Record]) -> list[Record]:
    """Return the steps in force, oldest first: an undo takes the newest away, a redo puts it back."""
    standing, _ = stacks(records)
    return standing


def stacks(records: Iterable[Record]) -> tuple[list[Record], list[Record]]:
    """Return the steps in force, and those that were undone and could be redone (the next one last)."""
    standing: list[Record] = []
    undone: list[Record] = []
    for record in records:
        if record.by == UNDO and standing:
            undone.append(standing.pop())
        elif record.by == REDO and undone:
            standing.append(undone.pop())
        elif record.by not in (UNDO, REDO):
            standing.append(record)
            undone.clear()
    return standing, undone
