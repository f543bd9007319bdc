"""What a worker is given: the goal, its task, what proves it, what was settled, and what came before.

``parts`` says what could be given and how much it matters, ``budget`` what of it fits, ``workspace`` reads the files.
All but the last is pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from qwen_orch.answers.sessions import ContextPart
from qwen_orch.execution.brief.budget import SEPARATOR, select
from qwen_orch.execution.brief.parts import candidates
from qwen_orch.graph.state import Graph
from qwen_orch.model.session import Session

BUDGET = 8_000
"""Tokens, when nothing else is said."""
_NOTHING: Mapping[str, str] = {}


def brief(
    graph: Graph, session: Session, budget: int = BUDGET, files: Mapping[str, str] = _NOTHING
) -> tuple[ContextPart, ...]:
    """Return the parts of what a worker in *session* could be given, each kept or not, in order.

    The kept ones cost at most *budget* tokens. *files* are the texts of files by path, as ``workspace`` reads them.
    """
    return select(candidates(graph, session, files), budget)


def prompt(parts: Iterable[ContextPart]) -> str:
    """Return the text that is given: the parts that are kept."""
    return SEPARATOR.join(p.text for p in parts if p.kept)
