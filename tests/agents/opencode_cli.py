"""The agent of another vendor, opencode, and the surroundings in which a test runs it: no account, no network.

`find` returns the executable: what QWEN_ORCH_TEST_OPENCODE names, else what tests/node/install.sh installed, else an
`opencode` on PATH; each counts only when it is the VERSION that these tests were written against.

`environment` is all that a process inherits which starts it. What opencode would fetch by itself is turned off: its
list of models, updates, language servers, plugins. HTTP_PROXY leads to where a test can see whether it tries all the
same. OPENCODE_CONFIG_CONTENT has its settings: the scripted model, and that it asks before it edits or runs anything,
which it does not by itself. `PASSED` names what it must be passed beside what any agent gets.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

VERSION = "1.18.33"
HERE = "QWEN_ORCH_TEST_OPENCODE"
INSTALLED = Path(__file__).parents[1] / "node" / "node_modules"
HOW = f"sh tests/node/install.sh   # or {HERE}=/path/to/opencode; it must be {VERSION}"
QUIET = {
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "OPENCODE_PURE": "1",  # no plugins
}
PASSED = ("OPENCODE_CONFIG_CONTENT", *QUIET)


class OpencodeMissingError(Exception):
    """No opencode that the tests can use; says why, and how to install one."""


def find() -> Path:
    """Return the executable. OpencodeMissingError when there is none of the right version."""
    named, on_path = os.environ.get(HERE), shutil.which("opencode")
    installed = sorted(INSTALLED.glob("opencode-linux-*/bin/opencode"))
    found = Path(named) if named else installed[0] if installed else Path(on_path) if on_path else None
    if found is None:
        raise OpencodeMissingError(f"there is no opencode in tests/node, nor on PATH: {HOW}")
    if (version := _version(found)) != VERSION:
        raise OpencodeMissingError(f"{found} is {version or 'not to be started'}: {HOW}")
    return found.absolute()


def _version(opencode: Path) -> str:
    """Return what it says it is, nothing when it cannot be started."""
    with tempfile.TemporaryDirectory() as home:  # it makes folders there
        words = [os.fspath(opencode), "--version"]
        try:
            done = subprocess.run(words, env={"HOME": home}, capture_output=True, text=True, timeout=60, check=False)
        except OSError:
            return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def make_home(place: Path) -> Path:
    """Make *place* a HOME in which opencode fetches no package, and return it."""
    place.mkdir()
    (place / ".npmrc").write_text("offline=true\n")
    return place


def environment(opencode: Path, home: Path, url: str, proxy: str) -> dict[str, str]:
    """Return the whole environment of a process that starts *opencode*, with the model at *url*."""
    return {
        "PATH": os.pathsep.join([os.fspath(opencode.parent), os.environ.get("PATH", os.defpath)]),
        "HOME": os.fspath(home),
        "LANG": "C.UTF-8",
        "HTTP_PROXY": proxy,
        "HTTPS_PROXY": proxy,
        "NO_PROXY": "127.0.0.1,localhost",
        "OPENCODE_CONFIG_CONTENT": json.dumps(settings(url)),
        **QUIET,
    }


def settings(url: str) -> dict[str, object]:
    """Return the settings with which opencode asks the model at *url* alone, and us before it changes anything."""
    options = {"baseURL": url, "apiKey": "sk-test"}
    models = {"scripted": {"limit": {"context": 100_000, "output": 8_000}}}
    return {
        "model": "loopback/scripted",
        "small_model": "loopback/scripted",
        "enabled_providers": ["loopback"],
        "provider": {"loopback": {"npm": "@ai-sdk/openai-compatible", "options": options, "models": models}},
        "agent": {"title": {"disable": True}},  # it would ask the model for the title of each session
        "permission": {"edit": "ask", "bash": "ask"},
        "share": "disabled",
        "autoupdate": False,
        "snapshot": False,
    }
