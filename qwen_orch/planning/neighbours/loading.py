"""JSON as people and tools leave it behind: a document, a document a line, or one that breaks off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from qwen_orch.errors import ValidationError
from qwen_orch.model.draft import Warning  # noqa: A004
from qwen_orch.planning.reader import decode
from qwen_orch.planning.reader.text import clean

_MOST_REPAIRED = 2_000_000
"""Repairing costs much more than reading, so no more characters than this are repaired."""
_MOST_LINES = 200
EXPECTED = (
    'Task Master: {"tasks": [{"id": 1, "title": "…"}]}',
    'beads, one object a line: {"id": "bd-1", "title": "…", "status": "open"}',
    'taskwarrior: [{"uuid": "…", "description": "…", "status": "pending"}]',
)


class Loaded(NamedTuple):
    """The objects of a file with the line each begins on (0: not known), and what a person should know."""

    entries: list[tuple[int, dict[str, Any]]]
    whole: Any
    warnings: list[Warning]


def is_json(text: str) -> bool:
    """Tell whether *text* is meant as JSON."""
    from qwen_orch.planning.reader.taskmaster import is_json as meant

    return meant(text)


def load(raw: bytes) -> Loaded:
    """Return what *raw* holds; what is broken is repaired if it can be, and told. Raises `ValidationError` if not."""
    import orjson

    decoded, told = decode(raw)
    text, warnings = clean(decoded), list(told)
    try:
        whole = orjson.loads(text)
    except (orjson.JSONDecodeError, RecursionError) as error:
        entries = list(_by_line(text, warnings))
        if entries:
            return Loaded(entries, [e for _, e in entries], warnings)
        whole = _repaired(text, getattr(error, "lineno", None), warnings)
    listed = whole if isinstance(whole, list) else [whole]
    return Loaded([(0, entry) for entry in listed if isinstance(entry, dict)], whole, warnings)


def _by_line(text: str, warnings: list[Warning]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the object on each line, if the first that holds anything is one; a broken line is repaired or left out."""
    lines = [(n, line.strip().rstrip(",")) for n, line in enumerate(text.split("\n"), 1) if line.strip(" []\r\t")]
    if not lines or not isinstance(_object(lines[0][1].lstrip("[ ")), dict):
        return
    broken = 0
    for number, line in lines:
        entry = _object(line.lstrip("[ ") if number == lines[0][0] else line)
        if entry is None:
            broken += 1
            entry = _mended(line) if broken <= _MOST_LINES else None
            what = "left out: this line is not JSON" if entry is None else "the JSON was broken here and was repaired"
            warnings.append(Warning(what, number))
        if entry is not None:
            yield number, entry


def _object(line: str) -> dict[str, Any] | None:
    import orjson

    try:
        found = orjson.loads(line)
    except (orjson.JSONDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _mended(line: str) -> dict[str, Any] | None:
    found = _mend(line[: _MOST_REPAIRED // 10]) if line.startswith("{") else None
    return found if isinstance(found, dict) and found else None


def _mend(text: str) -> Any:
    from json_repair import repair_json

    try:
        return repair_json(text, return_objects=True, skip_json_loads=True)
    except (RecursionError, ValueError):
        return None


def _repaired(text: str, line: int | None, warnings: list[Warning]) -> Any:
    found = _mend(text[:_MOST_REPAIRED])
    if not found or not isinstance(found, dict | list):
        raise ValidationError(f"this JSON cannot be read: it breaks off or is malformed at line {line}", *EXPECTED)
    warnings.append(Warning("the JSON was broken here and was repaired: compare the tasks with the file", line))
    return found


def text_of(value: Any) -> str:
    """Return *value* as text: nothing for what is no text or number."""
    return clean(str(value)).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def texts_of(value: Any) -> list[str]:
    """Return the texts of a list, or of text with commas."""
    listed = value if isinstance(value, list) else text_of(value).split(",")
    return [text for entry in listed if (text := text_of(entry))]


def unread(entries: list[tuple[int, dict[str, Any]]], known: frozenset[str]) -> list[Warning]:
    """Return the warning that names the fields that are filled in somewhere and that nothing here reads."""
    counts: dict[str, int] = {}
    for _, entry in entries:
        for key, value in entry.items():
            if key not in known and value not in (None, "", [], {}, 0, False):
                counts[key] = counts.get(key, 0) + 1
    named = [f"{clean(key)[:40]} ({n})" for key, n in sorted(counts.items(), key=lambda item: -item[1])[:12]]
    return [Warning(f"fields that were not taken over: {', '.join(named)}")] if named else []
