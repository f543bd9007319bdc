"""From bytes to text: which encoding a pasted file is in, told rather than guessed in silence."""

from __future__ import annotations

import codecs
import re

from qwen_orch.errors import ValidationError
from qwen_orch.model.draft import Warning  # noqa: A004

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ASIAN = ("gb18030", "shift_jis", "euc_kr", "big5")
_COMMON = re.compile("[\u4e00-\u9fff\u3040-\u30ff\uac00-\ud7af]")
_SAMPLE = 200_000
_HINT = "give a text file: Markdown, plain text or JSON"


def decode(raw: bytes) -> tuple[str, tuple[Warning, ...]]:
    """Return the text of *raw* and what a person should know about its encoding.

    A byte order mark decides; else UTF-8; else UTF-16 by its zero bytes; else the likeliest older encoding, with a
    warning. Binary data raises `ValidationError`.
    """
    for mark, name in _MARKS:
        if raw.startswith(mark):
            return _marked(raw, name)
    if (wide := _wide(raw)) is not None:
        return wide, (Warning("the text is UTF-16 without a byte order mark; it was read as such", None),)
    if b"\0" in raw[:_SAMPLE] or _controls(raw) > 0.1:
        raise ValidationError("this is binary data, not a plan", _HINT)
    try:
        return raw.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        return _older(raw, error)


def _marked(raw: bytes, name: str) -> tuple[str, tuple[Warning, ...]]:
    try:
        text = raw.decode("utf-8-sig" if name == "utf-8" else name)
    except UnicodeDecodeError as error:
        text = raw.decode("utf-8-sig" if name == "utf-8" else name, errors="replace")
        return text, (
            Warning(f"byte {error.start} is not valid {name.upper()}; what could not be read is shown as �", None),
        )
    if "\0" in text[:_SAMPLE]:
        raise ValidationError("this is binary data, not a plan", _HINT)
    return text, ()


def _wide(raw: bytes) -> str | None:
    """UTF-16 without a mark: nearly every second byte is zero."""
    sample = raw[: _SAMPLE // 2 * 2]
    if len(sample) < 8 or len(raw) % 2:
        return None
    for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if sample[offset::2].count(0) > 0.7 * (len(sample) / 2) and sample[1 - offset :: 2].count(0) == 0:
            try:
                return raw.decode(name)
            except UnicodeDecodeError:
                return None
    return None


def _controls(raw: bytes) -> float:
    sample = raw[:_SAMPLE]
    return sum(sample.count(bytes((c,))) for c in range(32) if c not in (9, 10, 12, 13, 27)) / max(len(sample), 1)


def _older(raw: bytes, error: UnicodeDecodeError) -> tuple[str, tuple[Warning, ...]]:
    line = raw[: error.start].count(b"\n") + 1
    bad = len(re.findall(rb"[\x80-\xff]", raw[:_SAMPLE]))
    kept = raw[:_SAMPLE].decode("utf-8", errors="replace")
    if kept.count("\ufffd") * 4 < bad:
        text = raw.decode("utf-8", errors="replace")
        return text, (Warning("mostly UTF-8 with bytes of another encoding, which are shown as �", line),)
    name = next((n for n in _ASIAN if _fits(raw, n)), "cp1252")
    text = raw.decode(name, errors="replace")
    return text, (
        Warning(f"the text is not UTF-8; it was read as {name.upper()}: look at the letters with accents", line),
    )


def _fits(raw: bytes, name: str) -> bool:
    """Tell whether *raw* decodes cleanly and what is not ASCII comes out as common East Asian letters."""
    try:
        text = raw[:_SAMPLE].decode(name, errors="strict" if len(raw) <= _SAMPLE else "ignore")
    except UnicodeDecodeError:
        return False
    foreign = [c for c in text if ord(c) > 127]
    return len(_COMMON.findall(text)) > 0.7 * len(foreign) and not re.search(r"[\x80-\x9f\ue000-\uf8ff]", text)
