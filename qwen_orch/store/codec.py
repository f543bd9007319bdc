"""Between records and plain data: the one converter, and events by name.

The classes of ``model`` know nothing of how they are stored. Every field is written, defaults too: a default that
changes later must not change what an old file means.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin

from attrs import has

from qwen_orch.errors import StorageError, ValidationError

if TYPE_CHECKING:
    from cattrs import Converter

    from qwen_orch.model.event import Event

T = TypeVar("T")

FORMAT = 2
"""The number of the stored format. A change of meaning adds one, and a migration from the one before (`migrations`)."""


@cache
def converter() -> Converter:
    """Return the converter, made once."""
    from cattrs import Converter
    from cattrs.cols import homogenous_tuple_structure_factory

    made = Converter(detailed_validation=False)
    made.register_unstructure_hook(float, _finite)
    made.register_structure_hook_factory(_is_of_one_kind, homogenous_tuple_structure_factory)  # three times as quick
    made.register_structure_hook_factory(has, lambda kind: _made_when_met(kind, made))
    return made


def _is_of_one_kind(kind: Any) -> bool:
    """Tell whether *kind* is that of a tuple of any length."""
    return get_origin(kind) is tuple and get_args(kind)[1:] == (...,)


def _made_when_met(kind: type, converter: Converter) -> Callable[[Any, Any], Any]:
    """Return what structures a *kind*, made when the first is met: making takes long, and most files lack some."""
    from cattrs.gen import make_dict_structure_fn

    made: list[Callable[[Any, Any], Any]] = []

    def structure(data: Any, _: Any) -> Any:
        if not made:
            made.append(make_dict_structure_fn(kind, converter, _cattrs_detailed_validation=False))
        return made[0](data, kind)

    return structure


def _finite(value: float) -> float:
    """Return *value*; raise `ValidationError` for what JSON has no number for, and so could not be read again."""
    if value - value != 0:  # quicker than math.isfinite, which takes a call
        raise ValidationError(f"{value} is not a number that can be stored")
    return value


def unstructure(value: Any) -> Any:
    """Return *value* as dicts, lists and scalars that JSON can hold."""
    return converter().unstructure(value)


def structure(data: Any, kind: type[T]) -> T:
    """Return *data* as a *kind*; raise `StorageError` if it has not its shape."""
    try:
        return converter().structure(data, kind)
    except Exception as error:  # cattrs raises what the constructors raise
        raise StorageError(f"this is not a {kind.__name__}: {error!r}"[:300], "/doctor") from error


def event_to_data(event: Event) -> dict[str, Any]:
    """Return *event* as plain data with its name under ``event``."""
    return {"event": type(event).__name__, **converter().unstructure(event)}


def event_from_data(data: dict[str, Any]) -> Event:
    """Return the event that `event_to_data` was given; raise `StorageError` for one this version does not know."""
    from qwen_orch.model.event import EVENTS

    fields = dict(data)
    name = fields.pop("event", None)
    if name not in EVENTS:
        raise StorageError(f"the journal holds an event this version does not know: {str(name)[:60]!r}", "upgrade")
    return structure(fields, EVENTS[name])
