"""The command line: one command, a script, or the shell.

Exit codes: 0 done, 1 refused or failed, 2 usage, 3 storage, 4 ``/check_completeness`` found the plan incomplete, 130
interrupted (Ctrl-C, SIGTERM, SIGHUP), 141 the reader of our output has gone (as a shell reports it of any program).

Nothing heavy is imported here: what a line does not need, it does not pay for.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from qwen_orch.errors import OrchError, StorageError, UsageError, ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qwen_orch.commands.context import Moot, Update
    from qwen_orch.commands.lexer import Line
    from qwen_orch.dispatch import Outcome
    from qwen_orch.project.project import Project
    from qwen_orch.screen import Screen

INTERRUPTED, UNHEARD = 130, 141
FLAGS = {"--json": "json", "--yes": "yes", "--no-color": "no_color", "--version": "version"}
VALUES = ("--project", "--script")
MANUAL = ("--help", "-h")
VERBS = {
    "agent-sim": "qwen_orch.simulator.agent",
    "mcp": "qwen_orch.mcp_server.server",
    "qwen-prompt": "qwen_orch.qwen_prompt",
}
"""First words that are programs of their own, in no project's shell: each a module with ``main(arguments) -> int``."""
USAGE = """\
qwen-orch                       the shell, in the project found from the current folder
qwen-orch COMMAND ...           one command; the leading / may be left out
qwen-orch --script FILE         commands, one a line, up to the first that fails; so are those on standard input
qwen-orch plan @plan.md         a file as text; - is standard input
qwen-orch agent-sim             an agent that needs no model, for demos and tests; it speaks to a program, not a person
qwen-orch mcp                   the report server, to which an agent reports over MCP; it speaks to a program, too

  --json         one JSON object a command on stdout, and nothing else
  --project DIR  the project in DIR, not the one found from the current folder
  --yes          agree to what would be asked
  --no-color     no colours; so does NO_COLOR
  --version      which version this is
  --help         this, or all about the command it follows

Exit codes: 0 done, 1 refused or failed, 2 usage, 3 storage, 4 incomplete, 130 interrupted,
141 nobody reads the output any more.
"""
_asked_to_end: list[int] = []
"""The signals that came."""
GARBAGE = 200_000
"""A command lives briefly: garbage is looked for after so many new objects, not after 700."""


class Options(NamedTuple):
    """What a command line says: its options, and the *words* of the command (none: the shell, or a script)."""

    words: list[str]
    json: bool = False
    yes: bool = False
    no_color: bool = False
    version: bool = False
    help: bool = False
    project: str | None = None
    script: str | None = None


def main(argv: list[str] | None = None) -> int:
    """Do what a command line asks for, and return the exit code; without *argv* this is the process, and ends it."""
    gc.set_threshold(GARBAGE, 20, 20)
    _mend_standard_files()
    _asked_to_end.clear()
    try:
        code = _guarded(sys.argv[1:] if argv is None else argv)
        if argv is None:
            _be_deaf()
    except KeyboardInterrupt:
        code = INTERRUPTED
    code = INTERRUPTED if _asked_to_end else code
    if argv is None:
        _leave(code)
    return code


def _be_deaf() -> None:
    """Ignore the signals we listened to: what was asked for is done."""
    if "signal" in sys.modules:
        import signal

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)


def _leave(code: int) -> NoReturn:
    """End the process at once: what it holds need not be taken apart first, which takes longer than many a command."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _guarded(arguments: list[str]) -> int:
    """Return the exit code, whatever happens; an error outside a command is shown as one of a command is."""
    from qwen_orch.screen import Screen, Undelivered, Unheard

    screen = Screen(json="--json" in arguments, color=False if "--no-color" in arguments else None)
    try:
        return _verb(*arguments) if arguments and arguments[0] in VERBS else _main(parse(arguments), screen)
    except Unheard:
        return UNHEARD
    except Undelivered as error:
        screen.complain(error)
        return error.exit_code
    except Exception as error:
        return _failed(error, arguments, screen)


def _failed(error: Exception, arguments: list[str], screen: Screen) -> int:
    from pathlib import Path

    from qwen_orch.dispatch import Outcome, internal_error
    from qwen_orch.screen import Undelivered, Unheard

    typed = next((w for w in arguments if not w.startswith("-")), "").removeprefix("/")[:40]
    known = error if isinstance(error, OrchError) else internal_error(error, "qwen-orch", Path(".qwen/orchestration"))
    try:
        screen.show(Outcome(typed, error=known))
    except (Unheard, Undelivered):
        screen.complain(known)
    return known.exit_code


def _verb(name: str, *arguments: str) -> int:
    from importlib import import_module

    return int(import_module(VERBS[name]).main(list(arguments)))


def _main(options: Options, screen: Screen) -> int:
    if options.version:
        from qwen_orch import __version__

        screen.tell(f"qwen-orch {__version__}\n")
        return 0
    if options.words and options.script is not None:
        raise UsageError("a command or --script, not both", "qwen-orch --script FILE")
    project = open_project(options.project)
    patient = True
    try:
        return _run(project, options, screen)
    except KeyboardInterrupt:
        patient = False
        raise
    finally:
        if project.listener is not None:  # the answer is out: now there is time for what goes on in the background
            screen.warn(project.listener.finish(patient and not _asked_to_end))


def _run(project: Project, options: Options, screen: Screen) -> int:
    if options.help and not options.words:
        return _manual(project, options, screen)
    if options.words:
        return _one(project, options, screen)
    if options.script is not None:
        return _script(project, options, screen, *_script_file(options.script))
    if _is_terminal(sys.stdin) and not options.json:
        from qwen_orch.repl.loop import shell

        return shell(project, screen, options.yes)
    return _script(project, options, screen, _standard_input(), "standard input", reads_itself=True)


# What the words of the command line mean


def parse(arguments: list[str]) -> Options:
    """Return what *arguments* say; our options may stand before and after the command, up to ``--``."""
    words: list[str] = []
    said: dict[str, Any] = {}
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        name, eq, value = word.partition("=")
        if word == "--":
            words += [*([word] if words else []), *waiting]
            break
        if word in FLAGS or (word in MANUAL and not words):
            said[FLAGS.get(word, "help")] = True
        elif name in VALUES:
            said[name[2:]] = value if eq else _value_of(name, waiting)
        elif not words and word.startswith("-") and word != "-":
            _refuse(name)
        else:
            words.append(word)
    if said.get("help") and words:
        words.insert(1, "--help")
    return Options(words, **said)


def _value_of(name: str, waiting: list[str]) -> str:
    if not waiting or waiting[0].startswith("--"):
        raise UsageError(f"{name} needs a value", "qwen-orch --help")
    return waiting.pop(0)


def _refuse(name: str) -> NoReturn:
    from qwen_orch.model.ids import did_you_mean

    near = did_you_mean(name, (*FLAGS, *VALUES, *MANUAL))
    raise UsageError(f"there is no option {name[:40]}{near}", "qwen-orch --help", "options of a command stand after it")


def line_of(words: list[str]) -> Line:
    """Return the command in the words of an argument list; one alone may hold the whole line, as in ``"/plan x"``."""
    from qwen_orch.commands.lexer import from_argv, split

    whole = len(words) == 1 and words[0].startswith("/") and any(c.isspace() for c in words[0])
    return split(words[0]) if whole else from_argv(words)


def open_project(folder: str | None) -> Project:
    """Return the project in *folder*, or the one that the current folder belongs to."""
    from pathlib import Path

    from qwen_orch.project.project import Project, find_root

    if folder is not None:
        return Project.at(Path(folder).expanduser())
    try:
        return Project.at(find_root(Path.cwd()))
    except FileNotFoundError:
        raise StorageError("the current folder no longer exists", "cd to a folder, or --project DIR") from None


# Running


def _manual(project: Project, options: Options, screen: Screen) -> int:
    if not options.json:
        screen.tell(f"{USAGE}\n")
    return _one(project, options._replace(words=["/orchestration_help"]), screen)


def _one(project: Project, options: Options, screen: Screen) -> int:
    outcome = run_line(project, line_of(options.words), OneShot(screen), options.yes)
    screen.show(outcome)
    return outcome.exit_code


def run_line(project: Project, line: Line, door: OneShot, yes: bool) -> Outcome:
    """Run one command with nobody at a prompt; a signal that asks us to end interrupts it as Ctrl-C does."""
    from qwen_orch.commands.context import Context
    from qwen_orch.dispatch import run

    _end_politely()
    return run(Context(project, door, yes), line, last=True)


def _script(
    project: Project, options: Options, screen: Screen, source: Iterable[bytes], name: str, reads_itself: bool = False
) -> int:
    """Run the commands of *source* up to the first that fails, and return its exit code."""
    from qwen_orch.answers.help import Farewell
    from qwen_orch.script import statements

    for statement in statements(source, name):
        outcome = run_line(project, statement.line, OneShot(screen, reads_itself), options.yes)
        screen.show(outcome)
        if outcome.exit_code:
            _note(f"{name}, line {statement.number}: stopped here")
            return outcome.exit_code
        if _asked_to_end or isinstance(outcome.answer, Farewell):
            break
    return 0


def _script_file(name: str) -> tuple[Iterable[bytes], str]:
    from pathlib import Path

    try:
        return Path(name).expanduser().read_bytes().splitlines(keepends=True), name
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"the script {name[:200]!r} cannot be read: {reason}"
        raise ValidationError(message, "qwen-orch --script FILE") from None


def _end_politely() -> None:
    """Let SIGTERM and SIGHUP do what Ctrl-C does; one that the caller ignores (nohup) stays ignored."""
    import signal

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)
    sys.unraisablehook = _unraisable


def _interrupt(number: int, frame: Any) -> None:
    """Do what Ctrl-C does now (asyncio has a way of its own), and remember it."""
    from qwen_orch.dispatch import interrupt

    _asked_to_end.append(number)
    interrupt(frame)


def _unraisable(lost: Any) -> None:
    """Remember an interrupt that came where Python swallows exceptions."""
    if isinstance(lost.exc_value, KeyboardInterrupt):
        _asked_to_end.append(0)
    else:
        sys.__unraisablehook__(lost)


class OneShot:
    """The door of a command that runs once: a person can be asked when stdin and stderr are terminals."""

    def __init__(self, screen: Screen, reads_itself: bool = False) -> None:
        self.screen = screen
        self.reads_itself = reads_itself
        """Whether standard input is the script that is being run."""
        self.interactive = _is_terminal(sys.stdin) and _is_terminal(sys.stderr)

    def consent(self, question: str, moot: Moot | None = None) -> bool:
        """Ask on stderr; only a plain yes is one."""
        if not self.interactive:
            return False
        from qwen_orch.repl.plain import answer_to
        from qwen_orch.repl.port import agrees, asked

        return agrees(answer_to(asked(question), sys.stderr, moot))

    def show(self, update: Update) -> None:
        """Tell on stderr what is happening; stdout is for the answer."""
        self.screen.happens(update, sys.stderr)

    def edit(self, text: str) -> str | None:
        """Open the person's own editor, if there is one."""
        from qwen_orch.repl.editor import edit

        return edit(text)

    def stdin(self) -> bytes:
        """Return all of standard input."""
        if self.reads_itself:
            raise UsageError("standard input is this script itself", "/plan <<END, the text, END", "/plan @FILE")
        if _is_terminal(sys.stdin):
            _note("reading the terminal; Ctrl-D on an empty line ends the text")
        return b"".join(_standard_input())


# Standard files


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream is not None and stream.isatty())
    except ValueError:  # closed
        return False


def _standard_input() -> Iterable[bytes]:
    if sys.stdin is None:
        raise UsageError("standard input is closed", "/plan @FILE", "/plan TEXT")
    lines: Iterable[bytes] = sys.stdin.buffer
    return lines


def _note(text: str) -> None:
    """Write one line on stderr; that nobody reads it is no failure."""
    with contextlib.suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)  # noqa: T201 - the door's own words


def _mend_standard_files() -> None:
    """Make sure that no file of ours is ever opened as a standard one, and that any text can be written."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # takes the lowest free number: this one
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - for as long as we live
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - for as long as we live
    for stream in (sys.stdout, sys.stderr):
        mend = getattr(stream, "reconfigure", None)
        if mend is not None:
            mend(errors="replace")
