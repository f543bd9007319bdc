"""How examples are drawn: the same ones each run, so that a green run stays green; new ones with QWEN_ORCH_DEEP=1."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile("search" if os.environ.get("QWEN_ORCH_DEEP") else "same")
