"""The commands that only read, as tools: the same names, arguments, words and answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from qwen_orch.commands import ROOMS
from qwen_orch.commands.registry import Command, Param, find
from qwen_orch.mcp_server.caller import Caller
from qwen_orch.mcp_server.tools import Argument, Tool

KINDS: dict[type, str] = {str: "string", int: "integer", bool: "boolean"}
LONGEST_WORD = 2_000
LIBRARIES = ("tasks", "permissions", "sessions", "exports", "help")
"""The rooms that hold commands which only read. The others are not imported: an agent waits for this."""


def queries() -> Iterator[Tool]:
    """Yield a tool for every command that only reads."""
    commands = (find(name) for room in LIBRARIES for name in ROOMS[room])
    return (query(command) for command in commands if command.reads)


def query(command: Command) -> Tool:
    """Return *command* as a tool, without the arguments that make it do more than read."""
    offered = {_name(p): p for p in command.params if not p.arg.acts}
    about = f"{command.summary} {command.details}".strip()
    return Tool(command.name, about, tuple(map(_argument, offered.values())), _call(command, offered), reads=True)


def own_context() -> Tool:
    """Return ``context`` of the caller's own session alone: what a reviewer may know."""
    command = find("context")
    return Tool("context", command.summary, (), _call(command, {}), reads=True)


def _name(param: Param) -> str:
    return param.name.strip("_")


def _argument(param: Param) -> Argument:
    choices = param.arg.choices
    return Argument(_name(param), KINDS[param.kind], param.arg.help, param.required, choices, longest=LONGEST_WORD)


def _call(command: Command, offered: dict[str, Param]) -> Callable[[Caller, dict[str, Any]], Any]:
    def call(caller: Caller, said: dict[str, Any]) -> Any:
        return command.run(caller.ctx, **{offered[name].name: value for name, value in said.items()})

    return call
