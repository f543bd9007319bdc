"""Commands that hand the plan on: as a file, as text, as a drawing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from qwen_orch.answers.core import task_answer
from qwen_orch.answers.encoding import to_json
from qwen_orch.answers.exports import Drawing, Exported, Span
from qwen_orch.answers.work import Completeness
from qwen_orch.commands.context import Context, local_path
from qwen_orch.commands.registry import Arg, command
from qwen_orch.errors import UsageError, ValidationError
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.session import Artifact
from qwen_orch.model.task import Task
from qwen_orch.project.opening import working
from qwen_orch.project.writer import Writer, now, timestamp

OURS = ("json", "csv", "markdown", "mermaid", "gantt", "html")
NEIGHBOURS = ("taskmaster", "speckit", "kiro", "backlog", "beads", "taskwarrior", "checklist")


@command("Export", reads=True)
def export_plan(
    ctx: Context,
    format: Annotated[str, Arg("what to write", choices=(*OURS, *NEIGHBOURS))] = "markdown",  # noqa: A002
    *,
    output: Annotated[
        str | None, Arg("file (backlog: folder) to write; else standard output", takes="file", acts=True)
    ] = None,
    include_progress: Annotated[bool, Arg("with statuses, evidence, attempts and times")] = False,
) -> Exported:
    """Export the plan. json comes back with /import, markdown with /plan; csv is safe to open in a spreadsheet.

    mermaid draws the dependencies, gantt the schedule. taskmaster, speckit, kiro, backlog, beads, taskwarrior and
    checklist are the files of other tools, with what is done; what such a file cannot say is told as a warning.
    """
    writer = ctx.writer
    content = _content(ctx, writer.graph, format, include_progress)
    if isinstance(content, dict):
        return _export_folder(ctx, writer, format, content, output)
    if output is None:
        return Exported(format, content=content)
    _write(ctx, writer, local_path(output), content, f"{format} export")
    return Exported(format, path=str(local_path(output)))


def _content(ctx: Context, graph: Graph, name: str, include_progress: bool) -> str | dict[str, str]:
    """Return the plan in a format: the text of one file, or of each file of a folder."""
    if name in OURS:
        from qwen_orch.planning.export import render

        return render(graph, name, include_progress, now())
    from qwen_orch.planning import neighbours

    for line in neighbours.cannot_say(graph, name):
        ctx.warn(line)
    return neighbours.render(graph, name)


def _export_folder(ctx: Context, writer: Writer, name: str, files: dict[str, str], output: str | None) -> Exported:
    """Write *files* into a folder, when a person agrees to what stands there already."""
    if output is None:
        raise UsageError(f"{name} is a folder of files: say where", f"/export_plan {name} --output FOLDER")
    folder = local_path(output)
    if folder.exists() and not folder.is_dir():
        raise ValidationError(f"{folder} is a file, not a folder", f"/export_plan {name} --output FOLDER")
    if folder.is_dir() and any(folder.iterdir()):
        refusal = ValidationError(f"{folder} is not empty; nothing was written", "choose another folder, or add --yes")
        ctx.consent(f"{folder} is not empty. Write {len(files)} files into it?", refusal)
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        ctx.project.disk.write_file(folder / file, text.encode("utf-8", "replace"))
    _record(ctx, writer, folder, f"{name} export")
    return Exported(name, path=str(folder))


def _write(ctx: Context, writer: Writer, path: Path, content: str, kind: str) -> None:
    """Write a file for a person, and remember it as an artifact of the session."""
    ctx.project.disk.write_file(path, content.encode("utf-8", "replace"))
    _record(ctx, writer, path, kind)


def _record(ctx: Context, writer: Writer, path: Path, kind: str) -> None:
    """Remember what was written at *path* as an artifact of the session."""
    name = _relative(ctx, path)

    def recorded(graph: Graph) -> list[e.Event]:
        session, opening = working(graph, ctx.project, ctx.session(writer))
        return [*opening, e.ArtifactRecorded(session, Artifact(name, kind, timestamp()))]

    writer.commit("export_plan", recorded)


def _relative(ctx: Context, path: Path) -> str:
    whole = path.resolve()
    return str(whole.relative_to(ctx.project.root)) if whole.is_relative_to(ctx.project.root) else str(whole)


def write_report(ctx: Context, writer: Writer, found: Completeness, report: str) -> Completeness:
    """Write what a completeness check found to the file *report*, and return it with the path."""
    path = local_path(report)
    found = found._replace(report=str(path))
    text = to_json(found, pretty=True).decode() if path.suffix == ".json" else _report(found)
    _write(ctx, writer, path, text, "completeness report")
    return found


def _report(found: Completeness) -> str:
    lines = [f"# Completeness of {found.orchestration.title}", ""]
    verdict = "Complete" if found.complete else "Not complete"
    lines += [f"**{verdict}**: {found.progress.done} of {found.progress.total} tasks.", ""]
    lines += ["## Criteria", ""] if found.criteria else []
    for c in found.criteria:
        proof = f", `{c.check}`" if c.check else ""
        exit_code = f" exited with {c.evidence.exit_code}" if c.evidence and c.evidence.command else ""
        lines.append(f"- {c.status}: {c.task}: {c.text}{proof}{exit_code}")
    lines += ["", "## Remaining", ""] if found.remaining else []
    lines += [f"- {r.task} {r.title}: {r.why}; continue with `{r.command}`" for r in found.remaining]
    lines += ["", "## Recommendations", "", *(f"- {r}" for r in found.recommendations)]
    return "\n".join(lines) + "\n"


@command("Export", reads=True)
def graph(ctx: Context) -> Drawing:
    """Draw who waits for whom, each task below what it waits for, and when each can be done at the earliest."""
    from qwen_orch.graph.schedule import schedule

    state, moment = ctx.writer.graph, now()
    found = schedule(state)
    known = any(t.estimate for t in state.tasks.values())
    slots = {i: Span(*(round(h, 2) for h in (s.start, s.finish, s.slack))) for i, s in found.slots.items() if known}
    return Drawing(
        lines=tuple(_tree(state)),
        tasks=tuple(task_answer(state, t, moment) for t in state.ordered()),
        critical_path=found.critical_path,
        schedule={str(i): slot for i, slot in slots.items()},
    )


def _tree(graph: Graph) -> list[tuple[int, str]]:
    """Return (depth, id) lines: a task stands below the last thing that it waits for, once."""
    below: dict[str | None, list[Task]] = {}
    for task in graph.ordered():
        waits = [d.task for d in task.depends_on] or ([task.parent] if task.parent else [])
        below.setdefault(max(waits) if waits else None, []).append(task)
    lines: list[tuple[int, str]] = []
    stack = [(0, t) for t in reversed(below.get(None, []))]
    while stack:
        depth, task = stack.pop()
        lines.append((depth, task.id))
        stack += [(depth + 1, t) for t in reversed(below.get(task.id, []))]
    return lines
