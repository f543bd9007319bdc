"""The protocol: every message is answered as JSON-RPC says, whatever it is; only the end of input ends the process."""

from __future__ import annotations

import io
import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_orch.mcp_server import server
from qwen_orch.mcp_server.server import VERSIONS, Server, serve
from tests.commands.desk import Desk
from tests.mcp_server.conftest import WORDS, Client, surroundings

Connect = Callable[..., Client]


@pytest.mark.parametrize("asked", VERSIONS)
def test_a_known_version_is_spoken(connect: Connect, asked: str) -> None:
    """The client's, if we know it."""
    answer = connect().ask(
        "initialize", protocolVersion=asked, capabilities={}, clientInfo={"name": "t", "version": "1"}
    )
    assert answer["result"]["protocolVersion"] == asked
    assert answer["result"]["capabilities"] == {"tools": {}}


@pytest.mark.parametrize("asked", ["1999-01-01", "2099-01-01", "", None, 7, ["2025-06-18"]])
def test_of_an_unknown_version_the_newest_is_offered(connect: Connect, asked: object) -> None:
    """The client decides then whether it can speak it."""
    assert connect().ask("initialize", protocolVersion=asked)["result"]["protocolVersion"] == VERSIONS[0]


def test_the_end_of_input_ends_it_well(connect: Connect) -> None:
    """With exit code 0 and nothing on stderr, before any request and after one."""
    assert connect().leave() == (0, b"")
    client = connect()
    client.ask("ping")
    assert client.leave() == (0, b"")


def test_the_end_of_the_terminal_it_reads_ends_it_well(tmp_path: Path) -> None:
    """Nothing is at its end then: reading fails."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(WORDS, cwd=tmp_path, env=surroundings(), stdin=theirs, stdout=subprocess.PIPE) as server:
        os.close(theirs)
        os.write(ours, b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
        assert server.stdout is not None
        assert b'"result"' in server.stdout.readline()
        os.close(ours)
        assert server.wait(60) == 0


def test_an_answer_that_nobody_reads_ends_it_well(connect: Connect) -> None:
    """The client closed its end first."""
    client = connect()
    assert client.process.stdout is not None
    client.process.stdout.close()
    client.post("ping")
    assert client.process.wait(60) == 0


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b'"\\ud800"', -32700),
        (b"[" * 5000, -32700),
        (b"[]", -32600),
        (b"7", -32600),
        (b"null", -32600),
        (b'{"jsonrpc":"2.0","id":true,"method":[]}', -32600),
        (b'{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":7}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/destroy"}', -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"resources/list"}', -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"thoughts","arguments":[1]}}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"2"}}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"debug"}}', -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":"' + b"x" * 10_000_001 + b'"}', -32600),
    ],
    ids=range(19),
)
def test_what_is_no_request_is_an_error(connect: Connect, line: bytes, code: int) -> None:
    """With the code for it, and the next request is answered as if nothing had been."""
    client = connect()
    client.send(line)
    assert client.heard()["error"]["code"] == code
    assert client.ask("ping")["result"] == {}


def test_what_asks_for_nothing_is_not_answered(connect: Connect) -> None:
    """Notifications, answers to nothing, empty lines; known or not."""
    client = connect()
    for line in (
        b'{"jsonrpc":"2.0","method":"notifications/initialized"}',
        b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}',
        b'{"jsonrpc":"2.0","method":"tools/call","params":{"name":"thoughts"}}',
        b'{"jsonrpc":"2.0","id":9,"result":{}}',
        b'{"jsonrpc":"2.0","id":9,"error":{"code":1,"message":"x"}}',
        b"",
        b"   \r",
    ):
        client.send(line)
    assert client.ask("ping")["result"] == {}


def test_ids_come_back_as_they_were(connect: Connect) -> None:
    """Text, numbers, and null."""
    client = connect()
    for number in ("a", "", "\u2028", 0, -1, 1.5, None, 2**60):
        client.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": "ping"}).encode())
        assert client.heard() == {"jsonrpc": "2.0", "id": number, "result": {}}


def test_a_batch_is_answered_as_one(connect: Connect) -> None:
    """In order, without the notifications; one of notifications alone is not answered."""
    client = connect()
    ping, told = (
        {"jsonrpc": "2.0", "id": 1, "method": "ping"},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
    )
    client.send(json.dumps([told]).encode())
    client.send(json.dumps([ping, told, 7, {**ping, "id": 2}]).encode())
    assert [a["id"] for a in client.heard()] == [1, None, 2]


WAITING = """# Shop
- [ ] Wait
  - check: `touch begun; for i in $(seq 3000); do [ -e go ] && exit; sleep 0.1; done; exit 1`
"""
"""The check goes on until the test lets it end, or for five minutes."""


def amid_a_check(desk: Desk, connect: Connect) -> tuple[Client, int]:
    """Return a client whose claim is being checked, and the id of that request."""
    desk.plan(WAITING)
    client = connect()
    client.call("start_task", task=1)
    claim = client.post("tools/call", name="claim_done", arguments={"task": 1, "summary": "waited"})
    for _ in range(3000):
        if (desk.root / "begun").exists():
            return client, claim
        time.sleep(0.1)
    raise AssertionError("the check never began")


def test_a_ping_is_answered_in_the_middle_of_a_call(desk: Desk, connect: Connect) -> None:
    """A check may take minutes, and a client that hears nothing for so long may take the server for dead."""
    client, claim = amid_a_check(desk, connect)
    later = client.post("tools/list")
    assert client.ask("ping")["result"] == {}
    (desk.root / "go").touch()
    first, second = client.heard(), client.heard()
    assert (first["id"], first["result"]["structuredContent"]["task"]["status"]) == (claim, "completed")
    assert (second["id"], "tools" in second["result"]) == (later, True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_the_middle_of_a_call(desk: Desk, connect: Connect, number: int) -> None:
    """With the check that it runs; the claim stays without a verdict, and is checked when it comes again."""
    client, _ = amid_a_check(desk, connect)
    client.process.send_signal(number)
    assert client.leave() == (0, b"")
    assert desk.task(1).status == "claimed"
    (desk.root / "go").touch()
    assert connect().call("claim_done", task=1, summary="waited")["task"]["status"] == "completed"


def test_the_end_of_input_in_the_middle_of_a_call(desk: Desk, connect: Connect) -> None:
    """What was asked for is done; then it ends."""
    client, _ = amid_a_check(desk, connect)
    assert client.process.stdin is not None
    client.process.stdin.close()
    (desk.root / "go").touch()
    assert client.process.wait(60) == 0
    assert desk.task(1).status == "completed"


def test_a_tool_that_is_not_there_is_an_error_of_the_call(connect: Connect) -> None:
    """Not of the protocol: an agent would send that again and again."""
    said = connect().refused("reprot_progress")
    assert "did you mean report_progress?" in said
    assert "sequentialthinking" in said


def test_a_project_that_is_not_there(connect: Connect, tmp_path: Path) -> None:
    """The handshake and the list work, so that the agent starts; every call says what is wrong."""
    client = connect(None, "--project", str(tmp_path / "gone"))
    assert "result" in client.ask("initialize", protocolVersion=VERSIONS[0])
    assert "claim_done" in client.tools()
    assert "does not exist" in client.refused("list_tasks")


@pytest.mark.parametrize("words", [["--nonsense"], ["--project"], ["--project", "a", "b"]])
def test_wrong_words_are_refused_before_anything_is_read(connect: Connect, words: list[str]) -> None:
    """As those of any command line: on stderr, with exit code 2."""
    code, complaints = connect(None, *words).leave()
    assert code == 2
    assert b"--project DIR" in complaints


def test_what_the_project_looks_like_does_not_matter_to_the_handshake(connect: Connect, desk: Desk) -> None:
    """Its state may be damaged: only a call says so."""
    desk.plan()
    for kind in ("journal", "plans", "manifests", "sessions"):
        for path in (desk.project.home / kind).iterdir():
            path.write_bytes(b"\0" * 50)
    client = connect()
    assert "result" in client.ask("initialize", protocolVersion=VERSIONS[0])
    assert "list_tasks" in client.tools()
    assert client.result("list_tasks")["isError"]


# Nothing that comes in ends it

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
names = st.sampled_from(
    ["thought", "thoughtNumber", "totalThoughts", "nextThoughtNeeded", "branchId", "branchFromThought", "task", "plan",
     "revisesThought", "isRevision", "purpose", "progress", "note", "decision", "summary", "filter", "session", "id"]
)  # fmt: skip
tools = st.sampled_from(
    ["sequentialthinking", "thoughts", "submit_plan", "start_task", "report_progress", "record_decision", "list_tasks",
     "claim_done", "task_status", "sessions", "session_history", "context", "graph", "export_plan", "thoughts"]
)  # fmt: skip
calls = st.fixed_dictionaries(
    {"name": tools | plain, "arguments": st.dictionaries(names | st.text(max_size=8), plain, max_size=6) | plain}
)
messages = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.just("2.0") | plain,
        "id": st.integers(0, 99) | plain,
        "method": st.sampled_from(["initialize", "tools/list", "tools/call", "tools/call", "ping"]) | plain,
        "params": calls | plain,
    },
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.binary(max_size=40).filter(lambda b: b"\n" not in b) | messages.map(lambda m: json.dumps(m).encode()))
)
def test_whatever_comes_in_is_answered_and_the_next_request_too(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    """Each answer is an object, or a list of them, of the protocol; no traceback is ever written."""
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / ".qwen" / "orchestration").mkdir(parents=True)
    out = io.BytesIO()
    ping = b'{"jsonrpc":"2.0","id":"last","method":"ping"}\n'
    serve(Server(str(folder), None), io.BytesIO(b"\n".join([*lines, ping])), out)
    answers: list[Any] = [json.loads(line) for line in out.getvalue().splitlines()]
    assert {"jsonrpc": "2.0", "id": "last", "result": {}} in answers
    for answer in (a for some in answers for a in (some if isinstance(some, list) else [some])):
        assert set(answer) in ({"jsonrpc", "id", "result"}, {"jsonrpc", "id", "error"}), answer
        assert "a fault of ours" not in str(answer.get("error"))
    assert not (folder / ".qwen" / "orchestration" / "logs").exists(), "an error of ours was logged"


def test_a_fault_of_ours_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A method that raises what nobody foresaw does not end the process either."""

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("who would have thought")

    monkeypatch.setitem(server.METHODS, "ping", broken)
    out = io.BytesIO()
    serve(Server(None, None), io.BytesIO(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n'), out)
    assert json.loads(out.getvalue())["error"] == {
        "code": -32603,
        "message": "a fault of ours: ZeroDivisionError: who would have thought",
    }
