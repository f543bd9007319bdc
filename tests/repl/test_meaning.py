"""What submitted text means."""

from __future__ import annotations

import pytest

from qwen_orch.commands.lexer import Word
from qwen_orch.commands.registry import bind, find
from qwen_orch.repl.meaning import Description, Goal, Order, Slip, Stray, meaning, plan_of


@pytest.mark.parametrize("text", ["", " ", "\n", " \n \n"])
def test_nothing(text: str) -> None:
    """Blank text means nothing."""
    assert meaning(text) is None


@pytest.mark.parametrize("text", ["/list_tasks tag:x", "  /help", "/nonsense", "/plan # A\n- [ ] b", "/plan\n- [ ] b"])
def test_orders(text: str) -> None:
    """A slash makes a command: of one line whatever its name, of several only with a name that is one."""
    meant = meaning(text)
    assert isinstance(meant, Order)
    assert meant.line.words[0].text == text.split(maxsplit=1)[0]


@pytest.mark.parametrize("text", ["y", "No", " yes ", "n\n"])
def test_an_answer_though_nothing_was_asked(text: str) -> None:
    """Is no goal to plan."""
    assert meaning(text) == Stray()


def test_text_below_a_command() -> None:
    """Belongs to it, as it is."""
    meant = meaning("/plan # A\n\n  - [ ] b\n")
    assert isinstance(meant, Order)
    assert meant.line.below == "\n  - [ ] b"


@pytest.mark.parametrize("text", ["# Shop\n- [ ] a", "/etc is full\nclean it", "list_tasks\nand more", "a\n/exit"])
def test_descriptions(text: str) -> None:
    """Several lines that begin with no command are a plan."""
    assert meaning(f"{text}\n") == Description(text)


@pytest.mark.parametrize("text", ["Build a shop", "plan the party", "import users from CSV", "help people"])
def test_goals(text: str) -> None:
    """A line without a slash is a goal, even when its first word is also the name of a command."""
    assert meaning(f" {text} ") == Goal(text)


@pytest.mark.parametrize("text", ["list_tasks tag:x", "exit", "help", "task_status 3"])
def test_slips(text: str) -> None:
    """What can only be a command lacks its slash."""
    assert meaning(text) == Slip(f"/{text}")


@pytest.mark.parametrize("text", ["--merge", "a --title b", "-", '"quoted" text', "# A\n- [ ] --x", "\\n"])
def test_plan_of_any_text(text: str) -> None:
    """No character of a text is taken for an option."""
    line = plan_of(text)
    assert line.words[0] == Word("/plan", 0, 0)
    assert bind(find("plan"), line._replace(words=line.words[1:])) == {"text": text}
