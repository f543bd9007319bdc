"""Effort as people write it, in working hours: a day is 8 hours, a week 5 days, a month 20 days."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from qwen_orch.model.task import Estimate

DAY = 8.0
WEEK = 5 * DAY
MONTH = 20 * DAY
_MOST = 200
POINT = 4.0
"""Hours of a story point in a document that does not say."""

_UNITS: tuple[tuple[str, float], ...] = (
    (r"minutes?|mins?|(?<=\d)(?-i:m)|分钟|分鐘|分", 1 / 60),
    (r"hours?|hrs?|h|小时|小時|時間|时", 1.0),
    (r"(?:working |work |business |person-?|man-?)?days?|pd|d|人日|人天|工作日|天|日", DAY),
    (r"(?:working |person-?|man-?)?weeks?|wks?|w|人周|周|週間?", WEEK),
    (r"(?:person-?|man-?)?months?|mos?|人月|个月|個月|ヶ月", MONTH),
)
_UNIT = "|".join(f"(?P<u{n}>{words})" for n, (words, _) in enumerate(_UNITS))
_NUMBER = r"(?:[1-9]\d{0,2}(?:,\d{3})+(?:\.\d{1,3})?|\d{1,7}(?:[.,]\d{1,3})?|half an?|an?|one|two|three|four|five|six)"
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
_WORDS = {
    "half a": 0.5,
    "half an": 0.5,
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
}
_APART = r"\s*(?:-|–|—|~|〜|to|\.\.)\s*"
_ONE = re.compile(rf"({_NUMBER})\s*-?\s*(?:{_UNIT})(?![A-Za-z])(?!\d+(?![\d.]*[hm]))", re.I)
_AND = re.compile(r"\s?(?:and )?")
_BARE = re.compile(rf"({_NUMBER})(?={_APART})", re.I)
_JOIN = re.compile(_APART, re.I)
_LEAD = re.compile(
    r"(?:est(?:imated?|\.)?|estimate|effort|duration|time|about|approx(?:imately)?\.?|ca\.?|around|"
    r"up to|[~≈±])?[:\s]*",
    re.I,
)
_TAIL = re.compile(r"[,;]?\s*(?:@\s*)?(\d{1,3})\s*%")
_TAKES = re.compile(r"(?:^|[.;,(]\s*)(?:takes|should take|will take|expected to take)\s+", re.I)
_POINTS = re.compile(
    r"(?:sp|points?|pts?|story points?)\s*[:=]?\s*(\d{1,3}(?:\.5)?)|(\d{1,3}(?:\.5)?)\s*(?:sp|"
    r"story points?|points?|pts?)",
    re.I,
)
_SHIRTS: Mapping[str, tuple[float, float, float]] = {
    "XS": (1, 2, 3),
    "S": (2, 4, 8),
    "M": (8, 16, 24),
    "L": (24, 40, 56),
    "XL": (40, 80, 120),
    "XXL": (80, 120, 200),
}
_LEGEND = re.compile(
    rf"(?<![\w`])[`*(\[]{{0,4}}(XS|S|M|L|XL|XXL|(?:1|one|a|each)\s*(?:story\s*)?(?:points?|pts?|"
    rf"sp))[`*)\]]{{0,4}}\s{{0,3}}(?:=|:|≈|~|→|->|equals|is){{1,2}}\s{{0,3}}"
    rf"(?=[~≈]?\s*{_NUMBER})",
    re.I,
)


def hours(text: str) -> float | None:
    """Return the hours that *text* as a whole means (``1.5d``, ``1h 30m``), signed; None when it is no duration."""
    sign = -1.0 if text.strip()[:1] in "-−" else 1.0
    body = text.strip().lstrip("+-−").strip()
    read = _length(body, 0)
    return sign * read[0] * read[1] if read and read[2] == len(body) else None


def _length(text: str, at: int) -> tuple[float, float, int] | None:
    """Read ``2h`` or ``1d 4h`` at *at*: the number, the hours of its unit, and where it ends."""
    match = _ONE.match(text, at)
    if not match:
        return None
    number, factor, end = _number(match[1]), _factor(match), match.end()
    last = factor
    while (more := _ONE.match(text, _skip(_AND, text, end))) and (smaller := _factor(more)) < last:
        number, factor, end, last = number * factor + _number(more[1]) * smaller, 1.0, more.end(), smaller
    return number, factor, end


def _number(text: str) -> float:
    word = " ".join(text.lower().split())
    if word in _WORDS:
        return float(_WORDS[word])
    return float(text.replace(",", "") if _THOUSANDS.fullmatch(text) else text.replace(",", "."))


def _factor(match: re.Match[str]) -> float:
    return next(hours for n, (_, hours) in enumerate(_UNITS) if match[f"u{n}"])


def told(text: str) -> Estimate | None:
    """Return what a sentence such as ``Takes 1 hour.`` says about effort."""
    match = _TAKES.search(text) if "take" in text.lower() else None
    read = leading(text[match.end() : match.end() + 60]) if match else None
    return read[0] if match and read and text[match.end() + read[1] :].strip()[:1] in ("", ".", ",", ";", ")") else None


def leading(text: str) -> tuple[Estimate, int] | None:
    """Read a duration, a range or three points from the start of *text*: the estimate and where it ends.

    ``2h``, ``3-5 days``, ``2h-4h-8h, 60%``. One number is low, likely and high alike; a range has its middle as likely.
    """
    return _leading(text[:_MOST])


@lru_cache(maxsize=512)
def _leading(text: str) -> tuple[Estimate, int] | None:
    at = _skip(_LEAD, text, 0)
    numbers: list[tuple[float, float | None]] = []
    while len(numbers) < 3:
        if length := _length(text, at):
            numbers.append(length[:2])
            at = length[2]
        elif bare := _BARE.match(text, at):
            numbers.append((_number(bare[1]), None))
            at = bare.end()
        else:
            return None
        join = _JOIN.match(text, at)
        if not join or not (_ONE.match(text, join.end()) or _BARE.match(text, join.end())):
            break
        at = join.end()
    return _estimate(numbers, text, at)


def _estimate(numbers: list[tuple[float, float | None]], text: str, at: int) -> tuple[Estimate, int] | None:
    last = numbers[-1][1]
    if last is None:
        return None
    points = sorted(number * (factor or last) for number, factor in numbers)
    sure = {1: 0.7, 2: 0.6, 3: 0.7}[len(points)]
    if tail := _TAIL.match(text, at):
        sure, at = min(int(tail[1]), 100) / 100, tail.end()
    likely = points[1] if len(points) == 3 else (points[0] + points[-1]) / 2
    return Estimate(points[0], likely, points[-1], sure), at


def _skip(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def whole(text: str, legend: Mapping[str, Estimate] | None = None) -> Estimate | None:
    """Return the estimate that *text* as a whole states: a duration, story points or a T-shirt size; else None."""
    body = text.strip().strip("*_`").strip()
    if (found := leading(body)) and not body[found[1] :].strip(" .+"):
        return found[0]
    if (match := _POINTS.fullmatch(body)) and (value := match[1] or match[2]):
        return _scaled((legend or {}).get("POINT"), float(value))
    return shirt(body, legend)


def points(text: str, legend: Mapping[str, Estimate] | None = None) -> Estimate | None:
    """Return the estimate for *text*, a bare number of story points, as a table column states them."""
    body = text.strip()
    return _scaled((legend or {}).get("POINT"), float(body)) if re.fullmatch(r"\d{1,3}(\.5)?", body) else None


def is_relative(text: str) -> bool:
    """Tell whether *text* is story points or a T-shirt size, whose hours the document's legend gives."""
    return text in _SHIRTS or _POINTS.fullmatch(text.strip()) is not None


def _scaled(point: Estimate | None, count: float) -> Estimate:
    if point:
        return Estimate(point.low * count, point.likely * count, point.high * count, point.confidence)
    return Estimate(count * POINT / 2, count * POINT, count * POINT * 2, 0.3)


def shirt(text: str, legend: Mapping[str, Estimate] | None = None) -> Estimate | None:
    """Return the estimate of the T-shirt size *text* by the document's *legend*, or by our own with low confidence."""
    size = text.strip().upper()
    if legend and size in legend:
        return legend[size]
    if size not in _SHIRTS:
        return None
    low, likely, high = _SHIRTS[size]
    return Estimate(low, likely, high, 0.3)


def legend(text: str) -> dict[str, Estimate]:
    """Return what *text* says sizes and points mean: ``S = 1 day, M = 2-3 days; 1 point = 4h``."""
    found: dict[str, Estimate] = {}
    for match in _LEGEND.finditer(text):
        read = leading(text[match.end() : match.end() + 60].lstrip("~≈ "))
        if read:
            size = match[1].upper() if match[1].upper() in _SHIRTS else "POINT"
            found.setdefault(size, read[0])
    return found
