"""The three backends: the n-th call fails, the n-th call never returns, and every disk a power cut may leave.

Each works on the project as it stood before one step, and yields a line for everything that is wrong.
"""

from __future__ import annotations

import errno
import itertools
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from attrs import define, frozen

from qwen_orch.errors import OrchError
from qwen_orch.project.project import Project
from qwen_orch.store.files import Disk
from qwen_orch.store.syscalls import Syscalls
from tests.faults.seams import SHORT, Counted, Crash, Failing, Op, Recording, Stopping
from tests.faults.work import A, Seen, fresh, leftovers, note, seen

Step = Callable[[Project], object]
MakeDisk = Callable[[Syscalls], Disk]


@frozen
class Scene:
    """A *step* to take in the project that lies at *before*; it is seen as *old*, and *new* when the step is done."""

    name: str
    step: Step
    before: Path
    old: Seen
    new: Seen

    def copy(self, place: Path) -> Path:
        """Return a fresh copy of the project."""
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.before, place)
        return place


def scenes(work: dict[str, Step], folder: Path) -> list[Scene]:
    """Return a scene for every step of *work*, each after those before it."""
    made: list[Scene] = []
    now = folder / "0"
    now.mkdir(parents=True)
    for number, (name, step) in enumerate(work.items(), 1):
        after = folder / str(number)
        shutil.copytree(now, after)
        old = seen(fresh(now))
        step(fresh(after))
        made.append(Scene(name, step, now, old, seen(fresh(after))))
        now = after
    return made


def call_count(scene: Scene, place: Path, make: MakeDisk = Disk) -> int:
    """Return how many calls the step takes, the opening of the project included."""
    calls = Counted()
    scene.step(fresh(scene.copy(place), make(calls)))
    calls.die()
    return calls.count


def fault(scene: Scene, place: Path, n: int, number: int, make: MakeDisk = Disk, times: int = 1) -> Iterator[str]:
    """Let the *n*-th call fail with the error *number*: old or new state, then everything works at once."""
    root = scene.copy(place)
    calls = Failing(n, number, times)
    where = f"{scene.name}, call {n}, error {number}"
    project, done = None, False
    try:
        project = fresh(root, make(calls))
        scene.step(project)
        done = True
    except OrchError as error:
        if not error.hints:
            yield f"{where}: no hint in {error.message!r}"
    except Exception as error:
        yield f"{where}: an untyped error: {error!r}"
    calls.n = 0
    if project is not None:
        yield from _judge(where + ", same process", scene, project, done)
    calls.die()
    yield from _judge(where, scene, fresh(root), done)
    yield from _goes_on(where, root, bool(scene.new.graphs))


def crash(scene: Scene, place: Path, n: int, part: float, make: MakeDisk = Disk) -> Iterator[str]:
    """Let the *n*-th call never return, and a fresh process load what there is."""
    root = scene.copy(place)
    calls = Stopping(n, part)
    where, done = f"{scene.name}, dead at call {n}", False
    try:
        scene.step(fresh(root, make(calls)))
        done = True
    except Crash:
        pass
    calls.die()
    yield from _judge(where, scene, fresh(root), done)
    yield from _goes_on(where, root, bool(scene.new.graphs))


def everything(scene: Scene, place: Path, most: int) -> Iterator[str]:
    """Let each call fail once, and from it on all, and be the last; and cut the power wherever that can be."""
    numbers = (errno.ENOSPC, errno.EIO, SHORT)
    for n in range(1, call_count(scene, place) + 1):
        yield from fault(scene, place, n, numbers[n % 3])
        yield from fault(scene, place, n, numbers[n % 2], times=1000)
        yield from crash(scene, place, n, 0.5 * (n % 3))
    yield from replay(scene, place, most)


def replay(scene: Scene, place: Path, most: int, make: MakeDisk = Disk) -> Iterator[str]:
    """Rebuild every disk that a power cut during or after the step may leave, and load each (ALICE, OSDI'14)."""
    root = scene.copy(place / "real")
    start = _image_of(root)
    calls = Recording()
    scene.step(fresh(root, make(calls)))
    ops = [op for op in calls.ops if not op.path.endswith(".lock")]  # they are empty, and nothing depends on them
    tried: set[object] = set()
    for end in range(len(ops) + 1):
        for disk in _disks(start, ops[:end], most):
            image = (end == len(ops), disk.picture())
            if image in tried:
                continue
            tried.add(image)
            disk.lay_out(place / "cut", root)
            where = f"{scene.name}, power cut after {end} of {len(ops)} operations: {disk.words}"
            yield from _judge(where, scene, fresh(place / "cut"), end == len(ops))


def _judge(where: str, scene: Scene, project: Project, done: bool) -> Iterator[str]:
    try:
        found = seen(project)
    except Exception as error:
        yield f"{where}: cannot be loaded: {error!r}"
        return
    if found == scene.new:
        return
    if done:
        yield f"{where}: acknowledged, yet {_difference(scene.new, found)}"
    elif found != scene.old:
        yield f"{where}: neither old nor new: {_difference(scene.old, found)}"


def _difference(wanted: Seen, found: Seen) -> str:
    names = ("current", "config", "graphs")
    return "; ".join(f"{n}: {getattr(found, n)!r:.600}" for n in names if getattr(wanted, n) != getattr(found, n))


def _goes_on(where: str, root: Path, planned: bool) -> Iterator[str]:
    """The next command works at once, is kept, and after it no temporary file is left."""
    project = fresh(root)
    if planned and A in project.orchestrations() and project.opened(A).graph.orchestration:
        project.writer(A).commit("note", lambda _: [note("next")])
        project.checkpoint(last=True)
        again = fresh(root)
        session = again.writer(A).graph.sessions[note("").id]
        if not session.notes or session.notes[-1].text != "next":
            yield f"{where}: the next step was not kept"
        if told := again.take_reports():
            yield f"{where}: damage after repair: {told}"
    left = [str(p.relative_to(root)) for p in leftovers(root)]
    if planned and left and project.orchestrations():
        yield f"{where}: left behind: {left}"


@define
class _Image:
    """A disk in the making: which file has which name, and what is in each."""

    names: dict[str, int]
    files: dict[int, bytes]
    folders: set[str]
    words: str = ""

    def apply(self, op: Op, share: float) -> None:
        """Let *op* have happened; a write, in this *share* of its bytes."""
        match op.kind:
            case "create":
                self.names[op.path] = op.inode
                self.files.setdefault(op.inode, b"")
            case "write":
                self._write(op, share)
            case "truncate":
                self.files[op.inode] = self.files.get(op.inode, b"")[: op.at].ljust(op.at, b"\0")
            case "rename":
                self.names.pop(op.path, None)
                self.names[op.target] = op.inode
                self.files.setdefault(op.inode, b"")
            case "unlink":
                self.names.pop(op.path, None)
            case "mkdir":
                self.folders.add(op.path)

    def _write(self, op: Op, share: float) -> None:
        data, before = op.data[: int(len(op.data) * share)], self.files.get(op.inode, b"")
        self.files[op.inode] = before[: op.at].ljust(op.at, b"\0") + data + before[op.at + len(data) :]

    def picture(self) -> object:
        """Return what tells this disk from another."""
        there = ((name, self.files[inode]) for name, inode in self.names.items() if self._reached(name))
        return tuple(sorted(there)), tuple(sorted(self.folders))

    def _reached(self, name: str) -> bool:
        return str(Path(name).parent) in self.folders

    def lay_out(self, place: Path, root: Path) -> None:
        """Write this disk, of the project at *root*, to *place*."""
        shutil.rmtree(place, ignore_errors=True)
        for folder in sorted(self.folders):
            if str(Path(folder).parent) in self.folders or folder == str(root):
                (place / Path(folder).relative_to(root)).mkdir(parents=True, exist_ok=True)
        for name, inode in self.names.items():
            target = place / Path(name).relative_to(root)
            if target.parent.is_dir() and self._reached(name):
                target.write_bytes(self.files[inode])


def _disks(start: _Image, ops: list[Op], most: int) -> Iterator[_Image]:
    """Yield the disks after *ops*: what was synced is there, of the rest any subset."""
    loose = [i for i, op in enumerate(ops) if op.kind not in ("sync", "sync folder") and not _is_durable(ops, i)]
    shares = [(0.0, 0.5, 1.0) if ops[i].kind == "write" else (0.0, 1.0) for i in loose]
    choices = list(itertools.islice(itertools.product(*shares), 20_000))
    if len(choices) > most:
        keep = [choices[0], choices[-1]]
        choices = keep + random.Random(len(ops)).sample(choices, most - 2)
    for choice in choices:
        share = dict(zip(loose, choice, strict=True))
        image = _Image(dict(start.names), dict(start.files), set(start.folders))
        for i, op in enumerate(ops):
            if op.kind not in ("sync", "sync folder") and share.get(i, 1.0):
                image.apply(op, share.get(i, 1.0))
        image.words = ", ".join(f"{share[i]:.0%} of {ops[i].kind} {Path(ops[i].path).name}" for i in loose)
        yield image


def _is_durable(ops: list[Op], i: int) -> bool:
    """Tell whether a later sync makes sure of operation *i*: of a file's bytes, or of a folder's names."""
    op = ops[i]
    for later in ops[i + 1 :]:
        if op.kind in ("write", "truncate"):
            if later.kind == "sync" and later.inode == op.inode:
                return True
        elif later.kind == "sync folder" and later.path == str(Path(op.target or op.path).parent):
            return True
        elif op.kind == "create" and later.kind in ("rename", "unlink") and later.path == op.path:
            return True  # what matters from here on is the other name
    return False


def _image_of(root: Path) -> _Image:
    image = _Image({}, {}, {str(root)})
    for path in root.rglob("*"):
        if path.is_dir():
            image.folders.add(str(path))
        else:
            inode = path.stat().st_ino
            image.names[str(path)], image.files[inode] = inode, path.read_bytes()
    return image
