"""The keys that are ours: Enter submits, Alt-Enter makes a new line, a paste is text, Ctrl-O opens an editor."""

from __future__ import annotations

from collections.abc import Callable

from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, get_common_complete_suffix
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import has_focus
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from qwen_orch.repl.paste import Chips

typing = has_focus(DEFAULT_BUFFER)


def bindings(chips: Chips, edit: Callable[[str], str | None]) -> KeyBindings:
    """Return the keys of the prompt; *edit* lets a person edit a text in an editor, or returns None."""
    keys = _writing(chips, edit)

    @keys.add("enter", filter=typing)
    def submit(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state and buffer.complete_state.current_completion:
            buffer.complete_state = None  # the choice is in the line already
        else:
            buffer.validate_and_handle()

    @keys.add("tab", filter=typing)
    def complete(event: KeyPressEvent) -> None:
        _complete(event.current_buffer)

    @keys.add("escape", "enter", filter=typing)
    @keys.add("c-j", filter=typing)
    def new_line(event: KeyPressEvent) -> None:
        event.current_buffer.newline(copy_margin=False)

    return keys


def editor_bindings(chips: Chips, edit: Callable[[str], str | None]) -> KeyBindings:
    """Return the keys of the input for a whole plan, where Enter makes a line and Alt-Enter ends it."""
    keys = _writing(chips, edit)

    @keys.add("escape", "enter", filter=typing)
    def submit(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    return keys


def _writing(chips: Chips, edit: Callable[[str], str | None]) -> KeyBindings:
    """Return what both kinds of input share."""
    keys = KeyBindings()

    @keys.add(Keys.BracketedPaste, filter=typing)
    def paste(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text(chips.fold(event.data))

    @keys.add("backspace", filter=typing)
    def remove(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        chip = chips.at_end_of(buffer.document.text_before_cursor)
        buffer.delete_before_cursor(len(chip) or event.arg)
        _complete_again(buffer)

    @keys.add("c-o", filter=typing, eager=True)
    @keys.add("c-x", "c-e", filter=typing)
    def open_editor(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        run_in_terminal(lambda: _edited(buffer, chips, edit))

    return keys


def _complete(buffer: Buffer) -> None:
    """Complete now, so that the next key finds it done: the only way on, or what all ways share, or a choice."""
    choosing = buffer.complete_state
    if choosing and choosing.current_completion:
        buffer.complete_next()
        return
    asked = CompleteEvent(completion_requested=True)
    found = list(buffer.completer.get_completions(buffer.document, asked))
    shared = get_common_complete_suffix(buffer.document, found)
    if len(found) == 1:
        buffer.complete_state = None
        buffer.apply_completion(found[0])
        if found[0].text.startswith(("/", "--")):
            buffer.insert_text(" ")
    elif shared:
        buffer.insert_text(shared)
    elif choosing:
        buffer.complete_next()
    else:
        buffer.start_completion(complete_event=asked)


def _complete_again(buffer: Buffer) -> None:
    if buffer.complete_while_typing():
        buffer.start_completion()


def _edited(buffer: Buffer, chips: Chips, edit: Callable[[str], str | None]) -> None:
    text = edit(chips.expand(buffer.text))
    if text is not None:
        buffer.text = chips.fold_command(text.rstrip("\n"))
        buffer.cursor_position = len(buffer.text)
