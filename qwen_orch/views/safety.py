"""How it looks to undo, to name a point to come back to, to set something, and to be examined."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from qwen_orch.answers.safety import Checkpoint, Diagnosis, Finding, HookList, Setting, Settings, Undone
from qwen_orch.views.blocks import BREAK, GAP, Block, Row, Span, Table, exact, line, row, sheet
from qwen_orch.views.marks import ARROW
from qwen_orch.views.parts import count, following, mark, section, words, would_change
from qwen_orch.views.sessions import entries
from qwen_orch.views.task_parts import command


def undone(answer: Undone) -> list[Block]:
    """Draw the steps that were taken back, or put back."""
    verb = "put back" if answer.redone else "taken back"
    if not answer.steps:
        return [line(f"Nothing was {verb}.")]
    now = Span.of(f" · now at step {answer.seq}", "muted")
    return [line(mark("completed"), f"{count(len(answer.steps), 'step')} {verb}", now), *entries(answer.steps)]


def checkpoint(answer: Checkpoint) -> list[Block]:
    """Draw the point that was named, and all there are."""
    rows = (row(Span(name, "id"), Span(f"step {seq}", "muted")) for name, seq in answer.checkpoints.items())
    copy = [line(Span("a copy is kept in ", "muted"), exact(answer.backup), indent=2, hang=2)] if answer.backup else []
    named = line(mark("completed"), "checkpoint ", Span(answer.name, "id"), f" at step {answer.seq}", most=2)
    return [*([named] if answer.name else []), *copy, *section("Checkpoints", sheet(rows))]


def settings(answer: Settings) -> list[Block]:
    """Draw every setting with what it does; one that differs from its default stands out."""
    rows = tuple(map(_setting, answer.settings))
    table = Table(rows, ("SETTING", "VALUE", "WHAT IT DOES"), wrap=True)
    return [table, GAP, line(Span("kept in ", "muted"), exact(answer.path), indent=2, hang=2)]


def _setting(one: Setting) -> Row:
    changed = one.value != one.default
    default = (Span(f" (default: {_value(one.default).strip('()')})", "muted"),) if changed else ()
    value = Span(_value(one.value), "heading" if changed else "")
    return row(Span(one.key, "id"), value, (Span(one.meaning), *default))


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return ", ".join(f"{k}: {v}" for k, v in value.items()) or "(none)"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "(empty)"
    return "(none)" if value in (None, "") else str(value)


def hook_list(answer: HookList) -> list[Block]:
    """Draw the hooks, each with its exact command; one that nobody agreed to stands out."""
    if not answer.hooks:
        return [line("There are no hooks."), *following(['/config hooks \'{"task.failed": "COMMAND"}\''])]
    rows = tuple(row((mark("ok" if h.agreed else "warning"), Span(h.event)), command(h.command)) for h in answer.hooks)
    kept = line(Span("what they print is kept in ", "muted"), exact(answer.log), indent=2, hang=2)
    new = [line(Span("Those marked do not run: nobody agreed to them here.", "warn"))]
    agree = [GAP, *new, *following(["/hooks --trust"])] if any(not h.agreed for h in answer.hooks) else []
    return [Table(rows, ("EVENT", "COMMAND"), wrap=True), GAP, kept, *agree]


def diagnosis(answer: Diagnosis) -> list[Block]:
    """Draw what was looked at, what was found, and the verdict."""
    healthy = Span("All is well.", "done") if answer.healthy else Span("Something needs attention.", "failed")
    verdict = line(mark("ok" if answer.healthy else "problem"), healthy)
    return [*sheet(map(_finding, answer.findings)), *would_change(answer.would_change), GAP, verdict]


def _finding(found: Finding) -> Row:
    hint = (BREAK, Span.of(f"{ARROW} ", "muted"), exact(found.hint, "hint")) if found.hint else ()
    told = (exact(found.detail.strip()), *_diff(found.diff), *hint)
    return row((mark(found.state), Span(words(found.what))), told)


_SIDES = {"-": "failed", "+": "done", "@": "muted"}
"""How a line of a diff is drawn, by the character it begins with."""


def _diff(text: str) -> Iterator[Span]:
    for one in text.splitlines():
        yield BREAK
        yield exact(one, _SIDES.get(one[:1], "muted"))


VIEWS: dict[type, Callable[..., list[Block]]] = {
    Undone: undone,
    Checkpoint: checkpoint,
    Settings: settings,
    HookList: hook_list,
    Diagnosis: diagnosis,
}
