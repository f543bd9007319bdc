"""The shell itself, over a prompt that says what a test wrote down."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qwen_orch.cli import main
from qwen_orch.commands import registry
from qwen_orch.project.project import Project
from qwen_orch.repl.facts import Facts
from qwen_orch.repl.loop import Shell
from qwen_orch.screen import Screen
from tests.repl.conftest import PLAN


class Scripted:
    """A prompt whose person types *lines*: text, an exception to raise, or what is done meanwhile and then typed."""

    def __init__(self, *lines: str | BaseException | Callable[[], object], answers: tuple[bool, ...] = ()) -> None:
        self.lines: Iterator[Any] = iter(lines)
        self.answers = iter(answers)
        self.asked: list[str] = []
        self.starts: list[str] = []
        self.written: str | None = None

    def read(self, start: str = "") -> str:
        """Return the next line."""
        self.starts.append(start)
        line = next(self.lines, EOFError())
        if isinstance(line, BaseException):
            raise line
        return str((line() or "") if callable(line) else line)

    def ask(self, question: str, default: bool = False, moot: object = None) -> bool:
        """Return the next answer."""
        self.asked.append(question)
        return next(self.answers, default)

    def write(self, text: str) -> str | None:
        """Return what is to be written."""
        return self.written

    def stop(self) -> bool:
        """Nothing waits."""
        return False


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run the shell over a prompt; return its exit code and all it said."""

    def running(prompt: Scripted, yes: bool = False) -> tuple[int, str]:
        project = Project.at(folder)
        code = Shell(project, Screen(color=False), Facts(project), prompt, yes).run()
        out, err = capsys.readouterr()
        return code, out + err

    return running


Run = Callable[..., tuple[int, str]]


def test_end_of_input(run: Run) -> None:
    """Leaves."""
    code, said = run(Scripted())
    assert code == 0
    assert "no plan here yet" in said


def test_exit(run: Run) -> None:
    """Leaves, and nothing after it is read."""
    prompt = Scripted("/exit", AssertionError())
    assert run(prompt)[0] == 0


def test_plan_that_was_pasted(run: Run) -> None:
    """Is planned when the person agrees."""
    prompt = Scripted(PLAN, "/list_tasks", answers=(True,))
    said = run(prompt)[1]
    assert prompt.asked == ["Plan this text of 5 lines?"]
    assert "Checkout" in said


def test_plan_that_replaces_another(run: Run) -> None:
    """Is asked about twice; no to the second changes nothing."""
    prompt = Scripted(PLAN, "# Two\n- [ ] a", "/list_tasks", answers=(True, True, False))
    said = run(prompt)[1]
    assert len(prompt.asked) == 3
    assert "nothing was planned" in said
    assert said.count("Checkout") == 2  # planned, then listed


def test_goal(run: Run) -> None:
    """Is not planned by an Enter alone."""
    prompt = Scripted("Build a shop")
    assert "see /help" in run(prompt)[1]
    assert prompt.asked == ["Plan this goal?"]


def test_command_without_slash(run: Run) -> None:
    """Stands at the next prompt, with its slash."""
    prompt = Scripted("list_tasks --tree")
    run(prompt)
    assert prompt.starts == ["", "/list_tasks --tree"]


def test_ctrl_c(run: Run) -> None:
    """Says how to leave, once."""
    said = run(Scripted(KeyboardInterrupt(), KeyboardInterrupt(), "/help"))[1]
    assert said.count("Ctrl-D or /exit leaves") == 1


def test_ctrl_c_in_a_command(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupts it alone."""

    def interrupted(_: Any) -> None:
        raise KeyboardInterrupt

    known, fake = registry._declared, registry.find("graph")._replace(run=interrupted, params=())
    monkeypatch.setattr(registry, "_declared", lambda name: fake if name == "graph" else known(name))
    said = run(Scripted("/graph", "/list_tasks"))[1]
    assert "/graph was interrupted" in said
    assert "there is no plan" in said


def test_fault_of_ours(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a command or in the shell: one line, and the shell goes on."""

    def faulty(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("oh")

    known, fake = registry._declared, registry.find("graph")._replace(run=faulty, params=())
    monkeypatch.setattr(registry, "_declared", lambda name: fake if name == "graph" else known(name))
    monkeypatch.setattr("qwen_orch.repl.loop.meaning", lambda text: faulty() if text == "boom" else _meaning(text))
    said = run(Scripted("/graph", "boom", "/list_tasks"))[1]
    assert "an error of ours in /graph: ZeroDivisionError: oh" in said
    assert "an error of ours in the shell: ZeroDivisionError: oh" in said
    assert "there is no plan" in said
    assert "Traceback" not in said


def _meaning(text: str) -> Any:
    from qwen_orch.repl.meaning import meaning

    return meaning(text)


def test_prompt_that_fails(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is replaced by plain input."""
    monkeypatch.setattr("qwen_orch.repl.plain.PlainPrompt.read", Scripted("/list_tasks").read)
    code, said = run(Scripted(RuntimeError("no terminal")))
    assert code == 0
    assert "an error of ours in the prompt: RuntimeError: no terminal" in said
    assert "there is no plan" in said


def test_news(run: Run, folder: Path, planned: Path) -> None:
    """What others did is said before the next prompt; what we did is not."""

    def elsewhere() -> None:
        before = signal.getsignal(signal.SIGINT)
        assert main(["--project", str(folder), "note", "hello"]) == 0
        assert main(["--project", str(folder), "add_task", "Pay"]) == 0
        signal.signal(signal.SIGINT, before)

    said = run(Scripted("/note mine", elsewhere, "/list_tasks"))[1]
    assert said.count("meanwhile, elsewhere") == 1
    assert "meanwhile, elsewhere: /note, /add_task (2 steps)" in said


def test_an_undo_takes_back_what_was_seen(run: Run, folder: Path, planned: Path) -> None:
    """Not what came from elsewhere while it was typed; typed again, that was seen, is shown, and asked about."""

    def elsewhere() -> str:
        before = signal.getsignal(signal.SIGINT)
        assert main(["--project", str(folder), "note", "theirs"]) == 0
        signal.signal(signal.SIGINT, before)
        return "/undo"

    prompt = Scripted("/note mine", elsewhere, "/undo", "/undo", answers=(True, False))
    said = run(prompt)[1]
    assert "(note) came after step" in said
    assert ["noted: theirs" in asked for asked in prompt.asked] == [True, False]
    assert "noted: mine" in prompt.asked[1]
    assert said.count("1 step taken back") == 1
    assert "nothing was taken back" in said


def test_another_plan_made_current(run: Run, folder: Path, planned: Path) -> None:
    """By another process: said, too."""

    def elsewhere() -> None:
        before = signal.getsignal(signal.SIGINT)
        (folder / "two.md").write_text("# Two\n- [ ] a\n")
        assert main(["--project", str(folder), "plan", "@two.md", "--yes"]) == 0
        signal.signal(signal.SIGINT, before)

    said = run(Scripted(elsewhere))[1]
    assert "the current plan is now orch-two-" in said


def test_an_undo_does_not_reach_another_plan(run: Run, folder: Path, planned: Path) -> None:
    """One that was made current elsewhere while it was typed."""

    def elsewhere() -> str:
        before = signal.getsignal(signal.SIGINT)
        (folder / "two.md").write_text("# Two\n- [ ] a\n")
        assert main(["--project", str(folder), "plan", "@two.md", "--yes"]) == 0
        assert main(["--project", str(folder), "note", "theirs"]) == 0
        signal.signal(signal.SIGINT, before)
        return "/undo"

    prompt = Scripted("/note mine", elsewhere, answers=(True,))
    assert "made so elsewhere" in run(prompt)[1]
    assert prompt.asked == []
    assert [r.by for r in Project.at(folder).writer().history()][-1] == "note"


def test_plan_is_written(run: Run) -> None:
    """/plan alone lets the person write it."""
    prompt = Scripted("/plan")
    assert "there is no text" in run(prompt)[1]
    prompt = Scripted("/plan")
    prompt.written = PLAN
    assert "Checkout" in run(prompt)[1]


def test_standard_input(run: Run) -> None:
    """Is the keyboard, so /plan - is refused."""
    assert "in the shell there is no standard input" in run(Scripted("/plan -"))[1]


def test_snapshots_are_written_on_the_way_out(run: Run, folder: Path) -> None:
    """Whatever the way is."""
    run(Scripted(PLAN, answers=(True,)))
    assert list(folder.glob(".qwen/orchestration/plans/*.json"))


def test_state_that_is_removed(run: Run, folder: Path, planned: Path) -> None:
    """Under our feet: every command says so, and the shell goes on."""
    import shutil

    said = run(Scripted(lambda: shutil.rmtree(folder / ".qwen"), "/list_tasks", "/note x", "/help"))[1]
    assert "Traceback" not in said
    assert "an error of ours" not in said
    assert "/check_completeness" in said
