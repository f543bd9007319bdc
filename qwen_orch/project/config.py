"""``config.json``: every key, what it may be, and what it does."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from attrs import field, fields, frozen

from qwen_orch.errors import ValidationError
from qwen_orch.model.ids import did_you_mean

LONGEST = 5200 * 604800
"""A hundred years: what is longer cannot be subtracted from a date."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
THINKING_DEPTHS = {"quick": 4, "standard": 8, "deep": 12}
"""How many thoughts planning records at least."""
EXECUTORS = ("auto", "manual", "shell", "agent")
DECISIONS = ("allow", "ask", "deny")
TOOL_KINDS = ("read", "edit", "delete", "move", "search", "execute", "think", "fetch", "switch_mode", "other")
"""What kinds of tool the Agent Client Protocol tells apart."""

HOOK_EVENTS = ("task.completed", "task.failed", "permission.waiting", "plan.approved")
"""What a person's own commands can be run on."""
NOTICES = ("none", "bell", "desktop")


def seconds(text: str) -> float:
    """Return how many seconds a duration such as ``90s``, ``30m``, ``24h`` or ``7d`` is; raise `ValueError`."""
    found = re.fullmatch(r"\s*(\d{1,9}(?:\.\d{1,3})?)\s*([smhdw])\s*", str(text))
    if not found:
        raise ValueError('a duration such as "90s", "30m", "24h" or "7d"')
    return float(found[1]) * _UNITS[found[2]]


def _duration(value: Any) -> str:
    if not 1 <= seconds(value) <= LONGEST:
        raise ValueError("from 1s to 5200w")
    return str(value)


def _yes_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _number(least: int, most: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return value

    return check


def _one_of(*choices: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return str(value)

    return check


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ValueError("a number from 0 to 1")
    return float(value)


def _name(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[\w.-]{0,40}", value):
        raise ValueError("a name: letters, digits, dots, dashes")
    return value


def _words(value: Any) -> str:
    """Return *value* if a shell could cut it into words."""
    import shlex

    if not isinstance(value, str):
        raise ValueError("a text")
    try:
        shlex.split(value)
    except ValueError as error:
        raise ValueError(f"words as a shell reads them ({error})") from None
    return value


def _policy(value: Any) -> tuple[str, ...]:
    """Return permission rules: ``DECISION KIND [PATTERN]`` each."""
    if not isinstance(value, list | tuple):
        raise ValueError('a list such as ["allow edit src/*", "deny execute rm *"]')
    for rule in value:
        decision, kind, *_ = [*str(rule).split(maxsplit=2), "", ""]
        if decision not in DECISIONS or kind not in (*TOOL_KINDS, "*"):
            kinds = ", ".join(TOOL_KINDS)
            raise ValueError(f'rules such as "allow edit src/*": {", ".join(DECISIONS)}, then * or one of {kinds}')
    return tuple(map(str, value))


def _hooks(value: Any) -> dict[str, str]:
    """Return a command by the event it runs on."""
    if not isinstance(value, dict):
        raise ValueError('commands by event, such as {"task.failed": "notify-send failed"}')
    for event, line in value.items():
        if event not in HOOK_EVENTS:
            raise ValueError(f"commands by event, and {event[:40]!r} is none of {', '.join(HOOK_EVENTS)}")
        if not isinstance(line, str) or not line.strip() or "\0" in line:
            raise ValueError(f"commands by event, and that of {event} is no command")
    return dict(value)


def _key(default: Any, check: Callable[[Any], Any], meaning: str, name: str = "") -> Any:
    return field(default=default, metadata={"check": check, "meaning": meaning, "name": name})


@frozen
class Config:
    """The settings of a project. A key that is not in the file has the default given here."""

    enableBackups: bool = _key(True, _yes_no, "keep a copy of the journal before a checkpoint, undo or import")  # noqa: N815
    maxSessions: int = _key(50, _number(1, 10_000), "how many sessions may be active; idle ones are suspended")  # noqa: N815
    sessionTimeout: str = _key("24h", _duration, "a session without a step for so long is suspended, not deleted")  # noqa: N815
    autoCleanup: bool = _key(True, _yes_no, "suspend timed-out sessions by itself; if not: /sessions --cleanup")  # noqa: N815
    thinkingDepth: str = _key("standard", _one_of(*THINKING_DEPTHS), "how many thoughts planning records: 4, 8 or 12")  # noqa: N815
    executor: str = _key("auto", _one_of(*EXECUTORS), "who does a task when /new_task does not say")
    jobs: int = _key(2, _number(1, 64), "how many tasks /new_task --all does at a time")
    commandTimeout: str = _key("30m", _duration, "a command that runs longer is stopped")  # noqa: N815
    maxAttempts: int = _key(2, _number(1, 20), "how often an agent tries a task before it is left to you")  # noqa: N815
    permissions: tuple[str, ...] = _key(
        (), _policy, 'what agents may do: ["allow edit src/*", "deny execute git push*"]; the first that fits decides'
    )
    permission_wait: str = _key(
        "1h", _duration, "how long work in the background waits for /allow or /deny", "permissionTimeout"
    )
    agent: str = _key("", _name, "which agent does tasks: qwen, sim, or any name with agent.command", "agent.name")
    agent_command: str = _key(
        "", _words, "the command that starts it, speaking the Agent Client Protocol", "agent.command"
    )
    agent_environment: str = _key(
        "", _words, "names of environment variables that it gets besides the usual", "agent.environment"
    )
    agent_mode: str = _key("default", _words, "the mode it is put into, if it has it", "agent.mode")
    agent_context: int = _key(8000, _number(500, 1_000_000), "tokens of context it is given", "agent.contextTokens")
    agent_idle: str = _key(
        "5m", _duration, "an agent that shows no sign of life for so long is stopped", "agent.idleTimeout"
    )
    agent_limit: str = _key("1h", _duration, "an attempt of an agent that takes longer is stopped", "agent.timeout")
    agent_calls: int = _key(300, _number(1, 100_000), "more tool calls than this end the attempt", "agent.maxCalls")
    agent_repeats: int = _key(10, _number(2, 1000), "the same tool call so often ends the attempt", "agent.maxRepeats")
    agent_attempt_tokens: int = _key(0, _number(0, 10**9), "tokens an attempt may spend; 0: any", "agent.attemptTokens")
    agent_plan_tokens: int = _key(
        0, _number(0, 10**12), "tokens all work on a plan may spend; 0: any", "agent.planTokens"
    )
    agent_review: bool = _key(True, _yes_no, "a second session reviews what no command can check", "agent.review")
    agent_confidence: float = _key(0.8, _share, "how sure a review must be to count", "agent.confidence")
    hooks: Mapping[str, str] = _key({}, _hooks, "commands of yours to run, by event; /hooks lists them")
    hookTimeout: str = _key("10s", _duration, "a hook that runs longer is stopped")  # noqa: N815
    notify: str = _key("none", _one_of(*NOTICES), "how you are told that a task ended or an agent asks for something")

    @property
    def depth(self) -> int:
        """How many thoughts planning records."""
        return THINKING_DEPTHS[self.thinkingDepth]


KEYS = {a.metadata["name"] or a.name: a for a in fields(Config)}
"""The attribute behind each key, by the name that the key has in the file."""


def checked(name: str, value: Any, where: str = "") -> Any:
    """Return *value* if the key *name* may have it; raise `ValidationError` naming both."""
    if name not in KEYS:
        near = did_you_mean(name, KEYS)
        raise ValidationError(f"{where}{name[:60]!r} is not a setting{near}", "/config lists them")
    try:
        return KEYS[name].metadata["check"](value)
    except ValueError as error:
        raise ValidationError(f"{where}{name} must be {error}, not {value!r:.60}", f"/config {name} VALUE") from None


def parse(raw: bytes) -> Config:
    """Return the settings in the bytes of ``config.json``; raise `ValidationError` naming the line and the key."""
    return _parsed(raw, {})


def known(raw: bytes) -> Config:
    """Return those of the settings in *raw*, which a later version wrote, that this one knows."""
    data = orjson.loads(raw)
    values: dict[str, Any] = {}
    for name, value in data.items() if isinstance(data, dict) else ():
        with contextlib.suppress(ValidationError):
            values[KEYS[name].name if name in KEYS else name] = checked(name, value)
    return Config(**values)


def _parsed(raw: bytes, instead: dict[str, Any]) -> Config:
    try:
        data = orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError as error:
        place = f"config.json line {error.lineno}, column {error.colno}"
        raise ValidationError(f"{place}: this is not JSON: {error.msg}", "mend that line, or /doctor") from None
    if not isinstance(data, dict):
        raise ValidationError("config.json line 1: an object {...} is expected", "mend it, or /doctor")
    kept = {k: v for k, v in data.items() if k not in instead}
    values = {k: checked(k, v, f"config.json line {_line_of(raw, k)}: ") for k, v in kept.items()} | instead
    return Config(**{KEYS[k].name: v for k, v in values.items()})


def _line_of(raw: bytes, key: str) -> int:
    at = raw.find(orjson.dumps(key))
    return raw.count(b"\n", 0, max(at, 0)) + 1


def changed(raw: bytes, name: str, text: str) -> Config:
    """Return the settings in *raw* with the key *name* set to what *text*, as typed, means.

    What *raw* says of that key need not be valid: this is how a person mends it.
    """
    return _parsed(raw, {name: checked(name, _meant(name, text))})


def _meant(name: str, text: str) -> Any:
    """Return the value that *text*, as typed for the key *name*, means: JSON, but for a key that is a text."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    is_text = name in KEYS and isinstance(KEYS[name].default, str)
    return text if is_text and not isinstance(value, str) else value


def to_dict(config: Config) -> dict[str, Any]:
    """Return the settings by the names they have in the file."""
    return {key: getattr(config, attribute.name) for key, attribute in KEYS.items()}


def to_bytes(config: Config) -> bytes:
    """Return the file that says *config*."""
    return orjson.dumps(to_dict(config), option=orjson.OPT_INDENT_2) + b"\n"
