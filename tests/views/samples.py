"""Answers made by hand, one or more of every kind, for the tests of the views."""

from __future__ import annotations

from typing import Any, get_type_hints

from qwen_orch.answers.agents import AgentAnswer
from qwen_orch.answers.core import Change, OrchestrationAnswer, ProgressAnswer, SessionAnswer, TaskAnswer
from qwen_orch.answers.exports import Drawing, Exported
from qwen_orch.answers.help import Farewell, Help, HelpEntry
from qwen_orch.answers.inside import Installed, Uninstalled
from qwen_orch.answers.permissions import Permissions, Permitted, QuestionAnswer
from qwen_orch.answers.plans import Approved, CommandShown, Imported, Merged, Planned, Playbook, Playbooks, Reset
from qwen_orch.answers.safety import Checkpoint, Diagnosis, Finding, Hook, HookList, Setting, Settings, Undone
from qwen_orch.answers.sessions import ContextAnswer, ContextPart, Entry, History, Recap, Resumed, SessionList
from qwen_orch.answers.status import Hours, PlanStatusAnswer, TaskStatusAnswer
from qwen_orch.answers.tasks import TaskList
from qwen_orch.answers.thinking import Kept, Thoughts
from qwen_orch.answers.work import Begun, Completeness, CriterionAnswer, Remaining, Worked, WorkedAll
from qwen_orch.model.activity import Action, ActionState
from qwen_orch.model.ids import PhaseId, SessionId, TaskId
from qwen_orch.model.plan import Phase
from qwen_orch.model.session import Thought
from qwen_orch.model.task import (
    Attempt,
    Criterion,
    CriterionStatus,
    Dependency,
    DependencyKind,
    Estimate,
    Evidence,
    Executor,
    Outcome,
)  # fmt: skip

AT = "2024-03-12T14:05:00+00:00"
LATER = "2024-03-12T14:07:30+00:00"
NEXT_DAY = "2024-03-13T09:00:00+00:00"

PASSED = Evidence("check", LATER, True, "shell", "pytest -q tests/orders", 0, 1.24, "12 passed in 1.1s\n")
FAILED = Evidence(
    "check",
    LATER,
    False,
    "shell",
    "ruff check .",
    1,
    0.31,
    "F401 `os` imported but unused\n --> orders/api.py:3:8\nFound 1 error.\n",
)


def changed(answer: Any, **more: Any) -> Any:
    """Return *answer* with some of its fields as in *more*."""
    return type(answer)(**{name: getattr(answer, name) for name in get_type_hints(type(answer))} | more)


def task(number: int, title: str, state: str = "pending", **more: Any) -> TaskAnswer:
    """Return a task; *state* may be a derived one."""
    status = {"blocked": "pending", "interrupted": "in_progress"}.get(state, state)
    plain: dict[str, Any] = {
        "id": f"task-{number:03d}", "title": title, "description": "", "phase": None, "parent": None, "status": status,
        "state": state, "blocked_by": (), "priority": "medium", "depends_on": (), "dependencies": (), "estimate": None,
        "progress": 0.0, "acceptance": (), "run": (), "tags": (), "assignee": None, "label": "", "summary": "",
        "source_line": None, "origins": (), "session": None, "created": AT, "updated": AT, "finished": None,
    }  # fmt: skip
    return TaskAnswer(**plain | more)


def hours(likely: float) -> Estimate:
    """Return an estimate whose mean is near *likely*."""
    return Estimate(likely / 2, likely, likely * 1.5, 0.7)


PHASES = (Phase(PhaseId("phase-1"), "Foundation"), Phase(PhaseId("phase-2"), "The service"))
SCHEMA = task(1, "Design the order schema", "completed", phase="phase-1", estimate=hours(2))
SERVICE = task(
    2,
    "Write the order service",
    "in_progress",
    phase="phase-2",
    priority="high",
    estimate=hours(24),
    description="Orders are created, paid and shipped.\nEach step is a transition that can be replayed.",
    acceptance=(
        Criterion("unit tests pass", "pytest -q tests/orders", CriterionStatus.PASSED, PASSED),
        Criterion("no lint is left", "ruff check .", CriterionStatus.FAILED, FAILED),
        Criterion("the team has read it"),
    ),
    run=("make build",),
    depends_on=("task-001",),
    dependencies=(
        Dependency(TaskId("task-001")),
        Dependency(TaskId("task-004"), DependencyKind.START_TO_START, 2.0, inferred=True),
    ),
    tags=("orders", "api"),
    assignee="ann",
    source_line=14,
    progress=0.4,
)
PAYMENT = task(3, "Take payments", phase="phase-2", parent="task-002", estimate=hours(4))
SHIPPING = task(4, "Ship parcels", "claimed", phase="phase-2", parent="task-002", estimate=hours(1.5))
PUBLISH = task(
    5, "Publish the package", "blocked", phase="phase-2", priority="low",
    blocked_by=("task-002", "task-003", "waiting for legal"), estimate=hours(0.5),
)  # fmt: skip
OLD = task(6, "Support the old protocol", "cancelled")
BROKEN = task(7, "Migrate the data", "failed", estimate=hours(8), phase="phase-1")
TASKS = (SCHEMA, BROKEN, SERVICE, PAYMENT, SHIPPING, PUBLISH, OLD)

ROOT = OrchestrationAnswer(
    "orch-order-service-x7k2", "Order service", "Build a service that takes, bills and ships orders.", "draft", None,
    ("shop",), ("runs on Python 3.11", "no order is ever lost"), ("the payment API may change",),
    (Criterion("everything passes", "make ci"),), AT, AT,
)  # fmt: skip
RUNNING = changed(ROOT, status="approved")
SESSION = SessionAnswer(
    "session-order-service-p3q9", "planning", "planning", "suspended", "Order service", ROOT.id, None, None, (), 5, 2,
    1, 0, AT, LATER,
)  # fmt: skip
WORK = SessionAnswer(
    "session-write-the-order-service-h8mn", "task", "task", "active", "Write the order service", ROOT.id, "task-002",
    SESSION.id, (), 0, 0, 0, 3, AT, NEXT_DAY, current=True,
)  # fmt: skip
PROGRESS = ProgressAnswer(1, 6, 0.42, {"pending": 2, "in_progress": 1, "claimed": 1, "completed": 1, "failed": 1})
THOUGHTS = (
    Thought(
        1, "The goal names three concerns: taking, billing and shipping orders; each becomes a task.", "requirements"
    ),
    Thought(2, "Publishing depends on all of them, though the document does not say so.", "decomposition"),
    Thought(3, "It says so in line 20: the dependency is stated, not inferred.", "review", revises=2),
    Thought(4, "Shipping could be bought instead.", "", branch="buy", branch_from=1),
)
TRIES = (
    Attempt(1, Executor.SHELL, SessionId(WORK.id), AT, Outcome.FAILED, LATER, "exit 2", "make: *** [build] Error 2\n"),
    Attempt(2, Executor.MANUAL, SessionId(WORK.id), NEXT_DAY),
)
STEPS = (
    Entry(1, AT, "ann", ("plan read: 7 tasks in 2 phases",), (SESSION.id,)),
    Entry(2, LATER, "ann", ("plan approved", "consent to 3 commands"), (), undone=True),
    Entry(3, NEXT_DAY, "shell", ("task-001 completed",), (WORK.id,)),
)
RECAP = Recap(
    RUNNING, PROGRESS, STEPS, (SERVICE,), (SHIPPING,), 1, ("orders/api.py", "tests/test_api.py"),
    ("ask Bo about VAT",), ("PostgreSQL: it is there already",), ("/complete_task task-002", "/task_status task-002"),
)  # fmt: skip

SHELF = (
    Playbook("rest-api", "An HTTP API with resources and tests", ("api", "rest", "endpoint"), False),
    Playbook("ours", "The way we do it here", (), True),
)
PLANNED = Planned(
    ROOT, SESSION, PHASES, TASKS, THOUGHTS, ("line 12: no task has the id T9", "line 30: two tasks are named 'Test'")
)
APPROVED = Approved(
    RUNNING,
    (PAYMENT,),
    (
        CommandShown("task-002", "run", "make build"),
        CommandShown("task-002", "check", "pytest -q tests/orders"),
        CommandShown(
            "task-005", "run", 'for f in dist/*; do\n  twine upload --repository shop "$f"   # each of them\ndone'
        ),
        CommandShown("quality gate", "check", "make ci"),
    ),
    ("task-001",),
)
LISTED = TaskList(TASKS, 7, 7, PHASES)
TREE = changed(LISTED, tree=True)
DETAILS = TaskList((SERVICE, PUBLISH), 2, 7, PHASES, details=True)
STATUS = PlanStatusAnswer(
    RUNNING, PROGRESS, (PAYMENT,), (SERVICE,), (PUBLISH,), ("task-002", "task-003", "task-005"),
    Hours(29.5, 2.13, 30, 33.2, 2), ("/new_task task-003", "/check_completeness"),
)  # fmt: skip
ONE = TaskStatusAnswer(SERVICE, (PASSED, FAILED), TRIES, (PAYMENT, SHIPPING), ("/complete_task task-002",))
STARTED = Worked(SERVICE, WORK, TRIES[1], (), ("/complete_task task-002",))
DONE = Worked(changed(SERVICE, status="completed", state="completed"), WORK, None, (PASSED,), ("/new_task",))
ALL = WorkedAll((SCHEMA, SHIPPING, BROKEN), 1, 1, 1, 3, ("/task_status task-007",))
INCOMPLETE = Completeness(
    False, RUNNING, PROGRESS,
    (
        CriterionAnswer("task-002", "unit tests pass", "pytest -q tests/orders", "passed", PASSED),
        CriterionAnswer("task-002", "no lint is left", "ruff check .", "failed", FAILED),
        CriterionAnswer("task-002", "the team has read it", None, "unverified", None),
        CriterionAnswer("quality gate", "everything passes", "make ci", "open", None),
    ),
    1,
    (
        Remaining("task-002", "Write the order service", "in_progress", "1 failed", "/complete_task task-002"),
        Remaining("task-005", "Publish the package", "blocked", "waits for task-002", "/task_status task-005"),
    ),
    ("give 'the team has read it' a command that proves it",),
    "report.md",
)  # fmt: skip
SESSIONS = SessionList((SESSION, WORK), 2, 5)
CONTEXT = ContextAnswer(
    WORK,
    (
        ContextPart(
            "task", "# Write the order service\n\n    Each step is a transition.\n", 120, True, "what is to be done"
        ),
        ContextPart("decisions", "- PostgreSQL: it is there already\n", 40, True, "what was settled"),
        ContextPart(
            "File: orders.py", "# File: orders.py\n…", 900, False, "left out: 840 tokens are left (as it is now)"
        ),
    ),
    160,
    1000,
    debug={"type": "task", "title": "Write the order service"},
)
HELP = Help(
    (
        HelpEntry("plan", "Planning", "/plan [TEXT]", "Read a plan, or make one for a goal."),
        HelpEntry(
            "approve_plan",
            "Planning",
            "/approve_plan [ORCH]",
            "Consent to the plan and to the commands that it may run later, whichever they are.",
        ),
        HelpEntry("new_task", "Doing", "/new_task [TASK]", "Start a task: the next one that is ready."),
    )
)
HELP_ONE = Help(
    (
        HelpEntry(
            "new_task",
            "Doing",
            "/new_task [TASK] [--executor EXECUTOR] [--force] [--all] [--jobs JOBS] [--skip-verification]",
            "Start a task: the next one that is ready.",
            "With --all everything that becomes ready is done.\nIt ends when nothing is ready.",
            (("--jobs JOBS", "how many at a time"), ("--force", "start it although something blocks it")),
        ),
    )
)  # fmt: skip
SETTINGS = Settings(
    (
        Setting("maxSessions", 50, 50, "how many sessions are kept"),
        Setting("autoCleanup", True, False, "whether sessions that ended long ago are removed without being asked for"),
        Setting("agent.command", [], [], "what starts the coding agent"),
    ),
    ".qwen/orchestration/config.json",
)
DIAGNOSIS = Diagnosis(
    (
        Finding("journal", "ok", "41 records, all sealed"),
        Finding("permissions", "warning", "plans/ can be read by others", "chmod 700 .qwen/orchestration/plans"),
    ),
    False,
)

REHEARSED = Diagnosis(
    (
        Finding(
            "edit",
            "warning",
            "manifests/orch-a.json was edited",
            "/update_task task-001 title:B",
            '- task-001 title: "A"\n+ task-001 title: "B"',
        ),
    ),
    True,
    (Change("manifests/orch-a.json", "rewrite", 1_950), Change("plans/orch-a.json", "make private")),
)
MERGED = Merged(
    ("task-004",),
    {"task-002": ("title", "depends_on"), "task-003": ("estimate",)},
    ("task-005",),
    ("task-008",),
    ("task-007",),
    ("title", "quality_gates"),
)

INSTALLED = Installed(
    "qwen", "/work/shop/.qwen", ("/plan", "/orch"), ("/work/shop/.qwen/settings.json", "/work/shop/.qwen/plan.md"), ()
)

ASKED = QuestionAnswer("task-002", WORK.id, 3, "execute", "Shell: make all", "make all\n&& make test", None, "", AT)
LOOKED = Action("call-4", "Shell: make test", "execute", ActionState.FAILED, AT)
AGENT = AgentAnswer("qwen", WORK.id, 41_250, 7, LOOKED, "all tests pass")

SAMPLES: dict[str, Any] = {
    "planned": PLANNED,
    "merged": changed(PLANNED, merged=MERGED),
    "nothing merged": changed(PLANNED, merged=Merged((), {}, (), (), ()), warnings=()),
    "approved": APPROVED,
    "reset": Reset(changed(ROOT, status="reset"), ".qwen/orchestration/backups/orch-order-service-x7k2-20240312.tar"),
    "imported": Imported(ROOT, 7, 2),
    "imported from beads": Imported(ROOT, 7, 1, "beads"),
    "playbooks": Playbooks(SHELF, "/work/shop/.qwen/orchestration/playbooks"),
    "playbook": Playbooks(
        SHELF[:1], "/work/shop/.qwen/orchestration/playbooks", "an API", "# An API\n\n- [ ] Build it\n"
    ),
    "list": LISTED,
    "tree": TREE,
    "details": DETAILS,
    "filtered": TaskList((PUBLISH,), 1, 7, PHASES),
    "empty": TaskList((), 0, 0, ()),
    "no match": TaskList((), 0, 7, PHASES),
    "status": STATUS,
    "one": ONE,
    "one by an agent": changed(ONE, agents=(AGENT,)),
    "started": STARTED,
    "begun": Begun((SERVICE,), "/work/shop/.qwen/orchestration/logs/background-x7k2.jsonl"),
    "begun nothing yet": Begun((), "/work/shop/.qwen/orchestration/logs/background-x7k2.jsonl"),
    "permissions": Permissions((ASKED,), (changed(ASKED, allowed=False, by="policy"),), ("/allow task-002 3",)),
    "no permissions": Permissions((), ()),
    "permitted": Permitted(changed(ASKED, allowed=True, by="person"), 1),
    "done": DONE,
    "all": ALL,
    "incomplete": INCOMPLETE,
    "complete": Completeness(True, RUNNING, ProgressAnswer(6, 6, 1.0, {"completed": 6}), (), 0, (), ()),
    "sessions": SESSIONS,
    "session tree": changed(SESSIONS, tree=True),
    "no sessions": SessionList((), 0, 0),
    "resumed": Resumed(WORK, RECAP),
    "resumed after an agent": Resumed(WORK, changed(RECAP, agents=(AGENT,))),
    "context": CONTEXT,
    "context written": changed(CONTEXT, path="context.md", debug=None),
    "history": History(STEPS),
    "timeline": History(STEPS, timeline=True),
    "no history": History(()),
    "help": HELP,
    "help one": HELP_ONE,
    "installed": INSTALLED,
    "installed before": changed(INSTALLED, written=()),
    "uninstalled": Uninstalled("qwen", "/work/shop/.qwen", (), INSTALLED.written, ()),
    "uninstalled but for one": Uninstalled("qwen", "/work/shop/.qwen", INSTALLED.written[:1], (), ("plan.md",)),
    "farewell": Farewell("All is kept. qwen-orch continues here."),
    "thoughts": Thoughts(SESSION, THOUGHTS, False),
    "no thoughts": Thoughts(SESSION, (), False),
    "kept": Kept(SESSION, "ask Bo about VAT"),
    "undone": Undone(STEPS[:1], False, 4),
    "redone": Undone(STEPS[:1], True, 5),
    "nothing undone": Undone((), False, 3),
    "checkpoint": Checkpoint(
        "before-payments", 41, ".qwen/orchestration/backups/x.jsonl", {"start": 1, "before-payments": 41}
    ),
    "settings": SETTINGS,
    "hooks": HookList(
        (
            Hook("task.failed", 'notify-send "$QWEN_ORCH_TEXT"', True),
            Hook("plan.approved", "curl -d @- https://example.org/new", False),
        ),
        "logs/hooks.log",
    ),
    "no hooks": HookList((), "logs/hooks.log"),
    "diagnosis": DIAGNOSIS,
    "diagnosis rehearsed": REHEARSED,
    "sessions rehearsed": changed(SESSIONS, would_change=()),
    "drawing": Drawing(
        ((0, "task-001"), (1, "task-002"), (2, "task-005"), (1, "task-003"), (2, "task-005")),
        TASKS,
        ("task-002", "task-005"),
    ),
    "exported": Exported("markdown", "plan.md"),
    "exported content": Exported("markdown", None, "# Plan"),
}
"""By a name of its own, every kind of answer in every way it is drawn."""
