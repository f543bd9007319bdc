"""What every door does with one line: find the command, bind its words, run it, and never let a failure through.

Used by ``cli`` and ``repl``; knows ``commands`` and ``project``. It prints nothing: the `Outcome` is for the door to
show, as a picture or as the one line of JSON that `envelope` makes of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qwen_orch.answers.encoding import to_json
from qwen_orch.commands.context import Context
from qwen_orch.commands.lexer import Line, Word
from qwen_orch.commands.registry import bind, find
from qwen_orch.errors import OrchError, StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SCHEMA = 1
"""The number of the shape of ``--json``; a change of meaning adds one."""


class Interrupted(OrchError):  # noqa: N818 - the name that --json prints
    """Ctrl-C, or a signal that asks us to end."""

    exit_code = 130


class InternalError(OrchError):
    """A fault of ours. The person sees one line; the traceback is in a file."""


class Outcome(NamedTuple):
    """What became of one line: an *answer* or an *error*. *command* is its name, or the word typed for one."""

    command: str
    answer: Any = None
    error: OrchError | None = None
    warnings: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """What a one-shot command ends with: an error's own, or what the answer asks for."""
        if self.error is not None:
            return self.error.exit_code
        return int(getattr(self.answer, "exit_code", 0))


def run(context: Context, line: Line, last: bool = False) -> Outcome:
    """Run the command that *line* names and return what became of it; raises nothing.

    When it returns, the snapshots are as current as they need be (*last*: wholly current). What hooks it began may go
    on: the project's listener waits for them.
    """
    if context.project.listener is None:
        from qwen_orch.processes.hooks import Hooks

        context.project.listener = Hooks(context.project)
    return attempt(context, line.words[0].text if line.words else "", lambda: _run(context, line), last)


def attempt(context: Context, typed: str, act: Callable[[], Outcome], last: bool = False) -> Outcome:
    """Return what became of *act*, which does what was *typed*, as `run` does of a line."""
    outcome = _safely(context, typed, act)
    outcome = _safely(context, outcome.command, lambda: _settled(context, outcome, last))
    warnings = (*context.warnings, *outcome.warnings, *context.project.take_reports())
    if context.project.disk.rehearses:
        warnings = tuple(f"dry run: {w}" for w in warnings)
    return outcome._replace(warnings=tuple(dict.fromkeys(warnings)))


def _upkeep(context: Context) -> None:
    """Do what is due first. What stands in its way is a warning here, and an error of a command that needs it."""
    try:
        context.project.upkeep()
    except OrchError as error:
        context.warn(error.message)


def _run(context: Context, line: Line) -> Outcome:
    if _says(line.words, "--dry-run"):
        context.project = context.project.rehearsal()
    _upkeep(context)
    if not line.words:
        raise UsageError("there is no command in this line", "/orchestration_help")
    command = find(line.words[0].text)
    words = line.words[1:]
    if _says(words, "--help"):
        manual = find("orchestration_help")
        return Outcome(manual.name, manual.run(context, command.name))
    try:
        arguments = bind(command, _with_consent(context, Line(words, line.raw, line.below)))
        context.reads = command.only_reads(arguments)
        return Outcome(command.name, command.run(context, **arguments))
    except OrchError as error:
        return Outcome(command.name, error=error)


def _with_consent(context: Context, line: Line) -> Line:
    """Return *line* without ``--yes``, which is an option of every command, and says so to *context*."""
    if not _says(line.words, "--yes"):
        return line
    context.yes = True
    place = next(i for i, w in enumerate(line.words) if w.text == "--yes" and not w.quoted)
    word = line.words[place]
    raw = line.raw[: word.start] + " " * (word.end - word.start) + line.raw[word.end :]
    return Line(line.words[:place] + line.words[place + 1 :], raw, line.below)


def _says(words: tuple[Word, ...], option: str) -> bool:
    """Tell whether *option* is among *words*, before a ``--`` that ends the options."""
    plain = [w.text for w in words if not w.quoted]
    return option in (plain[: plain.index("--")] if "--" in plain else plain)


def _safely(context: Context, typed: str, act: Callable[[], Outcome]) -> Outcome:
    """Return what *act* returns, or the outcome that tells of its failure."""
    name = typed.removeprefix("/")[:40]
    try:
        return act()
    except OrchError as error:
        return Outcome(name, error=error)
    except KeyboardInterrupt:
        hint = "what was shown is kept; /task_status tells where things stand"
        return Outcome(name, error=Interrupted(f"/{name} was interrupted", hint))
    except Exception as error:
        return Outcome(name, error=internal_error(error, f"/{name}", context.project.home))


def _settled(context: Context, outcome: Outcome, last: bool) -> Outcome:
    """Bring the snapshots up to date. The step is in the journal already, so a refusal of the disk is a warning."""
    try:
        context.project.checkpoint(last)
    except StorageError as error:
        text = f"the step is kept, but its snapshots could not be written: {error.message}"
        return outcome._replace(warnings=(*outcome.warnings, text))
    return outcome


def interrupt(frame: Any) -> None:
    """Do what Ctrl-C would do now, even where it is ignored (as in the background of a script)."""
    import signal

    now = signal.getsignal(signal.SIGINT)
    if not callable(now):
        raise KeyboardInterrupt
    now(signal.SIGINT, frame)


def internal_error(error: Exception, where: str, home: Path) -> InternalError:
    """Put the traceback of *error* in a file, and return what to tell the person."""
    from qwen_orch.processes.secrets import hide

    kept = _keep_traceback(error, where, home)
    what = hide(f"{type(error).__name__}: {error}".split("\n")[0])[:200]
    found = f"the traceback is in {kept}" if kept else "the traceback could not be written anywhere"
    return InternalError(f"an error of ours in {where}: {what}", found, "repeat the command, or /doctor")


def _keep_traceback(error: Exception, where: str, home: Path) -> str:
    """Return the path of the file that now ends with the traceback; empty when no file could be written."""
    import tempfile
    import traceback
    from datetime import UTC, datetime

    from qwen_orch import __version__
    from qwen_orch.model.text import clean
    from qwen_orch.processes.secrets import hide
    from qwen_orch.store import log

    head = f"\n{datetime.now(UTC).isoformat(timespec='seconds')} qwen-orch {__version__} {where}\n"
    text = clean(hide(head + "".join(traceback.format_exception(error))), multiline=True)
    try:
        return str(log.append(home, "errors.log", text))
    except OSError:
        pass
    try:
        fd, path = tempfile.mkstemp(prefix="qwen-orch-error-", suffix=".log")  # 0600, and a name nobody can foresee
        with open(fd, "wb") as file:  # noqa: PTH123 - a handle, not a path
            file.write(text.encode("utf-8", "replace"))
    except OSError:
        return ""
    return path


# JSON


def envelope(outcome: Outcome) -> bytes:
    """Return the one line of JSON that tells *outcome*, line feed included."""
    if outcome.error is None:
        told: dict[str, Any] = {"result": outcome.answer}
    else:
        error = outcome.error
        told = {"error": {"type": type(error).__name__, "message": error.message, "hints": error.hints}}
    head = {"schema": SCHEMA, "ok": outcome.error is None, "command": outcome.command}
    return to_json({**head, **told, "warnings": outcome.warnings}) + b"\n"
