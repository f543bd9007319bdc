"""Playbooks: Markdown outlines from which a one-line goal is planned, shipped with the package or a project's own.

A playbook is a plan with placeholders, read by the plan reader once they are filled. Its front matter holds
``description``, ``triggers`` (words of a goal that call for it), ``weight`` (of its triggers) and ``things`` (what
``{{each}}`` stands for when the goal names nothing). Placeholders: ``{{goal}}``, ``{{title}}``, ``{{all}}`` and
``{{each}}``: a task whose line holds ``{{each}}`` is repeated, with all below it, for each thing the goal names.
"""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from qwen_orch.errors import UsageError
from qwen_orch.model.ids import did_you_mean
from qwen_orch.planning.playbooks.things import things
from qwen_orch.planning.reader import decode
from qwen_orch.planning.reader.frontmatter import Front, split
from qwen_orch.planning.reader.text import clean, one_line

__all__ = ["Shelved", "choose", "listed", "names", "outline", "things"]

GENERIC = "generic"
_TITLE_LIMIT = 100
_WORD = re.compile(r"[^\W_]+")
_BLOCK = re.compile(r"(\s*)- ")


def names(extra: Path | None = None) -> dict[str, str]:
    """Return the playbooks by name with a line of description: the shipped ones, then those in the folder *extra*."""
    return {name: split(text)[0].text("description") or _first_line(text) for name, text in _texts(extra).items()}


class Shelved(NamedTuple):
    """A playbook on the shelf: what it is for, the words of a goal that call for it, whether it is a user's *own*."""

    name: str
    description: str
    triggers: tuple[str, ...]
    own: bool


def listed(extra: Path | None = None) -> list[Shelved]:
    """Return every playbook, the shipped ones first; one in the folder *extra* takes the place of its namesake."""
    own = {p.stem for p in extra.glob("*.md")} if extra and extra.is_dir() else set()
    fronts = {name: split(text)[0] for name, text in _texts(extra).items()}
    about = names(extra)
    return [Shelved(n, about[n], tuple(front.listed("triggers")), n in own) for n, front in fronts.items()]


def choose(goal: str, extra: Path | None = None) -> str:
    """Return the name of the playbook whose triggers fit the words of *goal* best; ``generic`` when none fits.

    Longer triggers count more, and so do those of playbooks with a ``weight``; a user's own playbook wins a tie.
    """
    words = f" {' '.join(_WORD.findall(goal.casefold()))} "
    best, name = 0.0, GENERIC
    for candidate, text in _texts(extra).items():
        score = _score(split(text)[0], words)
        if score and score >= best:
            best, name = score, candidate
    return name


def outline(name: str, goal: str, extra: Path | None = None) -> str:
    """Return the outline of playbook *name* for *goal*, placeholders filled; raises `UsageError` when there is none."""
    texts = _texts(extra)
    if name not in texts:
        raise UsageError(
            f"there is no playbook {name[:60]!r}{did_you_mean(name, texts)}", f"one of: {', '.join(texts)}"
        )
    front, body = split(texts[name])
    said = one_line(clean(goal)) or name
    filled = _repeated(body.strip("\n").split("\n"), things(said) or front.listed("things") or ["the main part"])
    title = said[:1].upper() + said[1:]
    shown = title if len(title) <= _TITLE_LIMIT else title[: _TITLE_LIMIT - 1].rsplit(" ", 1)[0] + "…"
    return "\n".join(filled).replace("{{title}}", shown).replace("{{goal}}", said) + "\n"


def _texts(extra: Path | None) -> dict[str, str]:
    """The text of each playbook by name, ``generic`` first so that anything else wins a tie."""
    shipped = [(p.name, p.read_bytes()) for p in resources.files(__name__).iterdir() if p.name.endswith(".md")]
    own = (
        [(p.name, p.read_bytes()) for p in sorted(extra.glob("*.md")) if p.is_file()]
        if extra and extra.is_dir()
        else []
    )
    ordered = sorted(shipped, key=lambda entry: (entry[0] != f"{GENERIC}.md", entry[0]))
    return {file.removesuffix(".md"): clean(decode(raw)[0]) for file, raw in ordered + own}


def _first_line(text: str) -> str:
    return next((line.strip("# ") for line in split(text)[1].split("\n") if line.strip()), "")


def _score(front: Front, words: str) -> float:
    """How well the words of a goal fit: triggers found, by the number of their words, doubled where the goal begins."""
    weight = float(front.text("weight") or 1) if re.fullmatch(r"\d+(\.\d+)?|", front.text("weight")) else 1.0
    found = [t for t in (one_line(t).casefold() for t in front.listed("triggers")) if t and f" {t} " in words]
    return weight * sum(len(t.split()) * (2 if words.startswith(f" {t} ") else 1) for t in found)


def _repeated(lines: list[str], each: list[str]) -> list[str]:
    """Fill ``{{each}}``: repeat tasks whose line holds it, name all of them everywhere else."""
    filled: list[str] = []
    at = 0
    while at < len(lines):
        match = _BLOCK.match(lines[at])
        end = _block_end(lines, at, len(match[1])) if match else at + 1
        if match and "{{each}}" in lines[at] and "- [" in lines[at]:
            for thing in each:
                filled += [line.replace("{{each}}", thing) for line in lines[at:end]]
            at = end
        else:
            filled.append(_listed(lines[at], each))
            at += 1
    return [line.replace("{{all}}", _joined(each)) for line in filled]


def _block_end(lines: list[str], at: int, indent: int) -> int:
    """The line after all lines that stand deeper than the list item at *at*."""
    end = at + 1
    while end < len(lines) and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > indent):
        end += 1
    return end


def _listed(line: str, each: list[str]) -> str:
    """In a ``depends on`` line each entry with ``{{each}}`` becomes one for each thing; elsewhere all are named."""
    head, mark, value = line.partition("depends on:")
    if "{{each}}" not in line or not mark:
        return line.replace("{{each}}", _joined(each))
    entries = [
        part.replace("{{each}}", thing) for part in value.split(",") for thing in (each if "{{each}}" in part else [""])
    ]
    return head + mark + ",".join(entries)


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
