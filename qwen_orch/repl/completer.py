"""prompt_toolkit's side of completion; what is offered is decided in ``candidates``."""

from __future__ import annotations

from collections.abc import Iterable

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from qwen_orch.repl.candidates import Candidate, candidates
from qwen_orch.repl.facts import Facts


class ShellCompleter(Completer):
    """Completes from *facts*. A fault of ours here must not disturb who is typing: then nothing is offered."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Return what the word before the cursor may become."""
        try:
            found = candidates(document.text_before_cursor, self.facts, complete_event.completion_requested)
        except Exception:
            return []
        return [_completion(c) for c in found]


def _completion(candidate: Candidate) -> Completion:
    return Completion(
        candidate.text, -candidate.length, display=candidate.label or candidate.text, display_meta=candidate.about
    )
