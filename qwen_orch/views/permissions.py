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
    answered = [_told(asked, indent=2) for asked in answer.answered]
    return [
        *(section(f"Waiting ({len(answer.waiting):,})", waiting)[1:] if waiting else [line("Nothing waits.")]),
        *section("Answered", answered),
        *following(answer.next),
    ]


def _asked(asked: QuestionAnswer) -> Iterator[Block]:
    head = (Span(asked.task or asked.session, "id"), f" {asked.number}. ", exact(asked.title))
    yield line(*head, Span(f" · {when(asked.at)}", "muted"), indent=2)
    yield from (line(Span.of("│ ", "muted"), exact(text), indent=4) for text in asked.detail.splitlines())


def _told(asked: QuestionAnswer, indent: int = 0) -> Block:
    sign = mark("completed" if asked.allowed else "failed")
    told = Span(f" · {told_answer(bool(asked.allowed), asked.by)}", "muted")
    return line(sign, Span(asked.task or asked.session, "id"), " ", exact(asked.title), told, indent=indent, most=2)


def permitted(answer: Permitted) -> list[Block]:
    """Draw what was said to it."""
    left = [f"{count(answer.waiting, 'question')} more"] if answer.waiting else []
    return [_told(answer.question), *following(["/permissions"] if left else [])]


VIEWS: dict[type, Callable[..., list[Block]]] = {Permissions: permissions, Permitted: permitted}
