"""How sessions look: the list and the tree of them, where a person was, what an agent is given, and what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from qwen_orch.answers.core import SessionAnswer
from qwen_orch.answers.sessions import ContextAnswer, ContextPart, Entry, History, Recap, Resumed, SessionList
from qwen_orch.views.blocks import BREAK, GAP, Block, Line, Row, Span, Table, exact, line, parted, row, sheet
from qwen_orch.views.marks import NEXT
from qwen_orch.views.parts import (
    bar,
    bullets,
    count,
    following,
    joined,
    local,
    mark,
    more,
    section,
    short,
    state,
    title,
    when,
    would_change,
)
from qwen_orch.views.status import did
from qwen_orch.views.task_parts import task_row, task_table

_FILES = 12
_BRIEF = 3
"""Facts told of one step, where not all are asked for."""
_TITLE = 48
_KEPT = ("thought", "note", "decision", "artifact")


def session_list(answer: SessionList) -> list[Block]:
    """Draw the sessions, as a tree if asked for, the current one marked."""
    if not answer.sessions:
        return _none(answer)
    placed = _tree(answer.sessions) if answer.tree else ((s, 0) for s in answer.sessions)
    rows = [r for session, depth in placed for r in _rows(session, depth)]
    part = f"{answer.shown:,} of " if answer.shown != answer.total else ""
    footer = line(Span(f"{part}{count(answer.total, 'session')}", "muted"), indent=2)
    return [
        Table(tuple(rows), ("  SESSION", "STATE", "FOR", "UPDATED"), flexible=0, marked=1),
        GAP,
        footer,
        *(would_change(answer.would_change) or _resume(answer)),
    ]


def _none(answer: SessionList) -> list[Block]:
    if not answer.total:
        return [line("There are no sessions yet."), *(would_change(answer.would_change) or following(["/plan"]))]
    return [line(f"None of the {count(answer.total, 'session')} matches the filter."), *following(["/sessions"])]


def _resume(answer: SessionList) -> list[Block]:
    other = next((s for s in answer.sessions if s.state == "suspended" and not s.current), None)
    return following([f"/resume {other.id}"] if other else [])


def _rows(session: SessionAnswer, depth: int) -> Iterator[Row]:
    """Yield a row of facts, and one with the title below it."""
    yield row(
        (Span.of(f"{NEXT} " if session.current else "  ", "active"), Span(session.id, "id")),
        state(session.state),
        Span(session.task or session.kind),
        Span(when(session.updated), "muted"),
        depth=depth,
    )
    numbers = (session.thoughts, session.notes, session.decisions, session.artifacts)
    kept = (count(n, w) for n, w in zip(numbers, _KEPT, strict=True) if n)
    yield Row((joined([title(short(session.title, _TITLE).text), *kept]),), depth + 3)


def _tree(sessions: Sequence[SessionAnswer]) -> Iterator[tuple[SessionAnswer, int]]:
    """Yield each session after the one it was opened from, with its depth."""
    ids = {s.id for s in sessions}
    children: dict[str, list[SessionAnswer]] = {}
    for session in sessions:
        children.setdefault(session.parent if session.parent in ids and session.parent else "", []).append(session)
    stack = [(s, 0) for s in reversed(children.get("", []))]
    while stack:
        session, depth = stack.pop()
        yield session, depth
        stack += [(s, depth + 1) for s in reversed(children.get(session.id, []))]


def resumed(answer: Resumed) -> list[Block]:
    """Draw the "where was I" card."""
    session, recap = answer.session, answer.recap
    return [
        line(Span("Where was I: ", "muted"), title(recap.orchestration.title, "heading"), most=2),
        Line(joined([Span(session.id, "id"), session.task or session.kind, state(session.state)]), hang=2),
        GAP,
        *bar(recap.progress),
        *_recalled(recap),
        *following(recap.next),
    ]


def _recalled(recap: Recap) -> Iterator[Block]:
    yield from section("Last steps", entries(recap.last))
    yield from section("In progress", _table(map(task_row, recap.in_progress)))
    yield from section("Agents", [did(a, indent=2) for a in recap.agents])
    yield from section("Claimed, to be verified", _table(map(task_row, recap.claimed)))
    if recap.blocked:
        told = f"{count(recap.blocked, 'task')} blocked: "
        yield from (GAP, line(Span(told, "muted"), Span("/list_tasks status:blocked", "command")))
    files = bullets(recap.changed_files[:_FILES])
    yield from section("Changed files", [*files, *more(len(recap.changed_files) - _FILES, "git status")])
    yield from section("Notes", bullets(recap.notes))
    yield from section("Decisions", bullets(recap.decisions))


def _table(rows: Iterable[Row]) -> list[Block]:
    kept = tuple(rows)
    return [task_table(kept, headers=False)] if kept else []


def entries(steps: Iterable[Entry]) -> list[Block]:
    """Draw steps, the first facts of each."""
    rows = tuple(_entry(e, when(e.at), _BRIEF) for e in steps)
    return [Table(rows, wrap=True, right=(0,))] if rows else []


def _entry(entry: Entry, at: str, most: int) -> Row:
    style = "muted" if entry.undone else ""
    rest = len(entry.what) - most
    facts = [exact(w, style) for w in entry.what[:most]]
    facts += [Span.of(f"… and {rest:,} more", "muted")] if rest > 0 else []
    facts += [Span("undone since", "warn")] if entry.undone else []
    who = (Span(str(entry.seq), "muted"), Span(at, "muted"), Span(entry.by, "muted"))
    return row(*who, parted(((f,) for f in facts), BREAK))


def history(answer: History) -> list[Block]:
    """Draw the steps, oldest first; as a timeline under the day of each."""
    if not answer.entries:
        return [line("Nothing has happened here yet."), *following(["/task_status"])]
    if not answer.timeline:
        cut = any(len(e.what) > _BRIEF for e in answer.entries)
        return [*entries(answer.entries), *following(["/session_history --timeline"] if cut else [])]
    days = groupby(answer.entries, lambda e: _day(e.at))
    drawn = (section(day, _whole(steps)) for day, steps in days)
    return [block for blocks in drawn for block in blocks][1:]


def _whole(steps: Iterable[Entry]) -> list[Block]:
    return [Table(tuple(_entry(e, _clock(e.at), len(e.what)) for e in steps), wrap=True, right=(0,))]


def _day(at: str) -> str:
    moment = local(at)
    return f"{moment:%A}, {moment.day} {moment:%B} {moment.year}" if moment else "At an unknown time"


def _clock(at: str) -> str:
    moment = local(at)
    return f"{moment:%H:%M}" if moment else ""


def context(answer: ContextAnswer) -> list[Block]:
    """Draw what an agent would be given: the size of each part and why it is there or not, then the exact text."""
    written: list[Block]
    if answer.path:
        written = [GAP, line("Written to ", exact(answer.path), hang=2)]
    else:
        written = [block for p in answer.parts if p.kept for block in (GAP, *_part(p))]
    size = f"about {answer.tokens:,} of at most {count(answer.budget, 'token')}"
    return [
        Line(joined([Span(answer.session.id, "id"), size]), hang=2),
        GAP,
        _sizes(answer),
        *written,
        *section("Debug", _debug(answer)),
    ]


def _sizes(answer: ContextAnswer) -> Table:
    """Return a row for each part: a mark when it is given, its name, its tokens, and why it is given or not."""
    rows = (
        row(
            mark("completed" if p.kept else "cancelled", ""),
            Span(p.name, "" if p.kept else "muted"),
            Span(f"{p.tokens:,}", "" if p.kept else "muted"),
            Span(p.reason, "muted"),
        )
        for p in answer.parts
    )
    return Table(tuple(rows), ("", "PART", "TOKENS", "WHY"), wrap=True, right=(2,))


def _part(part: ContextPart) -> list[Block]:
    """Draw the text of a part; under its name, unless it has a heading of its own."""
    named: list[Block] = [] if part.text.lstrip().startswith("#") else [line(Span(part.name, "heading"), most=1)]
    return [*named, line(exact(part.text.strip("\n")))]


def _debug(answer: ContextAnswer) -> list[Block]:
    return sheet(row(Span(k, "muted"), exact(str(v))) for k, v in (answer.debug or {}).items())


VIEWS: dict[type, Callable[..., list[Block]]] = {
    SessionList: session_list,
    Resumed: resumed,
    ContextAnswer: context,
    History: history,
}
