"""The official SDK as a client: what it checks of the protocol holds, in the ways in which it shakes hands."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.types import TextContent

from tests.commands.desk import THREE, Desk
from tests.mcp_server.conftest import WORDS, surroundings, working


def parameters(desk: Desk, token: str | None = None) -> StdioServerParameters:
    """Return how the SDK starts the server."""
    return StdioServerParameters(command=sys.executable, args=WORDS[1:], cwd=desk.root, env=surroundings(token))


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_sdk_shakes_hands_lists_and_calls(desk: Desk, mode: Any) -> None:
    """It validates every answer against the schema of the protocol, and what is structured against the tool's own."""

    async def main() -> None:
        async with Client(parameters(desk), mode=mode) as client:
            tools = (await client.list_tools()).tools
            assert {"sequentialthinking", "submit_plan", "list_tasks"} <= {t.name for t in tools}
            taken = await client.call_tool("submit_plan", {"plan": THREE})
            assert not taken.is_error
            assert [t["title"] for t in taken.structured_content["tasks"]] == ["Catalogue", "Cart", "Checkout"]
            refused = await client.call_tool("start_task", {"task": "task-001"})
            assert refused.is_error
            assert isinstance(refused.content[0], TextContent)
            assert "not approved yet" in refused.content[0].text

    asyncio.run(main())
    assert len(desk.graph.tasks) == 3


def test_a_session_reports_through_the_sdk(desk: Desk) -> None:
    """Every report of a task session, calls at once included: each is answered."""
    token = working(desk)

    async def main() -> list[Any]:
        async with Client(parameters(desk, token), mode="legacy") as client:
            await client.session.send_ping()
            said = {"thought": "so", "thoughtNumber": 1, "totalThoughts": 1, "nextThoughtNeeded": False}
            return await asyncio.gather(
                client.call_tool("sequentialthinking", said),
                client.call_tool("report_progress", {"progress": 0.5, "note": "half"}),
                client.call_tool("record_decision", {"decision": "sqlite"}),
                client.call_tool("claim_done", {"summary": "made"}),
                client.call_tool("list_tasks", {"filter": "status:in_progress"}),
                client.call_tool("thoughts", {}),
            )

    results = asyncio.run(main())
    assert [r.is_error for r in results] == [False] * 6
    assert results[4].structured_content["shown"] == 1
    assert desk.task(1).progress == 0.5
