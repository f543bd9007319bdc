"""The custom commands of Qwen Code that are ours: what their files say, and what was typed when one is submitted.

Qwen Code turns ``/plan Build it`` into the text of the file, an empty line, and the very words that were typed. That
prompt goes to our hook as JSON, so no word of it ever meets a shell. `typed` is the way back from it. Over the Agent
Client Protocol the hook is given the words that were typed alone.
"""

from __future__ import annotations

import json
import re

MARK = "qwen-orch /"
"""What the prompt of each of our commands begins with."""
ANY = "orch"
"""The command that stands for all: ``/orch context``."""
NAMES = (
    "plan",
    "approve_plan",
    "reset_plan",
    "export_plan",
    "new_task",
    "list_tasks",
    "task_status",
    "check_completeness",
    "sessions",
    "session_history",
    "orchestration_help",
)
"""Those that have a file of their own. ``/context`` and ``/resume`` stay Qwen Code's: ours are behind `ANY`."""

_UNHEARD = "What qwen-orch answered stands at the end. If nothing does, its hook did not run: say that, and do nothing."
_PROMPT = re.compile(rf"{MARK}(\w+)\n[^\n]*(?:\n\n/\S+(.*))?\Z", re.DOTALL)
_BARE = re.compile(rf"/({'|'.join((*NAMES, ANY))})(?!\S)(.*)\Z", re.DOTALL)


def text(name: str, summary: str, arguments: str) -> str:
    """Return the file of the command *name*; the model is not allowed to use it, only the person."""
    head = {"description": summary, "argument-hint": arguments, "disable-model-invocation": True}
    told = "\n".join(f"{key}: {json.dumps(value)}" for key, value in head.items() if value != "")
    return f"---\n{told}\n---\n{MARK}{name}\n{_UNHEARD}\n"


def typed(prompt: str) -> str | None:
    """Return the line of ours that *prompt* stands for, as it was typed; None when it is no command of ours."""
    found = _PROMPT.match(prompt) or _BARE.match(prompt)
    if found is None:
        return None
    name, words = found[1], found[2] or ""
    if name != ANY:
        return f"/{name}{words}"
    return words.lstrip() or "/orchestration_help"
