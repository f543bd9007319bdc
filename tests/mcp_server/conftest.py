"""The report server as a client meets it: a real process, spoken to over its pipes, in a project in a real folder."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

import qwen_orch
from qwen_orch.model import event as e
from qwen_orch.model.draft import Draft
from qwen_orch.model.ids import OrchestrationId, SessionId
from qwen_orch.model.session import Session, SessionKind
from qwen_orch.planning.adopt import Origins, opening
from qwen_orch.project.opening import new_session, opened
from tests.commands.desk import THREE, Desk

REPOSITORY = Path(qwen_orch.__file__).parent.parent
SECRET = "0123456789abcdef"
WORDS = [sys.executable, "-m", "qwen_orch", "mcp"]


@define
class Client:
    """An MCP client with no more than the protocol; every line that the server says must be JSON."""

    folder: Path
    token: str | None = None
    words: tuple[str, ...] = ()
    asked: int = 0
    process: subprocess.Popen[bytes] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.process = subprocess.Popen(
            [*WORDS, *self.words],
            cwd=self.folder,
            env=surroundings(self.token),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def send(self, line: bytes) -> None:
        """Send one line as it is."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def heard(self) -> Any:
        """Return the next message."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.endswith(b"\n"), "the server has gone"
        return json.loads(line)

    def post(self, method: str, **params: Any) -> int:
        """Send a request and return its id, without waiting for the answer."""
        self.asked += 1
        self.send(json.dumps({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": params}).encode())
        return self.asked

    def ask(self, method: str, **params: Any) -> Any:
        """Send a request and return the whole answer to it."""
        number = self.post(method, **params)
        answer = self.heard()
        assert (answer["jsonrpc"], answer["id"]) == ("2.0", number)
        return answer

    def tools(self) -> dict[str, Any]:
        """Return the declarations of the tools by name."""
        return {t["name"]: t for t in self.ask("tools/list")["result"]["tools"]}

    def result(self, tool: str, **arguments: Any) -> Any:
        """Call a tool and return the result, an error of the tool included."""
        return self.ask("tools/call", name=tool, arguments=arguments)["result"]

    def call(self, tool: str, **arguments: Any) -> Any:
        """Call a tool that must succeed and return its answer."""
        result = self.result(tool, **arguments)
        assert not result["isError"], result
        assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
        return result["structuredContent"]

    def refused(self, tool: str, **arguments: Any) -> str:
        """Call a tool that must fail and return what it says."""
        result = self.result(tool, **arguments)
        assert result["isError"], result
        return str(result["content"][0]["text"])

    def leave(self) -> tuple[int, bytes]:
        """End its input, and return the exit code and all that is left on stderr."""
        _, complaints = self.process.communicate(timeout=180)
        return self.process.returncode, complaints


def surroundings(token: str | None = None) -> dict[str, str]:
    """Return an environment in which the package is found and nothing depends on whose machine this is."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "XDG_STATE_HOME", "TMPDIR", "LANG")}
    bound = {} if token is None else {"QWEN_ORCH_TOKEN": token}
    return {**kept, "PYTHONPATH": str(REPOSITORY), "PYTHONWARNINGS": "error", **bound}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A person at work in an empty project."""
    folder = tmp_path / "shop"
    (folder / ".qwen" / "orchestration").mkdir(parents=True)
    return Desk(folder)


@pytest.fixture
def connect(desk: Desk) -> Iterator[Callable[..., Client]]:
    """Start servers in the project of `desk`; each must have ended well, and said nothing on stderr, in the end."""
    started: list[Client] = []

    def connecting(token: str | None = None, *words: str) -> Client:
        started.append(Client(desk.root, token, words))
        return started[-1]

    yield connecting
    for client in started:
        if client.process.returncode is None:
            assert client.leave() == (0, b"")
        for pipe in (client.process.stdin, client.process.stdout, client.process.stderr):
            assert pipe is not None
            pipe.close()


def bind(desk: Desk, session: SessionId) -> str:
    """Give *session* a token, as whoever starts an agent does, and return it."""
    digest = hashlib.sha256(SECRET.encode()).hexdigest()
    writer = desk.reopen().project.writer_of_session(session)[0]
    writer.commit("test", lambda _: [e.MetadataRecorded(session, "token", digest)])
    writer.checkpoint(last=True)
    return f"{session}:{SECRET}"


def working(desk: Desk, text: str = THREE) -> str:
    """Plan *text*, start its first task, and return the token of the session it is worked on in."""
    session = desk.plan(text)("/new_task 1 --executor manual").session.id
    return bind(desk, SessionId(session))


def planning(desk: Desk, goal: str = "Sell things") -> str:
    """Open an empty draft with a planning session for *goal*, and return the token of that."""
    origins = Origins(OrchestrationId("orch-sell-abcd"), SessionId("session-sell-abcd"), "2026-01-01T00:00:00+00:00")
    writer = desk.project.new_writer(origins.orchestration)
    writer.commit("test", lambda _: opening(Draft("Sell", goal), origins))
    desk.project.make_current(origins.orchestration, origins.session)
    return bind(desk, origins.session)


def reviewing(desk: Desk, text: str = THREE) -> str:
    """Open a verification session for the first task, which somebody claims to have done; return its token."""
    desk.plan(text)
    writer = desk.project.writer()
    task = writer.graph.task("task-001")
    fresh = new_session(writer.graph, SessionKind.VERIFICATION, "review", None, task)
    writer.commit("test", lambda graph: opened(graph, desk.project.config, fresh))
    return bind(desk, fresh.id)


def session_of(desk: Desk, token: str) -> Session:
    """Return the session that *token* is of, as it is on the disk."""
    name = token.partition(":")[0]
    return desk.reopen().project.writer_of_session(name)[0].graph.session(name)


def steps(desk: Desk) -> int:
    """Return how many steps the current orchestration has."""
    return desk.reopen().project.writer().seq
