"""How it looks what agents ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from qwen_orch.answers.permissions import Permissions, Permitted, QuestionAnswer
from qwen_orch.model.activity import told_answer
from qwen_orch.views.blocks import Block, Span, exact, line
from qwen_orch.views.parts import count, following, mark, section, when


def permissions(answer: Permissions) -> list[Block]:
    """Draw the questions that wait, whole, and those answered last, a line each."""
    if not answer.waiting and not answer.answered:
        return [line("No agent asks for anything."), *following(["/config permissions"])]
    waiting = [block for asked in answer.waiting for block in _asked(asked)]
    answered = [block for asked in answer.answered for block in _told(asked)]
    return [
        *(section(f"Waiting ({len(answer.waiting):,})", waiting) if waiting else [line("Nothing waits.")]),
        *section("Answered", answered),
        *following(answer.next),
    ]


def _asked(asked: QuestionAnswer) -> Iterator[Block]:
    head = (Span(asked.task or asked.session, "id"), f" asks {asked.number} ", Span(when(asked.at), "muted"), " ")
    yield line(*head, exact(asked.title), indent=2)
    yield from (line(Span.of("│ ", "muted"), exact(text), indent=4) for text in asked.detail.splitlines())


def _told(asked: QuestionAnswer) -> Iterator[Block]:
    sign = mark("completed" if asked.allowed else "failed")
    told = Span(f" {told_answer(bool(asked.allowed), asked.by)}", "muted")
    yield line(sign, Span(asked.task or asked.session, "id"), " ", exact(asked.title), told, indent=2, most=2)


def permitted(answer: Permitted) -> list[Block]:
    """Draw what was said to it."""
    left = [f"{count(answer.waiting, 'question')} more"] if answer.waiting else []
    return [*_told(answer.question), *following(["/permissions"] if left else [])]


VIEWS: dict[type, Callable[..., list[Block]]] = {Permissions: permissions, Permitted: permitted}
