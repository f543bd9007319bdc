"""The filter language of ``/list_tasks`` and ``/sessions``.

``key:value`` terms are all required, ``key:a,b`` is either, ``-key:value`` is not, bare words are in the title and
``-word`` is not; what holds spaces, commas or colons stands in double quotes. A filter only tells which records are
meant: it never changes their order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from qwen_orch.errors import UsageError
from qwen_orch.graph.filter_keys import SESSION_TABLE, TASK_TABLE, Key, Known, Scope
from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import did_you_mean
from qwen_orch.model.session import Session
from qwen_orch.model.task import Task
from qwen_orch.model.text import clip, one_line

R = TypeVar("R", Task, Session)

SUGGESTIONS = 100
"""How many completions of one word are offered at most."""

_WORD = r'(?:"[^"]*"|[^\s"])+'
_KEYED = r'([^\s":]+):((?s:.*))'
_ALTERNATIVE = r'(?:"[^"]*"|[^,"])+'


class Term(NamedTuple):
    """One word of a filter: with an empty *key*, one of *values* is to be in the title."""

    negated: bool
    key: str
    values: tuple[str, ...]


def task_filter(text: str, graph: Graph, now: datetime) -> Callable[[Task], bool]:
    """Return what tells whether a task of *graph* is meant by *text*; days begin in the time zone of *now*.

    Raises `UsageError`, naming the nearest and the choices, for a key or value that does not exist.
    """
    return _compiled(text, TASK_TABLE, Scope(graph, now))


def session_filter(text: str, now: datetime) -> Callable[[Any], bool]:
    """Return what tells whether a session, or an answer with its fields, is meant by *text*; else as `task_filter`."""
    return _compiled(text, SESSION_TABLE, Scope(None, now))


def terms(text: str) -> Iterator[Term]:
    """Yield the terms of a filter; raise `UsageError` if a quote is left open."""
    if text.count('"') % 2:
        raise UsageError(f"a quote is not closed in {_shown(text)}", 'close it: phase:"Data layer"')
    for word in re.findall(_WORD, text):
        negated = word.startswith("-") and word != "-"
        keyed = re.fullmatch(_KEYED, word[negated:])
        if keyed:
            yield Term(negated, keyed[1].lower(), _alternatives(keyed[2]))
        else:
            yield Term(negated, "", (word[negated:].replace('"', ""),))


def _alternatives(values: str) -> tuple[str, ...]:
    return tuple(found for v in re.findall(_ALTERNATIVE, values) if (found := v.replace('"', "").strip().casefold()))


def _compiled(text: str, table: tuple[Key[R], ...], scope: Scope) -> Callable[[R], bool]:
    keys = {key.name: key for key in table}
    tests = [_test_of(term, keys, scope) for term in terms(text)]
    return lambda record: all(test(record) for test in tests)


def _test_of(term: Term, keys: dict[str, Key[R]], scope: Scope) -> Callable[[R], bool]:
    """Return the test one term stands for."""
    if term.key:
        either = [_test_of_value(_key(term, keys), value, scope) for value in _given(term, keys)]
    else:
        either = [_in_title(term.values[0])]
    return lambda record: any(test(record) for test in either) != term.negated


def _in_title(word: str) -> Callable[[R], bool]:
    wanted = word.casefold()
    return lambda record: wanted in record.title.casefold()


def _key(term: Term, keys: dict[str, Key[R]]) -> Key[R]:
    if term.key not in keys:
        typed = clip(one_line(f"{term.key}:{','.join(term.values)}"), 40)
        raise UsageError(
            f"there is no filter key {_shown(term.key)}{did_you_mean(term.key, keys)}",
            f"keys: {', '.join(keys)}",
            f'to look for it in titles: "{typed}"',
        )
    return keys[term.key]


def _given(term: Term, keys: dict[str, Key[R]]) -> tuple[str, ...]:
    key = _key(term, keys)
    if not term.values:
        raise UsageError(f"{key.name}: needs a value", _choices(key))
    return term.values


def _test_of_value(key: Key[R], value: str, scope: Scope) -> Callable[[R], bool]:
    if not key.closed:
        return _measured(key, value, scope)
    value = value.replace("-", "_")
    if value not in key.values:
        raise _unknown(key, value, "", key.values)
    return key.test(value, scope)


def _measured(key: Key[R], value: str, scope: Scope) -> Callable[[R], bool]:
    """Return the test for a value that is read, not chosen."""
    try:
        return key.test(value, scope)
    except ValueError as error:
        known = [k.value for k in key.known(scope.graph)] if scope.graph else []
        raise _unknown(key, value, f": expected {error}", known) from None


def _unknown(key: Key[R], value: str, expected: str, choices: Iterable[str]) -> UsageError:
    near = did_you_mean(value, choices)
    return UsageError(f"{_shown(value)} is not a value of {key.name}{expected}{near}", _choices(key, choices))


def _choices(key: Key[R], choices: Iterable[str] = ()) -> str:
    """Return the line that tells what may stand after the key."""
    shown = [clip(one_line(c), 40) for c in islice(choices or key.values, 12)]
    return f"{key.name}: {', '.join(shown)}" if shown else f"{key.name}: {key.about}"


def _shown(text: str) -> str:
    return repr(clip(one_line(text), 60))


def suggestions(word: str, graph: Graph | None = None, sessions: bool = False) -> list[Known]:
    """Return what the last *word* of a filter may become, whole: keys first, then the values of its key.

    Values come from the key and from *graph*; those before the last comma stay, and are not offered twice.
    """
    keys: tuple[Key[Any], ...] = SESSION_TABLE if sessions else TASK_TABLE
    sign = "-" if word.startswith("-") else ""
    name, colon, typed = word.removeprefix("-").partition(":")
    if not colon:
        return [Known(f"{sign}{k.name}:", k.about) for k in keys if k.name.startswith(name.lower())]
    key = next((k for k in keys if k.name == name.lower()), None)
    return list(islice(_values(key, f"{sign}{key.name}:", typed, graph), SUGGESTIONS)) if key else []


def _values(key: Key[Any], start: str, typed: str, graph: Graph | None) -> Iterator[Known]:
    """Yield what may follow *start* instead of the last of the alternatives *typed*."""
    before, last = _at_last_comma(typed)
    used, wanted = _alternatives(before), last.lstrip('"').casefold()
    found = [Known(v) for v in key.values] + (list(key.known(graph)) if graph else [])
    for value, about in found:
        if value.casefold().startswith(wanted) and value.casefold() not in used:
            yield Known(f"{start}{before}{_quoted(value)}", about)


def _at_last_comma(typed: str) -> tuple[str, str]:
    """Split *typed* after its last comma that is not in quotes."""
    quoted = False
    cut = 0
    for position, character in enumerate(typed):
        quoted ^= character == '"'
        if character == "," and not quoted:
            cut = position + 1
    return typed[:cut], typed[cut:]


def _quoted(value: str) -> str:
    plain = one_line(value).replace('"', "")
    return f'"{plain}"' if re.search(r"[\s,:]", plain) else plain
