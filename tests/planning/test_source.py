"""Where the text of a command comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from qwen_orch.commands import source
from qwen_orch.commands.context import Context
from qwen_orch.commands.source import asked_for, bytes_of, text_of
from qwen_orch.errors import UsageError, ValidationError
from qwen_orch.project.project import Project
from tests.commands.desk import RecordingDoor


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    """A context whose door remembers."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return Context(Project.at(tmp_path), RecordingDoor(input=b"piped\n"))


@pytest.mark.parametrize("typed", ["a plan", "@", "-x", "@a.md\nand more", " @a.md", "--"])
def test_text_is_taken_as_it_is(context: Context, typed: str) -> None:
    """Only `@file` alone and `-` alone mean something else."""
    assert text_of(context, typed) == (typed, "typed")


def test_a_file_and_standard_input(context: Context) -> None:
    """A name may hold blanks, and `~` is the person's home."""
    Path("a plan.md").write_text("from a file")
    assert text_of(context, "@a plan.md") == ("from a file", "a plan.md")
    assert text_of(context, "@~/a plan.md")[0] == "from a file"
    assert text_of(context, "-") == ("piped\n", "standard input")


def test_what_the_decoder_noticed_is_a_warning(context: Context) -> None:
    """With the name of the file."""
    Path("old.md").write_bytes("Café".encode("latin-1"))
    assert text_of(context, "@old.md")[0] == "Café"
    assert len(context.warnings) == 1
    assert context.warnings[0].startswith("old.md: ")


def test_a_file_that_is_too_large(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not even opened."""
    monkeypatch.setattr(source, "MOST_BYTES", 10)
    Path("large.md").write_text("x" * 11)
    with pytest.raises(ValidationError, match="is larger than"):
        bytes_of(Path("large.md"))


def test_an_editor_where_there_is_a_person(context: Context) -> None:
    """What they wrote; nothing written, or nobody there, is a usage error that says the other ways."""
    door = context.door
    assert isinstance(door, RecordingDoor)
    door.written = "typed in an editor"
    with pytest.raises(UsageError):
        asked_for(context, None, "what?")
    door.interactive = True
    assert asked_for(context, None, "what?") == "typed in an editor"
    assert asked_for(context, "given", "what?") == "given"
    for written in (None, "", "  \n"):
        door.written = written
        with pytest.raises(UsageError) as caught:
            asked_for(context, None, "what?")
        assert "/plan @FILE" in caught.value.hints
