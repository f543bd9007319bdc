"""What help answers."""

from __future__ import annotations

from attrs import frozen


@frozen
class HelpEntry:
    """One command in brief, or (with *options*) in full."""

    name: str
    group: str
    usage: str
    summary: str
    details: str = ""
    options: tuple[tuple[str, str], ...] = ()


@frozen
class Help:
    """What can be typed."""

    commands: tuple[HelpEntry, ...]


@frozen
class Farewell:
    """The shell is to end."""

    message: str
