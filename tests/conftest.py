"""How examples are drawn: the same ones each run, so that a green run stays green; new ones with QWEN_ORCH_DEEP=1."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile("search" if os.environ.get("QWEN_ORCH_DEEP") else "same")


@pytest.fixture(autouse=True, scope="session")
def state_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what is agreed to in tests, and in the processes they start, out of the person's own folder."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))
