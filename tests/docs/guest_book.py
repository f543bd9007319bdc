"""The model behind the real Qwen Code on docs/agents.md: it plans a guest book, does its tasks, and reviews them.

What it says is scripted, so that the page can be compared; all that is done with it is real.
"""

from __future__ import annotations

from pathlib import Path

from tests.agents.answers import Answer, call, text
from tests.agents.openai_model import Request

THOUGHTS = (
    ("requirements", "Visitors sign with a name; the page shows who did."),
    ("requirements", "Nothing is installed: Python's library is enough."),
    ("architecture", "store.py keeps names, page.py shows them."),
    ("architecture", "Only the store knows in which file the names are."),
    ("decomposition", "The store first: the page needs it."),
    ("decomposition", "The tests last: they need both."),
    ("risks", "A name may hold HTML: a check has to try that."),
    ("risks", "An empty book must not look broken."),
)
PLAN = """\
# Guest book

## Build
- [ ] T1 Keep the names in a file (30min-1h-2h) !high
  - check: `python3 -c "import store; store.sign('Ada'); assert 'Ada' in store.names()"` — who signs is kept
- [ ] T2 Show who signed (1h), depends on T1
  - check: `python3 -c "import page, store; store.sign('<b>'); assert '<b>' not in page.html()"` — names are escaped
  - Acceptance: the page says so when nobody has signed yet

## Prove
- [ ] T3 Test store and page (1h), depends on T2
  - check: `python3 -m unittest --quiet` — the tests pass
"""
STORE = '''\
"""Keeps the names of those who signed, a line each."""

from pathlib import Path

FILE = Path("names.txt")


def sign(name):
    with FILE.open("a") as file:
        file.write(name + "\\n")


def names():
    return FILE.read_text().splitlines() if FILE.exists() else []
'''
PAGE = '''\
"""Shows who signed."""

from html import escape

import store


def html():
    names = store.names()
    if not names:
        return "<p>Nobody has signed yet.</p>"
    return "".join(f"<p>{escape(name)}</p>" for name in names)
'''
TESTS = '''\
"""Tests of the guest book."""

import unittest

import page
import store


class GuestBook(unittest.TestCase):
    def test_who_signs_is_kept_and_shown(self):
        store.sign("Grace")
        self.assertIn("Grace", store.names())
        self.assertIn("<p>Grace</p>", page.html())
'''


def script(request: Request, folder: Path) -> Answer:
    """Return what the model answers to *request* of an agent that works in *folder*."""
    answers = _conversation(request, folder)
    return answers[min(len(request.results), len(answers) - 1)]


def _conversation(request: Request, folder: Path) -> list[Answer]:
    if "mcp__orch__submit_plan" in request.tools:
        return _planning()
    if "mcp__orch__report_finding" in request.tools:
        return [_finding("html() returns that nobody has signed yet when there are no names."), text("Reviewed.")]
    asked = "\n".join(request.user)
    if "task-001: " in asked.partition("# Task")[2][:20]:
        return _writing(folder / "store.py", STORE, "store.py keeps a name a line")
    if "task-002: " in asked.partition("# Task")[2][:20]:
        return _writing(folder / "page.py", PAGE, "page.py lists the names, escaped")
    prove = call("run_shell_command", {"command": "python3 -m unittest --quiet", "is_background": False})
    written = _writing(folder / "test_guest_book.py", TESTS, "the tests sign, read, and pass")
    return [written[0], prove, *written[1:]]


def _planning() -> list[Answer]:
    thoughts = [
        call(
            "mcp__orch__sequentialthinking",
            {
                "thought": words,
                "purpose": purpose,
                "thoughtNumber": number,
                "totalThoughts": len(THOUGHTS),
                "nextThoughtNeeded": number < len(THOUGHTS),
            },
        )
        for number, (purpose, words) in enumerate(THOUGHTS, 1)
    ]
    return [*thoughts, call("mcp__orch__submit_plan", {"plan": PLAN}), text("The plan is handed in.")]


def _writing(path: Path, content: str, claim: str) -> list[Answer]:
    written = call("write_file", {"file_path": str(path), "content": content})
    return [written, call("mcp__orch__claim_done", {"summary": claim}), text("Done.")]


def _finding(reason: str) -> Answer:
    return call("mcp__orch__report_finding", {"criterion": 2, "met": True, "confidence": 0.9, "reason": reason})
