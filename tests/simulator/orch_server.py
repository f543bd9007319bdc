"""A report server for the tests: ``orch_server.py TOOL...`` notes each call in the file $LOG.

It refuses what says "wrong", answers "broken" with an error of the protocol, and dies at the first "die".
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

LOG = Path(os.environ["LOG"])


def note(line: str) -> None:
    """Write a line into the log."""
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"{line}\n")


def call(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Answer one call of a tool."""
    note(json.dumps([name, arguments]))
    said, died = json.dumps(arguments), LOG.with_suffix(".died")
    if "die" in said and not died.exists():
        died.touch()
        os._exit(1)
    failed = "wrong" in said
    text = "that is wrong" if failed else "noted"
    answer: dict[str, Any] = {"result": {"content": [{"type": "text", "text": text}], "isError": failed}}
    return {"error": {"code": -32000, "message": "it is broken"}} if "broken" in said else answer


def answer(method: str, params: dict[str, Any]) -> dict[str, Any]:
    """Answer one request."""
    if method == "tools/call":
        return call(params["name"], params["arguments"])
    if method == "tools/list":
        return {"result": {"tools": [{"name": tool, "inputSchema": {"type": "object"}} for tool in sys.argv[1:]]}}
    return {"result": {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": {}}}


note("started")
for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        told = answer(message["method"], message["params"])
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **told}), flush=True)
