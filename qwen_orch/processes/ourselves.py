"""This program again, as another process: an agent's report server, the simulated agent, work in the background."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import qwen_orch
from qwen_orch.errors import AgentError
from qwen_orch.store.files import explained


def ourselves(*words: str) -> tuple[str, ...]:
    """Return the command that starts this program, however it was installed, in a folder of somebody else's code.

    ``-P`` keeps that folder out of what Python imports from.
    """
    return sys.executable, "-P", "-m", "qwen_orch", *words


def our_variables() -> dict[str, str]:
    """Return what `ourselves` needs in its environment."""
    return {"PYTHONPATH": str(Path(qwen_orch.__file__).parent.parent)}


def detached(words: Sequence[str], cwd: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start this program with *words* so that it outlives us and our terminal; what it prints goes to *log*.

    Raises `StorageError` when the log cannot be made, `AgentError` when the program cannot be started.
    """
    with explained("make the log", log):
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        return subprocess.Popen(
            ourselves(*words),
            cwd=cwd,
            env=os.environ | our_variables(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    except OSError as error:
        raise AgentError(f"no process could be started: {error.strerror}", "/new_task without --background") from None
    finally:
        os.close(output)
