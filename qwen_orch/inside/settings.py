"""The settings of Qwen Code with our two entries in them, and without. Pure: text in, text out.

The hook hands every prompt of ours to ``qwen-orch qwen-prompt``; the MCP server is ``qwen-orch mcp``.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from qwen_orch.errors import ValidationError
from qwen_orch.inside import jsonc
from qwen_orch.inside.slash_commands import MARK

SERVER = ("mcpServers", "orch")
HOOKS = ("hooks", "UserPromptSubmit")
HOOK_NAME = "qwen-orch"
HOOK_MILLISECONDS = 58_000
"""Qwen Code itself waits no more than 60 s for a hook."""
NEW = '{\n  "$version": 4\n}\n'
"""Settings that say nothing. The version is that of Qwen Code 0.15, which rewrites settings without one."""


def hook(program: list[str], everywhere: bool) -> dict[str, Any]:
    """Return the hook on every prompt. Only one that may be of ours starts *program*; any other costs a ``grep``."""
    words = shlex.join([*program, "qwen-prompt", *(["--global"] if everywhere else [])])
    starts = shlex.join(["-e", f'"prompt":"{MARK}', "-e", '"prompt":"/'])
    command = f'QWEN_ORCH_PROMPT=$(grep -F {starts}) && printf %s "$QWEN_ORCH_PROMPT" | {words} || true'
    return {"hooks": [{"type": "command", "name": HOOK_NAME, "command": command, "timeout": HOOK_MILLISECONDS}]}


def server(program: list[str]) -> dict[str, Any]:
    """Return the entry of the report server. It is not trusted: Qwen Code asks before a tool of it changes anything."""
    return {"command": program[0], "args": [*program[1:], "mcp"]}


def checked(content: bytes) -> str:
    """Return settings as text; raise `ValidationError` for what Qwen Code could not read, or not find its way in."""
    try:
        text = content.decode("utf-8")
        there = jsonc.parse(text)
    except ValueError as error:
        raise ValidationError(f"the settings of Qwen Code are no JSON: {error}", "mend settings.json") from None
    hooks = there.get(HOOKS[0], {}) if isinstance(there, dict) else None
    prompts = hooks.get(HOOKS[1], []) if isinstance(hooks, dict) else None
    if not isinstance(prompts, list) or not isinstance(there.get(SERVER[0], {}), dict):
        raise ValidationError("the settings of Qwen Code hold odd hooks or mcpServers", "mend settings.json")
    return text


def with_ours(text: str, hook: dict[str, Any], server: dict[str, Any]) -> tuple[str, list[str]]:
    """Return *text* with *hook* and *server* in it, once, and the names of the objects made around them.

    Raises `ValidationError` when somebody else's server has the name of ours.
    """
    made: list[str] = []
    there = _at(text, SERVER)
    if there is not None and not _is_ours(there):
        message = f"the settings of Qwen Code have an MCP server {SERVER[1]!r} that is not qwen-orch"
        raise ValidationError(message, "give it another name, then /install qwen")
    if there != server:
        text, new = _put(_without_server(text), SERVER, server)
        made += new
    if [group for _, group in _our_groups(text)] != [hook]:
        text, new = _put(_without_hooks(text), (*HOOKS, 0), hook)
        made += new
    return text, made


def without_ours(text: str, made: tuple[str, ...]) -> str:
    """Return *text* without our entries, and without those objects *made* for them that nobody else uses."""
    text = _without_hooks(_without_server(text))
    for path in (HOOKS, HOOKS[:1], SERVER[:1]):
        if ".".join(path) in made and _at(text, path) in ({}, []):
            text = jsonc.remove(text, path)
    return text


def say_nothing(text: str) -> bool:
    """Tell whether *text* sets nothing but its version."""
    return not jsonc.parse(text).keys() - {"$version"}


def _put(text: str, path: jsonc.Path, value: Any) -> tuple[str, list[str]]:
    """Return *text* with *value* at *path*, and the names of the objects and lists that had to be made around it."""
    there = jsonc.parse(text)
    depth = 0
    while depth < len(path) - 1 and path[depth] in there:
        there = there[path[depth]]
        depth += 1
    for key in reversed(path[depth + 1 :]):
        value = [value] if isinstance(key, int) else {key: value}
    made = [".".join(map(str, path[:n])) for n in range(depth + 1, len(path))]
    return jsonc.put(text, path[: depth + 1], value), made


def _without_server(text: str) -> str:
    there = _at(text, SERVER)
    return jsonc.remove(text, SERVER) if there is not None and _is_ours(there) else text


def _without_hooks(text: str) -> str:
    """Return *text* without our hooks; a group that a person added hooks to keeps those."""
    for place, group in reversed(_our_groups(text)):
        if len(group["hooks"]) == 1:
            text = jsonc.remove(text, (*HOOKS, place))
            continue
        for n in reversed(range(len(group["hooks"]))):
            text = jsonc.remove(text, (*HOOKS, place, "hooks", n)) if _is_hook(group["hooks"][n]) else text
    return text


def _our_groups(text: str) -> list[tuple[int, dict[str, Any]]]:
    """Return the groups of hooks that hold one of ours, each with its place in the list."""
    numbered = enumerate(_at(text, HOOKS) or [])
    groups = [(n, g) for n, g in numbered if isinstance(g, dict) and isinstance(g.get("hooks"), list)]
    return [(n, g) for n, g in groups if any(map(_is_hook, g["hooks"]))]


def _is_hook(hook: Any) -> bool:
    return isinstance(hook, dict) and hook.get("name") == HOOK_NAME


def _is_ours(server: Any) -> bool:
    """Tell whether an MCP entry is ``qwen-orch mcp``, wherever the program is."""
    if not isinstance(server, dict):
        return False
    words = [str(server.get("command", "")), *map(str, server.get("args") or [])]
    return words[-1] == "mcp" and (Path(words[0]).name == "qwen-orch" or "qwen_orch" in words)


def _at(text: str, path: jsonc.Path) -> Any:
    """Return the value at *path*, None when there is none."""
    value = jsonc.parse(text)
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
