"""What is offered at every place of a line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from immutables import Map

from qwen_orch.commands.lexer import split
from qwen_orch.commands.registry import ALL
from qwen_orch.graph.apply import apply
from qwen_orch.graph.shelf import Shelf
from qwen_orch.graph.state import Graph
from qwen_orch.model.activity import PermissionRequest
from qwen_orch.model.event import PermissionAsked, SessionOpened, TaskCancelled
from qwen_orch.model.ids import OrchestrationId, PhaseId, SessionId, TaskId, task_id
from qwen_orch.model.plan import Orchestration, Phase, Plan, PlanStatus
from qwen_orch.model.session import Session, SessionKind
from qwen_orch.model.task import Task, TaskStatus
from qwen_orch.project.config import changed
from qwen_orch.project.project import Project
from qwen_orch.repl.candidates import _OFTEN, MOST, candidates
from qwen_orch.repl.facts import Facts

TITLES = {1: "Catalogue", 2: "Cart \x1b[31mred", 3: "Checkout"}
AT = "2024-05-06T08:00:00.000+00:00"
STATUSES = {1: TaskStatus.COMPLETED, 2: TaskStatus.PENDING, 3: TaskStatus.IN_PROGRESS}


def graph(number: int = 3) -> Graph:
    """Return a plan of *number* tasks in one phase."""
    tasks = {
        task_id(n): Task(
            task_id(n), TITLES.get(n, f"Task {n}"), phase=PhaseId("phase-1"), status=STATUSES.get(n, TaskStatus.PENDING)
        )
        for n in range(1, number + 1)
    }
    plan = Plan("sell", PlanStatus.APPROVED, phases=(Phase(PhaseId("phase-1"), "Data layer"),))
    root = Orchestration(OrchestrationId("orch-shop-aaaa"), "Shop", plan)
    session = Session(SessionId("session-shop-bbbb"), SessionKind.PLANNING, "Shop", root.id)
    return Graph(root, Map(tasks), Shelf.of([session]), last_number=number)


@pytest.fixture
def facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Facts:
    """What is known of a small shop."""
    monkeypatch.chdir(tmp_path)
    known = Facts(Project.at(tmp_path))
    known.see(graph(), None)
    return known


@pytest.fixture
def offered(facts: Facts) -> Callable[..., list[str]]:
    """Return the texts that are offered for the text before the cursor."""
    return lambda before, asked=False: [c.text for c in candidates(before, facts, asked)]


Offered = Callable[..., list[str]]


def test_commands(offered: Offered, facts: Facts) -> None:
    """With their summaries."""
    assert offered("/") == [f"/{name}" for name in ALL]
    assert offered("/lis") == ["/list_tasks"]
    assert candidates("/lis", facts)[0].about == "List the tasks of the current plan."


@pytest.mark.parametrize(
    "before", ["", "Build a", "/nonsense ", "/nonsense x", "# Shop\n/li", '/note "open ', "/exit x"]
)
def test_nothing(offered: Offered, before: str) -> None:
    """Where there is nothing to complete."""
    assert offered(before) == []


def test_tasks(offered: Offered, facts: Facts) -> None:
    """Open ones first, with state and title beside them; by number and by title too."""
    assert offered("/task_status ") == ["task-003", "task-002", "task-001"]
    assert offered("/task_status task-00") == ["task-003", "task-002", "task-001"]
    assert offered("/task_status 2") == ["task-002"]
    assert offered("/task_status check") == ["task-003"]
    found = candidates("/task_status 2", facts)[0]
    assert (found.about, found.length) == ("pending · Cart red", 1)


def test_options(offered: Offered) -> None:
    """Those not given yet, when a dash or Tab asks for them; and what they take."""
    assert offered("/list_tasks --") == ["--tree", "--details", "--help"]
    assert offered("/list_tasks --tree --") == ["--details", "--help"]
    assert "--tree" in offered("/list_tasks ", True)
    assert "--tree" not in offered("/list_tasks ")
    assert offered("/list_tasks -- --") == []
    assert offered("/add_task Pay --parent task-001") == ["task-001"]
    assert offered("/add_task Pay --parent=2") == ["task-002"]


def test_filters(offered: Offered) -> None:
    """Keys, then their values; those of sessions where sessions are listed."""
    assert offered("/list_tasks sta") == ["status:"]
    assert offered("/list_tasks status:pending,comp") == ["status:pending,completed"]
    assert offered("/list_tasks -status:comp") == ["-status:completed"]
    assert offered('/list_tasks phase:"Da') == ['phase:"Data layer"']
    assert offered("/sessions state:act") == ["state:active"]


def test_names(offered: Offered) -> None:
    """Of sessions, orchestrations, templates, settings and commands."""
    assert offered("/resume ses") == ["session-shop-bbbb"]
    assert offered("/approve_plan ") == ["orch-shop-aaaa"]
    assert "rest-api" in offered("/plan --template r")
    assert offered("/config think") == ["thinkingDepth"]
    assert offered("/config thinkingDepth ") == ["quick", "standard", "deep"]
    assert offered("/config autoCleanup f") == ["false"]
    assert offered("/help list") == ["list_tasks"]


def test_choices(offered: Offered) -> None:
    """Where only some words are allowed."""
    assert "mermaid" in offered("/export_plan ")


def test_changes(offered: Offered) -> None:
    """Fields of a task, and values."""
    assert offered("/update_task task-001 prio") == ["priority:"]
    assert offered("/update_task task-001 priority:h") == ["priority:high"]
    assert offered("/update_task task-001 depends_on:2") == ["depends_on:task-002"]
    assert offered("/update_task task-001 depends_on:task-001,check") == ["depends_on:task-001,task-003"]
    assert offered("/update_task task-001 status:") == ["status:pending"]


def test_files(offered: Offered, tmp_path: Path) -> None:
    """After @, anywhere; and where a file is expected. Folders end in a slash."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a plan.md").touch()
    (tmp_path / ".hidden").touch()
    (tmp_path / "od\nd").touch()
    assert offered("/plan @") == ["@docs/"]
    assert offered("read @do") == ["@docs/"]
    assert offered("# A\n@docs/") == ["@docs/a plan.md"]
    assert offered("/plan @.h") == ["@.hidden"]
    assert offered("/import docs/") == ['"docs/a plan.md"']
    assert offered('/import "docs/a p') == ['"docs/a plan.md"']
    assert offered("/export_plan --output d") == ["docs/"]
    assert offered("/plan @missing/") == []


def test_large_plan(facts: Facts) -> None:
    """No more is offered than anybody reads."""
    facts.see(graph(10_000), None)
    assert len(candidates("/task_status ", facts)) == MOST
    assert [c.text for c in candidates("/task_status 9999", facts)] == ["task-9999"]


PIECES = ["/list_tasks", "/plan", "/config", "--", "-", "@", '"', "'", "=", ":", ",", " ", "\n", "status", "--title"]
PIECES += ["--parent", "task-001", "x", "/", "~", "\udcff", "\x00", "é"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_text(before: str) -> None:
    """Nothing that can be typed makes it fail."""
    known = Facts(Project.at(Path("/")))
    known.see(graph(), None)
    for found in candidates(before, known, True):
        assert 0 <= found.length <= len(before)


def test_unknown_things(facts: Facts) -> None:
    """A plan that is gone leaves nothing behind."""
    facts.see(Graph(), None)
    assert candidates("/task_status ", facts) == []
    assert facts.standing is None
    assert TaskId("task-001") not in facts.graph.tasks


def test_questions(offered: Offered, facts: Facts) -> None:
    """Only tasks whose agents ask, with what they ask beside them; then the number."""
    session = Session(SessionId("session-cart-cccc"), SessionKind.TASK, "Cart", facts.graph.root.id, task=task_id(2))
    asked = PermissionRequest(4, "execute", "Shell: rm \x1b[31m-rf x", "rm -rf x")
    before = facts.graph
    for verb in ("/allow ", "/deny "):
        facts.see(before, None)
        assert offered(verb) == []
        facts.see(apply(apply(before, SessionOpened(session), AT), PermissionAsked(session.id, asked), AT), None)
        assert [(c.text, c.about) for c in candidates(verb, facts)] == [("task-002", "Shell: rm -rf x")]
        assert offered(f"{verb}2") == ["task-002"]
        assert offered(f"{verb}task-001") == []
        assert offered(f"{verb}task-002 ") == ["4"]
        assert offered(f"{verb}task-002 3") == []
        assert offered(f"{verb}task-002 4 ") == []


def test_settings_of_agents(offered: Offered) -> None:
    """What they can be, or are often set to."""
    assert offered("/config agent.n") == ["agent.name"]
    assert offered("/config agent.name ") == ["qwen", "sim"]
    assert offered("/config executor a") == ["auto", "agent"]
    assert offered("/config notify d") == ["desktop"]
    assert offered("/config agent.review t") == ["true"]
    assert offered("/config permissions '[\"allow edit *") == ["'[\"allow edit *\"]'"]
    assert offered("/config agent.command ") == []
    assert offered("/new_task --executor ag") == ["agent"]


@pytest.mark.parametrize("rules", _OFTEN["permissions"])
def test_rules_that_are_offered_are_rules(rules: str) -> None:
    """As they stand in the line."""
    (word,) = split(rules).words
    assert changed(b"{}", "permissions", word.text).permissions == tuple(json.loads(word.text))


def test_what_agents_do_is_noticed_and_not_counted_again(facts: Facts) -> None:
    """While the tasks stay as they are; one that changes is counted at once."""
    counted, listed = facts.standing, facts.tasks()
    session = Session(SessionId("session-cart-cccc"), SessionKind.TASK, "Cart", facts.graph.root.id, task=task_id(2))
    asked = PermissionAsked(session.id, PermissionRequest(1, "execute", "Shell: ls", "ls"))
    asking = apply(apply(facts.graph, SessionOpened(session), AT), asked, AT)
    facts.notice(asking)
    assert counted is not None
    assert facts.standing == evolve(counted, asking=("task-002",))
    assert facts.tasks() is listed
    facts.notice(apply(asking, TaskCancelled(task_id(2)), AT))
    assert facts.standing is not None
    assert (facts.standing.total, counted.total) == (2, 3)
    assert facts.tasks() is not listed
    assert [t.status for t, _ in facts.tasks()].count(TaskStatus.CANCELLED) == 1
