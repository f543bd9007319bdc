"""One command in a process group of its own, with a deadline, its output live and its tail kept.

However it ends, nothing of the group is left behind: not after the deadline, not after Ctrl-C.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from attrs import frozen

from qwen_orch.store.lease import MARK, TAIL_BYTES

GRACE_SECONDS = 2.0
"""Between asking a process group to end and ending it."""
LINGER_SECONDS = 0.5
"""How long output is still taken after the command itself has ended (a child in the background may hold the pipe)."""


@frozen
class Ran:
    """How a command ended; *exit_code* is None when the deadline ended it, *output* is its bounded tail."""

    command: str
    exit_code: int | None
    seconds: float
    output: str

    @property
    def succeeded(self) -> bool:
        """Whether it exited with 0."""
        return self.exit_code == 0


@frozen
class Surroundings:
    """Where a command runs: in the folder *cwd*, for at most *limit* seconds, as a part of the attempt *mark*."""

    cwd: Path
    limit: float
    mark: str
    log: BinaryIO | None = None
    show: Callable[[str], None] = lambda line: None

    def environment(self) -> dict[str, str]:
        """Return the person's own environment, with our mark."""
        return {**os.environ, MARK: self.mark}


async def run(command: str, around: Surroundings) -> Ran:
    """Run *command* with ``sh -c`` and return how it ended. Cancelling this ends the process group, then propagates."""
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        command,
        cwd=around.cwd,
        env=around.environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    tail = Tail()
    reading = asyncio.ensure_future(_read(process, tail, around))
    try:
        async with asyncio.timeout(around.limit):
            code: int | None = await process.wait()
        await asyncio.wait({reading}, timeout=LINGER_SECONDS)
    except TimeoutError:
        code = None
    finally:
        if process.returncode is None:
            await asyncio.shield(_end(process))
        reading.cancel()
        await asyncio.wait({reading})
        process._transport.close()  # type: ignore[attr-defined] # a child may hold the pipe open for ever
    return Ran(command, code, time.monotonic() - began, tail.text())


async def _read(process: asyncio.subprocess.Process, tail: Tail, around: Surroundings) -> None:
    assert process.stdout is not None
    lines = Lines(around.show)
    try:
        while chunk := await process.stdout.read(65536):
            tail.add(chunk)
            if around.log:
                around.log.write(chunk)
            lines.add(chunk)
    finally:
        lines.end()


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the process group of *process*: politely, then not."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, how)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                await process.wait()
                break
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # what ignored the first and was not the leader


class Tail:
    """The last `TAIL_BYTES` of a stream."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._cut = False

    def add(self, chunk: bytes) -> None:
        """Take in *chunk*."""
        self._kept += chunk
        if len(self._kept) > 2 * TAIL_BYTES:
            del self._kept[:-TAIL_BYTES]
            self._cut = True

    def text(self) -> str:
        """Return what is kept, as text, safe to show."""
        from qwen_orch.model.text import clean

        cut = self._cut or len(self._kept) > TAIL_BYTES
        kept = bytes(self._kept[-TAIL_BYTES:]).decode("utf-8", "replace")
        text = clean(kept.replace("\r\n", "\n").replace("\r", "\n"), multiline=True).rstrip()
        return f"…\n{text}" if cut else text


class Lines:
    """Cuts a stream of bytes into lines of text and hands each on."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._open = ""

    def add(self, chunk: bytes) -> None:
        """Take in *chunk* and hand on the lines that are whole (or longer than any line should be)."""
        *whole, self._open = (self._open + self._decode(chunk)).replace("\r", "\n").split("\n")
        for line in whole:
            self._show(line)
        if len(self._open) > 4096:
            self.end()

    def end(self) -> None:
        """Hand on what is left."""
        if self._open:
            self._show(self._open)
            self._open = ""
