"""Where the text of a command comes from: typed, ``@file``, ``-`` for standard input, or an editor."""

from __future__ import annotations

from pathlib import Path

from qwen_orch.commands.context import Context, local_path
from qwen_orch.errors import UsageError, ValidationError

MOST_BYTES = 50_000_000
"""More than this is not a plan."""


def text_of(ctx: Context, given: str) -> tuple[str, str]:
    """Return the text that *given* means and where it comes from (``typed``, ``standard input`` or the file's path).

    Raises `ValidationError` for a file that is missing, a folder, unreadable, too large or not text.
    """
    if given == "-":
        return _decoded(ctx, ctx.door.stdin(), "standard input"), "standard input"
    if given.startswith("@") and len(given) > 1 and "\n" not in given:
        path = local_path(given[1:])
        return _decoded(ctx, bytes_of(path), str(path)), str(path)
    return given, "typed"


def bytes_of(path: Path) -> bytes:
    """Return the bytes of a file a person named; raise `ValidationError` saying why it cannot be read."""
    try:
        if path.is_dir():
            raise ValidationError(f"{path} is a folder, not a file", f"@{path}/FILE")
        if path.stat().st_size > MOST_BYTES:
            raise ValidationError(f"{path} is larger than {MOST_BYTES // 1_000_000} MB", "choose a smaller file")
        return path.read_bytes()
    except FileNotFoundError:
        raise ValidationError(f"there is no file {path}", "check the name: completion knows files after @") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ValidationError(f"{str(path)[:200]!r} cannot be read: {reason}", "check its permissions") from None


def _decoded(ctx: Context, raw: bytes, where: str) -> str:
    from qwen_orch.planning.reader import decode

    text, warnings = decode(raw)
    for warning in warnings:
        ctx.warn(f"{where}: {warning}")
    if not text.strip():
        raise ValidationError(f"{where} is empty", "/plan TEXT", "/plan @FILE")
    return text


def asked_for(ctx: Context, given: str | None, what: str) -> str:
    """Return *given*, or what a person writes in an editor; raise `UsageError` when there is neither."""
    text = given if given is not None else (ctx.door.edit("") if ctx.door.interactive else None)
    if text is None or not text.strip():
        raise UsageError(f"there is no text: {what}", '/plan "Build a REST API for users"', "/plan @FILE", "/plan -")
    return text
