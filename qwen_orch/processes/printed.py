"""What programs print becomes text that may be kept and shown."""

from __future__ import annotations

import codecs

from qwen_orch.model.text import clean
from qwen_orch.processes.secrets import Hiding, hide
from qwen_orch.store.lease import TAIL_BYTES


class Printed:
    """Makes a stream of bytes whole lines, without the secrets in them and without what cannot be seen."""

    def __init__(self) -> None:
        self._lines, self._hiding = Lines(), Hiding()

    def add(self, chunk: bytes) -> str:
        """Take in *chunk*; return the lines that are whole now."""
        return self._safe(self._lines.add(chunk))

    def end(self) -> str:
        """Return what is left, as a line."""
        return self._safe(self._lines.end())

    def _safe(self, text: str) -> str:
        return clean(self._hiding.hide(text), multiline=True)


class Tail:
    """The last `TAIL_BYTES` characters of a text."""

    def __init__(self) -> None:
        self._kept = ""
        self._cut = False

    def add(self, text: str) -> None:
        """Take in *text*."""
        self._kept += text
        if len(self._kept) > 2 * TAIL_BYTES:
            self._cut, self._kept = True, self._kept[-TAIL_BYTES:]

    def text(self) -> str:
        """Return what is kept, safe to show."""
        cut = self._cut or len(self._kept) > TAIL_BYTES
        text = clean(hide(self._kept[-TAIL_BYTES:]), multiline=True).rstrip()
        return f"…\n{text}" if cut else text


class Lines:
    """Cuts a stream of bytes into whole lines of text."""

    LONGEST = 65536
    """A longer line is cut: it is no line that anybody reads, and must not fill the memory."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._open = ""
        self._returned = False
        """Whether the last character was a CR: a line feed that comes next belongs to it."""

    def add(self, chunk: bytes) -> str:
        """Take in *chunk*; return the lines that are whole now, each with its line feed. A bare CR ends one, too."""
        return self._cut(self._decode(chunk))

    def _cut(self, text: str) -> str:
        if not text:
            return ""
        text = text.removeprefix("\n") if self._returned else text
        self._returned = text.endswith("\r")
        text = self._open + text
        whole, feed, self._open = text.replace("\r\n", "\n").replace("\r", "\n").rpartition("\n")
        if len(self._open) > self.LONGEST:
            at = self._open.rfind(" ", self.LONGEST // 2) + 1 or len(self._open)  # a word, a key for one, stays whole
            whole, feed, self._open = f"{whole}{feed}{self._open[:at]}", "\n", self._open[at:]
        return whole + feed

    def end(self) -> str:
        """Return what is left, as a line."""
        whole = self._cut(self._decode(b"", True))
        left, self._open = self._open, ""
        return f"{whole}{left}\n" if left else whole
