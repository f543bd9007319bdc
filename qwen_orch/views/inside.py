"""How it looks to bring our commands into another program, and to take them out again."""

from __future__ import annotations

from collections.abc import Callable

from qwen_orch.answers.inside import Installed, Uninstalled
from qwen_orch.views.blocks import Block, Span, exact, line, row, sheet
from qwen_orch.views.parts import count, following, mark, section


def installed(answer: Installed) -> list[Block]:
    """Draw what can be typed there now, and what was written for it."""
    news = f"{count(len(answer.written), 'file')} written" if answer.written else "everything was there already"
    where = f"{len(answer.commands)} commands are in "
    head = line(mark("completed"), where, exact(answer.folder), Span.of(f" · {news}", "muted"), hang=2)
    named = line(Span(" ".join(answer.commands), "command"), indent=2, hang=2)
    return [head, named, *following([f'{answer.agent} "/plan Build user authentication"'])]


def uninstalled(answer: Uninstalled) -> list[Block]:
    """Draw what was removed and changed."""
    left = "nothing of ours" if not answer.kept else f"only what you changed ({count(len(answer.kept), 'file')})"
    head = line(mark("completed"), f"{left} is left in ", exact(answer.folder), hang=2)
    done = [*((p, "removed") for p in answer.removed), *((p, "written") for p in answer.written)]
    return [head, *section("Files", sheet(row(Span(verb, "muted"), exact(path)) for path, verb in done))]


VIEWS: dict[type, Callable[..., list[Block]]] = {Installed: installed, Uninstalled: uninstalled}
