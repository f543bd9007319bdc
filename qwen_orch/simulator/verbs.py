"""The verbs of ``sim:`` lines: what a prompt can ask for, one function each."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from qwen_orch.simulator.instructions import Instruction
from qwen_orch.simulator.memory import Line
from qwen_orch.simulator.tools import Reply
from qwen_orch.simulator.turn import Call, Turn
from qwen_orch.simulator.wire import BAD_PARAMS, INTERNAL, Refusal

COMMAND_SECONDS = 600.0
LOOP_PAUSE_SECONDS = 0.02
AWAIT_PAUSE_SECONDS = 0.05
LONGEST_TITLE = 200
CRASHED = 9


class Ended(Exception):  # noqa: N818 - it is no error
    """The turn ends here, with this stop reason."""


async def perform(turn: Turn, todo: list[Instruction]) -> str:
    """Do what the instructions say, in order, and return the stop reason.

    Raises `Refusal` for what cannot be meant; when it is an unknown verb, nothing was done.
    """
    _check(todo)
    turn.thoughts_ahead = sum(one.verb == "thought" for one in todo)
    reason = "end_turn"
    try:
        for one in todo:
            await _one(turn, one)
    except Ended as ended:
        reason = str(ended)
    turn.end()
    return reason


def _check(todo: Iterable[Instruction]) -> None:
    for one in todo:
        if one.verb not in VERBS:
            known = ", ".join(VERBS)
            raise Refusal(BAD_PARAMS, "Invalid params", f"sim: there is no verb {one.verb}; there are {known}")


async def _one(turn: Turn, one: Instruction) -> None:
    try:
        await VERBS[one.verb](turn, one.rest)
    except ValueError as error:
        raise Refusal(BAD_PARAMS, "Invalid params", f"sim: {one.verb} {one.rest}: {error}") from None


# Files and commands


async def _write(turn: Turn, rest: str, mode: str = "w") -> None:
    name, text = _first(rest, optional=True)
    path = turn.session.cwd / name
    if not path.resolve().is_relative_to(turn.session.cwd.resolve()):
        await turn.act(_edit(name, path, mode), partial(_outside, name))
        return
    old = path.read_text("utf-8", "replace") if path.is_file() else ""
    diff = {"type": "diff", "path": str(path), "oldText": old, "newText": old + text if mode == "a" else text}
    await turn.act(_edit(name, path, mode, diff), partial(_written, path, text, mode))


def _edit(name: str, path: Path, mode: str, *content: dict[str, Any]) -> Call:
    tool, title = ("edit", "Edit") if mode == "a" else ("write_file", "WriteFile")
    return Call("edit", tool, f"{title}: {name}", {"file_path": str(path)}, content, (str(path),))


async def _written(path: Path, text: str, mode: str) -> Reply:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode, encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        return Reply(f"{path}: {error.strerror}", True)
    return Reply(f"wrote {path}", False)


async def _outside(name: str) -> Reply:
    return Reply(f"{name} is outside the folder of the session", True)


async def _run(turn: Turn, command: str) -> None:
    title = f"Shell: {command[:LONGEST_TITLE]}"
    call = Call("execute", "run_shell_command", title, {"command": command})
    await turn.act(call, partial(_ran, turn.session.cwd, command))


async def _ran(cwd: Path, command: str) -> Reply:
    from qwen_orch.processes.command import Surroundings, run
    from qwen_orch.store.lease import MARK

    ran = await run(command, Surroundings(cwd, COMMAND_SECONDS, os.environ.get(MARK, "")))
    ending = "was ended after its time" if ran.exit_code is None else f"exited with {ran.exit_code}"
    return Reply(f"{command} {ending}\n{ran.output}".rstrip(), not ran.succeeded)


async def _loop(turn: Turn, command: str) -> None:
    while True:
        await _run(turn, command)
        await asyncio.sleep(LOOP_PAUSE_SECONDS)


# Reports


async def _thought(turn: Turn, rest: str) -> None:
    purpose, thought = _first(rest)
    number, ahead = turn.session.thoughts + 1, turn.thoughts_ahead
    turn.thoughts_ahead -= 1
    turn.think(f"{thought}\n")
    reply = await turn.call(
        "sequentialthinking",
        thought=thought,
        thoughtNumber=number,
        totalThoughts=number + ahead - 1,
        nextThoughtNeeded=ahead > 1,
        purpose=purpose,
    )
    if not reply.failed:
        turn.session.memory.add(line := Line("thought", thought))
        turn.session.remember(line)


async def _progress(turn: Turn, rest: str) -> None:
    share, note = _first(rest, optional=True)
    await turn.call("report_progress", progress=float(share), **({"note": note} if note else {}))


async def _decide(turn: Turn, text: str) -> None:
    await turn.call("record_decision", decision=text)


async def _claim(turn: Turn, text: str) -> None:
    await turn.call("claim_done", summary=text)


async def _plan(turn: Turn, text: str) -> None:
    await turn.call("submit_plan", plan=text)


async def _finding(turn: Turn, rest: str) -> None:
    number, rest = _first(rest)
    met, rest = _first(rest)
    confidence, reason = _first(rest, optional=True)
    if met not in ("yes", "no"):
        raise ValueError("met is yes or no")
    found: dict[str, Any] = {"criterion": int(number), "met": met == "yes", "confidence": float(confidence)}
    await turn.call("report_finding", **found, reason=reason)


# Saying


async def _say(turn: Turn, text: str) -> None:
    turn.say(f"{text}\n")


async def _think(turn: Turn, text: str) -> None:
    turn.think(f"{text}\n")


async def _chatter(turn: Turn, number: str) -> None:
    for one in range(1, int(number) + 1):
        turn.say(f"chatter {one} of {number}\n")
        await asyncio.sleep(0)


async def _tokens(turn: Turn, number: str) -> None:
    written = int(number) // 5
    turn.spend(int(number) - written, written)


async def _garbage(turn: Turn, text: str) -> None:
    turn.wire.send(f"this is not JSON {{ {text}\n".encode())


# Ending, or not


async def _sleep(turn: Turn, seconds: str) -> None:
    await asyncio.sleep(float(seconds))


async def _await(turn: Turn, name: str) -> None:
    while not (turn.session.cwd / name).exists():
        await asyncio.sleep(AWAIT_PAUSE_SECONDS)


async def _hang(turn: Turn, how: str) -> None:
    if how not in ("", "deaf"):
        raise ValueError("hang, or hang deaf")
    turn.session.deaf = how == "deaf"
    await asyncio.Event().wait()


async def _crash(turn: Turn, rest: str) -> None:
    os._exit(CRASHED)


async def _error(turn: Turn, text: str) -> None:
    raise Refusal(INTERNAL, "Internal error", text)


async def _refuse(turn: Turn, rest: str) -> None:
    raise Ended("refusal")


async def _truncate(turn: Turn, rest: str) -> None:
    raise Ended("max_tokens")


def _first(rest: str, optional: bool = False) -> tuple[str, str]:
    """Return the first word, and what follows it."""
    word, _, following = rest.partition(" ")
    if not word or not (following or optional):
        raise ValueError("something is missing")
    return word, following


VERBS: dict[str, Callable[[Turn, str], Awaitable[None]]] = {
    "write": _write,
    "append": partial(_write, mode="a"),
    "run": _run,
    "loop": _loop,
    "thought": _thought,
    "progress": _progress,
    "decide": _decide,
    "claim": _claim,
    "lie": _claim,
    "plan": _plan,
    "finding": _finding,
    "say": _say,
    "think": _think,
    "chatter": _chatter,
    "tokens": _tokens,
    "garbage": _garbage,
    "sleep": _sleep,
    "await": _await,
    "hang": _hang,
    "crash": _crash,
    "error": _error,
    "refuse": _refuse,
    "truncate": _truncate,
}
