"""Which painter suits a stream, and what both of them write."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from qwen_orch.errors import StorageError, TaskNotFound
from qwen_orch.model.text import cells
from qwen_orch.views.blocks import Line, Span, line
from qwen_orch.views.marks import MARKS, carried, carries_marks
from qwen_orch.views.paint import error_blocks, paint, update_line, wants_color, warnings_blocks, width_of
from tests.views.reading import Terminal, painted
from tests.views.samples import LISTED, SAMPLES, STATUS

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("name", SAMPLES)
def test_with_and_without_colours_the_text_is_the_same(name: str, width: int) -> None:
    plain = painted(SAMPLES[name], width)
    assert ESCAPE.sub("", painted(SAMPLES[name], width, color=True)) == plain


def test_colours_are_those_of_the_terminal() -> None:
    assert "\x1b[36mtask-001\x1b[0m  \x1b[32m✓ completed\x1b[0m" in painted(LISTED, color=True)


def test_markup_and_emoji_names_are_text() -> None:
    text = "[bold]not bold[/bold] [link=x]y :smile: [/]"
    assert ESCAPE.sub("", painted([line(text)], color=True)) == f"{text}\n"


@pytest.mark.parametrize(
    ("tty", "env", "wanted"),
    [
        (True, {}, True),
        (True, {"TERM": "xterm-256color"}, True),
        (True, {"TERM": "dumb"}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (False, {"TERM": "xterm-256color"}, False),
    ],
)
def test_colours_are_for_terminals_that_want_them(
    monkeypatch: pytest.MonkeyPatch, tty: bool, env: dict[str, str], wanted: bool
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    stream = Terminal(tty)
    paint(STATUS, stream)
    assert wants_color(stream) == wanted
    assert ("\x1b" in stream.getvalue()) == wanted


def test_the_width_is_said_or_eighty(monkeypatch: pytest.MonkeyPatch) -> None:
    assert width_of(Terminal()) == 80
    monkeypatch.setenv("COLUMNS", "100")
    assert width_of(Terminal()) == 100
    monkeypatch.setenv("COLUMNS", "0")
    assert width_of(Terminal()) == 80


def test_ascii_output_has_marks_of_its_own() -> None:
    stream = Terminal(encoding="ascii")
    paint(LISTED, stream, color=False)
    assert stream.getvalue().splitlines()[1:5] == [
        "  task-001  + completed    Design the order schema               2h",
        "  task-007  x failed       Migrate the data                      8h",
        "  task-002  * in progress  Write the order service   high        3d",
        "  task-003  o pending      Take payments                         4h",
    ]


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "no-such-encoding"])
def test_every_picture_can_be_written_in_any_encoding(name: str, encoding: str) -> None:
    stream = Terminal(encoding=encoding)
    paint(SAMPLES[name], stream, color=False)
    stream.getvalue().encode("ascii" if encoding == "no-such-encoding" else encoding)


def test_what_cannot_be_written_keeps_its_columns() -> None:
    assert carried("a計é😀.", "ascii") == "a???" + "??."
    assert carried("é", "latin-1") == "é"
    assert not carries_marks("latin-1")
    assert carries_marks("utf-8")


def test_every_mark_and_what_stands_for_it_is_one_column() -> None:
    assert {(cells(a), len(b), b.isascii()) for a, b in MARKS.items()} == {(1, 1, True)}


@pytest.mark.parametrize(
    ("env", "mark"),
    [
        ({"LANG": "C"}, "+"),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, "+"),
        ({"LC_ALL": "POSIX", "LANG": "de_DE.UTF-8"}, "+"),
        ({"LANG": "C", "LC_CTYPE": "de_DE.UTF-8"}, "✓"),
        ({"LANG": "C.UTF-8"}, "✓"),
        ({}, "✓"),
    ],
)
def test_in_the_c_locale_marks_are_ascii_and_words_are_kept(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str], mark: str
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert painted([line(Span("✓ 計画"))]) == f"{mark} 計画\n"


def test_an_error_says_what_failed_and_what_to_type() -> None:
    error = TaskNotFound("there is no task 'task-999'; did you mean task-099?", "/list_tasks", "/task_status task-099")
    assert painted(error_blocks(error)) == (
        "✗ there is no task 'task-999'; did you mean task-099?\n  → /list_tasks\n  → /task_status task-099\n"
    )


def test_a_long_error_goes_on_below_itself() -> None:
    blocks = error_blocks(StorageError("disk full: " + "journal " * 12, "make room\x1b[2J"))
    assert painted(blocks, 40).splitlines() == [
        "✗ disk full: journal journal journal",
        "  journal journal journal journal",
        "  journal journal journal journal",
        "  journal",
        "  → make room",
    ]


def test_warnings() -> None:
    assert painted(warnings_blocks(["line 3: odd", "line 4: odder"])) == "! line 3: odd\n! line 4: odder\n"


def happening(kind: str, text: str, task: str = "task-003") -> Line:
    return update_line(SimpleNamespace(kind=kind, task=task, text=text))


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        ("started", "Take payments", "task-003 ▸ Take payments"),
        ("output", "  12 passed\x1b[0m", "task-003 │   12 passed"),
        ("checking", "pytest -q", "task-003 ? pytest -q"),
        ("ended", "completed", "task-003 ✓ completed"),
        ("ended", "undecided", "task-003 ◐ undecided"),
        ("ended", "failed: `make` exited with 2", "task-003 ✗ failed: `make` exited with 2"),
    ],
)
def test_what_happens_is_told_after_the_id_of_its_task(kind: str, text: str, shown: str) -> None:
    assert painted([happening(kind, text)]) == f"{shown}\n"


def test_what_happens_to_no_task_in_particular() -> None:
    assert painted([happening("checking", "make ci", "")]) == "? make ci\n"


def test_a_thought_has_its_purpose_apart() -> None:
    shown = painted([happening("thought", "2. [risks] It may fail", "planning")], color=True)
    assert shown == "\x1b[36mplanning \x1b[0m\x1b[2m│ 2. [risks] \x1b[0mIt may fail\n"
    assert painted([happening("thought", "3. It may not")]) == "task-003 │ 3. It may not\n"


def test_a_question_does_not_say_a_command_twice() -> None:
    """Qwen Code's title is the command itself."""
    assert painted([happening("asks", "npm test\nnpm test")], 80) == "task-003 ? npm test\n"
    assert painted([happening("asks", "npm test [background]\nnpm test")], 80).count("npm test") == 2


def test_a_question_is_shown_whole() -> None:
    """Below its title the exact command, each of its lines; nothing is cut."""
    command = "for i in 1 2; do\n  echo $i\ndone\n" + "x" * 1000
    shown = painted([happening("asks", f"Shell: for\n{command}")], 80)
    assert shown.splitlines()[:4] == [
        "task-003 ? Shell: for",
        "           for i in 1 2; do",
        "             echo $i",
        "           done",
    ]
    assert shown.count("x") == 1000


def test_a_diff_has_few_colours() -> None:
    diff = "--- a.txt\n+++ a.txt\n@@ -1 +1 @@\n-old\n+new\n same"
    shown = painted([happening("asks", f"WriteFile: a.txt\n{diff}")], color=True)
    assert "\x1b[1;31m-old" in shown
    assert "\x1b[32m+new" in shown
    assert "\x1b[2m--- a.txt" in shown
    assert ESCAPE.sub("", shown).splitlines()[-1] == "            same"


def test_endless_output_takes_a_few_lines() -> None:
    assert painted([happening("output", "x" * 100_000)]).count("\n") == 8
