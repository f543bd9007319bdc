"""Which heading, label or list item is the phase of what stands under it."""

from __future__ import annotations

import re

from attrs import Factory, define

from qwen_orch.planning.reader import headings
from qwen_orch.planning.reader.blocks import Block, Section, Tree
from qwen_orch.planning.reader.convention import Convention
from qwen_orch.planning.reader.entries import Gathered, PhaseFound
from qwen_orch.planning.reader.headings import APART, Kind
from qwen_orch.planning.reader.text import plain

BARRIER = re.compile(
    r"\b(?:until|before)\b.{0,40}\bthis (?:phase|stage|step) (?:is |has )?(?:been )?(?:complete|done|"
    r"finished)|\bblocks? (?:all|every)|blocking prerequisites?|"
    r"\bmust (?:be )?complete(?:d)? before (?:any|all|the rest|other)",
    re.I,
)


@define
class Phases:
    """Makes phases as they are met: *phases* by their section, *holding* the sections that hold tasks.

    *columns_as_phases*: headings such as Backlog and Next are phases too.
    """

    tree: Tree
    convention: Convention
    out: Gathered
    holding: set[Section]
    phases: dict[Section, PhaseFound] = Factory(dict)
    columns_as_phases: bool = False

    def _label_phase(self, block: Block) -> PhaseFound | None:
        """A label such as ``Backend:`` is a phase when no heading is."""
        if block.label is None or self.phases:
            return None
        read = headings.read(block.label.text.rsplit("\n", 1)[-1])
        if read.kind not in (Kind.NEUTRAL, Kind.PHASE) or len(read.title) > 60:
            return None
        return self._new_phase(read.title, block.label.line)

    def _new_phase(self, text: str, line: int) -> PhaseFound:
        read = headings.read(text)
        if self.convention.own:
            self.out.phases.append(PhaseFound(plain(text), line, read.label, read.word))
            return self.out.phases[-1]
        title = read.title if read.kind is not Kind.TASK else plain(text)
        phase = PhaseFound(title, line, read.label, read.word, read.priority, status=read.status, tags=read.tags)
        if BARRIER.search(title):
            phase.blocks_rest = line
        self.out.phases.append(phase)
        return phase

    def _phase_named(self, name: str, line: int) -> PhaseFound:
        """The phase of this *name*, made when a table names it first."""
        known = next((p for p in self.out.phases if p.title.casefold() == name.casefold()), None)
        return known or self._new_phase(name, line)

    def _phase_of(self, section: Section) -> PhaseFound | None:
        """The phase that *section* belongs to, made when it is first met."""
        chosen = self.phase_section(section)
        if chosen is None:
            return None
        if chosen not in self.phases:
            self.phases[chosen] = self._new_phase(chosen.title, chosen.line)
        return self.phases[chosen]

    def phase_section(self, section: Section) -> Section | None:
        """Which heading over *section* is its phase: the outermost named one, else numbered, else plain."""
        path = [s for s in section.path() if s is not self.convention.title and s.role != "task"]
        best: tuple[int, Section] | None = None
        for part in path:
            if part not in self.holding and self.convention.kind(part) is not Kind.PHASE:
                continue
            worth = self._worth(part)
            if worth and (best is None or worth > best[0]):
                best = (worth, part)
        return best[1] if best else None

    def _worth(self, section: Section) -> int:
        read = self.convention.reads.get(section)
        if read is None:
            return 0
        if read.kind is Kind.PHASE and not self.convention.own:
            outside = any(
                self.convention.kind(s) in (Kind.SOFT, *APART) or self.convention.kind(s) in headings.PROSE
                for s in section.path()[:-1]
                if s is not self.convention.title
            )
            return 3 if not (outside and section not in self.holding) else 0
        if self.convention.own:
            return 3 if section.level == 2 else 0
        direct = any(block.role == "tasks" for block in section.blocks)
        if read.kind in (Kind.WORK, Kind.FEATURES) or (read.kind in headings.PROSE and not direct):
            return 1 if self.columns_as_phases and read.kind is Kind.WORK else 0
        return 2 if read.numbered else 1
