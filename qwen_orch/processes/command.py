"""One command in a process group of its own, with a deadline, its output live and its tail kept.

However it ends, nothing of the group is left behind: not after the deadline, not after Ctrl-C.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from attrs import Factory, frozen

from qwen_orch.processes.printed import Printed, Tail
from qwen_orch.store.lease import MARK

GRACE_SECONDS = 2.0
"""Between asking a process group to end and ending it."""
MOST_SHOWN = 200
"""Lines that are shown of what arrives at once: more is not read by anybody, and would hold up the rest."""
NOT_STARTED = 126
"""What a command exits with that could not even be started, as a shell says it."""
PIPE_BYTES = 65536
"""What a pipe holds at most."""
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
    """Where a command runs: in the folder *cwd*, for at most *limit* seconds, as a part of the attempt *mark*.

    It reads *input*, if there is any, and has the environment *variables* besides the person's own.
    """

    cwd: Path
    limit: float
    mark: str
    log: BinaryIO | None = None
    show: Callable[[str], None] = lambda line: None
    input: BinaryIO | None = None
    variables: Mapping[str, str] = Factory(dict)

    def environment(self) -> dict[str, str]:
        """Return the person's own environment, with our mark."""
        return {**os.environ, **self.variables, MARK: self.mark}


async def run(command: str, around: Surroundings) -> Ran:
    """Run *command* with ``sh -c`` and return how it ended. Cancelling this ends the process group, then propagates."""
    began, tail = time.monotonic(), Tail()
    ours, theirs = os.pipe()  # not asyncio's own: it waits for every child in the background that holds the pipe
    try:
        process = await _spawned(command, theirs, around)
    except (OSError, ValueError) as error:  # too long for a process, a folder that is gone, a NUL
        os.close(ours)
        return Ran(command, NOT_STARTED, 0.0, f"it could not be started: {getattr(error, 'strerror', '') or error}")
    except BaseException:
        printed = Printed()  # it may have run already although we had not been told so yet
        _keep(printed.add(_left_in(ours)) + printed.end(), tail, around)
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    code = await _watched(process, ours, tail, around)
    return Ran(command, code, time.monotonic() - began, tail.text())


def _spawned(command: str, output: int, around: Surroundings) -> Coroutine[Any, Any, asyncio.subprocess.Process]:
    return started(
        ("/bin/sh", "-c", command),
        cwd=around.cwd,
        env=around.environment(),
        stdin=around.input or asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=asyncio.subprocess.STDOUT,
    )


async def started(words: Sequence[str], **options: Any) -> asyncio.subprocess.Process:
    """Return the running program, in a process group of its own; *options* as for `asyncio.create_subprocess_exec`.

    When this is cancelled while it starts, the program is ended as if it had run.
    """
    starting = asyncio.ensure_future(asyncio.create_subprocess_exec(*words, start_new_session=True, **options))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        with contextlib.suppress(OSError, ValueError):
            await end(await starting)
        raise


async def _watched(process: asyncio.subprocess.Process, output: int, tail: Tail, around: Surroundings) -> int | None:
    """Return the exit code of *process*, or None when the deadline ended it; nothing of its group is left then."""
    reading = asyncio.ensure_future(_read(output, tail, around))
    reading.add_done_callback(lambda one: _unread(process) if not one.cancelled() and one.exception() else None)
    try:
        async with asyncio.timeout(around.limit):
            code: int | None = await process.wait()
        await asyncio.wait({reading}, timeout=LINGER_SECONDS)
    except TimeoutError:
        code = None
    finally:
        if process.returncode is None:
            await asyncio.shield(end(process))
            await asyncio.wait({reading}, timeout=LINGER_SECONDS)  # what it printed before is in the pipe still
        reading.cancel()
        await asyncio.wait({reading})
    if not reading.cancelled():
        reading.result()  # raises what went wrong in showing
    return code


def _unread(process: asyncio.subprocess.Process) -> None:
    """End what nobody reads any more: it would wait for ever for room in its pipe."""
    if process.returncode is None:
        kill(process.pid, signal.SIGKILL)


def _left_in(output: int) -> bytes:
    """Return what a pipe holds just now, as far as anybody reads it."""
    os.set_blocking(output, False)
    with contextlib.suppress(BlockingIOError):
        return os.read(output, PIPE_BYTES)
    return b""


def kill(group: int, how: signal.Signals) -> None:
    """Send *how* to a process group, if there is one still."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, how)


async def _read(output: int, tail: Tail, around: Surroundings) -> None:
    """Keep what is written until the pipe is closed; when this is cancelled, what was written by then."""
    printed = Printed()
    try:
        while chunk := await _written(output):
            _keep(printed.add(chunk), tail, around)
    except asyncio.CancelledError:
        _keep(printed.add(_left_in(output)), tail, around)  # a busy machine lets us look late
        raise
    finally:
        os.close(output)
        _keep(printed.end(), tail, around)


async def _written(output: int) -> bytes:
    """Wait for something in the pipe and return it; nothing at its end."""
    loop, readable = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(output, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(output)
    return os.read(output, PIPE_BYTES)


def _keep(text: str, tail: Tail, around: Surroundings) -> None:
    """Put whole lines into the log and the tail, and show them."""
    if not text:
        return
    tail.add(text)
    if around.log:
        with contextlib.suppress(OSError):  # a full disk costs the log, not the work
            around.log.write(text.encode("utf-8", "replace"))
    lines = text.splitlines()
    if len(lines) > MOST_SHOWN:
        around.show(f"… {len(lines) - MOST_SHOWN} lines more, in the log …")
    for line in lines[-MOST_SHOWN:]:
        around.show(line)


async def end(process: asyncio.subprocess.Process) -> None:
    """End the process group of *process*: politely, then not; at once when this is cancelled itself."""
    try:
        kill(process.pid, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                await process.wait()
    finally:
        kill(process.pid, signal.SIGKILL)  # what ignored the first, the leader or not
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                await process.wait()
