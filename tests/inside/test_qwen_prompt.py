"""The hook as a process: JSON of a prompt in, what the model is told out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qwen_orch.commands.lexer import split
from qwen_orch.inside.settings import hook
from qwen_orch.qwen_prompt import LONGEST, as_typed, by_hand
from tests.cli.conftest import environment
from tests.inside.test_slash_commands import prompt

Ask = Callable[..., str]


@pytest.fixture
def ask(project: Path, tmp_path: Path) -> Ask:
    """Run the hook on a prompt as Qwen Code does, by a shell, and return what it adds; empty when it says nothing."""

    def asking(text: str, *, everywhere: bool = False, seconds: int | None = None) -> str:
        program = [sys.executable, "-m", "qwen_orch"]
        if seconds is not None:
            program = [sys.executable, "-c", IMPATIENT.format(seconds=seconds)]
        command = hook(program, everywhere)["hooks"][0]["command"]
        event = {"session_id": "x", "cwd": str(project), "hook_event_name": "UserPromptSubmit", "prompt": text}
        done = subprocess.run(
            ["bash", "-c", command],
            input=json.dumps(event, ensure_ascii=False, separators=(",", ":")),
            cwd=tmp_path,
            env=environment(HOME=str(tmp_path), PATH=COMMANDS),
            capture_output=True,
            text=True,
            timeout=180,
            check=True,
        )
        assert done.stderr == ""
        if not done.stdout:
            return ""
        told: dict[str, Any] = json.loads(done.stdout)["hookSpecificOutput"]
        assert told["hookEventName"] == "UserPromptSubmit"
        return str(told["additionalContext"])

    return asking


IMPATIENT = "import sys, qwen_orch.qwen_prompt as q; q.SECONDS = {seconds}; sys.exit(q.main(sys.argv[2:]))"
COMMANDS = "/usr/local/bin:/usr/bin:/bin"
PLAN = "\n- [ ] One (1h)\n  - check: `true`\n- [ ] Two\n  - check: `sleep 600`\n"


def test_a_command_is_done_and_told(ask: Ask, project: Path) -> None:
    """On the state that every other door has."""
    told = ask(prompt("plan", f" Ship it{PLAN}"))
    assert "task-001  One" in told
    assert "call no tool" in told
    assert (project / ".qwen" / "orchestration").is_dir()
    assert "2 tasks" in ask(prompt("list_tasks"))


def test_no_word_meets_a_shell(ask: Ask, project: Path) -> None:
    """Whatever was typed is text, to the last quote."""
    nasty = (
        """ it's "$(touch a)" `touch b` ; touch c | & > d $HOME \\ ' !{touch e} {{args}}\n- [ ] $(touch f) 'g' "h\""""
    )
    told = ask(prompt("plan", nasty))
    assert """$(touch f) 'g' "h\"""" in told
    assert [p.name for p in project.iterdir()] == [".qwen"]


def test_other_prompts_start_nothing(ask: Ask, project: Path) -> None:
    """Not even when they quote one of ours."""
    assert ask("hello") == ""
    assert ask('What is "prompt":"qwen-orch /plan\nx?') == ""
    assert ask("See:\n" + prompt("plan", " x")) == ""
    assert list(project.iterdir()) == []


def test_errors_say_what_to_type_there(ask: Ask) -> None:
    """A command that has no file of its own stands behind /orch."""
    assert "there is no command /plna; did you mean plan?" in ask(prompt("orch", " plna"))
    assert "there is no standard input inside Qwen Code" in ask(prompt("plan", " -"))
    ask(prompt("plan", f" x{PLAN}"))
    assert "nobody agreed" in ask(prompt("reset_plan"))
    ask(prompt("approve_plan"))
    told = ask(prompt("new_task", " 1"))
    assert "next: /orch complete_task task-001" in told
    assert "next: /orch complete_task task-001" in ask(prompt("orch", " resume"))


def test_a_task_is_given_to_the_agent_that_is_there(ask: Ask) -> None:
    """With its brief, and by hand whatever commands it has, but not when it is said who does it."""
    ask(prompt("plan", " Goal here\n- [ ] One\n  - run: `touch made`\n- [ ] Two\n  - run: `touch made`\n"))
    ask(prompt("approve_plan"))
    told = ask(prompt("new_task"))
    assert "Do that task now" in told
    assert "# Task\ntask-001: One" in told
    assert "● in progress" in told
    told = ask(prompt("new_task", " --executor shell"))
    assert "Do that task now" not in told
    assert "task-002  Two" in told


def test_what_to_type_next_is_said_as_it_is_typed_there() -> None:
    """Those without a file of their own stand behind /orch; what is the person's own text is left alone."""
    picture = (
        "  task-001  Document /context and /resume\n"
        "            → /complete_task task-001 · claimed\n"
        "next: /list_tasks --tree · /complete_task task-001 ·\n"
        "      /help\n\n"
        "# Task\nWrite /config and next: /undo\n"
    )
    assert as_typed(picture) == (
        "  task-001  Document /context and /resume\n"
        "            → /orch complete_task task-001 · claimed\n"
        "next: /list_tasks --tree · /orch complete_task task-001 ·\n"
        "      /orch help\n\n"
        "# Task\nWrite /config and next: /undo\n"
    )
    paths = "  → mkdir -p /tmp/context\n  → /context/x\n"
    assert as_typed(paths) == paths


def test_by_hand_unless_said() -> None:
    """The words added are read as if they had been typed."""
    assert [w.text for w in by_hand(split("/new_task T1")).words] == ["/new_task", "T1", "--executor", "manual"]
    for line in ("/new_task --all", "/new_task --executor shell", "/list_tasks", "", "new_task --help"):
        assert by_hand(split(line)) == split(line)


def test_what_takes_too_long_is_interrupted(ask: Ask) -> None:
    """And said to be; the state tells the rest."""
    ask(prompt("plan", f" x{PLAN}"))
    ask(prompt("approve_plan"))
    ask(prompt("new_task", " 2"))
    for seconds in (2, 20, 100):  # on a busy machine it may not even have begun in the first
        told = ask(prompt("orch", " complete_task"), seconds=seconds)
        assert f"this takes longer than the {seconds} s that Qwen Code gives it" in told
        assert "→ qwen-orch complete_task" in told
        if "◐ claimed" in (listed := ask(prompt("list_tasks"))):
            break
    assert "◐ claimed" in listed


def test_a_long_answer_is_cut_and_says_so(ask: Ask) -> None:
    """So that it does not push the conversation out of the model's sight."""
    ask(prompt("plan", " x\n" + "".join(f"- [ ] Task number {n} of very many\n" for n in range(1000))))
    told = ask(prompt("list_tasks"))
    assert len(told) < LONGEST + 1000
    assert "characters more: qwen-orch shows all of it in a terminal" in told


def test_the_hook_of_the_project_goes_before_that_of_the_person(ask: Ask, project: Path) -> None:
    """Where both are installed a command is done once."""
    (project / ".qwen").mkdir()
    (project / ".qwen" / "qwen-orch.json").write_text("{}")
    assert ask(prompt("plan", " x"), everywhere=True) == ""
    assert ask(prompt("plan", " x")) != ""


def test_a_project_that_cannot_be_opened_is_told(ask: Ask, project: Path) -> None:
    """The person sees the reason, not silence."""
    (project / ".qwen").mkdir()
    (project / ".qwen" / "orchestration").symlink_to(project.parent)
    assert "leads out of the project" in ask(prompt("list_tasks"))
