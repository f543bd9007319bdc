"""What is kept of what an agent does: events in their order, lines without secrets, a log that has a bound."""

from __future__ import annotations

import io

import pytest

from qwen_orch.agents import record
from qwen_orch.agents.record import Record
from qwen_orch.agents.seen import Said, Spent, used
from qwen_orch.model.activity import ActionState, Usage
from qwen_orch.model.ids import SessionId
from qwen_orch.processes.shop import Shop
from tests.commands.desk import Desk

OURS = {"toolCallId": "1", "title": 'claim_done (orch MCP Server): {"summary":"x"}', "kind": "other"}


@pytest.fixture
def kept(desk: Desk) -> Record:
    """A record of the session of a task that was begun by hand."""
    desk.plan()
    desk("/new_task task-003 --force --executor manual")
    writer = desk.project.writer()
    shop = Shop(desk.project, writer, lambda kind, task, text: desk.door.show((kind, task, text)))  # type: ignore[arg-type]
    session = writer.graph.task("task-003").session
    assert session is not None
    return Record(shop, SessionId(session), "task-003", io.BytesIO())


def shown(kept: Record, desk: Desk) -> list[str]:
    """Return the lines that were shown."""
    return [text for _, _, text in desk.door.shown[-50:] if isinstance(text, str)]


def test_our_own_tools_tell_themselves_though_only_the_first_news_has_the_name(kept: Record, desk: Desk) -> None:
    kept.take([used(OURS), used({"toolCallId": "1", "status": "completed"})])
    assert kept.shop.writer.graph.session(kept.session).activity.actions == ()


def test_a_call_begins_and_ends_once_whichever_news_comes_first(kept: Record, desk: Desk) -> None:
    """Some agents tell only how it ended, some tell it twice."""
    ended = {"toolCallId": "7", "title": "Shell: ls", "kind": "execute", "status": "failed"}
    kept.take([used(ended), used({"toolCallId": "7"}), used(ended)])
    (action,) = kept.shop.writer.graph.session(kept.session).activity.actions
    assert (action.title, action.kind, action.state) == ("Shell: ls", "execute", ActionState.FAILED)
    assert shown(kept, desk)[-2:] == ["→ Shell: ls", "✗ Shell: ls"]


def test_a_call_without_a_title_has_the_name_of_its_tool(kept: Record, desk: Desk) -> None:
    kept.take([used({"toolCallId": "8", "status": "failed", "_meta": {"toolName": "glob"}})])
    assert shown(kept, desk)[-1] == "✗ glob"


def changed(kept: Record) -> tuple[set[str], bool]:
    """Return which files the agent has changed as far as it told, and whether it may have changed any."""
    seen = kept.shop.writer.graph.session(kept.session).activity
    return set(seen.named()), seen.may_have_changed_any


def test_the_files_that_a_call_changes_are_kept_from_its_beginning(kept: Record, desk: Desk) -> None:
    """Relative to the project, wherever the agent names them; those outside of it are no matter of ours."""
    call = {"toolCallId": "9", "kind": "edit", "rawInput": {"file_path": f"{desk.root}/src/../a.py"}}
    kept.take([used({**call, "locations": [{"path": "b.py"}, {"path": "/tmp/c.py"}, {"path": "."}]})])
    assert changed(kept) == ({"a.py", "b.py"}, False)
    diff = {"type": "diff", "path": f"{desk.root}/late.py", "newText": "x"}  # only now told
    kept.take([used({"toolCallId": "9", "status": "completed", "content": [diff]})])
    assert changed(kept) == ({"a.py", "b.py", "late.py"}, False)


@pytest.mark.parametrize(("kind", "any_file"), [("execute", True), ("other", True), ("edit", True), ("read", False)])
def test_a_call_that_names_no_file_may_have_changed_any(kept: Record, kind: str, any_file: bool) -> None:
    """Unless it only looks; a place where a command runs is no file that it changes."""
    place = [{"path": "src"}] if kind != "edit" else []
    kept.take([used({"toolCallId": "9", "title": "x", "kind": kind, "status": "completed", "locations": place})])
    assert changed(kept) == (set(), any_file)


def test_a_call_that_was_refused_or_failed_has_changed_nothing(kept: Record) -> None:
    edit = {"toolCallId": "9", "kind": "edit", "locations": [{"path": "a.py"}]}
    kept.take([used(edit), used({"toolCallId": "10", "kind": "execute", "status": "failed"})])
    kept.refused(used({**edit, "status": "failed"}))
    assert changed(kept) == (set(), False)


def test_words_are_shown_line_by_line_and_a_last_one_at_the_end_of_the_turn(kept: Record, desk: Desk) -> None:
    kept.take([Said("one\ntw"), Said("thinking\n", thought=True), Said("o")])
    assert shown(kept, desk)[-1] == "one"
    kept.end_turn()
    assert shown(kept, desk)[-1] == "two"


def test_tokens_add_up(kept: Record, desk: Desk) -> None:
    kept.take([Spent(Usage(10, 2, requests=1)), Spent(Usage(5, 1, requests=1))])
    assert kept.shop.writer.graph.session(kept.session).activity.usage == Usage(15, 3, requests=2)


def test_secrets_reach_neither_the_screen_nor_the_log(kept: Record, desk: Desk) -> None:
    kept.take([Said("OPENAI_API_KEY=sk-proj-abcdefghijklmnopqrstuvwxyz0123456789\n")])
    assert isinstance(kept.log, io.BytesIO)
    assert "abcdefghijklm" not in kept.log.getvalue().decode() + "".join(shown(kept, desk))


def test_the_log_has_a_bound(kept: Record, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "LOG_BYTES", 100)
    for _ in range(50):
        kept.write(b"0123456789")
    assert isinstance(kept.log, io.BytesIO)
    assert len(kept.log.getvalue()) == 100
