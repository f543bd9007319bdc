"""The commands that only read, as tools: what they answer is what ``--json`` prints, in a size that can be read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from qwen_orch.answers.encoding import to_json
from qwen_orch.commands import ROOMS
from qwen_orch.commands.registry import all_commands
from qwen_orch.mcp_server.queries import LIBRARIES, queries
from qwen_orch.mcp_server.replies import LONGEST, bounded
from tests.commands.desk import THREE, Desk
from tests.mcp_server.conftest import Client, working

Connect = Callable[..., Client]
SAME = [
    ("list_tasks", {"filter": "status:ready"}, "/list_tasks status:ready"),
    ("list_tasks", {"tree": True, "details": True}, "/list_tasks --tree --details"),
    ("task_status", {"task": 2}, "/task_status 2"),
    ("sessions", {"filter": "type:planning"}, "/sessions type:planning"),
    ("session_history", {"id": "task-001"}, "/session_history task-001"),
    ("context", {}, "/context"),
    ("graph", {}, "/graph"),
    ("export_plan", {"format": "mermaid"}, "/export_plan mermaid"),
    ("export_plan", {"include_progress": True}, "/export_plan --include-progress"),
    ("orchestration_help", {"command": "plan"}, "/help plan"),
]


def test_every_command_that_reads_is_a_tool_and_no_other() -> None:
    """The rooms that are looked through hold all of them."""
    reading = {c.name for c in all_commands() if c.reads}
    assert {tool.name for tool in queries()} == reading
    assert reading == {name for room in LIBRARIES for name in ROOMS[room]} & reading
    assert not reading & {"plan", "approve_plan", "new_task", "undo", "update_task", "exit", "resume", "add_task"}


@pytest.mark.parametrize(("tool", "arguments", "line"), SAME)
def test_the_answer_is_that_of_the_command(
    desk: Desk, connect: Connect, tool: str, arguments: dict[str, Any], line: str
) -> None:
    """Its keys and values, and nothing changes."""
    desk.plan()
    before = desk.bytes_on_disk()
    answer = connect().call(tool, **arguments)
    assert answer == json.loads(to_json(desk(line)))
    assert desk.bytes_on_disk() == before


def test_errors_are_those_of_the_command(desk: Desk, connect: Connect) -> None:
    """In words, with what can be done."""
    client = connect()
    assert "there is no plan in this project yet" in client.refused("list_tasks")
    desk.plan()
    assert "status" in client.refused("list_tasks", filter="statsu:ready")
    assert "nothing here has the id 'task-9'" in client.refused("task_status", task="task-9")


def test_an_error_names_the_tool_to_ask_or_what_a_person_types(desk: Desk, connect: Connect) -> None:
    """An agent cannot type a command of ours; and what it can ask, no person need type for it."""
    client = connect()
    assert "A person can type in qwen-orch: /plan" in client.refused("list_tasks")
    desk.plan()
    said = client.refused("task_status", task="task-9")
    assert said.endswith("\nYou can call: list_tasks")
    assert "A person" not in said


def test_a_warning_is_in_what_a_model_reads(desk: Desk, connect: Connect) -> None:
    """Clients hand the model what is structured and nothing beside it, or of an error its text."""
    desk.plan()
    torn(desk)
    [warning] = connect().call("task_status")["warnings"]
    assert "is unfinished and was cut off" in warning
    assert "warnings" not in connect().call("task_status")
    torn(desk)
    said = connect().refused("task_status", task="task-9")
    assert said.startswith("nothing here has the id 'task-9'")
    assert "\nwarning: " in said
    assert "is unfinished and was cut off" in said


def torn(desk: Desk) -> None:
    """Leave a record at the end of the journal that was never finished."""
    [journal] = (desk.project.home / "journal").glob("*.jsonl")
    with journal.open("ab") as file:
        file.write(b'{"format":')


def test_a_bound_agent_sees_its_own_orchestration(desk: Desk, connect: Connect) -> None:
    """Whatever the person turned to meanwhile; its session is the current one."""
    token = working(desk)
    ours = desk.graph.root.id
    desk.reopen()("/plan Something else entirely", yes=True)
    client = connect(token)
    assert client.call("list_tasks")["total"] == 3
    assert client.call("task_status")["orchestration"]["id"] == ours
    assert client.call("context")["session"]["id"] == token.partition(":")[0]


def test_a_long_answer_is_cut_and_says_so(desk: Desk, connect: Connect) -> None:
    """It stays JSON, and what was left out can be asked for."""
    desk.plan("# Long\n" + "".join(f"- [ ] Task number {n} {'x' * 200}\n" for n in range(400)))
    client = connect()
    answer = client.call("list_tasks")
    assert len(to_json(answer)) <= LONGEST
    assert (answer["total"], answer["shown"]) == (400, 400)
    assert f"tasks: {len(answer['tasks'])} of 400" in answer["note"]
    assert client.call("list_tasks", filter="id:task-399")["tasks"][0]["id"] == "task-399"
    exported = client.call("export_plan")
    assert exported["content"].startswith("# Long")
    assert "content: " in exported["note"]


@pytest.mark.parametrize(
    "page",
    [
        {"a": 1},
        {"a": [1] * 10_000},
        {"a": "x" * 100_000, "b": ["y" * 9_000] * 9, "c": 3},
        {"a": {"b": ["x" * 90_000]}},
        {"a": {str(n): "x" * 100 for n in range(5_000)}},
        {f"key {n}": n for n in range(20)},
        {},
    ],
)
def test_whatever_the_answer_is_it_is_bounded(page: dict[str, Any]) -> None:
    """And untouched when it fits."""
    cut = bounded(page, 5_000)
    assert len(to_json(cut)) <= 5_000
    assert (cut == page) == (len(to_json(page)) <= 4_500)
    assert ("note" in cut) == (cut != page)


def test_no_answer_holds_what_a_terminal_would_obey(desk: Desk, connect: Connect) -> None:
    """Whatever was on the disk: written by an older program, or by hand."""
    from attrs import evolve

    from qwen_orch.model import event as e

    desk.plan()
    task = desk.project.writer().graph.task("task-001")
    evil = evolve(task, title="\x1b]0;evil\x07 clear \x1b[2J \u202etxt.exe")
    desk.project.writer().commit("test", lambda _: [e.TaskEdited(evil, ("title",))])
    result = connect().result("task_status", task=1)
    assert result["structuredContent"]["task"]["title"] == " clear  txt.exe"
    said = orjson.loads(result["content"][0]["text"])
    assert said == result["structuredContent"]
    assert not any(ord(c) < 32 or 0x202A <= ord(c) <= 0x202E for c in result["content"][0]["text"])


def test_a_plan_in_another_terminal_is_seen_at_once(desk: Desk, connect: Connect) -> None:
    """The server keeps no picture of its own."""
    client = connect()
    client.refused("list_tasks")
    desk.plan(THREE)
    assert client.call("list_tasks")["total"] == 3
    desk('/add_task "One more"')
    assert client.call("list_tasks")["total"] == 4
