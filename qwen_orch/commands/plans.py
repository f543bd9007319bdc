"""Commands on plans: make one, approve it, empty it, bring one in."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

from qwen_orch.answers.core import orchestration_answer, session_answer, task_answer
from qwen_orch.answers.plans import Approved, CommandShown, Merged, Planned, Reset
from qwen_orch.commands.context import Context, refuse_attempt
from qwen_orch.commands.registry import Arg, command
from qwen_orch.commands.source import asked_for, text_of
from qwen_orch.errors import StateTransitionError, UsageError, ValidationError
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import SessionId, TaskId, orchestration_id, session_id
from qwen_orch.model.plan import PlanStatus
from qwen_orch.model.session import SessionState
from qwen_orch.model.task import Evidence, Task, TaskStatus
from qwen_orch.model.text import one_line
from qwen_orch.project.draw import unused
from qwen_orch.project.writer import Writer, now, timestamp

if TYPE_CHECKING:
    from qwen_orch.model.draft import Draft
    from qwen_orch.planning.adopt import Origins
    from qwen_orch.planning.merge import Merge

TEXT = Arg("plan text, a one-line goal, @FILE, or - for standard input", takes="text")
ORCHESTRATION = Arg("orchestration, by id or prefix; the current one if left out", takes="orchestration")


@command("Planning")
def plan(
    ctx: Context,
    text: Annotated[str | None, TEXT] = None,
    *,
    title: Annotated[str | None, Arg("title, instead of the one in the text")] = None,
    tags: Annotated[str | None, Arg("tags of the orchestration: a,b")] = None,
    template: Annotated[str | None, Arg("playbook for a one-line goal", takes="template")] = None,
    merge: Annotated[bool, Arg("merge the text into the current plan")] = False,
    parent: Annotated[str | None, Arg("make it a child of this one (or: current)", takes="orchestration")] = None,
    break_cycles: Annotated[bool, Arg("drop the least plausible of dependencies that form a circle")] = False,
    agent: Annotated[bool, Arg("have the configured agent plan it, thinking step by step")] = False,
) -> Planned:
    """Make a plan of a description or a goal.

    A plan description (headings, lists, checkboxes, tables) is read as it stands. A one-line goal is planned from a
    playbook, chosen by the words of the goal or with --template. The plan is a draft until /approve_plan. The one that
    was current stays as it is, and /resume leads back to it. With --merge the text is an edited edition of the current
    plan: ids, done states and evidence stay, what would change is shown first, and nothing started is dropped.

    With --agent the agent of /config agent.name plans, in a session in which it may only look: it must think, step by
    step, before its plan is taken, and the plan must be sound. When it cannot, the text is read as without it.
    """
    given, source = text_of(ctx, asked_for(ctx, text, "what is to be planned?"))
    if agent:
        if template or merge:
            what = "an agent plans from the text: --agent goes with neither --template nor --merge"
            raise UsageError(what, "/help plan")
        return _by_agent(ctx, given, title, source, _above(ctx, parent), _words(tags))
    draft = draft_of(ctx, given, template, title, source == "typed", break_cycles)
    if merge:
        return _merged(ctx, draft)
    above = _above(ctx, parent)
    if above is None:
        may_replace(ctx, draft)
    planned = adopt(ctx, draft, above, _words(tags), source)
    ctx.warnings += planned.warnings
    return planned


def _above(ctx: Context, parent: str | None) -> Writer | None:
    return ctx.writer_of(parent) if parent else None


def _by_agent(
    ctx: Context, text: str, title: str | None, source: str, above: Writer | None, tags: tuple[str, ...]
) -> Planned:
    """Have the agent plan *text*; when it does not, read it, and warn of the reason."""
    from qwen_orch.agents.profile import profile_of
    from qwen_orch.commands.agent_plans import empty_draft, opened_for_agent, planned_by_agent, read_instead

    profile = profile_of(ctx.project)
    if above is None:
        may_replace(ctx)
    draft = _with_kept_requirements(ctx, empty_draft(text, title))
    writer, session = opened_for_agent(ctx, draft, above, tags, source)
    reason = planned_by_agent(ctx, writer, session)
    if reason:
        ctx.warn(f"{profile.name} made no plan: {reason}; the text is read without it")
        draft = draft_of(ctx, text, None, title, source == "typed")
        read_instead(ctx, writer, session, draft)
        ctx.warnings += [str(w) for w in draft.warnings]
    return _planned(writer, session, draft)


def draft_of(
    ctx: Context, text: str, template: str | None, title: str | None, typed: bool, break_cycles: bool = False
) -> Draft:
    """Return what *text* says to do: a plan as read, or one from a playbook when it is a one-line goal."""
    from qwen_orch.planning import playbooks
    from qwen_orch.planning.reader import read

    folder = ctx.project.home / "playbooks"
    goal = text.strip()
    if template or (typed and "\n" not in goal):
        name = template or playbooks.choose(goal, folder)
        draft = read(playbooks.outline(name, goal, folder), title=title or goal[:120])
    else:
        draft = read(text, title=title, break_cycles=break_cycles)
    if not draft.tasks:
        why = "; ".join(str(w) for w in draft.warnings[:3]) or "no list, checkbox, numbered item or table of work"
        raise ValidationError(f"no tasks were found in the text: {why}", "/plan --template generic GOAL", "/help plan")
    return draft


def _merged(ctx: Context, draft: Draft) -> Planned:
    """Merge *draft* into the current plan, when a person has agreed to what that changes."""
    from qwen_orch.planning.merge import merge

    writer = ctx.writer
    found = merge(writer.graph, draft, timestamp())
    if found.events:
        summary = f"{len(found.added)} added, {len(found.changed)} changed, {len(found.moved)} moved, "
        summary += f"{len(found.removed)} removed"
        shown = "\n".join(_changes(found))
        refusal = StateTransitionError(f"nothing was merged ({summary}):\n{shown}", "/plan TEXT --merge --yes")
        ctx.consent(f"{shown}\nMerge the text into {writer.graph.root.id}: {summary}?", refusal)
        writer.commit("plan", lambda graph: merge(graph, draft, timestamp()).events)
    for task in found.kept:
        ctx.warn(f"{task} is no longer in the text; it was begun, so it stays")
    ctx.warnings += [str(w) for w in draft.warnings]
    changes = Merged(found.added, dict(found.changed), found.moved, found.removed, found.kept, found.plan)
    return _planned(writer, ctx.session(writer), draft)._replace(merged=changes)


def _changes(found: Merge) -> list[str]:
    """Return what a merge would change: of the plan itself, then a line a task; the first twenty."""
    lines = [f"~ the plan is called {v.title}" for v in found.events if isinstance(v, e.PlanTitled)]
    lines += [f"~ the plan: {name.replace('_', ' ')}" for name in found.plan if name != "title"]
    titles = {t.id: t.title for v in found.events if isinstance(v, e.TasksAdded) for t in v.tasks}
    lines += [f"+ {i} {titles.get(i, '')}" for i in found.added]
    lines += [f"~ {i}: {', '.join(fields)}" for i, fields in found.changed]
    lines += [f"> {i} moves" for i in found.moved] + [f"- {i} is no longer in the text" for i in found.removed]
    lines += [f"! {i} is no longer in the text, but begun: it stays" for i in found.kept]
    return [*lines[:20], *([f"… and {len(lines) - 20} more"] if len(lines) > 20 else [])]


def may_replace(ctx: Context, draft: Draft | None = None) -> None:
    """Ask before another plan takes the place of an unfinished one as the current plan.

    When *draft* resembles the current plan, merging it is offered first.
    """
    if ctx.project.current.orchestration is None:
        return
    root = ctx.writer.graph.root
    if root.plan.status not in (PlanStatus.DRAFT, PlanStatus.APPROVED) or not ctx.writer.graph.tasks:
        return
    state = "still a draft" if root.plan.status is PlanStatus.DRAFT else "under way"
    alike = draft is not None and _resembles(ctx.writer.graph, draft)
    edition = ["The text looks like an edited edition of it: --merge takes it in."] if alike else []
    stays = ["The old one stays: /resume leads back.", "Make the new one current?"]
    refused = f"the current plan, {root.id}, is {state}; nothing was planned."
    instead = "Keep it and make the new one current with --yes, or a child of it with --parent"
    ctx.consent(
        "\n".join([f"The current plan, {root.id}, is {state}.", *edition, *stays]),
        StateTransitionError(
            " ".join([refused, *edition, instead]),
            *(["/plan TEXT --merge"] if alike else []),
            "/plan TEXT --yes",
            "/plan TEXT --parent current",
        ),
    )


def _resembles(graph: Graph, draft: Draft) -> bool:
    """Tell whether most tasks of *draft* are tasks of *graph* already."""
    from qwen_orch.planning.merge import matched

    return 2 * len(matched(graph, draft.tasks)) > max(len(draft.tasks), len(graph.tasks))


def adopt(ctx: Context, draft: Draft, above: Writer | None, tags: tuple[str, ...], source: str) -> Planned:
    """Give *draft* ids, record its thoughts, make it durable and current, and return it as the answer."""
    from qwen_orch.planning.adopt import opening, reasoned, rehearse

    origins = origins_of(ctx, draft.title, source, above, tags)
    events, session = opening(_with_kept_requirements(ctx, draft), origins), origins.session
    events += reasoned(draft, rehearse(events, origins.at), session, ctx.project.config, origins.at)
    return _planned(ctx.project.created(origins.orchestration, "plan", events, session), session, draft)


def origins_of(
    ctx: Context, title: str, source: str, above: Writer | None = None, tags: tuple[str, ...] = ()
) -> Origins:
    """Return the origins of an orchestration that is made now, with ids from its *title*; *above* is its parent."""
    from qwen_orch.planning.adopt import Origins

    layout = ctx.project.layout
    orchestration = unused(partial(orchestration_id, title), layout.has)
    session = unused(partial(session_id, title), layout.has_session)
    parent, parent_session = (above.graph.root.id, ctx.session(above)) if above else (None, None)
    return Origins(orchestration, session, timestamp(), parent, parent_session, tags, source)


def _with_kept_requirements(ctx: Context, draft: Draft) -> Draft:
    """Return *draft* with the requirements that /reset_plan --preserve-requirements kept, if the current plan was."""
    from attrs import evolve

    if ctx.project.current.orchestration is None:
        return draft
    before = ctx.writer.graph.root.plan
    if before.status is not PlanStatus.RESET or not before.requirements:
        return draft
    return evolve(draft, requirements=tuple(dict.fromkeys((*before.requirements, *draft.requirements))))


def _planned(writer: Writer, session: SessionId | None, draft: Draft) -> Planned:
    graph, moment = writer.graph, now()
    session = session or graph.sessions_by_age()[0].id
    return Planned(
        orchestration=orchestration_answer(graph.root),
        session=session_answer(graph.session(session), session),
        phases=graph.root.plan.phases,
        tasks=tuple(task_answer(graph, t, moment) for t in graph.ordered()),
        thoughts=graph.session(session).thoughts,
        warnings=tuple(str(w) for w in draft.warnings),
    )


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(w.strip().lstrip("#") for w in one_line(text or "").split(",") if w.strip())


@command("Planning")
def approve_plan(
    ctx: Context,
    orchestration: Annotated[str | None, ORCHESTRATION] = None,
    *,
    force: Annotated[bool, Arg("approve commands that look destructive, too")] = False,
) -> Approved:
    """Approve the plan, and every command in it.

    This is the consent: from now on tasks can be started, and the commands shown here may be run. Tasks that were
    ticked in the document are accepted as done on your word. A command that is added or changed later is not
    approved until this is repeated; nor is a plan that was approved in another folder or on another machine.
    """
    from qwen_orch.project import trust

    refuse_attempt("/approve_plan")
    writer = ctx.writer_of(orchestration)
    shown, root = _commands(writer.graph), ctx.project.root

    def approving(graph: Graph) -> list[e.Event]:
        here = trust.is_approved(root, graph.root.id)
        found = _approval(graph, force, shown, orchestration or "", here)
        trust.approve(root, graph.root.id)  # under the lock, too: of two who approve at once the second is told
        return found

    events = writer.commit("approve_plan", approving)
    graph, moment = writer.graph, now()
    granted = {v.task for v in events if isinstance(v, e.VerdictGiven) and any(w.by == "plan" for w in v.evidence)}
    from qwen_orch.graph.query import ready

    return Approved(
        orchestration=orchestration_answer(graph.root),
        ready=tuple(task_answer(graph, t, moment) for t in ready(graph, moment)),
        commands=shown,
        accepted=tuple(t.id for t in graph.ordered() if t.id in granted),
    )


def _commands(graph: Graph) -> tuple[CommandShown, ...]:
    """Return every command of the plan that may be run once approved."""
    shown = [CommandShown("quality gate", "check", g.check, g.text) for g in graph.root.plan.quality_gates if g.check]
    for task in graph.ordered():
        shown += [CommandShown(task.id, "run", line, task.title) for line in task.run]
        shown += [CommandShown(task.id, "check", c.check, task.title) for c in task.acceptance if c.check]
    return tuple(shown)


def _approval(graph: Graph, force: bool, shown: tuple[CommandShown, ...], named: str, here: bool) -> list[e.Event]:
    from qwen_orch.verification.danger import concerns

    plan_now, at = graph.root.plan, timestamp()
    unapproved = tuple(t.id for t in graph.ordered() if t.commands and not t.approved)
    if plan_now.status is PlanStatus.RESET:
        raise StateTransitionError("the plan was reset: a new one takes its place", "/plan TEXT")
    if not graph.tasks:
        raise ValidationError("the plan has no tasks yet", "/add_task TITLE", "/plan TEXT")
    if plan_now.status is PlanStatus.APPROVED and not unapproved and plan_now.gates_approved and here:
        raise StateTransitionError("the plan is approved already", "/new_task", "/task_status")
    if _commands(graph) != shown:
        raise StateTransitionError("another process changed the commands just now", "/approve_plan")
    doubts = concerns(c.command for c in shown)
    if doubts and not force:
        raise ValidationError(
            f"look again before you approve: {'; '.join(doubts)}",
            " ".join(["/approve_plan", *named.split(), "--force"]),
        )
    events: list[e.Event] = [e.PlanApproved()]
    if unapproved:
        events.append(e.CommandsApproved(unapproved))
    return [*events, *_accepted(graph, at)] if plan_now.status is PlanStatus.DRAFT else events


def _accepted(graph: Graph, at: str) -> list[e.Event]:
    """Return verdicts for tasks that the document says are done and that no command could prove."""
    from qwen_orch.verification.judge import events_of, judge, settled_parents

    word = "ticked in the plan; accepted with its approval"
    events: list[e.Event] = []
    done: list[TaskId] = []
    for task in reversed(graph.ordered()):  # parts first
        if task.status is TaskStatus.CLAIMED and _acceptable(graph, task, done):
            done.append(task.id)
            events += events_of(task.id, judge(task, {}, [Evidence("attested", at, True, by="plan", output=word)]))
    cancelled = [t.id for t in graph.tasks.values() if t.status is TaskStatus.CANCELLED]
    return [*events, *settled_parents(graph, [*done, *cancelled], at)]


def _acceptable(graph: Graph, task: Task, done: list[TaskId]) -> bool:
    parts = graph.subtasks(task.id)
    return not any(c.check for c in task.acceptance) and all(p.status.settled or p.id in done for p in parts)


@command("Planning")
def reset_plan(
    ctx: Context,
    orchestration: Annotated[str | None, ORCHESTRATION] = None,
    *,
    preserve_requirements: Annotated[bool, Arg("keep the requirements for the next /plan")] = False,
) -> Reset:
    """Empty the plan: its tasks, phases and open sessions. A backup is always kept, and /undo brings it back."""
    writer = ctx.writer_of(orchestration)
    root = writer.graph.root
    refusal = StateTransitionError(f"{root.id} was not reset: nobody agreed", f"/reset_plan {root.id} --yes")
    ctx.consent(f"Empty the plan {root.id} ({len(writer.graph.tasks)} tasks)?", refusal)
    backup: list[str] = []

    def resetting(graph: Graph) -> list[e.Event]:
        events = _resetting(graph, preserve_requirements)
        backup[:] = [writer.store.backup("reset").name]  # of what is there now, under the lock
        return events

    writer.commit("reset_plan", resetting)
    return Reset(orchestration_answer(writer.graph.root), f"backups/{backup[0]}")


def _resetting(graph: Graph, preserve: bool) -> list[e.Event]:
    if graph.root.plan.status is PlanStatus.RESET:
        raise StateTransitionError("the plan was reset already", "/plan TEXT", "/undo")
    running = [t.id for t in graph.tasks.values() if t.open_attempt and t.open_attempt.executor != "manual"]
    if running:
        raise StateTransitionError(f"{running[0]} is being worked on", f"/cancel_task {running[0]}")
    ended = [
        e.SessionMoved(s.id, SessionState.COMPLETED, "the plan was reset")
        for s in graph.sessions.values()
        if not s.state.ended
    ]
    return [e.PlanReset(preserve), e.TasksRemoved(tuple(t.id for t in graph.ordered())), *ended]
