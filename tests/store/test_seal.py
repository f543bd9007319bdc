"""Sealed JSON knows every damage of a bit or a cut."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_orch.errors import ValidationError
from qwen_orch.store.seal import Damaged, intact, mark_of, seal, unseal
from tests.strategies import LAW

scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text() | st.floats(allow_nan=False)
values = st.recursive(scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(), v, max_size=3))
documents = st.dictionaries(st.text().filter(lambda k: k != "checksum"), values, min_size=1, max_size=4)
finite = documents.filter(lambda d: "Infinity" not in json.dumps(d))
DOCUMENT = {"format": 1, "title": "ship 🚢", "notes": ["a", {"b": None}], "n": 2.5}


@LAW
@given(finite, st.booleans())
def test_what_is_sealed_comes_back(document: dict[str, Any], pretty: bool) -> None:
    """Sealing and unsealing is identity, on one line or on many, and the bytes are JSON for anybody."""
    raw = seal(document, pretty)
    assert unseal(raw) == document
    assert json.loads(raw).keys() == {*document, "checksum"}
    assert raw.count(b"\n") == 1 or pretty


@pytest.mark.parametrize("pretty", [False, True])
def test_every_flipped_bit_is_found(pretty: bool) -> None:
    """One bit, anywhere."""
    raw = seal(DOCUMENT, pretty)
    for at in range(len(raw)):
        for bit in range(8):
            bad = raw[:at] + bytes([raw[at] ^ (1 << bit)]) + raw[at + 1 :]
            assert not intact(bad), (at, bit)


@pytest.mark.parametrize("pretty", [False, True])
def test_every_cut_is_found(pretty: bool) -> None:
    """At the end or at the beginning, and what stands after the end."""
    raw = seal(DOCUMENT, pretty)
    for at in range(len(raw)):
        assert not intact(raw[:at])
        assert at == 0 or not intact(raw[at:])
    assert not intact(raw + b"\n")
    with pytest.raises(Damaged):
        unseal(raw[:-1])


def test_one_form_is_not_taken_for_the_other() -> None:
    """A line and a page of the same document have different checksums."""
    assert mark_of(seal(DOCUMENT)) not in seal(DOCUMENT, pretty=True).decode()


@pytest.mark.parametrize("value", ["\ud800", 2**64])
def test_what_json_cannot_hold_is_a_typed_error(value: object) -> None:
    """Half a surrogate pair (a file name that is not UTF-8) or a huge integer."""
    with pytest.raises(ValidationError, match="cannot be stored"):
        seal({"title": value})
