"""Tables whose rows are tasks: what each column holds."""

from __future__ import annotations

import re
from enum import StrEnum

from attrs import frozen

from qwen_orch.planning.reader.blocks import Block
from qwen_orch.planning.reader.text import plain, without_signs


class Column(StrEnum):
    """What a column of a plan table holds."""

    ID = "id"
    TITLE = "title"
    ESTIMATE = "estimate"
    POINTS = "points"
    LOW = "low"
    LIKELY = "likely"
    HIGH = "high"
    STATUS = "status"
    PRIORITY = "priority"
    ASSIGNEE = "assignee"
    DEPENDS = "depends_on"
    PHASE = "phase"
    TAGS = "tags"
    ACCEPTANCE = "acceptance"
    CHECK = "check"
    RUN = "run"
    NOTES = "notes"


_HEADERS: tuple[tuple[Column, str], ...] = (
    (Column.ID, r"#|ids?|no\.?|nr\.?|num(?:ber)?|task ?#|task ids?|key|ref|wbs|编号|序号|番号"),
    (Column.LOW, r"(?:optimistic|best(?: case)?|low|min(?:imum)?)(?: .*)?"),
    (Column.LIKELY, r"(?:most )?likely(?: .*)?|expected(?: .*)?|nominal"),
    (Column.HIGH, r"(?:pessimistic|worst(?: case)?|high|max(?:imum)?)(?: .*)?"),
    (
        Column.TITLE,
        (
            r"tasks?(?: name| title| description)?|title|name|work ?items?|items?|stor(?:y|ies)|user stor(?:y|"
            r"ies)|activit(?:y|ies)|actions?|action items?|deliverables?|"
            r"features?|what|summary|todo|to-?do|steps?|任务(?:名称)?|任務|事项|工作项|タスク|作業|tarea|aufgabe|ticket|issue|"
            r"subject"
        ),
    ),
    (Column.POINTS, r"(?:story )?points?|sp|pts"),
    (
        Column.ESTIMATE,
        (
            r"(?:est(?:imated?|\.)?|effort|duration|time|hours?|days?|weeks?|size|t-?shirt(?: size)?)(?: .*)?|"
            r"(?:.* )?(?:estimate|effort|duration|hours|days)|工时|估时|预计.*|工期|時間|見積.*"
        ),
    ),
    (Column.STATUS, r"status|state|done\??|progress|complete[d?]?|状态|狀態|状態|✓|✅"),
    (Column.PRIORITY, r"prio(?:rity)?|p|importance|moscow|severity|优先级|優先級|優先度"),
    (Column.ASSIGNEE, r"owners?|assignees?|assigned(?: to)?|who|responsible|lead|dri|负责人|負責人|担当(?:者)?"),
    (
        Column.DEPENDS,
        (
            r"depends?(?: on)?|dependenc(?:y|ies)|deps?|blocked by|after|predecessors?|prerequisites?|"
            r"requires|依赖|前置.*|依存.*"
        ),
    ),
    (Column.PHASE, r"phase|milestone|sprint|stage|epic|iteration|阶段|フェーズ"),
    (Column.TAGS, r"tags?|labels?|area|component|category|type|标签"),
    (
        Column.ACCEPTANCE,
        (
            r"acceptance(?: criteri(?:a|on))?|acs?|done when|definition of done|success criteria|criteria|"
            r"验收(?:标准)?|deliverable"
        ),
    ),
    (Column.CHECK, r"checks?|verify|verification|test command"),
    (Column.RUN, r"runs?|commands?"),
    (Column.NOTES, r"description|details?|notes?|comments?|remarks?|说明|备注|描述"),
)
_TABLE = tuple((column, re.compile(words, re.I)) for column, words in _HEADERS)
_TASKS = re.compile(
    r"(?:tasks?|to-?dos?|action items?|actions?|work items?|activit(?:y|ies)|任务|任務|タスク)(?: .*)?", re.I
)
_PLAN = frozenset(
    (Column.ESTIMATE, Column.POINTS, Column.STATUS, Column.ASSIGNEE, Column.DEPENDS, Column.LIKELY, Column.ACCEPTANCE)
)


@frozen
class Columns:
    """The columns of a plan table by position.

    *strong* when they leave no doubt, *named* when one is called Task; *unit* is of bare numbers.
    """

    at: dict[Column, int]
    names: tuple[str, ...]
    strong: bool
    named: bool = False
    unit: str = "h"


def columns(block: Block) -> Columns | None:
    """Read the header of a table; None when it has no column of tasks, or is of phases or risks."""
    if len(block.rows) < 2:
        return None
    names = tuple(without_signs(plain(cell)) for cell in block.rows[0][1])
    at: dict[Column, int] = {}
    for position, name in enumerate(names):
        column = next((c for c, pattern in _TABLE if pattern.fullmatch(name[:60])), None)
        if column and column not in at:
            at[column] = position
    if Column.TITLE not in at:
        if Column.ID in at and Column.NOTES in at and len(at) > 2:
            at[Column.TITLE] = at.pop(Column.NOTES)
        else:
            return None
    return Columns(
        at, names, bool(_PLAN & at.keys()), _TASKS.fullmatch(names[at[Column.TITLE]]) is not None, _unit(names, at)
    )


def _unit(names: tuple[str, ...], at: dict[Column, int]) -> str:
    for column in (Column.ESTIMATE, Column.LIKELY, Column.LOW):
        if column in at:
            name = names[at[column]].lower()
            if re.search(r"day|\bd\b|天|日", name):
                return "d"
            if re.search(r"week|\bw\b|周", name):
                return "w"
            if re.search(r"min", name) and column is Column.ESTIMATE:
                return "min"
    return "h"
