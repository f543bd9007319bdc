"""The reader's reasoning in plain sentences, and the warnings that only the whole document can tell."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qwen_orch.model.draft import Inference
from qwen_orch.model.task import TaskStatus
from qwen_orch.planning.reader import durations, states
from qwen_orch.planning.reader.entries import Edges, Found, Gathered, PhaseFound

_EFFORT = re.compile(
    r"\btotal(?: (?:time|effort|estimate|estimated time|duration|hours))?\**\s*[:=]\**\s*\**(~?\s*\d[^\n,;.]{0,30})",
    re.I,
)
_TOTAL = re.compile(
    r"\btotal(?: number of)? tasks\**\s*[:=]\**\s*(\d{1,6})\b|\b(\d{1,6}) tasks (?:in total|total)\b", re.I
)


def conclude(out: Gathered, edges: Edges, waits: Sequence[tuple[PhaseFound, PhaseFound, int]]) -> None:
    """Add the inferences of the whole document to *out*, and warnings about totals and emptiness."""
    if not out.tasks:
        _none(out)
        return
    _totals(out)
    parents = {id(t.parent) for t in out.tasks if t.parent}
    leaves = [t for t in out.tasks if id(t) not in parents]
    _hours(out, leaves)
    _requirements(out)
    _decomposition(out, leaves)
    _dependencies(out, edges, waits)
    _estimates(out, leaves)
    _risks(out, leaves)
    _review(out)


def _note(out: Gathered, text: str, purpose: str) -> None:
    out.notes.append(Inference(text, purpose))


def _some(count: int, thing: str, things: str = "") -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {things or thing + 's'}"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


def _parts(count: int) -> str:
    return "part of another" if count == 1 else "parts of others"


def _hours_of(hours: float) -> str:
    shown = f"{hours:.1f}".removesuffix(".0") if hours >= 0.1 else f"{hours:.2g}"
    return f"{shown} {'hour' if shown == '1' else 'hours'}"


def _none(out: Gathered) -> None:
    held = [
        _some(len(v), *names)
        for names, v in (
            (("requirement",), out.requirements),
            (("decision",), out.decisions),
            (("risk",), out.risks),
            (("criterion", "criteria"), out.gates),
        )
        if v
    ]
    why = (
        "it holds " + ", ".join(held) + " and prose, but nothing marked or placed as work"
        if held
        else "no list, table or heading in it reads as work to be done"
    )
    out.warn(
        f"no tasks were found: {why}. Put tasks in a list under a heading such as “Tasks” or “Phase 1”, "
        "or give them boxes (- [ ])"
    )
    _note(out, f"The text holds no plan: {why}.", "review")


def _totals(out: Gathered) -> None:
    stated = next((m for text in reversed(out.description) if (m := _TOTAL.search(text))), None)
    if stated:
        number = int(stated[1] or stated[2])
        if number != len(out.tasks):
            out.warn(f"the document says it has {_some(number, 'task')}; {len(out.tasks)} {_was(len(out.tasks))} read")


def _hours(out: Gathered, leaves: Sequence[Found]) -> None:
    """Report a stated total of effort that is not the sum of the tasks, when most tasks have an estimate."""
    known = [t.estimate.likely for t in leaves if t.estimate]
    told = [*out.description, *(d for t in out.tasks[-1:] for d in t.description)]
    match = next((m for text in reversed(told) if (m := _EFFORT.search(text))), None)
    total = durations.leading(match[1]) if match else None
    if total and len(known) * 2 > len(leaves) and not total[0].low * 0.95 <= sum(known) <= total[0].high * 1.05:
        out.warn(f"the text says {match[0].strip() if match else ''}; the tasks add up to {_hours_of(sum(known))}")


def _requirements(out: Gathered) -> None:
    goal = f"The goal is: {out.goal[:200]}" if out.goal else "The text states no goal, so the title stands for it"
    held = {"requirement": out.requirements, "decision": out.decisions, "risk": out.risks}
    counts = {name: len(things) for name, things in held.items()} | {"quality gate": len(out.gates)}
    also = ", ".join(_some(count, name) for name, count in counts.items() if count)
    _note(out, goal.rstrip(".") + "." + (f" Beside the work the text holds {also}." if also else ""), "requirements")


def _decomposition(out: Gathered, leaves: Sequence[Found]) -> None:
    parts = len(out.tasks) - sum(t.parent is None for t in out.tasks)
    text = f"Read {_some(len(out.tasks), 'task')}" + (f" ({parts} of them {_parts(parts)})" if parts else "")
    text += f" in {_some(len(out.phases), 'phase')}" if out.phases else ""
    _note(out, f"{text}; tasks are {out.convention}.", "decomposition")
    done = sum(t.status is TaskStatus.CLAIMED for t in out.tasks)
    gone = sum(t.status is TaskStatus.CANCELLED for t in out.tasks)
    later = sum(states.DEFERRED in t.tags for t in out.tasks)
    if done or gone or later:
        said = [
            (done, "marked done (a claim until it is verified)"),
            (gone, "struck out or dropped"),
            (later, "deferred"),
        ]
        _note(
            out,
            "Of these " + ", ".join(f"{n} {'is' if n == 1 else 'are'} {what}" for n, what in said if n) + ".",
            "decomposition",
        )


def _dependencies(out: Gathered, edges: Edges, waits: Sequence[tuple[PhaseFound, PhaseFound, int]]) -> None:
    every = [d for before in edges.tasks.values() for d in before.values()]
    inferred = sum(d.inferred for d in every)
    if every:
        text = f"{_some(len(every) - inferred, 'dependency is', 'dependencies are')} stated by the text"
        _note(out, text + (f", {inferred} inferred from its wording" if inferred else "") + ".", "architecture")
    if waits:
        shown = "; ".join(f"“{a.title[:40]}” after “{b.title[:40]}” (line {line + 1})" for a, b, line in waits[:4])
        _note(
            out,
            f"The text orders its phases: {shown}" + (f"; and {len(waits) - 4} more." if len(waits) > 4 else "."),
            "architecture",
        )
    if not every and not waits and len(out.tasks) > 1:
        _note(
            out,
            "The text states no dependencies; its order is a preference for what comes next, not a constraint.",
            "architecture",
        )


def _estimates(out: Gathered, leaves: Sequence[Found]) -> None:
    known = [t.estimate for t in leaves if t.estimate]
    if not known:
        _note(out, "No task has an estimate, so no finish can be forecast.", "estimates")
        return
    total = sum(e.mean for e in known)
    have = f"{len(known)} of {_some(len(leaves), 'task')} {'has' if len(known) == 1 else 'have'} an estimate"
    text = f"{have}, {_hours_of(total)} in all as expected"
    low = sum(e.confidence < 0.5 for e in known)
    _note(out, text + (f"; {low} of low confidence." if low else "."), "estimates")


def _risks(out: Gathered, leaves: Sequence[Found]) -> None:
    bare = sum(not t.criteria for t in leaves if t.status is TaskStatus.PENDING)
    checked = sum(any(c.check for c in t.criteria) for t in leaves)
    if bare:
        some = _some(bare, "open task has", "open tasks have")
        text = f"{some} no acceptance criteria: only a person can say when the work is done"
        _note(out, text + (f"; {checked} can be checked by a command." if checked else "."), "risks")
    for risk in out.risks[:3]:
        _note(out, f"The text names a risk: {risk[:160]}", "risks")


def _review(out: Gathered) -> None:
    if out.warnings:
        first = out.warnings[0]
        _note(out, f"{_some(len(out.warnings), 'thing needs', 'things need')} a look; the first: {first}", "review")
    else:
        _note(out, "Everything in the text was placed; nothing is left over.", "review")
