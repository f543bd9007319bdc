"""What holds for all tests.

Examples are drawn the same way each run, so that a green run stays green; new ones with QWEN_ORCH_DEEP=1.

A test with other programs in it (a terminal, an agent, a child) meets a machine that stops for seconds. It is written
to wait for what it wants to see; where one misses its moment all the same it is run once more, and the last line says
so: that is a fault of the test to be mended. A test of the store, of the graph, of the reader has no second chance.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile("search" if os.environ.get("QWEN_ORCH_DEEP") else "same")

WITH_OTHER_PROGRAMS = {
    *("agents", "cli", "docs", "examples", "execution", "inside", "mcp_server", "processes", "repl", "simulator")
}
"""The folders of `tests` whose tests get a second chance."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what may be run once more."""
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).parts[0] in WITH_OTHER_PROGRAMS:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(autouse=True, scope="session")
def state_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what is agreed to in tests, and in the processes they start, out of the person's own folder."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))
