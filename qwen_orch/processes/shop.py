"""Where work is done: what every attempt, check and review needs around it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from attrs import Factory, define

from qwen_orch.model.activity import NOBODY, PermissionRequest
from qwen_orch.model.ids import SessionId
from qwen_orch.processes.command import Surroundings
from qwen_orch.project.config import seconds
from qwen_orch.project.project import Project
from qwen_orch.project.trust import refuse_foreign
from qwen_orch.project.writer import Writer


class Answer(NamedTuple):
    """Whether an agent may do what it asked for, and who said so: ``person``, ``--yes`` or ``nobody``."""

    allowed: bool
    by: str


async def _nobody(session: SessionId, request: PermissionRequest) -> Answer:
    return Answer(False, NOBODY)


@define
class Shop:
    """Where work is done: the project, the writer of one orchestration, and where to show what happens meanwhile.

    Raises `StateTransitionError` for a plan whose commands were approved elsewhere: they came with the folder.
    """

    project: Project
    writer: Writer
    show: Callable[[str, str, str], None] = lambda kind, task, text: None
    """Called with a kind (started, output, checking, ended), a task id and a line."""
    ask: Callable[[SessionId, PermissionRequest], Awaitable[Answer]] = _nobody
    """Called with what an agent in a session asks for; its question is durable already."""
    hurry: asyncio.Event = Factory(asyncio.Event)
    """Set when a person waits no longer for an agent to stop: its processes are ended at once."""

    def __attrs_post_init__(self) -> None:
        refuse_foreign(self.project.root, self.writer.graph)

    def surroundings(self, mark: str) -> Surroundings:
        """Return where and how long a command of this project may run."""
        return Surroundings(self.project.root, seconds(self.project.config.commandTimeout), mark)
