"""Structure of a document: sections with blocks, as a CommonMark parser sees them, with the line of everything.

Inline text stays raw. Nothing is lost: lines the parser skipped (nested beyond `_MAX_NESTING`) are `Tree.skipped`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import Factory, define

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.token import Token

    from qwen_orch.planning.reader.ids import Identifier

_MAX_NESTING = 60
_LISTISH = re.compile(r"\s*(?:[-*+•]|\d{1,9}[.)]|\[[ xX]\])\s+\S")
_MARKDOWN_FENCE = re.compile(r"```(?:markdown|md|mdx)\s*$", re.I)
_ANY_FENCE = re.compile(r"```\s*([\w+#.-]*)\s*")
_FENCE_LINES = 3000
_HTML_KEPT = ("<!--", "<script", "<style", "<pre", "<textarea")


@define(eq=False)
class Item:
    """One list item: its own *text* (raw inline, may hold line ends) and the *blocks* below it.

    *led* is what `series.lead` found at its start.
    """

    line: int
    end: int
    text: str = ""
    text_end: int = 0
    number: str = ""
    blocks: list[Block] = Factory(list)
    led: tuple[bool, Identifier | None] | None = None


@define(eq=False)
class Block:
    """A piece of a section: paragraph, list, table, fence, quote, rule or comment; lines count from 0."""

    kind: str
    line: int
    end: int
    text: str = ""
    info: str = ""
    items: list[Item] = Factory(list)
    rows: list[tuple[int, list[str]]] = Factory(list)
    blocks: list[Block] = Factory(list)
    label: Block | None = None
    role: str = ""


@define(eq=False)
class Section:
    """A heading with what stands under it; the root has level 0. *children* come after *blocks* in the document."""

    title: str
    level: int
    line: int
    parent: Section | None = None
    blocks: list[Block] = Factory(list)
    children: list[Section] = Factory(list)
    role: str = ""

    def path(self) -> list[Section]:
        """The sections from the outermost heading down to this one, without the root."""
        above: list[Section] = []
        section: Section | None = self
        while section and section.parent:
            above.append(section)
            section = section.parent
        return above[::-1]

    def walk(self) -> list[Section]:
        """This section and all below it, in document order."""
        found, stack = [], [self]
        while stack:
            section = stack.pop()
            found.append(section)
            stack.extend(reversed(section.children))
        return found


@define(eq=False)
class Tree:
    """A parsed document: the *root* section, the source *lines* and the line numbers (0-based) no block holds."""

    root: Section
    lines: list[str]
    skipped: list[int]

    def source(self, start: int, end: int) -> str:
        """The raw lines from *start* to *end*, moved to the left margin."""
        lines = self.lines[start:end]
        margins = [len(text) - len(text.lstrip()) for text in lines if text.strip()]
        margin = min(margins, default=0)
        return "\n".join(text[margin:].rstrip() if text.strip() else "" for text in lines).strip("\n")


def parse(text: str) -> Tree:
    """Parse clean *text* (see `text.clean`) into a `Tree`.

    Lists indented by four blanks are read as lists, not as code, when that is what they look like.
    """
    tokens = _tokens(text)
    lines = text.split("\n")
    if hidden := [token for token in tokens if _hides_a_list(token)]:
        for token in hidden:
            _move_left(lines, token)
        tokens = _tokens("\n".join(lines))
    blocks, _ = _read(tokens, 0)
    return Tree(_sections(blocks), lines, _skipped(tokens, lines))


def _tokens(text: str) -> list[Token]:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": _MAX_NESTING}).enable("table")
    parser.disable(["inline", "reference"])
    _keep_tags_as_text(parser)
    _nest_markdown_fences(parser)
    return parser.parse(text)


def _move_left(lines: list[str], token: Token) -> None:
    """Move the lines of a list that stands too far right to be seen: by all they share, or by four inside a list."""
    start, end = token.map or (0, 0)
    first = start if token.type == "code_block" else start + 1
    margins = [len(line) - len(line.lstrip()) for line in lines[first:end] if line.strip()]
    shift = min(margins, default=0) if token.level == 0 or (token.type == "inline" and token.level == 1) else 4
    for n in range(first, end):
        lines[n] = lines[n].expandtabs(4)
        lines[n] = lines[n][min(shift, len(lines[n]) - len(lines[n].lstrip())) :]


def _keep_tags_as_text(parser: MarkdownIt) -> None:
    """Let only comments and script-like elements be HTML: Markdown inside ``<details>`` or ``<context>`` is read."""
    from markdown_it.rules_block import html_block

    def rule(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        begin = state.bMarks[start] + state.tShift[start]
        return state.src[begin : begin + 9].lower().startswith(_HTML_KEPT) and html_block(state, start, end, silent)

    parser.block.ruler.at("html_block", rule, {"alt": ["paragraph", "blockquote"]})


def _nest_markdown_fences(parser: MarkdownIt) -> None:
    """Let a fence of Markdown hold fences: its author shows a document, which ends where its fences are balanced."""
    from markdown_it.rules_block import fence

    def rule(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        first = _line_of(state, start)
        last = _balanced_end(state, start, end) if _MARKDOWN_FENCE.match(first) else 0
        if not last or silent:
            return bool(fence(state, start, end, silent))
        token = state.push("fence", "code", 0)
        token.info, token.markup, token.map = "markdown", "```", [start, last + 1]
        token.content = state.getLines(start + 1, last, state.sCount[start], True)
        state.line = last + 1
        return True

    parser.block.ruler.at("fence", rule, {"alt": ["paragraph", "reference", "blockquote", "list"]})


def _line_of(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def _balanced_end(state: StateBlock, start: int, end: int) -> int:
    """The line that closes the fence at *start* when the fences inside it are balanced and there are some; else 0.

    A bare fence right above text opens one: closing fences have an empty line after them.
    """
    depth, inner = 1, 0
    for line in range(start + 1, min(end, start + _FENCE_LINES)):
        match = _ANY_FENCE.fullmatch(_line_of(state, line))
        if match and match[1]:
            depth, inner = depth + 1, inner + 1
        elif match and depth == 1 and inner and line + 1 < end and _line_of(state, line + 1).strip():
            depth += 1
        elif match:
            depth -= 1
            if depth == 0:
                return line if inner else 0
    return 0


def _hides_a_list(token: Token) -> bool:
    if token.type == "code_block":
        lines = [line for line in token.content.split("\n") if line.strip()]
        return bool(lines) and sum(map(bool, map(_LISTISH.match, lines))) * 2 > len(lines)
    return (
        token.type == "inline"
        and "\n" in token.content
        and any(line.startswith(("    ", "\t")) and _LISTISH.match(line) for line in token.content.split("\n")[1:])
    )


def _skipped(tokens: Sequence[Token], lines: list[str]) -> list[int]:
    held = bytearray(len(lines) + 1)
    for token in tokens:
        if token.map and token.type in _LEAVES:
            start, end = token.map
            held[start:end] = b"\x01" * (end - start)
    return [n for n, line in enumerate(lines) if not held[n] and line.strip(" \t>*+-.)0123456789")]


_LEAVES = frozenset(
    ("paragraph_open", "heading_open", "fence", "code_block", "hr", "html_block", "table_open", "inline")
)


def _read(tokens: Sequence[Token], at: int) -> tuple[list[Block], int]:
    """Read blocks from *at* to the close of the surrounding container; return them and the place after it."""
    found: list[Block] = []
    while at < len(tokens):
        token = tokens[at]
        if token.nesting < 0:
            return found, at + 1
        block, at = _block(tokens, at)
        if block:
            found.append(block)
    return found, at


def _block(tokens: Sequence[Token], at: int) -> tuple[Block | None, int]:
    token = tokens[at]
    line, end = token.map or (0, 0)
    match token.type:
        case "paragraph_open" | "heading_open":
            return _textual(token, tokens[at + 1].content, line, end), at + 3
        case "bullet_list_open" | "ordered_list_open":
            return _list(tokens, at)
        case "blockquote_open":
            inner, after = _read(tokens, at + 1)
            return Block("quote", line, end, blocks=inner), after
        case "table_open":
            return _table(tokens, at)
        case "fence" | "code_block":
            return Block("fence", line, end, token.content, info=token.info.strip().lower()), at + 1
        case "html_block":
            return Block("comment", line, end, token.content), at + 1
        case _:
            return Block("rule", line, end), at + 1


def _textual(token: Token, content: str, line: int, end: int) -> Block:
    if token.type == "paragraph_open" or (token.markup in "-=" and ("\n" in content or len(content) > 120)):
        return Block("paragraph", line, end, content)
    return Block("heading", line, end, content, info=token.tag[1:])


def _list(tokens: Sequence[Token], at: int) -> tuple[Block, int]:
    line, end = tokens[at].map or (0, 0)
    block = Block("list", line, end, info="ordered" if tokens[at].type.startswith("ordered") else "")
    at += 1
    while tokens[at].nesting > 0:
        opened = tokens[at]
        inner, at = _read(tokens, at + 1)
        first, last = opened.map or (line, end)
        item = Item(first, last, number=opened.info, blocks=inner, text_end=first)
        if inner and inner[0].kind in ("paragraph", "heading"):
            head = inner.pop(0)
            item.text, item.text_end = head.text, head.end
        block.items.append(item)
    return block, at + 1


def _table(tokens: Sequence[Token], at: int) -> tuple[Block, int]:
    line, end = tokens[at].map or (0, 0)
    block = Block("table", line, end)
    row_line, cells = line, list[str]()
    while tokens[at].type != "table_close":
        token = tokens[at]
        if token.type == "tr_open":
            row_line, cells = (token.map or (line, end))[0], []
        elif token.type == "inline":
            cells.append(token.content)
        elif token.type == "tr_close":
            block.rows.append((row_line, cells))
        at += 1
    return block, at + 1


def _sections(blocks: Sequence[Block]) -> Section:
    root = here = Section("", 0, 0)
    for block in blocks:
        if block.kind != "heading":
            here.blocks.append(block)
            continue
        level = int(block.info)
        here = _under(here, level)
        here.children.append(Section(block.text, level, block.line, here))
        here = here.children[-1]
    return root


def _under(section: Section, level: int) -> Section:
    """The section that a heading of *level* coming after *section* belongs to."""
    while section.parent and section.level >= level:
        section = section.parent
    return section
