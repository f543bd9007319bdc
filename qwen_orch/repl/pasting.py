"""Reading a large paste in linear time.

prompt_toolkit looks for the end of a paste in all of it each time some more arrives, so that 5 MB take a quarter of a
minute. This parser looks at what is new.
"""

from __future__ import annotations

from prompt_toolkit.input import Input
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.keys import Keys

END = "\x1b[201~"


class PasteParser(Vt100Parser):
    """Parses keys as ever, and a paste piece by piece."""

    _pieces: list[str] | None = None

    def feed(self, data: str) -> None:
        """Take in what arrived."""
        if not self._in_bracketed_paste:
            super().feed(data)  # comes back here with the rest when a paste begins in it
            return
        self._pieces = self._pieces or []
        before = self._pieces.pop() if self._pieces else ""
        end = (before + data).find(END)
        if end < 0:
            self._keep(before + data)
            return
        text = "".join([*self._pieces, (before + data)[:end]])
        self._pieces = None
        self._in_bracketed_paste = False
        self.feed_key_callback(KeyPress(Keys.BracketedPaste, text))
        self.feed((before + data)[end + len(END) :])

    def _keep(self, text: str) -> None:
        """Keep *text*; its last few characters apart, for they may begin the mark of the end."""
        assert self._pieces is not None
        cut = max(0, len(text) - len(END) + 1)
        self._pieces += [text[:cut], text[cut:]]


def read_quickly(source: Input) -> None:
    """Have *source* read pastes in linear time, if it is a terminal of the kind we know."""
    if isinstance(source, Vt100Input) and hasattr(source.vt100_parser, "_in_bracketed_paste"):
        source.vt100_parser = PasteParser(source.vt100_parser.feed_key_callback)
