"""No file of another tool, however odd, raises anything but a typed error or names a task with what cannot be shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_orch.errors import OrchError
from qwen_orch.model.draft import Draft
from qwen_orch.planning.adopt import Origins, opening, rehearse
from qwen_orch.planning.neighbours import NEIGHBOURS, cannot_say, parse, render
from qwen_orch.planning.neighbours.detection import of_bytes
from tests.planning.neighbours.plans import T0
from tests.planning.neighbours.test_files import FILES

LAW = settings(max_examples=120, deadline=None)
ANY = st.recursive(
    st.sampled_from(
        [None, True, 0, -1, 3.5, 1e300, "", "x", "1", "2.1", "a\x1b[31mb", "\u202e", "done", "closed", "H"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "type", "entry"]), inner),
    max_leaves=4,
)
KEYS = [
    *("id", "title", "name", "status", "priority", "issue_type", "labels", "dependencies", "subtasks", "tags", "uuid"),
    *("description", "depends", "annotations", "project", "created_at", "acceptance_criteria", "estimated_minutes"),
]
ENTRIES = st.lists(st.dictionaries(st.sampled_from(KEYS), ANY, max_size=8), max_size=5)


def adopted(draft: Draft) -> Any:
    """The state that adopting *draft* makes."""
    origins = Origins("orch-x-abcd", "session-x-abcd", T0)  # type: ignore[arg-type]
    return rehearse(opening(draft, origins), T0)


def handled(name: str, raw: bytes) -> None:
    """Read, adopt and write; what goes wrong has a type of ours."""
    try:
        draft = parse(name, raw)
        graph = adopted(draft)
    except OrchError:
        return
    assert all(c.isprintable() for t in draft.tasks for c in t.title)
    for other in NEIGHBOURS:
        render(graph, other)
        cannot_say(graph, other)


@pytest.mark.parametrize("name", ["taskmaster", "beads", "taskwarrior"])
@LAW
@given(entries=ENTRIES)
def test_json_of_any_types(name: str, entries: list[dict[str, Any]]) -> None:
    shaped: object = {"tasks": entries} if name == "taskmaster" else entries
    raw = json.dumps(shaped).encode()
    handled(name, raw)
    try:
        of_bytes(raw)
    except OrchError:
        return


@pytest.mark.parametrize("name", FILES)
@LAW
@given(data=st.data())
def test_files_cut_and_garbled_at_any_byte(name: str, data: st.DataObject) -> None:
    raw = FILES[name].encode()
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, len(raw)))
    handled(name, raw[:start] + data.draw(st.sampled_from([b"", b"\xff", b"}", b'"', b"[["])) + raw[end:])


@LAW
@given(raw=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_bytes_of_any_kind(raw: bytes) -> None:
    try:
        name = of_bytes(raw)
    except OrchError:
        return
    if name:
        handled(name, raw)


@settings(max_examples=40, deadline=None)
@given(heads=st.lists(st.text(alphabet="id: [](){}'\"-\nTASKtilesau1", max_size=60), min_size=1, max_size=3))
def test_folders_of_odd_files(heads: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder: Path = tmp_path_factory.mktemp("odd")
    for n, head in enumerate(heads):
        (folder / f"{n}.md").write_text(f"---\nid: T-{n % 2}\ntitle: x\n{head}\n---\n{head}\n", encoding="utf-8")
    try:
        adopted(parse("backlog", folder))
    except OrchError:
        return
