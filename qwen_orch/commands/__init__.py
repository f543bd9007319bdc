"""One typed function a command: its signature is the parser, its docstring the help, its value the answer.

Commands return values and raise errors; they never print. Which room (module) a command lives in is said here, so that
a one-shot command imports its own room only.
"""

from __future__ import annotations

ROOMS: dict[str, tuple[str, ...]] = {
    "plans": ("plan", "approve_plan", "reset_plan"),
    "imports": ("import", "playbooks"),
    "thinking": ("think", "note", "decide"),
    "tasks": ("list_tasks", "task_status", "add_task", "update_task", "cancel_task"),
    "work": ("new_task", "complete_task", "check_completeness"),
    "permissions": ("permissions", "allow", "deny"),
    "sessions": ("sessions", "resume", "context", "session_history"),
    "exports": ("export_plan", "graph"),
    "inside": ("install", "uninstall"),
    "safety": ("undo", "checkpoint", "config", "hooks", "doctor"),
    "help": ("orchestration_help", "exit"),
}
ALIASES = {"help": "orchestration_help", "quit": "exit", "history": "session_history"}
