"""What bringing our commands into another program answers."""

from __future__ import annotations

from typing import NamedTuple


class Installed(NamedTuple):
    """Our *commands* are in the *folder* of *agent*; *kept* are files that a person had changed."""

    agent: str
    folder: str
    commands: tuple[str, ...]
    written: tuple[str, ...]
    kept: tuple[str, ...]


class Uninstalled(NamedTuple):
    """Nothing of ours is in the *folder* of *agent* any more, but for the files *kept*: a person had changed them."""

    agent: str
    folder: str
    written: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]
