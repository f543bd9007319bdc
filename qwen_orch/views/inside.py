"""How it looks to bring our commands into another program, and to take them out again."""

from __future__ import annotations

from collections.abc import Callable

from qwen_orch.answers.inside import Installed, Uninstalled
from qwen_orch.views.blocks import Block, Span, exact, line, row, sheet
from qwen_orch.views.parts import count, following, mark, section


def installed(answer: Installed) -> list[Block]:
    """Draw what can be typed there now, and what was written for it."""
    news = f"{count(len(answer.written), 'file')} written" if answer.written else "everything was there already"
    head = line(
        mark("completed"),
        f"{len(answer.commands)} commands are in ",
        exact(answer.folder),
        Span.of(f" · {news}", "muted"),
    )
    named = line(Span(" ".join(answer.commands), "command"), indent=2, hang=2)
    return [head, named, *following([f'{answer.agent} "/plan Build user authentication"'])]


def uninstalled(answer: Uninstalled) -> list[Block]:
    """Draw what was removed and changed."""
    head = line(mark("completed"), "nothing of ours is left in ", exact(answer.folder))
    done = [*((p, "removed") for p in answer.removed), *((p, "written") for p in answer.written)]
    return [head, *section("Files", sheet(row(Span(verb, "muted"), exact(path)) for path, verb in done))]


VIEWS: dict[type, Callable[..., list[Block]]] = {Installed: installed, Uninstalled: uninstalled}
