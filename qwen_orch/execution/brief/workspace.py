"""The files that belong into a brief, read: the project's rules, and what a worker goes on from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve

from qwen_orch.execution.brief import brief, prompt
from qwen_orch.execution.brief.parts import GUIDES, RULES, in_play
from qwen_orch.graph.shelf import Shelf
from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import SessionId
from qwen_orch.model.session import Session, SessionKind
from qwen_orch.model.text import clean
from qwen_orch.processes.secrets import hide

if TYPE_CHECKING:
    from qwen_orch.answers.sessions import ContextPart
    from qwen_orch.processes.shop import Shop
    from qwen_orch.project.project import Project

MANY = 50
"""Sessions of a plan from which on the index is asked which of them hold decisions."""
MOST_FILES = 20
"""Files in play that are read."""
MOST_BYTES = 16_000
"""Bytes that are read of one: more than ever fits into a brief."""


def given(project: Project, graph: Graph, session: Session) -> tuple[ContextPart, ...]:
    """Return the brief of *session* as it is now: what ``/context`` shows, and what an agent is sent."""
    files = files_for(project.root, graph, session)
    return brief(_telling(project, graph, session), session, project.glance.agent_context, files)


def _telling(project: Project, graph: Graph, session: Session) -> Graph:
    """Return *graph* without the sessions that have nothing to say in the brief, so that they need not be read."""
    if len(graph.sessions) <= MANY:
        return graph
    task = graph.tasks.get(session.task) if session.task else None
    own = (session.id, *(a.session for a in (task.attempts if task else ())))
    deciding = (SessionId(s.id) for s in project.sessions() if s.orchestration == graph.root.id and s.decisions)
    known = {i for i in (*own, *deciding) if i in graph.sessions}
    return evolve(graph, sessions=Shelf.of(graph.sessions[i] for i in known))


def prompt_of(shop: Shop, session: SessionId) -> str:
    """Return the text that an agent in *session* is sent."""
    graph = shop.writer.graph
    return prompt(given(shop.project, graph, graph.session(session)))


def files_for(root: Path, graph: Graph, session: Session) -> dict[str, str]:
    """Return the texts of the files that belong into the brief of *session*, by path; of the guides only that they are.

    A verifier looks at the files by itself. Secrets that are recognised are hidden; a file that is outside the
    project, or no text, is not read.
    """
    found = {name: "" for name in GUIDES if (root / name).is_file()}
    wanted = () if session.kind is SessionKind.VERIFICATION else in_play(graph, session)[:MOST_FILES]
    texts = {name: _read(root, name) for name in (RULES, *wanted)}
    return found | {name: text for name, text in texts.items() if text}


def _read(root: Path, name: str) -> str:
    try:
        path = (root / name).resolve()
        if not path.is_relative_to(root.resolve()) or not path.is_file():
            return ""
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except (OSError, ValueError):
        return ""
    if b"\0" in raw:
        return ""
    more = f"\n[… the rest of its {path.stat().st_size:,} bytes is left out …]" if len(raw) > MOST_BYTES else ""
    return hide(clean(raw[:MOST_BYTES].decode("utf-8", "replace"), multiline=True)) + more
