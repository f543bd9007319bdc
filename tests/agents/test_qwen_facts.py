"""What the agent client relies on in Qwen Code, checked against the real CLI: a newer one that differs fails here.

One process serves most of the tests, each in a session of its own and with a conversation of its own: its marker is
the first word that the test says. A second one, started without our flags, is what comes after a restart; the last test
that uses it kills it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import acp
import pytest
from acp import schema

from tests.agents import mini_mcp, qwen_cli
from tests.agents.answers import (
    Answer,
    call,
    costing,
    cut,
    drop,
    finished,
    forever,
    garbage,
    hang,
    loop,
    stall,
    status,
    text,
)
from tests.agents.openai_model import Model
from tests.agents.raw_client import Bare, running

FLAGS = ("--exclude-tools", "tool_search")
PATIENCE = 120.0


class Stage(NamedTuple):
    """The process that is shared, the model behind it, and how to await something on the loop of both."""

    model: Model
    bare: Bare
    env: dict[str, str]
    do: Callable[[Coroutine[Any, Any, Any]], Any]

    def opened(self, *servers: schema.McpServerStdio) -> str:
        """Return a session that is new."""
        session = str(uuid4())
        self.do(self.bare.open(session, *servers))
        return session

    def say(self, session: str, words: str, *answers: Answer) -> Any:
        """Prompt, and have the model answer it with *answers*. The first word is the marker."""
        self.model.play({words.split(maxsplit=1)[0]: [*answers]})
        return self.do(self.bare.say(session, words))


@pytest.fixture(scope="module")
def stage(qwen: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One qwen for the module, in default mode."""
    place = tmp_path_factory.mktemp("stage")
    folder, home = place / "pro.ject_1", qwen_cli.make_home(place / "home")
    folder.mkdir()
    with Model() as model, asyncio.Runner() as runner:
        hook = f"--require {Path(__file__).with_name('sockets.cjs')}"
        env = qwen_cli.environment(qwen, home, model.url, NODE_OPTIONS=hook, SOCKETS=os.fspath(place / "sockets"))
        stack = contextlib.AsyncExitStack()
        bare = runner.run(stack.enter_async_context(running(env, folder, *FLAGS)))
        yield Stage(model, bare, env, runner.run)
        assert runner.run(bare.leave()) == 0  # an end of its stdin is the orderly end
        runner.run(stack.aclose())
    assert not model.surprises


@pytest.fixture(scope="module")
def second(stage: Stage) -> Iterator[Bare]:
    """Another process on the same HOME and folder, without our flags."""
    stack = contextlib.AsyncExitStack()
    yield stage.do(stack.enter_async_context(running(stage.env, stage.bare.cwd)))
    stage.do(stack.aclose())


def note_server(log: Path) -> schema.McpServerStdio:
    """Return the report server that writes to *log*."""
    words = ["-S", "-E", mini_mcp.__file__, os.fspath(log)]
    return schema.McpServerStdio(name="mini", command=sys.executable, args=words, env=[])


def error(raised: pytest.ExceptionInfo[acp.RequestError]) -> tuple[int, str]:
    """Return code and details of what qwen refused with."""
    return raised.value.code, str((raised.value.data or {}).get("details", ""))


def kept(chat: Path) -> list[str]:
    """Return the agent's words in its file. Records of telemetry have them too, and earlier: they are no history."""
    whole = chat.read_text().split("\n")[:-1] if chat.exists() else []
    records = [json.loads(line) for line in whole]
    return [part["text"] for one in records if one["type"] == "assistant" for part in one["message"]["parts"]]


def soon(seen: Callable[[], bool]) -> float:
    """Wait until *seen*; return after how many seconds."""
    began = time.monotonic()
    while not seen():
        assert time.monotonic() - began < PATIENCE
        time.sleep(0.01)
    return time.monotonic() - began


def test_the_handshake(stage: Stage) -> None:
    told = stage.do(stage.bare.hello())
    assert (told.protocol_version, told.agent_info.name, told.agent_info.version) == (1, "qwen-code", qwen_cli.VERSION)
    assert told.agent_capabilities.load_session
    with pytest.raises(acp.RequestError) as refused:  # it is advertised and not there
        stage.do(stage.bare.agent.resume_session(cwd=os.fspath(stage.bare.cwd), session_id=str(uuid4())))
    assert (told.agent_capabilities.session_capabilities.resume is not None, refused.value.code) == (True, -32601)


def test_loading_an_unknown_session_makes_it_under_our_id(stage: Stage) -> None:
    session = stage.opened()
    turn = stage.say(session, "LOAD hello", costing(text("Hi there"), 900, 12))
    assert (turn.stop_reason, turn.usage, stage.bare.words(session)) == ("end_turn", None, "Hi there")
    assert not stage.bare.told(session, "user_message_chunk")
    usage = [one["_meta"]["usage"] for one in stage.bare.told(session) if "_meta" in one]
    assert [(one["inputTokens"], one["outputTokens"]) for one in usage] == [(900, 12)]
    assert stage.model.of("LOAD")[0].key == qwen_cli.KEY


def current_mode(options: Any) -> str | None:
    """Return the mode that an answer with options tells, None when it tells none."""
    return next((one.current_value for one in options.config_options if one.id == "mode"), None)


def test_the_mode_is_an_option_and_only_that_answers_what_it_now_is(stage: Stage) -> None:
    session, set_option = stage.opened(), stage.bare.agent.set_config_option
    told = stage.do(stage.bare.open(session))
    assert [one.id for one in told.modes.available_modes] == ["plan", "default", "auto-edit", "yolo"]
    answered = stage.do(set_option(config_id="mode", session_id=session, value="auto-edit"))
    assert (told.modes.current_mode_id, current_mode(told), current_mode(answered)) == (
        "default",
        "default",
        "auto-edit",
    )
    stage.do(stage.bare.agent.set_session_mode(session_id=session, mode_id="plan"))
    stage.say(session, "MODE hello", text("ok"))
    assert "Plan mode is active" in stage.model.of("MODE")[0].user[-1]


def test_an_unknown_mode_is_accepted_and_asks(stage: Stage) -> None:
    session, made = stage.opened(), stage.bare.cwd / "nosuch.txt"
    stage.do(stage.bare.agent.set_session_mode(session_id=session, mode_id="nosuch"))
    answered = stage.do(stage.bare.agent.set_config_option(config_id="mode", session_id=session, value="nosuch"))
    assert current_mode(answered) is None
    stage.say(session, "NOSUCH write", call("write_file", {"file_path": str(made), "content": "n"}), text("ok"))
    assert len(stage.bare.asked(session)) == 1


def test_a_session_that_is_loaded_again_is_in_default_mode(stage: Stage) -> None:
    session = stage.opened()
    stage.do(stage.bare.agent.set_session_mode(session_id=session, mode_id="yolo"))
    assert stage.do(stage.bare.open(session)).modes.current_mode_id == "default"


def test_yolo_never_asks(stage: Stage) -> None:
    session, made = stage.opened(), stage.bare.cwd / "yolo.txt"
    stage.do(stage.bare.agent.set_session_mode(session_id=session, mode_id="yolo"))
    stage.say(session, "YOLO write", call("write_file", {"file_path": str(made), "content": "y"}), text("ok"))
    assert (made.read_text(), stage.bare.asked(session)) == ("y", [])
    first, second = [one for one in stage.bare.told(session) if one["sessionUpdate"].startswith("tool_call")]
    assert (first["sessionUpdate"], first["status"], second["status"]) == ("tool_call", "in_progress", "completed")


def test_a_permission_that_is_given_once(stage: Stage) -> None:
    session, made = stage.opened(), stage.bare.cwd / "allowed.txt"
    stage.say(session, "ALLOW write", call("write_file", {"file_path": str(made), "content": "a"}), text("ok"))
    asked = stage.bare.asked(session)[0]
    assert made.read_text() == "a"
    assert [one["kind"] for one in asked["options"]] == ["allow_always", "allow_once", "reject_once"]
    assert asked["toolCall"]["content"][0]["newText"] == "a"
    told = [one for one in stage.bare.told(session) if one["sessionUpdate"].startswith("tool_call")]
    assert [(one["sessionUpdate"], one["status"]) for one in told] == [("tool_call_update", "completed")]
    assert told[0]["toolCallId"] == asked["toolCall"]["toolCallId"]


@pytest.mark.parametrize("permit", ["reject_once", None])
def test_a_permission_that_is_refused_ends_the_call_and_not_the_turn(stage: Stage, permit: str | None) -> None:
    session, made, word = stage.opened(), stage.bare.cwd / "refused.txt", f"REFUSE{permit}"
    stage.bare.permit = permit
    try:
        answers = call("write_file", {"file_path": str(made), "content": "r"}), text("Then not.")
        turn = stage.say(session, f"{word} write", *answers)
    finally:
        stage.bare.permit = "allow_once"
    assert (turn.stop_reason, stage.bare.words(session), made.exists()) == ("end_turn", "Then not.", False)
    assert not [one for one in stage.bare.told(session) if one["sessionUpdate"].startswith("tool_call")]
    assert len(stage.model.of(word)) == 2


def test_a_report_server_is_found_and_inherits_the_key(stage: Stage, tmp_path: Path) -> None:
    log = tmp_path / "log"
    session = stage.opened(note_server(log))
    stage.say(session, "REPORT it", call("mcp__mini__note", {"note": "one"}), text("ok"))
    assert "mcp__mini__note" in stage.model.of("REPORT")[0].tools
    assert stage.model.of("REPORT")[1].results == ["noted"]
    assert json.loads(log.read_text()) == {"note": "one", "key": qwen_cli.KEY}
    assert len(stage.bare.asked(session)) == 1


def test_arguments_are_checked_before_the_call(stage: Stage, tmp_path: Path) -> None:
    session = stage.opened(note_server(tmp_path / "log"))
    turn = stage.say(session, "CHECK it", call("mcp__mini__note", {}), text("ok"))
    assert [one["status"] for one in stage.bare.told(session, "tool_call_update")] == ["failed"]
    assert (turn.stop_reason, (tmp_path / "log").exists()) == ("end_turn", False)


@pytest.mark.parametrize("note", ["boom", "exit"])
def test_a_report_that_is_refused_or_kills_the_server_comes_four_times(stage: Stage, tmp_path: Path, note: str) -> None:
    log = tmp_path / "log"
    session = stage.opened(note_server(log))
    stage.say(session, f"AGAIN{note} report", call("mcp__mini__note", {"note": note}), text("ok"))
    assert len(log.read_text().splitlines()) == 4


def test_what_is_permanent_fails_at_once_and_the_session_goes_on(stage: Stage) -> None:
    session = stage.opened()
    for code in (400, 401, 404):
        with pytest.raises(acp.RequestError) as refused:
            stage.say(session, f"STATUS{code} hello", status(code, message="go away"))
        assert error(refused) == (-32603, f"{code} go away")
        assert len(stage.model.of(f"STATUS{code}")) == 1
    stage.say(session, "AFTER that", text("Here again"))
    assert stage.bare.words(session) == "Here again"


NO_REASON, NO_TEXT = "Model stream ended without a finish reason.", "Model stream ended with empty response text."
PASSING: dict[str, tuple[list[Answer], str, str]] = {
    "TRY500": ([status(500), status(500), text("fine")], "end_turn", "fine"),
    "TRY429": ([status(429, {"retry-after": "1"}), text("fine")], "end_turn", "fine"),
    "TRYCUT": ([cut(text("half whole"))] * 3, NO_REASON, "half half half "),
    "TRYHTML": ([garbage()] * 3, NO_REASON, ""),
    "TRYDROP": ([drop()] * 4, "Connection error.", ""),
    "TRYEMPTY": ([finished(text(""), "content_filter")] * 3, NO_TEXT, ""),
    "TRYFILTER": ([finished(text("Half"), "content_filter")], "end_turn", "Half"),
    "TRYLENGTH": ([finished(text("Half"), "length")] * 5, "end_turn", "Half" * 5),
    "TRYARGS": ([call("glob", '{"path": "/x", "patt'), text("Well, "), text("then.")], "end_turn", "Well, then."),
}
"""What the model does, how the turn ends, what is heard; each answer is asked for."""


def test_what_may_pass_is_tried_again_and_every_try_is_heard(stage: Stage) -> None:
    """All of them at once, each in a session of its own: the pauses between the tries are long."""
    stage.model.play({word: answers for word, (answers, _, _) in PASSING.items()})

    async def asked(word: str) -> tuple[int, str, str]:
        await stage.bare.open(session := str(uuid4()))
        try:
            ended: str = (await stage.bare.say(session, f"{word} hello")).stop_reason
        except acp.RequestError as refused:
            ended = str((refused.data or {})["details"])
        return len(stage.model.of(word)), ended, stage.bare.words(session)

    async def all_at_once() -> list[tuple[int, str, str]]:
        return await asyncio.gather(*(asked(word) for word in PASSING))

    told = dict(zip(PASSING, stage.do(all_at_once()), strict=True))
    assert told == {word: (len(answers), ended, heard) for word, (answers, ended, heard) in PASSING.items()}


def test_a_loop_is_not_noticed_and_a_cancel_ends_it(stage: Stage) -> None:
    stage.model.play({"LOOP": [loop("list_directory", {"path": str(stage.bare.cwd)})]})
    session = stage.opened()

    async def cancelled() -> Any:
        turn = asyncio.ensure_future(stage.bare.say(session, "LOOP for ever"))
        await asyncio.to_thread(stage.model.wait_for, 30, "LOOP")
        await stage.bare.agent.cancel(session_id=session)
        return (await asyncio.gather(turn, return_exceptions=True))[0]

    got = stage.do(cancelled())  # an error when it fell between the calls: see the next test
    assert getattr(got, "stop_reason", None) == "cancelled" or getattr(got, "code", None) == -32603
    stage.model.wait_until_quiet()
    before = len(stage.model.of("LOOP"))
    stage.say(stage.opened(), "LOOPED hello", text("ok"))
    assert len(stage.model.of("LOOP")) == before


@pytest.mark.parametrize(("word", "answer", "ended"), [("HANG", hang(), -32603), ("STALL", stall(text("a b")), None)])
def test_a_cancel_while_the_model_is_silent(stage: Stage, word: str, answer: Answer, ended: int | None) -> None:
    """Before the first byte it comes back as an error, after that as a turn that was cancelled."""
    stage.model.play({word: [answer]})
    session = stage.opened()

    async def cancelled() -> Any:
        turn = asyncio.ensure_future(stage.bare.say(session, f"{word} hello"))
        await asyncio.to_thread(stage.model.wait_for, 1, word)
        if ended is None:
            await stage.bare.until(session, "agent_message_chunk")
        await stage.bare.agent.cancel(session_id=session)
        return (await asyncio.gather(turn, return_exceptions=True))[0]

    got = stage.do(cancelled())
    assert (getattr(got, "code", None), getattr(got, "stop_reason", None)) == (ended, None if ended else "cancelled")
    stage.model.wait_until_quiet()  # and it hung up on the model


def test_a_session_goes_on_in_a_new_process_once_its_file_was_written(stage: Stage, second: Bare) -> None:
    session = stage.opened()
    chat = qwen_cli.chat_file(Path(stage.env["HOME"]), stage.bare.cwd, session)
    stage.say(session, "FIRST hello", text("The word is plum."))
    assert soon(lambda: kept(chat) == ["The word is plum."]) < 5
    assert {json.loads(line)["sessionId"] for line in chat.read_text().splitlines()} == {session}

    stage.model.play({"SECOND": [text("ok")]})
    stage.do(second.open(session))  # the replay is over when this returns
    heard = [one["content"]["text"] for one in second.told(session, "user_message_chunk")]
    assert (heard, second.words(session)) == (["FIRST hello"], "The word is plum.")
    assert any(
        "_meta" in one and "usage" in one["_meta"] for one in second.told(session)
    )  # it is not to be added again
    stage.do(second.say(session, "SECOND hello"))
    assert "The word is plum." in json.dumps(stage.model.of("SECOND")[0].messages)


def test_without_the_flag_the_tools_of_servers_are_hidden(stage: Stage, second: Bare, tmp_path: Path) -> None:
    stage.model.play({"HIDDEN": [text("ok")]})
    stage.do(second.open(session := str(uuid4()), note_server(tmp_path / "log")))
    stage.do(second.say(session, "HIDDEN hello"))
    tools = stage.model.of("HIDDEN")[0].tools
    assert ("tool_search" in tools, "mcp__mini__note" in tools) == (True, False)


def test_a_kill_is_a_connection_error(stage: Stage, second: Bare) -> None:
    stage.model.play({"KILL": [forever(hang())]})

    async def killed() -> int:
        await second.open(session := str(uuid4()))
        turn = asyncio.ensure_future(second.say(session, "KILL hello"))
        await asyncio.to_thread(stage.model.wait_for, 1, "KILL")
        second.process.kill()
        with pytest.raises(ConnectionError):
            await turn
        return await second.process.wait()

    assert stage.do(killed()) == -signal.SIGKILL


def test_headless_calls_an_error_success(stage: Stage) -> None:
    stage.model.play({"HEADLESS": [forever(status(401, message="go away"))]})
    words = ["qwen", "--auth-type", "openai", "-y", "-o", "stream-json", "HEADLESS hello"]
    done = subprocess.run(
        words,
        env=stage.env,
        cwd=stage.bare.cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        timeout=PATIENCE,
        check=False,
    )
    result = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, result["subtype"], result["is_error"]) == (0, "success", False)
    assert "401 go away" in result["result"]


def test_it_speaks_to_nobody_but_the_model(stage: Stage) -> None:
    stage.say(stage.opened(), "SOCKETS hello", text("ok"))
    assert set(Path(stage.env["SOCKETS"]).read_text().split()) == {"127.0.0.1"}
