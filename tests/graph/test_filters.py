"""The filter language: what each term means, what is refused and how, and what is offered while typing."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from immutables import Map

from qwen_orch.errors import UsageError
from qwen_orch.graph.filter_keys import SESSION_TABLE, TASK_TABLE
from qwen_orch.graph.filters import session_filter, suggestions, task_filter
from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import OrchestrationId, PhaseId, SessionId, TaskId, task_id
from qwen_orch.model.plan import Orchestration, Phase, Plan
from qwen_orch.model.session import Session, SessionKind, SessionState
from qwen_orch.model.task import Attempt, Dependency, Estimate, Executor, Outcome, Priority, Task, TaskStatus

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PHASES = (Phase(PhaseId("phase-1"), "Data layer"), Phase(PhaseId("phase-2"), 'The "API", part 2'))


def hours(likely: float) -> Estimate:
    return Estimate(likely / 2, likely, likely * 2, 0.5)


def graph_of(*tasks: Task) -> Graph:
    plan = Orchestration(OrchestrationId("orch-shop-abcd"), "Shop", Plan("sell things", phases=PHASES))
    return Graph(plan, Map({t.id: t for t in tasks}))


STOPPED = Attempt(1, Executor.SHELL, SessionId("session-x-abcd"), NOW.isoformat(), Outcome.INTERRUPTED)
GRAPH = graph_of(
    Task(task_id(1), "Design the schema", phase=PHASES[0].id, tags=("DB", "core"), assignee="ann", estimate=hours(2)),
    Task(task_id(2), "Write migrations", phase=PHASES[0].id, depends_on=(Dependency(task_id(1)),), estimate=hours(8)),
    Task(task_id(3), "Réponse: the API", phase=PHASES[1].id, priority=Priority.HIGH, status=TaskStatus.COMPLETED),
    Task(task_id(4), "Part of the API", parent=task_id(3), assignee="Bob", estimate=hours(40), tags=("api",)),
    Task(task_id(5), "Loose end", status=TaskStatus.IN_PROGRESS, attempts=(STOPPED,)),
    Task(task_id(6), "Old idea - dropped", status=TaskStatus.CANCELLED, blockers=("waiting for legal",)),
    Task(task_id(7), "Held up", blockers=("waiting for legal",), priority=Priority.CRITICAL),
)


def meant(text: str) -> list[int]:
    test = task_filter(text, GRAPH, NOW)
    return [int(t.id[-3:]) for t in GRAPH.ordered() if test(t)]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", [1, 2, 3, 4, 5, 6, 7]),
        ("status:pending", [1, 2, 4, 7]),
        ("status:Completed", [3]),
        ("status:in-progress", [5]),
        ("status:in_progress,cancelled", [5, 6]),
        ("-status:in_progress,cancelled", [1, 2, 3, 4, 7]),
        ("status:blocked", [2, 7]),
        ("status:ready", [1, 4]),
        ("status:interrupted", [5]),
        ("ready:yes", [1, 4]),
        ("ready:no", [2, 3, 5, 6, 7]),
        ("blocked:yes", [2, 7]),
        ("-blocked:yes", [1, 3, 4, 5, 6]),
        ("priority:high,critical", [3, 7]),
        ("tag:db", [1]),
        ("tag:#DB,api", [1, 4]),
        ("tag:nowhere", []),
        ("tag:none", [2, 3, 5, 6, 7]),
        ("assignee:@Ann", [1]),
        ("assignee:bob", [4]),
        ("assignee:none", [2, 3, 5, 6, 7]),
        ("phase:phase-1", [1, 2]),
        ("phase:1", [1, 2]),
        ("phase:layer", [1, 2]),
        ('phase:"data layer"', [1, 2]),
        ('phase:"the api, part"', [3, 4]),
        ("phase:none", [5, 6, 7]),
        ("estimate:2h", [1]),
        ("estimate:=1d", [2]),
        ("estimate:>4h", [2, 4]),
        ("estimate:>=1d", [2, 4]),
        ("estimate:<1d", [1]),
        ("estimate:<=1d", [1, 2]),
        ("estimate:120m,1w", [1, 4]),
        ("estimate:none", [3, 5, 6, 7]),
        ("-estimate:<1w", [3, 4, 5, 6, 7]),
        ("id:3", [3]),
        ("id:task-00", [1, 2, 3, 4, 5, 6, 7]),
        ("id:task-003,7", [3, 7]),
        ("API", [3, 4]),
        ("the api", [3, 4]),
        ("the -api", [1]),
        ('"the api"', [3, 4]),
        ('-"the api"', [1, 2, 5, 6, 7]),
        ('"Réponse:"', [3]),
        ("RÉPONSE", [3]),
        ("-", [6]),
        ("status:pending priority:medium -tag:db", [2, 4]),
        ("  status:pending   held ", [7]),
    ],
)
def test_tasks(text: str, numbers: list[int]) -> None:
    assert meant(text) == numbers


SESSIONS = [
    Session(
        SessionId(f"session-{name}"),
        kind,
        name,
        OrchestrationId("orch-shop-abcd"),
        state,
        task=task,
        parent=parent,
        tags=tags,
        created=(NOW - age).isoformat(),
        updated=(NOW - age / 2).isoformat(),
    )
    for name, kind, state, task, parent, tags, age in [
        ("plan", SessionKind.PLANNING, SessionState.COMPLETED, None, None, ("big",), timedelta(days=20)),
        (
            "work",
            SessionKind.TASK,
            SessionState.SUSPENDED,
            task_id(7),
            SessionId("session-plan"),
            (),
            timedelta(days=1),
        ),
        (
            "check",
            SessionKind.VERIFICATION,
            SessionState.ACTIVE,
            task_id(7),
            SessionId("session-work"),
            (),
            timedelta(),
        ),
    ]
]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("type:planning,task", "plan work"),
        ("state:active", "check"),
        ("tag:big", "plan"),
        ("task:7", "work check"),
        ("task:none", "plan"),
        ("parent:session-pl", "work"),
        ("parent:none", "plan"),
        ("orchestration:orch-shop", "plan work check"),
        ("created:today", "check"),
        ("created:yesterday", "work"),
        ("created:2026-10-31", "plan"),
        ("created:>2026-10-31", "work check"),
        ("created:<=2026-10-31", "plan"),
        ("created:<7d", "work check"),
        ("created:>2w", "plan"),
        ("created:>=1d", "plan work"),
        ("updated:<1d", "work check"),
        ("updated:<90m", "check"),
        ("-created:today work", "work"),
    ],
)
def test_sessions(text: str, names: str) -> None:
    test = session_filter(text, NOW)
    assert [s.title for s in SESSIONS if test(s)] == names.split()


def test_a_day_begins_where_the_person_is() -> None:
    east = NOW.astimezone(timezone(timedelta(hours=13)))
    at_noon_in_utc_it_is_tomorrow_there = session_filter("created:today", east)
    assert at_noon_in_utc_it_is_tomorrow_there(SESSIONS[2])
    early = evolve(SESSIONS[2], created=(NOW - timedelta(hours=2)).isoformat())
    assert not at_noon_in_utc_it_is_tomorrow_there(early)
    assert session_filter("created:today", NOW)(early)


def test_an_unknown_time_passes_no_test() -> None:
    assert not session_filter("created:>1d", NOW)(evolve(SESSIONS[0], created=""))


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("stat:pending", "'stat'; did you mean status?", "status, priority"),
        ("fix: it", "no filter key 'fix'", '"fix:"'),
        ("fix:tests", "no filter key 'fix'", '"fix:tests"'),
        ("status:pendng", "'pendng' is not a value of status; did you mean pending?", "blocked, ready, interrupted"),
        ("status:pending,x", "'x' is not", "pending"),
        ("-priority:urgent", "'urgent' is not", "critical, high, medium, low"),
        ("status:", "needs a value", "pending"),
        ("status:,", "needs a value", "pending"),
        ("ready:maybe", "'maybe'", "yes, no"),
        ("estimate:soon", "expected a duration such as", ">4h"),
        ("estimate:>", "expected a duration", ">4h"),
        ("estimate:4h..8h", "expected a duration", ">4h"),
        ('phase:"dta layer"', "did you mean Data layer?", "Data layer"),
        ('title "open', "a quote is not closed", "Data layer"),
        ("st\x1b[2Jat:x", "no filter key 'stat'", "status"),
    ],
)
def test_what_is_refused(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        task_filter(text, GRAPH, NOW)
    assert message in refused.value.message
    assert hint in " ".join(refused.value.hints)


@pytest.mark.parametrize("text", ["created:7d", "created:2026-02-30", "updated:<7x", "created:tomorow"])
def test_times_that_are_not(text: str) -> None:
    with pytest.raises(UsageError, match=r"expected a (day|duration)"):
        session_filter(text, NOW)


def test_every_known_value_is_accepted() -> None:
    for key in TASK_TABLE:
        for value in key.values:
            task_filter(f"{key.name}:{value}", GRAPH, NOW)
    for key in SESSION_TABLE:
        for value in key.values:
            session_filter(f"{key.name}:{value}", NOW)


@pytest.mark.parametrize(
    ("word", "first"),
    [
        ("", ["status:", "priority:", "tag:"]),
        ("st", ["status:"]),
        ("-st", ["-status:"]),
        ("status:c", ["status:claimed", "status:completed", "status:cancelled"]),
        ("status:pending,bl", ["status:pending,blocked"]),
        ("-status:pending,p", []),
        ("-priority:hi", ["-priority:high"]),
        ("tag:", ["tag:none", "tag:DB", "tag:api", "tag:core"]),
        ("tag:db,", ["tag:db,none", "tag:db,api", "tag:db,core"]),
        ("phase:d", ['phase:"Data layer"']),
        ('phase:"da', ['phase:"Data layer"']),
        ('phase:"Data layer",th', ['phase:"Data layer","The API, part 2"']),
        ("assignee:A", ["assignee:ann"]),
        ("id:task-007", ["id:task-007"]),
        ("nokey:x", []),
    ],
)
def test_completion(word: str, first: list[str]) -> None:
    offered = [s.value for s in suggestions(word, GRAPH)]
    assert offered[: len(first)] == first
    assert bool(offered) == bool(first)


def test_completion_tells_what_things_are() -> None:
    assert ("id:task-007", "Held up") in suggestions("id:", GRAPH)
    assert ("state:", "where it stands") in suggestions("st", None, sessions=True)
    assert len(suggestions("id:", graph_of(*(Task(task_id(n), "t") for n in range(1, 200))))) == 100


@pytest.mark.parametrize("word", ["", "-", "phase:", "tag:db,", "assignee:"])
def test_what_is_offered_is_accepted(word: str) -> None:
    for offered, _ in suggestions(word, GRAPH):
        if not offered.endswith(":"):
            task_filter(offered, GRAPH, NOW)


@settings(deadline=None)
@given(st.text('abc:,"-<>=1 dhstatus\x1b漢', max_size=30))
def test_any_text_is_a_filter_or_a_usage_error(text: str) -> None:
    for make in (lambda: task_filter(text, GRAPH, NOW), lambda: session_filter(text, NOW)):
        with contextlib.suppress(UsageError):
            make()
    suggestions(text, GRAPH)


@settings(deadline=None)
@given(st.sampled_from([f"{key.name}:{value}" for key in TASK_TABLE for value in key.values]))
def test_a_negated_term_means_the_others(term: str) -> None:
    assert sorted(meant(term) + meant(f"-{term}")) == [1, 2, 3, 4, 5, 6, 7]


def test_titles_too_long_to_read_are_searched_all_the_same() -> None:
    task = Task(TaskId("task-001"), "x" * 100_000 + " needle")
    assert task_filter("needle", graph_of(task), NOW)(task)
