"""The prompt made of prompt_toolkit, with keys from a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from qwen_orch.project.project import Project
from qwen_orch.repl.completer import ShellCompleter
from qwen_orch.repl.facts import Facts
from qwen_orch.repl.toolkit import ToolkitPrompt

PLAN = "\n".join(["# Shop", "/exit", *(f"- [ ] task {n}" for n in range(20))])


@pytest.fixture
def keys() -> Iterator[PipeInput]:
    """What is typed."""
    with create_pipe_input() as pipe:
        yield pipe


@pytest.fixture
def prompt(keys: PipeInput, tmp_path: Path) -> ToolkitPrompt:
    """A prompt that reads *keys*."""
    return ToolkitPrompt(Facts(Project.at(tmp_path)), source=keys, sink=DummyOutput())


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("/list_tasks\r", "/list_tasks"),
        ("a\x1b\rb\x0ac\r", "a\nb\nc"),
        (f"\x1b[200~{PLAN}\x1b[201~\r", PLAN),
        (f"/plan \x1b[200~{PLAN}\x1b[201~\r", f"/plan {PLAN}"),
        (f"x\x1b[200~{PLAN}\x1b[201~\x7fy\r", "xy"),
        ("\x1b[200~/exit\r\n\x1b[201~\r", "/exit"),
        ("/list\x03", KeyboardInterrupt),
        ("\x04", EOFError),
        ("/lis\t--tr\t\r", "/list_tasks --tree "),
        ("/list_tasks status:p\t\r", "/list_tasks status:pending"),
        ("/list_tasks status:c\t\r", "/list_tasks status:c"),
        ("/l\t\t\r", "/list_tasks "),
        ("/che\t\r", "/check"),
        ("no plan\t\r", "no plan"),
    ],
)
def test_read(prompt: ToolkitPrompt, keys: PipeInput, typed: str, read: str | type[BaseException]) -> None:
    """What is submitted, in full."""
    keys.send_text(typed)
    if isinstance(read, str):
        assert prompt.read() == read
    else:
        with pytest.raises(read):
            prompt.read()


def test_lines_typed_ahead(prompt: ToolkitPrompt, keys: PipeInput) -> None:
    """Are read one after the other."""
    prompt.type_ahead("/one\r/tw")
    keys.send_text("o\r")
    assert [prompt.read(), prompt.read()] == ["/one", "/two"]


def test_start(prompt: ToolkitPrompt, keys: PipeInput) -> None:
    """Stands there already."""
    keys.send_text(" x\r")
    assert prompt.read("/list_tasks") == "/list_tasks x"


@pytest.mark.parametrize(
    ("default", "typed", "answer"),
    [
        (False, "\r", False),
        (True, "\r", True),
        (False, "y\r", True),
        (False, "YES\r", True),
        (True, "n\r", False),
        (True, "what\r", False),
        (True, "/yes\r", False),
        (True, "\x04", False),
    ],
)
def test_ask(prompt: ToolkitPrompt, keys: PipeInput, default: bool, typed: str, answer: bool) -> None:
    """Only a yes is one."""
    keys.send_text(typed)
    assert prompt.ask("Sure?", default) is answer


def test_a_command_at_a_question(prompt: ToolkitPrompt, keys: PipeInput) -> None:
    """Is a no, and stands at the next prompt, once."""
    keys.send_text("/list_tasks\r")
    assert prompt.ask("Sure?", default=True) is False
    keys.send_text(" --tree\r")
    assert prompt.read() == "/list_tasks --tree"
    keys.send_text("/exit\r")
    assert prompt.read() == "/exit"


def test_keys_typed_before_a_question(prompt: ToolkitPrompt, keys: PipeInput) -> None:
    """Are no answer to it."""
    prompt.type_ahead("y\r")
    keys.send_text("\r")
    assert prompt.ask("Sure?") is False


@pytest.mark.parametrize(("typed", "written"), [("a\rb\x1b\r", "a\nb"), ("a\x03", None), ("\x04", None)])
def test_write(
    prompt: ToolkitPrompt, keys: PipeInput, monkeypatch: pytest.MonkeyPatch, typed: str, written: str | None
) -> None:
    """Several lines; Enter makes one, Alt-Enter ends them."""
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    keys.send_text(typed)
    assert prompt.write("") == written


def test_completion_never_fails(prompt: ToolkitPrompt, monkeypatch: pytest.MonkeyPatch, keys: PipeInput) -> None:
    """A fault of ours offers nothing, and the line is read."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("qwen_orch.repl.completer.candidates", fail)
    monkeypatch.setattr("qwen_orch.repl.toolkit.toolbar", fail)
    keys.send_text("/li\t\r")
    assert prompt.read() == "/li"


def test_stop_without_a_prompt(prompt: ToolkitPrompt) -> None:
    """Nothing is waiting."""
    assert prompt.stop() is False


def test_completer(tmp_path: Path) -> None:
    """Hands on what is offered, to stand in place of the word."""
    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.document import Document

    (found,) = ShellCompleter(Facts(Project.at(tmp_path))).get_completions(Document("/lis"), CompleteEvent())
    assert (found.text, found.start_position) == ("/list_tasks", -4)
    assert found.display_meta_text == "List the tasks of the current plan."


def test_callable_types() -> None:
    """The port is met."""
    from qwen_orch.repl.port import Prompt

    port: Callable[..., Prompt] = ToolkitPrompt
    assert port is ToolkitPrompt
