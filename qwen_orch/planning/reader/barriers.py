"""Which phases wait for which, by the document's words, and pairs that arrows and ``gate`` sentences state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from qwen_orch.errors import DependencyError
from qwen_orch.planning.reader.arrows import ARROW
from qwen_orch.planning.reader.circles import find_circle
from qwen_orch.planning.reader.dependencies import Resolver
from qwen_orch.planning.reader.entries import Gathered, Need, PhaseFound
from qwen_orch.planning.reader.statements import references, states_none
from qwen_orch.planning.reader.text import plain

_WAITS = re.compile(
    r"\b(?:depends? (?:up)?on|requires?|blocked (?:by|on)|(?:starts? |begins? |can start |runs? |"
    r"comes? )?(?:only )?after|waits? (?:for|on)|needs|follows)\b",
    re.I,
)
_HOLDS = re.compile(
    r"\b(?:blocks?|must (?:be )?(?:complete|completed|done|finish|finished) before|before|precedes?|"
    r"is required (?:by|for)|gates?)\b",
    re.I,
)
_ALL_BEFORE = re.compile(
    r"\b(?:all|every|everything)\b(?: (?:the |other |preceding |previous |earlier |prior |desired |"
    r"above )*)(?:phases?|stor(?:y|ies)|user stories|work|stages?)?",
    re.I,
)
_ALL_STORIES = re.compile(r"\b(?:all|any|every)(?: of the)? (?:user )?stor(?:y|ies)\b|no user story", re.I)
_ALL_AFTER = re.compile(r"\b(?:all|any|every|everything|the rest|no)\b", re.I)
_STOP = re.compile(r"[.;](?:\s|$)|\s[—–]\s|\bcan (?:run |be )?(?:done |start )?(?:in )?parallel\b|\bbut\b")
_MENTION = re.compile(r"\b(?:phases?|stages?|milestones?|weeks?|sprints?)\s+\d[^.;—]*", re.I)
_STORY = re.compile(r"\bUS(\d+)\b|\buser story (\d+)", re.I)
_ONE = r"(?:phase|stage|milestone|sprint|iteration)"
_SEQUENTIAL = re.compile(
    rf"\b(?:each|every|a|one|no) {_ONE}\b.{{0,60}}\b(?:before the next\b|(?:starts?|begins?|depends?|waits?|follows?)\b"
    rf".{{0,60}}\bthe (?:(?:one|{_ONE}) before\b|(?:previous|preceding) (?:one|{_ONE})\b|(?:previous|preceding)$))|"
    r"\bphases? (?:are|must be|should be|run|"
    r"is) (?:strictly )?(?:sequential|(?:completed |done |"
    r"executed |worked )?(?:sequentially|in (?:order|sequence)|one after (?:another|the other)))",
    re.I,
)
_FREE = re.compile(r"\b(?:independent\w*|need not|do(?:es)? ?n[o'’]t (?:wait|depend|need|follow))\b", re.I)
_COMMA = re.compile(r"(\s*[,;]\s*|\s+and\s+)")
_ADVICE = re.compile(r"\b(?:recommend|suggest|prefer|could|e\.g\.|example|may)", re.I)
_THEN = re.compile(r"\bthen\b", re.I)


def connect(out: Gathered, resolver: Resolver) -> list[tuple[PhaseFound, PhaseFound, int]]:
    """Fill ``PhaseFound.after`` from headings, phase texts and statements; return the pairs (later, earlier, line).

    Raises `DependencyError` when they form a circle.
    """
    index = {id(phase): n for n, phase in enumerate(out.phases)}
    lines: dict[tuple[int, int], int] = {}
    firm: set[tuple[int, int]] = set()
    for later, earlier, line, sure in _all(out, resolver, index):
        pair = (index[id(later)], index[id(earlier)])
        if later is not earlier:
            lines.setdefault(pair, line)
            firm.update([pair] if sure else [])
    _refuse(out, lines, firm)
    for later_at, earlier_at in sorted(lines):
        out.phases[later_at].after.append(earlier_at)
    return [(out.phases[a], out.phases[b], line) for (a, b), line in sorted(lines.items())]


def _all(
    out: Gathered, resolver: Resolver, index: dict[int, int]
) -> Iterator[tuple[PhaseFound, PhaseFound, int, bool]]:
    """Every (later, earlier, line, whether ``depends on`` states it) of fields, barriers and sentences."""
    for phase in out.phases:
        for need in phase.needs:
            named = _named(need.text, out, resolver)
            if not named and not states_none(need.text):
                out.warn(
                    f"“{plain(need.text)[:80]}” is named as what “{phase.title[:60]}” waits for and is no phase here",
                    need.line,
                )
            yield from ((phase, earlier, need.line, True) for earlier in named)
        if phase.blocks_rest is not None:
            following = out.phases[index[id(phase)] + 1 :]
            yield from ((later, phase, phase.blocks_rest, False) for later in following)
    for statement in out.statements:
        for later, earlier, sure in _stated(statement, out, resolver):
            yield later, earlier, statement.line, sure


def _refuse(out: Gathered, pairs_: dict[tuple[int, int], int], firm: set[tuple[int, int]]) -> None:
    """Raise for circles of what ``depends on`` states; drop with a warning what only arrows and the like suggest."""
    while circle := find_circle(_graph(pairs_)):
        around = list(zip(circle, circle[1:] + circle[:1], strict=True))
        weak = next((pair for pair in around if pair not in firm), None)
        if weak is None:
            steps = [f"“{out.phases[a].title[:50]}” (line {pairs_[a, b] + 1})" for a, b in around]
            raise DependencyError(
                f"these phases wait for one another: {' → '.join(steps)}",
                "change one of these lines, then paste the plan again",
            )
        later, earlier = (out.phases[n].title[:50] for n in weak)
        out.warn(f"“{later}” after “{earlier}” would close a circle of phases; it was left out", pairs_.pop(weak))


def _graph(pairs_: dict[tuple[int, int], int]) -> dict[int, list[int]]:
    graph: dict[int, list[int]] = {}
    for later, earlier in pairs_:
        graph.setdefault(later, []).append(earlier)
    return graph


def _named(text: str, out: Gathered, resolver: Resolver) -> list[PhaseFound]:
    if states_none(text):
        return []
    return _listed(text, resolver) or mentioned(plain(text), out, resolver)


def _listed(text: str, resolver: Resolver) -> list[PhaseFound]:
    """The phases that *text* lists by title, number or story; a title may hold a comma itself."""
    parts = _COMMA.split(text)[:80]
    found: list[PhaseFound] = []
    at = 0
    while at < len(parts):
        ends = range(min(len(parts), at + 9), at, -2)
        named = ((end, phase) for end in ends if (phase := resolver.phase("".join(parts[at:end]))))
        end, phase = next(named, (at + 1, None))
        found += [phase] if phase else []
        at = end + 1
    return found


def mentioned(text: str, out: Gathered, resolver: Resolver) -> list[PhaseFound]:
    """Every phase that *text* mentions by word and number, by user story, in order of mention."""
    found: list[PhaseFound] = []
    for match in _MENTION.finditer(text):
        read, _ = references(text, match.start())
        found += [phase for reference in read for phase in resolver.phases(reference)]
    if not found:
        stories = [m[1] or m[2] for m in _STORY.finditer(text)]
        found = [phase for n in stories if (phase := resolver.phase(f"us{n}"))]
    return list({id(p): p for p in found}.values())


def _stated(need: Need, out: Gathered, resolver: Resolver) -> Iterator[tuple[PhaseFound, PhaseFound, bool]]:
    """The phase pairs (later, earlier, whether ``depends on`` states it) of one sentence."""
    text = plain(need.text)
    if _SEQUENTIAL.search(text) and not _FREE.search(text):
        yield from ((later, earlier, False) for later, earlier in zip(out.phases[1:], out.phases, strict=False))
        return
    if need.form == "section" and not _ADVICE.search(text) and (ARROW.search(text) or _THEN.search(text)):
        yield from ((later, earlier, False) for later, earlier in _chain(text, out, resolver))
    for pattern, forward in ((_WAITS, True), (_HOLDS, False)):
        if match := pattern.search(text):
            for later, earlier in _sentence(text[: match.start()], text[match.end() :], forward, need, out, resolver):
                yield later, earlier, forward


def _sentence(
    left: str, right: str, forward: bool, need: Need, out: Gathered, resolver: Resolver
) -> Iterator[tuple[PhaseFound, PhaseFound]]:
    subjects = mentioned(_last_clause(left), out, resolver) or _titled(left, out, need)
    stop = _STOP.search(right)
    clause = right[: stop.start()] if stop else right
    for subject in subjects:
        at = out.phases.index(subject)
        if forward:
            objects = mentioned(clause, out, resolver)
            if not objects and _ALL_BEFORE.match(clause.strip()):
                objects = out.phases[:at]
            for earlier in objects:
                yield subject, earlier
        else:
            for later in _later(clause, at, out, resolver):
                yield later, subject


def _later(clause: str, at: int, out: Gathered, resolver: Resolver) -> list[PhaseFound]:
    if found := mentioned(clause, out, resolver):
        return found
    if _ALL_STORIES.search(clause):
        stories = [p for p in out.phases[at + 1 :] if re.search(r"user story|\bUS\d", p.title, re.I)]
        return stories or out.phases[at + 1 :]
    return out.phases[at + 1 :] if _ALL_AFTER.match(clause.strip()) else []


def _last_clause(left: str) -> str:
    return left[max(left.rfind(". "), left.rfind("; ")) + 1 :]


def _titled(left: str, out: Gathered, need: Need) -> list[PhaseFound]:
    """A statement in a section about dependencies may name its phase by title: ``Polish: depends on …``."""
    name = re.sub(r"\s*\(.*?\)", "", left).strip(" :：*-–—").casefold()
    if need.form != "section" or len(name) < 4:
        return []
    return [p for p in out.phases if name in p.title.casefold()][:1]


def _chain(text: str, out: Gathered, resolver: Resolver) -> Iterator[tuple[PhaseFound, PhaseFound]]:
    parts = re.split(ARROW.pattern + r"|\bthen\b", text)
    segments = [mentioned(part, out, resolver) for part in parts]
    for before, after in pairwise(segments):
        for later in after[:1]:
            for earlier in before[-1:]:
                yield later, earlier
