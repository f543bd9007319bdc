"""Signs that a success is none. Agents report an unreachable model as a finished task, and tick what they never did."""

from __future__ import annotations

import re

from qwen_orch.agents.profile import Profile
from qwen_orch.agents.turn import Stop, Turn
from qwen_orch.execution.attribution import Credit
from qwen_orch.model.session import Session
from qwen_orch.model.task import Evidence

_ERROR_TEXT = re.compile(r"^\s*(?:\[?(?:API|Connection) error\b|\[API Error|Error: (?:4|5)\d\d\b)", re.IGNORECASE)


def doubts(profile: Profile, session: Session, turn: Turn, work: Evidence, changed: Credit) -> tuple[str, ...]:
    """Return why a claim made in *session* is not believed, each in a few words; nothing when there is no sign.

    *turn* is how the last turn ended, *work* what was seen of it, *changed* whose the files are that changed meanwhile.
    """
    usage = session.activity.usage
    signs = (
        ("only others changed files" if changed.others else "nothing changed", not work.passed),
        ("no tokens were spent", profile.counts_tokens and usage.total == 0),
        ("its last words are an error", bool(_ERROR_TEXT.match(turn.last_words))),
        ("its output was truncated", turn.stop is Stop.TRUNCATED),
    )
    return tuple(name for name, holds in signs if holds)
