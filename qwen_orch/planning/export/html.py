"""A plan as one HTML file that needs nothing else: no script, no other file, readable in light and dark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from html import escape

from qwen_orch.graph.precedence import blocked_by
from qwen_orch.graph.query import progress, status_word
from qwen_orch.graph.state import Graph
from qwen_orch.model.plan import Plan
from qwen_orch.model.task import Attempt, Criterion, Evidence, Task
from qwen_orch.model.text import one_line
from qwen_orch.planning.export.shape import Group, Placed, amount, block, estimate, groups, relation

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #fff; --card: #f6f8fa; --line: #d0d7de;
  --good: #15803d; --bad: #b91c1c; --busy: #1d4ed8; --wait: #9a5b00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9ba7b4; --paper: #0d1117; --card: #161b22;
  --line: #30363d; --good: #4ade80; --bad: #f87171; --busy: #7cb0ff; --wait: #fbbf24; } }
.bars { display: grid; grid-template-columns: max-content 1fr; gap: .2rem .8rem; align-items: center; }
.bars i { display: block; min-width: 2px; height: .8rem; border-radius: .2rem; background: var(--busy); }
.bars i.late { background: var(--wait); }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1, h2, h3 { line-height: 1.25; } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
a { color: var(--busy); } code, pre { font: .9em/1.45 ui-monospace, monospace; }
pre { white-space: pre-wrap; background: var(--paper); border: 1px solid var(--line); padding: .5rem; margin: .3rem 0; }
.goal, .text { white-space: pre-wrap; } .goal { font-size: 1.1rem; } .soft { color: var(--soft); font-size: .9rem; }
progress { width: 100%; height: 1rem; accent-color: var(--good); }
.task { background: var(--card); border: 1px solid var(--line); border-left: .3rem solid var(--soft);
  border-radius: .4rem; padding: .6rem .9rem; margin: .6rem 0 .6rem calc(var(--depth, 0) * 1.5rem); }
.task h3 { font-size: 1rem; margin: 0; } .task ul { margin: .3rem 0; padding-left: 1.3rem; }
.completed { border-left-color: var(--good); } .failed { border-left-color: var(--bad); }
.in_progress, .claimed { border-left-color: var(--busy); }
.blocked, .interrupted { border-left-color: var(--wait); } .cancelled h3 { text-decoration: line-through; }
.passed { color: var(--good); } .no { color: var(--bad); }
@media print { body { max-width: none; } .task { break-inside: avoid; } }
"""
_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
"""
_MARKS = {"passed": "✓", "failed": "✗", "unverified": "?", "open": "○"}
DEEPEST = 8
"""Subtasks nested deeper are not moved further to the right."""


def render_html(graph: Graph, include_progress: bool, now: datetime) -> str:
    """Return the page; with *include_progress* also statuses, evidence, attempts and when it was made."""
    lines = [*_top(graph, include_progress, now), *_plan(graph.root.plan, include_progress), *_schedule(graph)]
    words = {i: status_word(graph, t, now) for i, t in graph.tasks.items()} if include_progress else {}
    for group in groups(graph):
        lines += _group(graph, group)
        for placed in group.tasks:
            lines += _task(graph, placed, words.get(placed.task.id), now)
    page = _HEAD.format(title=_line(graph.root.title), style=_STYLE)
    return page + "\n".join(lines) + "\n</body>\n</html>\n"


def _line(text: str) -> str:
    """Return *text* on one line, safe as HTML text and as an attribute."""
    return escape(one_line(text))


def _block(text: str) -> str:
    """Return *text* with its lines, safe as HTML text."""
    return escape(block(text))


def _top(graph: Graph, include_progress: bool, now: datetime) -> Iterator[str]:
    root = graph.root
    yield f'<h1 dir="auto">{_line(root.title)}</h1>'
    yield f'<p class="goal" dir="auto">{_block(root.plan.goal)}</p>'
    if root.plan.description:
        yield f'<p class="text" dir="auto">{_block(root.plan.description)}</p>'
    facts = f"{_line(root.id)} · {len(graph.tasks)} tasks"
    if not include_progress:
        yield f'<p class="soft">{facts}</p>'
        return
    done = progress(graph)
    yield f'<p><progress value="{done.fraction:.4f}" max="1">{done.fraction:.0%}</progress></p>'
    counted = f"{done.fraction:.0%} of the work · {done.done} of {done.total} tasks completed"
    yield f'<p class="soft">{facts} · plan {root.plan.status} · {counted} · as of {now:%Y-%m-%d %H:%M %Z}</p>'


def _plan(plan: Plan, include_progress: bool) -> Iterator[str]:
    """Yield what belongs to the whole plan."""
    yield from _list("Requirements", map(_text, plan.requirements))
    yield from _list("Decisions", (_text(f"{d.text} — {d.why}" if d.why else d.text) for d in plan.decisions))
    yield from _list("Risks", map(_text, plan.risks))
    yield from _list("Quality gates", (_criterion(c, include_progress) for c in plan.quality_gates))


def _schedule(graph: Graph) -> Iterator[str]:
    """Yield a bar for each open task, from its earliest start to its earliest finish, if hours are known."""
    if not any(t.estimate for t in graph.tasks.values()):
        return
    from qwen_orch.graph.schedule import schedule

    found = schedule(graph)
    leaves = [t for t in graph.ordered() if t.id in found.slots and t.id not in graph.parts]
    yield f'<h2>Schedule</h2><p class="soft">{found.length:.1f} working hours, if nobody waits for a worker</p>'
    yield '<div class="bars">'
    for task in leaves:
        slot, style = found.slots[task.id], "late" if task.id in found.critical_path else "free"
        left, wide = (100 * hours / (found.length or 1) for hours in (slot.start, slot.finish - slot.start))
        place = f"margin-left:{left:.2f}%;width:{wide:.2f}%"
        yield f'{_link(task.id, task.id)}<span><i class="{style}" style="{place}"></i></span>'
    yield "</div>"


def _list(title: str, items: Iterable[str]) -> Iterator[str]:
    shown = [f"<li>{item}</li>" for item in items]
    if shown:
        yield from (f"<h2>{title}</h2>", "<ul>", *shown, "</ul>")


def _text(text: str) -> str:
    return f'<span class="text" dir="auto">{_block(text)}</span>'


def _group(graph: Graph, group: Group) -> Iterator[str]:
    """Yield the heading of a phase, with what it waits for."""
    phase = group.phase
    yield f'<h2 id="{_line(phase.id)}" dir="auto">{_line(phase.title)}</h2>' if phase else "<h2>Tasks</h2>"
    if phase and phase.depends_on:
        before = (found for p in phase.depends_on if (found := graph.phase(p)))
        yield f'<p class="soft">After {", ".join(_link(p.id, p.title) for p in before)}</p>'
    if phase and phase.description:
        yield f'<p class="text" dir="auto">{_block(phase.description)}</p>'


def _link(target: str, text: str) -> str:
    return f'<a href="#{_line(target)}">{_line(text)}</a>'


def _task(graph: Graph, placed: Placed, word: str | None, now: datetime) -> Iterator[str]:
    """Yield one task; *word* is its status, or None when progress is not shown."""
    task, depth = placed
    indent = f' style="--depth:{min(depth, DEEPEST)}"' if depth else ""
    yield f'<article class="task {word or ""}" id="{_line(task.id)}"{indent}>'
    yield f'<h3><code>{_line(task.id)}</code> <span dir="auto">{_line(task.title)}</span></h3>'
    yield f'<p class="soft">{" · ".join(_facts(task, word))}</p>'
    if task.description:
        yield f'<p class="text" dir="auto">{_block(task.description)}</p>'
    yield from _waits(graph, task, word is not None, now)
    yield from (f"<pre>{_block(command)}</pre>" for command in task.run)
    yield from _items(_criterion(c, word is not None) for c in task.acceptance)
    if word:
        yield from _history(task)
    yield "</article>"


def _facts(task: Task, word: str | None) -> Iterator[str]:
    if word:
        yield escape(word.replace("_", " "))
        if 0 < task.progress < 1:
            yield f"{task.progress:.0%}"
    yield f"{task.priority} priority"
    if task.estimate:
        yield f"{amount(task.estimate.likely)} ({estimate(task.estimate)})"
    if task.assignee:
        yield f"@{_line(task.assignee)}"
    yield from (f"#{_line(tag)}" for tag in task.tags)


def _waits(graph: Graph, task: Task, include_progress: bool, now: datetime) -> Iterator[str]:
    marks = ((_link(d.task, d.task), relation(d), "(inferred)" if d.inferred else "") for d in task.depends_on)
    needed = [" ".join(filter(None, told)) for told in marks]
    if needed:
        yield f'<p class="soft">Depends on {", ".join(needed)}</p>'
    held = blocked_by(graph, task, now) if include_progress and not task.status.settled else ()
    if held:
        yield f'<p class="soft">Blocked by {", ".join(map(_line, held))}</p>'


def _items(items: Iterable[str]) -> Iterator[str]:
    shown = [f"<li>{item}</li>" for item in items]
    if shown:
        yield from ("<ul>", *shown, "</ul>")


def _criterion(criterion: Criterion, include_progress: bool) -> str:
    check = f" <code>{_block(criterion.check)}</code>" if criterion.check else ""
    text = f"{_text(criterion.text)}{check}"
    if not include_progress:
        return text
    kind = {"passed": "passed", "failed": "no"}.get(criterion.status, "soft")
    mark = f'<span class="{kind}">{_MARKS[criterion.status]} {criterion.status}</span>'
    return f"{mark} {text}{_evidence(criterion.evidence) if criterion.evidence else ''}"


def _evidence(evidence: Evidence) -> str:
    """Return what speaks for or against a criterion, folded away."""
    code = f"exit code {evidence.exit_code}" if evidence.exit_code is not None else ""
    took = f"{evidence.seconds:.1f} s" if evidence.seconds else ""
    by = f"by {_line(evidence.by)}" if evidence.by else ""
    facts = " · ".join(filter(None, (_line(evidence.kind), code, took, by, _line(evidence.at), _line(evidence.commit))))
    return _folded(facts, evidence.output)


def _folded(summary: str, output: str) -> str:
    """Return *summary*, which is HTML, with *output* that opens below it, if there is some."""
    if not output.strip():
        return f'<div class="soft">{summary}</div>'
    return f'<details class="soft"><summary>{summary}</summary><pre>{_block(output)}</pre></details>'


def _history(task: Task) -> Iterator[str]:
    if task.summary:
        yield f'<p class="text" dir="auto">{_block(task.summary)}</p>'
    yield from map(_attempt, task.attempts)
    if task.finished:
        yield f'<p class="soft">Finished {_line(task.finished)}</p>'


def _attempt(attempt: Attempt) -> str:
    ended = f" to {_line(attempt.ended)}" if attempt.ended else ""
    detail = f" · {_line(attempt.detail)}" if attempt.detail else ""
    what = f"Attempt {attempt.number} · {attempt.executor} · {attempt.outcome}"
    return _folded(f"{what} · {_line(attempt.started)}{ended}{detail}", attempt.output)
