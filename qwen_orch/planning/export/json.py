"""The whole of an orchestration as JSON: what ``/import`` reads back without loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qwen_orch.graph.state import Graph
from qwen_orch.model.text import escaped

KIND = "qwen-orch-plan"
SCHEMA = 1


def render_json(graph: Graph, unstructure: Callable[[Any], Any]) -> str:
    """Return *graph* as a JSON document; *unstructure* turns a record into dicts, lists and scalars.

    Nothing is cleaned away: what a terminal would obey or an eye would miss is written as an escape.
    """
    import orjson

    document = {
        "schema": SCHEMA,
        "kind": KIND,
        "orchestration": unstructure(graph.root),
        "tasks": [unstructure(t) for t in graph.ordered()],
        "sessions": [unstructure(s) for s in graph.sessions_by_age()],
    }
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
    return escaped(text) + "\n"
