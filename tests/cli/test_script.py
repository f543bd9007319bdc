"""Scripts: statements, heredocs, and where they stop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qwen_orch.errors import UsageError, ValidationError
from qwen_orch.script import statements

Call = Callable[..., Any]


def read(text: str) -> list[tuple[int, list[str], str]]:
    """Return the statements of *text*: line number, words, and what is below."""
    lines = text.encode().splitlines(keepends=True)
    return [(s.number, [w.text for w in s.line.words], s.line.below) for s in statements(lines, "it")]


class TestStatements:
    """One command a line."""

    def test_blank_lines_and_comments(self) -> None:
        """Are skipped, and counted."""
        assert read("\n# no\n  # no\n/a b\r\n\nc\n") == [(4, ["/a", "b"], ""), (6, ["c"], "")]

    def test_byte_order_mark(self) -> None:
        """Is no part of the first command."""
        assert read("\ufeff/a\n") == [(1, ["/a"], "")]

    @pytest.mark.parametrize("mark", ["<<END", "<< END", "<<'END'", '<<"END"'])
    def test_heredoc(self, mark: str) -> None:
        """Its lines, whatever they begin with, are text."""
        text = f"/plan --title x {mark}\n# Shop\n\n/exit\n  - a\nEND\n/b\n"
        assert read(text) == [(1, ["/plan", "--title", "x"], "# Shop\n\n/exit\n  - a"), (7, ["/b"], "")]

    def test_heredoc_without_end(self) -> None:
        """Names the line it began in."""
        with pytest.raises(UsageError, match="it line 2: the text after <<END never ends"):
            read("/a\n/plan <<END\n- a\n")

    def test_not_utf8(self) -> None:
        """Names the line."""
        with pytest.raises(ValidationError, match="it line 2 is not UTF-8"):
            list(statements([b"/a\n", b"\xff\n"], "it"))


class TestScripts:
    """A script runs up to the first failure."""

    SCRIPT = "# a plan\n/plan <<END\n# Shop\n- [ ] one\n- [ ] two\nEND\napprove_plan\nlist_tasks\n"

    def test_from_stdin(self, call: Call) -> None:
        """With one object a command."""
        said = call("--json", stdin=self.SCRIPT)
        assert said.code == 0
        assert [t["command"] for t in said.json] == ["plan", "approve_plan", "list_tasks"]
        assert [t["title"] for t in said.json[2]["result"]["tasks"]] == ["one", "two"]

    def test_from_file(self, call: Call, project: Path) -> None:
        """The same."""
        (project / "s.orch").write_text(self.SCRIPT)
        assert call("--json", "--script", "s.orch").code == 0

    def test_stops_at_first_failure(self, call: Call) -> None:
        """With its exit code, and where it was on stderr."""
        said = call("--json", stdin=f"{self.SCRIPT}task_status task-9\nlist_tasks\n")
        assert said.code == 1
        assert [t["ok"] for t in said.json] == [True, True, True, False]
        assert said.err == "standard input, line 9: stopped here\n"

    def test_incomplete_is_a_failure(self, call: Call) -> None:
        """As it is for one command."""
        assert call(stdin=f"{self.SCRIPT}check_completeness\nlist_tasks\n").code == 4

    def test_exit_ends_it(self, call: Call) -> None:
        """Well."""
        assert call("--json", stdin="exit\nlist_tasks\n").code == 0

    def test_standard_input_is_taken(self, call: Call) -> None:
        """A script from standard input cannot read a plan from it."""
        said = call(stdin="/plan -\n- a\n")
        assert said.code == 2
        assert "this script itself" in said.err

    def test_nobody_is_asked(self, call: Call) -> None:
        """A second plan needs --yes."""
        twice = f"{self.SCRIPT}/plan <<END\n- [ ] three\nEND\n"
        assert call(stdin=twice).code == 1
        assert call("--yes", stdin=twice).code == 0

    @pytest.mark.parametrize("name", ["missing", ".", "nul\0"])
    def test_no_script(self, call: Call, name: str) -> None:
        """A file that cannot be read is named."""
        said = call("--script", name)
        assert said.code == 1
        assert "cannot be read" in said.err

    def test_empty(self, call: Call) -> None:
        """Nothing to do is done."""
        assert call(stdin="") == (0, "", "")
