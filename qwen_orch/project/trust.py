"""What a person has agreed to, kept outside of every project.

A project's own files may have come with a clone, and an agent may edit them: what stands there is no consent. So a hook
counts only as it was agreed to: this command, on this event, in this folder. So does a setting that says what is run as
the agent, or what it may do unasked. And the approval of a plan counts only where it was given: in this folder, on this
machine.
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import orjson

from qwen_orch.errors import AgentError, StateTransitionError
from qwen_orch.graph.state import Graph
from qwen_orch.model.text import one_word
from qwen_orch.project.config import Config, to_dict
from qwen_orch.store.files import Disk


def is_trusted(root: Path, event: str, command: str) -> bool:
    """Tell whether the person agreed that *command* runs on *event* in the project at *root*."""
    return _place(root, event, command).is_file()


def trust(root: Path, event: str, command: str) -> None:
    """Remember, durably, that the person agrees."""
    Disk().replace(_place(root, event, command), _said(root, event, command))


_APPROVAL = "approve_plan"


def approve(root: Path, orchestration: str) -> None:
    """Remember, durably, that the person approved the plan of an orchestration here."""
    if not is_approved(root, orchestration):
        trust(root, _APPROVAL, orchestration)


def is_approved(root: Path, orchestration: str) -> bool:
    """Tell whether the person approved the plan of an orchestration, in the project at *root* and on this machine."""
    return is_trusted(root, _APPROVAL, orchestration)


def refuse_foreign(root: Path, graph: Graph) -> None:
    """Raise `StateTransitionError` when *graph* has commands that were approved, but not here."""
    gates = graph.root.plan.gates_approved and any(g.check for g in graph.root.plan.quality_gates)
    commands = gates or any(t.approved and t.commands for t in graph.tasks.values())
    if commands and not is_approved(root, graph.root.id):
        message = "the commands of this plan were approved elsewhere, not in this folder and on this machine"
        raise StateTransitionError(message, "/approve_plan")


LOOSENING = frozenset({"agent.command", "agent.environment", "agent.mode", "permissions"})
"""Settings that say what is run as the agent, what it is told of ours, and what it may do unasked."""


def agree(root: Path, config: Config, key: str) -> None:
    """Remember, durably, that the person typed the setting *key* as it stands in *config*."""
    trust(root, key, _value(config, key))


def refuse_untyped(root: Path, config: Config) -> None:
    """Raise `AgentError` when *config* has a setting for agents that nobody typed here, with what to type."""
    keys = untyped(root, config)
    if keys:
        what = f"{', '.join(keys)} in config.json: nobody agreed to that in this folder and on this machine"
        raise AgentError(what, *(f"/config {key} {one_word(_value(config, key))}" for key in keys))


def untyped(root: Path, config: Config) -> list[str]:
    """Return the settings for agents in *config* that nobody typed here; those that are usual need not be."""
    usual = Config()
    given = [key for key in sorted(LOOSENING) if _value(config, key) != _value(usual, key)]
    return [key for key in given if not is_trusted(root, key, _value(config, key))]


def _value(config: Config, key: str) -> str:
    value = to_dict(config)[key]
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _place(root: Path, event: str, command: str) -> Path:
    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    state = named if named.is_absolute() else Path.home() / ".local/state"
    return state / "qwen-orch/trusted" / f"{sha256(_said(root, event, command)).hexdigest()}.json"


def _said(root: Path, event: str, command: str) -> bytes:
    folder = os.fsencode(root).decode("utf-8", "backslashreplace")
    return orjson.dumps({"project": folder, "event": event, "command": command})
