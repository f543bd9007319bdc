"""How plans look when they are read, approved, emptied and imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from qwen_orch.answers.core import TaskAnswer
from qwen_orch.answers.plans import Approved, CommandShown, Imported, Merged, Planned, Playbooks, Reset
from qwen_orch.views.blocks import BLANK, BREAK, GAP, Block, Line, Row, Span, Table, exact, line, row, sheet
from qwen_orch.views.marks import WARNING
from qwen_orch.views.parts import bullets, count, following, joined, mark, more, opening, section, title, words
from qwen_orch.views.task_parts import by_phase, command, planned_row, remaining_estimate, task_row, task_table

_ROWS = 40
_WARNINGS = 8
_READY = 8


def planned(answer: Planned) -> list[Block]:
    """Draw the plan as it was understood, what is doubtful about it, and how to go on; or what a merge changed."""
    if answer.merged:
        return _merged(answer, answer.merged)
    root = answer.orchestration
    guess = remaining_estimate(answer.tasks)
    sizes = [count(len(answer.phases), "phase") if answer.phases else "", count(len(answer.tasks), "task"), guess]
    goal = [] if root.goal.strip() in ("", root.title.strip()) else [line(exact(root.goal.strip()), indent=2, most=4)]
    return [
        *opening(root, *sizes),
        *goal,
        *_outline(answer),
        *section("Requirements", bullets(root.requirements[:_READY])),
        *section("Risks", bullets(root.risks[:_READY])),
        *_warnings(answer.warnings),
        *_thoughts(answer),
        *following(["/list_tasks --tree", "/approve_plan"] if answer.tasks else ["/plan", "/add_task"]),
    ]


def _merged(answer: Planned, merged: Merged) -> list[Block]:
    """Draw all that the edited text changes in the plan, task by task, and how much it leaves as it was."""
    touched = {*merged.added, *merged.changed, *merged.moved, *merged.kept}
    same = f"{len({t.id for t in answer.tasks} - touched):,} as they were"
    told = [
        *section("The plan itself", [line(", ".join(map(words, merged.plan)), indent=2)] if merged.plan else []),
        *_touched("Added", answer, dict.fromkeys(merged.added, ())),
        *_touched("Changed", answer, merged.changed),
        *_touched("Moved", answer, dict.fromkeys(merged.moved, ())),
        *_touched("Removed", answer, dict.fromkeys(merged.removed, ())),
        *_touched("No longer in the text, but begun, so kept", answer, dict.fromkeys(merged.kept, ())),
    ]
    return [
        *opening(answer.orchestration, count(len(answer.tasks), "task"), same),
        *(told or [GAP, line("The text says nothing that the plan does not say already.")]),
        *_warnings(answer.warnings),
        *following(["/list_tasks --tree", "/approve_plan", "/undo"] if told else ["/task_status"]),
    ]


def _touched(name: str, answer: Planned, changes: Mapping[str, tuple[str, ...]]) -> list[Block]:
    """Draw the tasks with these ids and the fields that change; of one that is gone only the id is known."""
    tasks = {t.id: t for t in answer.tasks}
    rows = tuple(_change(i, tasks.get(i), fields) for i, fields in changes.items())
    return section(f"{name} ({len(rows):,})", [Table(rows, flexible=1)] if rows else [])


def _change(name: str, task: TaskAnswer | None, fields: tuple[str, ...]) -> Row:
    label = (mark(task.state), title(task.title)) if task else BLANK
    return row(Span(name, "id"), label, Span(", ".join(map(words, fields)), "muted"))


def _outline(answer: Planned) -> list[Block]:
    if not answer.tasks:
        return [GAP, line("No tasks were found in this plan.")]
    rows = list(islice(by_phase(answer.tasks, answer.phases, planned_row), _ROWS))
    shown = sum(len(r.cells) > 1 for r in rows)
    return [GAP, task_table(rows), *more(len(answer.tasks) - shown, "/list_tasks")]


def _warnings(warnings: tuple[str, ...]) -> list[Block]:
    lines: list[Block] = [
        line(Span.of(f"{WARNING} ", "warn"), exact(w.strip()), indent=2, hang=2, most=4) for w in warnings[:_WARNINGS]
    ]
    rest = len(warnings) - _WARNINGS
    told = [line(Span.of(f"… and {rest:,} more", "muted"), indent=2)] if rest > 0 else []
    return section(count(len(warnings), "warning").capitalize(), [*lines, *told])


_READ = {"decomposition": "read", "architecture": "order", "estimates": "hours", "review": "left over"}
_DESIGNED = {"requirements": "needed", "architecture": "design", "decomposition": "steps", "risks": "risk"}
"""What is told of a text that was read, and of a plan that an agent made: purposes of thoughts in order, and the words
before them."""


def _thoughts(answer: Planned) -> list[Block]:
    """Draw how the text was understood: the first thought on each thing a person should know, and where the rest is."""
    if not answer.thoughts:
        return []
    first = {t.purpose: t.text for t in reversed(answer.thoughts) if not t.branch and not t.revises}
    words, name = (_DESIGNED, "How it was thought out") if answer.session.agent else (_READ, "How it was understood")
    told = sheet(row(Span.of(word, "muted"), exact(first[p])) for p, word in words.items() if p in first)
    all_of_it = line(Span.of(f"all {len(answer.thoughts)} thoughts: ", "muted"), Span.of("/think", "command"), indent=2)
    return section(name, [*told, all_of_it])


def approved(answer: Approved) -> list[Block]:
    """Draw every command that may now run, whole: this is what was consented to."""
    return [
        *opening(answer.orchestration),
        *section("These commands may now run", _commands(answer.commands)),
        *([] if answer.commands else [GAP, line("This plan runs no commands of its own.")]),
        *section("Ticked in the document and taken as done", _accepted(answer.accepted)),
        *section("Ready to start", _ready(answer)),
        *following(["/new_task", "/new_task --all"] if answer.ready else ["/task_status"]),
    ]


def _commands(commands: tuple[CommandShown, ...]) -> list[Block]:
    before = ((), *((c.task, c.title) for c in commands))
    return sheet(r for c, last in zip(commands, before, strict=False) for r in _command(c, (c.task, c.title) != last))


def _command(shown: CommandShown, named: bool) -> Iterator[Row]:
    """Yield the command, below what it is for; where that was named already, or has no name, the command alone."""
    if named and shown.title:
        yield row(Span(shown.task, "id"), BLANK, title(shown.title))
    name = shown.task if named and not shown.title else ""
    yield row(Span(name, "id"), Span(shown.role, "muted"), command(shown.command))


def _accepted(ids: tuple[str, ...]) -> list[Block]:
    return [Line((mark("completed"), *joined(Span(i, "id") for i in ids)), indent=2, hang=2)] if ids else []


def _ready(answer: Approved) -> list[Block]:
    if not answer.ready:
        return []
    rows = map(task_row, answer.ready[:_READY])
    return [task_table(rows, headers=False), *more(len(answer.ready) - _READY, "/list_tasks status:ready")]


def reset(answer: Reset) -> list[Block]:
    """Draw that the plan is empty now, and where what there was is kept."""
    kept = [line(Span("What there was is kept in "), exact(answer.backup), indent=2, hang=2)] if answer.backup else []
    preserved = section("Requirements kept", bullets(answer.orchestration.requirements))
    return [*opening(answer.orchestration), *kept, *preserved, *following(["/plan", "/undo"])]


def imported(answer: Imported) -> list[Block]:
    """Draw what came in."""
    sizes = [count(answer.tasks, "task"), count(answer.sessions, "session")]
    source = "" if answer.format in ("qwen-orch", "plan") else f" ({answer.format})"
    told = line(mark("completed"), "imported", Span(source, "muted"))
    return [told, *opening(answer.orchestration, *sizes), *following(["/task_status"])]


def playbooks(answer: Playbooks) -> list[Block]:
    """Draw what each playbook is for and what calls for it; the outline of the one that was asked for, as it is."""
    rows = [row(Span(p.name, "command"), (exact(p.description), *_called(p.triggers, p.own))) for p in answer.playbooks]
    outline = [Line((exact(text),), indent=2) for text in (answer.outline or "").rstrip().split("\n")]
    shown = answer.playbooks[0].name if answer.playbooks else ""
    hints = [f"/plan --template {shown} {answer.goal or 'GOAL'}"] if answer.outline else ["/playbooks NAME --goal TEXT"]
    return [*sheet(rows), *section("Outline", outline if answer.outline else []), *following(hints)]


def _called(triggers: tuple[str, ...], own: bool) -> tuple[Span, ...]:
    """Return, below its description, the words of a goal that call for a playbook."""
    said = joined([", ".join(triggers), "your own" if own else ""])
    return (BREAK, *said) if triggers or own else ()


VIEWS = {Planned: planned, Approved: approved, Reset: reset, Imported: imported, Playbooks: playbooks}
