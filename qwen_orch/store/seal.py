"""JSON objects that know when they are damaged: the last key of each is a checksum of every byte before it.

CRC-32 (ISO 3309, as in gzip) finds every single flipped bit and every burst up to 32 bits; a longer one is missed once
in four thousand million times.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

import orjson

_LINE, _PAGE = b',"checksum":"%08x"}\n', b',\n  "checksum": "%08x"\n}\n'


class Damaged(Exception):  # noqa: N818 - a state of bytes, not a failure of ours
    """The bytes are not what was written; the text says in what way."""


def seal(document: dict[str, Any], pretty: bool = False) -> bytes:
    """Return *document* (not empty) as sealed JSON: one line, or indented for people when *pretty*."""
    if pretty:
        body = orjson.dumps(document, option=orjson.OPT_INDENT_2)[:-2]
        return body + _PAGE % crc32(body)
    body = orjson.dumps(document)[:-1]
    return body + _LINE % crc32(body)


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
