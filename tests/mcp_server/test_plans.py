"""Plans that are handed in: taken whole or refused with every fault, after enough thinking, never in place of one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.commands.desk import THREE, Desk
from tests.mcp_server.conftest import Client, planning, session_of, steps

Connect = Callable[..., Client]
PURPOSES = ("requirements", "architecture", "decomposition", "risks")


def think(client: Client, *purposes: str) -> None:
    """Think one thought a purpose."""
    for number, purpose in enumerate(purposes, 1):
        said = {"thought": f"on {purpose}, {number}", "thoughtNumber": number, "totalThoughts": len(purposes)}
        client.call("sequentialthinking", **said, nextThoughtNeeded=True, purpose=purpose)


def test_a_thoughtless_plan_is_refused(desk: Desk, connect: Connect) -> None:
    """With exactly what is missing; then it is taken."""
    token = planning(desk)
    client = connect(token)
    think(client, "requirements", "risks", "review")
    said = client.refused("submit_plan", plan=THREE)
    for missing in ("5 more thoughts (3 of 8)", "purpose architecture", "purpose decomposition"):
        assert missing in said
    assert "purpose risks" not in said
    assert not desk.graph.tasks
    think(client, *PURPOSES, *PURPOSES[:2])
    assert "submit_plan" not in client.call("submit_plan", plan=THREE)["next"]


def test_the_plan_goes_into_the_orchestration_of_the_session(desk: Desk, connect: Connect) -> None:
    """Which is not the current one any more: the goal of the person stays, and nothing else changes."""
    token = planning(desk, "Sell things")
    desk("/config thinkingDepth quick")
    desk.project.make_current(desk.graph.root.id, None)
    other = desk("/plan Something else entirely", yes=True).orchestration.id
    client = connect(token)
    think(client, *PURPOSES)
    taken = client.call("submit_plan", plan=THREE)
    assert [t["title"] for t in taken["tasks"]] == ["Catalogue", "Cart", "Checkout"]
    assert taken["tasks"][1]["depends_on"] == ["task-001"]
    assert desk.project.current.orchestration == other
    graph = desk.reopen().project.writer("orch-sell-abcd").graph
    assert (graph.root.plan.goal, graph.root.plan.status, len(graph.tasks)) == ("Sell things", "draft", 3)
    assert not any(t.approved for t in graph.tasks.values())
    assert session_of(desk, token).thinking_done


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ("Nothing to do here, really.", "no tasks were found"),
        ("- [ ] T1 A, depends on: T2\n- [ ] T2 B, depends on: T1\n", "wait for one another"),
        ("- [ ] A\n  - estimate: 900000w\n", "task-001 has a number"),
        (" \n", "plan is a text that says something"),
    ],
)
@pytest.mark.parametrize("bound", [True, False])
def test_faults_are_named_and_nothing_is_kept(desk: Desk, connect: Connect, plan: str, said: str, bound: bool) -> None:
    """In a planning session and on its own."""
    client = connect(planning(desk) if bound else None)
    if bound:
        desk("/config thinkingDepth quick")
        think(client, *PURPOSES)
    assert said in client.refused("submit_plan", plan=plan)
    assert (not desk.graph.tasks) if bound else (desk.project.orchestrations() == [])


def test_the_same_plan_again_is_answered_as_before(desk: Desk, connect: Connect) -> None:
    """Nothing is added; another one is refused."""
    token = planning(desk)
    desk("/config thinkingDepth quick")
    client = connect(token)
    think(client, *PURPOSES)
    taken = client.call("submit_plan", plan=THREE)
    before = steps(desk)
    assert client.call("submit_plan", plan=THREE) == taken
    assert connect(token).call("submit_plan", plan=THREE) == taken
    assert "has a plan already" in client.refused("submit_plan", plan=f"{THREE}- [ ] More\n")
    assert steps(desk) == before


def test_on_its_own_it_is_a_plan_as_plan_makes_it(desk: Desk, connect: Connect) -> None:
    """A draft, current, with the thoughts of the reader, and the commands not approved."""
    taken = connect().call("submit_plan", plan=THREE, title="Corner shop")
    graph = desk.graph
    assert (graph.root.title, graph.root.plan.status) == ("Corner shop", "draft")
    assert taken["orchestration"]["id"] == graph.root.id == desk.reopen().project.current.orchestration
    assert len(desk("/think").thoughts) >= 6
    assert not any(t.approved for t in graph.tasks.values())
    desk("/approve_plan")
    assert desk("/new_task 1").task.status == "completed"


def test_on_its_own_it_never_takes_the_place_of_a_plan(desk: Desk, connect: Connect) -> None:
    """A draft or one under way stays; the same plan again is no other; after a finished one there is room."""
    client = connect()
    taken = client.call("submit_plan", plan=THREE)
    assert client.call("submit_plan", plan=THREE) == taken
    another = "- [ ] Something else\n- [ ] And more\n"
    assert "is still a draft; nothing was planned" in client.refused("submit_plan", plan=another)
    desk.reopen()("/approve_plan")
    assert "is under way; nothing was planned" in client.refused("submit_plan", plan=another)
    assert "/reset_plan" in client.refused("submit_plan", plan=another)
    assert len(desk.project.orchestrations()) == 1
    desk("/reset_plan", yes=True)
    assert client.call("submit_plan", plan=another)["orchestration"]["id"] != taken["orchestration"]["id"]


def test_at_signs_and_dashes_are_text(desk: Desk, connect: Connect) -> None:
    """An agent cannot have a file read by naming it, nor anybody's standard input."""
    (desk.root / "secret.md").write_text("- [ ] A secret\n")
    client = connect()
    for plan in (f"@{desk.root}/secret.md", "@secret.md", "-"):
        assert "no tasks were found" in client.refused("submit_plan", plan=plan)
