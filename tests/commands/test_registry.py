"""How commands are declared, found, and given their arguments."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_orch.commands import ALIASES, ROOMS
from qwen_orch.commands.help import GROUPS
from qwen_orch.commands.lexer import Line, from_argv, split
from qwen_orch.commands.registry import ALL, Command, all_commands, bind, find
from qwen_orch.errors import UsageError
from tests.commands.desk import Desk
from tests.strategies import LAW

ROOM = {name: room for room, names in ROOMS.items() for name in names}


def bound(typed: str) -> dict[str, Any]:
    """Return the arguments that a typed line gives its command."""
    line = split(typed)
    return bind(find(line.words[0].text), Line(line.words[1:], line.raw, line.below))


def refused(typed: str) -> UsageError:
    """Return the error that a line ends in."""
    with pytest.raises(UsageError) as caught:
        bound(typed)
    assert caught.value.hints
    return caught.value


@pytest.mark.parametrize("command", all_commands(), ids=lambda c: c.name)
def test_every_command_is_declared_whole(command: Command) -> None:
    """In the room that is named, in a group that is shown, documented, and with help for each parameter."""
    assert command.run.__module__ == f"qwen_orch.commands.{ROOM[command.name]}"
    assert command.group in GROUPS
    assert command.summary
    assert command.summary[0].isupper()
    for param in command.params:
        assert param.arg.help, f"/{command.name} {param.word}"
        assert param.kind in (str, int, bool, tuple) or param.kind.__origin__ is tuple  # type: ignore[attr-defined]
        assert param.required or param.default in (None, False, "", "markdown", "medium")


def test_the_rooms_hold_all_commands() -> None:
    """None is declared that cannot be found, and each name is there once."""
    assert len(set(ALL)) == len(ALL)
    assert [c.name for c in all_commands()] == list(ALL)


@pytest.mark.parametrize(("alias", "name"), sorted(ALIASES.items()))
def test_aliases(alias: str, name: str) -> None:
    """Short names for what is typed often, with or without the slash."""
    assert find(alias) is find(f"/{alias}") is find(name)


@pytest.mark.parametrize(
    ("typed", "near"), [("/plam", "plan"), ("list_task", "list_tasks"), ("/histroy", "history"), ("/xyzzy", None)]
)
def test_a_command_that_is_not_there(typed: str, near: str | None) -> None:
    """The nearest is named, if any is near."""
    error = refused(typed)
    assert (f"did you mean {near}?" in error.message) if near else ("did you mean" not in error.message)
    assert error.hints == ("/orchestration_help",)


@pytest.mark.parametrize(
    ("typed", "arguments"),
    [
        ("/plan", {}),
        ("/plan Build a thing", {"text": "Build a thing"}),
        ('/plan "Build a thing"', {"text": "Build a thing"}),
        ("/plan --tags a,b Build   a 'thing'", {"tags": "a,b", "text": "Build   a 'thing'"}),
        ("/plan Build --tags a,b a thing", {"tags": "a,b", "text": "Build a thing"}),
        ("/plan -- --tags of all kinds", {"text": "--tags of all kinds"}),
        ("/plan --title=\"A B\" -", {"title": "A B", "text": "-"}),
        ("/plan\n# Plan\n- [ ] --yes\n", {"text": "# Plan\n- [ ] --yes"}),
        ("/plan one\n\n  two", {"text": "one\n\n  two"}),
        ("/note it's \"so\"", {"text": "it's \"so\""}),
        ("/task_status 7", {"task": "7"}),
        ("/undo 2", {"steps": 2}),
        ("/undo -2", {"steps": -2}),
        ("/undo --redo", {"redo": True}),
        ("/think x --from 2 --branch b", {"text": "x", "from_": 2, "branch": "b"}),
        ("/list_tasks status:ready phase:\"Week 1\" 'a b' --tree", {
            "filter": 'status:ready phase:"Week 1" "a b"', "tree": True}),
        ("/update_task 1 description:\"a b\" title:x", {"task": "1", "changes": ("description:a b", "title:x")}),
        ("/export_plan csv --output 'my file.csv'", {"format": "csv", "output": "my file.csv"}),
        ("/decide use -x --why it's -y", {"text": "use -x", "why": "it's -y"}),
        ("/decide --why 'it is' use x", {"text": "use x", "why": "it is"}),
        ("/decide use x --why it is -- and more", {"text": "use x and more", "why": "it is"}),
    ],
)  # fmt: skip
def test_arguments(typed: str, arguments: dict[str, Any]) -> None:
    """A positional word, the rest of the line as typed, options anywhere, and what stands below."""
    assert bound(typed) == arguments


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("/plan x --tgas a", "/plan has no option --tgas; did you mean --tags?"),
        ("/plan x --tags", "--tags needs a value: tags of the orchestration: a,b"),
        ("/plan x --tags --title y", "--tags needs a value: tags of the orchestration: a,b"),
        ("/list_tasks --tree=yes", "--tree takes no value"),
        ("/update_task", "/update_task needs TASK"),
        ("/update_task 1", "/update_task needs CHANGES"),
        ("/note", "/note needs TEXT"),
        ("/undo two", "STEPS is a whole number, not 'two'"),
        ("/undo --5", "STEPS is a whole number, not '--5'"),
        ("/undo -", "STEPS is a whole number, not '-'"),
        ("/undo 1.5", "STEPS is a whole number, not '1.5'"),
        ("/undo ٣", "STEPS is a whole number, not '٣'"),
        ("/undo " + "9" * 5000, "STEPS is a whole number, not '999"),
        ("/export_plan cvs", "FORMAT is one of json, csv, "),
        ("/new_task 1 2", "/new_task does not take '2'"),
        ("/new_task 1\nand more", "/new_task does not take 'and more'"),
        ("/exit now", "/exit does not take 'now'"),
    ],
)
def test_words_that_are_wrong(typed: str, said: str) -> None:
    """The word is named, what was expected, and how the command is used."""
    error = refused(typed)
    assert error.message.startswith(said)
    assert any(hint.endswith("--help") for hint in error.hints)


@LAW
@given(st.sampled_from(ALL), st.text("abc123 -=:,\"'\n\\@", max_size=40))
def test_any_line_is_bound_or_refused(name: str, rest: str) -> None:
    """Nothing but a usage error, which says what to type next."""
    try:
        found = bound(f"/{name} {rest}")
    except UsageError as refusal:
        error = refusal
    else:
        assert set(found) <= {p.name for p in find(name).params}
        return
    assert error.hints


@LAW
@given(st.lists(st.text("ab-' \"", max_size=6), min_size=1, max_size=4))
def test_words_of_a_shell_are_text_too(words: list[str]) -> None:
    """One blank stands between them, as `echo` would print them."""
    if not any(re.match("--", w) for w in words):
        assert bind(find("note"), from_argv(words)) == {"text": " ".join(words)}


@pytest.mark.parametrize("name", ALL)
def test_help_on_each(desk: Desk, name: str) -> None:
    """`--help` and `/help NAME` tell the same, and run nothing."""
    asked = desk(f"/{name} --help")
    assert asked == desk(f"/help {name}")
    entry = asked.commands[0]
    assert (entry.name, len(asked.commands)) == (name, 1)
    assert len(entry.options) == len(find(name).params)
    assert not desk.project.home.exists()


def test_help_on_all(desk: Desk) -> None:
    """Grouped, in the order of the groups."""
    shown = desk("/help").commands
    assert sorted(e.name for e in shown) == sorted(ALL)
    places = [GROUPS.index(e.group) for e in shown]
    assert places == sorted(places)


def test_dashes_are_spoken_of_where_there_are_some() -> None:
    """A hint about them helps nobody who left a word out."""
    dashes = "-- before text that begins with dashes"
    assert refused("/note").hints == ("/note TEXT", "/note --help")
    assert refused("/note --why").hints == ("/note --help", dashes)
    assert refused("/graph --nosuch").hints == ("/graph --help",)
