"""The agent's own file of a session: mended at its end, left alone when it is worse, waited for until it is written."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
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


class Clock:
    """In the place of `time` and `asyncio`: it goes on by what is slept, and *each* is done after each sleep."""

    def __init__(self, each: Callable[[float], object]) -> None:
        self.now, self.each = 0.0, each

    def monotonic(self) -> float:
        """Return the seconds that were slept."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Sleep, without taking any time."""
        self.now += seconds
        self.each(self.now)


def waited(path: Path, monkeypatch: pytest.MonkeyPatch, each: Callable[[float], object]) -> float:
    """Return after how many seconds the file counts as written, *each* being done again and again meanwhile."""
    clock = Clock(each)
    monkeypatch.setattr(chat, "time", clock)
    monkeypatch.setattr(chat, "asyncio", clock)
    asyncio.run(chat.settled(path))
    return clock.now


@pytest.mark.parametrize("last", ["assistant", "user"])
def test_a_file_that_grows_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: str) -> None:
    """Until its last record is an answer, and then not much longer; somewhat longer when it is none."""
    path, lines = tmp_path / "chat.jsonl", WHOLE.splitlines(keepends=True)[: 4 if last == "assistant" else 3]
    wrote: list[float] = []

    def grow(now: float) -> None:
        if len(wrote) < len(lines) and now > 0.08 * (len(wrote) + 1):
            with path.open("ab") as file:
                file.write(lines[len(wrote)])
            wrote.append(now)

    quiet = waited(path, monkeypatch, grow) - wrote[-1]
    least = chat.QUIET_SECONDS if last == "assistant" else chat.LONG_SECONDS
    assert len(wrote) == len(lines)
    assert least <= quiet < least + 3 * chat.STEP_SECONDS


def test_a_file_that_never_comes_is_not_waited_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = waited(tmp_path / "none.jsonl", monkeypatch, lambda now: None)
    assert chat.MOST_SECONDS <= found < chat.MOST_SECONDS + 2 * chat.STEP_SECONDS
