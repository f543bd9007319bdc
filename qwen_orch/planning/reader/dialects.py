"""Org, reStructuredText and todo.txt as Markdown, line for line, so that one parser reads them all."""

from __future__ import annotations

import re

_ORG_HEADING = re.compile(r"(\*+)[ \t]+(\S.*)")
_ORG_STATE = re.compile(r"(TODO|NEXT|DOING|STARTED|WAITING|INPROGRESS|IN-PROGRESS|DONE|CANCELLED|CANCELED)\s+(.*)")
_ORG_KEYWORD = re.compile(r"#\+(\w+):?\s*(.*)")
_ORG_SIGNS = re.compile(r"^(?:\*{2,} \S|#\+(?:title|author|begin_\w+|todo)\b|\* (?:TODO|DONE|NEXT) )", re.I | re.M)
_ORG_PRIORITY = re.compile(r"\[#([ABC])\]\s*")
_ORG_TAGS = re.compile(r"\s+:([\w@]+(?::[\w@]+)*):\s*$")
_ORG_COOKIE = re.compile(r"\s*\[\d*(?:/\d*|%)\]")
_ORG_SETTINGS = re.compile(
    r"options|startup|(?:seq_|typ_)?todo|property|columns|include|setupfile|archive|link|macro|results|header"
)
_ORG_PROPERTY = re.compile(r"\s*:(\w+):\s*(.*)$")
_BOXES = {
    "DONE": "[x] ",
    "CANCELLED": "[-] ",
    "CANCELED": "[-] ",
    "DOING": "[~] ",
    "STARTED": "[~] ",
    "INPROGRESS": "[~] ",
    "IN-PROGRESS": "[~] ",
}
_PRIORITIES = {"A": "high", "B": "medium", "C": "low"}
_FIELDS = {
    "EFFORT": "Estimate",
    "ASSIGNEE": "Assignee",
    "OWNER": "Owner",
    "DEPENDS": "Depends on",
    "BLOCKER": "Depends on",
    "ID": "Id",
    "CUSTOM_ID": "Id",
}

_TODO = re.compile(r"(?:x )?\(([A-Z])\) (?=\S)|x \d{4}-\d{2}-\d{2} ")
_PROJECT = re.compile(r"\s[+@]\w")

_RST_LINE = re.compile(r"([=\-~^\"'`#*+.:_<>])\1{2,}\s*")
_RST_DIRECTIVE = re.compile(r"\.\. +([\w-]+)::\s*(.*)")
_CLOCK = re.compile(r"(\d{1,3}):(\d{2})$")


def to_markdown(text: str) -> str:
    """Return *text* in Markdown when it is an org or RST outline, else as it is; lines keep their numbers."""
    if _is_org(text):
        return _org(text)
    if _is_rst(text):
        return _rst(text)
    return _todo_txt(text) if _is_todo_txt(text) else text


def _is_org(text: str) -> bool:
    if not _ORG_SIGNS.search(text) or re.search(r"^#{1,6} \S", text, re.M):
        return False
    return len(re.findall(r"^\*+ \S", text, re.M)) > 1


def _org(text: str) -> str:
    converted: list[str] = []
    fenced = False
    lines = text.split("\n")
    for line in lines:
        keyword = _ORG_KEYWORD.match(line.strip())
        heading = None if fenced else _ORG_HEADING.match(line)
        if keyword:
            fenced, shown = _org_keyword(keyword, fenced)
            converted.append(shown)
        elif heading:
            converted.append(_org_heading(len(heading[1]), heading[2]))
        else:
            converted.append(line if fenced else _org_line(line))
    return "\n".join(converted)


def _org_keyword(match: re.Match[str], fenced: bool) -> tuple[bool, str]:
    name = match[1].lower()
    if name.startswith("begin_"):
        return True, f"```{match[2].split(' ')[0]}"
    if name.startswith("end_"):
        return False, "```"
    if name == "title" or _ORG_SETTINGS.fullmatch(name) or not match[2]:
        return fenced, f"# {match[2]}" if name == "title" else ""
    return fenced, f"{match[1].capitalize()}: {match[2]}"


def _org_heading(level: int, words: str) -> str:
    """A heading with a state is a boxed heading; priority and tags move behind its title."""
    state = _ORG_STATE.match(words)
    box = _BOXES.get(state[1], "[ ] ") if state else ""
    rest = state[2] if state else words
    marks = ""
    if priority := _ORG_PRIORITY.match(rest):
        marks, rest = f" !{_PRIORITIES[priority[1]]}", rest[priority.end() :]
    if tags := _ORG_TAGS.search(rest):
        marks += "".join(f" #{tag}" for tag in tags[1].split(":"))
        rest = rest[: tags.start()]
    return f"{'#' * min(level + 1, 6)} {box}{_ORG_COOKIE.sub('', rest)}{marks}"


def _org_line(line: str) -> str:
    named = _ORG_PROPERTY.match(line)
    if named and named[1] in _FIELDS and named[2]:
        value = _CLOCK.sub(lambda m: f"{int(m[1]) * 60 + int(m[2])} min", named[2])
        return f"\n{_FIELDS[named[1]]}: {value}"[1:]
    if named and (not named[2] or named[1].isupper()):
        return ""
    stripped = line.lstrip()
    return line.replace("[X]", "[x]", 1) if stripped.startswith(("- [X]", "+ [X]")) else line


def _is_todo_txt(text: str) -> bool:
    """Every line is an entry of todo.txt, and at least half of them show it."""
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) < 2 or any(line[0] in "#-*>|` \t" for line in lines):
        return False
    shown = sum(bool(_TODO.match(line) or _PROJECT.search(line)) for line in lines)
    return shown * 2 >= len(lines) and any(map(_TODO.match, lines))


def _todo_txt(text: str) -> str:
    return "\n".join(_todo_line(line) if line.strip() else line for line in text.split("\n"))


def _todo_line(line: str) -> str:
    done = line.startswith("x ")
    bare = re.sub(r"^(?:x )?(?:\([A-Z]\) )?(?:\d{4}-\d{2}-\d{2} ){0,2}", "", line)
    level = _TODO.match(line)
    priority = {"A": " !high", "B": " !medium"}.get(level[1], " !low") if level and level[1] else ""
    tags = "".join(f" #{tag}" for tag in re.findall(r"(?:^|\s)[+@](\w[\w-]*)", bare))
    title = re.sub(r"(?:^|\s)[+@]\w[\w-]*", "", bare).strip()
    return f"- [{'x' if done else ' '}] {title}{priority}{tags}"


def _is_rst(text: str) -> bool:
    if re.search(r"^#{1,6} \S", text, re.M):
        return False
    lines = text.split("\n", 4000)
    signs = sum(bool(_RST_DIRECTIVE.match(line)) for line in lines)
    heads = {lines[n][0] for n in range(1, len(lines)) if _is_underline(lines, n)}
    return bool(heads) and (
        signs > 0 or bool(heads - {"=", "-"}) or any(_is_overline(lines, n) for n in range(len(lines) - 2))
    )


def _is_underline(lines: list[str], n: int) -> bool:
    title = lines[n - 1]
    return bool(
        _RST_LINE.fullmatch(lines[n])
        and title.strip()
        and not title[0].isspace()
        and not _RST_LINE.fullmatch(title)
        and len(lines[n].rstrip()) >= len(title.rstrip())
        and (n < 2 or not lines[n - 2].strip() or _RST_LINE.fullmatch(lines[n - 2]))
    )


def _is_overline(lines: list[str], n: int) -> bool:
    return (
        bool(_RST_LINE.fullmatch(lines[n])) and lines[n].strip() == lines[n + 2].strip() and bool(lines[n + 1].strip())
    )


def _rst(text: str) -> str:
    lines = text.split("\n")
    levels: dict[str, int] = {}
    for n in range(1, len(lines)):
        if not _is_underline(lines, n):
            continue
        over = n >= 2 and lines[n - 2].strip() == lines[n].strip()
        level = levels.setdefault(("over" if over else "") + lines[n][0], len(levels) + 1)
        lines[n - 1] = f"{'#' * min(level, 6)} {lines[n - 1].strip()}"
        lines[n] = ""
        if over:
            lines[n - 2] = ""
    return "\n".join(_rst_line(line) for line in lines)


def _rst_line(line: str) -> str:
    directive = _RST_DIRECTIVE.match(line.strip())
    if directive:
        return f"{directive[1].capitalize()}: {directive[2]}" if directive[2] else ""
    match = re.match(r"(\s*)#\.\s+", line)
    return f"{match[1]}1. {line[match.end() :]}" if match else line
