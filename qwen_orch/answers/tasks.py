"""What the listing of tasks answers: alone, because it is asked for most."""

from __future__ import annotations

from typing import NamedTuple

from qwen_orch.answers.core import TaskAnswer
from qwen_orch.model.plan import Phase


class TaskList(NamedTuple):
    """Tasks that a filter lets through; *phases* are for grouping, *tree* and *details* as asked."""

    tasks: tuple[TaskAnswer, ...]
    shown: int
    total: int
    phases: tuple[Phase, ...]
    tree: bool = False
    details: bool = False
