"""What the shell says first: where the plan stands and what to type next."""

from __future__ import annotations

from qwen_orch import __version__
from qwen_orch.commands.tasks import next_steps
from qwen_orch.graph.query import ready
from qwen_orch.graph.state import Graph
from qwen_orch.project.writer import now
from qwen_orch.repl.standing import Standing
from qwen_orch.views.blocks import Block, Span, line


def greeting(graph: Graph, standing: Standing | None) -> list[Block]:
    """Return two or three lines: the orchestration, its progress, the next step."""
    name = Span(f"qwen-orch {__version__}", "heading")
    if standing is None:
        return [
            line(name, Span(" · no plan here yet", "muted")),
            line("Paste a plan or type a goal and press Enter, for example: ", Span("Build a REST API", "command")),
            _help(),
        ]
    far = f"{standing.done} of {standing.total} tasks done, {standing.percent} %"
    steps = next_steps(graph, ready(graph, now()))
    return [
        line(name, " · ", Span(standing.title, "title"), Span(f" ({standing.status}) · {far}", "muted"), most=2),
        line("next: ", Span(steps[0], "command"), *(Span(f" · {s}", "muted") for s in steps[1:3])),
        _help(),
    ]


def _help() -> Block:
    return line(Span("/help lists the commands, Tab completes, Ctrl-D leaves", "muted"))
