"""``config.json``: every key, what it may be, and what it does."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import orjson
from attrs import asdict, field, fields, frozen

from qwen_orch.errors import ValidationError
from qwen_orch.model.ids import did_you_mean

LONGEST = 5200 * 604800
"""A hundred years: what is longer cannot be subtracted from a date."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
THINKING_DEPTHS = {"quick": 4, "standard": 8, "deep": 12}
"""How many thoughts planning records at least."""
EXECUTORS = ("auto", "manual", "shell")


def seconds(text: str) -> float:
    """Return how many seconds a duration such as ``90s``, ``30m``, ``24h`` or ``7d`` is; raise `ValueError`."""
    found = re.fullmatch(r"\s*(\d{1,9}(?:\.\d{1,3})?)\s*([smhdw])\s*", str(text))
    if not found:
        raise ValueError('a duration such as "90s", "30m", "24h" or "7d"')
    return float(found[1]) * _UNITS[found[2]]


def _duration(value: Any) -> str:
    if not 1 <= seconds(value) <= LONGEST:
        raise ValueError("from 1s to 5200w")
    return str(value)


def _yes_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _number(least: int, most: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return value

    return check


def _one_of(*choices: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return str(value)

    return check


def _key(default: Any, check: Callable[[Any], Any], meaning: str) -> Any:
    return field(default=default, metadata={"check": check, "meaning": meaning})


@frozen
class Config:
    """The settings of a project. A key that is not in the file has the default given here."""

    enableBackups: bool = _key(True, _yes_no, "keep a copy of the journal before a checkpoint, undo or import")  # noqa: N815
    maxSessions: int = _key(50, _number(1, 10_000), "how many sessions may be active at once")  # noqa: N815
    sessionTimeout: str = _key("24h", _duration, "an active session without a step for so long is suspended")  # noqa: N815
    autoCleanup: bool = _key(True, _yes_no, "suspend timed-out sessions by itself; if not: /sessions --cleanup")  # noqa: N815
    thinkingDepth: str = _key("standard", _one_of(*THINKING_DEPTHS), "how many thoughts planning records: 4, 8 or 12")  # noqa: N815
    executor: str = _key("auto", _one_of(*EXECUTORS), "who does a task when /new_task does not say")
    jobs: int = _key(2, _number(1, 64), "how many tasks /new_task --all does at a time")
    commandTimeout: str = _key("30m", _duration, "a command that runs longer is stopped")  # noqa: N815


KEYS = {a.name: a for a in fields(Config)}


def checked(name: str, value: Any, where: str = "") -> Any:
    """Return *value* if the key *name* may have it; raise `ValidationError` naming both."""
    if name not in KEYS:
        near = did_you_mean(name, KEYS)
        raise ValidationError(f"{where}{name[:60]!r} is not a setting{near}", "/config lists them")
    try:
        return KEYS[name].metadata["check"](value)
    except ValueError as error:
        raise ValidationError(f"{where}{name} must be {error}, not {value!r:.60}", f"/config {name} VALUE") from None


def parse(raw: bytes) -> Config:
    """Return the settings in the bytes of ``config.json``; raise `ValidationError` naming the line and the key."""
    return _parsed(raw, {})


def _parsed(raw: bytes, instead: dict[str, Any]) -> Config:
    try:
        data = orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError as error:
        place = f"config.json line {error.lineno}, column {error.colno}"
        raise ValidationError(f"{place}: this is not JSON: {error.msg}", "mend that line, or /doctor") from None
    if not isinstance(data, dict):
        raise ValidationError("config.json line 1: an object {...} is expected", "mend it, or /doctor")
    kept = {k: v for k, v in data.items() if k not in instead}
    return Config(**{k: checked(k, v, f"config.json line {_line_of(raw, k)}: ") for k, v in kept.items()}, **instead)


def _line_of(raw: bytes, key: str) -> int:
    at = raw.find(orjson.dumps(key))
    return raw.count(b"\n", 0, max(at, 0)) + 1


def changed(raw: bytes, name: str, text: str) -> Config:
    """Return the settings in *raw* with the key *name* set to what *text*, as typed, means.

    What *raw* says of that key need not be valid: this is how a person mends it.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = text
    return _parsed(raw, {name: checked(name, value)})


def to_bytes(config: Config) -> bytes:
    """Return the file that says *config*."""
    return orjson.dumps(asdict(config), option=orjson.OPT_INDENT_2) + b"\n"
