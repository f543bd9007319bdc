"""Sequential thinking: kept before it is answered, once, with references that lead somewhere, and readable back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from qwen_orch.model.session import Thought
from tests.commands.desk import Desk
from tests.mcp_server.conftest import Client, planning, session_of, steps, working

Connect = Callable[..., Client]


def step(number: int, thought: str = "", **more: Any) -> dict[str, Any]:
    """Return the arguments of a thought among three."""
    said = {"thought": thought or f"step {number}", "thoughtNumber": number, "totalThoughts": 3}
    return {**said, "nextThoughtNeeded": True, **more}


def kept(desk: Desk, token: str) -> list[tuple[Any, ...]]:
    """Return the thoughts on the disk, without their times."""
    return [(t.number, t.text, t.purpose, t.revises, t.branch, t.branch_from) for t in session_of(desk, token).thoughts]


def test_the_answer_is_that_of_the_well_known_server(desk: Desk, connect: Connect) -> None:
    """Number, total, whether more is needed, branches, length; and the total is never less than the number."""
    token = working(desk)
    client = connect(token)
    first = client.call("sequentialthinking", **step(1))
    assert {k: v for k, v in first.items() if k not in ("session", "stillRequired")} == {
        "thoughtNumber": 1,
        "totalThoughts": 3,
        "nextThoughtNeeded": True,
        "branches": [],
        "thoughtHistoryLength": 1,
    }
    client.call("sequentialthinking", **step(2, branchFromThought=1, branchId="other"))
    last = client.call("sequentialthinking", **step(3, totalThoughts=1, nextThoughtNeeded=False))
    assert (last["totalThoughts"], last["branches"], last["nextThoughtNeeded"]) == (3, ["other"], False)
    assert session_of(desk, token).thinking_done


def test_it_is_on_the_disk_when_it_is_answered(desk: Desk, connect: Connect) -> None:
    """A kill right after the answer loses nothing, and it can be read back."""
    token = working(desk)
    client = connect(token)
    client.call("sequentialthinking", **step(1, "why", purpose="risks"))
    client.process.kill()
    client.process.wait()
    assert kept(desk, token) == [(1, "why", "risks", None, "", None)]
    again = connect(token).call("thoughts")
    assert [(t["number"], t["text"], t["purpose"]) for t in again["thoughts"]] == [(1, "why", "risks")]


def test_revisions_and_branches(desk: Desk, connect: Connect) -> None:
    """Kept with what they refer to; a branch goes on by its name alone."""
    token = working(desk)
    client = connect(token)
    client.call("sequentialthinking", **step(1))
    client.call("sequentialthinking", **step(2, "no", isRevision=True, revisesThought=1))
    client.call("sequentialthinking", **step(3, "else", branchFromThought=2, branchId="b"))
    answer = client.call("sequentialthinking", **step(4, "and so", branchId="b"))
    assert answer["branches"] == ["b"]
    assert kept(desk, token)[1:] == [
        (2, "no", "", 1, "", None),
        (3, "else", "", None, "b", 2),
        (4, "and so", "", None, "b", 2),
    ]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"isRevision": True, "revisesThought": 9}, "revisesThought 9: there is no such thought (there is 1 to 1)"),
        ({"branchFromThought": 2, "branchId": "b"}, "branchFromThought 2: there is no such thought (there is 1 to 1)"),
        ({"branchFromThought": 1}, "a branch has a name: branchId"),
        ({"branchId": "c"}, "there is no branch 'c' (there is none yet)"),
        ({"isRevision": True}, "revisesThought"),
        ({"purpose": "fun"}, "purpose is one of requirements, "),
        ({"thought": "x" * 20_001}, "at most 20000 characters"),
    ],
)
def test_references_that_lead_nowhere_are_refused(
    desk: Desk, connect: Connect, more: dict[str, Any], said: str
) -> None:
    """With what there is; nothing is kept."""
    token = working(desk)
    client = connect(token)
    client.call("sequentialthinking", **step(1))
    assert said in client.refused("sequentialthinking", **step(2, **more))
    assert len(kept(desk, token)) == 1


def test_the_same_thought_is_kept_once(desk: Desk, connect: Connect) -> None:
    """Whatever number it is sent under: neither a call that is sent again nor padding counts."""
    token = working(desk)
    client = connect(token)
    answers = [client.call("sequentialthinking", **step(n, "the same")) for n in (1, 1, 2, 3)]
    assert [a["thoughtHistoryLength"] for a in answers] == [1, 1, 1, 1]
    assert kept(desk, token) == [(1, "the same", "", None, "", None)]


def test_a_planning_session_says_what_is_still_required(desk: Desk, connect: Connect) -> None:
    """And that another thought is needed, whatever the agent says, until nothing is."""
    token = planning(desk)
    desk("/config thinkingDepth quick")
    client = connect(token)
    first = client.call("sequentialthinking", **step(1, purpose="requirements", nextThoughtNeeded=False))
    assert first["nextThoughtNeeded"]
    assert first["stillRequired"] == [
        "3 more thoughts (1 of 4)",
        "a thought with the purpose architecture",
        "a thought with the purpose decomposition",
        "a thought with the purpose risks",
    ]
    for number, purpose in enumerate(("architecture", "decomposition", "risks"), 2):
        last = client.call("sequentialthinking", **step(number, purpose=purpose, nextThoughtNeeded=False))
    assert (last["stillRequired"], last["nextThoughtNeeded"]) == ([], False)
    assert session_of(desk, token).thinking_done


def test_on_its_own_it_thinks_where_think_does(desk: Desk, connect: Connect) -> None:
    """In the planning session of the current plan, after the thoughts that are there."""
    desk.plan()
    before = len(desk("/think").thoughts)
    answer = connect().call("sequentialthinking", **step(1, "one more"))
    assert answer["thoughtNumber"] == before + 1
    assert desk.reopen()("/think").thoughts[-1].text == "one more"


def test_on_its_own_without_any_plan_it_opens_a_draft(desk: Desk, connect: Connect) -> None:
    """Whoever plans thinks first; the plan that is handed in later goes there, and gives it its title."""
    client = connect()
    client.call("sequentialthinking", **step(1, "What is wanted?"))
    client.call("sequentialthinking", **step(1, "What is wanted?"))
    assert steps(desk) == 2
    taken = client.call("submit_plan", plan="- [ ] Build it\n- [ ] Test it\n", title="The thing")
    assert (taken["warnings"], taken["orchestration"]["title"]) == ([], "The thing")
    assert desk.reopen()("/session_history").entries[0].by == "sequentialthinking"
    graph = desk.graph
    assert (len(graph.tasks), graph.root.id) == (2, taken["orchestration"]["id"])
    thoughts = next(iter(graph.sessions.values())).thoughts
    assert [(t.number, t.text) for t in thoughts] == [(1, "What is wanted?")]


def test_a_session_that_has_ended_is_not_written_in(desk: Desk, connect: Connect) -> None:
    """On its own, thoughts and decisions go to a session below it; to the same one when a call is sent again."""
    desk.plan()
    session = desk("/new_task 1 --executor manual").session.id
    desk("/complete_task 1 done")
    client = connect()
    first = client.call("record_decision", decision="sqlite")
    assert first["session"] != session
    assert client.call("record_decision", decision="sqlite") == first
    desk.project.make_current(desk.graph.root.id, session)  # as if the server had been killed before it did so
    assert client.call("record_decision", decision="sqlite") == first


def test_a_thought_is_a_thought_of_ours(desk: Desk, connect: Connect) -> None:
    """With what the model of a thought holds, and when it was taken."""
    token = working(desk)
    connect(token).call("sequentialthinking", **step(1, "  \x1b[2Jwhy\u202e  ", purpose="review"))
    (thought,) = session_of(desk, token).thoughts
    assert thought == Thought(1, "why", "review", at=thought.at)
    assert thought.at
