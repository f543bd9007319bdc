"""How the listing of tasks looks: in rows, as a tree under its phases, or each on a card."""

from __future__ import annotations

from qwen_orch.answers.tasks import TaskList
from qwen_orch.views.blocks import GAP, Block, Span, line
from qwen_orch.views.parts import count, following
from qwen_orch.views.task_parts import by_phase, card, headline, task_row, task_table


def task_list(answer: TaskList) -> list[Block]:
    """Draw the tasks as they were asked for, and how many of all they are."""
    if not answer.tasks:
        return _nothing(answer)
    if answer.details:
        return [*_cards(answer), _footer(answer)]
    rows = by_phase(answer.tasks, answer.phases) if answer.tree else map(task_row, answer.tasks)
    return [task_table(rows), GAP, _footer(answer)]


def _nothing(answer: TaskList) -> list[Block]:
    if not answer.total:
        return [line("There are no tasks yet."), *following(["/plan", "/add_task"])]
    return [line(f"None of the {count(answer.total, 'task')} matches the filter."), *following(["/list_tasks"])]


def _cards(answer: TaskList) -> list[Block]:
    names = {str(p.id): p.title for p in answer.phases}
    drawn = ([headline(t), *card(t, names.get(t.phase or "", "")), GAP] for t in answer.tasks)
    return [block for blocks in drawn for block in blocks]


def _footer(answer: TaskList) -> Block:
    part = f"{answer.shown:,} of " if answer.shown != answer.total else ""
    return line(Span(f"{part}{count(answer.total, 'task')}", "muted"), indent=2, most=1)


VIEWS = {TaskList: task_list}
