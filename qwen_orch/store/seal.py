"""JSON objects that know when they are damaged: the last key of each is a checksum of every byte before it.

CRC-32 (ISO 3309, as in gzip) finds every single flipped bit and every burst up to 32 bits; a longer one is missed once
in four thousand million times.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

import orjson

from qwen_orch.errors import ValidationError

_LINE, _PAGE = b',"checksum":"%08x"}\n', b',\n  "checksum": "%08x"\n}\n'


class Damaged(Exception):  # noqa: N818 - a state of bytes, not a failure of ours
    """The bytes are not what was written; the text says in what way."""


def seal(document: dict[str, Any], pretty: bool = False) -> bytes:
    """Return *document* (not empty) as sealed JSON: one line, or indented for people when *pretty*.

    Raises `ValidationError` for what JSON cannot hold: half a surrogate pair, an integer of more than 64 bits.
    """
    try:
        body = orjson.dumps(document, option=orjson.OPT_INDENT_2 if pretty else 0)[: -2 if pretty else -1]
    except TypeError as error:
        raise ValidationError(f"this cannot be stored: {error}", "remove what is not Unicode text") from None
    return body + (_PAGE if pretty else _LINE) % crc32(body)


def mark_of(line: bytes) -> str:
    """Return the checksum that a sealed line ends with."""
    return line[-11:-3].decode("ascii", "replace")


def intact(raw: bytes) -> bool:
    """Tell whether *raw* is exactly what `seal` returned."""
    form = _PAGE if raw.endswith(b"\n}\n") else _LINE
    length = len(form % 0)
    return raw[-length:] == form % crc32(memoryview(raw)[:-length])


def unseal(raw: bytes) -> dict[str, Any]:
    """Return the document sealed in *raw*; raise `Damaged` if a byte of it is not as written."""
    if not intact(raw):
        raise Damaged("the checksum does not match")
    document: dict[str, Any] = orjson.loads(raw)
    del document["checksum"]
    return document
