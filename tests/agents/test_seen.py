"""What an agent's updates mean: nothing that it sends raises, and what is taken in has a bound."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_orch.agents.seen import LONGEST_TEXT, LONGEST_TITLE, Said, Spent, Used, seen, used
from qwen_orch.agents.trouble import Trouble
from qwen_orch.model.activity import ActionState

HALVES = st.text(st.characters(codec=None, categories=["Cs", "L", "Cc"]), max_size=9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | HALVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
KINDS = ("agent_message_chunk", "agent_thought_chunk", "tool_call", "tool_call_update", "user_message_chunk", "plan")
KEYS = ("content", "_meta", "status", "title", "toolCallId", "kind", "rawInput", "usage", "text", "inputTokens")
PLACES = JSON | st.lists(st.fixed_dictionaries({"path": JSON}), max_size=2)
UPDATE = st.fixed_dictionaries(
    {"sessionUpdate": st.sampled_from(KINDS) | JSON}, optional=dict.fromkeys(KEYS, JSON) | {"locations": PLACES}
)


@given(UPDATE)
def test_no_update_raises(update: dict[str, Any]) -> None:
    for one in seen(update):
        assert isinstance(one, Said | Used | Spent)
        words = [one.text] if isinstance(one, Said) else []
        words += [one.action.call, one.action.title, one.action.kind] if isinstance(one, Used) else []
        "".join(words).encode()  # what is kept can be written


@given(st.dictionaries(st.sampled_from(["inputTokens", "outputTokens"]), JSON))
def test_tokens_are_counted_if_they_are_numbers(counts: dict[str, Any]) -> None:
    told = list(seen({"sessionUpdate": "agent_message_chunk", "_meta": {"usage": counts}}))
    assert all(isinstance(one, Spent) and 0 < one.usage.total < 10**13 for one in told)


def test_what_is_taken_in_has_a_bound() -> None:
    (said,) = seen({"sessionUpdate": "agent_message_chunk", "content": {"text": "x" * 10**6}})
    assert isinstance(said, Said)
    assert len(said.text) == LONGEST_TEXT
    one = used({"toolCallId": "i" * 999, "title": "t" * 999, "rawInput": {"content": "c" * 10**6}})
    assert (len(one.action.call), len(one.action.title), len(one.what)) == (100, LONGEST_TITLE, LONGEST_TEXT)


def test_control_sequences_are_gone() -> None:
    (said,) = seen({"sessionUpdate": "agent_message_chunk", "content": {"text": "\x1b[2Jhello\x07"}})
    assert said == Said("hello")
    assert used({"title": "a\x1b[31m\nb"}).action.title == "a b"


@pytest.mark.parametrize("status", ["completed", "failed", "pending", "in_progress", None])
def test_a_call_ends_only_when_it_says_so(status: str | None) -> None:
    over = {"completed": ActionState.COMPLETED, "failed": ActionState.FAILED}
    assert used({"toolCallId": "1", "status": status}).action.state is over.get(str(status), ActionState.RUNNING)


def test_equal_arguments_are_equal_whatever_their_order() -> None:
    assert used({"rawInput": {"a": 1, "b": 2}}).what == used({"rawInput": {"b": 2, "a": 1}}).what
    assert used({"rawInput": {"a": 1}}).what != used({"rawInput": {"a": 2}}).what


@pytest.mark.parametrize("given", [{}, {"cwd": "/project"}])
def test_a_call_is_told_of_when_its_arguments_are_there(given: dict[str, str]) -> None:
    """As opencode words it: what comes before would make every command look like the one before it."""
    news = {"toolCallId": "1", "title": "bash", "kind": "execute"}
    assert not list(seen({"sessionUpdate": "tool_call", **news, "status": "pending", "rawInput": given}))
    begun = {**news, "title": "echo hi", "status": "in_progress", "rawInput": {**given, "command": "echo hi"}}
    (told,) = seen({"sessionUpdate": "tool_call_update", **begun})
    assert isinstance(told, Used)
    assert (told.action.title, "echo hi" in told.what) == ("echo hi", True)


@pytest.mark.parametrize(("status", "given"), [("pending", {"command": "ls"}), ("pending", None), ("in_progress", {})])
def test_a_call_that_is_told_once_is_told_of(status: str, given: dict[str, str] | None) -> None:
    """Whole arguments, an agent that never tells any, and a call that has none."""
    news = {"toolCallId": "1", "title": "ls", "kind": "execute", "status": status}
    assert list(seen({"sessionUpdate": "tool_call", **news, **({} if given is None else {"rawInput": given})}))


@pytest.mark.parametrize(
    ("kind", "title", "shown"),
    [
        ("edit", "write", "write /p/a.txt"),
        ("edit", "Write a.txt", "Write a.txt"),
        ("execute", "ls", "ls"),
        ("other", "", ""),
    ],
)
def test_the_name_of_a_tool_alone_says_too_little(kind: str, title: str, shown: str) -> None:
    told = used({"title": title, "kind": kind, "locations": [{"path": "/p/a.txt"}]})
    assert told.action.title == shown


@pytest.mark.parametrize(
    ("code", "message", "data", "text", "lasting"),
    [
        (-32603, "Internal error", {"details": "401 no such key"}, "the model answered 401 no such key", True),
        (
            -32603,
            "Internal error",
            {"details": "[API Error: 404 gone]"},
            "the model answered [API Error: 404 gone]",
            True,
        ),
        (-32603, "Internal error", {"details": "503 busy"}, "the model answered 503 busy", False),
        (-32603, "Internal error", {"details": "Connection error."}, "Connection error.", False),
        (-32000, "Authentication required", None, "Authentication required", True),
        (-32603, "Internal error", "4019 tokens", "4019 tokens", False),
        (-32603, "\x1b[2Jbad\nthing", None, "bad thing", False),
    ],
)
def test_what_an_error_tells(code: int, message: str, data: Any, text: str, lasting: bool) -> None:
    told = Trouble.told(code, message, data)
    assert (told.text, told.lasting) == (text, lasting)
