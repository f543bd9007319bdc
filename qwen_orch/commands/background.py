"""``/new_task --background``: the same command once more, as a process of its own that outlives the shell."""

from __future__ import annotations

import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import orjson

from qwen_orch.answers.core import task_answer
from qwen_orch.answers.work import Begun
from qwen_orch.commands.context import Context
from qwen_orch.errors import AgentError, OrchError
from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import TaskId
from qwen_orch.model.task import Executor
from qwen_orch.project.draw import suffix
from qwen_orch.project.writer import Writer, now

PATIENCE_SECONDS = 20.0
"""How long is waited for the first attempt to start, so that it can be shown."""
COMPANY_SECONDS = 0.3
"""How long after it is waited for another that starts beside it."""
STEP_SECONDS = 0.05


def in_background(ctx: Context, writer: Writer, words: list[str]) -> Begun:
    """Run ``/new_task`` with *words* in the background; return when its first attempts have begun, or soon.

    Raises the error with which the command ended if it could not even begin.
    """
    from qwen_orch.processes.ourselves import detached

    before = _attempts(writer.graph)
    log = ctx.project.home / "logs" / f"background-{suffix()}{suffix()}.jsonl"
    consent = ["--yes"] if ctx.yes else []
    line = ["--json", "--project", str(ctx.project.root), *consent, "new_task", *words, "--ask-later"]
    process = detached(line, ctx.project.root, log)
    fresh: list[TaskId] = []
    until = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < until:
        time.sleep(STEP_SECONDS)
        writer.refresh()
        found = [i for i, count in _attempts(writer.graph).items() if count > before.get(i, 0)]
        if len(found) > len(fresh):
            fresh, until = found, time.monotonic() + COMPANY_SECONDS
    if not fresh:
        _refuse_failure(process, log)
    threading.Thread(target=process.wait, name="reaper", daemon=True).start()  # a shell of days keeps no dead children
    graph, moment = writer.graph, now()
    return Begun(tuple(task_answer(graph, t, moment) for t in graph.ordered() if t.id in fresh), str(log))


def _attempts(graph: Graph) -> dict[TaskId, int]:
    """Return how many attempts each task has had that needed no person."""
    return {
        t.id: sum(a.executor is not Executor.MANUAL for a in t.attempts) for t in graph.tasks.values() if t.attempts
    }


def _refuse_failure(process: subprocess.Popen[bytes], log: Path) -> None:
    """Raise what the command in the background ended with, if it has failed already."""
    if not process.poll():
        return
    told = _last_line(log).get("error") or {}
    message = str(told.get("message") or f"the work in the background ended at once: {log}")
    raise _errors().get(str(told.get("type")), AgentError)(message, *map(str, told.get("hints") or ("/doctor",)))


def _last_line(log: Path) -> dict[str, Any]:
    try:
        found = orjson.loads(log.read_bytes().splitlines()[-1])
    except (OSError, IndexError, orjson.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _errors() -> dict[str, type[OrchError]]:
    from qwen_orch import errors

    return {n: v for n, v in vars(errors).items() if isinstance(v, type) and issubclass(v, OrchError)}
