"""Commands on sessions: find them, come back to one, see what it holds and what happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Annotated

from qwen_orch.answers.core import SessionAnswer, orchestration_answer, progress_answer, session_answer, task_answer
from qwen_orch.answers.sessions import ContextAnswer, Entry, History, Recap, Resumed, SessionList
from qwen_orch.commands.context import Context, local_path, task_named
from qwen_orch.commands.registry import Arg, command
from qwen_orch.commands.tasks import next_steps
from qwen_orch.errors import SessionNotFound
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import OrchestrationId, SessionId
from qwen_orch.model.session import Session, SessionKind, SessionState
from qwen_orch.model.task import TaskStatus
from qwen_orch.project.writer import Writer, now

MOST_CHANGED = 12
SESSION = Arg("session, by id or prefix; the current one if left out", takes="session")


@command("Sessions", reads=True)
def sessions(
    ctx: Context,
    filter: Annotated[str, Arg("state:active type:task task:task-003 created:today words", takes="filter")] = "",  # noqa: A002
    *,
    tree: Annotated[bool, Arg("each below the one it was opened from")] = False,
    cleanup: Annotated[bool, Arg("suspend those in which nothing happened for sessionTimeout", acts=True)] = False,
    recover: Annotated[
        bool, Arg("look for interrupted work and damage in every orchestration, and mend it", acts=True)
    ] = False,
    dry_run: Annotated[
        bool, Arg("say what --recover or --cleanup would do to each file, and do nothing", acts=True)
    ] = False,
) -> SessionList:
    """List the sessions of all orchestrations in this project.

    None is ever deleted. Those that maxSessions or sessionTimeout suspended take no room; /resume brings them back.

    Keys: type (planning, task, verification, interactive), state (active, suspended, completed, failed), tag, created,
    updated, orchestration, task, parent.
    """
    from qwen_orch.graph.filters import session_filter

    if cleanup or (ctx.project.glance.autoCleanup and not ctx.project.newer):
        _cleanup(ctx)
    if recover:
        _recover(ctx)
    found = ctx.project.sessions()
    lets_through = session_filter(filter, now().astimezone())
    shown = [s for s in found if lets_through(s)]
    current = ctx.project.current.session
    listed = tuple(s._replace(current=True) if s.id == current else s for s in shown)
    return SessionList(listed, len(shown), len(found), tree, ctx.would_change() if dry_run else None)


def _cleanup(ctx: Context) -> None:
    """Suspend what timed out, where the index knows of a session that did."""
    from qwen_orch.project.opening import latest_step
    from qwen_orch.project.upkeep import suspend_timed_out

    limit = latest_step(ctx.project.config, now())
    idle = (s for s in ctx.project.sessions() if s.state == SessionState.ACTIVE)
    for name in dict.fromkeys(s.orchestration for s in idle if datetime.fromisoformat(s.updated) < limit):
        writer = ctx.project.opened(OrchestrationId(name))
        count = 0 if writer.newer else suspend_timed_out(writer, ctx.project.config)
        if count:
            ctx.warn(f"{count} sessions of {name} were suspended: no step for long (sessionTimeout)")


def _recover(ctx: Context) -> None:
    from qwen_orch.project.upkeep import recover

    for writer in ctx.project.writers():
        if writer.newer:
            continue
        list(writer.graph.sessions.values())  # each is read, and rebuilt if it is damaged
        for line in recover(ctx.project.layout, writer):
            ctx.warn(line)


@command("Sessions")
def resume(ctx: Context, session: Annotated[str | None, SESSION] = None) -> Resumed:
    """Come back to a session, of this plan or another, and see where you were.

    A session that is named, or suspended, is awake again, and its orchestration the current one. No command is run and
    nothing is repeated.
    """
    writer, found = _named_or_current(ctx, session)
    briefs = [s for s in ctx.project.sessions() if s.orchestration == found.orchestration]
    writer.commit("resume", lambda graph: _waking(graph, found.id, session is not None))
    ctx.project.make_current(writer.graph.root.id, found.id)
    return Resumed(session_answer(writer.graph.session(found.id), found.id), _card(ctx, writer, briefs))


def _found(ctx: Context, name: str) -> tuple[Writer, str]:
    """Return the session that *name* means; an orchestration's id means its newest session."""
    if name.startswith("orch"):
        writer = ctx.project.writer(name)
        own = [s.id for s in ctx.project.sessions() if s.orchestration == writer.graph.root.id]
        if own:
            return writer, own[-1]
    return ctx.project.writer_of_session(name)


def _waking(graph: Graph, session: SessionId, named: bool) -> list[e.Event]:
    found = graph.session(session)
    if found.state is SessionState.ACTIVE or found.kind is SessionKind.VERIFICATION:
        return []  # a verification is over with its verdict: nobody works in it again
    if found.state.ended and not named:
        return []  # whoever only asks where they were does not begin finished work again
    return [e.SessionMoved(session, SessionState.ACTIVE, "resumed")]


def _card(ctx: Context, writer: Writer, briefs: list[SessionAnswer]) -> Recap:
    """Return the card; nobody recorded what an interrupted attempt changed, so git is asked what is not committed."""
    from qwen_orch.processes.worktree import look

    card = recap(writer, briefs)
    if not any(task.state == "interrupted" for task in card.in_progress):
        return card
    lying = sorted(path for path, _, _ in look(ctx.project.root).files)
    return card._replace(changed_files=tuple(dict.fromkeys([*card.changed_files, *lying]))[:MOST_CHANGED])


def recap(writer: Writer, briefs: list[SessionAnswer]) -> Recap:
    """Return the "where was I" card of an orchestration, whose sessions *briefs* are, from its own record alone."""
    from qwen_orch.answers.agents import agents_of
    from qwen_orch.graph import query
    from qwen_orch.project.history import latest

    graph, moment = writer.graph, now()
    ready = query.ready(graph, moment)
    begun = [t for t in graph.ordered() if t.status is TaskStatus.IN_PROGRESS]
    return Recap(
        orchestration=orchestration_answer(graph.root),
        progress=progress_answer(graph),
        last=writer.mending(lambda: latest(writer.past().records(), graph, 3)),
        in_progress=tuple(task_answer(graph, t, moment) for t in begun),
        claimed=tuple(task_answer(graph, t, moment) for t in graph.ordered() if t.status is TaskStatus.CLAIMED),
        blocked=len(query.blocked(graph, moment)),
        changed_files=_changed_files(graph),
        notes=_newest(n.text for s in _with("notes", briefs) for n in reversed(graph.session(s).notes)),
        decisions=_newest(d.text for s in _with("decisions", briefs) for d in reversed(graph.session(s).decisions)),
        next=next_steps(graph, ready),
        agents=tuple(a for t in begun for a in agents_of(graph, t)[-1:]),
    )


def _with(what: str, briefs: list[SessionAnswer]) -> Iterator[str]:
    """Yield the sessions that hold notes or decisions, the newest first: no other need be read."""
    return (s.id for s in reversed(briefs) if getattr(s, what))


def _newest(texts: Iterator[str]) -> tuple[str, ...]:
    """Return the last three of *texts*, which come from the newest on."""
    return tuple(reversed(list(islice(texts, 3))))


def _changed_files(graph: Graph) -> tuple[str, ...]:
    """Return the files that the newest work is known to have changed."""
    worked = sorted((t for t in graph.tasks.values() if t.evidence), key=lambda t: t.updated)
    return tuple(dict.fromkeys(f for t in worked[-3:] for v in t.evidence for f in v.files))[:MOST_CHANGED]


@command("Sessions", reads=True)
def context(
    ctx: Context,
    session: Annotated[str | None, SESSION] = None,
    *,
    debug: Annotated[bool, Arg("with the stored record of the session")] = False,
    export: Annotated[str | None, Arg("write the text to this file", takes="file", acts=True)] = None,
) -> ContextAnswer:
    """Show exactly what an agent would be given for a session: the size of each part, and why it is kept or left out.

    The text is bounded by agent.contextTokens; what matters least is left out first.
    """
    from qwen_orch.execution.brief import prompt
    from qwen_orch.execution.brief.workspace import given

    writer, found = _named_or_current(ctx, session)
    parts = given(ctx.project, writer.graph, found)
    path = None
    if export is not None:
        path = str(local_path(export))
        ctx.project.disk.write_file(local_path(export), prompt(parts).encode() + b"\n")
    stored = None
    if debug:
        from qwen_orch.store.codec import unstructure

        stored = unstructure(found)
    size = sum(p.tokens for p in parts if p.kept)
    return ContextAnswer(session_answer(found, found.id), parts, size, ctx.project.glance.agent_context, path, stored)


def _named_or_current(ctx: Context, name: str | None) -> tuple[Writer, Session]:
    if name is not None:
        writer, found = _found(ctx, name)
        return writer, writer.graph.session(found)
    writer = ctx.writer
    current = ctx.session(writer)
    if current is None:
        raise SessionNotFound("there is no session yet", "/plan TEXT", "/new_task")
    return writer, writer.graph.session(current)


@command("Sessions", reads=True)
def session_history(
    ctx: Context,
    id: Annotated[str | None, Arg("session, task or orchestration; all if left out", takes="session")] = None,  # noqa: A002
    *,
    timeline: Annotated[bool, Arg("grouped by day, with everything each step did")] = False,
) -> History:
    """Show what happened, step by step, from the journal."""
    from qwen_orch.project.history import entries

    if id is None or id.startswith("orch"):
        writer = ctx.writer_of(id)
        return History(entries(writer.history()), timeline)
    if id.startswith("task-") or id.isdecimal():
        return History(_of_task(ctx, id), timeline)
    writer, found = ctx.project.writer_of_session(id)
    return History(tuple(en for en in entries(writer.history()) if found in en.sessions), timeline)


def _of_task(ctx: Context, name: str) -> tuple[Entry, ...]:
    from qwen_orch.project.history import entries

    writer = ctx.writer
    task = task_named(writer.graph, name)
    return tuple(en for en in entries(writer.history()) if any(line.startswith(f"{task}:") for line in en.what))
