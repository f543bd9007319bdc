"""What an agent writes to its standard error: kept in the log, and when it gives out, the line that tells why."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable

from qwen_orch.model.text import clip, one_line
from qwen_orch.processes.printed import Printed

KEPT_LINES = 60
LONGEST = 160
"""Columns of a line that are told."""
PATIENCE_SECONDS = 2.0
"""How long the end of what it wrote is waited for: a child of it may hold the pipe."""
_ERROR = re.compile(r"(?i)(?:\w*(?:error|exception|panic\w*)|fatal)\b")
_TRACE = re.compile(r"\s|[\]})^]|node:|file:|Node\.js v|Traceback |[=*~-]{3}|$")
"""How lines begin that say where it happened, or nothing."""


class Complaint:
    """Takes in all of *stream*, as an unread pipe would stop the agent; *keep* puts it into the log."""

    def __init__(self, stream: asyncio.StreamReader, keep: Callable[[bytes], None]) -> None:
        self.listening = asyncio.ensure_future(self._listen(stream))
        self._keep = keep
        self._last: deque[str] = deque(maxlen=KEPT_LINES)

    async def _listen(self, stream: asyncio.StreamReader) -> None:
        printed = Printed()
        while chunk := await stream.read(65536):
            self._take(printed.add(chunk))
        self._take(printed.end())

    def _take(self, text: str) -> None:
        self._keep(text.encode("utf-8", "replace"))
        self._last.extend(text.splitlines()[-KEPT_LINES:])

    async def why(self) -> str:
        """Return the line that tells best why it gave out, if any: the last that names an error, or else the last."""
        await asyncio.wait({self.listening}, timeout=PATIENCE_SECONDS)
        told = [line for line in self._last if not _TRACE.match(line)]
        errors = [line for line in told if _ERROR.match(line)]
        return clip(one_line((errors or told or [""])[-1]), LONGEST)
