"""The desk of the tests of commands, here too."""

from __future__ import annotations

from tests.commands.conftest import desk

__all__ = ["desk"]
