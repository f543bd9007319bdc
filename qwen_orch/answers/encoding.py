"""Answers as JSON: the fields of a value are its keys, whatever the value is made of."""

from __future__ import annotations

import sys
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Hashable


def to_json(value: Any, pretty: bool = False) -> bytes:
    """Return *value*, an answer or anything made of answers, as JSON: on one line, or indented when *pretty*.

    What a terminal would obey or an eye would miss is written as an escape.
    """
    import orjson

    try:
        raw = orjson.dumps(value, default=_plain, option=orjson.OPT_INDENT_2 if pretty else 0)
    except orjson.JSONEncodeError:  # a lone surrogate, an integer of more than 64 bits
        import json

        raw = json.dumps(_mended(value), ensure_ascii=False, separators=(",", ":")).encode()
    if raw.isascii() and b"\x7f" not in raw:
        return raw
    from qwen_orch.model.text import escaped

    return escaped(raw.decode()).encode()


def _plain(value: Any) -> Any:
    """Return what JSON can hold of a value that orjson does not know."""
    names = _fields(value.__class__)
    if names:
        return {name: getattr(value, name) for name in names}
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    if hasattr(value, "items"):
        return dict(value.items())
    return str(value)


@lru_cache(maxsize=256)
def _fields(kind: Hashable) -> tuple[str, ...]:
    """Return the names of the fields of a named tuple or a class of attrs; nothing for any other."""
    return getattr(kind, "_fields", None) or tuple(a.name for a in getattr(kind, "__attrs_attrs__", ()))


def _mended(value: Any) -> Any:
    """Return *value* as plain data whose text is valid Unicode: what is not becomes U+FFFD."""
    if isinstance(value, str):
        return str(value).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if abs(value) < sys.float_info.max else None
    if isinstance(value, Enum):
        return _mended(value.value)
    if isinstance(value, dict):
        return {_mended(str(k)): _mended(v) for k, v in value.items()}
    if isinstance(value, list | tuple) and not _fields(value.__class__):
        return [_mended(v) for v in value]
    return _mended(_plain(value))
