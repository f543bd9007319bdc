"""Running check commands, and keeping what they showed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from qwen_orch.model.task import Evidence
from qwen_orch.processes import command
from qwen_orch.project.writer import timestamp

BY = "qwen-orch"


async def check(checks: Iterable[str], around: command.Surroundings, commit: str = "") -> dict[str, Evidence]:
    """Run each of *checks* once, one after another, and return what each showed."""
    found: dict[str, Evidence] = {}
    for line in dict.fromkeys(checks):
        found[line] = observed("check", await command.run(line, around), around.limit, commit=commit)
    return found


async def check_all(
    checks: Iterable[str], around: command.Surroundings, jobs: int, commit: str = ""
) -> dict[str, Evidence]:
    """Run each of *checks* once, *jobs* at a time, and return what each showed, in the order given."""
    free = asyncio.Semaphore(jobs)
    wanted = list(dict.fromkeys(checks))

    async def one(line: str) -> Evidence:
        async with free:
            return (await check([line], around, commit))[line]

    async with asyncio.TaskGroup() as group:
        running = {line: group.create_task(one(line)) for line in wanted}
    return {line: task.result() for line, task in running.items()}


def observed(kind: str, ran: command.Ran, limit: float, commit: str = "") -> Evidence:
    """Return the evidence that a command which ran is."""
    output = ran.output if ran.exit_code is not None else f"{ran.output}\nstopped after {limit:.0f} s".lstrip()
    return Evidence(
        kind=kind,
        at=timestamp(),
        passed=ran.succeeded,
        by=BY,
        command=ran.command,
        exit_code=ran.exit_code,
        seconds=round(ran.seconds, 3),
        output=output,
        commit=commit,
    )
