"""The laws of verdicts."""

from __future__ import annotations

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from qwen_orch.graph.apply import apply
from qwen_orch.model import event as e
from qwen_orch.model.ids import TaskId, task_id
from qwen_orch.model.task import Criterion, CriterionStatus, Evidence, Task, TaskStatus
from qwen_orch.verification.judge import Judgement, Verdict, events_of, judge, settled_parents
from tests.strategies import LAW, T0, graph_of, task

CHECKS = ("make test", "make lint", "true")

evidence = st.builds(
    Evidence,
    kind=st.sampled_from(["run", "attested", "check", "subtasks"]),
    at=st.just(T0),
    passed=st.booleans(),
    command=st.sampled_from(["", "make"]),
)
criteria = st.builds(
    Criterion,
    text=st.sampled_from(["it works", "it is nice"]),
    check=st.none() | st.sampled_from(CHECKS),
    status=st.sampled_from(CriterionStatus),
)
tasks = st.lists(criteria, max_size=4).map(lambda some: task(1, acceptance=tuple(some)))
observations = st.dictionaries(
    st.sampled_from(CHECKS), st.booleans().map(lambda ok: Evidence("check", T0, ok, exit_code=0 if ok else 1))
)
claims = st.lists(evidence, max_size=3)


@LAW
@given(tasks, observations, claims)
def test_a_failed_check_fails_the_task_whatever_anybody_says(
    subject: Task, checked: dict[str, Evidence], claim: list[Evidence]
) -> None:
    """One check of the task that fails is enough, and nothing else ever fails a task."""
    failing = any(c.check in checked and not checked[c.check].passed for c in subject.acceptance if c.check)
    assert (judge(subject, checked, claim).verdict is Verdict.FAILED) == failing


@LAW
@given(tasks, observations, claims)
def test_nothing_is_completed_without_evidence(
    subject: Task, checked: dict[str, Evidence], claim: list[Evidence]
) -> None:
    """A completed task stands on a passed check, a person's word, or its own command where nothing else is asked."""
    judged = judge(subject, checked, claim)
    if judged.verdict is not Verdict.COMPLETED:
        return
    stands = [v for v in judged.evidence if v.passed]
    assert stands
    proven = any(c.status is CriterionStatus.PASSED for c in judged.acceptance)
    attested = any(v.kind == "attested" for v in stands)
    worked = any(v.kind in ("run", "subtasks") for v in stands) and not subject.acceptance
    assert proven or attested or worked


@LAW
@given(tasks, observations, claims)
def test_a_check_that_was_not_run_completes_nothing(
    subject: Task, checked: dict[str, Evidence], claim: list[Evidence]
) -> None:
    """Neither a word nor another check stands in for a command that could have told, and was not asked."""
    if any(c.check and c.check not in checked for c in subject.acceptance):
        assert judge(subject, checked, claim).verdict is not Verdict.COMPLETED


@LAW
@given(tasks, observations, claims)
def test_criteria_say_what_was_seen_now(subject: Task, checked: dict[str, Evidence], claim: list[Evidence]) -> None:
    """Texts and checks stay; a status is what this look found, never what was stored before."""
    judged = judge(subject, checked, claim)
    assert [(c.text, c.check) for c in judged.acceptance] == [(c.text, c.check) for c in subject.acceptance]
    for criterion in judged.acceptance:
        seen = checked.get(criterion.check or "")
        if seen is None:
            assert criterion.status is CriterionStatus.UNVERIFIED
        else:
            assert criterion.status is (CriterionStatus.PASSED if seen.passed else CriterionStatus.FAILED)
            assert criterion.evidence is seen


@LAW
@given(tasks, observations, claims)
def test_evidence_of_the_claim_is_never_lost(
    subject: Task, checked: dict[str, Evidence], claim: list[Evidence]
) -> None:
    """What came with the claim stands first among the evidence, then what each check showed."""
    judged = judge(subject, checked, claim)
    assert judged.evidence[: len(claim)] == tuple(claim)
    assert set(checked.values()).issuperset(judged.evidence[len(claim) :]) or not subject.acceptance


def test_a_failed_command_of_its_own_is_no_proof() -> None:
    """All commands of the task must have succeeded; then a task without criteria is completed by them."""
    good, bad = Evidence("run", T0, True), Evidence("run", T0, False)
    assert judge(task(1), {}, [good, good]).verdict is Verdict.COMPLETED
    assert judge(task(1), {}, [good, bad]).verdict is Verdict.UNDECIDED
    assert judge(task(1), {}).verdict is Verdict.UNDECIDED


def test_a_word_that_is_a_refusal_attests_nothing() -> None:
    """Only an attestation that says yes counts."""
    assert judge(task(1), {}, [Evidence("attested", T0, False)]).verdict is Verdict.UNDECIDED


def test_a_criterion_without_a_check_is_unverified_and_keeps_the_word() -> None:
    """A person's word completes the task, is kept beside the criterion, and does not turn into a proof."""
    word = Evidence("attested", T0, True, by="person", output="looked at it")
    judged = judge(task(1, acceptance=(Criterion("it is nice"),)), {}, [word])
    kept = Criterion("it is nice", None, CriterionStatus.UNVERIFIED, word)
    assert judged == Judgement(Verdict.COMPLETED, (kept,), (word,))


def test_what_a_verdict_is_made_lasting_by() -> None:
    """Completed and failed are verdicts; undecided leaves the status alone and keeps what was found."""
    looked = (Criterion("x", None, CriterionStatus.UNVERIFIED),)
    seen = (Evidence("run", T0, True),)
    one = TaskId("task-001")
    assert events_of(one, Judgement(Verdict.COMPLETED, looked, seen)) == [e.VerdictGiven(one, True, looked, seen)]
    assert events_of(one, Judgement(Verdict.FAILED, looked, seen)) == [e.VerdictGiven(one, False, looked, seen)]
    assert events_of(one, Judgement(Verdict.UNDECIDED, looked, seen)) == [e.CriteriaChecked(one, looked)]


# Parents

DONE = TaskStatus.COMPLETED


def _settles(*tasks: Task, done: tuple[int, ...]) -> list[str]:
    """Return the parents that *tasks* settle once those numbered in *done* are completed."""
    return [v.task for v in settled_parents(graph_of(*tasks), [task_id(n) for n in done], T0)]


def test_a_parent_completes_with_its_last_part() -> None:
    """Not before; and its own parent with it, with the parts named as evidence."""
    family = [task(1), task(2, parent=task_id(1)), task(3, parent=task_id(2)), task(4, parent=task_id(2))]
    assert _settles(*family, done=(3,)) == []
    family[3] = evolve(family[3], status=DONE)
    verdicts = list(settled_parents(graph_of(*family), [task_id(3)], T0))
    proof = [Evidence("subtasks", T0, True, "qwen-orch", output=parts) for parts in ("task-003, task-004", "task-002")]
    assert verdicts == [
        e.VerdictGiven(task_id(2), True, (), (proof[0],)),
        e.VerdictGiven(task_id(1), True, (), (proof[1],)),
    ]


def test_a_parent_that_asks_for_something_itself_is_not_completed_by_its_parts() -> None:
    """Commands and criteria of its own are still to be done and proven."""
    part = task(2, parent=task_id(1))
    assert _settles(task(1), part, done=(2,)) == [task_id(1)]
    assert _settles(task(1, run=("make",)), part, done=(2,)) == []
    assert _settles(task(1, acceptance=(Criterion("x"),)), part, done=(2,)) == []


def test_cancelled_parts_prove_nothing() -> None:
    """A parent whose parts were all cancelled was not done by anybody; one completed part among them is enough."""
    gone = TaskStatus.CANCELLED
    parts = [task(2, parent=task_id(1), status=gone), task(3, parent=task_id(1), status=gone)]
    assert _settles(task(1), *parts, done=(2, 3)) == []
    parts[0] = evolve(parts[0], status=DONE)
    assert _settles(task(1), *parts, done=(3,)) == [task_id(1)]


def test_a_parent_that_is_worked_on_or_settled_is_left_alone() -> None:
    """Only one that is pending or claimed can be completed by its parts."""
    part = task(2, parent=task_id(1))
    legal = {s for s in TaskStatus if _settles(task(1, status=s), part, done=(2,))}
    assert legal == {TaskStatus.PENDING, TaskStatus.CLAIMED}


@LAW
@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(TaskStatus)), min_size=1, max_size=7), st.data())
def test_no_parent_is_completed_over_an_open_part(shape: list[tuple[int, TaskStatus]], data: st.DataObject) -> None:
    """In any tree, after the verdicts every parent that they complete has settled parts only."""
    forest = [
        task(n, parent=task_id(above) if 0 < above < n else None, status=status)
        for n, (above, status) in enumerate(shape, 1)
    ]
    graph = graph_of(*forest)
    done = data.draw(st.sets(st.sampled_from(sorted(graph.tasks)), max_size=3))
    done = {i for i in done if graph.tasks[i].status is not TaskStatus.CANCELLED}
    for name in done:
        graph = apply(graph, e.VerdictGiven(name, True), T0)
    for verdict in settled_parents(graph, done, T0):
        assert graph.task(verdict.task).status in (TaskStatus.PENDING, TaskStatus.CLAIMED)
        graph = apply(graph, verdict, T0)
        assert all(p.status.settled for p in graph.subtasks(verdict.task))
        assert any(p.status is DONE for p in graph.subtasks(verdict.task))
