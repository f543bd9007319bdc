"""The token that binds what an agent reports to its session: ``SESSION:SECRET``. Only a digest of the secret is kept.

The report server imports this before anything else, so nothing else is imported here until it is needed.
"""

from __future__ import annotations

VARIABLE = "QWEN_ORCH_TOKEN"
"""The environment variable in which the report server gets it."""


def new_token(session: str) -> tuple[str, str]:
    """Return a token for *session*, and the digest to keep."""
    import secrets

    secret = secrets.token_urlsafe(24)
    return f"{session}:{secret}", _digest(secret)


def session_of(token: str) -> str:
    """Return the session that *token* is said to be of; empty for what is no token."""
    return token.partition(":")[0]


def proves(token: str, kept: str) -> bool:
    """Tell whether the secret in *token* is the one whose digest was *kept*; how long that takes tells nothing."""
    import hmac

    return hmac.compare_digest(kept, _digest(token.partition(":")[2]))


def _digest(secret: str) -> str:
    import hashlib

    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
