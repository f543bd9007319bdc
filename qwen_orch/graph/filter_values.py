"""The values of filters that are measured: working hours, ages and days.

Each function reads a value once and returns the test, and raises `ValueError` with what was expected if it cannot.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

HOURS_OF_WORK = {"m": 1 / 60, "min": 1 / 60, "h": 1.0, "d": 8.0, "w": 40.0}
"""Working hours in one unit of an estimate: a day has eight, a week five days."""
HOURS_OF_CLOCK = {"m": 1 / 60, "min": 1 / 60, "h": 1.0, "d": 24.0, "w": 168.0}
"""Hours in one unit of an age."""

_COMPARED = r"(<=|>=|<|>|=|)\s*((?s:.*))"
_AMOUNT = r"(\d{1,9}(?:\.\d{1,9})?)(min|[mhdw])"
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "": operator.eq,
}
_TOLERANCE = 1e-9

Test = Callable[[float], bool]


def compared(value: str) -> tuple[str, str]:
    """Split ``>=4h`` into the comparison, which may be empty, and what is compared with."""
    match = re.fullmatch(_COMPARED, value)
    return (match[1], match[2]) if match else ("", value)


def hours(text: str, units: dict[str, float]) -> float:
    """Return the hours in ``4h``, ``1d4h``, ``90min`` or ``1.5w``; a bare number is hours."""
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text):
        return float(text)
    amounts = re.findall(_AMOUNT, text)
    if not amounts or "".join(n + u for n, u in amounts) != text:
        raise ValueError("a duration such as 30m, 4h, 2d or 1w")
    return sum(float(number) * units[unit] for number, unit in amounts)


def work_test(value: str) -> Test:
    """Return the test of working hours that ``>4h`` or ``<=2d`` describes; without a comparison they must be equal."""
    sign, amount = compared(value)
    bound, compare = hours(amount, HOURS_OF_WORK), _OPERATORS[sign]
    return lambda h: compare(0.0 if abs(h - bound) < _TOLERANCE else h - bound, 0.0)


def moment_test(value: str, now: datetime) -> Callable[[str], bool]:
    """Return the test of an ISO time that *value* describes at *now*, whose time zone says when a day begins.

    ``today``, ``yesterday`` and ``2026-11-01`` are days; ``>2026-11-01`` is after that day and ``<=2026-11-01`` not.
    ``<7d`` is younger than seven days and ``>2w`` older than two weeks.
    """
    sign, text = compared(value)
    day = _day(text, now)
    compare = _OPERATORS[sign]
    if day is not None:
        return _on(now, lambda at: compare(at.date().toordinal(), day.toordinal()))
    if not sign:
        raise ValueError("a day (today, yesterday, 2026-11-01) or an age (<7d, >2w)")
    age = 3600 * hours(text, HOURS_OF_CLOCK)
    return _on(now, lambda at: compare((now - at).total_seconds(), age))


def _on(now: datetime, test: Callable[[datetime], bool]) -> Callable[[str], bool]:
    """Return a test of ISO text, in the time zone of *now*; a time that is not known passes no test."""

    def tested(text: str) -> bool:
        if not text:
            return False
        at = datetime.fromisoformat(text)
        return test(at.astimezone(now.tzinfo) if at.tzinfo else at.replace(tzinfo=now.tzinfo))

    return tested


def _day(text: str, now: datetime) -> date | None:
    """Return the day that *text* names, or None when it names none."""
    if text in ("today", "yesterday"):
        return now.date() - timedelta(days=text == "yesterday")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("a day that exists, such as 2026-11-01") from None
