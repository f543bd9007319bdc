"""One command: how it ends, what is kept of it, and that nothing of it is left behind."""

from __future__ import annotations

import asyncio
import gc
import io
import os
import resource
import signal
import time
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_orch.processes.command import Ran, Surroundings, run
from qwen_orch.processes.printed import Lines, Tail
from qwen_orch.store.lease import MARK, TAIL_BYTES
from tests.strategies import LAW

SOON = 120.0
"""Seconds after which a test that waits gives up, however slow the machine."""


def ran(command: str, folder: Path, limit: float = SOON, **more: Any) -> Ran:
    """Run *command* to its end."""
    return asyncio.run(run(command, Surroundings(folder, limit, "session-test-aaaa", **more)))


def alive(pid: int) -> bool:
    """Tell whether a process runs (one that has ended and was not yet taken note of does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def gone(pid: int) -> bool:
    """Wait for a process to end; tell whether it did."""
    until = time.monotonic() + SOON
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.01)
    return not alive(pid)


def pid_in(path: Path) -> int:
    """Wait for a number in a file, and return it."""
    until = time.monotonic() + SOON
    while time.monotonic() < until:
        if path.exists() and path.read_text().strip():
            return int(path.read_text())
        time.sleep(0.01)
    raise AssertionError(f"{path} never came")


def ended_at_a_deadline(command: str, last: Path) -> Ran:
    """Run *command* to a deadline; to a later one if it did not get as far as to write *last*: the machine is busy."""
    for limit in (0.5, 5.0, 50.0):
        found = ran(command, last.parent, limit)
        if last.exists() and last.read_text().strip():
            break
    return found


@pytest.mark.parametrize(("command", "code"), [("true", 0), ("exit 7", 7), ("kill -TERM $$", -15), ("no-such-x", 127)])
def test_exit_codes(command: str, code: int, tmp_path: Path) -> None:
    """They are kept as they are; a signal is its number below zero; only 0 is success."""
    found = ran(command, tmp_path)
    assert (found.command, found.exit_code, found.succeeded) == (command, code, code == 0)


def test_where_it_runs(tmp_path: Path) -> None:
    """In the project's folder, with the person's environment and our mark, with nothing to read, in its own session."""
    script = f'pwd; echo "${MARK}"; echo "$HOME"; cat; ps -o sid= -p $$ | tr -d " "; echo $$'
    where, mark, home, sid, pid = ran(script, tmp_path).output.split("\n")
    assert (where, mark, home) == (str(tmp_path.resolve()), "session-test-aaaa", os.environ["HOME"])
    assert sid == pid


def test_both_streams_are_taken_in_the_order_they_were_written(tmp_path: Path) -> None:
    """What went wrong stands beside what was said."""
    assert ran("echo a; echo b >&2; echo c", tmp_path).output == "a\nb\nc"


def test_a_deadline_ends_it(tmp_path: Path) -> None:
    """It has no exit code then, and what it had printed is kept."""
    for limit in (0.3, 3.0, 30.0):  # a busy machine may not even start it in the first
        found = ran("echo begun; sleep 1000", tmp_path, limit)
        assert (found.exit_code, found.succeeded) == (None, False)
        assert limit - 0.1 < found.seconds < SOON
        if found.output:
            break
    assert found.output == "begun"


def test_a_process_that_will_not_listen_is_killed_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked politely first, and then not."""
    monkeypatch.setattr("qwen_orch.processes.command.GRACE_SECONDS", 0.2)
    command = "trap '' TERM; (trap '' TERM; sleep 1000) & echo $! > child; echo $$ > leader; wait; wait"
    assert ended_at_a_deadline(command, tmp_path / "leader").exit_code is None
    assert gone(pid_in(tmp_path / "leader"))
    assert gone(pid_in(tmp_path / "child"))


def test_a_child_that_survives_the_leader_is_killed_at_the_deadline(tmp_path: Path) -> None:
    """The leader obeys at once, its child does not: nothing of the group is left."""
    ended_at_a_deadline("(trap '' TERM; sleep 1000) & echo $! > child; sleep 1000", tmp_path / "child")
    assert gone(pid_in(tmp_path / "child"))


async def _cancelled_when(path: Path, command: str, times: int = 1) -> None:
    working = asyncio.ensure_future(run(command, Surroundings(path.parent, SOON, "m")))
    while not path.exists():
        await asyncio.sleep(0.01)
    for _ in range(times):
        working.cancel()
        await asyncio.sleep(0.05)
    with pytest.raises(asyncio.CancelledError):
        await working


def test_cancelling_ends_the_group(tmp_path: Path) -> None:
    """Ctrl-C reaches every process of the command, then goes on."""
    asyncio.run(_cancelled_when(tmp_path / "child", "sleep 100 & echo $! > child; wait"))
    assert gone(pid_in(tmp_path / "child"))


def test_cancelling_twice_ends_even_what_will_not_listen(tmp_path: Path) -> None:
    """An impatient second Ctrl-C does not save the process from the end that the first began."""
    asyncio.run(_cancelled_when(tmp_path / "child", "trap '' TERM; echo $$ > child; sleep 100; sleep 100", times=2))
    assert gone(pid_in(tmp_path / "child"))


def test_cancelling_while_it_starts_ends_the_group(tmp_path: Path) -> None:
    """At whatever moment: the command may run already although we have not been told so yet."""

    async def cancelled_after(turns: int) -> None:
        around = Surroundings(tmp_path, SOON, f"session-turns-{turns}")
        running = asyncio.ensure_future(run("sleep 300 & sleep 300", around))
        for _ in range(turns):
            await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    for turns in range(1, 12):
        asyncio.run(cancelled_after(turns))
    deadline = time.monotonic() + SOON  # what is killed is not gone at once
    while marked("session-turns-") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert marked("session-turns-") == []


def marked(mark: str) -> list[str]:
    """The processes that carry a mark which begins like this."""
    wanted = f"{MARK}={mark}".encode()
    return [p.parent.name for p in Path("/proc").glob("[0-9]*/environ") if wanted in _bytes(p)]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_a_child_in_the_background_does_not_hold_us_up(tmp_path: Path) -> None:
    """The command has ended; that a server it started keeps the pipe open is no reason to wait for ever."""
    found = ran("sleep 1000 & echo $! > child; echo started", tmp_path)
    assert (found.exit_code, found.output) == (0, "started")
    assert found.seconds < SOON / 2
    os.kill(pid_in(tmp_path / "child"), signal.SIGKILL)


def test_what_was_written_before_the_end_is_taken_however_late_we_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that stops for a second just then costs no evidence."""
    monkeypatch.setattr("qwen_orch.processes.command.LINGER_SECONDS", 0.0)
    for _ in range(20):
        assert ran("echo early; printf late", tmp_path).output == "early\nlate"


def test_output_after_the_end_is_still_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a child writes just after the command ended belongs to it."""
    monkeypatch.setattr("qwen_orch.processes.command.LINGER_SECONDS", SOON)  # the end of the pipe ends it
    assert ran("(sleep 0.1; echo late) & echo early", tmp_path).output == "early\nlate"


def test_fifty_megabytes_pass_through_a_bounded_tail(tmp_path: Path) -> None:
    """The last bytes are kept, the log has all of them, and the memory of this process does not grow with them."""
    log = (tmp_path / "log").open("wb", buffering=0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = ran(f"yes {'x' * 99} | head -n 500000; echo last", tmp_path, log=log)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    log.close()
    assert (tmp_path / "log").stat().st_size == 50_000_005
    assert found.output.startswith("…\nx")
    assert found.output.endswith("x\nlast")
    assert len(found.output) <= TAIL_BYTES + 2
    assert grown < 20_000  # kB


def test_binary_output_becomes_text_that_is_safe_to_show(tmp_path: Path) -> None:
    """No byte is obeyed by a terminal, none is a failure."""
    found = ran(r"printf '\377\376a\000b\033[31mred\033[0m\007\342\202'", tmp_path)
    assert found.output == "\ufffd\ufffdabred\ufffd"


@LAW
@given(st.lists(st.builds(lambda text, n: text * n, st.text("aé\n", max_size=9), st.integers(0, 2000)), max_size=6))
def test_a_tail_is_the_end_of_what_came(pieces: list[str]) -> None:
    """However it came in pieces, what is kept is the same: the end, and that something is missing before it."""
    tail, text = Tail(), "".join(pieces)
    for piece in pieces:
        tail.add(piece)
    kept = text[-TAIL_BYTES:].rstrip()
    assert tail.text() == (f"…\n{kept}" if len(text) > TAIL_BYTES else kept)


def lines_of(*chunks: bytes) -> list[str]:
    """Return the lines that a stream coming in these pieces is cut into."""
    lines = Lines()
    text = "".join([*map(lines.add, chunks), lines.end()])
    assert text.endswith("\n") or not text
    return text.split("\n")[:-1]


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        ([b"a\nb\n"], ["a", "b"]),
        ([b"a\n\nb"], ["a", "", "b"]),
        ([b"a", b"b\nc"], ["ab", "c"]),
        ([b"10%\r20%\r100%\n"], ["10%", "20%", "100%"]),
        ([b"a\r\nb\r\n"], ["a", "b"]),
        ([b"a\r", b"\nb"], ["a", "b"]),
        (["é".encode()[:1], "é".encode()[1:], b"\n"], ["é"]),
        ([b"\xff\n", b"\xc3"], ["\ufffd", "\ufffd"]),
        ([], []),
    ],
)
def test_lines(chunks: list[bytes], lines: list[str]) -> None:
    """A line ends at a line feed, a carriage return or both, wherever the pieces were cut."""
    assert lines_of(*chunks) == lines


@LAW
@given(st.text("ab\r\né", max_size=40), st.data())
def test_lines_do_not_depend_on_the_pieces(text: str, data: st.DataObject) -> None:
    """The same bytes are the same lines."""
    raw = text.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=4)))
    pieces = [raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    assert lines_of(*pieces) == lines_of(raw)


def test_a_line_without_an_end_is_handed_on_in_bounded_parts() -> None:
    """No line makes us hold a stream in memory."""
    assert [len(line) for line in lines_of(*[b"x" * 30_000] * 6)] == [90_000, 90_000]


class FullDisk(io.RawIOBase):
    """A log that cannot be written to."""

    def write(self, data: Any) -> int:
        """Refuse."""
        raise OSError(28, "No space left on device")


def _full() -> BinaryIO:
    return FullDisk()  # type: ignore[return-value]


def test_a_log_that_cannot_be_written_does_not_hold_the_command_up(tmp_path: Path) -> None:
    """A full disk costs the log; the command reads and writes on, and its tail is kept."""
    found = ran("head -c 1000000 /dev/zero | tr '\\0' x; echo; echo last", tmp_path, log=_full())
    assert (found.exit_code, found.output[-5:]) == (0, "\nlast")


def test_whoever_watches_and_fails_does_not_leave_a_process_behind(tmp_path: Path) -> None:
    """An error in showing output is raised, after the command was ended: it never hangs on a full pipe."""

    def show(line: str) -> None:
        raise RuntimeError("the window is gone")

    with pytest.raises(RuntimeError, match="the window is gone"):
        ran("echo $$ > leader; while :; do echo x; done", tmp_path, show=show)
    assert gone(pid_in(tmp_path / "leader"))


@pytest.mark.parametrize("command", ["echo a\0b", "true " + "x" * 300_000, "echo \ud800"])
def test_a_command_that_cannot_be_started_is_a_failed_command(command: str, tmp_path: Path) -> None:
    """Bytes no process can be given, or too many of them: it exits with 126, as a shell says it, and tells why."""
    found = ran(command, tmp_path)
    assert (found.exit_code, found.succeeded) == (126, False)
    assert found.output.startswith("it could not be started: ")


def test_a_folder_that_is_gone_is_a_failed_command(tmp_path: Path) -> None:
    """The project was removed while its tasks were under way."""
    found = ran("true", tmp_path / "gone")
    assert (found.exit_code, found.output) == (126, "it could not be started: No such file or directory")


def test_handles_are_given_back(tmp_path: Path) -> None:
    """Thirty commands leave no file open."""
    before = sum(1 for _ in Path("/proc/self/fd").iterdir())

    async def many() -> None:
        for _ in range(5):
            await asyncio.gather(*(run("true", Surroundings(tmp_path, SOON, "m")) for _ in range(6)))

    asyncio.run(many())
    gc.collect()
    assert sum(1 for _ in Path("/proc/self/fd").iterdir()) <= before
