"""Every example does what its README says, with real commands and real files."""

from __future__ import annotations

import json
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

from tests.examples.conftest import ROOT, Ran

Run = Callable[[str], Ran]


def statuses(ran: Ran) -> dict[str, str]:
    """Return the state of each task by its id."""
    return {t["id"]: t["state"] for t in ran.orch("/list_tasks")["result"]["tasks"]}


def test_every_example_is_run_here() -> None:
    """An example without a test of its name would rot."""
    folders = {p.parent.name for p in (ROOT / "examples").glob("*/steps.sh")}
    tested = {name.removeprefix("test_").replace("_", "-") for name in globals() if name.startswith("test_")}
    assert len(folders) >= 5
    assert folders <= tested


def test_greeter(run: Run) -> None:
    """The plan builds, tests and packages a program, is proven complete, and what was packed runs."""
    ran = run("greeter")
    assert ran.code == 0, ran.printed
    assert ran.printed.rstrip().endswith("Habari, Ada!")
    assert set(statuses(ran).values()) == {"completed"}
    greeted = subprocess.run(
        ["python3", "dist/greeter.pyz", "--language", "fr", "Ada"],
        cwd=ran.folder,
        env=ran.environment,
        capture_output=True,
        check=True,
    )
    assert greeted.stdout.decode() == "Bonjour, Ada !\n"
    with tarfile.open(ran.folder / "dist" / "greeter-1.0.tar") as archive:
        assert "tests/test_greeter.py" in archive.getnames()
    assert [line.split()[1] for line in ran.text("dist/SHA256SUMS").splitlines()] == [
        "greeter-1.0.tar",
        "greeter.pyz",
    ]
    assert ran.text("dist/plan-done.md").count("- [x]") == 7


def test_greeter_is_not_complete_once_its_program_is_broken(run: Run) -> None:
    """No stored verdict is trusted: the checks run again, and one that fails now names its task."""
    ran = run("greeter")
    (ran.folder / "dist" / "greeter.pyz").write_text("broken\n", encoding="utf-8")
    found = ran.orch("/check_completeness")["result"]
    assert found["complete"] is False
    assert {r["task"] for r in found["remaining"]} >= {"task-005", "task-007"}


def test_agent(run: Run) -> None:
    """What the agent did is proven by checks, what it only claimed is not believed, and then a person does that."""
    ran = run("agent")
    assert ran.code == 0, ran.printed
    assert set(statuses(ran).values()) == {"completed"}
    outcomes = [a["outcome"] for a in ran.orch("/task_status", "3")["result"]["attempts"]]
    assert outcomes == ["suspicious", "suspicious"]
    assert "def html():" in ran.text("page.py")
    evidence = ran.orch("/task_status", "2")["result"]["evidence"]
    assert [(e["kind"], e["by"], e["passed"]) for e in evidence] == [
        ("work", "sim", True),
        ("review", "sim", True),
        ("check", "qwen-orch", True),
    ]


def test_release(run: Run) -> None:
    """The script does what commands can, the gate stays closed with exit code 4, and a person's word opens it."""
    ran = run("release")
    assert ran.code == 0, ran.printed
    closed = json.loads(ran.text("gate.json"))
    assert closed["ok"] is True
    assert closed["result"]["complete"] is False
    assert [r["task"] for r in closed["result"]["remaining"]] == ["task-004"]
    assert "task-004 Announce the release: not started; continue with /new_task task-004" in ran.printed
    assert ran.text("CHANGES.md").startswith("# 2.4.0\n")
    answer = ran.orch("/check_completeness")["result"]
    assert (answer["complete"], answer["unverified"]) == (True, 1)


def test_ci(run: Run) -> None:
    """The gate names what the plan claims and the code does not do, and opens once the code is mended."""
    ran = run("ci")
    assert ran.code == 0, ran.printed
    assert "::error::task-002: a blank line counts as nothing" in ran.printed
    assert "2 of 3 tasks are proven" in ran.printed
    assert ran.printed.rstrip().endswith("3 of 3 tasks are proven")
    assert "**Complete**" in ran.text("report.md")


def test_by_hand(run: Run) -> None:
    """Notes, decisions and thoughts are kept, a cancelled task comes back, and the card tells where one was."""
    ran = run("by-hand")
    assert ran.code == 0, ran.printed
    assert statuses(ran) == {
        "task-001": "completed",
        "task-002": "pending",
        "task-003": "blocked",
        "task-004": "blocked",
        "task-005": "blocked",
    }
    thoughts = ran.orch("/think")["result"]["thoughts"]
    slow, price, earlier, _ = thoughts[-4:]
    assert slow["text"] == "People leave because the page is slow."
    assert price["revises"] == slow["number"]
    assert (earlier["branch"], earlier["branch_from"]) == ("price", price["number"])
    assert "Where was I: Payment interviews" in ran.printed
    assert "- Ask what they did, never what they think (because people" in ran.printed


def test_side_by_side(run: Run) -> None:
    """What may run at once does, each kind of dependency holds, and a lag keeps its task waiting."""
    ran = run("side-by-side")
    assert ran.code == 0, ran.printed
    assert ran.text("order-of-work.txt").split() == ["customers", "watched", "orders", "joined"]
    assert ran.text("joined.csv") == "2,book,Ada\n"
    assert statuses(ran)["task-006"] == "blocked"
    kinds = {d["kind"] for t in ran.orch("/list_tasks")["result"]["tasks"] for d in t["dependencies"]}
    assert kinds == {"finish-to-start", "start-to-start", "finish-to-finish"}
    assert ran.text("plan.mmd").startswith("flowchart")


def test_playbook(run: Run) -> None:
    """A goal of one line becomes a plan of the project's own playbook, with a task for each thing it names."""
    ran = run("playbook")
    assert ran.code == 0, ran.printed
    titles = [t["title"] for t in ran.orch("/list_tasks")["result"]["tasks"]]
    assert titles[1:4] == ["Write about prices", "Write about people", "Write about places"]
    assert ran.text("issue.md").splitlines() == ["About people.", "About places.", "About prices."]
    assert ran.orch("/check_completeness", "--skip-tests")["result"]["complete"] is True


def test_a_copy_is_never_made_over_something(tmp_path: Path, environment: dict[str, str]) -> None:
    """A folder that exists is refused, and so is an example that does not; nothing is removed."""
    (tmp_path / "mine").mkdir()
    for words in (["greeter", str(tmp_path / "mine")], ["no-such", str(tmp_path / "new")]):
        done = subprocess.run(
            ["sh", str(ROOT / "examples" / "run.sh"), *words], env=environment, capture_output=True, check=False
        )
        assert done.returncode == 2
    assert list((tmp_path / "mine").iterdir()) == []
    assert not (tmp_path / "new").exists()
