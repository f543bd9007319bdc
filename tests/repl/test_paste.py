"""Chips, and reading pastes piece by piece."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.keys import Keys

from qwen_orch.repl.paste import CHARACTERS, LINES, Chips
from qwen_orch.repl.pasting import PasteParser

LONG = "\n".join(f"line {n}" for n in range(84))


def test_short_text_is_shown() -> None:
    """With the line ends of Unix, and none at its end."""
    assert Chips().fold("a\r\nb\rc\n\n") == "a\nb\nc"
    assert Chips().fold("x" * CHARACTERS) == "x" * CHARACTERS


def test_long_text_is_a_chip() -> None:
    """That tells its size."""
    chips = Chips()
    assert chips.fold(LONG) == "[pasted text #1: 84 lines]"
    assert chips.fold("\n" * 5 + "x" * 2000) == "[pasted text #2: 6 lines]"
    assert chips.fold("x" * 12345) == "[pasted text #3: 12,345 characters]"
    assert chips.fold("\n".join("x" * (LINES + 1))) == f"[pasted text #4: {LINES + 1} lines]"


def test_chips_are_expanded() -> None:
    """Where they stand, and once: what is in a pasted text is not looked at."""
    chips = Chips()
    one = chips.fold(f"{LONG}\n[pasted text #2: 84 lines]")
    two = chips.fold(LONG)
    assert chips.expand(f"/plan {one} x {two}") == f"/plan {LONG}\n[pasted text #2: 84 lines] x {LONG}"
    assert chips.expand("[pasted text #9: 84 lines]") == "[pasted text #9: 84 lines]"


def test_folding_keeps_the_command() -> None:
    """So that a line from the history can be read."""
    chips = Chips()
    folded = chips.fold_command(f"/plan\n{LONG}")
    assert folded == "/plan\n[pasted text #1: 84 lines]"
    assert chips.expand(folded) == f"/plan\n{LONG}"
    assert chips.fold_command(f"/plan {LONG}").startswith("/plan [pasted")
    assert chips.fold_command("/note x") == "/note x"


def test_chip_at_the_end() -> None:
    """Is found only when it is one of ours."""
    chips = Chips()
    chip = chips.fold(LONG)
    assert chips.at_end_of(f"/plan {chip}") == chip
    assert chips.at_end_of(f"{chip} ") == ""
    assert chips.at_end_of("[pasted text #7: 3 lines]") == ""
    assert chips.at_end_of("x]") == ""


@given(st.text(alphabet="ab[]\x1b201~\n", max_size=40), st.data())
def test_any_cut_gives_the_same_keys(text: str, data: st.DataObject) -> None:
    """However a paste is cut into pieces, it is one paste, and what follows it are keys."""
    text = text.replace("\x1b[201~", "")
    stream = f"x\x1b[200~{text}\x1b[201~yz"
    if stream.count("\x1b[201~") != 1 or not stream.endswith("\x1b[201~yz"):
        return
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    pressed: list[KeyPress] = []
    parser = PasteParser(pressed.append)
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        parser.feed(stream[start:end])
    assert [(k.key, k.data) for k in pressed] == [("x", "x"), (Keys.BracketedPaste, text), ("y", "y"), ("z", "z")]
