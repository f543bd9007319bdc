"""Commands that bring plans in, and show the outlines from which goals are planned."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from qwen_orch.answers.core import orchestration_answer
from qwen_orch.answers.plans import Imported, Playbook, Playbooks
from qwen_orch.commands.context import Context, local_path
from qwen_orch.commands.plans import adopt, draft_of, may_replace
from qwen_orch.commands.registry import Arg, command
from qwen_orch.commands.source import bytes_of, text_of
from qwen_orch.errors import ValidationError
from qwen_orch.model import event as e
from qwen_orch.model.draft import Draft
from qwen_orch.model.ids import OrchestrationId
from qwen_orch.project.writer import timestamp


@command("Planning", "import")
def import_plan(
    ctx: Context,
    file: Annotated[str, Arg("a file of ours (JSON), of another tool, or any plan; or a folder", takes="file")],
    *,
    title: Annotated[str | None, Arg("title, instead of the one in the file")] = None,
) -> Imported:
    """Bring a plan in from a file: an export of ours whole, with its history of work; any other document as /plan does.

    What it holds says what it is: Task Master's tasks.json, Spec Kit's or Kiro's tasks.md, a folder of Backlog.md, the
    issues.jsonl of beads, taskwarrior's export, a checklist, or any plan text. Commands that came in are not approved:
    /approve_plan shows them first.
    """
    from qwen_orch.planning import neighbours
    from qwen_orch.planning.intake import restored_events

    path = local_path(file.removeprefix("@"))
    raw = None if path.is_dir() else bytes_of(path)
    events = restored_events(raw, ctx.project.layout.is_taken, timestamp()) if raw is not None else None
    if events is not None:
        return _restored(ctx, events)
    name = neighbours.recognise(path)
    if raw is None and name is None:
        expected = "a folder is imported when it holds the task files of Backlog.md"
        raise ValidationError(f"{path} holds no tasks: {expected}", "/import FILE")
    draft = _import_draft(ctx, path, raw, name, title)
    may_replace(ctx)
    planned = adopt(ctx, draft, None, (), str(path))
    ctx.warnings += planned.warnings
    return Imported(planned.orchestration, len(planned.tasks), 1, name or "plan")


def _import_draft(ctx: Context, path: Path, raw: bytes | None, name: str | None, title: str | None) -> Draft:
    """Return what the file or folder says to do; raises `ValidationError` when that is nothing."""
    from qwen_orch.planning import neighbours

    if name is None:
        return draft_of(ctx, text_of(ctx, f"@{path}")[0], None, title, typed=False)
    found = neighbours.parse(name, path if raw is None else raw, title)
    if not found.tasks:
        why = "; ".join(str(w) for w in found.warnings[:3]) or "it holds nothing to do"
        raise ValidationError(f"no tasks were found in {path}: {why}", "/help import")
    return found


def _restored(ctx: Context, events: list[e.Event]) -> Imported:
    """Make the orchestration that *events* create, an export of ours, the current one."""
    may_replace(ctx)
    created = next(v.orchestration.id for v in events if isinstance(v, e.OrchestrationCreated))
    writer = ctx.project.created(OrchestrationId(created), "import", events, None)
    return Imported(orchestration_answer(writer.graph.root), len(writer.graph.tasks), len(writer.graph.sessions))


@command("Planning")
def playbooks(
    ctx: Context,
    name: Annotated[str | None, Arg("playbook to look at; all of them if left out", takes="template")] = None,
    *,
    goal: Annotated[str | None, Arg("goal to fill it in with")] = None,
) -> Playbooks:
    """Show the playbooks from which a one-line goal is planned: those that are shipped, and the project's own.

    With a name, or with a goal alone, the outline is shown that /plan would read. A Markdown file in
    .qwen/orchestration/playbooks/ is a playbook of the project's own.
    """
    from qwen_orch.planning import playbooks as shelf

    folder = ctx.project.home / "playbooks"
    if name is None and goal is not None:
        name = shelf.choose(goal, folder)
    outline = shelf.outline(name, goal or "", folder) if name is not None else None
    found = tuple(Playbook(*entry) for entry in shelf.listed(folder) if name in (None, entry[0]))
    return Playbooks(found, str(folder), goal, outline)
