"""Commands for going back, setting up and finding out what is wrong."""

from __future__ import annotations

from functools import partial
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Annotated

from qwen_orch.answers.core import Change
from qwen_orch.answers.safety import Checkpoint, Diagnosis, Hook, HookList, Setting, Settings, Undone
from qwen_orch.commands.context import Context, refuse_attempt
from qwen_orch.commands.registry import Arg, command
from qwen_orch.errors import StateTransitionError, UsageError, ValidationError
from qwen_orch.model import event as e
from qwen_orch.model.ids import is_safe
from qwen_orch.project.config import KEYS, Config
from qwen_orch.project.writer import Writer

if TYPE_CHECKING:
    from qwen_orch.store.journal import Record


@command("Safety")
def undo(
    ctx: Context,
    steps: Annotated[int | None, Arg("how many steps; 1 if left out")] = None,
    *,
    redo: Annotated[bool, Arg("put back what was undone last")] = False,
    to: Annotated[str | None, Arg("back to this checkpoint")] = None,
    force: Annotated[bool, Arg("forget steps although their commands ran")] = False,
    expect: Annotated[int | None, Arg("refuse if this is not the newest step")] = None,
) -> Undone:
    """Take back the last steps on plan, tasks and sessions, or put them back with --redo.

    In the shell they are shown first, and it is asked. Nothing is erased: an undo is a step itself, and can be redone.
    What commands did to files is not undone, so a step that ran some is refused without --force. A step that came from
    elsewhere since you last looked is not taken back unseen.
    """
    from qwen_orch.project import undo as undoing
    from qwen_orch.project.history import entries

    writer = ctx.writer
    newest = writer.seq
    undoing.refuse_unseen(writer, ctx.newest_seen(writer) if expect is None else expect)
    count = writer.mending(lambda: _steps(ctx, steps, to))
    chosen = writer.mending(lambda: _all_or_none(writer, count, redo, force))
    if ctx.door.interactive and chosen and not redo:
        refusal = StateTransitionError("nothing was taken back", "/undo --yes", "/session_history --timeline")
        ctx.consent(undoing.question(chosen), refusal)
    if ctx.project.config.enableBackups:
        writer.backup("undo")
    act = undoing.redo if redo else partial(undoing.undo, force=force)
    taken = [act(writer, newest=newest + done) for done in range(count)]
    return Undone(entries(taken), redo, writer.seq)


def _all_or_none(writer: Writer, count: int, redo: bool, force: bool) -> list[Record]:
    """Return the steps to take back, or put back; raise `StateTransitionError` unless that can be done with all."""
    from qwen_orch.project import undo as undoing
    from qwen_orch.project.history import stacks

    standing, undone = stacks(writer.past().records())
    chosen = undone[::-1][:count] if redo else list(islice(standing, count))
    there = len(chosen) if redo or next(standing, None) else len(chosen) - 1  # what began it all stays
    if count > there:
        what = "redo" if redo else "undo"
        few = f"there are only {there} steps to {what}" if there > 1 else f"there is only one step to {what}"
        raise StateTransitionError(few if there else f"there is nothing to {what}", "/session_history")
    for step in [] if redo or force else reversed(chosen):
        undoing.refuse_outside(step)
    undoing.look_ahead(writer.past(), chosen, redo)
    return chosen


def _steps(ctx: Context, steps: int | None, to: str | None) -> int:
    if to is not None:
        from qwen_orch.project.history import stacks

        names = ctx.writer.graph.root.checkpoints
        if to not in names:
            raise ValidationError(
                f"there is no checkpoint {to[:40]!r}", *(f"/undo --to {n}" for n in names), "/checkpoint"
            )
        standing, _ = stacks(ctx.writer.past().records())
        return sum(1 for _ in takewhile(lambda step: step.seq > names[to], standing))
    if steps is not None and steps < 1:
        raise UsageError("the number of steps is 1 or more", "/undo 1")
    return steps or 1


@command("Safety")
def checkpoint(ctx: Context, name: Annotated[str | None, Arg("a name to come back to")] = None) -> Checkpoint:
    """Give the present state a name to come back to with /undo --to, and keep a backup. Without a name: list them."""
    ctx.reads = name is None
    writer = ctx.writer
    if name is None:
        return Checkpoint("", writer.seq, None, dict(writer.graph.root.checkpoints))
    if not is_safe(name):
        raise ValidationError(
            f"{name[:40]!r} is no name: lower-case letters, digits and '-'", "/checkpoint before-lunch"
        )
    backup = f"backups/{writer.backup(f'checkpoint-{name}')}" if ctx.project.config.enableBackups else None
    writer.commit("checkpoint", lambda _: [e.CheckpointNamed(name, writer.seq + 1)])
    return Checkpoint(name, writer.seq, backup, dict(writer.graph.root.checkpoints))


@command("Safety")
def config(
    ctx: Context,
    key: Annotated[str | None, Arg("setting", takes="setting")] = None,
    value: Annotated[str | None, Arg("its new value")] = None,
) -> Settings:
    """List the settings, show one, or set one. They are kept in .qwen/orchestration/config.json."""
    from qwen_orch.project.config import checked, to_dict
    from qwen_orch.project.trust import LOOSENING, agree

    if key is not None and key not in KEYS:
        checked(key, None)
    if key is not None and value is not None:
        if key in ("permissions", "hooks") or key.startswith("agent."):
            refuse_attempt(f"/config {key}")
        ctx.project.configure(key, value)
        if key == "hooks":  # typed by the person just now: that is the consent
            _agree(ctx)
        if key in LOOSENING:
            agree(ctx.project.root, ctx.project.config, key)
    present, usual = to_dict(ctx.project.config), to_dict(Config())
    names = [key] if key else list(KEYS)
    settings = tuple(Setting(n, present[n], usual[n], KEYS[n].metadata["meaning"]) for n in names)
    return Settings(settings, str(ctx.project.home / "config.json"))


@command("Safety")
def hooks(
    ctx: Context, *, trust: Annotated[bool, Arg("agree to the hooks that stand there, as they are", acts=True)] = False
) -> HookList:
    """List your own commands that run on events, and whether they do: see the settings hooks, hookTimeout and notify.

    A hook runs only as you agreed to it: typed with /config hooks, or shown here and agreed to with --trust. One that
    came with the project, or that something changed in config.json, does not run before.
    """
    if trust:
        refuse_attempt("/hooks --trust")
        new = [f"  {h.event}: {h.command}" for h in _hooks(ctx) if not h.agreed]
        question = "\n".join(["These commands would run whenever it happens:", *new, "Agree?"])
        refusal = StateTransitionError("nobody agreed, so they do not run", "/hooks --trust --yes", "/hooks")
        if new:
            ctx.consent(question, refusal)
        _agree(ctx)
    return HookList(_hooks(ctx), "logs/hooks.log")


def _hooks(ctx: Context) -> tuple[Hook, ...]:
    from qwen_orch.project.trust import is_trusted

    root = ctx.project.root
    return tuple(Hook(event, line, is_trusted(root, event, line)) for event, line in ctx.project.config.hooks.items())


def _agree(ctx: Context) -> None:
    from qwen_orch.project.trust import trust

    for hook in _hooks(ctx):
        trust(ctx.project.root, hook.event, hook.command)


@command("Safety")
def doctor(
    ctx: Context, *, dry_run: Annotated[bool, Arg("say what a repair would do to each file, and do nothing")] = False
) -> Diagnosis:
    """Look at everything that could be wrong: settings, permissions, disk, locks, and every stored byte.

    Damage that is found is repaired from journal and snapshots, after a copy was kept in backups/. Settings that an
    editor left broken are mended when you agree to the difference (or with --yes). An edit of any other file has no
    effect; what it would have changed is shown, with the command that does.
    """
    from qwen_orch.project.examination import examine, loose

    changes = [Change(str(p.relative_to(ctx.project.home)), "make private") for p in loose(ctx.project)]
    findings = tuple(examine(ctx.project, (lambda _: False) if dry_run else ctx.agreed))
    would = ctx.would_change()
    healthy = all(f.state != "problem" for f in findings)
    return Diagnosis(findings, healthy, None if would is None else (*changes, *would))
