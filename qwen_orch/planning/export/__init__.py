"""A plan in the formats other people and programs read: one module a format, each a pure function to text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

from qwen_orch.errors import UsageError
from qwen_orch.model.ids import did_you_mean

if TYPE_CHECKING:
    from qwen_orch.graph.state import Graph

Renderer: TypeAlias = Callable[["Graph", bool, datetime], str]


@frozen
class Format:
    """One format: the *suffix* of its files, and what it is *about*."""

    suffix: str
    about: str


FORMATS: dict[str, Format] = {
    "json": Format(".json", "everything, for /import"),
    "csv": Format(".csv", "a row a task, for spreadsheets"),
    "markdown": Format(".md", "for people, and for /plan"),
    "mermaid": Format(".mmd", "a picture of the dependencies"),
    "gantt": Format(".mmd", "a chart of the schedule"),
    "html": Format(".html", "a page to share"),
}
"""Every format by the name ``/export_plan`` knows it by."""


def render(graph: Graph, format: str, include_progress: bool, now: datetime) -> str:  # noqa: A002 - the option's name
    """Return *graph* as a document in *format*; its line ends are final, so write it without translating them.

    Without *include_progress* it is the plan alone, as if nothing had been done yet. *now* is aware: it says what is
    blocked, and when the page was made. Raises `UsageError` for a format there is not, `PlanNotFound` for no plan.
    """
    from qwen_orch.planning.export.shape import planned

    if format not in FORMATS:
        raise UsageError(f"there is no format {format[:60]!r}{did_you_mean(format, FORMATS)}", ", ".join(FORMATS))
    shown = graph if include_progress else planned(graph)
    return _renderer(format)(shown, include_progress, now)


def _renderer(name: str) -> Renderer:
    """Return what renders a format; only its own module is imported."""
    match name:
        case "csv":
            from qwen_orch.planning.export.csv import render_csv as found
        case "markdown":
            from qwen_orch.planning.export.markdown import render_markdown as found
        case "mermaid":
            from qwen_orch.planning.export.mermaid import render_mermaid as found
        case "gantt":
            from qwen_orch.planning.export.gantt import render_gantt as found
        case "html":
            from qwen_orch.planning.export.html import render_html as found
        case _:
            return _json
    return found


def _json(graph: Graph, _: bool, __: datetime) -> str:
    from qwen_orch.planning.export.json import render_json
    from qwen_orch.store.codec import unstructure

    return render_json(graph, unstructure)
