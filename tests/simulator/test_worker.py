"""What is done for a prompt without instructions: modest work, chosen by the tools that are offered."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from qwen_orch.planning.reader import read
from qwen_orch.simulator.worker import instructions
from tests.simulator.conftest import Open, Orch

PLANNING = (
    "Plan this. Record at least 6 thoughts, then submit.\n\n# Goal\nBuild a shop.\nWith a cart.\n\n# Rules\n- none"
)
TASK = "# Goal\nA shop\n\n# Task\ntask-007: The cart (phase: Work)\nIt holds things.\n\n# Acceptance criteria\n- two"
VERIFYING = "# Task\ntask-007: The cart\n\n# Acceptance criteria\n- one\n- two (check: true)\n\n# Files\n"


def test_planning_thinks_as_often_as_asked_and_submits_a_plan(agent: Open, orch: Orch) -> None:
    """Over all the purposes, in plan mode, and without a question."""

    async def scene() -> None:
        async with agent(orch.spec("sequentialthinking", "submit_plan"), mode="plan") as talk:
            assert await talk.say(PLANNING) == "end_turn"
            *thoughts, (last, submitted) = orch.asked()
            purposes = ["requirements", "architecture", "decomposition", "risks"]
            assert [thought["purpose"] for _, thought in thoughts] == [*purposes, *purposes[:2]]
            assert [thought["thoughtNumber"] for _, thought in thoughts] == [1, 2, 3, 4, 5, 6]
            assert all("Build a shop" in thought["thought"] for _, thought in thoughts)
            assert len({thought["thought"] for _, thought in thoughts}) == 6
            assert (last, submitted["plan"].splitlines()[0]) == ("submit_plan", "# Build a shop")
            assert len(talk.told("agent_thought_chunk")) == 6

    asyncio.run(scene())


def test_a_prompt_that_only_asks_for_more_is_about_the_same_goal(agent: Open, orch: Orch) -> None:
    """What it does not say was said before, in this process or in an earlier one."""

    async def scene() -> None:
        spec = orch.spec("sequentialthinking", "submit_plan")
        async with agent(spec, mode="plan", load="sim-1") as talk:
            await talk.say(PLANNING)
        async with agent(spec, mode="plan", load="sim-1") as talk:
            await talk.say("There is no plan yet. What is missing: 2 more thoughts (6 of 8).")
        *_, before, _, first, second, last = orch.asked()
        assert (before[0], last[1]["plan"].splitlines()[0]) == ("sequentialthinking", "# Build a shop")
        assert [thought["thoughtNumber"] for _, thought in (first, second)] == [7, 8]
        assert len({arguments["thought"] for name, arguments in orch.asked() if name == "sequentialthinking"}) == 8

    asyncio.run(scene())


def test_a_task_is_a_note_that_says_what_was_asked(agent: Open, orch: Orch) -> None:
    """Then it is reported and claimed."""

    async def scene() -> None:
        async with agent(orch.spec("report_progress", "claim_done"), mode="default") as talk:
            await talk.say(TASK)
            note = (talk.cwd / "notes/task-007.md").read_text()
            assert note == "# What was asked\n\ntask-007: The cart (phase: Work)\nIt holds things.\n\n- two\n"
            assert orch.asked() == [
                ["report_progress", {"progress": 1.0, "note": "notes/task-007.md is written"}],
                ["claim_done", {"summary": "notes/task-007.md says what was asked"}],
            ]
            assert [question["kind"] for question in talk.client.questions] == ["edit"]

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("files", "met", "reason"),
    [
        (["src/a.py"], True, "there: src/a.py"),
        (["`src/a.py`", "src/b.py (new)"], False, "missing: src/b.py"),
        ([], False, "no file is named"),
    ],
)
def test_a_verification_looks_for_the_files(agent: Open, orch: Orch, files: list[str], met: bool, reason: str) -> None:
    """Each criterion is met when all of them are there."""

    async def scene() -> None:
        async with agent(orch.spec("report_finding")) as talk:
            (talk.cwd / "src").mkdir()
            (talk.cwd / "src/a.py").touch()
            await talk.say(VERIFYING + "".join(f"- {file}\n" for file in files))
            found = {"met": met, "confidence": 0.9, "reason": reason}
            assert orch.asked() == [["report_finding", {"criterion": n, **found}] for n in (1, 2)]

    asyncio.run(scene())


def test_the_files_of_a_review_are_those_that_changed(agent: Open, orch: Orch) -> None:
    """The heading may say more than one word."""

    async def scene() -> None:
        async with agent(orch.spec("report_finding")) as talk:
            await talk.say(VERIFYING.replace("# Files", "# Files changed") + "- gone.py\n")
            assert [asked["reason"] for _, asked in orch.asked()] == ["missing: gone.py"] * 2

    asyncio.run(scene())


LINES = "sim: write a.txt a\nsim: claim done\nsim: finding 1 yes 1 seen\n- sim: review say looked"


def test_a_review_does_not_do_the_task_again(agent: Open, orch: Orch) -> None:
    """The task's lines stand in its prompt, too; what is meant for it are findings, and what says so."""

    async def scene() -> None:
        async with agent(orch.spec("report_finding")) as talk:
            await talk.say(LINES)
            assert [name for name, _ in orch.asked()] == ["report_finding"]
            assert talk.answer() == "looked\n"
            await talk.say(f"{VERIFYING}- a.txt\nsim: write a.txt a\nsim: crash")
            assert [asked["met"] for _, asked in orch.asked()] == [True, False, False]
            assert list(talk.cwd.iterdir()) == []

    asyncio.run(scene())


def test_work_leaves_the_lines_of_the_review(agent: Open, orch: Orch) -> None:
    """It could not do them."""

    async def scene() -> None:
        async with agent(orch.spec("claim_done")) as talk:
            await talk.say(LINES)
            assert [name for name, _ in orch.asked()] == ["claim_done"]
            assert talk.answer() == ""

    asyncio.run(scene())


def test_without_a_tool_it_says_what_it_needs(agent: Open) -> None:
    """A person who tries it by hand is told what to write."""

    async def scene() -> None:
        async with agent() as talk:
            await talk.say("Hello?")
            assert "write a line such as sim: say hello" in talk.answer()

    asyncio.run(scene())


def test_what_a_person_writes_comes_before_modest_work(agent: Open, orch: Orch) -> None:
    """One instruction is enough."""

    async def scene() -> None:
        async with agent(orch.spec("claim_done")) as talk:
            await talk.say(f"{TASK}\n- sim: lie I did it all")
            assert orch.asked() == [["claim_done", {"summary": "I did it all"}]]
            assert not (talk.cwd / "notes").exists()

    asyncio.run(scene())


def test_the_plan_is_one_that_our_reader_takes_whole() -> None:
    """Three tasks, each with a criterion and an estimate, in a row; and no warning."""
    *_, (verb, plan, _) = instructions([PLANNING], ["submit_plan"], Path())
    draft = read(plan)
    assert (verb, draft.title, draft.warnings) == ("plan", "Build a shop", ())
    assert [[d.task for d in task.depends_on] for task in draft.tasks] == [[], [0], [1]]
    assert [task.phase for task in draft.tasks] == [0, 1, 2]
    assert all(task.estimate and len(task.acceptance) == 1 for task in draft.tasks)
