"""Help, from the declarations of the commands themselves; and the way out."""

from __future__ import annotations

from typing import Annotated

from qwen_orch.answers.help import Farewell, Help, HelpEntry
from qwen_orch.commands.context import Context
from qwen_orch.commands.registry import Arg, Command, all_commands, command, find

GROUPS = ("Planning", "Tasks", "Work", "Sessions", "Thinking", "Export", "Agents", "Safety", "Help")
"""The groups in the order they are shown."""


@command("Help", reads=True)
def orchestration_help(
    ctx: Context, command: Annotated[str | None, Arg("one command, in full", takes="command")] = None
) -> Help:
    """Show what can be typed: every command, or one in full."""
    if command is not None:
        return Help((entry(find(command), full=True),))
    shown = sorted(all_commands(), key=lambda c: GROUPS.index(c.group))
    return Help(tuple(entry(c) for c in shown))


def entry(declared: Command, full: bool = False) -> HelpEntry:
    """Return the help on one command, in brief or in *full*."""
    if not full:
        return HelpEntry(declared.name, declared.group, declared.usage, declared.summary)
    options = tuple((_named(p.word, p.kind, p.arg.choices), p.arg.help) for p in declared.params)
    return HelpEntry(declared.name, declared.group, declared.usage, declared.summary, declared.details, options)


def _named(word: str, kind: type, choices: tuple[str, ...]) -> str:
    if choices:
        return f"{word} {'|'.join(choices)}"
    return f"{word} N" if kind is int and word.startswith("--") else word


@command("Help")
def exit(ctx: Context) -> Farewell:  # noqa: A001 - the word people type
    """Leave the shell. Everything is on disk already."""
    return Farewell("Everything is on disk. /resume shows where you were.")
