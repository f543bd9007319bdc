"""State files are written through the seam alone: nothing else in the package replaces or opens them for writing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "qwen_orch"
WRITING = {"replace", "rename", "renames", "fsync", "fdatasync", "ftruncate", "truncate", "unlink", "remove", "link"}
MODES = set("rwax+bt")
METHODS = {"write_text", "write_bytes", "touch", "hardlink_to", "symlink_to"}
ALLOWED = {
    "cli.py": "stdout and stderr, by their numbers",
    "dispatch.py": "the log of errors, outside any orchestration",
    "repl/editor.py": "a file for the person's own editor",
    "repl/history.py": "what was typed",
    "store/files.py": "the seam's own house: a device that a person named",
    "store/lease.py": "the log of a command",
    "store/log.py": "logs of hooks and errors, from which nothing is restored",
    "store/syscalls.py": "the seam",
}
"""Files that may, and what they write."""


def writes(path: Path) -> Iterator[str]:
    """Yield the calls in a module that write, replace or remove a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        last = name.rsplit(".", 1)[-1]
        if (name.startswith("os.") and last in WRITING) or last in METHODS:
            yield f"{path.name}:{node.lineno} {name}"
        modes = [a for a in [*node.args, *(k.value for k in node.keywords)] if isinstance(a, ast.Constant)]
        if last in ("open", "fdopen") and any(_is_writing_mode(m.value) for m in modes):
            yield f"{path.name}:{node.lineno} {name}"


def _is_writing_mode(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 3 and set("wax+") & set(value) != set() and set(value) <= MODES


def test_nothing_writes_but_through_the_seam() -> None:
    """A call that is not in the list above is a file that no test can make fail."""
    found = {
        str(path.relative_to(PACKAGE)): list(writes(path))
        for path in PACKAGE.rglob("*.py")
        if str(path.relative_to(PACKAGE)) not in ALLOWED
    }
    assert {name: calls for name, calls in found.items() if calls} == {}


def test_the_list_is_of_files_that_write() -> None:
    """None is allowed for nothing; and the search finds what it is to find."""
    assert all((PACKAGE / name).exists() for name in ALLOWED)
    assert len(list(writes(PACKAGE / "store/syscalls.py"))) >= 4
