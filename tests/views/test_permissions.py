"""What agents ask, as a person reads it before answering."""

from __future__ import annotations

from qwen_orch.answers.permissions import Permissions, Permitted, QuestionAnswer
from tests.views.reading import painted

COMMAND = "git push --force"


def asked(allowed: bool | None = None, by: str = "") -> QuestionAnswer:
    """Return a question about `COMMAND`, and its answer."""
    return QuestionAnswer("task-001", "session-a-b2c3", 3, "execute", "Shell", COMMAND, allowed, by, "")


def test_a_question_is_shown_whole_and_first() -> None:
    shown = painted(Permissions((asked(),), (asked(False, "policy"),), ("/allow task-001 3",)))
    assert shown.splitlines()[0] == "Waiting (1)"
    assert "  task-001 3. Shell" in shown
    assert f"    │ {COMMAND}\n" in shown
    assert "  ✗ task-001 Shell · denied by policy\n" in shown


def test_what_was_answered_is_one_line() -> None:
    assert painted(Permitted(asked(True, "person"), 0)) == "✓ task-001 Shell · allowed by person\n"


def test_nobody_is_not_named_as_if_it_were_somebody() -> None:
    assert "denied, nobody answered" in painted(Permissions((), (asked(False, "nobody"),), ()))
