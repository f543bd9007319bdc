"""The typed errors of the product: each says what failed and what to type next.

Nothing here imports anything of ours, so every layer may raise these. The class name is the ``type`` that ``--json``
prints, and ``exit_code`` is what a one-shot command ends with.
"""

from __future__ import annotations

from typing import ClassVar


class OrchError(Exception):
    """A failure a person can act on.

    *message* says what failed and where; each of *hints* is one thing to type next.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *hints: str) -> None:
        super().__init__(message)
        self.message = message
        self.hints = hints


class UsageError(OrchError):
    """The words of a command are wrong: unknown command, option, filter key or value."""

    exit_code = 2


class SessionNotFound(OrchError):
    """No session has this id or prefix."""


class TaskNotFound(OrchError):
    """No task has this id or prefix."""


class PlanNotFound(OrchError):
    """There is no such orchestration, or none is current."""


class ValidationError(OrchError):
    """The input was understood but cannot be accepted."""


class DependencyError(OrchError):
    """A dependency is missing, points at itself or closes a cycle; or an unmet one blocks the task."""


class StateTransitionError(OrchError):
    """The state does not allow this step now."""


class AgentError(OrchError):
    """An executor could not do its work."""


class StorageError(OrchError):
    """The disk refused, or what is on it cannot be used."""

    exit_code = 3


class SessionCorrupted(StorageError):
    """What is stored is damaged and could not be rebuilt whole."""
