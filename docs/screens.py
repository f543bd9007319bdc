"""Runs what the pages show: ``python docs/screens.py [--write] [--anew] [PAGE ...]``.

With ``--write`` what is not shown as it is printed is written down again; with ``--anew``, everything is.

A page is run from its top in one empty project of its own. Of its fenced blocks,

- ``console`` is a transcript: each line after ``$ `` is run by the shell (``> `` continues it), and what follows is
  what it prints, on both streams. A line that is ``…`` alone stands for any lines.
- ``sh`` is run and must succeed; ``sh skip`` is not run. Those of README.md are run by ``.ci/run``.
- ``text shell KEYS`` is the screen of the shell after these keys were typed (``⏎`` is Enter); it needs the dev extra.
- any other one whose info string names a file, such as ``markdown plan.md``, is written to that file.

``<!-- project: examples/greeter -->`` starts the page in a copy of that folder. ``<!-- model: guest_book -->`` puts the
real Qwen Code on the PATH, and tests/docs/guest_book.py in the place of its model. Ids, times and durations may differ.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
FENCE = re.compile(r"^(?P<fence>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=fence)$", re.M | re.S)
PROJECT = re.compile(r"<!-- project: (\S+) -->")
MODEL = re.compile(r"<!-- model: (\w+) -->")
VARYING = (
    (re.compile(r"\b((?:orch|session)-[a-z0-9-]*?)-[a-hj-km-np-z2-9]{4}(?![a-z0-9-])"), r"\1-xxxx"),
    (re.compile(r"\bbackground-[a-z0-9]{8}\b"), "background-xxxxxxxx"),
    (re.compile(r"\b\d{8}T\d{12}(?:\.[0-9a-f]{8})?\b"), "stamp"),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:T[\d:.]+\+00:00)?"), "yyyy-mm-dd"),
    (re.compile(r"\b\d\d:\d\d(:\d\d)?\b(?: to \d\d:\d\d\b)?"), "hh:mm"),
    (re.compile(r'"(checksum|after|last|record)": ?"[0-9a-f]{8}"'), r'"\1":"…"'),
    (re.compile(r"(?:< )?\b\d+(\.\d+)? ?(?:s|ms)\b"), "n s"),
    (re.compile(r"\b\d+\.\d+ GB\b"), "n GB"),
    (re.compile(r"(· |Agents +)[\d,]+ tokens"), r"\1n tokens"),
    (re.compile(r"\b[0-9a-f]{12}\b"), "commit"),
)
SECONDS = 120
ROWS, COLUMNS = 16, 80
QUIET = 15.0
"""A screen that does not change for so many seconds will not show what is waited for."""
PROMPT = "qwen-orch>"


class Said(NamedTuple):
    """A command of a transcript, and what the page says that it prints."""

    command: str
    output: str


def pages() -> list[Path]:
    """Return every page: the README, the documentation, and the README of each example."""
    return [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")), *sorted(ROOT.glob("examples/**/README.md"))]


def transcript(body: str) -> Iterator[Said]:
    """Yield the commands of a ``console`` block with what is printed below each."""
    for part in re.split(r"^\$ ", body, flags=re.M)[1:]:
        lines = part.split("\n")
        count = next((n for n, line in enumerate(lines[1:], 1) if not line.startswith("> ")), len(lines))
        command = "\n".join([lines[0], *(line.removeprefix("> ") for line in lines[1:count])])
        yield Said(command, "\n".join(lines[count:]).strip("\n"))


class Page:
    """One page, run in a project of its own below *folder*."""

    def __init__(self, path: Path, folder: Path, anew: bool) -> None:
        self.anew = anew
        self.path, self.text = path, path.read_text(encoding="utf-8")
        self.project = folder / "project"
        named = PROJECT.search(self.text)
        if named:
            shutil.copytree(ROOT / named[1], self.project)
        (self.project / ".qwen" / "orchestration").mkdir(mode=0o700, parents=True)
        self.environment = _environment(folder)
        self.status = 0
        self.faults: list[str] = []

    def run(self) -> str:
        """Run the whole page and return it with what its commands print now."""
        scripted = MODEL.search(self.text)
        with _with_qwen(scripted[1], self.project) if scripted else contextlib.nullcontext({}) as more:
            self.environment = _joined(self.environment, more)
            return FENCE.sub(self._block, self.text)

    def _block(self, block: re.Match[str]) -> str:
        info, body = block["info"].split(), block["body"]
        if info[:1] == ["console"]:
            shown = "".join(self._shown(said) for said in transcript(body))
            return f"{block['fence']}{block['info']}\n{shown}{block['fence']}"
        if info[:2] == ["text", "shell"]:
            keys = block["info"].partition(" shell ")[2]
            return f"{block['fence']}{block['info']}\n{self._screen(keys, body.strip(chr(10)))}\n{block['fence']}"
        if info == ["sh"] and self.path.name != "README.md":
            self._must_succeed(body)
        elif len(info) == 2 and "." in info[1]:
            file = self.project / info[1]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(body, encoding="utf-8")
        return block[0]

    def _must_succeed(self, script: str) -> None:
        printed = self._sh(f"set -e\n{script}")
        if self.status:
            self.faults.append(f"exit code {self.status} of\n{script}\n{printed}")

    def _shown(self, said: Said) -> str:
        """Return the command with what it prints: as the page has it, if only ids and times differ."""
        printed = self._sh(f"(exit {self.status})\n{said.command}").strip("\n")
        alike = _alike(said.output, printed, any_order="--all" in said.command)
        if not alike:
            self.faults.append(f"$ {said.command}\nprints\n{printed}\nand the page says\n{said.output}")
        if self.anew or not alike:
            said = Said(said.command, _shortened(said.output, printed))
        first, *more = said.command.split("\n")
        lines = [f"$ {first}", *(f"> {line}" for line in more), *([said.output] if said.output else [])]
        return "\n".join(lines) + "\n"

    def _screen(self, keys: str, said: str) -> str:
        """Return what the shell shows after *keys*: as the page has it, if only ids and times differ."""
        import pexpect
        import pyte

        screen = pyte.Screen(COLUMNS, ROWS)
        stream = pyte.ByteStream(screen)
        environment = {**self.environment, "TERM": "xterm-256color"}
        shell = pexpect.spawn("qwen-orch", cwd=self.project, env=environment, dimensions=(ROWS, COLUMNS))

        def at_prompt(shown: str) -> bool:
            return screen.display[screen.cursor.y].rstrip() == PROMPT

        def look(done: Callable[[str], bool]) -> str:
            """Take in what is printed until the screen is *done*, or nothing has changed for a while."""
            quiet, shown, before = time.monotonic() + QUIET, "", ""
            while time.monotonic() < quiet and not done(shown):
                try:
                    data = shell.read_nonblocking(65536, timeout=0.1)
                    stream.feed(data)
                    if b"\x1b[6n" in data:  # where is the cursor? a terminal answers that
                        shell.send(f"\x1b[{screen.cursor.y + 1};{screen.cursor.x + 1}R")
                except pexpect.TIMEOUT:
                    pass
                before, shown = shown, "\n".join(line.rstrip() for line in screen.display).strip("\n")
                if shown != before:  # the shell may paint the same again and again
                    quiet = time.monotonic() + QUIET
            return shown

        look(at_prompt)
        for key in keys:
            shell.send("\r" if key == "⏎" else key)
            if key == "⏎":
                look(at_prompt)
        printed = look(lambda shown: _alike(said, shown, any_order=False))
        shell.close(force=True)
        if _alike(said, printed, any_order=False):
            return said
        self.faults.append(f"the shell, after {keys}, shows\n{printed}\nand the page says\n{said}")
        return printed

    def _sh(self, script: str) -> str:
        done = subprocess.run(
            ["sh", "-c", script],
            cwd=self.project,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
        self.status = done.returncode
        return done.stdout.decode("utf-8").replace(str(self.project.parent), "/home/you")


def _alike(said: str, printed: str, any_order: bool) -> bool:
    """Tell whether *printed* is what the page says; what runs side by side may come in *any_order*."""
    wanted, found = _settled(said).split("\n"), _settled(printed).split("\n")
    if any_order and "…" not in wanted:
        return sorted(wanted) == sorted(found)
    pattern = r"\n".join(r"(?:.*\n)*?.*" if line == "…" else re.escape(line) for line in wanted)
    return re.fullmatch(pattern, "\n".join(found)) is not None


def _shortened(said: str, printed: str) -> str:
    """Return *printed*, without the middle if the page leaves out one: as many lines before and after it."""
    lines, was = printed.split("\n"), said.split("\n")
    if "…" not in was or len(lines) < len(was):
        return printed
    head, tail = was.index("…"), len(was) - was.index("…") - 1
    return "\n".join([*lines[:head], "…", *lines[len(lines) - tail :]])


def _settled(text: str) -> str:
    for pattern, word in VARYING:
        text = pattern.sub(word, text)
    return "\n".join(line.rstrip() for line in text.split("\n"))


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment in which ``qwen-orch`` is this very tree, and what it prints depends on nothing else."""
    programs = folder / "bin"
    programs.mkdir()
    for name, call in (("qwen-orch", f"{sys.executable} -m qwen_orch"), ("python3", sys.executable)):
        (programs / name).write_text(f'#!/bin/sh\nexec {call} "$@"\n', encoding="utf-8")
        (programs / name).chmod(0o755)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "GIT_", "PYTEST", "QWEN_"))}
    plain = {"COLUMNS": "80", "NO_COLOR": "1", "LANG": "C.UTF-8", "TZ": "UTC", "HOME": str(folder)}
    found = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    return {**kept, **plain, **found}


@contextlib.contextmanager
def _with_qwen(name: str, project: Path) -> Iterator[dict[str, str]]:
    """Have the model that *name* scripts at hand; yield what makes the real Qwen Code ask it."""
    from tests.agents import qwen_cli
    from tests.agents.openai_model import Model

    script = importlib.import_module(f"tests.docs.{name}").script
    with Model(lambda request: script(request, project)) as model:
        yield qwen_cli.environment(qwen_cli.find(), qwen_cli.make_home(project.parent), model.url)


def _joined(environment: dict[str, str], more: dict[str, str]) -> dict[str, str]:
    """Return *environment* with *more*; what is on either PATH can be found."""
    paths = [e["PATH"] for e in (environment, more) if "PATH" in e]
    return {**environment, **more, "PATH": os.pathsep.join(paths)}


def main(arguments: list[str]) -> int:
    """Check the pages named, or all; with ``--write`` put right what they show. Return how many were wrong."""
    chosen = [Path(a).resolve() for a in arguments if not a.startswith("--")] or pages()
    wrong = 0
    for path in chosen:
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # where lines are wrapped depends on its length
            page = Page(path, Path(folder).resolve(), "--anew" in arguments)
            text = page.run()
        if page.faults:
            wrong += 1
            sys.stdout.write(f"{path.relative_to(ROOT)}\n\n" + "\n\n".join(page.faults) + "\n\n")
        if "--write" in arguments and text != page.text:
            path.write_text(text, encoding="utf-8")
    return min(wrong, 1)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
