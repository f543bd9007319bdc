"""What undo, settings and the doctor answer."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from qwen_orch.answers.sessions import Entry


@frozen
class Undone:
    """Steps were taken back (or, *redone*, put back)."""

    steps: tuple[Entry, ...]
    redone: bool
    seq: int


@frozen
class Checkpoint:
    """A point to come back to; *backup* is the copy kept of the journal, if backups are enabled."""

    name: str
    seq: int
    backup: str | None
    checkpoints: dict[str, int]


@frozen
class Setting:
    """One key of the configuration."""

    key: str
    value: Any
    default: Any
    meaning: str


@frozen
class Settings:
    """The configuration."""

    settings: tuple[Setting, ...]
    path: str


@frozen
class Finding:
    """One thing that /doctor looked at: *state* is ``ok``, ``warning`` or ``problem``."""

    what: str
    state: str
    detail: str
    hint: str = ""


@frozen
class Diagnosis:
    """What /doctor found."""

    findings: tuple[Finding, ...]
    healthy: bool
