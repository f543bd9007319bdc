"""What help answers."""

from __future__ import annotations

from typing import NamedTuple


class HelpEntry(NamedTuple):
    """One command in brief, or (with *options*) in full."""

    name: str
    group: str
    usage: str
    summary: str
    details: str = ""
    options: tuple[tuple[str, str], ...] = ()


class Help(NamedTuple):
    """What can be typed."""

    commands: tuple[HelpEntry, ...]


class Farewell(NamedTuple):
    """The shell is to end."""

    message: str
