"""Lines of the form ``Label: value`` and what each label means for a task or a plan."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from attrs import frozen

from qwen_orch.model.task import Criterion
from qwen_orch.planning.reader.text import one_line, plain


class Field(StrEnum):
    """What a labelled line states."""

    ESTIMATE = "estimate"
    PRIORITY = "priority"
    DEPENDS = "depends_on"
    BLOCKS = "blocks"
    ASSIGNEE = "assignee"
    TAGS = "tags"
    STATUS = "status"
    ACCEPTANCE = "acceptance"
    RUN = "run"
    CHECK = "check"
    TRACES = "requirements"
    SUBTASKS = "subtasks"
    GOAL = "goal"
    ID = "label"
    PROSE = "description"


_LABELS: tuple[tuple[Field, str], ...] = (
    (Field.RUN, r"runs?|commands?|cmd|执行|実行"),
    (Field.CHECK, r"checks?|check command|test command|verify with|verified by|prove"),
    (
        Field.ESTIMATE,
        (
            r"est|estimates?|estimated|estimated (?:time|effort|duration|hours)|(?:time|effort)(?: estimate|"
            r" required)?|duration|size|story points|points|sp|估时|工时|預估|估计|预计时间|"
            r"見積(?:もり|り)?|所要時間|工数"
        ),
    ),
    (Field.PRIORITY, r"priority|prio|severity|优先级|優先級|優先度"),
    (
        Field.DEPENDS,
        (
            r"depends(?: on)?|dependency|dependencies|deps?|dependent on|after|blocked by|requires|needs|"
            r"prerequisites?|waits? for|predecessors?|依赖(?:于|项)?|依賴|前置(?:任务)?|依存(?:先|関係)?|前提"
        ),
    ),
    (Field.BLOCKS, r"blocks|blocking|unblocks|required by|successors?"),
    (Field.ASSIGNEE, r"assignees?|owners?|assigned(?: to)?|responsible|who|lead|负责人|負責人|担当(?:者)?"),
    (Field.TAGS, r"tags?|labels?|标签|標籤|タグ"),
    (Field.STATUS, r"status|state|状态|狀態|状態"),
    (
        Field.ACCEPTANCE,
        (
            r"accept|acceptance(?: criteri(?:a|on)| tests?)?|acs?|criteri(?:a|on)|done[ -]when|done if|"
            r"definition of done|dod|success criteria|exit criteria|completion criteria|"
            r"expected(?: results?| outcomes?| output)?|verify|verification|"
            r"验收(?:标准|条件)?|驗收(?:標準)?|完成定[义義]|完成标准|完成標準|受け入れ基準|完了条件"
        ),
    ),
    (Field.TRACES, r"requirements?|reqs?|validates|implements|refs?|traces(?: to)?|covers"),
    (Field.SUBTASKS, r"sub-?tasks?|steps|tasks|todos?|to-?do|checklist|action items|子任务|步骤|サブタスク"),
    (Field.GOAL, r"(?:\S+ )?goals?|objectives?|purpose|目标|目標|目的"),
    (Field.ID, r"id|task id|key"),
    (
        Field.PROSE,
        (
            r"description|details?|notes?|why|how|what|context|files?|deliverables?|outputs?|results?|"
            r"references?|background|rationale|test ?strategy|描述|"
            r"说明|备注"
        ),
    ),
)
_TABLE = tuple((field, re.compile(words, re.I)) for field, words in _LABELS)
_OF_TASKS = frozenset((Field.ESTIMATE, Field.DEPENDS, Field.ASSIGNEE, Field.STATUS, Field.RUN, Field.CHECK))
_LINE = re.compile(
    r"[*_`]{0,3}([^\W\d_][\w /'’-]{0,28}?)[*_`]{0,3}\s*[:：][*_`]{0,3}(?:\s+|(?=[^\x00-\x7f`/])|$)(.*)", re.S
)
_LOOSE = re.compile(r"(depends on|blocked by|after)\s+(?=\S)", re.I)
_SCENARIO = re.compile(r"[*_]*(?:given|when|then)[*_]*\b.*", re.I | re.S)
_GIVEN = re.compile(r"[*_]*given[*_]*\b.*\b[*_]*then[*_]*\b.*", re.I | re.S)
_CODE = re.compile(r"(`+)(.+?)\1(?!`)", re.S)
_CHECK = re.compile(r"(?:^|(?<=[\s:;,–—(-]))(?:check(?: command)?|verify with)\s*:\s*(?=`)", re.I)
_DASH = re.compile(r"^\s*(?:[-–—:]+\s+)?")
_SHELL = ("sh", "bash", "shell", "console", "zsh", "")


@frozen
class Labelled:
    """A line read as a field: the *field*, the *label* as written and the *value* (raw)."""

    field: Field
    label: str
    value: str


def labelled(text: str) -> Labelled | None:
    """Read *text* as ``Label: value``; None when it has no label that we know."""
    stripped = text.strip()
    if stripped[:1] in "_*" and stripped[-1:] == stripped[:1] and not stripped.startswith("**") and len(stripped) > 2:
        stripped = stripped[1:-1].strip()
    match = _LINE.match(stripped)
    if not match:
        return None
    label = one_line(match[1]).strip("*_` ")
    field = which(label)
    return Labelled(field, label, match[2].strip()) if field else None


@lru_cache(maxsize=1024)
def which(label: str) -> Field | None:
    """Return the field that *label* names."""
    words = label.strip(" :：")
    return next((field for field, pattern in _TABLE if pattern.fullmatch(words)), None)


def loose(text: str) -> Labelled | None:
    """Read ``depends on T1`` without a colon as a field: a line that is nothing else."""
    match = _LOOSE.match(text.strip())
    return Labelled(Field.DEPENDS, match[1], text.strip()[match.end() :]) if match else None


def states_a_field(text: str) -> bool:
    """Tell whether a line below the first of *text* is a field that only tasks have."""
    lines = text.split("\n")[1:20]
    return any((read := labelled(line) or loose(line)) and read.field in _OF_TASKS for line in lines)


def commands(value: str) -> tuple[list[str], str]:
    """Return the commands in the code spans of *value* and the words beside them.

    A value without code spans is itself the command.
    """
    spans = [(m.start(), m.end(), _unfenced(m[2])) for m in _CODE.finditer(value[:20000])]
    if not spans:
        bare = one_line(value)
        return ([bare] if bare else []), ""
    words = value[: spans[0][0]] + value[spans[0][1] :]
    if len(spans) > 1:
        words = _CODE.sub("", value)
    return [command for _, _, command in spans], _DASH.sub("", plain(words.strip(" ,;"))).strip()


def _unfenced(code: str) -> str:
    """The inside of a code span by CommonMark: line ends are blanks, one blank at both ends goes away."""
    code = code.replace("\n", " ")
    return code[1:-1] if len(code) > 2 and code[0] == code[-1] == " " and code.strip() else code


def check(value: str) -> list[Criterion]:
    """Return the criteria that a ``check:`` line states: text is the words beside the command, or the command."""
    found, words = commands(value)
    return [Criterion(words or command, command) for command in found]


def criterion(text: str) -> Criterion:
    """Return the criterion that a list item under an acceptance heading states, with the command it names, if any.

    Only ``check: `command` `` (at the start, or after a dash) makes a command: a code span alone is a mention.
    """
    match = _CHECK.search(text)
    if match and (found := _CODE.match(text, match.end())):
        before, after = text[: match.start()], text[found.end() :]
        said = plain(before).strip(" -–—:;,") or _DASH.sub("", plain(after)).strip()
        return Criterion(said or _unfenced(found[2]), _unfenced(found[2]))
    return Criterion(plain(text))


def is_scenario(text: str) -> bool:
    """Tell whether *text* reads as Given-When-Then."""
    return _GIVEN.fullmatch(text) is not None or (
        _SCENARIO.fullmatch(text) is not None and text.lstrip("*_ ")[:5].lower() == "given"
    )


def is_shell(info: str) -> bool:
    """Tell whether a fence of this *info* string holds shell commands."""
    return info.split(" ", maxsplit=1)[0] in _SHELL
