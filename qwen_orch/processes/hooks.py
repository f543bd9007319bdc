"""Hooks: commands of the person's own, run on events, in the background. Nothing they do can break or hold up a step.

A hook is started after the step is durable. It is given one JSON object on its standard input, has ``hookTimeout`` to
end, and what it prints goes to ``logs/hooks.log``. What a hook does with this program runs no hooks, so that none can
start itself for ever.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from qwen_orch.errors import OrchError

if TYPE_CHECKING:
    from qwen_orch.graph.state import Graph
    from qwen_orch.processes.background import Background
    from qwen_orch.processes.command import Ran
    from qwen_orch.processes.happening import Happening
    from qwen_orch.project.config import Config
    from qwen_orch.project.project import Project
    from qwen_orch.store.journal import Record

INSIDE = "QWEN_ORCH_HOOK"
"""The environment variable that tells a hook its event; where it is set, no hook is run."""
TEXT = "QWEN_ORCH_TEXT"
"""The environment variable that tells a hook, in a line, what happened."""
LOG = "hooks.log"
STOPPED = "hooks that were still running were stopped"
AT_ONCE = 4
MOST = 100
"""Hooks that run or wait to run; more are left out, and that is said."""


class Hooks:
    """Runs the hooks of a *project*. Made by every command, so it is a plain class, which costs nothing to import."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._background: Background | None = None
        self._said: set[str] = set()
        """What was warned of: each is said once."""

    def hear(self, before: Graph, record: Record, after: Graph) -> None:
        """Begin what is to be run on the step *record*; raises nothing."""
        if INSIDE in os.environ:
            return
        try:
            from qwen_orch.processes.happening import happenings

            for one in happenings(before, record, after):
                for name, command in self._wanted(one, self.project.config):
                    self._begin(name, command, one)
        except Exception as error:
            self._warn(f"hooks were not run: {_reason(error)}")

    def _wanted(self, one: Happening, config: Config) -> Iterator[tuple[str, str | None]]:
        """Yield what is to be run on an event, with a name for it; None is the bell."""
        from qwen_orch.processes.notice import TELLING, desktop_command

        if config.notify != "none" and one.event in TELLING:
            yield "notice", desktop_command(one) if config.notify == "desktop" else None
        command = config.hooks.get(one.event)
        if command and self._agreed(one.event, command):
            yield f"hook of {one.event}", command

    def _agreed(self, event: str, command: str) -> bool:
        from qwen_orch.project.trust import is_trusted

        agreed = is_trusted(self.project.root, event, command)
        if not agreed:
            self._warn(f"the hook of {event} was not run: nobody agreed to it here, see /hooks")
        return agreed

    def _begin(self, name: str, command: str | None, one: Happening) -> None:
        from qwen_orch.processes.background import Background

        if self._background is None:
            self._background = Background(AT_ONCE)
        if len(self._background) >= MOST:
            self._warn(f"a {name} was left out: {MOST} are waiting already")
        else:
            self._background.begin(self._do(name, command, one))

    async def _do(self, name: str, command: str | None, one: Happening) -> None:
        """Run a hook to its end; what goes wrong is a warning."""
        from qwen_orch.processes.notice import ring

        try:
            if command is None:
                ring()
            else:
                self._ended(name, await self._run(command, one))
        except Exception as error:
            self._warn(f"the {name} failed: {_reason(error)}")

    async def _run(self, command: str, one: Happening) -> Ran:
        """Run *command* with what happened on its standard input: in a file, so that it need not be read."""
        import tempfile

        import orjson

        from qwen_orch.processes.command import Surroundings, run
        from qwen_orch.project.config import seconds

        folder = os.fsencode(self.project.root).decode("utf-8", "backslashreplace")
        limit = seconds(self.project.config.hookTimeout)
        with tempfile.TemporaryFile() as told:
            told.write(orjson.dumps({"schema": 1, "project": folder, **one.facts}) + b"\n")
            told.seek(0)
            said = {INSIDE: one.event, TEXT: one.text}
            return await run(command, Surroundings(self.project.root, limit, "hook", input=told, variables=said))

    def _ended(self, name: str, ran: Ran) -> None:
        """Keep what a hook printed, and warn of one that failed."""
        from qwen_orch.project.writer import timestamp
        from qwen_orch.store import log

        how = "ran out of time (hookTimeout)" if ran.exit_code is None else f"exited with {ran.exit_code}"
        printed = "".join(f"  {line}\n" for line in ran.output.splitlines())
        if not ran.succeeded:
            self._warn(f"the {name} {how}; logs/{LOG} has what it printed")
        log.append(self.project.home, LOG, f"{timestamp()} {name} {how} after {ran.seconds:.1f} s\n{printed}")

    def _warn(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self.project.reports.append(text)

    def finish(self, patient: bool = True) -> list[str]:
        """Wait for the hooks that run, if *patient* as long as one may take, and stop the rest; return what went wrong.

        Ctrl-C ends the wait and the hooks. Raises nothing.
        """
        background, self._background = self._background, None
        if background is not None:
            try:
                self._end(background, patient)
            except KeyboardInterrupt:
                self._warn(STOPPED)
            except OrchError as error:
                self._warn(error.message)
        return self.project.take_reports()

    def _end(self, background: Background, patient: bool) -> None:
        from qwen_orch.processes.background import ENDING_SECONDS
        from qwen_orch.project.config import seconds

        # One that runs out of time ends itself, and says so.
        longest = seconds(self.project.config.hookTimeout) + ENDING_SECONDS
        if background.end(longest if patient else 0.0):
            self._warn(STOPPED)


def _reason(error: Exception) -> str:
    return error.message if isinstance(error, OrchError) else f"{type(error).__name__}: {error}"
