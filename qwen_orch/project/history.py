"""The journal in words, and which of its steps still stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice

from qwen_orch.answers.sessions import Entry
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import SessionId
from qwen_orch.model.session import AGENT
from qwen_orch.store.fold import parts_of
from qwen_orch.store.journal import Record

UNDO, REDO = _MOVES = "undo", "redo"


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
        case e.PlanTitled(title):
            return f"the plan is called {title}"
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
    """Return each record in words, oldest first as they are given, marking those a later undo took back."""
    known = list(records)
    titles = {(b.id, b.action.call): b.action.title for r in known for b in r.events if isinstance(b, e.ActionBegan)}
    return tuple(_entry(r, undone, titles) for r, undone in marked(reversed(known)))[::-1]


def latest(newest_first: Iterable[Record], graph: Graph, most: int) -> tuple[Entry, ...]:
    """Return the last *most* steps of *graph* in words, oldest first; coming back to a session is none."""
    steps = ((record, undone) for record, undone in marked(newest_first) if record.by != "resume")
    found = list(islice(steps, most))
    sessions = (graph.sessions.get(SessionId(i)) for record, _ in found for i in _sessions(record))
    titles = {(s.id, action.call): action.title for s in sessions if s for action in s.activity.actions}
    return tuple(_entry(record, undone, titles) for record, undone in reversed(found))


def _entry(record: Record, undone: bool, titles: Mapping[tuple[SessionId, str], str]) -> Entry:
    return Entry(record.seq, record.at, record.by, _what(record.events, titles), _sessions(record), undone)


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


def marked(newest_first: Iterable[Record]) -> Iterator[tuple[Record, bool]]:
    """Yield each record, newest first, and whether a later undo took it back; undos and redos are never taken back."""
    undos = redos = 0
    for record in newest_first:
        if record.by in _MOVES:
            yield record, False
            undos, redos = _open(record.by, undos, redos)
        else:
            yield record, undos > 0
            undos, redos = max(0, undos - 1), 0


def stacks(newest_first: Iterable[Record]) -> tuple[Iterator[Record], list[Record]]:
    """Return the steps in force, newest first, and those that were undone and could be redone, the next one last.

    No more of *newest_first* is asked for than is needed to tell.
    """
    records = iter(newest_first)
    undos = redos = 0
    last = next(records, None)
    while last is not None and last.by in _MOVES:
        undos, redos = _open(last.by, undos, redos)
        last = next(records, None)
    before = marked(records if last is None else chain([last], records))
    standing = (record for record, undone in before if not undone and record.by not in _MOVES)
    undone = list(islice(standing, undos))
    return standing, undone


def _open(by: str, undos: int, redos: int) -> tuple[int, int]:
    """Return how many undos, and redos that make one good each, are open before one of them, seen from the end."""
    if by == REDO:
        return undos, redos + 1
    return (undos, redos - 1) if redos else (undos + 1, 0)
