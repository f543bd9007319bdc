"""No text makes the reader fail in any other way than it promises, and encodings are told."""

from __future__ import annotations

import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_orch.errors import OrchError, ValidationError
from qwen_orch.model.draft import Draft
from qwen_orch.planning.reader import decode, read

LAW = settings(max_examples=150, deadline=None)
PIECES = st.sampled_from(
    [
        "- [ ] ", "- [x] ", "* ", "1. ", "## ", "# ", "### Task 1: ", "**", "~~", "`", "```", "\n", "\n\n",
        "  ", "    ", "\t", "|", "|-|-|\n", "> ", "---", "T001", "T1-T9", "1.2", " depends on ", "after ",
        "blocks ", "(2h)", "3-5 days", "P1", "!!", "#tag", "@ann", "✅", "— DEFERRED", "Acceptance:",
        "check: `x`", "Phase 2", "→", "[", "](", "<!--", "-->", "{", "验收：", "\x00", "\x1b[31m", "\u202e",
        "\ud800", "\u2028", "word", "Given a when b then c", "* TODO ", "** DONE ", "=====", "~~~~~", "gantt",
        "```mermaid\n", '{"tasks": [', "[[", "_", ":"
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=8), max_size=60).map("".join)


def sound(draft: Draft) -> None:
    """What holds of every draft."""
    for n, task in enumerate(draft.tasks):
        assert task.title
        assert len(task.title) <= 501
        assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in task.title)
        assert task.parent is None or task.parent < n
        assert task.phase is None or task.phase < len(draft.phases)
        assert all(d.task != n and d.task < len(draft.tasks) for d in task.depends_on)
    for n, phase in enumerate(draft.phases):
        assert phase.title
        assert n not in phase.depends_on
    str(draft).encode()


@LAW
@given(TEXTS)
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(OrchError):
        draft = read(text)
        sound(draft)
        assert draft == read(text)


@LAW
@given(
    st.binary(max_size=200)
    | st.text(max_size=80).map(lambda t: t.encode("utf-16"))
    | st.text(max_size=80).map(lambda t: t.encode("gb18030", "ignore"))
)
def test_any_bytes_are_decoded_or_refused(raw: bytes) -> None:
    with suppress(ValidationError):
        text, warnings = decode(raw)
        assert isinstance(text, str)
        assert all(w.message for w in warnings)


@LAW
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["tasks", "id", "title", "subtasks", "dependencies", "status", "master", "x"]),
                inner,
                max_size=4,
            )
        ),
    )
)
def test_any_json_is_read_or_refused(data: object) -> None:
    import json

    with suppress(OrchError):
        sound(read(json.dumps({"tasks": data})))
    with suppress(OrchError):
        sound(read(json.dumps(data)[:-1]))


PLAN = "# Plan é\n\n- [ ] Größe prüfen\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_marked_encodings_are_read_silently(encoding: str) -> None:
    text, warnings = decode(PLAN.encode(encoding))
    assert (text, warnings) == (PLAN, ())


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (PLAN.encode("cp1252"), "CP1252"),
        ("- [ ] 检查数据库的大小和索引\n".encode("gbk"), "GB18030"),
        (PLAN.encode("utf-16-le"), "UTF-16"),
    ],
)
def test_other_encodings_are_told(raw: bytes, word: str) -> None:
    text, (warning,) = decode(raw)
    assert word in warning.message
    assert read(text).tasks[0].title in ("Größe prüfen", "检查数据库的大小和索引")


def test_a_stray_byte_is_told_with_its_line() -> None:
    text, (warning,) = decode("äöüéèêë\nб\n".encode() + b"bad \xff byte\n" + "äöü".encode())
    assert "\ufffd" in text
    assert warning.line == 3


@pytest.mark.parametrize("raw", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", bytes(range(256)) * 4, b"\x01\x02\x03\x04" * 20])
def test_binary_data_is_refused(raw: bytes) -> None:
    with pytest.raises(ValidationError, match="binary"):
        decode(raw)


@pytest.mark.parametrize("text", ['{"a": 1}', "[{}]", '{"tasks": 3}', "{", '{"tags": {"x": 1}}'])
def test_json_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        read(text)
    assert caught.value.hints


def test_broken_json_is_repaired_and_told() -> None:
    draft = read(
        '{"tasks": [{"id": 1, "title": "One", "status": "done"}, {"id": 2, "title": "Two", "dependencies": [1]'
    )
    assert [t.title for t in draft.tasks] == ["One", "Two"]
    assert "repaired" in draft.warnings[0].message


def test_task_master_with_tags() -> None:
    draft = read(
        '{"master": {"tasks": [{"id": 1, "title": "One", "subtasks": [{"id": 1, "title": "a"}, '
        '{"id": 2, "title": "b", "dependencies": [1]}]}]}, "next": {"tasks": [{"id": 1, '
        '"title": "Other", "testStrategy": "look"}]}}'
    )
    assert [p.title for p in draft.phases] == ["master", "next"]
    assert [(t.title, t.parent, t.phase) for t in draft.tasks] == [
        ("One", None, 0),
        ("a", 0, 0),
        ("b", 0, 0),
        ("Other", None, 1),
    ]
    assert draft.tasks[2].depends_on[0].task == 1
    assert draft.tasks[3].acceptance[0].text == "look"


@pytest.mark.parametrize(
    "make",
    [
        lambda: "`" * 100_000,
        lambda: "[" * 100_000,
        lambda: ">" * 20_000 + " x",
        lambda: "- " * 20_000 + "x",
        lambda: "- [ ] a " + "(" * 20_000,
        lambda: "\n".join("  " * n + f"- [ ] item {n}" for n in range(200)),
    ],
)
def test_pathological_texts(make: object) -> None:
    assert callable(make)
    sound(read(make()))


def test_what_is_nested_too_deeply_is_kept_and_told() -> None:
    draft = read("\n".join("  " * n + f"- [ ] item {n}" for n in range(60)))
    assert any("nested" in w.message for w in draft.warnings)
    assert "item 59" in draft.description


SHAPES = (
    "# {w}", "## Phase 1: {w}", "## {w}", "### Task 3: {w}", "## Notes", "## Risks", "## Requirements",
    "## Dependencies",
    "**{w} {w}**", "**Step 1: {w}**", "## Overview", "## Tasks", "{w}\n---", "- [ ] {w} {w}", "- {w} {w}", "1. {w} {w}",
    "{w} {w}.", "**{w}:** {w} {w}", "> {w} {w}", "```\n{w}\n```", "- {w}\n  - {w}\n  - {w} {w}", "{w} {w}\n{w} {w}",
    "- [ ] {w} {w}\n  - {w}\n  - accept: {w}\n  - Priority: {w}\n  - Estimate: {w}\n  - Status: {w}\n  - run: {w}",
    "- [ ] {w}\n\n  {w} {w}\n\n  ```\n  {w}\n  ```\n  > {w}", "Acceptance criteria:\n- {w}\n  - {w}", "- {w} ({w})",
    "- [ ] {w} — {w} (see {w}). {w}: {w}", "1. **{w}**: {w}\n   Expected: {w}", "- ~~{w}~~ — REMOVED: {w}", "Goal: {w}",
    "- [ ] {w}\n  1. {w}\n  2. [ ] {w}", "Build {w}\nWrite {w}", "- [ ] {w} [high] #{w} @{w}", "Run:\n```sh\n{w}\n```",
    "- [ ] {w}, blocked by {w}\n  {w} {w}", "| Task | Est |\n|-|-|\n| {w} | 2h |", "Depends on: {w}",
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=9))
def test_no_word_is_dropped(shapes: list[str]) -> None:
    text = "\n\n".join(shapes)
    words = [f"qz{chr(97 + n // 26)}{chr(97 + n % 26)}x" for n in range(text.count("{w}"))]
    for word in words:
        text = text.replace("{w}", word, 1)
    with suppress(OrchError):
        told = str(read(text))
        assert [word for word in words if word not in told] == []
