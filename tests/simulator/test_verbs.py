"""Every verb of ``sim:`` lines, through the real process and the protocol's own SDK."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import acp
import pytest

from qwen_orch.simulator.verbs import VERBS
from tests.simulator.conftest import REPOSITORY, Bare, Open, Orch

PAGE = REPOSITORY / "docs/reference/agent-sim.md"
PERFORMED = ("tool_call", "in_progress"), ("tool_call_update", "completed")


def shown(tool: str) -> list[tuple[str, str, str]]:
    """Return what is told of a call of *tool* that needs no permission, and works."""
    return [(kind, tool, status) for kind, status in PERFORMED]


def test_write_append_and_run_change_the_folder(agent: Open) -> None:
    r"""Lines are done in order, also as items of a list; ``\n`` is a line feed, but not in a command."""

    async def scene() -> None:
        async with agent() as talk:
            reason = await talk.say(
                "Please:",
                "sim: write src/a.txt one\\ntwo\\n",
                "  - sim: append src/a.txt three \\\\n",
                "* sim: run printf 'a\\nb' > b.txt && wc -l < src/a.txt",
            )
            assert reason == "end_turn"
            assert (talk.cwd / "src/a.txt").read_text() == "one\ntwo\nthree \\n"
            assert (talk.cwd / "b.txt").read_text() == "a\nb"
            assert talk.calls() == [*shown("write_file"), *shown("edit"), *shown("run_shell_command")]
            assert talk.told("tool_call_update")[-1]["rawOutput"].split()[-1] == "2"
            diff = talk.told("tool_call")[1]["content"][0]
            assert (diff["oldText"], diff["newText"]) == ("one\ntwo\n", "one\ntwo\nthree \\n")

    asyncio.run(scene())


def test_nothing_is_written_outside_the_folder(agent: Open) -> None:
    """Neither upwards, nor by an absolute path, nor through a link; it is said, and the turn goes on."""

    async def scene() -> None:
        async with agent() as talk:
            (talk.cwd / "link").symlink_to(talk.cwd.parent)
            outside = talk.cwd.parent / "x"
            await talk.say(f"sim: write ../x no\nsim: write {outside} no\nsim: write link/x no\nsim: say on")
            assert not outside.exists()
            assert [status for *_, status in talk.calls()] == ["in_progress", "failed"] * 3
            assert talk.answer().count("outside the folder") == 3
            assert talk.answer().endswith("on\n")

    asyncio.run(scene())


def test_a_command_that_fails_is_said(agent: Open) -> None:
    """Its exit code and its output are in the answer."""

    async def scene() -> None:
        async with agent() as talk:
            assert await talk.say("sim: run echo oh; exit 3\nsim: write is/a folder\nsim: write is no") == "end_turn"
            assert [status for *_, status in talk.calls()][1::2] == ["failed", "completed", "failed"]
            assert talk.answer() == f"echo oh; exit 3 exited with 3\noh\n{talk.cwd}/is: Is a directory\n"

    asyncio.run(scene())


def test_saying_and_thinking(agent: Open) -> None:
    """Thinking is told apart from the answer, and the estimate of the tokens comes last."""

    async def scene() -> None:
        async with agent() as talk:
            await talk.say("sim: think so\nsim: say yes\nsim: chatter 300")
            assert [u["content"]["text"] for u in talk.told("agent_thought_chunk")] == ["so\n"]
            chatter = "".join(f"chatter {n} of 300\n" for n in range(1, 301))
            assert talk.answer() == f"yes\n{chatter}"
            assert len(talk.told("agent_message_chunk")) == 302
            written = -(-len(talk.answer()) // 4) + 1
            assert talk.usage() == [tokens(-(-len("sim: think so\nsim: say yes\nsim: chatter 300") // 4), written, 1)]

    asyncio.run(scene())


def tokens(read: int, written: int, thought: int = 0) -> dict[str, int]:
    """Return the usage as it is told."""
    total = {"inputTokens": read, "outputTokens": written, "totalTokens": read + written}
    return {**total, "thoughtTokens": thought, "cachedReadTokens": 0}


def test_tokens_are_told_at_once_and_instead_of_the_estimate(agent: Open) -> None:
    """A budget can be tried out: what the prompt says is all that is told."""

    async def scene() -> None:
        async with agent() as talk:
            await talk.say("sim: tokens 1000\nsim: tokens 0")
            assert talk.usage() == [tokens(800, 200), tokens(0, 0)]

    asyncio.run(scene())


def test_reports_reach_the_server(agent: Open, orch: Orch) -> None:
    """Each verb calls its tool of ``orch``, with the arguments the tool has."""
    prompt = (
        "sim: thought risks It could fail\nsim: thought architecture Two parts\n"
        "sim: progress 0.5 half way\nsim: progress 1\nsim: decide Use SQLite\nsim: plan # A\\n- [ ] B\n"
        "sim: finding 2 no 0.75 no file\nsim: claim all done\nsim: lie done, too"
    )
    thought = {"totalThoughts": 2, "purpose": "risks", "thought": "It could fail"}
    called: list[Any] = [
        ["sequentialthinking", {**thought, "thoughtNumber": 1, "nextThoughtNeeded": True}],
        [
            "sequentialthinking",
            {
                "thought": "Two parts",
                "purpose": "architecture",
                "thoughtNumber": 2,
                "totalThoughts": 2,
                "nextThoughtNeeded": False,
            },
        ],
        ["report_progress", {"progress": 0.5, "note": "half way"}],
        ["report_progress", {"progress": 1.0}],
        ["record_decision", {"decision": "Use SQLite"}],
        ["submit_plan", {"plan": "# A\n- [ ] B"}],
        ["report_finding", {"criterion": 2, "met": False, "confidence": 0.75, "reason": "no file"}],
        ["claim_done", {"summary": "all done"}],
        ["claim_done", {"summary": "done, too"}],
    ]

    async def scene() -> None:
        async with agent(orch.spec(*{name for name, _ in called}), mode="plan") as talk:
            await talk.say(prompt)
            assert orch.asked() == called
            assert talk.calls() == [line for name, _ in called for line in shown(f"mcp__orch__{name}")]
            assert talk.answer() == ""

    asyncio.run(scene())


def test_what_a_tool_refuses_is_said_and_the_turn_goes_on(agent: Open, orch: Orch) -> None:
    """So is a tool that is not offered, and an error of the protocol; a refused thought does not count."""

    async def scene() -> None:
        async with agent(orch.spec("claim_done", "sequentialthinking")) as talk:
            await talk.say("sim: claim wrong\nsim: claim broken\nsim: decide it\nsim: say on")
            assert talk.answer() == "that is wrong\nit is broken\nthere is no tool record_decision here\non\n"
            assert [status for *_, status in talk.calls()] == ["in_progress", "failed"] * 3
            await talk.say("sim: thought risks wrong\nsim: thought risks right")
            await talk.say("sim: thought risks more")
            numbers = [asked["thoughtNumber"] for name, asked in orch.asked() if name == "sequentialthinking"]
            assert numbers == [1, 1, 2]

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("line", "reason"), [("refuse", "refusal"), ("truncate", "max_tokens"), ("sleep 0.01", "end_turn")]
)
def test_how_a_turn_ends(agent: Open, line: str, reason: str) -> None:
    """What comes after the end of a turn is not done."""

    async def scene() -> None:
        async with agent() as talk:
            assert await talk.say(f"sim: {line}", "sim: say on") == reason
            assert talk.answer() == ("on\n" if reason == "end_turn" else "")
            assert len(talk.usage()) == 1

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("line", "code", "details"),
    [
        ("error 401 bad key", -32603, "401 bad key"),
        ("dance", -32602, "sim: there is no verb dance; there are write, append, run"),
        ("sleep long", -32602, "sim: sleep long: could not convert string to float: 'long'"),
        ("finding 1 perhaps 1 x", -32602, "sim: finding 1 perhaps 1 x: met is yes or no"),
        ("finding 1", -32602, "sim: finding 1: something is missing"),
        ("hang on", -32602, "sim: hang on: hang, or hang deaf"),
    ],
)
def test_errors_of_the_protocol(agent: Open, line: str, code: int, details: str) -> None:
    """An error that is asked for, and a line that cannot be meant; the session is still good for another prompt."""

    async def scene() -> None:
        async with agent() as talk:
            with pytest.raises(acp.RequestError) as refused:
                await talk.say(f"sim: {line}")
            assert refused.value.code == code
            assert refused.value.data["details"].startswith(details)
            assert await talk.say("sim: say on") == "end_turn"

    asyncio.run(scene())


def test_a_typo_is_found_before_anything_is_done(agent: Open) -> None:
    """Half a script is worse than none."""

    async def scene() -> None:
        async with agent() as talk:
            with pytest.raises(acp.RequestError, match="Invalid params"):
                await talk.say("sim: write a.txt a\nsim: wirte b.txt b")
            assert list(talk.cwd.iterdir()) == []

    asyncio.run(scene())


def test_crash_ends_the_process(agent: Open) -> None:
    """As a process does that is killed: with no answer."""

    async def scene() -> None:
        async with agent() as talk:
            with pytest.raises(ConnectionError):
                await talk.say("sim: crash")
            assert await talk.process.wait() == 9

    asyncio.run(scene())


def test_garbage_is_a_line_that_is_no_json(bare: Bare) -> None:
    """It stands in the stream between two updates; who can skip it goes on."""
    bare.ask("session/load", sessionId="g", cwd=str(bare.cwd), mcpServers=[])
    bare.ask("session/prompt", sessionId="g", prompt=[{"type": "text", "text": "sim: garbage more\nsim: say on"}])
    assert bare.heard()["id"] == 1
    assert bare.line() == "this is not JSON { more\n"
    assert bare.heard()["params"]["update"]["content"]["text"] == "on\n"


def test_the_page_tells_of_every_verb() -> None:
    """And of no other."""
    table = re.findall(r"^\|(.*?)\|", PAGE.read_text("utf-8"), re.M)
    assert set(re.findall(r"sim: (\w+)", "".join(table))) - {"VERB", "review"} == set(VERBS)


def test_the_example_of_the_page_works(agent: Open, orch: Orch) -> None:
    """It writes, runs and claims, as it stands there."""
    (example,) = re.findall(r"^```text\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)

    async def scene() -> None:
        async with agent(orch.spec("claim_done")) as talk:
            assert await talk.say(example) == "end_turn"
            assert talk.told("tool_call_update")[1]["rawOutput"].endswith("exited with 0\nHello")
            assert orch.asked() == [["claim_done", {"summary": "hello.txt says Hello"}]]

    asyncio.run(scene())
