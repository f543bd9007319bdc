"""Ids that nobody has yet: drawn, and drawn again when chance gives one that is taken."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from qwen_orch.errors import StorageError
from qwen_orch.model.ids import SUFFIX_ALPHABET, SUFFIX_LENGTH

Id = TypeVar("Id", bound=str)

DRAWS = 100
"""How many are drawn before it is given up; where ten thousand have one title, every hundredth is taken."""


def unused(make: Callable[[str], Id], taken: Callable[[Id], bool]) -> Id:
    """Return an id that *make* makes of a random end, and that is not *taken*; raise `StorageError` if all are."""
    for _ in range(DRAWS):
        drawn = make(suffix())
        if not taken(drawn):
            return drawn
    raise StorageError(f"{drawn} is taken, and so are all others that were drawn", "choose another title")


def suffix() -> str:
    """Return the random end of a new id."""
    return "".join(SUFFIX_ALPHABET[byte % len(SUFFIX_ALPHABET)] for byte in os.urandom(SUFFIX_LENGTH))
