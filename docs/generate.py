"""Writes the parts of the pages that the program itself knows: ``python docs/generate.py [--check]``.

Such a part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``. With ``--check`` nothing is written, and
the exit code is 1 when a page is not current.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from qwen_orch import answers  # noqa: E402 - this very tree, installed or not
from qwen_orch.commands import ALIASES  # noqa: E402
from qwen_orch.commands.help import GROUPS  # noqa: E402
from qwen_orch.commands.registry import Command, Param, all_commands  # noqa: E402
from qwen_orch.graph.filter_keys import SESSION_TABLE, TASK_TABLE, Key  # noqa: E402
from qwen_orch.mcp_server.catalogue import tools_for  # noqa: E402
from qwen_orch.mcp_server.tools import Argument, Tool  # noqa: E402
from qwen_orch.model.session import SessionKind  # noqa: E402
from qwen_orch.planning import playbooks  # noqa: E402
from qwen_orch.project.config import KEYS  # noqa: E402
from tests.planning.cases import RULES, Rule  # noqa: E402

REGION = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.S)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = [names, ["---"] * len(names), *([_cell(c) for c in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _grouped() -> Iterator[tuple[str, list[Command]]]:
    known = all_commands()
    for group in GROUPS:
        yield group, [c for c in known if c.group == group]


# Commands


def _reference() -> str:
    parts: list[str] = []
    for group, members in _grouped():
        parts += [f"## {group}", *map(_command, members)]
    return "\n\n".join(parts)


def _command(command: Command) -> str:
    others = [f"`/{short}`" for short, name in ALIASES.items() if name == command.name]
    parts = [f"### /{command.name}", f"```text\n{command.usage}\n```", command.summary, _prose(command.details)]
    if command.params:
        parts.append(_table(("argument", "what it is"), map(_argument, command.params)))
    parts.append(f"Answer: {', '.join(_keys(command))}.")
    if others:
        parts.append(f"Also: {', '.join(others)}.")
    return "\n\n".join(p for p in parts if p)


def _prose(text: str) -> str:
    return " ".join(text.split())


def _argument(param: Param) -> tuple[str, str]:
    value = "" if param.flag or not param.option else " N" if param.kind is int else f" {param.word[2:].upper()}"
    choices = f" ({', '.join(param.arg.choices)})" if param.arg.choices else ""
    usual = f"; usually `{param.default}`" if param.default not in (None, "", False) and param.option else ""
    return f"`{param.word}{value}`", f"{param.arg.help}{choices}{usual}"


def _keys(command: Command) -> Iterator[str]:
    """Yield the links to what a command answers with."""
    for name in re.findall(r"\w+", str(command.run.__annotations__.get("return", ""))):
        if name in _answers():
            yield f"[`{name}`](json.md#{name.lower()})"


def _brief() -> str:
    rows = []
    for group, members in _grouped():
        rows += [(group if n == 0 else "", f"`/{c.name}`", c.summary) for n, c in enumerate(members)]
    return _table(("", "command", "what it does"), rows)


# Answers


def _answers() -> dict[str, type]:
    found: dict[str, type] = {}
    for module in pkgutil.iter_modules(answers.__path__):
        for value in vars(importlib.import_module(f"qwen_orch.answers.{module.name}")).values():
            if isinstance(value, type) and _fields(value):
                found.setdefault(value.__name__, value)
    return dict(sorted(found.items()))


def _fields(kind: type) -> list[tuple[str, Any]]:
    """Return the names and annotations of an answer, a named tuple, or of what it holds, a class of attrs."""
    if attrs.has(kind):
        return [(a.name, a.type) for a in attrs.fields(kind)]
    return [(name, kind.__annotations__[name].__forward_arg__) for name in getattr(kind, "_fields", ())]


def _objects() -> str:
    return "\n\n".join(_object(kind) for kind in _answers().values())


def _object(kind: type) -> str:
    said = _prose(kind.__doc__ or "").replace("*", "`")
    rows = ((f"`{name}`", f"`{_readable(annotation)}`") for name, annotation in _fields(kind))
    return f"### {kind.__name__}\n\n{said}\n\n{_table(('key', 'value'), rows)}"


def _readable(annotation: Any) -> str:
    """Return what a Python annotation is in JSON."""
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
    for python, json in _JSON:
        text = re.sub(python, json, text)
    return text


_JSON = (
    (r"tuple\[(\w+), \.\.\.\]", r"[\1]"),
    (r"tuple\[tuple\[(\w+), (\w+)\], \.\.\.\]", r"[[\1, \2]]"),
    (r"dict\[(\w+), (\w+)\]", r"{\1: \2}"),
    (r"\b(?:str|TaskId|SessionId|PhaseId|OrchestrationId)\b", "string"),
    (r"\b(?:int|float)\b", "number"),
    (r"\bbool\b", "true or false"),
    (r"\bNone\b", "null"),
    (r"\bAny\b", "any value"),
    (r" \| ", " or "),
)


# Rules of reading


def _rules() -> str:
    return "\n\n".join(map(_rule, RULES))


def _rule(rule: Rule) -> str:
    words = textwrap.fill(rule.words, 120, break_long_words=False, break_on_hyphens=False)
    return "\n\n".join((f"### {rule.name}", words, *(_case(text, expected) for text, expected in rule.cases)))


def _case(text: str, expected: str) -> str:
    """A text as it is written, and behind arrows what is understood."""
    understood = "\n".join(f"→ {line}" for line in expected.split("\n"))
    fence = "````" if "```" in text else "```"
    return f"{fence}text\n{text.rstrip()}\n\n{understood}\n{fence}"


# Tools of the report server

OFFERED = {
    None: "on its own",
    **{k: str(k) for k in (SessionKind.PLANNING, SessionKind.TASK, SessionKind.VERIFICATION)},
}


def _offered() -> str:
    by_kind = {kind: tools_for(kind) for kind in OFFERED}
    names = dict.fromkeys(name for tools in by_kind.values() for name in tools)
    rows = ((f"`{name}`", *("yes" if name in by_kind[kind] else "" for kind in OFFERED)) for name in names)
    return _table(("tool", *OFFERED.values()), rows)


def _tools() -> str:
    known = [tool for kind in OFFERED for tool in tools_for(kind).values()]
    reports = {(tool.name, tool.arguments): tool for tool in known if not tool.reads}
    return "\n\n".join(map(_tool, reports.values()))


def _tool(tool: Tool) -> str:
    twice = any(a.name == "task" for a in tool.arguments) and tool.name in tools_for(SessionKind.TASK)
    arguments = _table(("argument", "kind", "what it is"), map(_tool_argument, tool.arguments))
    return f"### {tool.name}{' (on its own)' if twice else ''}\n\n{_prose(tool.about)}\n\n{arguments}"


def _tool_argument(argument: Argument) -> tuple[str, str, str]:
    choices = f" ({', '.join(argument.choices)})" if argument.choices else ""
    optional = "" if argument.required else ", may be left out"
    return f"`{argument.name}`", f"{argument.kind}{optional}", f"{argument.about}{choices}"


# Settings, filters, playbooks


def _settings() -> str:
    rows = ((f"`{name}`", f"`{_json(a.default)}`", str(a.metadata["meaning"])) for name, a in KEYS.items())
    return _table(("key", "usually", "what it does"), rows)


def _json(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _filter(keys: Iterable[Key[Any]]) -> str:
    rows = (
        (f"`{k.name}:`", k.about, ", ".join(f"`{v}`" for v in k.values) + ("" if k.closed else ", …")) for k in keys
    )
    return _table(("key", "what it looks at", "values"), rows)


def _playbooks() -> str:
    return _table(("playbook", "for"), ((f"`{name}`", about) for name, about in sorted(playbooks.names().items())))


PARTS: dict[str, Callable[[], str]] = {
    "reference": _reference,
    "offered": _offered,
    "tools": _tools,
    "commands": _brief,
    "answers": _objects,
    "settings": _settings,
    "task_filters": lambda: _filter(TASK_TABLE),
    "session_filters": lambda: _filter(SESSION_TABLE),
    "playbooks": _playbooks,
    "rules": _rules,
}


def main(arguments: list[str]) -> int:
    """Bring every page up to date, or with ``--check`` name those that are not."""
    stale = 0
    for path in [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]:
        before = path.read_text(encoding="utf-8")
        after = REGION.sub(lambda m: f"{m[1]}{PARTS[m[2]]()}\n{m[3]}", before)
        if after == before:
            continue
        stale += 1
        sys.stdout.write(f"{path.relative_to(ROOT)} {'is not current' if '--check' in arguments else 'written'}\n")
        if "--check" not in arguments:
            path.write_text(after, encoding="utf-8")
    return int(bool(stale) and "--check" in arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
