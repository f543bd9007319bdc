"""Commands that bring ours into other programs, and take them out again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from qwen_orch.answers.inside import Installed, Uninstalled
from qwen_orch.commands.context import Context
from qwen_orch.commands.registry import Arg, command, find
from qwen_orch.inside.slash_commands import ANY, NAMES, text

if TYPE_CHECKING:
    from qwen_orch.inside.installation import Folder

AGENT = Arg("the program", choices=("qwen",))


@command("Agents")
def install(
    ctx: Context,
    agent: Annotated[str, AGENT],
    *,
    global_: Annotated[bool, Arg("for every project of yours, not for this one alone")] = False,
) -> Installed:
    """Bring these commands into Qwen Code: /plan, /list_tasks and the others work there on the same state.

    Its own /context and /resume stay; ours are /orch context and /orch resume there, as is any other command. Writes
    command files, a hook and the report server into .qwen, and changes nothing else in the settings.
    """
    from qwen_orch.inside import installation

    folder = _folder(ctx, global_)
    change = installation.install(folder, _commands(), installation.program())
    for path in change.kept:
        ctx.warn(f"{path} was changed by you and is left as it is")
    return Installed(
        agent=agent,
        folder=str(folder.path),
        commands=(*(f"/{name}" for name in NAMES), f"/{ANY}"),
        written=tuple(map(str, change.written)),
        kept=tuple(map(str, change.kept)),
    )


@command("Agents")
def uninstall(
    ctx: Context,
    agent: Annotated[str, AGENT],
    *,
    global_: Annotated[bool, Arg("what was installed for every project of yours")] = False,
) -> Uninstalled:
    """Take out of Qwen Code what /install put there. What you changed since then stays, and is named.

    Settings that nobody else touched are again what they were, byte by byte.
    """
    from qwen_orch.inside import installation

    folder = _folder(ctx, global_)
    change = installation.uninstall(folder)
    if change.edited:
        ctx.warn(f"{folder.settings} was changed since: only our entries were taken out of it")
    for path in change.kept:
        ctx.warn(f"{path} was changed by you and is left as it is")
    return Uninstalled(
        agent=agent,
        folder=str(folder.path),
        written=tuple(map(str, change.written)),
        removed=tuple(map(str, change.removed)),
        kept=tuple(map(str, change.kept)),
    )


def _folder(ctx: Context, everywhere: bool) -> Folder:
    from qwen_orch.inside.installation import Folder, own_folder
    from qwen_orch.store.files import Disk

    path = own_folder() if everywhere else ctx.project.root / ".qwen"
    return Folder(path, Disk(ctx.project.disk.calls), everywhere)  # no scratch folder: it may be on another disk


def _commands() -> dict[str, str]:
    """Return the text of every command file by its name, from the declarations of the commands."""
    files = {}
    for name in NAMES:
        declared = find(name)
        files[name] = text(name, declared.summary, declared.usage.removeprefix(f"/{name}").strip())
    files[ANY] = text(ANY, "Any command of qwen-orch, as /orch context or /orch resume SESSION", "COMMAND ...")
    return files
