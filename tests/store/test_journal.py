"""The journal's bytes: which records are whole, and what is wrong with the rest."""

from __future__ import annotations

import pytest

from qwen_orch.errors import StorageError
from qwen_orch.store import journal, seal
from qwen_orch.store.codec import FORMAT
from qwen_orch.store.journal import Pool, chain, origin, pieces, scan
from qwen_orch.store.migrations import Newer
from tests.store.samples import RECORDS
from tests.strategies import ORCH

START = origin(ORCH)


def lines() -> list[bytes]:
    """The records, one after the other."""
    found: list[bytes] = []
    for record in RECORDS:
        found.append(journal.encode(record, seal.mark_of(found[-1]) if found else START))
    return found


LINES = lines()
RAW = b"".join(LINES)


def test_whole_records_are_found_in_order() -> None:
    """All of them, with the checksum of the last, and nothing is wrong."""
    found = scan(RAW, START)
    assert [journal.decode(line) for line in found.lines] == list(RECORDS)
    assert (found.last, found.good, found.fault, found.torn) == (seal.mark_of(LINES[-1]), len(RAW), "", False)


def test_it_can_go_on_from_a_record() -> None:
    """What was appended after record 2."""
    found = scan(b"".join(LINES[2:]), seal.mark_of(LINES[1]), 3)
    assert found.lines == tuple(LINES[2:])


def test_every_cut_leaves_the_records_before_it() -> None:
    """A cut in a record is an unfinished one; on its last byte nothing but the line feed is missing."""
    for at in range(len(RAW)):
        found = scan(RAW[:at], START)
        whole = RAW[:at].count(b"\n")
        assert len(found.lines) == whole
        assert bool(found.fault) == (RAW[:at] != b"".join(LINES[:whole]))
        assert found.torn == (bool(found.fault) and RAW[at : at + 1] != b"\n")


def test_every_flipped_bit_is_found() -> None:
    """And only in the last record may it look like an unfinished one; there is never a record too many."""
    for at in range(len(RAW)):
        for bit in range(8):
            bad = RAW[:at] + bytes([RAW[at] ^ (1 << bit)]) + RAW[at + 1 :]
            found = scan(bad, START)
            assert found.fault
            assert len(found.lines) == RAW[:at].count(b"\n")


@pytest.mark.parametrize(
    ("tail", "torn"),
    [(b"\0" * 40, True), (LINES[-1][:50] + b"\0" * 9 + b"\n", True), (LINES[-1][:50], True), (b"rubbish\n", False)],
)
def test_what_a_power_cut_leaves_is_told_from_damage(tail: bytes, torn: bool) -> None:
    """Zeros and missing ends are unfinished; a whole line that is wrong is damaged."""
    found = scan(b"".join(LINES[:-1]) + tail, START)
    assert (len(found.lines), found.torn) == (len(LINES) - 1, torn)


@pytest.mark.parametrize(
    "order",
    [(0, 1, 1, 2), (0, 2), (1, 2), (0, 1, 3, 2), (0, 0)],
    ids=["doubled", "missing", "first missing", "swapped", "first doubled"],
)
def test_records_that_do_not_follow_one_another(order: tuple[int, ...]) -> None:
    """A doubled, missing or swapped record is where the good part ends."""
    found = scan(b"".join(LINES[i] for i in order), START)
    good = next(i for i, number in enumerate(order) if i != number)
    assert len(found.lines) == good
    assert "another stands in its place" in found.fault


def test_a_record_of_another_orchestration_does_not_fit() -> None:
    """Not even the first."""
    assert not scan(RAW, origin("orch-other-zzzz")).lines


def test_a_newer_format_is_refused() -> None:
    """The error says which, and what to do."""
    newer = seal.seal({"format": FORMAT + 1, "seq": 6, "after": seal.mark_of(LINES[-1]), "what": "ever"})
    with pytest.raises(StorageError, match=f"format {FORMAT + 1}, this one knows {FORMAT}") as refused:
        scan(RAW + newer, START)
    assert isinstance(refused.value.__cause__, Newer)
    assert "upgrade" in refused.value.hints[0]


def pool(*raws: bytes) -> Pool:
    """The whole records in *raws*."""
    return {(seq, after): line for raw in raws for seq, after, line in pieces(raw)}


def test_whole_records_are_picked_out_of_rubbish() -> None:
    """Wherever they stand, and whatever became of the line feeds between them."""
    assert chain(pool(b"\0\xff" + b"rubbish".join(LINES) + b"\n{"), START) == tuple(LINES)
    assert chain(pool(RAW.replace(b"\n", b"\x0b")), START) == tuple(LINES)
    assert chain(pool(RAW[:-1]), START) == tuple(LINES)


def test_every_flipped_byte_costs_one_record_at_most() -> None:
    """The others are found."""
    for at in range(len(RAW)):
        bad = RAW[:at] + bytes([RAW[at] ^ 0x55]) + RAW[at + 1 :]
        assert len(pool(bad)) >= len(LINES) - 1
        assert chain(pool(bad, RAW), START) == tuple(LINES)
