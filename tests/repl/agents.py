"""Plans that simulated agents do, for the tests of the shell on a terminal."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from qwen_orch.model.text import one_word
from qwen_orch.project.project import Project
from qwen_orch.project.trust import LOOSENING
from tests.commands.desk import Desk


def at_work(folder: Path, *tasks: str, **settings: object) -> Desk:
    """Approve a plan in *folder* whose tasks the simulator does, each as the lines of its text say; return a desk."""
    author = ["-c", "user.name=t", "-c", "user.email=t@t"]
    for words in (["init", "-q"], [*author, "commit", "-qm", "begin", "--allow-empty"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    home = folder / ".qwen" / "orchestration"
    home.mkdir(mode=0o700, parents=True)
    named = {key.replace("__", "."): value for key, value in settings.items()}
    (home / "config.json").write_text(json.dumps({"agent.name": "sim", "maxAttempts": 1, **named}))
    desk = Desk(folder)
    for key in LOOSENING & named.keys():
        desk(f"/config {key} {one_word(str(named[key]))}")
    return desk.plan("\n\n".join(["# Work", *map(_task, range(1, len(tasks) + 1), tasks)]))


def _task(number: int, text: str) -> str:
    lines = (f"  sim: {line}" for line in text.split("; "))
    return "\n".join([f"- [ ] Part {number}", "", *lines])


def outcomes(folder: Path) -> dict[str, str]:
    """Return how the last attempt at each task stands, as the disk has it."""
    graph = Project.at(folder).writer().graph
    return {t.id: str(t.attempts[-1].outcome) for t in graph.ordered() if t.attempts}


def answers(folder: Path) -> list[tuple[str, bool | None, str]]:
    """Return what agents asked for, what was answered, and by whom."""
    graph = Project.at(folder).writer().graph
    asked = [(s.task or "", r) for s in graph.sessions.values() for r in s.activity.requests]
    return sorted((f"{task} {r.detail.splitlines()[-1]}", r.allowed, r.by) for task, r in asked)
