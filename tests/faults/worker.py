"""A process that works until it is told to stop or is killed: after every step it says which is durable.

``python -m tests.faults.worker ROOT NAME COUNT`` prints ``ok NAME-1 0.0123`` for each note that was acknowledged.
"""

from __future__ import annotations

import contextlib
import itertools
import sys
import time
from pathlib import Path

from qwen_orch.errors import StateTransitionError
from qwen_orch.model import event as e
from qwen_orch.model.session import Note
from qwen_orch.project import undo
from qwen_orch.project.project import Project
from qwen_orch.store import segments
from tests.faults.work import A, B, planning
from tests.strategies import T0, task


def main(root: Path, name: str, count: int) -> None:
    """Do *count* notes (0: for ever) with other steps between them, as one shell; journals are sealed early."""
    segments.SEAL_BYTES = 8_000
    project = Project.at(root)
    for number in itertools.count(1):
        began = time.monotonic()
        writer = project.writer(A)
        text = f"{name}-{number}"
        writer.commit("note", lambda _, text=text: [e.NoteAdded(planning(A).id, Note(text, T0))])
        project.checkpoint()
        print("ok", text, round(time.monotonic() - began, 4), flush=True)
        if count and number == count:
            break
        if not count:
            between(project, number)
    project.checkpoint(last=True)


def between(project: Project, number: int) -> None:
    """Something else. Steps are undone in the other orchestration: an undo takes back the newest, whoever's it is."""
    writer = project.writer(A)
    match number % 4:
        case 0:
            add = lambda graph: [e.TasksAdded((task(graph.last_number + 1),))]  # noqa: E731
            writer.commit("add_task", add)
        case 1:
            writer.backup("undo")
        case 2:
            project.configure("jobs", str(1 + number % 9))
            project.make_current(A, planning(A).id)
        case 3:
            writer = project.writer(B)
            writer.commit("add_task", lambda graph: [e.TasksAdded((task(graph.last_number + 1),))])
            with contextlib.suppress(StateTransitionError):  # another may have undone it already
                undo.undo(writer, force=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
