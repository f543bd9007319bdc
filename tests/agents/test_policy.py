"""What an agent may do, decided: laws of rules over any command and any path."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_orch.agents.policy import HARMLESS, decision
from qwen_orch.agents.wish import LONGEST_DETAIL, OUR_QUERIES, OUR_TOOLS, Wish, is_ours, wish
from qwen_orch.mcp_server.catalogue import tools_for
from qwen_orch.model.session import SessionKind
from qwen_orch.project.config import TOOL_KINDS

JOINTS = ("; ", " && ", " || ", " | ", "\n", " & ", "; ( ", " $(", " `", " > out; ")
PLAIN = st.from_regex(r"[a-z]{1,8}( [a-z./-]{1,8}){0,3}", fullmatch=True)


def run(command: str) -> Wish:
    """Return the wish to run *command*."""
    return Wish("execute", f"Shell: {command}"[:200], command, command)


@given(PLAIN, st.lists(st.tuples(st.sampled_from(JOINTS), PLAIN), max_size=4), st.integers(0, 4))
def test_a_deny_holds_for_every_part_of_a_command_line(first: str, more: list[tuple[str, str]], place: int) -> None:
    """Wherever it stands, and whatever is allowed or was consented to besides."""
    parts = [first, *(p for _, p in more)]
    place = min(place, len(more))
    parts[place] = "git push --force"
    line = parts[0] + "".join(joint + part for (joint, _), part in zip(more, parts[1:], strict=True))
    rules = ["deny execute git push*", "allow execute *"]
    assert decision(run(line), rules, [line]) == "deny"


@pytest.mark.parametrize(
    "line",
    [
        "git  push",
        'git "push" origin',
        "git pu'sh'",
        "git \\\npush",
        "(git push)",
        "{ git push; }",
        "GIT_DIR=. git push",
    ],
)
def test_a_deny_is_not_got_around_by_spelling(line: str) -> None:
    assert decision(run(line), ["deny execute git push*", "allow execute *"], ()) == "deny"


@given(PLAIN, st.sampled_from(JOINTS), PLAIN)
def test_an_allow_for_one_command_lets_no_other_through_behind_it(allowed: str, joint: str, other: str) -> None:
    rules = [f"allow execute {allowed}*"]
    assert decision(run(allowed), rules, ()) == "allow"
    assert decision(run(f"{allowed}{joint}{other}"), rules, ()) == "ask"


@given(PLAIN, PLAIN)
def test_what_was_consented_to_is_that_command_and_no_other(consented: str, other: str) -> None:
    assert decision(run(f" {consented}\n"), (), [consented]) == "allow"
    expected = "allow" if other == consented else "ask"
    assert decision(run(other), (), [consented]) == expected


@given(st.sampled_from(TOOL_KINDS), st.lists(st.sampled_from(["allow", "deny", "ask"]), min_size=1, max_size=4))
def test_the_first_rule_that_fits_decides(kind: str, verdicts: list[str]) -> None:
    wanted = Wish(kind, "do it", "", paths=("src/a.py",))
    rules = [f"{verdict} {kind} src/*" for verdict in verdicts]
    assert decision(wanted, rules, ()) == verdicts[0]
    assert decision(wanted, [f"deny {kind} docs/*", *rules], ()) == verdicts[0]


@pytest.mark.parametrize("kind", TOOL_KINDS)
def test_without_a_rule_only_what_is_harmless_is_allowed_and_that_inside_alone(kind: str) -> None:
    expected = "allow" if kind in HARMLESS else "ask"
    assert decision(Wish(kind, "t", "", paths=("a",)), (), ()) == expected
    assert decision(Wish(kind, "t", "", paths=("/etc/passwd",), outside=True), (), ()) == "ask"


def edit(root: Path, *paths: str) -> Wish:
    """Return the wish to edit *paths*."""
    return wish({"kind": "edit", "title": "Edit", "locations": [{"path": path} for path in paths]}, root)


def test_paths_are_those_that_are_meant(tmp_path: Path) -> None:
    """Relative to the project where they are inside, whole and resolved where they are not."""
    root = tmp_path / "project"
    (root / "src").mkdir(parents=True)
    (root / "link").symlink_to("/etc")
    assert edit(root, str(root / "src/a.py")).paths == ("src/a.py",)
    assert edit(root, "src/../secret").paths == ("secret",)
    for path in ("link/passwd", "../other", "/tmp/../etc/passwd"):
        wanted = edit(root, path)
        assert (wanted.outside, wanted.paths) == (True, (os.path.realpath(root / path),))
    assert decision(edit(root, "/tmp/../etc/passwd"), ["allow edit /tmp/*"], ()) == "ask"
    assert decision(edit(root, "link/passwd"), ["allow edit link/*", "allow edit *"], ()) == "ask"


@pytest.mark.parametrize("rule", ["allow edit *", "allow edit *.json", "allow edit .qwen/*", "allow * *"])
def test_our_own_state_is_not_among_what_a_rule_lets_an_agent_change(rule: str, tmp_path: Path) -> None:
    assert decision(edit(tmp_path, ".qwen/orchestration/config.json"), [rule], ()) == "ask"
    assert decision(edit(tmp_path, ".qwen/orchestration/config.json"), ["deny edit *.json", rule], ()) == "deny"


def test_all_files_must_be_allowed_and_one_is_enough_to_deny(tmp_path: Path) -> None:
    both = edit(tmp_path, "src/a", "docs/b")
    assert decision(both, ["allow edit src/*"], ()) == "ask"
    assert decision(both, ["deny edit docs/*", "allow edit *"], ()) == "deny"
    assert decision(both, ["allow edit *"], ()) == "allow"


def test_what_is_not_shown_is_said(tmp_path: Path) -> None:
    long = "x" * (LONGEST_DETAIL + 7)
    asked = wish({"kind": "execute", "title": "t", "rawInput": {"command": long}}, tmp_path)
    assert asked.detail.endswith("[… 7 characters more are not shown …]")
    assert asked.command == long  # and what is decided about is all of it
    assert "\x1b" not in wish({"kind": "execute", "rawInput": {"command": "\x1b[2Jls"}}, tmp_path).detail


@pytest.mark.parametrize("kind", ["read", "search", "think", "other", "switch_mode", "of_the_future", None])
def test_a_command_is_a_command_whatever_the_agent_calls_it(kind: str | None, tmp_path: Path) -> None:
    """The kind is the agent's word; a command in what the tool is given is shown, and asked about, as one."""
    for title in ("Read: notes.md", "claim_done (orch MCP Server)"):
        wanted = wish({"kind": kind, "title": title, "rawInput": {"command": ["rm", "-r", "my files"]}}, tmp_path)
        assert (wanted.kind, wanted.command, wanted.detail) == ("execute", *["rm -r 'my files'"] * 2)
        assert decision(wanted, [f"allow {kind or 'other'} *"], ()) == "ask"
        assert decision(wanted, ["deny execute rm*"], ()) == "deny"


def test_what_no_command_and_no_diff_tells_is_shown_as_it_is_given(tmp_path: Path) -> None:
    """Nobody can agree to what they do not see."""
    asked = {"kind": "other", "title": "query (db MCP Server)", "rawInput": {"sql": "drop table users"}}
    assert wish(asked, tmp_path).detail == '{"sql":"drop table users"}'
    rewritten = {"kind": "edit", "title": "Write", "rawInput": {"file_path": "a.py", "content": "import os"}}
    assert wish(rewritten, tmp_path).detail == '{"content":"import os","file_path":"a.py"}'
    assert wish({"kind": "delete", "title": "Delete", "rawInput": {"path": "a.py"}}, tmp_path).detail == "a.py"


@pytest.mark.parametrize("tool", OUR_TOOLS)
def test_our_own_tools_are_known_by_their_names(tool: str) -> None:
    for title in (f"{tool} (orch MCP Server): {{}}", f"mcp__orch__{tool}", f"orch_{tool}"):
        assert is_ours("other", title)
        assert not is_ours("execute", title)
    assert not is_ours("other", tool)
    assert not is_ours("other", f'{tool} (evil MCP Server): {{"to":"orch"}}')


def test_all_that_a_session_of_ours_is_offered_may_be_called(tmp_path: Path) -> None:
    """Some agents ask before any tool of a server; a reviewer that may not read its own context finds nothing."""
    offered = {name for kind in SessionKind for name in tools_for(kind)}
    assert offered == {*OUR_TOOLS, *OUR_QUERIES}
    for name in offered:
        asked = wish({"kind": "other", "title": f"mcp__orch__{name}", "rawInput": {"filter": "x"}}, tmp_path)
        assert decision(asked, ["deny * *"], []) == "allow"
    assert decision(wish({"kind": "other", "title": "mcp__orch__start_task"}, tmp_path), [], []) == "ask"


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
KEYS = ("kind", "title", "rawInput", "locations", "content", "toolCallId")


@given(st.dictionaries(st.sampled_from(KEYS), JSON))
def test_any_tool_call_can_be_asked_about(call: dict[str, object]) -> None:
    wanted = wish(call, Path("/nowhere"))
    assert decision(wanted, ["deny * nothing*"], ()) in ("allow", "ask", "deny")


def test_a_command_too_long_to_be_shown_is_asked_of_nobody() -> None:
    """But what a person has approved, or a rule allows, they know."""
    long = "true " + "x" * LONGEST_DETAIL
    wanted = wish({"kind": "execute", "title": "Shell", "rawInput": {"command": long}}, Path("/p"))
    assert decision(wanted, (), ()) == "deny"
    assert decision(wanted, ("allow execute true *",), ()) == "allow"
    assert decision(wanted, (), (long,)) == "allow"
