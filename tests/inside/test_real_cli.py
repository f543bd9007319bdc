"""The commands in the real Qwen Code CLI, headless and in a terminal, on the state that every other door has."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pexpect
import pyte
import pytest

from tests.agents.answers import call, text
from tests.agents.openai_model import Model
from tests.agents.raw_client import running

Headless = Callable[..., subprocess.CompletedProcess[str]]
Ours = Callable[..., str]
NASTY = """/plan Build "user's" $(touch a) `touch b`; touch c | & > $HOME !{touch d} \\ {{args}}
- [ ] First 'x' "y (1h)
- [ ] Second $(touch e)"""


def answer(model: Model) -> str:
    """Return what the model was told by the newest prompt of ours, brackets put right as it is told to."""
    said = [r.user[-1] for r in model.requests if r.user[-1].startswith("qwen-orch /")]
    return said[-1].replace("&lt;", "<").replace("&gt;", ">")


def same(told: str, printed: str) -> bool:
    """Tell whether *told* holds what a command *printed* in a terminal, up to what to type next."""
    return printed.partition("next: ")[0].rstrip() in told


def test_headless_from_a_plan_to_its_first_task(headless: Headless, ours: Ours, echo: Model, project: Path) -> None:
    """``qwen "/plan ..."`` and those that follow it; no word of the person is ever shell syntax."""
    ours("install", "qwen")
    done = headless(NASTY)
    assert done.returncode == 0
    assert "task-002  Second $(touch e)" in done.stdout
    assert [p.name for p in project.iterdir()] == [".qwen"]
    tasks = json.loads(ours("list_tasks", "--json"))["result"]["tasks"]
    assert [t["title"] for t in tasks] == ["First 'x' \"y", "Second $(touch e)"]

    headless("/list_tasks")
    assert same(answer(echo), ours("list_tasks"))
    assert "● approved" in headless("-p", "/approve_plan").stdout
    assert json.loads(ours("task_status", "--json"))["result"]["orchestration"]["status"] == "approved"

    told = headless("/new_task 1").stdout
    assert "Do that task now" in told
    assert "# Task\ntask-001: First 'x' \"y" in told
    assert json.loads(ours("list_tasks", "--json"))["result"]["tasks"][0]["status"] == "in_progress"
    headless("/task_status task-001")
    assert same(answer(echo), ours("task_status", "task-001"))
    assert "/orch complete_task task-001" in answer(echo)
    headless("/check_completeness")
    assert re.search(r"Remaining \(2\)(.|\n)*next: /orch complete_task task-001", answer(echo))


def test_headless_files_filters_and_ours_behind_orch(
    headless: Headless, ours: Ours, echo: Model, project: Path
) -> None:
    """``@`` names a file, quotes hold a filter together, and /orch stands before any command of ours."""
    ours("install", "qwen")
    (project / "plan.md").write_text("# Demo\n## Week 1\n- [ ] One\n- [ ] Two\n## Later\n- [ ] Three\n")
    assert "3 tasks" in headless("/plan @plan.md").stdout
    assert "2 of 3 tasks" in headless('/list_tasks phase:"Week 1"').stdout
    headless("/orch context")
    assert same(answer(echo), ours("context"))
    session = json.loads(ours("sessions", "--json"))["result"]["sessions"][0]["id"]
    assert "Where was I: Demo" in headless(f"/orch resume {session}").stdout


def test_other_prompts_go_their_way(headless: Headless, ours: Ours, echo: Model) -> None:
    """Even when they speak of a command; and the report server is there, for the model to ask about the plan."""
    ours("install", "qwen")
    init = headless("-o", "stream-json", "Tell me about /approve_plan").stdout.splitlines()[0]
    assert {"plan", "approve_plan", "orch"} < set(json.loads(init)["slash_commands"])
    assert echo.requests[0].user[-1] == "Tell me about /approve_plan"
    assert "mcp__orch__list_tasks" in json.dumps(echo.requests[0].body)


def test_the_person_alone_can_use_them(headless: Headless, ours: Ours, model: Model) -> None:
    """A model that calls a command as it may call others is told that there is none."""
    ours("install", "qwen")
    ours("plan", "Build it\n- [ ] One")
    model.play(lambda r: text("Done.") if r.results else call("skill", {"skill": "approve_plan"}))
    assert headless("Approve the plan").returncode == 0
    assert "not found" in model.requests[1].results[-1]
    assert json.loads(ours("task_status", "--json"))["result"]["orchestration"]["status"] == "draft"


def test_installed_twice_a_command_is_done_once(headless: Headless, ours: Ours, echo: Model) -> None:
    """For the project and for the person: two hooks are started, one answers."""
    ours("install", "qwen")
    ours("install", "qwen", "--global")
    assert "task-001" in headless("/plan A thing\n- [ ] One").stdout
    assert answer(echo).count("has done what the person typed") == 1
    assert ours("sessions").count("planning") == 1
    ours("uninstall", "qwen")
    headless("/list_tasks")
    assert same(answer(echo), ours("list_tasks"))


def test_settings_that_qwen_code_wrote_anew_lose_ours_alone(
    headless: Headless, ours: Ours, echo: Model, project: Path
) -> None:
    """It stamps a version into settings that have none; those that we make have one, and stay as they are."""
    ours("install", "qwen")
    path = project / ".qwen" / "settings.json"
    made = path.read_bytes()
    headless("hello")
    assert path.read_bytes() == made
    ours("uninstall", "qwen")
    assert not path.exists()

    path.parent.mkdir(exist_ok=True)
    path.write_text('{"general": {"vimMode": true}, // mine\n"ui": {"theme": "Ayu"}}')
    ours("install", "qwen")
    headless("hello")
    assert "$version" in path.read_text()
    ours("uninstall", "qwen")
    assert "orch" not in path.read_text()
    assert '"vimMode": true' in path.read_text()
    assert list((project / ".qwen").glob("*.corrupted*")) == []


OVER_ACP = {
    "/list_tasks": r"task-001  ○ pending  One",
    "/reset_plan": r"nobody agreed\n  → /reset_plan \S+ --yes",
    "/check_completeness": r"the plan is draft",
    "/export_plan mermaid": r"flowchart",
    "/sessions": r"1 session",
    "/session_history": r"planned: Build it",
    "/orchestration_help new_task": r"/new_task \[TASK\]",
    "/orch lst_tasks": r"did you mean list_tasks\?",
    '/orch note it\'s "$(touch x)"': r"it's \"\$\(touch x\)\"",
}


def test_over_acp(qwen: Path, ours: Ours, echo: Model, project: Path, surroundings: dict[str, str]) -> None:
    """In an editor that has Qwen Code for its agent, they work as well."""
    ours("install", "qwen")
    ours("plan", "Build it\n- [ ] One")
    told = asyncio.run(typed_over_acp(list(OVER_ACP), surroundings, project))
    for words, (line, expected) in zip(told, OVER_ACP.items(), strict=True):
        assert words.count("has done what the person typed") == 1, line
        assert re.search(expected, words.partition("call no tool.")[2]), words
    assert not (project / "x").exists()


async def typed_over_acp(lines: list[str], env: dict[str, str], folder: Path) -> list[str]:
    """Return what an agent said to each of *lines*, typed in one session of it."""
    told: list[str] = []
    async with running(env, folder) as bare:
        await bare.open(session := str(uuid4()))
        for line in lines:
            before = len(bare.words(session))
            await bare.say(session, line)
            told.append(bare.words(session)[before:])
    return told


class Terminal:
    """The real CLI in a pseudo-terminal, and the picture on its screen."""

    def __init__(self, qwen: Path, folder: Path, env: dict[str, str]) -> None:
        self.picture = pyte.Screen(110, 60)
        self._stream = pyte.ByteStream(self.picture)
        words = ["--auth-type", "openai"]
        self.process = pexpect.spawn(str(qwen), words, env=env, cwd=str(folder), dimensions=(60, 110), timeout=180)

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(line.rstrip() for line in self.picture.display)

    def wait_for(self, pattern: str, seconds: float = 180) -> str:
        """Return the screen once *pattern* is on it."""
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            assert time.monotonic() < deadline, f"{pattern!r} never came:\n{self.text}"
            try:
                self._stream.feed(self.process.read_nonblocking(65536, 0.2))
            except pexpect.TIMEOUT:
                continue
        return self.text

    def type(self, line: str) -> None:
        """Type a line, and send it once it stands there."""
        self.process.send(line)
        self.wait_for(re.escape(line[:40]))
        time.sleep(0.5)  # a return that comes with the text is taken for a paste
        self.process.send("\r")


@pytest.fixture
def terminal(qwen: Path, project: Path, surroundings: dict[str, str], echo: Model) -> Iterator[Terminal]:
    """The real CLI, ready for input; ours is installed."""
    started = Terminal(qwen, project, {**surroundings, "TERM": "xterm-256color"})
    yield started
    started.process.close(force=True)


def test_in_a_terminal_theirs_and_ours(ours: Ours, echo: Model, project: Path, request: pytest.FixtureRequest) -> None:
    """/plan is ours; /context and /resume are still Qwen Code's, and ours are behind /orch."""
    ours("install", "qwen")
    terminal = request.getfixturevalue("terminal")
    terminal.wait_for(r"\? for shortcuts")
    terminal.type('/plan Build "it\'s" $(touch x)')
    terminal.wait_for(r"(?s)draft.*/approve_plan")
    assert not (project / "x").exists()
    assert 'Build "it\'s" $(touch x)' in ours("list_tasks", "--json") + ours("task_status")
    terminal.type("/approve_plan")
    terminal.wait_for("● approved")
    terminal.type("/context")
    terminal.wait_for("Context Usage")
    terminal.type("/orch context")
    terminal.wait_for(r"of at most [\d,]+ tokens")
    terminal.type("/orch resume")
    terminal.wait_for("Where was I")
    terminal.type("/resume")
    terminal.wait_for("Resume Session|Resume a")
