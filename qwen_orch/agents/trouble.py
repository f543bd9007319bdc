"""What goes wrong with an agent or with the model behind it: never the fault of the task."""

from __future__ import annotations

import re
from typing import Any

from qwen_orch.model.text import clean, one_line

_STATUS = re.compile(r"(?:\[?API Error:?\s*)?(\d{3})\b")
_LASTING = (400, 401, 402, 403, 404, 405, 413, 422)
"""HTTP statuses for which the same request will be refused again."""
AUTHENTICATION_REQUIRED = -32000


class Trouble(Exception):  # noqa: N818 - it becomes an AgentError where a person hears of it
    """The agent failed. *lasting*: trying again would fail again; *gone*: its process has ended.

    *explained*: the agent has said why itself.
    """

    def __init__(self, text: str, lasting: bool = False, gone: bool = False, explained: bool = False) -> None:
        super().__init__(text)
        self.text, self.lasting, self.gone, self.explained = one_line(clean(text))[:300], lasting, gone, explained

    @classmethod
    def told(cls, code: int, message: str, data: Any) -> Trouble:
        """Return what an error of the protocol tells; agents hide the model's own error in ``data.details``."""
        details = data.get("details") if isinstance(data, dict) else data
        text = str(details or message)
        status = _STATUS.match(text)
        lasting = code == AUTHENTICATION_REQUIRED or (status is not None and int(status[1]) in _LASTING)
        return cls(f"the model answered {text}" if status else text, lasting, explained=True)
