"""Doing and proving: attempts, verdicts, and what is on the disk afterwards."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from qwen_orch.errors import (
    AgentError,
    DependencyError,
    StateTransitionError,
    StorageError,
    TaskNotFound,
    UsageError,
)
from qwen_orch.model.session import SessionState
from qwen_orch.model.task import CriterionStatus, Executor, Outcome, TaskStatus
from tests.commands.desk import Desk


def plan_of(*items: str) -> str:
    """Return a plan document of these tasks, each a title with ``; key: value`` terms below it."""
    lines = ["# Plan", ""]
    for item in items:
        title, *terms = item.split(" ; ")
        lines += [f"- [ ] {title}", *(f"  - {term}" for term in terms)]
    return "\n".join(lines)


# By the shell


def test_a_command_and_its_check(desk: Desk) -> None:
    """The command runs, then its check, and only that completes the task; both are kept as evidence."""
    desk.plan(plan_of("Build ; run: `echo made | tee built.txt` ; check: `grep made built.txt`"))
    worked = desk("/new_task")
    assert (worked.task.id, worked.task.status, worked.exit_code) == ("task-001", "completed", 0)
    assert Path("built.txt").read_text() == "made\n"
    task = desk.task(1)
    assert [(a.number, a.executor, a.outcome) for a in task.attempts] == [(1, Executor.SHELL, Outcome.CLAIMED)]
    seen = [(v.kind, v.command, v.exit_code, v.passed, v.output) for v in task.evidence]
    assert seen == [
        ("run", "echo made | tee built.txt", 0, True, "made"),
        ("check", "grep made built.txt", 0, True, "made"),
    ]
    assert [(c.status, c.evidence) for c in task.acceptance] == [(CriterionStatus.PASSED, task.evidence[1])]
    assert worked.evidence == task.evidence
    states = {s.kind: s.state for s in desk.graph.sessions.values()}
    assert states == {"planning": "active", "task": "completed", "verification": "completed"}
    desk.sound()


def test_what_is_shown_meanwhile_and_in_which_order(desk: Desk) -> None:
    """Started, the output line by line, the check, the end; nothing is shown that is not durable."""
    desk.plan(plan_of("Build ; run: `echo one; echo two` ; run: `echo three` ; check: `true`"))
    desk("/new_task")
    assert desk.door.kinds("task-001") == ["started", "output", "checking", "ended"]
    assert desk.door.lines("task-001") == ["$ echo one; echo two", "one", "two", "$ echo three", "three"]


def test_a_command_that_fails(desk: Desk) -> None:
    """The commands after it are not run, the task fails with what was seen, and a script stops there."""
    desk.plan(plan_of("Build ; run: `echo oops; exit 3` ; run: `touch never` ; check: `true`"))
    worked = desk("/new_task")
    assert (worked.task.status, worked.exit_code) == ("failed", 1)
    assert not Path("never").exists()
    task = desk.task(1)
    attempt = task.attempts[0]
    assert (attempt.outcome, attempt.detail) == (Outcome.FAILED, "failed: `echo oops; exit 3` exited with 3")
    assert [(v.kind, v.exit_code, v.output) for v in task.evidence] == [("run", 3, "oops")]
    assert desk.graph.session(attempt.session).state is SessionState.FAILED
    assert worked.next[0] == "/new_task task-001"


def test_a_failing_check_fails_a_task_whose_command_succeeded(desk: Desk) -> None:
    """Exit code 0 of the work is a claim; the check decides."""
    desk.plan(plan_of("Build ; run: `true` ; check: `echo missing; false`"))
    worked = desk("/new_task")
    assert (worked.task.status, worked.exit_code) == ("failed", 1)
    task = desk.task(1)
    assert task.acceptance[0].status is CriterionStatus.FAILED
    assert [(v.kind, v.passed) for v in task.evidence] == [("run", True), ("check", False)]


def test_a_failed_task_can_be_tried_again(desk: Desk) -> None:
    """The second attempt has a number and session of its own, and the first stays in the record."""
    desk.plan(plan_of("Build ; run: `test -f ready`"))
    assert desk("/new_task").task.status == "failed"
    Path("ready").touch()
    assert desk("/new_task 1").task.status == "completed"
    assert [(a.number, a.outcome) for a in desk.task(1).attempts] == [(1, Outcome.FAILED), (2, Outcome.CLAIMED)]


def test_a_command_that_takes_too_long(desk: Desk) -> None:
    """commandTimeout ends it: the attempt timed out, with what it had printed."""
    desk.plan(plan_of("Build ; run: `echo begun; sleep 600`"))
    for limit in ("1s", "10s", "60s"):  # on a busy machine it may not even have begun in the first
        desk(f"/config commandTimeout {limit}")
        worked = desk("/new_task 1")
        if "begun" in worked.evidence[0].output:
            break
    assert (worked.task.status, worked.exit_code, worked.attempt.outcome) == ("failed", 1, Outcome.TIMED_OUT)
    assert worked.attempt.detail == "failed: `echo begun; sleep 600` ran out of time"
    assert worked.evidence[0].exit_code is None
    assert worked.evidence[0].output.startswith("begun\nstopped after")


def test_a_check_that_takes_too_long_is_a_failed_check(desk: Desk) -> None:
    """What cannot be seen to pass has not passed."""
    desk("/config commandTimeout 1s")
    desk.plan(plan_of("Build ; run: `true` ; check: `sleep 60`"))
    assert desk("/new_task").task.status == "failed"


def test_skipped_verification_leaves_a_claim(desk: Desk) -> None:
    """Nothing is checked and nothing completed; /complete_task checks later and loses nothing of the evidence."""
    desk.plan(plan_of("Build ; run: `echo done` ; check: `touch checked`", "Pack ; run: `echo packed`"))
    worked = desk("/new_task 1 --skip-verification")
    assert worked.task.status == "claimed"
    assert not Path("checked").exists()
    assert desk("/complete_task 1").task.status == "completed"
    assert [v.kind for v in desk.task(1).evidence] == ["run", "attested", "check"]
    desk("/new_task 2 --skip-verification")
    assert desk("/complete_task 2").task.status == "completed"
    assert next((v.kind, v.output) for v in desk.task(2).evidence) == ("run", "packed")


def test_a_hundred_lines_are_shown_and_a_bounded_tail_kept(desk: Desk) -> None:
    """The whole is in the log of the session."""
    desk.plan(plan_of("Build ; run: `seq 100000`"))
    worked = desk("/new_task")
    output = worked.evidence[0].output
    assert output.startswith("…")
    assert output.endswith("99999\n100000")
    assert len(output) < 9_000
    assert (desk.project.layout.log(worked.attempt.session)).read_text().count("\n") == 100_000


def test_binary_output_is_stored_as_text(desk: Desk) -> None:
    """Nothing that a terminal obeys reaches the record, the screen or JSON."""
    desk.plan(plan_of(r"Build ; run: `printf '\033]0;title\007\377\000end'`"))
    assert desk("/new_task").evidence[0].output == "\ufffdend"


def test_nothing_to_run(desk: Desk) -> None:
    """The shell can do only what has a command."""
    desk.plan()
    error = desk.refused("/new_task 2 --executor shell --force", AgentError)
    assert error.hints[0] == "/new_task task-002 --executor manual"


def test_the_executor_of_the_settings_is_used(desk: Desk) -> None:
    """And what the command says goes before it."""
    desk("/config executor manual")
    desk.plan()
    assert desk("/new_task").attempt.executor is Executor.MANUAL
    desk("/update_task 1 status:pending")
    assert desk("/new_task 1 --executor shell").attempt.executor is Executor.SHELL


# Consent


def test_before_approval_nothing_starts(desk: Desk) -> None:
    """Neither by hand nor by the shell, named or not; what to type is said, and no file is left."""
    desk.plan(approve=False)
    before = desk.bytes_on_disk()
    for line in ("/new_task", "/new_task 1", "/new_task 3", "/new_task --all", "/complete_task 2"):
        assert desk.refused(line, StateTransitionError).hints[0] == "/approve_plan"
    assert desk.bytes_on_disk() == before


@pytest.mark.parametrize("change", ["run:'touch evil'", "check:'touch evil'", "run:none run:'touch evil'"])
def test_a_changed_command_is_not_run_before_it_was_seen(desk: Desk, change: str) -> None:
    """Any change of a command takes back the consent to all commands of the task."""
    desk.plan()
    desk(f"/update_task 1 {change}")
    before = desk.bytes_on_disk()
    assert desk.refused("/new_task 1", StateTransitionError).hints == ("/approve_plan",)
    desk.refused("/new_task", StateTransitionError)
    assert desk("/new_task --all").tasks == ()
    desk("/check_completeness")
    assert not Path("evil").exists()
    assert not Path("catalogue.txt").exists()
    assert set(before) <= set(desk.bytes_on_disk())
    assert [c.command for c in desk("/approve_plan").commands if c.task == "task-001"] != []
    desk("/new_task 1")
    assert Path("evil").exists()


def test_a_task_that_was_added_has_no_consent(desk: Desk) -> None:
    """Its commands are shown by the next approval, and run only then."""
    desk.plan()
    added = desk("/add_task Clean --run 'touch cleaned'").task
    assert desk.refused(f"/new_task {added.id}", StateTransitionError).hints == ("/approve_plan",)
    shown = desk("/approve_plan").commands
    assert ("task-004", "run", "touch cleaned") in [c[:3] for c in shown]
    assert desk(f"/new_task {added.id}").task.status == "completed"


def test_a_word_cannot_stand_in_for_a_check_that_may_not_run(desk: Desk) -> None:
    """A check nobody approved could have told: until it may be run, nobody's word completes the task."""
    desk.plan()
    desk("/add_task Prove --check false")
    before = desk.bytes_on_disk()
    assert desk.refused("/complete_task 4 trust me", StateTransitionError).hints == ("/approve_plan",)
    assert desk.bytes_on_disk() == before
    desk("/approve_plan")
    assert desk("/complete_task 4 trust me").task.status == "failed"


def test_a_check_that_is_added_while_the_task_is_claimed(desk: Desk) -> None:
    """It is asked before the claim is granted."""
    desk.plan(plan_of("Build ; run: `true`"))
    desk("/new_task --skip-verification")
    desk("/update_task 1 check:false")
    desk.refused("/complete_task 1", StateTransitionError)
    desk("/approve_plan")
    assert desk("/complete_task 1").task.status == "failed"


# By hand


def test_by_hand(desk: Desk) -> None:
    """A session is opened and current; the person's word completes what nothing can check, and is kept as such."""
    desk.plan(plan_of("Talk to Ada ; Done when: she is content"))
    started = desk("/new_task")
    assert (started.task.status, started.attempt.outcome, started.exit_code) == ("in_progress", Outcome.RUNNING, 0)
    assert desk.project.current.session == started.session.id
    done = desk("/complete_task 1 she was very content")
    task = desk.task(1)
    assert (done.task.status, task.summary) == ("completed", "she was very content")
    assert [(v.kind, v.by, v.passed, v.output) for v in task.evidence] == [
        ("attested", "person", True, "she was very content")
    ]
    assert task.acceptance[0].status is CriterionStatus.UNVERIFIED
    assert desk.graph.session(started.session.id).state is SessionState.COMPLETED


def test_a_word_does_not_outweigh_a_failing_check(desk: Desk) -> None:
    """The claim is recorded, the check decides, and a script stops there."""
    desk.plan(plan_of("Build ; check: `test -f built`"))
    desk("/new_task")
    claimed = desk("/complete_task 1 it is really done")
    assert (claimed.task.status, claimed.exit_code) == ("failed", 1)
    assert [(v.kind, v.passed) for v in desk.task(1).evidence] == [("attested", True), ("check", False)]


def test_a_failed_claim_without_an_attempt_stops_a_script_too(desk: Desk) -> None:
    """A task may be claimed that was never started; when its check fails, the exit code says so."""
    desk.plan(plan_of("Build ; check: `test -f built`"))
    claimed = desk("/complete_task 1")
    assert (claimed.task.status, claimed.attempt, claimed.exit_code) == ("failed", None, 1)


def test_a_task_that_failed_can_be_claimed_after_it_was_mended(desk: Desk) -> None:
    """By a person who did what the command could not."""
    desk.plan(plan_of("Build ; check: `test -f built`"))
    desk("/complete_task 1")
    Path("built").touch()
    assert desk("/complete_task 1").task.status == "completed"


def test_which_task_is_meant(desk: Desk) -> None:
    """The one of the current session, else the only one under way; else the person must say."""
    desk.plan(plan_of("A", "B", "C"))
    assert desk.refused("/complete_task", StateTransitionError).hints == ("/new_task",)
    desk("/new_task 1")
    desk("/new_task 2")
    assert desk("/complete_task").task.id == "task-002"
    desk("/new_task 3")
    desk("/note of another session")
    desk("/resume session-plan")
    error = desk.refused("/complete_task", StateTransitionError)
    assert set(error.hints) == {"/complete_task task-001", "/complete_task task-003"}
    desk("/complete_task 3")
    assert desk("/complete_task").task.id == "task-001"


@pytest.mark.parametrize("executor", ["agent", "shell"])
def test_work_that_was_cut_short_is_claimed_by_name_only(desk: Desk, executor: str) -> None:
    """Nobody is at it: who says that it is done says which it is; work by hand beside it is what is meant."""
    desk.plan(plan_of("A", "B"))
    desk("/export_plan json --include-progress --output plan.json")
    page = json.loads(Path("plan.json").read_text())
    attempt = {"number": 1, "executor": executor, "session": "session-x-aaaa", "started": "2026-01-01T00:00:00+00:00"}
    page["tasks"][0] |= {"status": "in_progress", "attempts": [attempt | {"outcome": "running"}]}
    Path("plan.json").write_text(json.dumps(page))
    desk("/import plan.json", yes=True)
    error = desk.refused("/complete_task", StateTransitionError)
    assert error.message == "task-001 was interrupted: name what is done all the same"
    assert error.hints == ("/complete_task task-001",)
    desk("/approve_plan")
    desk("/new_task 2")
    assert desk("/complete_task").task.id == "task-002"
    assert desk("/complete_task 1").task.id == "task-001"


def test_starting_what_is_started_already(desk: Desk) -> None:
    """It is refused, and leads to what can be done."""
    desk.plan(plan_of("A"))
    desk("/new_task 1")
    before = desk.bytes_on_disk()
    assert desk.refused("/new_task 1", StateTransitionError).hints[0] == "/complete_task task-001"
    desk("/complete_task 1")
    assert desk.refused("/new_task 1", StateTransitionError).hints == ("/update_task task-001 status:pending",)
    assert len(desk.task(1).attempts) == 1
    assert set(before) <= set(desk.bytes_on_disk())


def test_a_task_that_is_settled_is_refused_to_the_shell_without_a_trace(desk: Desk) -> None:
    """A start that is refused leaves no log behind."""
    desk.plan(plan_of("A ; run: `true`"))
    desk("/new_task 1")
    before = desk.bytes_on_disk()
    desk.refused("/new_task 1", StateTransitionError)
    assert desk.bytes_on_disk() == before


def test_no_such_task(desk: Desk) -> None:
    """Named, with the nearest that there is."""
    desk.plan()
    assert "task-00" in desk.refused("/new_task task-009", TaskNotFound).message
    assert desk.refused("/complete_task zebra", TaskNotFound).hints == ("/list_tasks",)
    unquoted = desk.refused("/complete_task It starts now", TaskNotFound)
    assert unquoted.hints == ('/complete_task "It starts now"', "/list_tasks")


# What holds up


def test_a_blocked_task_is_refused_and_what_blocks_it_named(desk: Desk) -> None:
    """With --force it starts all the same; the dependency stays in the record."""
    desk.plan()
    before = desk.bytes_on_disk()
    error = desk.refused("/new_task 3", DependencyError)
    assert error.message == "task-003 is blocked by task-002"
    assert error.hints == ("/task_status task-002", "/new_task task-003 --force")
    desk.refused("/complete_task 3", DependencyError)
    assert desk.bytes_on_disk() == before
    assert desk("/new_task 3 --force").task.status == "in_progress"


def test_a_blocker_in_words(desk: Desk) -> None:
    """It blocks until it is taken away, and the hint does that."""
    desk.plan(plan_of("A"))
    desk("/update_task 1 blocker:'waits for the printer'")
    error = desk.refused("/new_task 1", DependencyError)
    assert error.message == "task-001 is blocked by waits for the printer"
    assert error.hints[0] == "/update_task task-001 blocker:none"
    assert desk.refused("/complete_task 1", DependencyError).hints[0] == "/update_task task-001 blocker:none"
    desk(error.hints[0])
    assert desk("/new_task 1").task.status == "in_progress"


def test_a_phase_that_waits(desk: Desk) -> None:
    """The hint leads to the tasks of the phase that is waited for."""
    desk.plan("# P\n## Phase 1: First\n- [ ] A\n## Phase 2: Second\n**Depends on:** Phase 1\n\n- [ ] B\n")
    error = desk.refused("/new_task 2", DependencyError)
    assert error.hints[0] == "/list_tasks phase:phase-1"
    assert desk(error.hints[0]).tasks[0].id == "task-001"


def test_no_task_is_ready(desk: Desk) -> None:
    """It says what to go on with instead: an interrupted, failed or unfinished task, or the proof."""
    desk.plan(plan_of("A ; run: `false`", "B ; depends on: A"))
    desk("/new_task")
    assert desk.refused("/new_task", StateTransitionError).hints[0] == "/new_task task-001"
    desk("/cancel_task 1")
    desk("/new_task")
    assert desk.refused("/new_task", StateTransitionError).hints[0] == "/complete_task task-002"
    desk("/complete_task 2")
    assert desk.refused("/new_task", StateTransitionError).hints[0] == "/check_completeness"


def test_a_parent_completes_with_its_last_part(desk: Desk) -> None:
    """With its parts as evidence; not before, and not by hand over an open part."""
    desk.plan("# P\n- [ ] Whole\n  - [ ] One part\n  - [ ] Other part\n")
    error = desk.refused("/complete_task 1", DependencyError)
    assert error.hints[0] == "/task_status task-002"
    assert not any("--force" in h for h in error.hints)  # nothing can force a whole to be done before its parts
    desk("/complete_task 2")
    assert desk.statuses() == {1: "pending", 2: "completed", 3: "pending"}
    desk("/complete_task 3")
    assert desk.statuses() == {1: "completed", 2: "completed", 3: "completed"}
    assert [(v.kind, v.output) for v in desk.task(1).evidence] == [("subtasks", "task-002, task-003")]


def test_a_parent_with_a_check_of_its_own(desk: Desk) -> None:
    """Its parts make it ready; its own check completes it."""
    desk.plan("# P\n- [ ] Whole\n  - check: `test -f whole`\n  - [ ] Build the part\n")
    desk("/complete_task 2")
    assert desk.statuses() == {1: "pending", 2: "completed"}
    assert desk("/task_status").ready[0].id == "task-001"
    Path("whole").touch()
    assert desk("/complete_task 1").task.status == "completed"


def test_a_part_that_is_reopened_reopens_what_it_is_part_of(desk: Desk) -> None:
    """A whole is never completed while a part is open, however the part came to be so."""
    desk.plan("# P\n- [ ] Whole\n  - [ ] Half\n    - [ ] Quarter\n")
    desk("/complete_task 3")
    assert set(desk.statuses().values()) == {"completed"}
    desk("/update_task 3 status:pending")
    assert desk.statuses() == {1: "pending", 2: "pending", 3: "pending"}
    desk("/complete_task 3")
    desk("/add_task Another part --parent 2")
    assert desk.statuses() == {1: "pending", 2: "pending", 3: "completed", 4: "pending"}
    desk("/complete_task 4")
    assert set(desk.statuses().values()) == {"completed"}
    desk("/add_task Lost")
    desk("/update_task 5 parent:2")
    assert desk.statuses() == {1: "pending", 2: "pending", 3: "completed", 4: "completed", 5: "pending"}
    desk("/complete_task 5")
    assert set(desk.statuses().values()) == {"completed"}


def test_finish_to_finish(desk: Desk) -> None:
    """It may be done at once, is claimed, and completed by the step that completes the other; what is shown says so."""
    desk.plan("# P\n- [ ] Write the book\n- [ ] Print the book\n  - run: `echo printed`\n")
    _depends(desk, 2, 1, "finish-to-finish")
    worked = desk("/new_task 2")
    assert worked.task.status == "claimed"
    assert [u.text for u in desk.door.shown if u.kind == "ended"] == ["claimed"]
    error = desk.refused("/complete_task 2", DependencyError)
    assert error.hints == ("/task_status task-001",)
    desk("/complete_task 1")
    assert desk.task(2).status == "completed"
    assert desk.task(2).evidence[0].output == "printed"


def test_start_to_finish(desk: Desk) -> None:
    """It is completed once the other has begun."""
    desk.plan("# P\n- [ ] New shift\n- [ ] Old shift\n")
    _depends(desk, 2, 1, "start-to-finish")
    desk("/new_task 2")
    desk.refused("/complete_task 2", DependencyError)
    desk("/new_task 1")
    assert desk("/complete_task 2").task.status == "completed"


def _depends(desk: Desk, task: int, other: int, kind: str) -> None:
    """Give a task a dependency of a kind that no command line can state."""
    from attrs import evolve

    from qwen_orch.model import event as e
    from qwen_orch.model.ids import task_id
    from qwen_orch.model.task import Dependency, DependencyKind

    edge = Dependency(task_id(other), DependencyKind(kind))
    desk.project.writer().commit(
        "test",
        lambda graph: [e.TaskEdited(evolve(graph.task(task_id(task)), depends_on=(edge,)), ("depends_on",))],
    )


# Everything


def test_everything_in_the_order_of_dependencies(desk: Desk) -> None:
    """What becomes ready is done in the same run; what needs a person is left, and named."""
    desk.plan(
        plan_of(
            "One ; run: `echo 1 >> order`",
            "Two ; run: `echo 2 >> order` ; depends on: One",
            "Three ; run: `echo 3 >> order` ; depends on: Two",
            "By hand",
        )
    )
    done = desk("/new_task --all")
    assert Path("order").read_text().split() == ["1", "2", "3"]
    assert [t.id for t in done.tasks] == ["task-001", "task-002", "task-003"]
    assert (done.completed, done.failed, done.claimed, done.remaining, done.exit_code) == (3, 0, 0, 1, 0)
    assert done.next == ("/new_task",)


def test_side_by_side_and_never_more(desk: Desk) -> None:
    """Three at a time of seven: each sees how many run with it. All three must have met, and never a fourth."""
    script = "touch run.$$; ls | grep -c ^run >> seen; for i in $(seq 3000); do test -f met && break; "
    script += "test $(ls | grep -c ^run) -ge 3 && touch met; sleep 0.02; done; sleep 0.1; rm run.$$"
    desk.plan(plan_of(*(f"Job {n} ; run: `{script}`" for n in range(7))))
    assert desk("/new_task --all --jobs 3").completed == 7
    assert Path("met").exists()
    assert max(map(int, Path("seen").read_text().split())) <= 3


def test_one_failure_holds_up_only_what_depends_on_it(desk: Desk) -> None:
    """The rest is done; the exit code says that not all is well."""
    desk.plan(
        plan_of(
            "Bad ; run: `false`",
            "After bad ; run: `touch never` ; depends on: Bad",
            "Good ; run: `true`",
            "After good ; run: `true` ; depends on: Good",
        )
    )
    done = desk("/new_task --all --jobs 2")
    assert desk.statuses() == {1: "failed", 2: "pending", 3: "completed", 4: "completed"}
    assert (done.completed, done.failed, done.remaining, done.exit_code) == (2, 1, 2, 1)
    assert not Path("never").exists()
    assert done.next[0] == "/new_task task-001"


def test_a_failed_task_is_not_tried_twice_in_one_run(desk: Desk) -> None:
    """Nor one that its own check reopened."""
    desk.plan(plan_of("Bad ; run: `echo x >> tries; false`"))
    desk("/new_task --all")
    assert Path("tries").read_text() == "x\n"


@pytest.mark.parametrize("line", ["--all --jobs 0", "--all --jobs 65", "--all --jobs -1", "--jobs 2", "2 --all"])
def test_words_that_do_not_go_together(desk: Desk, line: str) -> None:
    """What would be ignored is refused: everything must not be done when one task was named."""
    desk.plan()
    before = desk.bytes_on_disk()
    desk.refused(f"/new_task {line}", UsageError)
    assert desk.bytes_on_disk() == before


# Two shells


def test_two_shells_see_each_others_work(desk: Desk) -> None:
    """Each command first catches up with what the other has written."""
    desk.plan(plan_of("A", "B"))
    other = desk.another()
    desk("/new_task 1")
    assert other("/task_status").in_progress[0].id == "task-001"
    other("/complete_task 1")
    assert desk("/task_status 1").task.status == "completed"


def test_two_shells_start_one_task(desk: Desk) -> None:
    """Exactly one wins, however they come; the other is told, and its session is not there."""
    from concurrent.futures import ThreadPoolExecutor

    desk.plan(plan_of("A"))
    shells = [desk.another() for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(lambda s: s.run("/new_task 1"), shells))
    assert sorted(type(o.error).__name__ for o in outcomes) == ["NoneType"] + ["StateTransitionError"] * 5
    assert len(desk.task(1).attempts) == 1
    assert sorted(s.kind for s in desk.graph.sessions.values()) == ["planning", "task"]
    desk.sound()


def test_another_shell_cancels_what_runs(desk: Desk) -> None:
    """What the command does afterwards changes nothing: the task stays cancelled, and nothing is left open."""
    desk.plan(plan_of("A ; run: `touch begun; while test ! -f go; do sleep 0.02; done`"))
    outcome = _meanwhile(desk, "/new_task 1", "/cancel_task 1 not any more")
    assert isinstance(outcome.error, StateTransitionError)
    assert desk.task(1).status is TaskStatus.CANCELLED
    assert {s.kind: s.state.ended for s in desk.graph.sessions.values()} == {"planning": False, "task": True}


def test_another_shell_reopens_and_restarts_what_runs(desk: Desk) -> None:
    """The end of the first attempt is not taken for the end of the second."""
    desk.plan(plan_of("A ; run: `touch begun; while test ! -f go; do sleep 0.02; done`"))
    outcome = _meanwhile(desk, "/new_task 1", "/update_task 1 status:pending", "/new_task 1 --executor manual")
    assert isinstance(outcome.error, StateTransitionError)
    task = desk.task(1)
    assert [(a.executor, a.outcome) for a in task.attempts] == [("shell", "cancelled"), ("manual", "running")]
    assert task.status is TaskStatus.IN_PROGRESS
    assert desk.graph.session(task.attempts[0].session).state.ended


def _meanwhile(desk: Desk, line: str, *others: str):  # type: ignore[no-untyped-def]
    """Run *line*, and *others* in another shell once its command has begun; return what became of *line*."""
    from concurrent.futures import ThreadPoolExecutor

    other = desk.another()
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(desk.run, line)
        until = time.monotonic() + 60
        while not Path("begun").exists() and time.monotonic() < until:
            time.sleep(0.01)
        for one in others:
            other(one)
        Path("go").touch()
        return working.result(60)


def test_a_claimed_task_is_cancelled_while_its_check_runs(desk: Desk) -> None:
    """The verdict comes too late; the verification does not stay open."""
    desk.plan(plan_of("A ; check: `touch begun; while test ! -f go; do sleep 0.02; done`"))
    outcome = _meanwhile(desk, "/complete_task 1", "/cancel_task 1")
    assert isinstance(outcome.error, StateTransitionError)
    assert desk.task(1).status is TaskStatus.CANCELLED
    assert all(s.state.ended for s in desk.graph.sessions.values() if s.kind == "verification")


def test_a_log_that_cannot_be_made(desk: Desk) -> None:
    """A typed error of storage; nothing has started."""
    desk.plan()
    (desk.project.home / "logs").write_text("in the way")
    desk.refused("/new_task 1", StorageError)
    assert desk.task(1).attempts == ()


def test_what_was_done_may_be_said_without_the_task(desk: Desk) -> None:
    """Quoted, it is no id: the task one is working on is meant."""
    desk.plan("# P\n- [ ] Write the book\n")
    desk("/new_task")
    assert desk('/complete_task "all is written"').task.status == "completed"
    assert desk.task(1).summary == "all is written"
