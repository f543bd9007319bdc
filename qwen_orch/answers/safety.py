"""What undo, settings and the doctor answer."""

from __future__ import annotations

from typing import Any, NamedTuple

from qwen_orch.answers.core import Change
from qwen_orch.answers.sessions import Entry


class Undone(NamedTuple):
    """Steps were taken back (or, *redone*, put back)."""

    steps: tuple[Entry, ...]
    redone: bool
    seq: int


class Checkpoint(NamedTuple):
    """A point to come back to; *backup* is the copy kept of the journal, if backups are enabled."""

    name: str
    seq: int
    backup: str | None
    checkpoints: dict[str, int]


class Setting(NamedTuple):
    """One key of the configuration."""

    key: str
    value: Any
    default: Any
    meaning: str


class Settings(NamedTuple):
    """The configuration."""

    settings: tuple[Setting, ...]
    path: str


class Hook(NamedTuple):
    """A command that runs on an event, if the person *agreed* to it on this machine."""

    event: str
    command: str
    agreed: bool


class HookList(NamedTuple):
    """The hooks of a project; what they print is kept in *log*."""

    hooks: tuple[Hook, ...]
    log: str


class Finding(NamedTuple):
    """One thing that /doctor looked at: *state* is ``ok``, ``warning`` or ``problem``.

    *diff* is what was edited by hand, or would be mended: lines that begin with ``-``, ``+`` or a space.
    """

    what: str
    state: str
    detail: str
    hint: str = ""
    diff: str = ""


class Diagnosis(NamedTuple):
    """What /doctor found; of a dry run with the files that *would_change*."""

    findings: tuple[Finding, ...]
    healthy: bool
    would_change: tuple[Change, ...] | None = None
