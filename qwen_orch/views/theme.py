"""What each meaning looks like on a terminal: the sixteen colours a person has chosen for it, and few of them."""

from __future__ import annotations

STYLES: dict[str, str] = {
    "": "none",
    "heading": "bold",
    "title": "none",
    "header": "dim",
    "id": "cyan",
    "done": "green",
    "active": "bold blue",
    "claimed": "magenta",
    "open": "none",
    "blocked": "yellow",
    "failed": "bold red",
    "warn": "yellow",
    "hint": "cyan",
    "command": "bold",
    "muted": "dim",
}
