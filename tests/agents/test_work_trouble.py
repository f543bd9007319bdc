"""What the network, the model's endpoint and the agent itself do wrong: none of it is the task's fault, or believed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from qwen_orch.errors import AgentError
from tests.agents import qwen_cli
from tests.agents.answers import Answer, Forever, cut, finished, forever, garbage, hang, status, text
from tests.agents.openai_model import Model, nobody_listens
from tests.agents.product import Bench, Product, claim, running, soon

AT_ONCE = 4
"""Projects that are tried at a time: nearly all that they do is wait."""


class Case(NamedTuple):
    """What the model does, the settings, and how the only attempt ends: outcome, words, and how often it was asked."""

    script: list[Answer | Forever]
    outcome: str
    words: str
    requests: range
    settings: Mapping[str, object] = {}


SHORT: Mapping[str, object] = {"agent.idleTimeout": "15s"}
SILENT = "no sign of life for 15 seconds (agent.idleTimeout)"
CASES = {
    "a key that is refused": Case([status(401, message="no")], "interrupted", "the model answered 401 no", range(1, 2)),
    "no such model": Case([status(404, message="no")], "interrupted", "the model answered 404 no", range(1, 2)),
    "for ever busy": Case([forever(status(429))], "interrupted", SILENT, range(1, 99), SHORT),
    "for ever unavailable": Case([forever(status(503))], "interrupted", SILENT, range(1, 99), SHORT),
    "it hangs": Case([forever(hang())], "interrupted", SILENT, range(1, 2), SHORT),
    "garbage": Case([forever(garbage())], "interrupted", "Model stream ended without a finish reason.", range(9, 10)),
    "cut short": Case([forever(finished(text("Half"), "length"))], "suspicious", "no report", range(10, 11)),
}


def test_what_the_endpoint_does_wrong_is_said_and_interrupts(qwen: Path, tmp_path: Path) -> None:
    """Or, where Qwen Code calls it a success, is doubted. A request that is refused for good is not made again."""
    with ExitStack() as stack, ThreadPoolExecutor(AT_ONCE) as pool:
        tried = {name: pool.submit(_tried, stack, qwen, tmp_path / str(n), case) for n, (name, case) in _numbered()}
        told = {name: one.result() for name, one in tried.items()}
    for name, case in CASES.items():
        (outcome, words), requests, answer = told[name]
        assert (name, outcome) == (name, case.outcome)
        assert words.startswith(case.words), (name, words)
        assert requests in case.requests, (name, requests)
        if outcome == "interrupted":
            assert answer["error"]["type"] == "AgentError"
            assert f"qwen stopped: {case.words}" in answer["error"]["message"]
            assert answer["error"]["hints"][0] == "/new_task task-001"


def _numbered() -> list[tuple[int, tuple[str, Case]]]:
    return list(enumerate(CASES.items()))


def _tried(stack: ExitStack, qwen: Path, place: Path, case: Case) -> tuple[tuple[str, str], int, dict[str, Any]]:
    """Return how the attempt ended, how many requests were made, and the answer of the command."""
    place.mkdir()
    model = stack.enter_context(Model(case.script))
    env = qwen_cli.environment(qwen, qwen_cli.make_home(place / "home"), model.url)
    product = Product.made(place, env, model)
    product.configure({"maxAttempts": 1, **case.settings})
    product.plan("- [ ] Do something")
    answer = product.told("new_task", "--yes")
    product.nothing_is_left()
    return product.attempts()[0], len(model.requests), answer


def test_what_passes_is_waited_for_and_the_work_goes_on(project: Product) -> None:
    """Two errors, then a stream that is cut: it is asked again, by the agent itself."""
    wrote = project.write("a.txt", "a")
    project.model.play([status(500), status(500), cut(text("half whole")), wrote, claim("it is there"), text(".")])
    project.plan("- [ ] Write it\n  - check: `test -s a.txt`")
    assert project.result("new_task", "--yes")["task"]["status"] == "completed"


def test_an_endpoint_that_is_down_and_then_up_again(project: Product) -> None:
    """Nothing listens; the attempt is interrupted after some tries, and the next goes on in the agent's session."""
    wrote = project.write("a.txt", "a")
    with nobody_listens() as port:
        project.env["OPENAI_BASE_URL"] = f"http://127.0.0.1:{port}/v1"
        project.plan("- [ ] Write it\n  - check: `test -s a.txt`")
        done = project.run("new_task", "--yes")
        assert (done.returncode, "Connection error." in done.stderr) == (1, True)
        assert "trying again in 2 seconds" in done.stderr
        assert [outcome for outcome, _ in project.attempts()] == ["interrupted"]
        assert project.task()["task"]["state"] == "interrupted"
        with Model([wrote, claim("it is there"), text(".")], port=port) as up:
            assert project.result("new_task", "task-001", "--yes")["task"]["status"] == "completed"
            assert len(up.requests) == 3


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("error 401 no", "the model answered 401 no"),
        ("crash", "it went away during the turn"),
        ("hang", "no sign of life for 10 seconds (agent.idleTimeout)"),
        ("hang deaf", "no sign of life for 10 seconds (agent.idleTimeout)"),
    ],
)
def test_an_agent_that_gives_out_interrupts_the_attempt(bench: Bench, line: str, words: str) -> None:
    if "hang" in line:
        bench.configure(agent__idleTimeout="10s")
    bench.planned("write a.txt a", line)
    refused = bench.refused("/new_task --yes", AgentError)
    assert refused.message == f"sim stopped: {words}"
    assert bench.attempts() == [("interrupted", words)]
    assert bench("/task_status task-001").task.state == "interrupted"
    assert "a.txt" in bench.task(1).attempts[0].output


def test_garbage_on_its_output_does_no_harm(bench: Bench) -> None:
    bench.planned("garbage {{{ no json", "write a.txt a", "claim it is there")
    assert bench("/new_task --yes").task.status == "claimed"


def test_an_agent_that_is_not_there_begins_nothing_that_lasts(bench: Bench) -> None:
    bench.planned("write a.txt a")
    bench('/config agent.command "no-such-agent --acp"')
    refused = bench.refused("/new_task --yes", AgentError)
    assert "no-such-agent is not on the PATH" in refused.message
    assert bench.attempts() == []


def test_when_the_agent_gives_out_no_other_task_is_begun(bench: Bench) -> None:
    bench.plan("# W\n- [ ] One\n\n  sim: error 401 no\n- [ ] Two\n\n  sim: error 401 no\n- [ ] Three\n")
    assert "401 no" in bench.refused("/new_task --all --jobs 1 --yes", AgentError).message
    assert [len(bench.task(n).attempts) for n in (1, 2, 3)] == [1, 0, 0]


@pytest.mark.parametrize(("after", "status"), [("write b.txt b", "completed"), ("say nothing", "failed")])
def test_what_lay_about_before_is_not_what_a_stopped_attempt_left_behind(bench: Bench, after: str, status: str) -> None:
    """Only what was written since the work began can be the work."""
    (bench.root / "notes of a person.txt").write_text("not committed")
    bench.configure(maxAttempts=1)
    bench.planned(after, "crash", criterion="check: `true`")
    bench.refused("/new_task --yes", AgentError)
    bench('/update_task 1 "description:sim: claim it was done before"')
    bench.run("/new_task 1 --yes")
    assert bench.task(1).status == status


def test_what_an_agent_leaves_running_in_a_session_of_its_own_is_ended_too(bench: Bench) -> None:
    """Qwen Code starts what is to run in the background that way: no signal to the agent's group reaches it."""
    bench.planned("run setsid sleep 300 >/dev/null 2>&1 & echo begun > log; sleep 0.3", "claim a server runs")
    assert bench("/new_task --yes").exit_code == 0
    assert (bench.root / "log").exists()
    assert soon(lambda: not [line for line in running(Path(os.environ["HOME"])).values() if "sleep" in line])
