"""The shell: read, understand, run, show; and survive whatever a command does."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import define, field

from qwen_orch.commands.context import Context
from qwen_orch.commands.lexer import Line
from qwen_orch.dispatch import Outcome, internal_error, interrupt, run
from qwen_orch.errors import OrchError, StorageError
from qwen_orch.graph.state import Graph
from qwen_orch.model.task import Executor, Task
from qwen_orch.project.project import Project
from qwen_orch.project.writer import Writer
from qwen_orch.repl.door import ShellDoor
from qwen_orch.repl.facts import Facts
from qwen_orch.repl.meaning import Description, Goal, Order, Slip, Stray, meaning, plan_of
from qwen_orch.repl.news import counted, told
from qwen_orch.repl.plain import PlainPrompt
from qwen_orch.repl.port import Prompt
from qwen_orch.repl.terminal import Terminal
from qwen_orch.screen import Screen, Unheard
from qwen_orch.store.migrations import ignoring_newer

if TYPE_CHECKING:
    from qwen_orch.store.journal import Record
    from qwen_orch.views.blocks import Block

INTERRUPTED = 130
REST = 20.0
"""After a glance at what others do, none is taken for this many times as long: keys come first."""
FEW = 3
"""So many tasks are named of those that go on."""
HOW_TO_LEAVE = "Ctrl-D or /exit leaves"


def shell(project: Project, screen: Screen, yes: bool = False) -> int:
    """Be the shell on this terminal until the person leaves; return the exit code."""
    gc.set_threshold(20_000, 10, 10)
    facts = Facts(project)
    if not _is_able():
        return Shell(project, screen, facts, PlainPrompt(), yes).run()
    terminal = Terminal()
    with terminal.attentive():
        better = partial(_prompt, facts, terminal, screen)
        return Shell(project, screen, facts, PlainPrompt(), yes, better).run()


def _is_able() -> bool:
    return os.environ.get("TERM", "dumb") not in ("dumb", "unknown", "") and sys.stdout.isatty()


def _prompt(facts: Facts, terminal: Terminal, screen: Screen) -> Prompt:
    """Return the best prompt that works here."""
    try:
        from qwen_orch.repl.toolkit import ToolkitPrompt

        prompt = ToolkitPrompt(facts, terminal, screen.color)
        prompt.type_ahead(terminal.early_keys())
        gc.freeze()  # a large plan is not looked through for garbage while keys are pressed
    except Exception as error:
        screen.complain(internal_error(error, "the prompt", facts.project.home))
        return PlainPrompt()
    return prompt


@define
class Shell:
    """One run of the shell over *prompt*."""

    project: Project
    screen: Screen
    facts: Facts
    prompt: Prompt
    yes: bool = False
    better: Callable[[], Prompt] | None = None
    """Makes the prompt to go on with, once the person has something to read meanwhile."""
    writer: Writer | None = None
    """The current orchestration as we last saw it."""
    seen: tuple[str, int] | None = None
    """The current orchestration and its newest step when the prompt last appeared."""
    leaving: bool = False
    start: str = ""
    """What the next prompt begins with."""
    signalled: bool = False
    _busy: bool = field(default=False)
    """A command is at work."""
    _hinted: bool = field(default=False)
    _unsaid: list[Record] = field(factory=list)
    """What others did that was not said yet."""
    _rests_until: float = 0.0

    def run(self) -> int:
        """Greet, then read and do until the person leaves."""
        with self._signals(), contextlib.suppress(Unheard):
            self._guard(self._greet)
            if self.better is not None:
                self.prompt = self.better()
            self.facts.watch = self._glance
            threading.Thread(target=_warm_up, args=(self.facts,), daemon=True).start()
            while not self.leaving:
                try:
                    self._turn()
                except KeyboardInterrupt:
                    self._hint()
        self._guard(self._part)
        self._guard(self._settle)
        return INTERRUPTED if self.signalled else 0

    def _greet(self) -> None:
        from qwen_orch.repl.greeting import greeting

        self._guard(self.project.upkeep)  # what a crash left behind is said first
        self._look(ours=True)
        self.screen.warn(self.project.take_reports())
        self._say(greeting(self.facts.graph, self.facts.standing))

    def _turn(self) -> None:
        """Read once and do what is asked for."""
        try:
            text = self._read()
        except EOFError:
            self.leaving = True
        else:
            self._guard(lambda: self.handle(text))

    def _read(self) -> str:
        self._guard(lambda: self._look(ours=False))
        self.seen = (self.writer.graph.root.id, self.writer.seq) if self.writer else None
        start, self.start = self.start, ""
        try:
            return self.prompt.read(start)
        except Exception as error:
            if isinstance(error, EOFError) or isinstance(self.prompt, PlainPrompt):
                raise EOFError from None
            self.screen.complain(internal_error(error, "the prompt", self.project.home))
            self.prompt = PlainPrompt()
            return self.prompt.read(start)

    def _hint(self) -> None:
        if self.signalled:
            self.leaving = True
        elif not self._hinted:
            self._hinted = True
            self._quietly(HOW_TO_LEAVE)

    def _guard(self, act: Any) -> None:
        """Do *act*; whatever goes wrong is shown, and the shell lives on."""
        try:
            act()
        except OrchError as error:
            self.screen.complain(error)
        except KeyboardInterrupt:
            self._quietly("interrupted")
        except Unheard:
            self.leaving = True
        except Exception as error:
            self.screen.complain(internal_error(error, "the shell", self.project.home))

    # What was typed

    def handle(self, text: str) -> None:
        """Do what *text* means."""
        meant = meaning(text)
        match meant:
            case Order(line):
                self._run(line)
            case Slip(command):
                self.start = command
                self._quietly("commands begin with a slash: press Enter to run it")
            case Stray():
                self._quietly("nothing is asked just now; /help lists the commands")
            case Description(plan):
                lines = plan.count("\n") + 1
                self._plan(plan, f"Plan this text of {lines} lines?", likely=True)
            case Goal(goal):
                self._quietly("commands begin with a slash, see /help; a line without one is a goal")
                self._plan(goal, "Plan this goal?", likely=False)

    def _plan(self, text: str, question: str, likely: bool) -> None:
        if self.prompt.ask(question, likely):
            self._run(plan_of(text))

    def _run(self, line: Line) -> None:
        from qwen_orch.answers.help import Farewell

        self._look(ours=False)
        self._busy = True
        try:
            outcome = run(Context(self.project, ShellDoor(self.prompt, self.screen), self.yes, seen=self.seen), line)
        finally:
            self._busy = False
        self._show(outcome)
        self._look(ours=True)
        self.leaving = self.leaving or self.signalled or isinstance(outcome.answer, Farewell)

    def _show(self, outcome: Outcome) -> None:
        try:
            self.screen.show(outcome)
        except StorageError as error:  # the screen is a full disk
            self.screen.complain(error)

    # What others did

    def _look(self, ours: bool) -> None:
        """Take in the newest state, and say what others did to it; what changed just now was *ours*."""
        before, now, news = self.writer, None, []
        with ignoring_newer():  # upkeep says it, once
            news = before.refresh() if before else []
            now = self._current()
        self.writer = now
        if before is not None:
            self._tell(news, before.graph)
        if not ours and self.writer is not before and self.writer is not None:
            self._quietly(f"the current plan is now {self.writer.graph.root.id}, made so elsewhere")
        if self.writer is not None:
            session = Context(self.project, ShellDoor(self.prompt, self.screen)).session(self.writer)
            self.facts.see(self.writer.graph, session)

    def _tell(self, news: list[Record], graph: Graph) -> None:
        """Say what others did: what a person waits for, a line each, or else in one line who did how much."""
        unsaid, self._unsaid = [*self._unsaid, *news], []
        self._say_all(told(news, graph) or list(filter(None, [counted(unsaid)])))

    def _glance(self) -> Callable[[], None] | None:
        """Take in what others do while the prompt waits; return what says it, if it is something to wait for."""
        if self.writer is None or time.monotonic() < self._rests_until:
            return None
        began = time.monotonic()
        try:
            news, graph = self.writer.refresh(), self.writer.graph
            if news:
                self.facts.notice(graph)
        except OrchError:
            return None  # the next command says it
        self._rests_until = time.monotonic() + REST * (time.monotonic() - began)
        lines = told(news, graph)
        self._unsaid += [] if lines else news
        return partial(self._say_all, lines) if lines else None

    def _say_all(self, lines: list[str]) -> None:
        for line in lines:
            self._quietly(line)

    def _current(self) -> Writer | None:
        if self.project.current.orchestration is None:
            return None
        return self.project.writer()

    # Leaving

    def _part(self) -> None:
        """Say what goes on without us, and how it is stopped."""
        if self.signalled:
            return
        self._look(ours=False)
        at_work = [t.id for t in self.writer.graph.ordered() if _needs_nobody(t)] if self.writer else []
        if at_work:
            named = ", ".join(at_work[:FEW]) + (f" and {len(at_work) - FEW} more" if len(at_work) > FEW else "")
            self._quietly(f"goes on in the background: {named} · qwen-orch /cancel_task {at_work[0]} stops it")

    def _settle(self) -> None:
        self.project.checkpoint(last=True)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Leave in good order when the terminal closes or we are asked to end."""
        before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
        for number in before:
            signal.signal(number, self._asked_to_end)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _asked_to_end(self, _: int, frame: Any) -> None:
        self.signalled = self.leaving = True
        busy = self._busy
        if busy:  # what an agent asks must not be taken for denied: its work is cancelled first
            interrupt(frame)
        if not self.prompt.stop() and not busy:
            interrupt(frame)

    # What the shell itself says

    def _quietly(self, text: str) -> None:
        from qwen_orch.views.blocks import Span, line

        self._say([line(Span(text, "muted"))])

    def _say(self, blocks: list[Block]) -> None:
        self.screen.say(blocks)


def _needs_nobody(task: Task) -> bool:
    return task.open_attempt is not None and task.open_attempt.executor is not Executor.MANUAL


def _warm_up(facts: Facts) -> None:
    """Import what completion will want, while the person looks at the greeting."""
    from qwen_orch.commands.registry import all_commands

    with contextlib.suppress(Exception):
        all_commands()
        facts.templates()
