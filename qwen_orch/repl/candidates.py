"""What the word before the cursor may become, from the declarations of commands and the facts in memory.

Knows no terminal. The word is found as the lexer finds words, but an open quote belongs to the word it opens.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from attrs import frozen

from qwen_orch.commands.lexer import Word, split
from qwen_orch.commands.registry import ALL, Command, Param, find
from qwen_orch.errors import OrchError
from qwen_orch.graph import filters
from qwen_orch.graph.questions import waiting
from qwen_orch.model.ids import number_of
from qwen_orch.model.text import clip, one_line
from qwen_orch.repl.facts import ABOUT, Facts, Named

MOST = 100
FOLDER = 4_000
"""So many names of a folder are looked at; nobody reads the menu of a larger one."""


@frozen
class Candidate:
    """*text* may stand in place of the last *length* characters; *about* is shown beside it, for it to be chosen by."""

    text: str
    length: int
    about: str = ""
    label: str = ""


def candidates(before: str, facts: Facts, asked: bool = False) -> list[Candidate]:
    """Return what may complete the text *before* the cursor, best first; *asked* when a person pressed Tab for it."""
    return list(islice(_candidates(before, facts, asked), MOST))


def _candidates(before: str, facts: Facts, asked: bool) -> Iterator[Candidate]:
    start = _word_start(before)
    current, earlier = before[start:], split(before[:start])
    if current.startswith("@"):
        yield from _shown(_files(current[1:], "@"), len(current))
    elif "\n" in before or not before.lstrip().startswith("/"):
        return
    elif not earlier.words:
        yield from _commands(current)
    else:
        yield from _of_command(earlier.words, current, facts, asked)


def _word_start(text: str) -> int:
    start, quoted = 0, False
    for position, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif character.isspace() and not quoted:
            start = position + 1
    return start


def _shown(named: Iterable[Named], length: int) -> Iterator[Candidate]:
    return (Candidate(n.name, length, n.about, n.also) for n in named)


def _commands(current: str) -> Iterator[Candidate]:
    for name in ALL:
        if f"/{name}".startswith(current):
            yield Candidate(f"/{name}", len(current), find(name).summary)


def _of_command(words: tuple[Word, ...], current: str, facts: Facts, asked: bool) -> Iterator[Candidate]:
    try:
        command = find(words[0].text)
    except OrchError:
        return
    place = _place(command, words[1:])
    name, eq, value = current.partition("=")
    if place.waits_for is None and eq and name.startswith("--") and not place.only_words:
        param = next((p for p in command.params if p.option and p.word == name), None)
        yield from _values(command, param, value, place, facts) if param else ()
        return
    param = place.waits_for or place.positional
    if not (current.startswith("--") and place.waits_for is None):
        yield from _values(command, param, current, place, facts)
    if place.waits_for is None and not place.only_words and (current.startswith("-") or (asked and not current)):
        yield from _options(command, place, current)


@frozen
class _Place:
    """Where the cursor stands among the parameters of a command."""

    waits_for: Param | None
    """The option whose value this word is."""
    positional: Param | None
    used: frozenset[str]
    words: tuple[str, ...]
    only_words: bool
    """After ``--`` nothing is an option."""


def _place(command: Command, words: tuple[Word, ...]) -> _Place:
    options = {p.word: p for p in command.params if p.option}
    waits: Param | None = None
    used: set[str] = set()
    given: list[str] = []
    only_words = False
    for word in words:
        if waits is not None:
            waits = None
        elif word.text == "--" and not word.quoted and not only_words:
            only_words = True
        elif word.is_option and not only_words:
            name, eq, _ = word.text.partition("=")
            used.add(name)
            param = options.get(name)
            waits = param if param and not param.flag and not eq else None
        else:
            given.append(word.text)
    return _Place(waits, _positional(command, len(given)), frozenset(used), tuple(given), only_words)


def _positional(command: Command, number: int) -> Param | None:
    places = [p for p in command.params if not p.option]
    if number < len(places):
        return places[number]
    return places[-1] if places and places[-1].rest else None


def _options(command: Command, place: _Place, current: str) -> Iterator[Candidate]:
    for param in command.params:
        if param.option and param.word not in place.used and param.word.startswith(current):
            yield Candidate(param.word, len(current), param.arg.help)
    if "--help".startswith(current) and current:
        yield Candidate("--help", len(current), "what this command does, and its options")


def _values(command: Command, param: Param | None, typed: str, place: _Place, facts: Facts) -> Iterator[Candidate]:
    if param is None:
        return
    if param.arg.choices:
        found: Iterable[Named] = (Named(c, param.arg.help) for c in param.arg.choices if c.startswith(typed))
    elif param.arg.takes in _TAKES:
        found = _TAKES[param.arg.takes](typed, facts)
    elif param.arg.takes == "number":
        found = _numbers(typed, facts, place.words[-1])
    elif param.arg.takes == "filter":
        found = _terms(typed, facts, command.name == "sessions")
    else:
        found = _setting_values(command, typed, place, facts)
    yield from _shown(found, len(typed))


def _terms(typed: str, facts: Facts, sessions: bool) -> Iterator[Named]:
    graph = facts.graph if facts.graph.orchestration else None
    return (Named(k.value, k.about) for k in filters.suggestions(typed, graph, sessions))


def _tasks(typed: str, facts: Facts) -> Iterator[Named]:
    """Yield tasks by id, number or a part of their title; after a comma another one."""
    before, comma, last = typed.rpartition(",")
    wanted = last.lower()
    for task, words in facts.tasks():
        if _is_meant(wanted, task.id, words):
            yield Named(f"{before}{comma}{task.id}", facts.about_task(task), task.id)


def _questions(typed: str, facts: Facts) -> Iterator[Named]:
    """Yield the tasks (or sessions) whose agents ask, with what they ask."""
    for asked in waiting(facts.graph):
        if _is_meant(typed.lower(), asked.name, f"\n{asked.request.title.lower()}"):
            yield Named(asked.name, clip(one_line(asked.request.title), ABOUT))


def _numbers(typed: str, facts: Facts, name: str) -> Iterator[Named]:
    """Yield the numbers of the questions that wait for an answer to *name*."""
    for asked in waiting(facts.graph):
        if asked.name == name and str(asked.request.number).startswith(typed):
            yield Named(str(asked.request.number), clip(one_line(asked.request.title), ABOUT))


def _is_meant(wanted: str, identifier: str, words: str) -> bool:
    """Tell whether *wanted*, in small letters as *words* are, begins either, is the number, or stands in *words*."""
    if not wanted or identifier.startswith(wanted) or words.startswith(wanted):
        return True
    if wanted.isascii() and wanted.isdecimal():
        return str(number_of(identifier)).startswith(wanted.lstrip("0") or "0")
    return len(wanted) > 1 and wanted in words


def _by_name(source: Callable[[Facts], list[Named]]) -> Callable[[str, Facts], Iterator[Named]]:
    """Return what finds the things of *source* by the start of their name, else by a part of what is said of them."""

    def found(typed: str, facts: Facts) -> Iterator[Named]:
        known, wanted = source(facts), typed.lower()
        named_so = [n for n in known if n.name.lower().startswith(wanted)]
        return iter(named_so or [n for n in known if len(wanted) > 1 and wanted in n.about.lower()])

    return found


def _command_names(_: Facts) -> list[Named]:
    return [Named(name, find(name).summary) for name in ALL]


def _changes(typed: str, facts: Facts) -> Iterator[Named]:
    """Yield fields of a task, or the values one is sure to have."""
    from qwen_orch.commands.editing import FIELDS

    name, colon, value = typed.partition(":")
    if not colon:
        yield from (Named(f"{f}:") for f in (*FIELDS, "status") if f.startswith(name))
    elif name in ("depends_on", "parent"):
        yield from (Named(f"{name}:{n.name}", n.about, n.also) for n in _tasks(value, facts))
    elif name == "status":
        yield from (Named("status:pending", "reopens the task") for _ in range("pending".startswith(value)))
    else:
        graph = facts.graph if facts.graph.orchestration else None
        yield from (Named(k.value, k.about) for k in filters.suggestions(typed, graph))


def _setting_values(command: Command, typed: str, place: _Place, facts: Facts) -> Iterator[Named]:
    """Yield what the setting named just before may be."""
    from qwen_orch.project.config import KEYS

    takes = [p.arg.takes for p in command.params if not p.option]
    if "setting" not in takes or len(place.words) != takes.index("setting") + 1 or place.words[-1] not in KEYS:
        return
    key = KEYS[place.words[-1]]
    yield from (Named(value, key.metadata["meaning"]) for value in _known(place.words[-1]) if value.startswith(typed))


def _known(setting: str) -> tuple[str, ...]:
    """Return what a setting can be, or is often set to; else what it usually is."""
    from qwen_orch.project import config

    usual = config.KEYS[setting].default
    if isinstance(usual, bool):
        return "true", "false"
    named = {"thinkingDepth": tuple(config.THINKING_DEPTHS), "executor": config.EXECUTORS, "notify": config.NOTICES}
    return {**named, **_OFTEN}.get(setting, (str(usual),) if usual not in ("", (), {}) else ())


_OFTEN = {
    "agent.name": ("qwen", "sim"),
    "agent.mode": ("default", "auto-edit", "plan", "yolo"),
    "permissions": ("'[\"allow edit *\"]'", "'[\"allow edit src/*\"]'", "'[\"deny execute git push*\"]'", "[]"),
}


_TAKES: dict[str, Callable[[str, Facts], Iterator[Named]]] = {
    "task": _tasks,
    "session": _by_name(Facts.sessions),
    "orchestration": _by_name(Facts.orchestrations),
    "template": _by_name(Facts.templates),
    "setting": _by_name(Facts.settings),
    "command": _by_name(_command_names),
    "words": _changes,
    "question": _questions,
    "file": lambda typed, _: _files(typed.removeprefix("@"), "@" if typed.startswith("@") else ""),
}


def _files(typed: str, sign: str) -> Iterator[Named]:
    """Yield the names that begin as *typed*, folders with a slash; hidden ones only when asked for."""
    quote = '"' if typed.startswith('"') else ""
    typed = typed.removeprefix('"')
    cut = typed.rfind("/") + 1
    folder, stem = typed[:cut], typed[cut:]
    for entry in _entries(folder):
        if entry.name.startswith(stem) and (stem.startswith(".") or not entry.name.startswith(".")):
            slash = "/" if entry.is_dir() else ""
            path = f"{folder}{entry.name}{slash}"
            quoted = quote or ('"' if " " in path and not sign else "")
            end = quoted if not slash else ""
            yield Named(f"{sign}{quoted}{path}{end}", "folder" if slash else "", f"{entry.name}{slash}")


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(Path(folder or ".").expanduser()) as found:
            known = [e for e in islice(found, FOLDER) if e.name.isprintable()]
    except (OSError, ValueError, RuntimeError):
        return []
    return sorted(known, key=lambda e: e.name)
