"""The whole of an orchestration as JSON: what ``/import`` reads back without loss."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from qwen_orch.graph.state import Graph

KIND = "qwen-orch-plan"
SCHEMA = 1

_UNSEEN = re.compile("[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")


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
    return _UNSEEN.sub(_escaped, text) + "\n"


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
