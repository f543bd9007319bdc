"""Long pasted text shows as a chip, such as ``[pasted text #1: 84 lines]``, that is the whole text when submitted."""

from __future__ import annotations

import re

from attrs import Factory, define

LINES, CHARACTERS = 12, 1500
"""Text of more lines or characters than this becomes a chip."""
CHIP = re.compile(r"\[pasted text #\d+: [\d,]+ (?:lines|characters)\]")


@define
class Chips:
    """The chips of one run of the shell, and what each stands for."""

    _texts: dict[str, str] = Factory(dict)

    def fold(self, text: str) -> str:
        """Return *text*, or the chip that stands for it when it is long."""
        text = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
        lines = text.count("\n") + 1
        if lines <= LINES and len(text) <= CHARACTERS:
            return text
        size = f"{lines:,} lines" if lines > 1 else f"{len(text):,} characters"
        chip = f"[pasted text #{len(self._texts) + 1}: {size}]"
        self._texts[chip] = text
        return chip

    def fold_command(self, text: str) -> str:
        """Return *text* with a long one folded, but for the command it begins with."""
        command = re.match(r"/\w+[ \t]*(?:\n(?=.))?", text)
        start = command.end() if command else 0
        return text[:start] + self.fold(text[start:])

    def expand(self, line: str) -> str:
        """Return *line* with every chip replaced by what it stands for; only what was typed is looked through."""
        return CHIP.sub(lambda chip: self._texts.get(chip[0], chip[0]), line)

    def at_end_of(self, text: str) -> str:
        """Return the chip that *text* ends with, or nothing."""
        found = CHIP.search(text[text.rfind("[") :]) if text.endswith("]") else None
        return found[0] if found and found[0] in self._texts else ""
