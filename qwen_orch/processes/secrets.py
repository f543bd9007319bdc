"""Keys and tokens are taken out of what commands print before it is kept or shown.

Two nets: the values of this process's own environment variables whose names say that they are secret, and texts shaped
like the tokens of well-known services. A net for accidents: a secret that a command disguises is not found.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache

HIDDEN = "[hidden]"
_SECRET_NAME = re.compile(r"(?i)(key|token|secret|passw(or)?d|credential|private)(_|$)|_auth$|^auth_")
_LEAST_LENGTH = 8
"""A shorter value is as likely a common word, and would hide half of the output."""
_SHAPES = re.compile(
    r"""
      \b(?:sk|pk|rk)[-_](?:live|test|proj|ant|or)?[-_]?[A-Za-z0-9_-]{20,}     # OpenAI, Anthropic, Stripe
    | \bgh[pousr]_[A-Za-z0-9]{30,} | \bgithub_pat_[A-Za-z0-9_]{30,}          # GitHub
    | \bglpat-[A-Za-z0-9_-]{20,}                                             # GitLab
    | \bxox[abeoprs]-[A-Za-z0-9-]{10,}                                       # Slack
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b                                          # AWS
    | \bAIza[A-Za-z0-9_-]{35}\b                                              # Google
    | \beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}     # JSON web tokens
    | \bnpm_[A-Za-z0-9]{30,} | \bhf_[A-Za-z0-9]{30,} | \bpypi-[A-Za-z0-9_-]{40,}  # npm, Hugging Face, PyPI
    | (?<=[Bb]earer\ )[A-Za-z0-9._~+/=-]{16,}                                # whatever is sent as one
    | (?<=://)[^\s/:@]{1,64}:[^\s/@]{1,256}(?=@)                             # user:password@host
    """,
    re.VERBOSE,
)
_ASSIGNED = re.compile(
    r"(?i)\b((?:api[_-]?key|access[_-]?token|auth[_-]?token|client[_-]?secret|secret[_-]?key|password|passwd)"
    r"[\"']?\s{0,3}[:=]\s{0,3}[\"']?)([^\s\"',;]{6,})"
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)", re.DOTALL
)


_KEY_END = re.compile(r"-----END [A-Z ]{0,30}PRIVATE KEY-----")
_LONGEST_KEY = 300
"""Lines: one of 16,384 bits has 200."""
_SHAPE_SIGNS = (
    "k-",
    "k_",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xox",
    "AKIA",
    "ASIA",
    "AIza",
    "eyJ",
    "npm_",
    "hf_",
    "pypi-",
    "earer ",
    "://",
)
_ASSIGNED_SIGNS = ("api_key", "api-key", "apikey", "access", "auth", "client", "secret", "passw")


def hide(text: str) -> str:
    """Return *text* with every secret that is recognised replaced by ``[hidden]``."""
    values = _own_values()
    if values:
        text = values.sub(HIDDEN, text)
    if "PRIVATE KEY" in text:
        text = _PRIVATE_KEY.sub(HIDDEN, text)
    if any(sign in text for sign in _SHAPE_SIGNS):  # a hundred times as fast as the patterns, and mostly enough
        text = _SHAPES.sub(HIDDEN, text)
    plain = text.lower()
    if any(sign in plain for sign in _ASSIGNED_SIGNS):
        text = _ASSIGNED.sub(rf"\1{HIDDEN}", text)
    return text


class Hiding:
    """Hides the secrets of a text that comes in pieces of whole lines: a key may begin in one and end in another."""

    def __init__(self) -> None:
        self._of_key = 0
        """How many lines more may be of a key whose end has not come."""

    def hide(self, piece: str) -> str:
        """Return the next *piece* of the text as it may be kept and shown."""
        if self._of_key:
            piece = self._behind_key(piece)
        begun = [key for key in _PRIVATE_KEY.findall(piece) if "-----END " not in key] if "PRIVATE KEY" in piece else []
        if begun:
            self._of_key = _LONGEST_KEY - begun[-1].count("\n")
        return hide(piece) + ("\n" if begun and piece.endswith("\n") else "")

    def _behind_key(self, piece: str) -> str:
        """Return what follows the key that is open; what is longer than any key was none."""
        end = _KEY_END.search(piece)
        lines = piece.count("\n", 0, end.start() if end else len(piece))
        if lines >= self._of_key:
            rest = piece.split("\n", self._of_key)[-1]
            self._of_key = 0
            return rest
        self._of_key = 0 if end else self._of_key - lines
        return piece[end.end() :].removeprefix("\n") if end else ""


@cache
def _own_values() -> re.Pattern[str] | None:
    return pattern_of(os.environ)


def pattern_of(environment: Mapping[str, str]) -> re.Pattern[str] | None:
    """Return a pattern that finds the secret values of *environment*, the longest first; None if it has none."""
    secret = {v for k, v in environment.items() if _SECRET_NAME.search(k) and len(v) >= _LEAST_LENGTH}
    return re.compile("|".join(re.escape(v) for v in sorted(secret, key=len, reverse=True))) if secret else None
