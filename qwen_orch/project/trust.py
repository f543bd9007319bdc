"""Which hooks a person has agreed to, kept outside of every project.

``config.json`` may have come with a clone, and an agent may edit it: what stands there is no consent. So a hook counts
only as it was agreed to: this command, on this event, in this folder.
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import orjson

from qwen_orch.store.files import Disk


def is_trusted(root: Path, event: str, command: str) -> bool:
    """Tell whether the person agreed that *command* runs on *event* in the project at *root*."""
    return _place(root, event, command).is_file()


def trust(root: Path, event: str, command: str) -> None:
    """Remember, durably, that the person agrees."""
    Disk().replace(_place(root, event, command), _said(root, event, command))


def _place(root: Path, event: str, command: str) -> Path:
    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    state = named if named.is_absolute() else Path.home() / ".local/state"
    return state / "qwen-orch/trusted" / f"{sha256(_said(root, event, command)).hexdigest()}.json"


def _said(root: Path, event: str, command: str) -> bytes:
    folder = os.fsencode(root).decode("utf-8", "backslashreplace")
    return orjson.dumps({"project": folder, "event": event, "command": command})
