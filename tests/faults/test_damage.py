"""Damaged files: all of it is detected or harmless, a copy is kept first, and what survives is put together."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from qwen_orch.errors import SessionCorrupted, StorageError, ValidationError
from qwen_orch.project.project import HOME, Project
from qwen_orch.store import seal
from qwen_orch.store.codec import FORMAT
from tests.faults.conftest import DEEP
from tests.faults.work import AT_WORK, WORK, A, B, create, fresh, note, planning, seen

FILES = {
    "journal": f"journal/{A}.jsonl",
    "plan": f"plans/{A}.json",
    "manifest": f"manifests/{A}.json",
    "session": f"sessions/{planning(A).id}.json",
    "state": "state.json",
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project after all the work, its snapshots current."""
    root = tmp_path_factory.mktemp("whole")
    for step in WORK.values():
        step(fresh(root))
    return root


class Bench:
    """A place where copies of a project are damaged and looked at."""

    def __init__(self, whole: Path, place: Path) -> None:
        self.whole = whole
        self.root = place / "project"
        self.sound = seen(fresh(whole))

    def damaged(self, name: str, raw: bytes | None) -> Project:
        """Return a fresh project in which the file *name* holds *raw*, or is gone."""
        self.again()
        if raw is None:
            self.path(name).unlink()
        else:
            self.path(name).write_bytes(raw)
        return fresh(self.root)

    def again(self) -> None:
        """Put a sound copy in place."""
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(self.whole, self.root)

    def path(self, name: str) -> Path:
        """The file of the copy that *name* means."""
        return self.root / HOME / FILES.get(name, name)

    def raw(self, name: str) -> bytes:
        """The sound bytes of a file."""
        return (self.whole / HOME / FILES.get(name, name)).read_bytes()

    def kept(self) -> list[bytes]:
        """Everything in ``backups/`` that was put aside."""
        return [p.read_bytes() for p in (self.root / HOME / "backups").glob("*.damaged")]

    def settles(self) -> bool:
        """Whether the next start finds nothing more to mend."""
        project = fresh(self.root)
        seen(project)
        return not project.take_reports()


@pytest.fixture
def bench(whole: Path, ram: Path) -> Bench:
    """A bench with the project after all the work."""
    return Bench(whole, ram)


def damages(raw: bytes, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield damaged versions of *raw*: cut and flipped at every byte (deep) or at many."""
    every = range(len(raw))
    places = every if DEEP else sorted({*random.Random(seed).sample(every, min(24, len(raw))), 0, len(raw) - 1})
    for at in places:
        yield f"cut at {at}", raw[:at]
        flipped = raw[at] ^ (1 << random.Random(at).randrange(8))
        yield f"flipped at {at}", raw[:at] + bytes([flipped]) + raw[at + 1 :]
    yield "zeros", bytes(len(raw))
    yield "zeros at the end", raw[: len(raw) // 2].ljust(len(raw), b"\0")
    yield "not UTF-8", raw[: len(raw) // 2] + b"\xff\xfe" + raw[len(raw) // 2 :]
    yield "twice", raw + raw
    yield "with more", raw + b"{}"


@pytest.mark.parametrize("name", FILES)
def test_any_damage_of_one_file_costs_nothing(name: str, bench: Bench) -> None:
    """The others know it all: the state is whole, the damage reported, a copy kept, the next start quiet."""
    raw = bench.raw(name)
    for what, bad in damages(raw, seed=7):
        project = bench.damaged(name, bad)
        found = seen(project)
        if name != "state":
            assert found == bench.sound, what
        assert project.take_reports(), what
        assert bad in bench.kept(), what
        project.checkpoint(last=True)
        assert bench.settles(), what


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_gone_costs_nothing(name: str, bench: Bench) -> None:
    """What is missing is rebuilt from the rest; without a state file the plan worked on last is current."""
    project = bench.damaged(name, None)
    assert seen(project).graphs == bench.sound.graphs
    assert project.current.orchestration == B
    project.checkpoint(last=True)
    assert bench.settles()


@pytest.mark.parametrize("others", [("plan", "session"), ("plan", "manifest", "session"), ("journal", "session")])
def test_every_file_that_is_damaged_at_once_is_kept(others: tuple[str, ...], bench: Bench) -> None:
    """A session that nobody reads, as the plan that names it is damaged too, is not written over unseen."""
    bench.again()
    bad = {name: bench.raw(name).replace(b'"seq"', b'"sqe"', 1) for name in others}
    for name, raw in bad.items():
        bench.path(name).write_bytes(raw)
    project = fresh(bench.root)
    assert seen(project) == bench.sound
    assert [name for name, raw in bad.items() if raw not in bench.kept()] == []
    reports = " ".join(project.take_reports())
    assert all(bench.path(name).name in reports for name in others)
    assert bench.settles()


@pytest.mark.parametrize("kind", ["journal", "plans", "manifests"])
def test_files_that_change_places(kind: str, bench: Bench) -> None:
    """A file of another orchestration is not taken for one's own, and both come back whole."""
    bench.again()
    end = "jsonl" if kind == "journal" else "json"
    one, other = (bench.path(f"{kind}/{i}.{end}") for i in (A, B))
    mine = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(mine)
    project = fresh(bench.root)
    assert seen(project) == bench.sound
    assert len(project.take_reports()) >= 2
    assert bench.settles()


def test_sessions_that_change_places(bench: Bench) -> None:
    """Sessions of one orchestration under each other's names are told apart."""
    bench.again()
    sound = seen(fresh(bench.root))
    one, other = (bench.path(f"sessions/{i}.json") for i in (planning(A).id, AT_WORK))
    mine = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(mine)
    project = fresh(bench.root)
    assert seen(project) == sound
    assert project.take_reports()


def test_older_copies_of_snapshots_are_brought_up_to_date(whole: Path, ram: Path) -> None:
    """A snapshot put back from earlier is harmless: the journal brings it up to date."""
    bench = Bench(whole, ram)
    early = ram / "early"
    for step in list(WORK.values())[:3]:
        early.mkdir(exist_ok=True)
        step(fresh(early))
    for name in ("plan", "manifest", "session"):
        project = bench.damaged(name, (early / HOME / FILES[name]).read_bytes())
        assert seen(project) == bench.sound, name
        seen(project)
        project.checkpoint(last=True)
        assert bench.settles(), name


def test_an_older_journal_loses_nothing_that_a_snapshot_knows(bench: Bench) -> None:
    """A journal put back from a backup is carried on from the snapshots; the number of steps is told."""
    lines = bench.raw("journal").splitlines(keepends=True)
    for kept in range(len(lines)):
        project = bench.damaged("journal", b"".join(lines[:kept]))
        assert seen(project) == bench.sound, kept
        assert "missing" in project.take_reports()[0], kept
        assert bench.settles(), kept


def test_a_doubled_or_swapped_record_is_found_and_costs_nothing(bench: Bench) -> None:
    """Records that stand twice or in another order are put in order; nothing is lost and nothing done twice."""
    lines = bench.raw("journal").splitlines(keepends=True)
    for i in range(len(lines) - 1):
        doubled = lines[: i + 1] + lines[i:]
        swapped = [*lines[:i], lines[i + 1], lines[i], *lines[i + 2 :]]
        for bad in (doubled, swapped):
            project = bench.damaged("journal", b"".join(bad))
            assert seen(project) == bench.sound
            assert project.take_reports()
            assert bench.raw("journal") == bench.path("journal").read_bytes()


def alone(bench: Bench, *, backups: bool) -> None:
    """Leave nothing of the first orchestration but its journal, and its backups if they are to stay."""
    bench.again()
    for name in ("plan", "manifest", "session"):
        bench.path(name).unlink()
    if not backups:
        shutil.rmtree(bench.path("backups"))


def test_a_journal_alone_is_enough(bench: Bench) -> None:
    """Without any snapshot the state comes from the journal."""
    alone(bench, backups=False)
    assert seen(fresh(bench.root)) == bench.sound


def test_a_damaged_record_is_taken_from_a_backup(bench: Bench) -> None:
    """Without snapshots, a record that a backup has is not lost, nor are those after it."""
    alone(bench, backups=True)
    lines = bench.raw("journal").splitlines(keepends=True)
    bench.path("journal").write_bytes(b"".join([lines[0], b"#" + lines[1][1:], *lines[2:]]))
    project = fresh(bench.root)
    assert seen(project) == bench.sound
    assert "backups" in project.take_reports()[0]
    assert bench.path("journal").read_bytes() == bench.raw("journal")


def test_what_is_gone_is_named(bench: Bench) -> None:
    """Without snapshots and backups a damaged record ends what is known, and the report says where."""
    alone(bench, backups=False)
    lines = bench.raw("journal").splitlines(keepends=True)
    bench.path("journal").write_bytes(b"".join([*lines[:3], b"#" + lines[3][1:], *lines[4:]]))
    project = fresh(bench.root)
    graph = project.writer(A).graph
    assert set(graph.tasks) == {"task-001", "task-002", "task-003"}
    (report,) = project.take_reports()
    assert f"what steps 4 to {len(lines)} did to manifest" in report
    assert bench.settles()


def test_records_after_a_gap_count_for_the_parts_a_snapshot_carried_over_it(bench: Bench) -> None:
    """A burst that no snapshot knows, behind a damaged record that they all know, is not lost."""
    bench.again()
    project = fresh(bench.root)
    for text in ("one", "two"):
        project.writer(A).commit("note", lambda _, text=text: [note(text)])
    burst = seen(project)
    shutil.rmtree(bench.path("backups"))
    lines = bench.path("journal").read_bytes().splitlines(keepends=True)
    bench.path("journal").write_bytes(b"".join([lines[0], b"#" + lines[1][1:], *lines[2:]]))
    again = fresh(bench.root)
    assert seen(again) == burst
    assert bench.settles()


def test_sessions_are_found_without_the_plan_that_names_them(bench: Bench) -> None:
    """Plan and journal lost: tasks and sessions are known, the plan is not, and that is an error which says so."""
    bench.again()
    bench.path("journal").unlink()
    bench.path("plan").unlink()
    shutil.rmtree(bench.path("backups"))
    project = fresh(bench.root)
    with pytest.raises(SessionCorrupted, match="knows the plan"):
        project.writer(A)
    assert project.writer(B).graph.root.id == B, "the others are usable"
    assert [w.graph.root.id for w in project.writers()] == [B]
    assert bench.path("manifest").exists()


def test_sessions_come_back_when_the_plan_comes_from_a_backup(bench: Bench) -> None:
    """Plan and journal lost, a backup there: the plan of the backup, the tasks and sessions of the snapshots."""
    bench.again()
    bench.path("journal").unlink()
    bench.path("plan").unlink()
    graph = fresh(bench.root).writer(A).graph
    sound = fresh(bench.whole).writer(A).graph
    assert graph.tasks == sound.tasks
    assert graph.sessions == sound.sessions
    assert bench.settles()


def test_damage_that_cannot_be_mended_is_kept_once(bench: Bench) -> None:
    """However often a hopeless orchestration is opened, one copy is kept; planning anew works meanwhile."""
    bench.again()
    for name in ("plan", "manifest", "session"):
        bench.path(name).unlink()
    shutil.rmtree(bench.path("backups"))
    bench.path("journal").write_bytes(b"rubbish\n" * 3)
    for _ in range(3):
        with pytest.raises(SessionCorrupted):
            fresh(bench.root).writer(A)
    assert len(bench.kept()) == 1
    project = fresh(bench.root)
    create("orch-third-cccc")(project)  # type: ignore[arg-type]
    assert project.writer("orch-third").graph.tasks


def test_damage_while_we_work_is_not_undone_over(bench: Bench) -> None:
    """An undo that finds the journal damaged since it was read is refused, and the state stays."""
    from qwen_orch.project.undo import undo

    bench.again()
    project = fresh(bench.root)
    writer = project.writer(A)
    lines = bench.path("journal").read_bytes().splitlines(keepends=True)
    with bench.path("journal").open("r+b") as file:
        file.seek(len(lines[0]) + 40)
        file.write(b"#")
    import os

    os.utime(bench.path("journal"), ns=(0, writer.store._stands[2]))  # type: ignore[index] # bits rot in silence
    before = writer.graph
    with pytest.raises(SessionCorrupted, match="damaged since"):
        undo(writer, force=True)
    assert writer.graph == before
    assert len(writer.history()) == writer.seq, "history mends it"
    assert writer.repairs


def test_settings_that_are_damaged_are_named_and_left_alone(bench: Bench) -> None:
    """A damaged config.json is an error that names line and place; it is never overwritten, and others work."""
    raw = bench.raw("config.json")
    for what, bad in {"cut": raw[:20], "not UTF-8": b"\xff" + raw, "zeros": bytes(9), "a list": b"[]"}.items():
        project = bench.damaged("config.json", bad)
        with pytest.raises(ValidationError, match=r"config\.json line \d"):
            project.config  # noqa: B018
        with pytest.raises(ValidationError):
            project.configure("jobs", "7")
        assert bench.path("config.json").read_bytes() == bad, what
        assert project.writer(A).graph.tasks, what


@pytest.mark.parametrize("name", ["journal", "plan", "config.json", "state"])
@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_what_is_not_a_file_is_refused(name: str, kind: str, bench: Bench) -> None:
    """A link, a folder or a pipe in the place of a file is an error, at once, and is not followed."""
    import os

    bench.again()
    path = bench.path(name)
    path.unlink()
    if kind == "link":
        path.symlink_to("/etc/hostname")
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    with pytest.raises(StorageError, match=str(path)):
        seen(fresh(bench.root))


@pytest.mark.parametrize("name", ["journal", "plan", "manifest", "session", "state"])
def test_a_newer_format_is_only_looked_at_and_nothing_is_touched(name: str, bench: Bench) -> None:
    """What a later version wrote is shown if it is understood: it says so, no step is taken, and every byte stays."""
    if name == "journal":
        last = bench.raw("journal").splitlines(keepends=True)[-1]
        newer = {"format": FORMAT + 1, "seq": 99, "after": seal.mark_of(last), "at": "", "by": "future", "events": []}
        raw = bench.raw("journal") + seal.seal(newer)
    else:
        raw = seal.seal({**seal.unseal(bench.raw(name)), "format": FORMAT + 1}, pretty=True)
    project = bench.damaged(name, raw)
    before = contents(bench.root)
    if name == "session":  # which is met when it is asked for
        with pytest.raises(StorageError, match="newer"):
            seen(project)
        assert contents(bench.root) == before
        return
    assert seen(project) == bench.sound
    assert project.newer
    if name == "state":
        with pytest.raises(StorageError, match="was written by a newer"):
            project.configure("jobs", "3")
    else:
        assert any("newer qwen-orch" in line for line in project.take_reports())
        with pytest.raises(StorageError, match="newer"):
            project.opened(A).commit("test", lambda graph: [])
    assert contents(bench.root) == before


def contents(root: Path) -> dict[Path, bytes]:
    """Every file under *root*."""
    return {p: p.read_bytes() for p in root.rglob("*") if p.is_file() and not p.name.endswith(".lock")}
