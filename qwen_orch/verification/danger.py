"""Commands that deserve a second look before they are approved. A net for accidents, not a jail for attackers."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PATTERNS = (
    (
        r"\brm\s+(-[-a-zA-Z]+\s+)*-([a-zA-Z]*[rR][a-zA-Z]*|-recursive)\s+(-[-a-zA-Z]+\s+)*[\"']?(/|~|\$\{?HOME\b|\.\.)",
        "removes files outside the project",
    ),
    (r"\bsudo\b|\bdoas\b", "asks for administrator rights"),
    (r"\bmkfs|\bdd\b[^|;]*\bof=/dev/|>\s*/dev/(sd|nvme|disk)", "writes to a disk device"),
    (r"\b(curl|wget)\b[^|;]*\|\s*(sudo\s+)?(ba|z|da)?sh\b", "runs what it downloads"),
    (r"\bgit\s+push\b[^;&|]*(\s--force(?![-\w])|\s-[a-z]*f[a-z]*\b)", "overwrites a remote branch"),
    (r":\(\)\s*\{\s*:\s*\|\s*:", "is a fork bomb"),
    (r"\bchmod\s+(-[a-zA-Z]+\s+)*777\s+/", "opens system files to everybody"),
)


def concerns(commands: Iterable[str]) -> list[str]:
    """Return one line for each command that looks destructive, saying what it does."""
    found = []
    for command in commands:
        what = next((meaning for pattern, meaning in _PATTERNS if re.search(pattern, command)), None)
        if what:
            found.append(f"`{command[:200]}` {what}")
    return found
