"""The command line: what its words mean, what it prints, and what it ends with."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qwen_orch import __version__, cli
from qwen_orch.cli import Options, line_of, parse
from qwen_orch.commands import registry
from qwen_orch.errors import UsageError

Call = Callable[..., Any]


class TestParse:
    """Options stand before and after the command, up to ``--``."""

    @pytest.mark.parametrize(
        ("arguments", "options"),
        [
            ([], Options([])),
            (["/list_tasks", "status:pending"], Options(["/list_tasks", "status:pending"])),
            (["--json", "list_tasks"], Options(["list_tasks"], json=True)),
            (["list_tasks", "--json", "--tree"], Options(["list_tasks", "--tree"], json=True)),
            (["--project", "x", "list_tasks", "--yes"], Options(["list_tasks"], yes=True, project="x")),
            (["list_tasks", "--project=a=b"], Options(["list_tasks"], project="a=b")),
            (["--script", "-x"], Options([], script="-x")),
            (["plan", "--", "--json", "x"], Options(["plan", "--", "--json", "x"])),
            (["--", "plan", "--json"], Options(["plan", "--json"])),
            (["plan", "-"], Options(["plan", "-"])),
            (["--help"], Options([], help=True)),
            (["--help", "plan"], Options(["plan", "--help"], help=True)),
            (["plan", "--help"], Options(["plan", "--help"])),
            (["list_tasks", "-tag:x"], Options(["list_tasks", "-tag:x"])),
            (["--no-color", "--version"], Options([], no_color=True, version=True)),
        ],
    )
    def test_options(self, arguments: list[str], options: Options) -> None:
        """Each word is an option of ours or belongs to the command."""
        assert parse(arguments) == options

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--jsn"], "there is no option --jsn; did you mean --json?"),
            (["--project"], "--project needs a value"),
            (["--project", "--json"], "--project needs a value"),
            (["-x", "list_tasks"], "there is no option -x"),
        ],
    )
    def test_wrong_options(self, arguments: list[str], message: str) -> None:
        """What is wrong is named."""
        with pytest.raises(UsageError, match=message.replace("?", r"\?")):
            parse(arguments)

    def test_a_single_word_may_hold_the_line(self) -> None:
        """As another program would pass it on."""
        assert [w.text for w in line_of(["/list_tasks status:pending"]).words] == ["/list_tasks", "status:pending"]
        assert [w.text for w in line_of(["plan", "a b"]).words] == ["plan", "a b"]


class TestCommands:
    """One command."""

    def test_slash_may_be_left_out(self, planned: Call) -> None:
        """Both forms answer the same."""
        assert planned("list_tasks") == planned("/list_tasks")

    def test_text_goes_to_stdout(self, planned: Call) -> None:
        """And nothing to stderr."""
        said = planned("list_tasks", "catalogue")
        assert said.code == 0
        assert "Catalogue" in said.out
        assert "Cart" not in said.out
        assert said.err == ""

    def test_no_escape_sequences_in_a_pipe(self, planned: Call) -> None:
        """Colours are for terminals."""
        assert "\x1b" not in planned("task_status").out

    def test_json_is_one_line(self, planned: Call) -> None:
        """With the keys that DESIGN 3 promises."""
        said = planned("list_tasks", "--json")
        (told,) = said.json
        assert list(told) == ["schema", "ok", "command", "result", "warnings"]
        assert (told["schema"], told["ok"], told["command"]) == (1, True, "list_tasks")
        assert [t["id"] for t in told["result"]["tasks"]] == ["task-001", "task-002", "task-003"]
        assert told["result"]["tasks"][1]["estimate"]["likely"] == 3.0
        assert said.out.endswith("}\n")
        assert said.err == ""

    @pytest.mark.parametrize(
        ("arguments", "code", "kind"),
        [
            (("list_taks",), 2, "UsageError"),
            (("list_tasks", "--tre"), 2, "UsageError"),
            (("list_tasks", "stats:x"), 2, "UsageError"),
            (("task_status", "task-999"), 1, "TaskNotFound"),
            (("approve_plan",), 1, "StateTransitionError"),
            (("reset_plan",), 1, "StateTransitionError"),
            (("approve_plan", "../../x"), 1, "PlanNotFound"),
            (("plan", "@missing.md"), 1, "ValidationError"),
            (("--project", "/nowhere", "list_tasks"), 3, "StorageError"),
            (("--bogus",), 2, "UsageError"),
            (("list_tasks", "--script", "x"), 2, "UsageError"),
        ],
    )
    def test_errors(self, planned: Call, arguments: tuple[str, ...], code: int, kind: str) -> None:
        """Exit code, type, message and what to type next; as a picture on stderr, as JSON on stdout."""
        said = planned(*arguments)
        assert (said.code, said.out) == (code, "")
        assert "→" in said.err
        assert "Traceback" not in said.err
        told = planned(*arguments, "--json")
        assert (told.code, told.err) == (code, "")
        assert told.json[0]["ok"] is False
        assert told.json[0]["error"]["type"] == kind
        assert told.json[0]["error"]["message"]
        assert told.json[0]["error"]["hints"]

    def test_the_command_of_an_error(self, planned: Call) -> None:
        """Is the name of the command, or the word typed for one."""
        assert planned("--json", "/lst").json[0]["command"] == "lst"
        assert planned("--json", "help", "nothing_of_the_kind").json[0]["command"] == "orchestration_help"

    def test_yes_is_consent(self, planned: Call) -> None:
        """Where nobody can be asked."""
        assert planned("reset_plan", "--yes").code == 0

    def test_incomplete_is_4(self, planned: Call) -> None:
        """So that it can gate a build."""
        said = planned("check_completeness", "--json")
        assert said.code == 4
        assert said.json[0]["ok"] is True
        assert said.json[0]["result"]["complete"] is False

    def test_export_goes_raw_to_stdout(self, planned: Call) -> None:
        """So that it can be redirected."""
        said = planned("export_plan", "json")
        assert said.code == 0
        assert json.loads(said.out)
        assert said.out.endswith("\n")

    def test_surrogates_in_arguments(self, planned: Call) -> None:
        """Bytes that are not UTF-8 do not break the output."""
        for form in ((), ("--json",)):
            said = planned("task_status", os.fsdecode(b"\xff\xfe"), *form)
            assert said.code == 1
            assert "Traceback" not in said.err

    def test_version(self, call: Call) -> None:
        """Names it."""
        assert call("--version") == (0, f"qwen-orch {__version__}\n", "")

    def test_help(self, call: Call) -> None:
        """Alone: the command line and all commands. With a command: that one."""
        everything = call("--help")
        assert everything.code == 0
        assert "--project DIR" in everything.out
        assert "/check_completeness" in everything.out
        one = call("list_tasks", "--help")
        assert "--tree" in one.out
        assert one == call("--help", "list_tasks") == call("help", "list_tasks")

    def test_help_as_json(self, call: Call) -> None:
        """Is one object, named after its shape."""
        (told,) = call("--help", "--json").json
        assert told["command"] == "orchestration_help"
        assert len(told["result"]["commands"]) == len(registry.ALL)

    def test_looking_makes_no_folder(self, call: Call, project: Path) -> None:
        """A project is touched when something is to be kept."""
        call("help")
        call("list_tasks")
        call("sessions")
        assert list(project.iterdir()) == []

    def test_nearest_project_is_found(self, planned: Call, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """From any folder below it."""
        below = project / "a" / "b"
        below.mkdir(parents=True)
        monkeypatch.chdir(below)
        assert len(planned("list_tasks", "--json").json[0]["result"]["tasks"]) == 3

    def test_folder_that_is_gone(self, call: Call, project: Path) -> None:
        """The current folder may be removed under us."""
        project.rmdir()
        said = call("list_tasks")
        assert said.code == 3
        assert "no longer exists" in said.err


class TestFaultsOfOurs:
    """A fault is one line for the person and a traceback for us."""

    @pytest.fixture
    def faulty(self, planned: Call, monkeypatch: pytest.MonkeyPatch) -> Call:
        """/graph divides by zero."""

        def run(context: Any) -> None:
            raise ZeroDivisionError("nothing\nto divide")

        monkeypatch.setattr(
            registry, "_declared", {"graph": registry.find("graph")._replace(run=run, params=())}.__getitem__
        )
        return planned

    def test_traceback_is_kept(self, faulty: Call, project: Path) -> None:
        """In the log of the project, for its owner only."""
        said = faulty("graph")
        log = project / ".qwen/orchestration/logs/errors.log"
        assert said.code == 1
        assert said.out == ""
        assert "an error of ours in /graph: ZeroDivisionError: nothing\n" in said.err
        assert "errors.log" in said.err.replace("\n", "")
        assert "Traceback" not in said.err
        assert "Traceback" in log.read_text()
        assert log.stat().st_mode & 0o777 == 0o600

    def test_as_json(self, faulty: Call) -> None:
        """The same, in the envelope."""
        (told,) = faulty("graph", "--json").json
        assert told["error"]["type"] == "InternalError"

    def test_log_that_cannot_be_written(self, faulty: Call, project: Path, tmp_path: Path) -> None:
        """The traceback is in the temporary folder then."""
        (project / ".qwen/orchestration/logs").write_text("in the way")
        said = faulty("graph")
        assert said.code == 1
        (kept,) = tmp_path.glob("qwen-orch-error-*.log")
        assert "Traceback" in kept.read_text()
        assert kept.stat().st_mode & 0o777 == 0o600

    def test_fault_outside_a_command(self, planned: Call, monkeypatch: pytest.MonkeyPatch) -> None:
        """Such as one of a view."""
        monkeypatch.setattr(cli, "_one", lambda *_: 1 / 0)
        said = planned("list_tasks")
        assert said.code == 1
        assert "ZeroDivisionError" in said.err

    def test_interrupt(self, planned: Call, monkeypatch: pytest.MonkeyPatch) -> None:
        """Ends with 130 and says that what was shown is kept."""

        def run(context: Any) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(
            registry, "_declared", {"graph": registry.find("graph")._replace(run=run, params=())}.__getitem__
        )
        said = planned("graph", "--json")
        assert said.code == 130
        assert said.json[0]["error"]["type"] == "Interrupted"


def test_yes_in_a_line(planned: Call) -> None:
    """Is consent wherever a command is typed, and no part of its text."""
    said = planned("--json", stdin="/note keep --yes this\n/note -- --yes\n/reset_plan --yes\n")
    assert said.code == 0
    texts = [told["result"].get("text", "").split() for told in said.json]
    assert texts == [["keep", "this"], ["--yes"], []]
