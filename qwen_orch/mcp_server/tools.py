"""What a tool is: a function with declared arguments, from which its schema comes, and what a call may hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from qwen_orch.errors import UsageError
from qwen_orch.model.ids import did_you_mean
from qwen_orch.model.text import clean

if TYPE_CHECKING:
    from qwen_orch.mcp_server.caller import Caller

LONGEST = 20_000
"""Characters of a text, if its argument does not say otherwise; what is longer belongs in a file."""
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?")


class Argument(NamedTuple):
    """One argument of a tool: a *kind* of JSON Schema, what it means, and what it may be."""

    name: str
    kind: str
    about: str
    required: bool = False
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    longest: int = LONGEST

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the value."""
        bounds = {"minimum": self.least, "maximum": self.most, "enum": list(self.choices) or None}
        if self.kind == "string" and not self.choices:
            bounds["maxLength"] = self.longest
        return {"type": self.kind, "description": self.about} | {k: v for k, v in bounds.items() if v is not None}

    def accepted(self, value: Any) -> Any:
        """Return *value*, made the declared kind where that is safe; raise `ValueError` that says what is expected."""
        made = _KINDS[self.kind](value)
        if isinstance(made, str):
            return self._text(made)
        below, above = self.least is not None and made < self.least, self.most is not None and made > self.most
        if below or above:
            raise ValueError(f"from {self.least}" + (f" to {self.most}" if self.most is not None else " on"))
        return made

    def _text(self, text: str) -> str:
        text = clean(text, multiline=True)
        if self.choices and text not in self.choices:
            raise ValueError(f"one of {', '.join(self.choices)}")
        if len(text) > self.longest:
            raise ValueError(f"at most {self.longest} characters (these are {len(text)})")
        if self.required and not text.strip():
            raise ValueError("a text that says something")
        return text


class Tool(NamedTuple):
    """A tool: *call* is given who calls and the arguments by name, and answers a value or raises a typed error."""

    name: str
    about: str
    arguments: tuple[Argument, ...]
    call: Callable[[Caller, dict[str, Any]], Any]
    reads: bool = False

    def declaration(self, bound: bool) -> dict[str, Any]:
        """Return the tool as clients are told of it; *bound* to a session it changes nothing but our own record.

        That is what ``readOnlyHint`` says: a client need not ask a person, and may call it while it only plans.
        """
        return {
            "name": self.name,
            "description": self.about,
            "inputSchema": {
                "type": "object",
                "properties": {a.name: a.schema() for a in self.arguments},
                "required": [a.name for a in self.arguments if a.required],
                "additionalProperties": False,
            },
            "annotations": {
                "readOnlyHint": self.reads or bound,
                "destructiveHint": False,
                "idempotentHint": True,
                "openWorldHint": False,
            },
        }

    def accepted(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments *given* as declared; raise `UsageError` that names everything that is wrong with them.

        What is null was not given.
        """
        faults: list[str] = list(self._unknown(given))
        values: dict[str, Any] = {}
        for argument in self.arguments:
            value = given.get(argument.name)
            if value is None:
                faults += [f"{argument.name} is needed: {argument.about}"] if argument.required else []
                continue
            try:
                values[argument.name] = argument.accepted(value)
            except ValueError as error:
                faults.append(f"{argument.name} is {error}, not {str(value)[:60]!r}")
        if faults:
            raise UsageError(f"{self.name}: {'; '.join(faults)}")
        return values

    def _unknown(self, given: Mapping[str, Any]) -> Iterator[str]:
        names = [a.name for a in self.arguments]
        for name in given:
            if name not in names:
                yield f"there is no argument {name[:60]!r}{did_you_mean(name, names)}"


def _string(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):  # a task by its number
        return str(value)
    if not isinstance(value, str):
        raise ValueError("a text")
    return value


def _number(value: Any) -> float:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a number")
    return float(value)


def _integer(value: Any) -> int:
    try:
        number = _number(value)
    except ValueError:
        number = 0.5
    if not number.is_integer():
        raise ValueError("a whole number")
    return int(number)


def _boolean(value: Any) -> bool:
    said = {"true": True, "false": False}.get(value) if isinstance(value, str) else value
    if not isinstance(said, bool):
        raise ValueError("true or false")
    return said


_KINDS: dict[str, Callable[[Any], Any]] = {
    "string": _string,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
}
