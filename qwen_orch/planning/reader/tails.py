"""What stands behind a title and says what comes first: ``, depends on T1``, ``(after Catalogue)``.

Ids are known for what they are; other words count when they are the titles of tasks, which the whole document tells.
"""

from __future__ import annotations

import re

from attrs import frozen

from qwen_orch.planning.reader.entries import Found, Gathered, Need
from qwen_orch.planning.reader.text import plain
from qwen_orch.planning.reader.titles import tidy

_WORDS = (
    r"(?P<words>depends on|blocked by|after|requires|waits for|依赖于?|依賴)"
    r"(?:\s*[:：]\s*|\s+|(?<=[依赖于賴]))"
)
_BEHIND = re.compile(rf"(?:\s*[,;，；]\s*|\s+[-–—]\s*){_WORDS}(?P<names>\S.{{1,200}})$", re.I)
_BRACKETS = re.compile(
    rf"\s*[(\[（](?:(?P<fields>[^()\[\]（）]{{1,60}}?)[,;]\s*)?{_WORDS}(?P<names>[^()\[\]（）]{{2,200}})[)\]）]$", re.I
)
_KEYWORD = re.compile(r"depends on|blocked by|after|requires|waits for|依赖|依賴", re.I)
_FIRM = frozenset(("depends on", "blocked by", "依赖", "依赖于", "依賴"))
_NEXT = re.compile(rf"\s*(?:,\s*(?:and\s+)?|;\s*|\s+and\s+|\s+&\s+|、)(?:{_WORDS.replace('?P<words>', '?:')})?", re.I)


@frozen
class Tail:
    """What a text ends in: the *head* before it, the *names* of what comes first, and whether it surely states that.

    *fields* stood in the same brackets.
    """

    head: str
    names: str
    firm: bool
    fields: str = ""


def find(text: str) -> Tail | None:
    """Find the tail of *text*, if it has one."""
    if not _KEYWORD.search(text, max(0, len(text) - 300)):
        return None
    start = max(0, len(text) - 300)
    if match := _BRACKETS.search(text, start) or _BEHIND.search(text, start):
        fields = match.groupdict().get("fields") or ""
        firm = match["words"].lower() in _FIRM
        return Tail(text[: match.start()], match["names"].strip(), firm, fields) if match.start() >= 3 else None
    return None


def settle(out: Gathered) -> None:
    """Make dependencies of tails that are titles of other tasks, and cut them off."""
    read = {task: tail for task in out.tasks if not task.own and (tail := find(task.title))}
    if not read:
        return
    known = {task.title.casefold(): task for task in reversed(out.tasks)}
    for task, tail in read.items():
        known.setdefault(tidy(tail.head).casefold(), task)
    for task, tail in read.items():
        names = _names(tail.names, known)
        if names and task not in [known[_key(name)] for name in names]:
            task.title = tidy(tail.head)
            task.needs += [Need(f'"{name}"', task.line) for name in names]
        elif tail.firm and not names and not task.needs:
            task.needs.append(Need(tail.names, task.line))


def _names(names: str, known: dict[str, Found]) -> list[str]:
    """The titles that *names* lists, when it lists nothing else."""
    if _key(names) in known:
        return [names]
    parts = _NEXT.split(names)
    return parts if all(_key(part) in known for part in parts) else []


def _key(name: str) -> str:
    return plain(name).strip(" .\"'“”").casefold()
