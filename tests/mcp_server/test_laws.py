"""What holds whatever happens: a call that is sent again adds nothing, a kill loses nothing, several servers agree."""

from __future__ import annotations

import io
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_orch.mcp_server.server import Server, serve
from qwen_orch.store.fold import folded
from tests.commands.desk import THREE, Desk
from tests.mcp_server.conftest import Client, planning, reviewing, session_of, working
from tests.mcp_server.test_protocol import messages
from tests.mcp_server.test_reports import FINDING, REPORTS

Connect = Callable[..., Client]
ROUNDS = 12


def kill(client: Client) -> None:
    """End the process as a crash does, wherever it is."""
    client.process.kill()
    client.process.wait()


def test_a_kill_at_any_moment_of_a_call_that_is_sent_again(desk: Desk, connect: Connect) -> None:
    """The server is killed after the call was sent: before, in or after the commit. The next one is sent the same."""
    token, chance = working(desk), random.Random(7)
    for number in range(ROUNDS):
        said = {"thought": f"thought {number}", "thoughtNumber": number + 1, "totalThoughts": ROUNDS}
        client = connect(token)
        client.ask("initialize", protocolVersion="2025-06-18")
        client.call("thoughts")
        client.post("tools/call", name="sequentialthinking", arguments={**said, "nextThoughtNeeded": True})
        time.sleep(chance.random() * 0.02)
        kill(client)
        answer = connect(token).call("sequentialthinking", **said, nextThoughtNeeded=True)
        assert answer["thoughtHistoryLength"] == number + 1
    assert [t.text for t in session_of(desk, token).thoughts] == [f"thought {n}" for n in range(ROUNDS)]
    writer = desk.reopen().project.writer()
    assert folded(writer.history()) == writer.graph


def test_every_report_that_was_answered_survives_a_kill(desk: Desk, connect: Connect) -> None:
    """Each in turn, by a server that is killed once it has answered."""
    token = working(desk)
    for tool, said in REPORTS.items():
        client = connect(token)
        client.call(tool, **said)
        kill(client)
    session = session_of(desk, token)
    assert [t.text for t in session.thoughts] == ["so"]
    assert [d.text for d in session.decisions] == ["sqlite"]
    assert [n.text for n in session.notes] == ["half of it"]
    assert session.activity.claim == "built and tried"
    assert desk.task(1).progress == 0.5


def test_a_plan_whose_answer_was_lost_is_taken_once(desk: Desk, connect: Connect) -> None:
    """On its own, killed while it takes the plan; then the same plan comes again."""
    chance = random.Random(7)
    client = connect()
    client.ask("ping")
    client.post("tools/call", name="submit_plan", arguments={"plan": THREE})
    time.sleep(chance.random() * 0.3)
    kill(client)
    taken = connect().call("submit_plan", plan=THREE)
    assert connect().call("submit_plan", plan=THREE) == taken
    assert len(desk.graph.tasks) == 3


def test_two_servers_at_once_lose_nothing(desk: Desk, connect: Connect) -> None:
    """Both bound to one session, both reporting as fast as they can."""
    token = working(desk)
    clients = [connect(token), connect(token)]

    def report(client: Client, name: str) -> None:
        for n in range(20):
            client.call("record_decision", decision=f"{name} {n}")
            client.call("record_decision", decision=f"both {n}")

    threads = [threading.Thread(target=report, args=(c, name)) for c, name in zip(clients, "ab", strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counted = Counter(d.text for d in session_of(desk, token).decisions)
    assert counted == Counter(f"{who} {n}" for who in ("a", "b", "both") for n in range(20))
    desk.sound()


def test_two_agents_in_two_sessions_do_not_mix(desk: Desk, connect: Connect) -> None:
    """Each report goes to the session of its token."""
    first = working(desk, "- [ ] One\n- [ ] Two\n")
    from qwen_orch.model.ids import SessionId
    from tests.mcp_server.conftest import bind

    second = bind(desk, SessionId(desk("/new_task 2 --executor manual").session.id))
    one, two = connect(first), connect(second)
    one.call("report_progress", progress=0.25, note="of one")
    two.call("report_progress", progress=0.75, note="of two")
    assert (desk.task(1).progress, desk.task(2).progress) == (0.25, 0.75)
    assert [n.text for n in session_of(desk, second).notes] == ["of two"]


def test_a_step_in_the_shell_meanwhile_is_not_lost(desk: Desk, connect: Connect) -> None:
    """The person and the agent write in turns."""
    token = working(desk)
    client = connect(token)
    for n in range(5):
        client.call("record_decision", decision=f"agent {n}")
        desk(f"/note person {n}")
    session = session_of(desk, token)
    assert ([d.text[-1] for d in session.decisions], [n.text[-1] for n in session.notes]) == ([*"01234"], [*"01234"])


def test_a_disk_that_refuses_is_an_answer(desk: Desk, connect: Connect) -> None:
    """A report that could not be kept is refused, and the next one is taken when the disk is there again."""
    token = working(desk)
    client = connect(token)
    client.call("report_progress", progress=0.1)
    journals = desk.project.home / "journal"
    away = journals.with_name("journal.away")
    journals.rename(away)
    journals.write_text("no folder")
    assert client.result("report_progress", progress=0.2)["isError"]
    journals.unlink()
    away.rename(journals)
    assert client.call("report_progress", progress=0.3)["kept"] == "30%"


@pytest.mark.parametrize("opening", [working, planning, reviewing], ids=["task", "planning", "verification"])
@settings(max_examples=25, deadline=None)
@given(st.lists(messages.map(lambda m: json.dumps(m).encode()), max_size=8))
def test_whatever_a_bound_agent_sends_the_state_stays_sound(
    tmp_path_factory: pytest.TempPathFactory, opening: Callable[[Desk], str], lines: list[bytes]
) -> None:
    """And no error of ours is logged."""
    folder = tmp_path_factory.mktemp("bound")
    (folder / ".qwen" / "orchestration").mkdir(parents=True)
    desk = Desk(folder)
    token = opening(desk)
    good = {"name": "report_finding", "arguments": FINDING} if opening is reviewing else {"name": "thoughts"}
    last = json.dumps({"jsonrpc": "2.0", "id": "last", "method": "tools/call", "params": good}).encode()
    out = io.BytesIO()
    serve(Server(str(folder), token), io.BytesIO(b"\n".join([*lines, last, b""])), out)
    answer = json.loads(out.getvalue().splitlines()[-1])
    assert (answer["id"], answer["result"]["isError"]) == ("last", False)
    assert not (desk.project.home / "logs" / "errors.log").exists()
    writer = desk.reopen().project.writer()
    assert folded(writer.history()) == writer.graph
