"""Find the tasks and phases that references mean, make edges of them, and refuse circles.

A label is matched by its letters and number (``T-1``, ``t001``); a bare number by label or place in the same list; a
title by its words, exactly first. What is named and not here is a warning with the nearest label.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from attrs import Factory, define, evolve, field

from qwen_orch.errors import DependencyError
from qwen_orch.model.draft import DraftDependency
from qwen_orch.model.task import DependencyKind
from qwen_orch.planning.reader.arrows import pairs
from qwen_orch.planning.reader.circles import name_of
from qwen_orch.planning.reader.entries import Edges, Found, Gathered, Need, PhaseFound
from qwen_orch.planning.reader.statements import Reference, pieces, references, states_none, trailing_kind
from qwen_orch.planning.reader.text import plain

_INFERRED = re.compile(r"\s*(?:\(\s*inferred\s*\)|,\s*inferred\s*(?P<close>\)))(?=\s*(?:,|;|$))", re.I)
"""``task-001 (inferred)`` and ``task-001 (start-to-start, inferred)``, as our own exports say it."""

_PARTS = re.compile(r"([a-z]*[a-z0-9]*?)-?0*(\d+)((?:\.\d+)*[a-z]?)", re.I)
_FUZZY_LIMIT = 1500
_RANGE_LIMIT = 1000


def norm(label: str) -> str:
    """Return the form under which a label is found: lower case, no hyphen, no leading zeros."""
    bare = label.strip().strip("`*[]#").casefold()
    match = _PARTS.fullmatch(bare)
    return f"{match[1]}{match[2]}{match[3]}" if match else bare


@define
class Resolver:
    """Knows every label, number and title of a gathered document."""

    out: Gathered
    edges: Edges = Factory(Edges)
    labels: dict[str, Found] = field(init=False)
    titles: dict[str, list[Found]] = field(init=False)
    numbers: dict[tuple[int, str], Found] = field(init=False)
    index: dict[Found, int] = field(init=False)
    places: dict[str, Found] = field(init=False)
    prefixes: set[str] = field(init=False)
    phase_labels: dict[str, int] = field(init=False)
    guesses: int = 60
    break_cycles: bool = False

    def __attrs_post_init__(self) -> None:
        self.labels, self.numbers, self.index, self.places = {}, {}, {}, {}
        self.titles = defaultdict(list)
        for position, task in enumerate(self.out.tasks):
            self._enter(task, position)
        self.phase_labels = {norm(p.label): n for n, p in reversed(list(enumerate(self.out.phases))) if p.label}
        self.prefixes = {norm(t.label).rstrip("0123456789.") for t in self.out.tasks if t.label} - {""}

    def _enter(self, task: Found, position: int) -> None:
        self.index[task] = position
        self.titles[task.title.casefold()].append(task)
        if task.number:
            self.places.setdefault(_place(task), task)
            self.numbers.setdefault((task.group, task.number), task)
        if not task.label:
            return
        known = self.labels.setdefault(norm(task.label), task)
        if known is not task:
            self.out.warn(
                f"the id {task.label} is used twice, on lines {known.line + 1} and {task.line + 1}; "
                "references mean the first",
                task.line,
            )

    def resolve(self) -> Edges:
        """Make edges of every need of every task, then of the document's statements."""
        for task in self.out.tasks:
            for need in task.needs:
                self.need(task, need)
        for statement in self.out.statements:
            self._statement(statement)
        return self.edges

    def need(self, task: Found, need: Need) -> None:
        """Make edges of one need."""
        if need.form == "field":
            self._field(task, need)
            return
        found, _ = references(need.text)
        for reference in found:
            self._connect(task, self._by_reference(reference, task, need), need, reference.kind, reference.lag)

    def _field(self, task: Found, need: Need) -> None:
        if states_none(need.text):
            return
        if _INFERRED.search(need.text):
            for piece in pieces(need.text):
                guessed = _INFERRED.search(piece)
                bare = piece[: guessed.start()] + (guessed["close"] or "") if guessed else piece
                self._piece(task, bare, evolve(need, inferred=True) if guessed else need)
            return
        whole, kind, lag = trailing_kind(need.text)
        if exact := self.labels.get(norm(whole)) or self._titled(whole):
            self._connect(task, [exact], need, kind, lag)
            return
        for piece in pieces(need.text):
            self._piece(task, piece, need)

    def _piece(self, task: Found, piece: str, need: Need) -> None:
        if exact := self.labels.get(norm(piece)):
            self._connect(task, [exact], need, DependencyKind.FINISH_TO_START, 0.0)
            return
        found, end = references(piece)
        if (found and not piece[end:].strip(" .)")) or (found and not self._loosely(trailing_kind(piece)[0])):
            for reference in found:
                self._connect(task, self._by_reference(reference, task, need), need, reference.kind, reference.lag)
            return
        name, kind, lag = trailing_kind(piece)
        named = self._titled(name) or self._loosely(name)
        if named:
            self._connect(task, [named], need, kind, lag)
        elif phase := self.phase(name):
            self._connect(task, self._of_phase(phase, task), need, kind, lag)
        elif " and " in piece:
            for part in piece.split(" and "):
                self._piece(task, part.strip(), need)
        elif not states_none(name):
            self._missing(name, need)

    def _by_reference(self, reference: Reference, task: Found, need: Need) -> list[Found]:
        if reference.word.startswith(("phase", "stage", "阶段")):
            phases = self.phases(reference)
            return [t for phase in phases for t in self._of_phase(phase, task)]
        if reference.end:
            return self._range(reference, task, need)
        found = self._one(reference, task, need.form)
        if found is None and (need.form == "field" or self._looks_like_ours(reference.id)):
            self._missing(reference.id, need)
        return [found] if found else []

    def _looks_like_ours(self, id_: str) -> bool:
        return norm(id_).rstrip("0123456789.") in self.prefixes

    def _one(self, reference: Reference, task: Found, form: str) -> Found | None:
        id_ = norm(reference.id)
        bare = id_[:1].isdigit()
        if bare and form == "prose" and not reference.word and "." not in id_:
            return None
        if (
            bare
            and task.parent
            and task.parent.label
            and (sibling := self.labels.get(f"{norm(task.parent.label)}.{id_}"))
            and reference.word == "step"
        ):
            return sibling
        found = self.labels.get(id_) or self.labels.get(f"{reference.word.rstrip('s')}{id_}" if reference.word else id_)
        if found is None and "." in id_:
            found = self.places.get(id_)
        if found is None and bare and (form == "field" or reference.word != "issue"):
            found = (
                self.numbers.get((task.group, reference.id))
                or self._only_number(reference.id)
                or self.labels.get(f"t{id_}")
                or self.labels.get(f"task{id_}")
            )
        return found

    def _only_number(self, number: str) -> Found | None:
        groups = [group for group, n in self.numbers if n == number] if len(self.numbers) < _FUZZY_LIMIT else []
        return self.numbers[groups[0], number] if len(groups) == 1 else None

    def _range(self, reference: Reference, task: Found, need: Need) -> list[Found]:
        first, last = _PARTS.fullmatch(norm(reference.id)), _PARTS.fullmatch(norm(reference.end))
        if not first or not last or first[3] or last[3]:
            ends = [
                self._one(Reference(i, word=reference.word), task, need.form) for i in (reference.id, reference.end)
            ]
            return self._between(ends)
        numbers = range(int(first[2]), min(int(last[2]), int(first[2]) + _RANGE_LIMIT) + 1)
        found = [self._one(Reference(f"{first[1]}{n}", word=reference.word or "task"), task, "field") for n in numbers]
        if not any(found):
            self._missing(f"{reference.id}–{reference.end}", need)
        return [t for t in found if t and t is not task]

    def _between(self, ends: Sequence[Found | None]) -> list[Found]:
        first, last = ends
        if not first or not last:
            return [t for t in ends if t]
        tasks = self.out.tasks[self.index[first] : self.index[last] + 1]
        return [t for t in tasks if t.parent is first.parent]

    def _titled(self, name: str) -> Found | None:
        bare = plain(name).strip(" .\"'“”").casefold()
        found = self.titles.get(bare)
        return found[0] if found else None

    def _loosely(self, name: str) -> Found | None:
        """The task whose title *name* begins or nearly is, when only one is."""
        bare = plain(name).strip(" .\"'“”").casefold()
        if len(bare) < 4 or len(self.titles) > _FUZZY_LIMIT:
            return None
        begins = [
            tasks[0]
            for title, tasks in self.titles.items()
            if title.startswith(bare) or (len(bare) > 8 and bare in title)
        ]
        if len(begins) == 1:
            return begins[0]
        near = self._nearest(bare, list(self.titles), 0.82)
        return self.titles[near][0] if near else None

    def _nearest(self, name: str, known: list[str], cutoff: float) -> str:
        """The nearest of *known*, or nothing; a document gets a bounded number of such guesses, which cost time."""
        self.guesses -= 1
        if self.guesses < 0 or len(known) > 5 * _FUZZY_LIMIT:
            return ""
        return next(iter(difflib.get_close_matches(name[:120], known, n=1, cutoff=cutoff)), "")

    def _connect(self, task: Found, before: Iterable[Found], need: Need, kind: DependencyKind, lag: float) -> None:
        for other in before:
            later, earlier = (other, task) if need.reverse else (task, other)
            if later is earlier:
                self._itself(task, need)
            elif _inside(later, earlier) or _inside(earlier, later):
                self.out.warn(
                    f"“{later.title[:60]}” and “{earlier.title[:60]}” are part and whole: no dependency is needed",
                    need.line,
                )
            else:
                self._edge(later, earlier, need, kind, lag)

    def _edge(self, later: Found, earlier: Found, need: Need, kind: DependencyKind, lag: float) -> None:
        known = self.edges.tasks[later].get(earlier)
        if known and (need.inferred or not known.inferred):
            return
        self.edges.tasks[later][earlier] = DraftDependency(self.index[earlier], kind, lag, need.inferred)
        self.edges.lines[later, earlier] = need.line
        if need.form == "apart":
            self.edges.soft.add((later, earlier))
        later.origin(
            "depends_on",
            need.line,
            0.5 if need.inferred else 0.9 if need.form == "field" else 0.8,
            f"{'inferred' if need.inferred else 'stated'}: {need.text[:80]}",
        )

    def _itself(self, task: Found, need: Need) -> None:
        if need.form == "field" and self.break_cycles:
            self.out.warn(f"dropped: {name_of(task)} is said to depend on itself", need.line)
        elif need.form == "field":
            raise DependencyError(
                f"line {need.line + 1}: {name_of(task)} is said to depend on itself",
                f"change line {need.line + 1} to name another task",
            )

    def _missing(self, name: str, need: Need) -> None:
        tasks = self.out.tasks[: 5 * _FUZZY_LIMIT] if self.guesses > 0 else []
        near = self._nearest(name, [t.label for t in tasks if t.label] or [t.title for t in tasks], 0.5)
        hint = f"; the nearest is {near[:60]}" if near else ""
        self.out.warn(f"“{name[:60]}” is named as a dependency and is not in this plan{hint}", need.line)

    def _of_phase(self, phase: PhaseFound, task: Found) -> list[Found]:
        if task.phase is phase:
            return []
        return [t for t in self.out.tasks if t.phase is phase and t.parent is None]

    def phases(self, reference: Reference) -> list[PhaseFound]:
        """The phases a reference such as ``Phases 3-5`` means."""
        first = self.phase_labels.get(norm(reference.id))
        if not reference.end or first is None:
            return [] if first is None else [self.out.phases[first]]
        return self.out.phases[first : self.phase_labels.get(norm(reference.end), first) + 1]

    def phase(self, name: str) -> PhaseFound | None:
        """The phase of this title, number or user story."""
        whole = plain(name).casefold()
        bare = whole.strip(" .\"'")
        titles = [p.title.casefold() for p in self.out.phases]
        for exact in (whole, bare):
            if exact in titles:
                return self.out.phases[titles.index(exact)]
        for p, title in zip(self.out.phases, titles, strict=True):
            if title.split(": ", 1)[-1] in (whole, bare) or (len(bare) > 3 and title.startswith(bare)):
                return p
        match = re.fullmatch(r"(?:us|user story )(\d+)", bare)
        return next(
            (p for p in self.out.phases if match and re.search(rf"\b(?:user story |us){match[1]}\b", p.title, re.I)),
            None,
        )

    def _statement(self, need: Need) -> None:
        """A sentence about order: ``T026/T027 gate T028``, ``T1 → T2``; sentences about phases are for ``barriers``."""
        said = Need(need.text, need.line, "apart")
        if need.form == "link":
            earlier, _, later = need.text.partition(" → ")
            self._link(later, earlier, said)
        for left, right, _ in pairs(need):
            tasks = [t for r in right if not r.word.startswith("phase") for t in self._known(r, said)]
            for task in tasks:
                before = [t for r in left for t in self._known(r, said) if t is not task]
                self._connect(task, before, said, DependencyKind.FINISH_TO_START, 0.0)

    def _known(self, reference: Reference, said: Need) -> list[Found]:
        """The tasks of a reference by their labels alone, in silence when there are none."""
        first = self.labels.get(norm(reference.id))
        if first is None or not reference.end:
            return [first] if first else []
        return [*self._range(reference, first, said), first]

    def _link(self, later: str, earlier: str, said: Need) -> None:
        """A link of a flowchart joins tasks by label or title; other nodes are no tasks."""
        ends = [self.labels.get(norm(name)) or self._titled(name) for name in (later, earlier)]
        if ends[0] and ends[1] and ends[0] is not ends[1]:
            self._connect(ends[0], [ends[1]], said, DependencyKind.FINISH_TO_START, 0.0)


def _place(task: Found) -> str:
    """The place of a numbered item in nested numbered lists: ``2.1``."""
    numbers = [task.number]
    while task.parent and task.parent.number:
        task = task.parent
        numbers.append(task.number)
    return ".".join(reversed(numbers))


def _inside(inner: Found, outer: Found) -> bool:
    above = inner.parent
    while above:
        if above is outer:
            return True
        above = above.parent
    return False
