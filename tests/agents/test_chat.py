"""The agent's own file of a session: mended at its end, left alone when it is worse, waited for until it is written."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from qwen_orch.agents import chat
from qwen_orch.store.files import Disk
from tests.commands.desk import Desk

RECORDS = ("user", "assistant", "tool_result", "assistant")
WHOLE = b"".join(json.dumps({"type": kind, "text": "größer\n" * 3}).encode() + b"\n" for kind in RECORDS)
ENDS = [n + 1 for n, byte in enumerate(WHOLE) if byte == ord("\n")]


def mended(desk: Desk, path: Path, raw: bytes) -> tuple[bool, str]:
    """Write *raw*, and have it mended."""
    path.write_bytes(raw)
    return chat.mended(desk.project.disk, desk.project.layout, path)


def test_cut_at_every_byte_it_ends_with_the_last_whole_record(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "chat.jsonl"
    backups = desk.project.layout.backups
    for cut in range(1, len(WHOLE)):
        usable, told = mended(desk, path, WHOLE[:cut])
        last = max((end for end in ENDS if end <= cut), default=0)
        if cut == last:
            assert (usable, told, path.read_bytes()) == (True, "", WHOLE[:cut])
        elif last:
            assert (usable, path.read_bytes()) == (True, WHOLE[:last])
            assert "torn and is cut off" in told
            assert any(kept.read_bytes() == WHOLE[:cut] for kept in backups.iterdir())
            for kept in backups.iterdir():
                kept.unlink()
        else:
            assert (usable, path.read_bytes()) == (False, WHOLE[:cut])
    assert not list(backups.iterdir())


@pytest.mark.parametrize("line", [b"", b"[1]", b"\x00\x00", b'{"torn', b"\xff{}"])
@pytest.mark.parametrize("place", range(len(RECORDS)))
def test_damage_before_the_end_makes_it_useless_and_stays(desk: Desk, tmp_path: Path, line: bytes, place: int) -> None:
    lines = WHOLE.splitlines(keepends=True)
    raw = b"".join([*lines[:place], line + b"\n", *lines[place:]])
    path = tmp_path / "chat.jsonl"
    assert mended(desk, path, raw) == (False, "the agent's own record of that session is damaged")
    assert path.read_bytes() == raw


def test_what_is_not_there_cannot_be_gone_on_from(desk: Desk, tmp_path: Path) -> None:
    assert not chat.mended(Disk(), desk.project.layout, tmp_path / "none.jsonl")[0]
    assert not mended(desk, tmp_path / "empty.jsonl", b"")[0]


def test_a_file_that_grows_is_waited_for(tmp_path: Path) -> None:
    """Until its last record is an answer, and then not much longer."""
    path, lines = tmp_path / "chat.jsonl", WHOLE.splitlines(keepends=True)

    async def scene() -> float:
        waiting = asyncio.ensure_future(chat.settled(path))
        for line in lines:
            await asyncio.sleep(0.05)
            with path.open("ab") as file:
                file.write(line)
        assert not waiting.done()
        began = time.monotonic()
        await waiting
        return time.monotonic() - began

    assert asyncio.run(scene()) < 0.5 * chat.MOST_SECONDS


def test_a_file_that_never_comes_is_not_waited_for_long(tmp_path: Path) -> None:
    began = time.monotonic()
    asyncio.run(chat.settled(tmp_path / "none.jsonl"))
    assert chat.MOST_SECONDS <= time.monotonic() - began < chat.MOST_SECONDS + 2
