"""What a call may hold: checked by us against the declaration, whatever a client has checked before."""

from __future__ import annotations

from typing import Any

import pytest

from qwen_orch.errors import UsageError
from qwen_orch.mcp_server.catalogue import tools_for
from qwen_orch.mcp_server.tools import Argument, Tool
from qwen_orch.model.session import SessionKind

KINDS = [None, *SessionKind]
TOOL = Tool(
    "build",
    "Build it.",
    (
        Argument("what", "string", "what to build", required=True, longest=10),
        Argument("size", "number", "how large", least=0, most=1),
        Argument("count", "integer", "how many", least=1),
        Argument("soon", "boolean", "whether at once"),
        Argument("colour", "string", "which colour", choices=("red", "blue")),
    ),
    lambda caller, said: None,
)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"what": "x"}, {"what": "x"}),
        ({"what": "x", "size": None, "soon": None}, {"what": "x"}),
        (
            {"what": 7, "size": "0.5", "count": "3", "soon": "false"},
            {"what": "7", "size": 0.5, "count": 3, "soon": False},
        ),
        ({"what": "x", "size": 1, "count": 2.0}, {"what": "x", "size": 1.0, "count": 2}),
        ({"what": "a\x1b[31mb\u202e\nc", "colour": "red"}, {"what": "ab\nc", "colour": "red"}),
    ],
)
def test_what_is_safe_is_made_the_kind_that_is_declared(given: dict[str, Any], meant: dict[str, Any]) -> None:
    """And what cannot be seen is taken out of texts."""
    accepted = TOOL.accepted(given)
    assert accepted == meant
    assert {k: type(v) for k, v in accepted.items()} == {k: type(v) for k, v in meant.items()}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "what is needed: what to build"),
        ({"what": " \n"}, "what is a text that says something"),
        ({"what": "\u200b\u202e"}, "what is a text that says something"),
        ({"what": True}, "what is a text, not 'True'"),
        ({"what": ["x"]}, "what is a text"),
        ({"what": "x" * 11}, "what is at most 10 characters (these are 11)"),
        ({"what": "x", "size": 1.5}, "size is from 0 to 1, not '1.5'"),
        ({"what": "x", "size": "-0.1"}, "size is from 0 to 1"),
        ({"what": "x", "size": "nan"}, "size is a number, not 'nan'"),
        ({"what": "x", "size": "1e400"}, "size is a number"),
        ({"what": "x", "size": True}, "size is a number"),
        ({"what": "x", "count": 0}, "count is from 1 on, not '0'"),
        ({"what": "x", "count": 1.5}, "count is a whole number"),
        ({"what": "x", "count": "one"}, "count is a whole number"),
        ({"what": "x", "soon": 1}, "soon is true or false"),
        ({"what": "x", "soon": "yes"}, "soon is true or false"),
        ({"what": "x", "colour": "green"}, "colour is one of red, blue, not 'green'"),
        ({"what": "x", "colur": "red"}, "there is no argument 'colur'; did you mean colour?"),
    ],
)
def test_what_is_not_is_refused_by_name(given: dict[str, Any], said: str) -> None:
    """With what is expected, so that the agent can mend it."""
    with pytest.raises(UsageError) as refused:
        TOOL.accepted(given)
    assert said in refused.value.message


def test_all_that_is_wrong_is_named_at_once() -> None:
    """One repair is enough."""
    with pytest.raises(UsageError, match=r"no argument 'x'.*what is needed.*size is a number.*colour is one of"):
        TOOL.accepted({"x": 1, "size": "big", "colour": "green"})


def test_the_schema_says_what_is_checked() -> None:
    """The same declaration is both."""
    schema = TOOL.declaration(bound=False)["inputSchema"]
    assert schema["required"] == ["what"]
    assert schema["additionalProperties"] is False
    assert schema["properties"] == {
        "what": {"type": "string", "description": "what to build", "maxLength": 10},
        "size": {"type": "number", "description": "how large", "minimum": 0, "maximum": 1},
        "count": {"type": "integer", "description": "how many", "minimum": 1},
        "soon": {"type": "boolean", "description": "whether at once"},
        "colour": {"type": "string", "description": "which colour", "enum": ["red", "blue"]},
    }


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_offered_that_deletes_or_consents(kind: SessionKind | None) -> None:
    """No reset, cancel, undo, approval, import or setting, and no argument that writes a file or agrees beforehand."""
    tools = tools_for(kind)
    forbidden = {"reset_plan", "cancel_task", "undo", "approve_plan", "import", "config", "doctor", "complete_task"}
    assert not forbidden & set(tools)
    arguments = {a.name for tool in tools.values() for a in tool.arguments}
    assert not {"yes", "force", "output", "export", "cleanup", "recover", "report"} & arguments
    for tool in tools.values():
        hints = tool.declaration(bound=kind is not None)["annotations"]
        assert (hints["destructiveHint"], hints["idempotentHint"]) == (False, True)
        assert hints["readOnlyHint"] is (tool.reads or kind is not None)


def test_the_tools_of_each_kind_of_session() -> None:
    """What a session is for decides what its agent can do."""
    reports = {kind: [t.name for t in tools_for(kind).values() if not t.reads] for kind in KINDS}
    assert reports == {
        None: ["sequentialthinking", "submit_plan", "start_task", "report_progress", "record_decision", "claim_done"],
        SessionKind.PLANNING: ["sequentialthinking", "submit_plan", "record_decision"],
        SessionKind.TASK: ["sequentialthinking", "report_progress", "record_decision", "claim_done"],
        SessionKind.VERIFICATION: ["report_finding"],
        SessionKind.INTERACTIVE: ["sequentialthinking", "record_decision"],
    }


def test_thinking_has_the_arguments_of_the_well_known_server() -> None:
    """So that whoever knows that one can use this one."""
    schema = tools_for(None)["sequentialthinking"].declaration(bound=False)["inputSchema"]
    kinds = {name: said["type"] for name, said in schema["properties"].items() if name != "purpose"}
    assert kinds == {
        "thought": "string",
        "nextThoughtNeeded": "boolean",
        "thoughtNumber": "integer",
        "totalThoughts": "integer",
        "isRevision": "boolean",
        "revisesThought": "integer",
        "branchFromThought": "integer",
        "branchId": "string",
        "needsMoreThoughts": "boolean",
    }
    assert schema["required"] == ["thought", "nextThoughtNeeded", "thoughtNumber", "totalThoughts"]
