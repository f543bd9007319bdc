"""The line at the bottom: the plan, how far it is, what is ready, blocked, under way, and the session."""

from __future__ import annotations

from collections.abc import Callable

from qwen_orch.model.plan import PlanStatus
from qwen_orch.model.text import cells, clip, one_line
from qwen_orch.repl.standing import Standing
from qwen_orch.views.marks import EMPTY, FULL

Fragments = list[tuple[str, str]]
BAR, TITLE, LEAST_TITLE = 10, 32, 6
STYLE = {
    "bottom-toolbar": "noreverse",
    "bottom-toolbar.text": "",
    "bar.title": "bold",
    "bar.done": "ansigreen",
    "bar.open": "ansibrightblack",
    "bar.muted": "ansibrightblack",
    "bar.blocked": "ansiyellow",
    "bar.failed": "ansired",
    "bar.running": "ansiblue",
    "bar.asking": "ansimagenta bold",
    "prompt": "bold",
    "chip": "reverse",
}
NOTHING = "no plan yet: paste one and press Enter, or type a goal"


def toolbar(now: Standing | None, width: int, speak: Callable[[str], str]) -> Fragments:
    """Return the line about *now* in at most *width* columns; parts that do not fit are left out, from the right.

    The title gives way to the two parts behind it.
    """
    parts = _parts(now) if now else []
    room = width - 1 - sum(_size(part) + 3 for part in parts[:2])
    name = clip(one_line(now.title), max(LEAST_TITLE, min(TITLE, room))) if now else NOTHING
    shown: Fragments = []
    left = width
    for part in [[("bar.title" if now else "bar.muted", name)], *parts]:
        size = _size(part) + (3 if shown else 1)
        if size > left:
            break
        shown += [("bar.muted", " · " if shown else " "), *part]
        left -= size
    return [(f"class:{style}", speak(text)) for style, text in shown]


def _size(part: Fragments) -> int:
    return sum(cells(text) for _, text in part)


def _parts(now: Standing) -> list[Fragments]:
    """Return the parts of the line behind the title, the most useful first."""
    parts = [*_asking(now), _progress(now)]
    if now.status is not PlanStatus.APPROVED:
        parts.append([("bar.blocked", _status(now.status))])
        return [*parts, *_session(now)]
    counts = (
        ("bar.failed", now.failed, "failed"),
        ("bar.failed", now.interrupted, "interrupted"),
        ("", now.ready, "ready"),
        ("bar.blocked", now.blocked, "blocked"),
        ("", now.claimed, "to verify"),
    )
    parts += [[(style, f"{count} {word}")] for style, count, word in counts if count]
    if now.running:
        who = now.running[0] if len(now.running) == 1 else f"{len(now.running)}"
        parts.append([("bar.running", f"{who} in progress")])
    return [*parts, *_session(now)]


def _asking(now: Standing) -> list[Fragments]:
    if not now.asking:
        return []
    who = f"{now.asking[0]} asks" if len(now.asking) == 1 else f"{len(now.asking)} ask"
    return [[("bar.asking", f"{who}: /permissions")]]


def _session(now: Standing) -> list[Fragments]:
    return [[("bar.muted", now.session)]] if now.session else []


def _progress(now: Standing) -> Fragments:
    full = int(now.fraction * BAR)
    bar = [("bar.done", FULL * full), ("bar.open", EMPTY * (BAR - full))]
    return [*bar, ("", f" {now.percent}% {now.done}/{now.total}")]


def _status(status: PlanStatus) -> str:
    return "draft: /approve_plan" if status is PlanStatus.DRAFT else str(status)
