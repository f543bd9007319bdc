"""Puts our commands, hook and report server into a ``.qwen`` folder, and takes them away again.

What is put there is noted in a receipt beside it before anything else is written, so that an installation that was
interrupted can be taken away, or finished, like a whole one. A file that a person changed is theirs from then on.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from qwen_orch.errors import StorageError, ValidationError
from qwen_orch.inside import settings
from qwen_orch.store.files import Disk

RECEIPT = "qwen-orch.json"


class Folder(NamedTuple):
    """A ``.qwen`` folder: of a project, or *everywhere* the person's own."""

    path: Path
    disk: Disk
    everywhere: bool = False

    @property
    def settings(self) -> Path:
        """What Qwen Code and its user set."""
        return self.path / "settings.json"

    @property
    def receipt(self) -> Path:
        """What says which of the files here are ours."""
        return self.path / RECEIPT

    def command(self, name: str) -> Path:
        """The file of a custom command."""
        return self.path / "commands" / f"{name}.md"

    def refuse_links(self, *commands: str) -> None:
        """Raise `StorageError` when a folder or file that we would write here is a symbolic link."""
        files = map(self.command, commands)
        for path in (self.path, self.path / "commands", self.settings, self.receipt, *files):
            if path.is_symlink():
                message = f"{path} is a symbolic link; nothing was changed"
                raise StorageError(message, "put the file or folder itself in its place")


class Receipt(NamedTuple):
    """What was installed: the digest of each command file by its name and of the settings; what had to be *made*."""

    files: dict[str, str]
    made: tuple[str, ...] = ()
    settings: str = ""


class Change(NamedTuple):
    """Paths that were *written* or *removed*, and those *kept* because a person had changed them.

    Of settings that others *edited* since, only our entries were taken out.
    """

    written: tuple[Path, ...] = ()
    removed: tuple[Path, ...] = ()
    kept: tuple[Path, ...] = ()
    edited: bool = False


def own_folder() -> Path:
    """Return the person's own ``.qwen`` folder, which is read in every project."""
    return Path(os.environ.get("QWEN_HOME") or "~/.qwen").expanduser()


def program() -> list[str]:
    """Return the words that start this very program: its name alone where that finds it."""
    started = Path(sys.argv[0])
    if started.name != "qwen-orch":
        from qwen_orch.processes.ourselves import ourselves

        return list(ourselves())
    found = shutil.which("qwen-orch")
    return ["qwen-orch"] if found and Path(found).samefile(started) else [str(started.absolute())]


def install(folder: Folder, commands: dict[str, str], program: list[str]) -> Change:
    """Put *commands* (texts by name), hook and server into *folder*. What is there already is not written again.

    Raises `ValidationError`, before anything is written, when a command or server of that name is somebody else's.
    """
    folder.refuse_links(*commands)
    before = receipt_of(folder) or Receipt({})
    kept = [n for n, text in commands.items() if _is_changed(folder, n, text, before)]
    ours = settings.hook(program, folder.everywhere), settings.server(program)
    text, made = settings.with_ours(_settings_of(folder) or settings.NEW, *ours)
    made += [name for name in ("settings.json", "commands", ".") if not (folder.path / name).exists()]
    files = {n: before.files[n] if n in kept else digest(t) for n, t in commands.items()}
    note = Receipt(files, tuple(dict.fromkeys((*before.made, *made))), digest(text))
    wanted = {folder.receipt: json.dumps({"format": 1, **note._asdict()}, indent=2) + "\n"}
    wanted |= {folder.command(n): t for n, t in commands.items() if n not in kept}
    wanted[folder.settings] = text
    written = [path for path, text in wanted.items() if _write(folder, path, text)]
    return Change(tuple(written), kept=tuple(map(folder.command, kept)))


def uninstall(folder: Folder) -> Change:
    """Take away what `install` put there, and the folders made for it; what a person changed meanwhile stays."""
    folder.refuse_links()
    note = receipt_of(folder)
    if note is None:
        raise ValidationError(f"nothing of ours is in {folder.path}", "/install qwen", "/uninstall qwen --global")
    folder.refuse_links(*note.files)
    there = folder.disk.read(folder.settings)
    edited = there is not None and digest(there) != note.settings
    written, removed = _clear_settings(folder, note.made)
    removed += _remove_unchanged(folder, note)
    _remove_folder(folder, "commands", note)
    folder.disk.remove(folder.receipt)  # until now a second try would find all that the first left
    _remove_folder(folder, ".", note)
    kept = tuple(path for path in map(folder.command, note.files) if path.exists())
    return Change(tuple(written), tuple(removed), kept, edited)


def _clear_settings(folder: Folder, made: tuple[str, ...]) -> tuple[list[Path], list[Path]]:
    """Take our entries out of the settings, or remove the file made for them; return what was written and removed."""
    there = _settings_of(folder)
    if there is None:
        return [], []
    text = settings.without_ours(there, made)
    if "settings.json" in made and settings.say_nothing(text):
        folder.disk.remove(folder.settings)
        return [], [folder.settings]
    return [folder.settings] * _write(folder, folder.settings, text), []


def _remove_unchanged(folder: Folder, note: Receipt) -> list[Path]:
    """Remove the command files that are as we wrote them, and return which those were."""
    contents = {name: folder.disk.read(folder.command(name)) for name in note.files}
    ours = [n for n, there in contents.items() if there is not None and digest(there) == note.files[n]]
    for name in ours:
        folder.disk.remove(folder.command(name))
    return [folder.command(name) for name in ours]


def _remove_folder(folder: Folder, name: str, note: Receipt) -> None:
    if name in note.made:
        with contextlib.suppress(OSError):  # others use it by now
            (folder.path / name).rmdir()


def _is_changed(folder: Folder, name: str, text: str, before: Receipt) -> bool:
    """Tell whether a person changed our command *name*; raise `ValidationError` when it never was ours."""
    path = folder.command(name)
    there, other = folder.disk.read(path), path.with_suffix(".toml")
    changed = there is not None and digest(there) not in (digest(text), before.files.get(name))
    if other.exists() or (changed and name not in before.files):
        yours = other if other.exists() else path
        raise ValidationError(f"{yours} is a command of yours; nothing was changed", "give it another name")
    return changed


def receipt_of(folder: Folder) -> Receipt | None:
    """Return what was installed in *folder*; None when nothing was. A receipt that cannot be read notes nothing."""
    found = folder.disk.read(folder.receipt)
    if found is None:
        return None
    try:
        told = json.loads(found)
        files = {n: str(d) for n, d in told["files"].items() if n.isidentifier()}  # which leads to no other folder
        return Receipt(files, tuple(map(str, told["made"])), str(told["settings"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Receipt({})


def digest(content: str | bytes) -> str:
    """Return what tells one content of a file from another."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def _settings_of(folder: Folder) -> str | None:
    found = folder.disk.read(folder.settings)
    return None if found is None else settings.checked(found)


def _write(folder: Folder, path: Path, text: str) -> bool:
    """Write a file unless it says so already; one that was there keeps its permissions, a new one is 0600."""
    data, there = text.encode(), folder.disk.read(path)
    if there == data:
        return False
    if there is None:
        folder.disk.replace(path, data)
    else:
        folder.disk.write_file(path, data)
    return True
