"""A project with one plan, on a disk that need not be waited for."""

from __future__ import annotations

from pathlib import Path

import pytest

from qwen_orch.project.project import Project
from qwen_orch.project.writer import Writer
from tests.faults.work import A, create, fresh, planning


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project folder with an orchestration that is current."""
    made = fresh(tmp_path)
    create(A)(made)
    made.make_current(A, planning(A).id)
    made.checkpoint(last=True)
    return made


@pytest.fixture
def writer(project: Project) -> Writer:
    """Its writer."""
    return project.writer(A)
