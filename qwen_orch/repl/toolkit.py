"""The prompt on a real terminal, made of prompt_toolkit."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app, run_in_terminal
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input import Input, create_input
from prompt_toolkit.input.typeahead import clear_typeahead, store_typeahead
from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.lexers import Lexer
from prompt_toolkit.output import ColorDepth, Output, create_output
from prompt_toolkit.styles import Style

from qwen_orch.commands.context import Moot
from qwen_orch.repl import editor, keys
from qwen_orch.repl.completer import ShellCompleter
from qwen_orch.repl.facts import Facts
from qwen_orch.repl.history import ShellHistory
from qwen_orch.repl.paste import CHIP, Chips
from qwen_orch.repl.pasting import PasteParser, read_quickly
from qwen_orch.repl.port import LOOK_SECONDS, PROMPT, SET_ASIDE, agrees, asked, command_in
from qwen_orch.repl.terminal import Terminal
from qwen_orch.repl.toolbar import STYLE, toolbar
from qwen_orch.views.paint import speech

MENU = 8
GLANCE_SECONDS = 1.0
"""How often it is looked what others do while the prompt waits."""
Meanwhile: TypeAlias = Callable[[], Coroutine[Any, Any, None]]


class ToolkitPrompt:
    """Asks on a terminal, with completion, history, chips for long pastes and a toolbar."""

    def __init__(
        self,
        facts: Facts,
        terminal: Terminal | None = None,
        color: bool | None = None,
        source: Input | None = None,
        sink: Output | None = None,
    ) -> None:
        self.facts, self.terminal = facts, terminal
        self.chips = Chips()
        self.source = source or create_input()
        read_quickly(self.source)
        self.sink = sink or create_output()
        self._speak = speech(sys.stdout)
        self._shared: dict[str, Any] = {
            "input": self.source,
            "output": self.sink,
            "style": Style.from_dict(STYLE),
            "color_depth": ColorDepth.DEPTH_1_BIT if color is False else None,
        }
        self._waiting: PromptSession[str] | None = None
        self._aside = ""
        self._session = self._main_session()

    def _main_session(self) -> PromptSession[str]:
        return PromptSession(
            [("class:prompt", PROMPT)],
            multiline=True,
            completer=ShellCompleter(self.facts),
            complete_while_typing=Condition(_is_command),
            history=ShellHistory(self.facts.project.home / "history", self.chips),
            key_bindings=keys.bindings(self.chips, self._edit),
            bottom_toolbar=self._toolbar,
            lexer=_ChipLexer(),
            prompt_continuation=_continuation,
            reserve_space_for_menu=MENU,
            enable_suspend=True,
            **self._shared,
        )

    def read(self, start: str = "") -> str:
        """Return what is submitted, chips expanded."""
        start, self._aside = start or self._aside, ""
        return self.chips.expand(self._prompt(self._session, default=start, meanwhile=self._watching))

    def ask(self, question: str, default: bool = False, moot: Moot | None = None) -> bool:
        """Ask *question*; keys typed before it was asked are no answer to it."""
        self._forget_keys()
        session: PromptSession[str] = PromptSession(asked(question, default), **self._shared)
        try:
            said = self._prompt(session, meanwhile=_until(moot) if moot else None)
        except EOFError:
            return False
        if command := command_in(said):
            self._aside = command
            self.sink.write(f"{SET_ASIDE}\n")
            self.sink.flush()
        return agrees(said, default)

    def write(self, text: str) -> str | None:
        """Open the person's editor; without one, an input of several lines."""
        if editor.command():
            return self._edit(text)
        session: PromptSession[str] = PromptSession(
            [("class:bar.muted", "Write or paste the plan. Alt-Enter (or Esc, Enter) ends it, Ctrl-C gives up.\n")],
            multiline=True,
            key_bindings=keys.editor_bindings(self.chips, self._edit),
            lexer=_ChipLexer(),
            **self._shared,
        )
        try:
            return self.chips.expand(self._prompt(session, default=text))
        except (EOFError, KeyboardInterrupt):
            return None

    def stop(self) -> bool:
        """Make the prompt that is waiting, if one is, end."""
        app = self._waiting.app if self._waiting else None
        if app is None or not app.is_running or app.loop is None:
            return False
        app.loop.call_soon_threadsafe(lambda: app.exit(exception=EOFError) if app.is_running else None)
        return True

    def type_ahead(self, typed: str) -> None:
        """Take in what was typed before there was a prompt."""
        pressed: list[KeyPress] = []
        PasteParser(pressed.append).feed_and_flush(typed)
        store_typeahead(self.source, pressed)

    def _prompt(self, session: PromptSession[str], default: str = "", meanwhile: Meanwhile | None = None) -> str:
        self._waiting = session
        session.app.renderer.cpr_not_supported_callback = None  # then there is no toolbar; nobody needs to be warned
        try:
            return session.prompt(default=default, pre_run=_beside(meanwhile), in_thread=_elsewhere())
        finally:
            self._waiting = None
            if self.terminal:
                self.terminal.mark_pastes()

    async def _watching(self) -> None:
        """Look now and then what others do; show it above what is being typed."""
        while True:
            await asyncio.sleep(GLANCE_SECONDS)
            said = self.facts.watch()
            if said is not None:
                await run_in_terminal(said)
            get_app().invalidate()

    def _edit(self, text: str) -> str | None:
        if self.terminal is None:
            return editor.edit(text)
        with self.terminal.lent():
            return editor.edit(text)

    def _forget_keys(self) -> None:
        clear_typeahead(self.source)
        if self.terminal:
            self.terminal.forget_keys()

    def _toolbar(self) -> StyleAndTextTuples:
        try:
            return [*toolbar(self.facts.standing, self.sink.get_size().columns, self._speak)]
        except Exception as error:  # a toolbar must not disturb who is typing
            return [("", f" {type(error).__name__}")]


def _beside(meanwhile: Meanwhile | None) -> Callable[[], None] | None:
    """Return what has *meanwhile* done as soon as a prompt waits; it ends with the prompt."""
    if meanwhile is None:
        return None

    def begin() -> None:
        get_app().create_background_task(meanwhile())

    return begin


def _until(moot: Moot) -> Meanwhile:
    """Return what ends a prompt once it is *moot*."""

    async def looking() -> None:
        while not moot():
            await asyncio.sleep(LOOK_SECONDS)
        get_app().exit(exception=EOFError)

    return looking


def _elsewhere() -> bool:
    """Tell whether we are asked in a thread that is not the main one: signals must be left alone then."""
    return threading.current_thread() is not threading.main_thread()


def _is_command() -> bool:
    return get_app().current_buffer.text.startswith("/")


def _continuation(width: int, _line: int, _wrapped: int) -> str:
    return " " * width


class _ChipLexer(Lexer):
    """Shows chips for what they are."""

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        """Return what styles a line."""
        return lambda number: _styled(document.lines[number]) if number < len(document.lines) else []


def _styled(line: str) -> StyleAndTextTuples:
    fragments: StyleAndTextTuples = []
    end = 0
    for chip in CHIP.finditer(line):
        fragments += [("", line[end : chip.start()]), ("class:chip", chip[0])]
        end = chip.end()
    return [*fragments, ("", line[end:])]
