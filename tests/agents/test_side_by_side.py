"""Attempts side by side in one folder: git tells that a file changed, not whose doing it was.

What waits here waits for a file or for a record of the journal, never for a time.
"""

from __future__ import annotations

from itertools import chain

import pytest

from qwen_orch.model.task import Evidence
from tests.agents.answers import Answer, text
from tests.agents.openai_model import Request
from tests.agents.product import PATIENCE, Bench, Product, claim

BEGUN = "run until grep -q '\"Progress[R]eported\"' .qwen/orchestration/journal/*; do sleep 0.1; done"
"""Waits until another attempt has reported, so that it has seen how the files were."""
OVER = "run until grep -q '\"Attempt[E]nded\"' .qwen/orchestration/journal/*; do sleep 0.1; done"
"""Waits until another attempt has failed."""
LIE = "claimed, but only others changed files"


def side_by_side(bench: Bench, *tasks: tuple[str, ...]) -> None:
    """Do *tasks*, each given by its lines, all at once and once each."""
    bench.configure(maxAttempts=1, agent__review="false", agent__idleTimeout="2m", agent__timeout="3m")
    lines = (chain([f"- [ ] Part {n}"], (f"  {line}" for line in task)) for n, task in enumerate(tasks, 1))
    bench.plan("\n".join(["# Work", "", *chain(*lines), ""]))
    bench.run(f"/new_task --all --jobs {len(tasks)} --yes")


def sim(*lines: str) -> tuple[str, ...]:
    """Return the lines of a task that the simulator does so."""
    return ("", *(f"sim: {line}" for line in lines))


def work(bench: Bench, number: int, kind: str = "work") -> Evidence:
    """Return what was seen of the work at a task."""
    (seen,) = [one for one in bench.task(number).evidence if one.kind == kind]
    return seen


def ending(bench: Bench, number: int) -> tuple[str, str]:
    """Return how the only attempt at a task ended, in words too."""
    (attempt,) = bench.task(number).attempts
    return attempt.outcome, attempt.detail


HONEST = sim(BEGUN, "write a.txt a", "claim a.txt is there")
SHELL = ("- run: `" + BEGUN.removeprefix("run ") + "; echo a > a.txt`",)


@pytest.mark.parametrize("other", [HONEST, SHELL], ids=["agent", "shell"])
def test_who_did_nothing_is_not_credited_with_what_another_did(bench: Bench, other: tuple[str, ...]) -> None:
    side_by_side(bench, sim("progress 0.5", "await a.txt", "lie all done"), other)
    assert ending(bench, 1) == ("suspicious", LIE)
    assert work(bench, 1).files == ()
    assert work(bench, 2, "run" if other is SHELL else "work").files == ("a.txt",)


def test_who_ran_a_command_is_not_credited_with_a_file_that_another_named(bench: Bench) -> None:
    side_by_side(bench, sim("progress 0.5", "run ls", "await a.txt", "lie all done"), HONEST)
    assert ending(bench, 1) == ("suspicious", LIE)


def test_who_ends_first_is_not_credited_with_the_other_ones_half_written_file(bench: Bench) -> None:
    slow = sim(BEGUN, "write a.txt half", OVER, "append a.txt whole", "claim a.txt is there")
    side_by_side(bench, sim("progress 0.5", "await a.txt", "lie all done"), slow)
    assert ending(bench, 1) == ("suspicious", LIE)
    assert (ending(bench, 2)[0], work(bench, 2).files, work(bench, 2).shared) == ("claimed", ("a.txt",), ())


def test_each_is_credited_with_what_it_named(bench: Bench) -> None:
    one = sim("progress 0.5", "await b.txt", "write a.txt a", "claim a.txt is there")
    other = sim(BEGUN, "write b.txt b", "await a.txt", "claim b.txt is there")
    side_by_side(bench, one, other)
    assert [(work(bench, n).files, work(bench, n).shared) for n in (1, 2)] == [(("a.txt",), ()), (("b.txt",), ())]


def test_what_commands_changed_may_be_either_ones_and_that_is_said(bench: Bench) -> None:
    one = sim("progress 0.5", "run echo a > a.txt", "await b.txt", "write c.txt c", "claim a.txt is there")
    other = sim(BEGUN, "await a.txt", "run echo b > b.txt", "await c.txt", "claim b.txt is there")
    side_by_side(bench, one, other)
    assert [ending(bench, n)[0] for n in (1, 2)] == ["claimed", "claimed"]
    assert work(bench, 1).shared == work(bench, 2).shared == ("a.txt", "b.txt")
    assert (work(bench, 1).files, work(bench, 2).files) == (("a.txt", "b.txt", "c.txt"), ("a.txt", "b.txt"))


def test_who_goes_on_after_an_interruption_is_not_credited_with_what_another_did_meanwhile(bench: Bench) -> None:
    side_by_side(bench, sim("progress 0.5", "await a.txt", "crash"), HONEST)
    assert [bench.task(n).attempts[0].outcome for n in (1, 2)] == ["interrupted", "claimed"]
    bench('/update_task task-001 "description:sim: lie all done"')
    bench.run("/new_task task-001 --yes")
    assert bench.attempts()[-1] == ("suspicious", "claimed, but nothing changed")


def test_qwen_names_what_it_writes_and_who_only_claims_is_found_out(project: Product) -> None:
    project.configure({"maxAttempts": 1, "agent.review": False, "agent.idleTimeout": "80s", "agent.timeout": "85s"})

    def works(request: Request) -> Answer:
        project.model.wait_for(1, "Beta", seconds=PATIENCE)
        return [project.write("a.txt", "a"), claim("a.txt is there"), text("Done.")][request.turn - 1]

    def lies(request: Request) -> Answer:
        project.model.wait_for(2, "Alpha", seconds=PATIENCE)  # the file is written by then
        return [claim("all done"), text("Done.")][request.turn - 1]

    project.model.play({"Alpha": works, "Beta": lies})
    project.plan("- [ ] Alpha works\n- [ ] Beta lies")
    project.run("new_task", "--all", "--jobs", "2", "--yes")
    assert project.attempts("task-002") == [("suspicious", LIE)]
    (seen,) = project.task("task-001")["evidence"]
    assert (seen["files"], seen["shared"]) == (["a.txt"], [])


def test_what_another_process_has_done_is_known_from_the_journal(simulated: Product) -> None:
    simulated.configure({"maxAttempts": 1, "agent.review": False, "agent.idleTimeout": "80s", "agent.timeout": "85s"})
    lie = sim("progress 0.5", "await a.txt", "lie all done")
    simulated.plan("\n  ".join(["- [ ] Part 1", *lie]) + "\n" + "\n  ".join(["- [ ] Part 2", *HONEST]))
    for one in [simulated.begin("new_task", f"task-00{n}", "--yes") for n in (1, 2)]:
        one.communicate(timeout=PATIENCE)
    assert simulated.attempts("task-001") == [("suspicious", LIE)]
    assert simulated.task("task-002")["evidence"][0]["files"] == ["a.txt"]
