"""What the pages say is so: commands print what is shown, generated parts are current, links lead on."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.agents.conftest import qwen

__all__ = ["qwen"]

ROOT = Path(__file__).resolve().parents[2]
OURS = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/**/*.md", "examples/*.md", "examples/*/README.md")
PAGES = sorted(str(p.relative_to(ROOT)) for pattern in OURS for p in ROOT.glob(pattern))
FENCE = re.compile(r"^(`{3,})[^\n]*\n.*?^\1$", re.M | re.S)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """Run one of the programs that keep the pages true."""
    return subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize("page", [p for p in PAGES if "```console" in (ROOT / p).read_text(encoding="utf-8")])
def test_commands_print_what_the_page_shows(page: str, request: pytest.FixtureRequest) -> None:
    """Every transcript is run anew; only ids, times and durations may differ."""
    if "<!-- model: " in (ROOT / page).read_text(encoding="utf-8"):
        request.getfixturevalue("qwen")
    done = run("docs/screens.py", page)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\npython docs/screens.py --write {page}"


def test_generated_parts_are_current() -> None:
    """The command reference, settings, filters and JSON objects are those of the program."""
    done = run("docs/generate.py", "--check")
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\npython docs/generate.py"


def test_every_command_has_an_answer_that_is_described() -> None:
    """The reference leads from each command to the keys of what it answers, whatever kind of class that is."""
    commands = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
    answers = re.findall(r"^Answer: (.*)\.$", commands, re.M)
    assert len(answers) == len(re.findall(r"^### /", commands, re.M)) > 30
    described = anchors(ROOT / "docs/reference/json.md")
    for answer in answers:
        named = re.findall(r"\(json\.md#(\w+)\)", answer)
        assert named
        assert set(named) <= described
    objects = (ROOT / "docs/reference/json.md").read_text(encoding="utf-8").split("\n### ")[1:]
    assert [one.split("\n")[0] for one in objects if "\n| `" not in one] == []


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_something(page: str) -> None:
    """A link names a file of the repository, and a heading that is in it."""
    path = ROOT / page
    for link in LINK.findall(FENCE.sub("", path.read_text(encoding="utf-8"))):
        if link.startswith(("http://", "https://")):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def anchors(path: Path) -> set[str]:
    """Return what links into a page may name: its headings, as code hosts spell them."""
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


def test_the_first_two_blocks_of_the_readme_are_its_two_commands() -> None:
    """CI runs exactly these, so that a newcomer's first commands cannot stop working."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w*)[^\n]*\n(.*?)^```$", text, re.M | re.S)
    assert [kind for kind, _ in blocks[:2]] == ["sh", "sh"]
    assert "sh examples/run.sh greeter" in blocks[0][1]
    assert "-m pytest" in blocks[1][1]
