"""What many pictures share: how a state, a duration and a time are written, the bar, and what to type next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from qwen_orch.answers.core import Change, OrchestrationAnswer, ProgressAnswer
from qwen_orch.model.text import clip
from qwen_orch.views.blocks import GAP, Bar, Block, Line, Row, Span, Table, exact, line, parted
from qwen_orch.views.marks import (
    ACTIVE,
    ARROW,
    BLOCKED,
    CLAIMED,
    DONE,
    DOT,
    DROPPED,
    FAILED,
    OPEN,
    STOPPED,
    UNSURE,
)  # fmt: skip

STATES: dict[str, tuple[str, str]] = {
    "pending": (OPEN, "open"),
    "in_progress": (ACTIVE, "active"),
    "interrupted": (STOPPED, "warn"),
    "claimed": (CLAIMED, "claimed"),
    "completed": (DONE, "done"),
    "failed": (FAILED, "failed"),
    "cancelled": (DROPPED, "muted"),
    "blocked": (BLOCKED, "blocked"),
    "active": (ACTIVE, "active"),
    "suspended": (OPEN, "open"),
    "draft": (OPEN, "open"),
    "approved": (ACTIVE, "active"),
    "reset": (DROPPED, "muted"),
    "open": (OPEN, "open"),
    "passed": (DONE, "done"),
    "unverified": (UNSURE, "warn"),
    "running": (ACTIVE, "active"),
    "timed_out": (FAILED, "failed"),
    "suspicious": (FAILED, "failed"),
    "ok": (DONE, "done"),
    "warning": (STOPPED, "warn"),
    "problem": (FAILED, "failed"),
}
"""The mark and the style of every state of a task, a session, a plan, a criterion, an attempt and a finding."""

DAY = 8.0
"""Working hours."""
_SEPARATOR = Span.of(f" {DOT} ", "muted")


def words(name: str) -> str:
    """Return a name of the data as people write it: ``in progress``."""
    return name.replace("_", " ")


def mark(state: str, gap: str = " ") -> Span:
    """Return the mark of *state*, and a space."""
    sign, style = STATES.get(state, (UNSURE, "muted"))
    return Span.of(sign + gap, style)


def state(name: str) -> Span:
    """Return the mark of a state and the word for it."""
    known = STATES.get(name)
    return Span.of(f"{known[0]} {words(name)}", known[1]) if known else Span(f"{UNSURE} {words(name)}", "muted")


def title(text: str, style: str = "title") -> Span:
    """Return a title, or what stands for none."""
    span = Span(text, style)
    return span if span.text.strip() else Span("(untitled)", "muted")


def short(text: str, width: int, style: str = "") -> Span:
    """Return at most *width* columns of *text*."""
    span = Span(text, style)
    return span if len(span.text) <= width // 2 else Span.of(clip(span.text, width), style)


def count(number: int, word: str) -> str:
    """Return ``1 task`` or ``24 tasks``."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def decimal(number: float) -> str:
    """Return *number* with one decimal, or none where it is whole."""
    return f"{number:,.1f}".removesuffix(".0")


def duration(hours: float) -> str:
    """Return working hours in short: ``30m``, ``1.5h``, ``3d``."""
    if hours >= 2 * DAY:
        return f"{decimal(hours / DAY)}d"
    return f"{decimal(hours)}h" if hours >= 1 or not hours else f"{max(1, round(hours * 60))}m"


def percent(fraction: float) -> str:
    """Return a share of one: ``42 %``, and 100 % only of the whole."""
    return f"{int(100 * min(1.0, max(0.0, fraction)))} %"


def took(seconds: float) -> str:
    """Return how long a command ran: ``0.4 s``, ``3.5 min``."""
    if seconds < 0.1:
        return "< 0.1 s"
    return f"{decimal(seconds)} s" if seconds < 100 else f"{decimal(seconds / 60)} min"


def local(at: str) -> datetime | None:
    """Return a stored time in the time zone of the person, or None if it is none."""
    try:
        return datetime.fromisoformat(at).astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def when(at: str) -> str:
    """Return a stored time in short: the hour today, the day this year, else the date."""
    moment = local(at)
    if moment is None:
        return ""
    today = datetime.now().astimezone()
    if moment.date() == today.date():
        return f"{moment:%H:%M}"
    day = f"{moment.day} {moment:%b}"
    return f"{day} {moment:%H:%M}" if moment.year == today.year else f"{day} {moment.year}"


def joined(items: Iterable[Span | str]) -> tuple[Span, ...]:
    """Return *items* with a dot between; empty ones are left out."""
    spans = [s if isinstance(s, Span) else Span(s, "muted") for s in items if s and (isinstance(s, str) or s.text)]
    return parted(((s,) for s in spans), _SEPARATOR)


def arrows(ids: Iterable[str]) -> tuple[Span, ...]:
    """Return *ids* with an arrow between."""
    return parted(((Span(i, "id"),) for i in ids), Span.of(f" {ARROW} ", "muted"))


def following(commands: Sequence[str]) -> list[Block]:
    """Draw what to type next, after an empty line; nothing when there is nothing to say."""
    if not commands:
        return []
    return [GAP, Line((Span("next: ", "muted"), *joined(Span(c, "command") for c in commands)), hang=6)]


def more(rest: int, where: str, indent: int = 2) -> list[Block]:
    """Draw that there are *rest* more, and the command that shows them."""
    if rest <= 0:
        return []
    return [line(Span.of(f"… and {rest:,} more: ", "muted"), Span(where, "command"), indent=indent)]


def opening(root: OrchestrationAnswer, *facts: Span | str) -> list[Block]:
    """Draw which orchestration this is about: its title, then state, id and *facts*."""
    return [
        line(title(root.title, "heading"), most=2),
        Line(joined([state(root.status), Span(root.id, "id"), *facts]), hang=2),
    ]


def bar(progress: ProgressAnswer) -> list[Block]:
    """Draw how far the plan is, and below it the number of tasks in each status."""
    statuses = [f"{n:,} {words(s)}" for s, n in progress.by_status.items() if n]
    done = f"{percent(progress.fraction)}  {progress.done:,} of {count(progress.total, 'task')}"
    return [
        Bar(progress.fraction, Span.of(done)),
        *([Line(joined(statuses), indent=2, hang=2)] if progress.done < progress.total or len(statuses) > 1 else []),
    ]


def would_change(changes: Sequence[Change] | None) -> list[Block]:
    """Draw what a dry run would do to each file; nothing for any other run."""
    if changes is None:
        return []
    rows = (Row((Span(c.action, "warn"), exact(c.path), Span.of(_bytes(c), "muted"))) for c in changes)
    told = [Table(tuple(rows), flexible=1, right=(2,))] if changes else [line("Nothing.", indent=2)]
    return section("Nothing was changed. Without --dry-run this would be done", told)


def _bytes(change: Change) -> str:
    return count(change.size, "byte") if change.action in ("create", "rewrite", "append") else ""


def bullets(texts: Iterable[str], indent: int = 2) -> list[Block]:
    """Draw each text behind a dot."""
    return [line(Span.of(f"{DOT} ", "muted"), exact(t.strip()), indent=indent, hang=2) for t in texts]


def section(name: str, blocks: Sequence[Block]) -> list[Block]:
    """Draw *blocks* under a name, after an empty line; nothing when there are none."""
    return [GAP, line(Span(name, "heading")), *blocks] if blocks else []
