"""A report server of one tool, `note`, in the standard library alone: what qwen does with any MCP server over stdio.

    python mini_mcp.py LOG        each call adds a line to LOG: {"note": ..., "key": the OPENAI_API_KEY it was given}

The note ``boom`` is answered with a JSON-RPC error, ``exit`` ends the process, any other with "noted".
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

TOOL = {
    "name": "note",
    "description": "Take a note.",
    "inputSchema": {"type": "object", "properties": {"note": {"type": "string"}}, "required": ["note"]},
}
INFO = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "mini", "version": "1"}}


def reply(method: str, params: dict[str, Any], log: Path) -> dict[str, Any]:
    """Return the result or error of one request."""
    if method == "initialize":
        return {"result": INFO}
    if method == "tools/list":
        return {"result": {"tools": [TOOL]}}
    if method == "tools/call":
        return noted(params["arguments"]["note"], log)
    return {"result": {}} if method == "ping" else {"error": {"code": -32601, "message": method}}


def noted(note: str, log: Path) -> dict[str, Any]:
    """Write the note down, then do as it says."""
    with log.open("a") as lines:
        lines.write(json.dumps({"note": note, "key": os.environ.get("OPENAI_API_KEY")}) + "\n")
    if note == "exit":
        os._exit(1)
    if note == "boom":
        return {"error": {"code": -32000, "message": "boom"}}
    return {"result": {"content": [{"type": "text", "text": "noted"}]}}


if __name__ == "__main__":
    for line in sys.stdin:
        asked = json.loads(line)
        if "id" in asked:
            answer = reply(asked["method"], asked.get("params") or {}, Path(sys.argv[1]))
            sys.stdout.write(json.dumps({"jsonrpc": "2.0", "id": asked["id"], **answer}) + "\n")
            sys.stdout.flush()
