"""The real Qwen Code CLI, and the surroundings in which a test runs it: no account, no person's home, no network.

`find` returns the executable: what QWEN_ORCH_TEST_QWEN names, else what tests/node/install.sh installed, else a
`qwen` on PATH; each counts only when it is the VERSION that these tests were written against, and a node of NODE or
newer runs it. Without one, tests that ask for the fixture `qwen` are skipped and say how to install it. With CI=true
they fail instead: a proof that was skipped is none.

`make_home` writes a HOME in which qwen speaks to nobody but the model: without it statistics are sent, and updates
looked for. It does not exclude any tool: whoever drives qwen must do so, and the tests must notice when they do not.

`environment` is all that such a process inherits. The directory of the real qwen (and of its node) comes first in its
PATH. OPENAI_BASE_URL, OPENAI_API_KEY and OPENAI_MODEL lead to the scripted model.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

VERSION = "0.15.10"
NODE = 20
"""The oldest node that runs it."""
HERE = "QWEN_ORCH_TEST_QWEN"
INSTALLED = Path(__file__).parents[1] / "node" / "node_modules" / ".bin"
HOW = f"sh tests/node/install.sh   # or {HERE}=/path/to/qwen; it must be {VERSION}, with node {NODE} or newer on PATH"
QUIET = {
    "privacy": {"usageStatisticsEnabled": False},
    "telemetry": {"enabled": False},
    "general": {"enableAutoUpdate": False},
}
"""Settings with which qwen opens no connection but to the model."""
KEY = "sk-test-0123456789abcdef"
"""What is sent as the key; it is as good as any."""


class QwenMissingError(Exception):
    """No qwen that the tests can use; says why, and how to install one."""


def find() -> Path:
    """Return the executable. QwenMissingError when there is none of the right version."""
    named = os.environ.get(HERE)
    if named:
        return _checked(Path(named))
    if (INSTALLED / "qwen").exists():
        return _checked(INSTALLED / "qwen")
    if found := shutil.which("qwen"):
        return _checked(Path(found))
    raise QwenMissingError(f"there is no qwen in tests/node, nor on PATH: {HOW}")


def path(qwen: Path) -> str:
    """Return a PATH on which this *qwen* is the first, and its node too when it was installed beside it."""
    return os.pathsep.join([os.fspath(qwen.parent), os.environ.get("PATH", os.defpath)])


def _checked(qwen: Path) -> Path:
    node = _said("node", qwen)
    if int(node.removeprefix("v").split(".")[0] or 0) < NODE:
        raise QwenMissingError(f"node {node or 'is missing'}: {HOW}")
    if (version := _said(os.fspath(qwen), qwen)) != VERSION:
        raise QwenMissingError(f"{qwen} is {version or 'not to be started'}: {HOW}")
    return qwen.absolute()  # not resolved: what lies beside the link is wanted


def _said(program: str, qwen: Path) -> str:
    """Return what ``program --version`` prints, nothing when it cannot be started."""
    words = [shutil.which(program, path=path(qwen)) or program, "--version"]
    try:
        done = subprocess.run(words, env={"PATH": path(qwen)}, capture_output=True, text=True, timeout=60, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def make_home(place: Path) -> Path:
    """Make *place* a HOME with QUIET settings, and return it."""
    (place / ".qwen").mkdir(parents=True)
    (place / ".qwen" / "settings.json").write_text(json.dumps(QUIET))
    return place


def environment(qwen: Path, home: Path, url: str, **more: str) -> dict[str, str]:
    """Return the whole environment of a process that is or starts *qwen*, with the model at *url*."""
    return {
        "PATH": path(qwen),
        "HOME": os.fspath(home),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "NO_COLOR": "1",
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": url,
        "OPENAI_MODEL": "scripted",
        "QWEN_CODE_NO_RELAUNCH": "true",  # one process, not a parent that passes signals on
        "QWEN_CODE_API_TIMEOUT_MS": "60000",
        **more,
    }


def chat_file(home: Path, cwd: Path, session: str) -> Path:
    """Return where qwen keeps what was said in *session*, which belongs to the folder *cwd*."""
    slug = "".join(c if c.isascii() and c.isalnum() else "-" for c in os.fspath(cwd.resolve()))
    return home / ".qwen" / "projects" / slug / "chats" / f"{session}.jsonl"
