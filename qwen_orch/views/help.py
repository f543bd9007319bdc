"""How help looks: all commands by what they are for, or one of them in full."""

from __future__ import annotations

from collections.abc import Callable

from qwen_orch.answers.help import Farewell, Help, HelpEntry
from qwen_orch.views.blocks import GAP, Block, Row, Span, Table, exact, line, row, sheet
from qwen_orch.views.parts import following


def help_(answer: Help) -> list[Block]:
    """Draw one command in full, or all of them in brief."""
    if len(answer.commands) == 1:
        return _full(answer.commands[0])
    rows: list[Row] = []
    for number, group in enumerate(dict.fromkeys(c.group for c in answer.commands)):
        rows += [row((Span(""),))] if number else []
        rows.append(row((Span(group, "heading"),)))
        rows += [_brief(c) for c in answer.commands if c.group == group]
    return [Table(tuple(rows), wrap=True), *following(["/orchestration_help COMMAND"])]


def _brief(entry: HelpEntry) -> Row:
    return row(Span(f"/{entry.name.lstrip('/')}", "command"), Span(entry.summary))


def _full(entry: HelpEntry) -> list[Block]:
    options = sheet(row(Span(name, "command"), exact(meaning.strip())) for name, meaning in entry.options)
    details = [GAP, line(exact(entry.details.strip()), indent=2)] if entry.details.strip() else []
    return [
        line(exact(entry.usage, "command"), hang=4),
        line(Span(entry.summary), indent=2),
        *details,
        *([GAP, *options] if options else []),
    ]


def farewell(answer: Farewell) -> list[Block]:
    """Draw the last words."""
    return [line(exact(answer.message))] if answer.message else []


VIEWS: dict[type, Callable[..., list[Block]]] = {Help: help_, Farewell: farewell}
