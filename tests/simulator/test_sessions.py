"""What lasts from prompt to prompt and process to process: history, modes, permissions, servers; and cancelling."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest
from acp.schema import McpServerStdio

from qwen_orch.simulator import tools
from qwen_orch.simulator.tools import Toolbox, Unavailable
from tests.simulator.conftest import COMMAND, SOON, Bare, Open, Orch, Talk, environment

# Cancelling


async def cancelled(talk: Talk, prompt: str, begun: str) -> str:
    """Send *prompt*, cancel it when an update of the kind *begun* has come, and return why it ended."""
    turn = asyncio.create_task(talk.say(prompt))
    await talk.until(lambda: talk.told(begun))
    await talk.connection.cancel(session_id=talk.session)
    return await asyncio.wait_for(turn, SOON)


@pytest.mark.parametrize("line", ["hang", "sleep 1000", "chatter 1000000"])
def test_a_turn_can_be_cancelled(agent: Open, line: str) -> None:
    """Whatever it waits for; and the session is good for the next prompt."""

    async def scene() -> None:
        async with agent() as talk:
            assert await cancelled(talk, f"sim: say begun\nsim: {line}", "agent_message_chunk") == "cancelled"
            assert await talk.say("sim: say on") == "end_turn"
            assert talk.answer().endswith("on\n")

    asyncio.run(scene())


def test_cancelling_ends_the_command_that_runs(agent: Open) -> None:
    """Its process is gone, and its call is told to have failed."""

    async def scene() -> None:
        async with agent() as talk:
            pid = talk.cwd / "pid"
            turn = asyncio.create_task(talk.say("sim: run echo $$ > pid.new && mv pid.new pid && sleep 1000"))
            while not pid.exists():
                await asyncio.sleep(0.01)
            await talk.connection.cancel(session_id=talk.session)
            assert await asyncio.wait_for(turn, SOON) == "cancelled"
            assert not Path(f"/proc/{pid.read_text().strip()}").exists()
            assert talk.calls()[-1] == ("tool_call_update", "run_shell_command", "failed")

    asyncio.run(scene())


def test_loop_repeats_one_call_until_it_is_cancelled(agent: Open) -> None:
    """Each is a call of its own, with the same arguments."""

    async def scene() -> None:
        async with agent() as talk:
            turn = asyncio.create_task(talk.say("sim: loop echo x >> x"))
            await talk.until(lambda: len(talk.told("tool_call")) >= 4)
            await talk.connection.cancel(session_id=talk.session)
            assert await asyncio.wait_for(turn, SOON) == "cancelled"
            calls = talk.told("tool_call")
            assert {call["rawInput"]["command"] for call in calls} == {"echo x >> x"}
            assert len({call["toolCallId"] for call in calls}) == len(calls)

    asyncio.run(scene())


def test_a_question_that_waits_can_be_cancelled(agent: Open) -> None:
    """Even by a client that never answers it."""

    async def scene() -> None:
        async with agent(mode="default") as talk:
            talk.client.answer = None
            turn = asyncio.create_task(talk.say("sim: write a.txt a"))
            await talk.until(lambda: talk.client.questions)
            await talk.connection.cancel(session_id=talk.session)
            assert await asyncio.wait_for(turn, SOON) == "cancelled"
            assert not (talk.cwd / "a.txt").exists()

    asyncio.run(scene())


def test_a_deaf_turn_hears_no_cancel(agent: Open) -> None:
    """It is there for those who must do without an answer; closing the pipe ends it all the same."""

    async def scene() -> None:
        async with agent() as talk:
            turn = asyncio.create_task(talk.say("sim: say begun\nsim: hang deaf"))
            await talk.until(talk.answer)
            await talk.connection.cancel(session_id=talk.session)
            assert await asyncio.wait({turn}, timeout=0.3) == (set(), {turn})
        await asyncio.gather(turn, return_exceptions=True)
        assert talk.process.returncode == 0

    asyncio.run(scene())


def test_a_second_prompt_cancels_the_first(agent: Open) -> None:
    """As in Qwen Code; a cancel without a turn does nothing."""

    async def scene() -> None:
        async with agent() as talk:
            await talk.connection.cancel(session_id=talk.session)
            first = asyncio.create_task(talk.say("sim: say first\nsim: hang"))
            await talk.until(lambda: talk.answer())
            assert await talk.say("sim: say second") == "end_turn"
            assert await first == "cancelled"
            assert talk.answer() == "first\nsecond\n"

    asyncio.run(scene())


# Permissions


@pytest.mark.parametrize(
    ("mode", "asked"), [("default", ["edit", "execute"]), ("auto-edit", ["execute"]), ("yolo", []), ("plan", [])]
)
def test_what_is_asked_is_said_by_the_mode(agent: Open, mode: str, asked: list[str]) -> None:
    """A call that is asked about is announced by the question alone, as in Qwen Code."""

    async def scene() -> None:
        async with agent(mode=mode) as talk:
            await talk.say("sim: write a.txt a\nsim: run touch b.txt")
            assert [question["kind"] for question in talk.client.questions] == asked
            assert [call["kind"] for call in talk.told("tool_call")] == [
                kind for kind in ("edit", "execute") if kind not in asked
            ]
            done = sorted(path.name for path in talk.cwd.iterdir())
            assert done == ([] if mode == "plan" else ["a.txt", "b.txt"])
            statuses = [update["status"] for update in talk.told("tool_call_update")]
            assert statuses == ["failed" if mode == "plan" else "completed"] * 2

    asyncio.run(scene())


def test_the_question_shows_what_would_be_done(agent: Open) -> None:
    """The whole difference, and the exact command."""

    async def scene() -> None:
        async with agent(mode="default") as talk:
            await talk.say("sim: write a.txt a\\nb\nsim: run echo $HOME | wc")
            edit, command = talk.client.questions
            assert edit["title"] == "WriteFile: a.txt"
            assert edit["content"][0] == {
                "type": "diff",
                "path": str(talk.cwd / "a.txt"),
                "oldText": "",
                "newText": "a\nb",
            }
            assert edit["locations"] == [{"path": str(talk.cwd / "a.txt")}]
            assert command["rawInput"] == {"command": "echo $HOME | wc"}
            updates = [update["toolCallId"] for update in talk.told("tool_call_update")]
            assert updates == [edit["toolCallId"], command["toolCallId"]] == ["call-1-1", "call-1-2"]

    asyncio.run(scene())


@pytest.mark.parametrize("answer", ["reject_once", "no such kind"])
def test_a_call_that_is_rejected_is_not_done(agent: Open, answer: str) -> None:
    """Nothing more is told of it but in the answer, and the turn goes on: as in Qwen Code."""

    async def scene() -> None:
        async with agent(mode="default") as talk:
            talk.client.answer = answer
            assert await talk.say("sim: write a.txt a\nsim: run touch b.txt\nsim: say on") == "end_turn"
            assert talk.calls() == []
            assert talk.answer() == "not allowed: WriteFile: a.txt\nnot allowed: Shell: touch b.txt\non\n"
            assert list(talk.cwd.iterdir()) == []

    asyncio.run(scene())


def test_allowed_for_always_is_for_this_kind_in_this_session(agent: Open) -> None:
    """Commands are still asked about when edits are allowed."""

    async def scene() -> None:
        async with agent(mode="default") as talk:
            talk.client.answer = "allow_always"
            await talk.say("sim: write a.txt a\nsim: append a.txt b\nsim: run true\nsim: run true")
            assert [question["kind"] for question in talk.client.questions] == ["edit", "execute"]
            other = (await talk.connection.new_session(cwd=str(talk.cwd), mcp_servers=[])).session_id
            await talk.say("sim: run true", session=other)
            assert len(talk.client.questions) == 3

    asyncio.run(scene())


# Sessions


def test_a_killed_session_goes_on_in_a_new_process(agent: Open, orch: Orch) -> None:
    """What was said is told again, in order; numbers of calls and thoughts go on."""

    async def scene() -> None:
        spec = orch.spec("sequentialthinking")
        async with agent(spec, load="sim-1") as talk:
            await talk.say("sim: thought risks One\nsim: run true\nsim: say a")
            dying = asyncio.create_task(talk.say("sim: say half\nsim: hang"))
            await talk.until(lambda: "half" in talk.answer())
            talk.process.send_signal(signal.SIGKILL)
            with pytest.raises(ConnectionError):
                await dying
        async with agent(spec, load="sim-1") as talk:
            said = [(update["sessionUpdate"], update["content"]["text"]) for _, update in talk.client.updates]
            assert said == [
                ("user_message_chunk", "sim: thought risks One\nsim: run true\nsim: say a"),
                ("agent_message_chunk", "a\n"),
                ("user_message_chunk", "sim: say half\nsim: hang"),
                ("agent_message_chunk", "half\n"),
            ]
            await talk.say("sim: thought risks Two")
            assert [asked["thoughtNumber"] for _, asked in orch.asked()] == [1, 2]
            assert talk.told("tool_call")[0]["toolCallId"] == "call-3-1"

    asyncio.run(scene())


def test_the_history_is_private_and_a_torn_line_of_it_is_left_out(agent: Open, tmp_path: Path) -> None:
    """A kill in the middle of a line costs that line."""

    async def scene() -> None:
        async with agent(load="sim-2") as talk:
            await talk.say("sim: say a")
        (file,) = (tmp_path / "home").rglob("*.jsonl")
        assert (file.name, file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (
            "sim-2.jsonl",
            0o600,
            0o700,
        )
        file.write_bytes(file.read_bytes()[:-5])
        async with agent(load="sim-2") as talk:
            assert [update["sessionUpdate"] for _, update in talk.client.updates] == ["user_message_chunk"]
            await talk.say("sim: say b")
        async with agent(load="sim-2") as talk:
            said = [update["content"]["text"] for _, update in talk.client.updates]
            assert said == ["sim: say a", "sim: say b", "b\n"]

    asyncio.run(scene())


def test_two_sessions_at_once(agent: Open) -> None:
    """One hangs, the other works; each is told its own."""

    async def scene() -> None:
        async with agent() as talk:
            other = (await talk.connection.new_session(cwd=str(talk.cwd), mcp_servers=[])).session_id
            hanging = asyncio.create_task(talk.say("sim: say one\nsim: hang"))
            await talk.until(lambda: talk.answer())
            assert await talk.say("sim: chatter 50\nsim: run touch a.txt", session=other) == "end_turn"
            assert not hanging.done()
            assert talk.answer() == "one\n"
            assert talk.answer(other).count("chatter") == 50
            assert [question["title"] for question in talk.client.questions] == ["Shell: touch a.txt"]
            await talk.connection.cancel(session_id=talk.session)
            assert await hanging == "cancelled"

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("method", "params", "code", "details"),
    [
        ("session/prompt", {"sessionId": "none", "prompt": []}, -32603, "Session not found: none"),
        ("session/set_mode", {"sessionId": "s", "modeId": "none"}, -32602, "there is no mode none; there are plan, "),
        ("session/load", {"sessionId": "../s", "cwd": "/"}, -32602, "no session can be called '../s'"),
        ("session/new", {"cwd": "tests"}, -32602, "cwd is not an absolute path of a folder: tests"),
        ("session/new", {"cwd": "/no/such/folder"}, -32602, "cwd is not an absolute path of a folder: /no"),
        ("session/fork", {}, -32601, "session/fork"),
        ("session/new", {}, -32603, "KeyError: 'cwd'"),
    ],
)
def test_what_is_refused(bare: Bare, method: str, params: dict[str, str], code: int, details: str) -> None:
    """With the protocol's code, and what was wrong."""
    bare.ask("session/load", sessionId="s", cwd=str(bare.cwd))
    assert bare.heard()["result"]["modes"]["currentModeId"] == "default"
    bare.ask(method, **params)
    error = bare.heard()["error"]
    assert (error["code"], error["data"]["details"].startswith(details)) == (code, True)


def test_what_is_no_request_is_refused_or_passed_over(bare: Bare) -> None:
    """Broken JSON is told; empty lines, answers to nothing and unknown notifications are not."""
    for line in ("", "{", "[]", '{"id": 7, "result": {}}', '{"method": "nothing"}'):
        bare.write(line)
    bare.ask("initialize")
    assert [bare.heard()["error"]["code"] for _ in range(2)] == [-32700, -32700]
    assert bare.heard()["result"]["agentCapabilities"]["loadSession"] is True


# Servers


def test_a_server_that_dies_in_a_call_is_started_again(agent: Open, orch: Orch) -> None:
    """The call is made once more, as Qwen Code does."""

    async def scene() -> None:
        async with agent(orch.spec("claim_done")) as talk:
            await talk.say("sim: claim die\nsim: claim live")
            assert [asked["summary"] for _, asked in orch.asked()] == ["die", "die", "live"]
            assert orch.starts() == 2
            assert [status for *_, status in talk.calls()] == ["in_progress", "completed"] * 2

    asyncio.run(scene())


def test_a_server_that_does_not_start_has_no_tools(agent: Open) -> None:
    """The session is opened all the same; what of the server is wrong is on stderr."""
    missing = McpServerStdio(name="orch", command="/no/such/server", args=[], env=[])
    leaving = McpServerStdio(name="other", command=sys.executable, args=["-c", ""], env=[])

    async def scene() -> None:
        async with agent(missing, leaving) as talk:
            await talk.say("sim: claim done")
            assert talk.answer() == "there is no tool claim_done here\n"
        stderr = (talk.cwd.parent / "stderr").read_text()
        assert "the MCP server orch does not start" in stderr
        assert "the MCP server other does not start" in stderr

    asyncio.run(scene())


def test_a_server_that_hangs_at_its_start_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """After a while; its process is gone then."""
    monkeypatch.setattr(tools, "END_SECONDS", 0.1)
    script = "import os, time; print(os.getpid(), file=open('pid', 'w')); time.sleep(1000)"
    box = Toolbox({"name": "orch", "command": sys.executable, "args": ["-S", "-c", script]}, tmp_path)
    for limit in (1.5, 15.0, 60.0):  # on a busy machine it may not even have begun in the first
        monkeypatch.setattr(tools, "START_SECONDS", limit)
        with pytest.raises(Unavailable):
            asyncio.run(box.open())
        if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text():
            break
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()


@pytest.mark.parametrize("how", ["closing", "SIGTERM"])
def test_nothing_is_left_when_it_ends(agent: Open, orch: Orch, how: str) -> None:
    """Neither its servers nor its commands, whether its input is closed or it is told to end; both are a good end."""

    async def scene() -> None:
        async with agent(orch.spec("claim_done")) as talk:
            turn = asyncio.create_task(talk.say("sim: run echo $$ > pid.new && mv pid.new pid && sleep 1000"))
            while not (talk.cwd / "pid").exists():
                await asyncio.sleep(0.01)
            children = Path(f"/proc/{talk.process.pid}/task/{talk.process.pid}/children").read_text().split()
            assert len(children) == 2
            if how == "SIGTERM":
                talk.process.terminate()
                assert await asyncio.wait_for(talk.process.wait(), SOON) == 0
        (ended,) = await asyncio.gather(turn, return_exceptions=True)
        assert ended == "cancelled" or isinstance(ended, ConnectionError)
        assert talk.process.returncode == 0
        assert not [child for child in children if Path(f"/proc/{child}").exists()]

    asyncio.run(scene())


# The command line


def call(folder: Path, *words: str, stdin: IO[str] | int = subprocess.DEVNULL) -> subprocess.CompletedProcess[str]:
    """Run the agent with nobody to talk to."""
    run = {"capture_output": True, "text": True, "timeout": SOON, "check": False}
    return subprocess.run([*COMMAND, *words], stdin=stdin, cwd=folder, env=environment(folder), **run)


def test_what_it_says_about_itself(tmp_path: Path) -> None:
    """Help is for a person; other arguments are a mistake."""
    manual = call(tmp_path, "--help")
    assert (manual.returncode, "sim: write hello.txt Hello" in manual.stdout) == (0, True)
    mistaken = call(tmp_path, "quickly")
    assert (mistaken.returncode, "agent-sim takes no arguments" in mistaken.stderr) == (2, True)


def test_its_input_may_be_a_file_or_nothing(tmp_path: Path) -> None:
    """What can be answered at once is; then it ends."""
    request = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}
    (tmp_path / "requests").write_text(f"{json.dumps(request)}\n")
    with (tmp_path / "requests").open() as requests:
        assert json.loads(call(tmp_path, stdin=requests).stdout)["id"] == 1
    ended = call(tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
