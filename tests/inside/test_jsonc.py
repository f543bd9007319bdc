"""One entry put in and taken out again: every other byte stays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_orch.inside import jsonc

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=5), VALUES, max_size=4)
GAPS = st.sampled_from(["", " ", "\n", "\r\n\t", " // it's { [ \" ,\n", '/* } ] , " */', "\n  /* a */ // b\n"])


def written(value: Any, gap: Any) -> str:
    """Return *value* as JSON with what *gap* gives between the tokens."""
    if isinstance(value, dict):
        inside = ",".join(f"{gap()}{json.dumps(k)}{gap()}:{written(v, gap)}" for k, v in value.items())
        return f"{gap()}{{{inside}{gap()}}}{gap()}"
    if isinstance(value, list):
        return f"{gap()}[{','.join(written(v, gap) for v in value)}{gap()}]{gap()}"
    return f"{gap()}{json.dumps(value, ensure_ascii=False)}{gap()}"


@given(OBJECTS, VALUES, st.data())
def test_what_was_put_in_is_taken_out_again_to_the_byte(there: dict[str, Any], new: Any, data: st.DataObject) -> None:
    """Whatever comments and white space stand between."""
    text = written(there, lambda: data.draw(GAPS))
    assert jsonc.parse(text) == there
    more = jsonc.put(text, ["entirely new"], new)
    assert jsonc.parse(more) == {"entirely new": new, **there}
    assert jsonc.remove(more, ["entirely new"]) == text


@given(OBJECTS.filter(bool), st.data())
def test_any_entry_can_be_removed(there: dict[str, Any], data: st.DataObject) -> None:
    """The first, the last, the only one; the others stay, and no comment swallows one."""
    text = written(there, lambda: data.draw(GAPS))
    key = data.draw(st.sampled_from(list(there)))
    assert jsonc.parse(jsonc.remove(text, [key])) == {k: v for k, v in there.items() if k != key}


@given(st.lists(VALUES, min_size=1, max_size=4), st.data())
def test_any_item_of_a_list_can_be_removed(items: list[Any], data: st.DataObject) -> None:
    """By its place."""
    text = written({"list": items}, lambda: data.draw(GAPS))
    place = data.draw(st.integers(0, len(items) - 1))
    assert jsonc.parse(jsonc.remove(text, ["list", place]))["list"] == items[:place] + items[place + 1 :]


def test_a_new_entry_is_indented_as_its_neighbours() -> None:
    """In a file that a person keeps tidy."""
    text = '{\n    "theme": "Ayu", // mine\n    "servers": {}\n}\n'
    more = '{\n    "theme": "Ayu", // mine\n    "servers": {\n      "orch": {\n        "x": 1\n      }\n    }\n}\n'
    assert jsonc.put(text, ["servers", "orch"], {"x": 1}) == more


@pytest.mark.parametrize("text", ["", "{", '{"a": 1,}', "{'a': 1}", '{"a": 1} x', "// only"])
def test_what_qwen_code_cannot_read_is_refused(text: str) -> None:
    """A comma too many, for one: it puts such a file aside."""
    with pytest.raises(ValueError, match=r"."):
        jsonc.parse(text)
