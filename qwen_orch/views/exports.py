"""How exports and the dependency graph look."""

from __future__ import annotations

from collections.abc import Callable

from qwen_orch.answers.core import TaskAnswer
from qwen_orch.answers.exports import Drawing, Exported
from qwen_orch.answers.exports import Span as Slot
from qwen_orch.views.blocks import GAP, Block, Row, Span, Table, exact, line, row, sheet
from qwen_orch.views.parts import arrows, following, mark, title
from qwen_orch.views.task_parts import waits


def exported(answer: Exported) -> list[Block]:
    """Draw where the export was written; one that is content is printed as it is by whoever asked for it."""
    if not answer.path:
        return []
    return [line(mark("completed"), Span(answer.format), " written to ", exact(answer.path), hang=2)]


def drawing(answer: Drawing) -> list[Block]:
    """Draw the tasks below those they wait for, and the critical path."""
    if not answer.lines:
        return [line("There is nothing to draw yet."), *following(["/plan"])]
    tasks = {t.id: t for t in answer.tasks}
    critical = set(answer.critical_path)
    rows = tuple(_row(tasks.get(i), i, depth, answer.schedule.get(i), i in critical) for depth, i in answer.lines)
    path = [row(Span("Critical path", "muted"), arrows(answer.critical_path))] if critical else []
    return [Table(rows, flexible=1), *([GAP] if path else []), *sheet(path)]


def _row(task: TaskAnswer | None, name: str, depth: int, slot: Slot | None, critical: bool) -> Row:
    if task is None:
        return row(Span(name, "id"), Span("(see above)", "muted"), depth=depth)
    label = (mark(task.state), title(task.title))
    held = waits(task.blocked_by) if task.state == "blocked" else Span("")
    when = Span(f"{slot.start:.3g}-{slot.finish:.3g} h" if slot else "", "warn" if critical else "muted")
    return row(Span(task.id, "id"), label, when, Span("critical" if critical else "", "warn"), held, depth=depth)


VIEWS: dict[type, Callable[..., list[Block]]] = {Exported: exported, Drawing: drawing}
