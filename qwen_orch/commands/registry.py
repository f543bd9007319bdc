"""How a command is declared, found, and given its arguments.

A positional parameter is a positional word, a keyword-only one an option (``--name``; a ``bool`` is a flag), a default
makes it optional; `Arg` says what it means and what may stand there. Parser, completion, help and the reference page
all come from this one declaration.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from types import SimpleNamespace
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from qwen_orch.commands import ALIASES, ROOMS
from qwen_orch.commands.lexer import Line, Word
from qwen_orch.errors import UsageError
from qwen_orch.model.ids import did_you_mean

F = TypeVar("F", bound=Callable[..., Any])
ALL = tuple(name for room in ROOMS.values() for name in room)


_WHOLE = re.compile(r"-?[0-9]{1,18}")


class Arg(NamedTuple):
    """What a parameter means, and what may stand there.

    *takes* names the kind of thing: ``text`` (the rest of the line, as typed; of an option: one quoted word, or all up
    to the next option), ``filter`` (the rest, as filter terms), ``words`` (the rest, as a tuple of words), and for
    completion ``task``, ``session``, ``orchestration``, ``file``, ``template``, ``command``, ``setting``, ``question``
    and its ``number``; *choices* are the only words allowed, if any. What makes a command that
    otherwise *reads* do more than that *acts*.
    """

    help: str
    takes: str = ""
    choices: tuple[str, ...] = ()
    acts: bool = False


class Param(NamedTuple):
    """One parameter of a command, as its signature declares it."""

    name: str
    kind: type
    option: bool
    required: bool
    default: Any
    arg: Arg

    @property
    def flag(self) -> bool:
        """Whether it is an option without a value."""
        return self.kind is bool

    @property
    def word(self) -> str:
        """How it is written: ``TASK`` or ``--include-progress``."""
        plain = self.name.strip("_").replace("_", "-")
        return f"--{plain}" if self.option else plain.upper()

    @property
    def rest(self) -> bool:
        """Whether it takes the rest of the line."""
        return not self.option and self.arg.takes in ("text", "filter", "words")


class Command(NamedTuple):
    """A declared command."""

    name: str
    group: str
    run: Callable[..., Any]
    params: tuple[Param, ...]
    summary: str
    details: str
    reads: bool = False
    """Whether it only looks: other programs may be offered it."""

    @property
    def usage(self) -> str:
        """One line: ``/plan [TEXT] [--tags TAGS]``."""
        return " ".join([f"/{self.name}", *map(_usage, self.params)])

    def param(self, option: str) -> Param:
        """Return the option named *option* (``--x``); raise `UsageError` naming the nearest one."""
        options = {p.word: p for p in self.params if p.option}
        if option not in options:
            near = did_you_mean(option, options)
            text = any(p.arg.takes == "text" for p in self.params)
            quote = ("-- before text that begins with dashes",) if text else ()
            raise UsageError(f"/{self.name} has no option {option[:40]}{near}", *self.hints, *quote)
        return options[option]

    def only_reads(self, arguments: Mapping[str, Any]) -> bool:
        """Tell whether it only looks when it is given these *arguments*."""
        return self.reads and not any(p.arg.acts and arguments.get(p.name) for p in self.params)

    @property
    def hints(self) -> tuple[str, ...]:
        """What to type when the words were wrong."""
        return (f"/{self.name} --help",)


def _usage(param: Param) -> str:
    value = "" if param.flag or not param.option else f" {param.name.strip('_').upper()}"
    word = f"{param.word}{value}"
    return word if param.required else f"[{word}]"


_functions: dict[str, tuple[str, Callable[..., Any], bool]] = {}


def command(group: str, name: str = "", *, reads: bool = False) -> Callable[[F], F]:
    """Declare the decorated function as a command of *group*; it is called ``run(context, ...)``.

    One that *reads* changes nothing, unless an argument that `Arg.acts` is given.

    Its signature is looked at when the command is asked for: whoever lists tasks does not pay for the rest of the room.
    """

    def declare(run: F) -> F:
        _functions[name or run.__name__] = group, run, reads
        return run

    return declare


@cache
def _declared(name: str) -> Command:
    group, run, reads = _functions[name]
    summary, _, details = inspect.cleandoc(run.__doc__ or "").partition("\n")
    paragraphs = (" ".join(p.split()) for p in details.strip().split("\n\n"))
    return Command(name, group, run, _params(run), summary, "\n\n".join(paragraphs), reads)


def _params(run: Callable[..., Any]) -> tuple[Param, ...]:
    stated = {name: hint for name, hint in run.__annotations__.items() if name != "return"}  # answers are imported late
    hints = get_type_hints(SimpleNamespace(__annotations__=stated), run.__globals__, include_extras=True)
    parameters = list(inspect.signature(run).parameters.values())[1:]
    return tuple(_param(p, hints[p.name]) for p in parameters)


def _param(parameter: inspect.Parameter, hint: Any) -> Param:
    arg = Arg("")
    if get_origin(hint) is Annotated:
        hint, arg = get_args(hint)[0], get_args(hint)[1]
    kind = next((t for t in get_args(hint) if t is not type(None)), hint)  # X | None is an optional X
    required = parameter.default is parameter.empty
    option = parameter.kind is parameter.KEYWORD_ONLY
    return Param(parameter.name, kind, option, required, None if required else parameter.default, arg)


def find(name: str) -> Command:
    """Return the command called *name*, with or without its slash; raise `UsageError` naming the nearest one."""
    plain = name.removeprefix("/")
    plain = ALIASES.get(plain, plain)
    for room, names in ROOMS.items():
        if plain in names:
            import_module(f"qwen_orch.commands.{room}")
            return _declared(plain)
    near = did_you_mean(plain, [*ALL, *ALIASES])
    raise UsageError(f"there is no command /{plain[:40]}{near}", "/orchestration_help")


def all_commands() -> list[Command]:
    """Return every command, in the order of the rooms."""
    return [find(name) for name in ALL]


def bind(command: Command, line: Line) -> dict[str, Any]:
    """Return the arguments that the words of *line* (without the command's own name) give *command*.

    Raises `UsageError` naming the word that is wrong and what was expected.
    """
    given: dict[str, Any] = {}
    words: list[Word] = []
    waiting = list(line.words)
    while waiting:
        word = waiting.pop(0)
        if word.text == "--" and not word.quoted:
            words += waiting
            break
        if not word.is_option:
            words.append(word)
            continue
        name, eq, value = word.text.partition("=")
        param = command.param(name)
        given[param.name] = _option(command, param, value if eq else None, waiting)
    _positionals(command, line, words, given)
    return given


def _option(command: Command, param: Param, value: str | None, waiting: list[Word]) -> Any:
    if param.flag:
        if value is not None:
            raise UsageError(f"{param.word} takes no value", *command.hints)
        return True
    if value is None:
        if not waiting or waiting[0].is_option:
            raise UsageError(f"{param.word} needs a value: {param.arg.help}", *command.hints)
        value = _text_of_option(waiting) if param.arg.takes == "text" else waiting.pop(0).text
    return _value(command, param, value)


def _text_of_option(waiting: list[Word]) -> str:
    """Take one quoted word, or all up to the next option: ``--why it is faster``."""
    words = [waiting.pop(0)]
    if words[0].quoted or len(words[0].text.split()) > 1:
        return words[0].text
    while waiting and not waiting[0].is_option and (waiting[0].text != "--" or waiting[0].quoted):
        words.append(waiting.pop(0))
    return " ".join(w.text for w in words)


def _positionals(command: Command, line: Line, words: list[Word], given: dict[str, Any]) -> None:
    for param in (p for p in command.params if not p.option):
        if param.rest:
            if words or line.below.strip():
                given[param.name] = _rest(param, line, words)
            words = []
        elif words:
            given[param.name] = _value(command, param, words.pop(0).text)
        if param.required and param.name not in given:
            raise UsageError(f"/{command.name} needs {param.word}: {param.arg.help}", command.usage, *command.hints)
    if words or (line.below.strip() and not any(p.rest for p in command.params)):
        extra = words[0].text if words else line.below.strip()
        raise UsageError(f"/{command.name} does not take {extra[:40]!r}", command.usage, *command.hints)


def _rest(param: Param, line: Line, words: list[Word]) -> str | tuple[str, ...]:
    """Return the rest of a line as the parameter takes it: as words, as filter terms, or as typed."""
    if param.arg.takes == "words":
        return (*(w.text for w in words), *line.below.split())
    if param.arg.takes == "filter":
        return " ".join([*map(_term, words), *line.below.split()])
    return _text(line, words)


def _term(word: Word) -> str:
    """Return a filter term with the quotes that keep it one term: ``phase:"Week 1"``."""
    if word.text.split() == [word.text]:
        return word.text
    key, colon, value = word.text.partition(":")
    return f'{key}:"{value}"' if colon and " " not in key else f'"{word.text}"'


def _text(line: Line, words: list[Word]) -> str:
    """Return the rest of a line as it was typed: unquoted when it is one quoted word, and with what stands below."""
    if not words:
        first = ""
    elif len(words) == 1 or not line.raw:
        first = " ".join(w.text for w in words)
    else:
        between = [w for w in line.words if words[0].start <= w.start <= words[-1].start]
        whole = len(between) == len(words)
        first = line.raw[words[0].start : words[-1].end] if whole else " ".join(w.text for w in words)
    return f"{first}\n{line.below}".strip("\n") if line.below else first


def _value(command: Command, param: Param, text: str) -> Any:
    if param.arg.choices and text not in param.arg.choices:
        near = did_you_mean(text, param.arg.choices)
        choices = ", ".join(param.arg.choices)
        raise UsageError(f"{param.word} is one of {choices}, not {text[:40]!r}{near}", *command.hints)
    if param.kind is int:
        if not _WHOLE.fullmatch(text):
            raise UsageError(f"{param.word} is a whole number, not {text[:40]!r}", *command.hints)
        return int(text)
    return text
