"""An agent that misbehaves in one way, named by its argument; otherwise it speaks as much of the protocol as it must.

garbage     lines that are no JSON, JSON that is no message, before each answer
deaf        never answers anything
slow_open   shakes hands, and never opens a session
huge        an update of one line of 3 MB, and words without end in others
unknown     updates, notifications and requests that nobody has heard of
dies        exits at once;  dies_in_turn, dies_late: in a prompt, after the handshake
reaches     asks for fs/write_text_file, fs/read_text_file and terminal/create, and tells what became of it
wrong       answers with what is not the protocol
mode        has modes, as an option too, and takes none;  mode_option: as an option only;  mode_groups: sorted in groups
explains    exits at once, and says why as node does;  explains_late: in a prompt
stderr      writes 2 MB to its standard error before it answers
ignores     goes on with a turn that was cancelled, and does not end with its input;  stubborn: says so first
floods      30,000 pieces of text in a turn
leaves      a child that holds its standard error open, and dies in a prompt
forgets     knows no session but those that it opened under an id of its own
halves      characters cut in two, as some streams do, in words, titles and ids
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

WAY = sys.argv[1]
TRACE = """\
node:internal/modules/cjs/loader:1143
  throw err;
  ^

Error: no model for the key sk-live-0123456789abcdefghijkl \x1b[31mhere
    at Module._load (node:internal/modules/cjs/loader:985:27) {
  code: 'MODULE_NOT_FOUND',
  requireStack: []
}

Node.js v20.20.2
"""
DEAF_TO_SIGNALS = ("ignores", "stubborn")


def send(message: dict[str, Any]) -> None:
    """Write one message."""
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def update(**what: Any) -> None:
    """Tell an update of the session."""
    send({"method": "session/update", "params": {"sessionId": "s-1", "update": what}})


def say(text: str) -> None:
    """Say *text*."""
    update(sessionUpdate="agent_message_chunk", content={"type": "text", "text": text})


def asked(method: str, **params: Any) -> Any:
    """Ask the client for something and return its answer."""
    send({"id": f"ask-{method}", "method": method, "params": {"sessionId": "s-1", **params}})
    while True:
        message = json.loads(sys.stdin.readline())
        if message.get("id") == f"ask-{method}":
            return message


def die() -> None:
    """End at once, as a crash does."""
    if WAY == "leaves":
        nowhere = subprocess.DEVNULL
        subprocess.Popen(["sleep", "3"], stdin=nowhere, stdout=nowhere, start_new_session=True)
    if WAY in ("explains", "explains_late"):
        sys.stderr.write(TRACE)
        sys.stderr.flush()
    os._exit(7)


def tell_halves() -> None:
    """Cut characters in two."""
    say("half \ud83d")
    update(sessionUpdate="tool_call", toolCallId="\ud83d", title="t\ud83d", kind="\ud83d", rawInput={"x": "\ud83d"})


def go_on() -> None:
    """Work, and hear nothing."""
    if WAY == "stubborn":
        say("I go on\n")
    time.sleep(600)


def prompted() -> dict[str, Any]:
    """Do a turn in this agent's way and return its result."""
    if WAY == "huge":
        update(sessionUpdate="tool_call", toolCallId="1", title="t" * 10**6, rawInput={"x": "y" * 2 * 10**6})
        say("z" * 10**6)
    if WAY == "unknown":
        update(sessionUpdate="of_the_future", depth=3)
        update()
        send({"method": "craft/unheardOf", "params": [1, 2]})
        send({"method": "session/update", "params": [1]})
        send({"method": "session/update", "params": {"sessionId": 5, "update": "none"}})
        send({"id": 777, "result": {"nobody": "asked"}})
        say(str(asked("craft/drainQueue").get("error", {}).get("code")))
    if WAY == "reaches":
        for method, params in {
            "fs/write_text_file": {"path": "reached.txt", "content": "x"},
            "fs/read_text_file": {"path": "/etc/hostname"},
            "terminal/create": {"command": "touch", "args": ["reached.txt"]},
        }.items():
            say(f"{method} {asked(method, **params).get('error', {}).get('code')}\n")
    if WAY == "floods":
        for _ in range(30_000):
            say("x")
    if WAY == "halves":
        tell_halves()
    if WAY in DEAF_TO_SIGNALS:
        go_on()
    return {"stopReason": 17} if WAY == "wrong" else {"stopReason": "end_turn"}


def mode_options() -> list[dict[str, Any]]:
    """Return the options that are on offer: the mode, if it is one."""
    yolo = {"value": "yolo", "name": "Yolo"}
    choices = {"mode": [], "mode_option": [yolo], "mode_groups": [{"group": "g", "name": "G", "options": [yolo]}]}
    option = {"id": "mode", "name": "Mode", "type": "select", "currentValue": "default", "options": choices.get(WAY)}
    return [option] if WAY in choices else []


def answer(message: dict[str, Any]) -> dict[str, Any] | None:
    """Return the result of a request, or its error; None for one that is never answered."""
    method = message.get("method")
    if WAY == "deaf" or (WAY == "slow_open" and method == "session/new"):
        return None
    if method == "initialize":
        return {"protocolVersion": 1, "agentCapabilities": {}}
    if method == "session/new":
        modes = {"currentModeId": "default", "availableModes": [{"id": "yolo", "name": "Yolo"}]}
        return {"sessionId": "s-1", **({"modes": modes} if WAY == "mode" else {}), "configOptions": mode_options()}
    if method == "session/load" and WAY == "forgets":
        return {"error": {"code": -32002, "message": "Resource not found"}}
    if method == "session/set_config_option":
        return {"configOptions": mode_options()}
    if method == "session/prompt" and WAY in ("dies_in_turn", "leaves", "explains_late"):
        die()
    return prompted() if method == "session/prompt" else {}


def main() -> None:
    """Answer requests until the input ends."""
    if WAY == "dies":
        sys.exit(3)
    if WAY == "explains":
        die()
    if WAY in DEAF_TO_SIGNALS:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for line in sys.stdin:
        message = json.loads(line)
        if WAY == "stderr":
            sys.stderr.write("trouble\n" * 250_000)
        if WAY == "garbage":
            sys.stdout.write('Welcome!\n{"half": \n[1, 2]\n"text"\n\n{"jsonrpc": "2.0"}\n')
        result = answer(message) if "id" in message else None
        if result is not None:
            send({"id": message["id"], **(result if "error" in result else {"result": result})})
        if WAY == "dies_late" and message.get("method") == "initialize":
            os._exit(8)
    while WAY in DEAF_TO_SIGNALS:
        time.sleep(1)


if __name__ == "__main__":
    main()
