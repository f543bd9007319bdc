"""How an agent is started, and what is known of its ways."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

from attrs import field, frozen

from qwen_orch.errors import AgentError
from qwen_orch.processes.ourselves import our_variables, ourselves
from qwen_orch.project.project import Project
from qwen_orch.project.trust import refuse_untyped

SERVER = "orch"
"""What our report server is called by agents; its tools are then named after it."""
USUAL = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "XDG_CONFIG_HOME"),
    *("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
)
"""The variables of our own environment that any agent gets. No other is passed but those its profile names."""
QWEN_VARIABLES = (
    *("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL", "DASHSCOPE_API_KEY", "BAILIAN_CODING_PLAN_API_KEY"),
    *("QWEN_HOME", "QWEN_RUNTIME_DIR", "QWEN_MODEL", "QWEN_CODE_API_TIMEOUT_MS"),
)
QWEN_WITHOUT = (
    *("tool_search", "tool_call", "ask_user_question", "enter_plan_mode", "exit_plan_mode", "enter_worktree"),
    *("agent", "monitor", "send_message", "task_stop", "cron_create", "loop_wakeup"),
)
"""Tools of Qwen Code, of one version or another, that would hide ours behind a search, ask a person who is not there,
change the mode that was set, or work out of our sight or in another folder.
"""


@frozen
class Profile:
    """An agent: the *command* that starts it and all of its *environment*.

    It *names_sessions* if it may open a session under the id we choose and resume it under the same; it *counts_tokens*
    if a turn without any must be doubted; *chat* tells where it keeps a session, if that is known.
    """

    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(repr=False)
    names_sessions: bool = False
    counts_tokens: bool = False
    chat: Callable[[Path, str], Path | None] = lambda cwd, session: None


def profile_of(project: Project) -> Profile:
    """Return the agent that is configured; raise `AgentError` when there is none, nobody agreed to it, or it is not
    installed.
    """
    config = project.config
    name = config.agent
    if not name:
        raise AgentError("no agent is configured", "/config agent.name qwen", "/config agent.name sim")
    refuse_untyped(project.root, config)
    named = dict.fromkeys((*USUAL, *shlex.split(config.agent_environment.replace(",", " "))))
    passed = {k: os.environ[k] for k in named if k in os.environ} | {"TERM": "dumb", "NO_COLOR": "1"}
    if config.agent_command:
        return Profile(name, _found(name, shlex.split(config.agent_command)), passed)
    if name == "qwen":
        return _qwen(passed)
    if name == "sim":
        kept = {k: v for k, v in os.environ.items() if k == "QWEN_ORCH_SIM_HOME"}
        return Profile(name, ourselves("agent-sim"), passed | our_variables() | kept, True, True)
    raise AgentError(f"how is the agent {name} started?", "/config agent.command 'COMMAND'", "/config agent.name qwen")


def _qwen(passed: dict[str, str]) -> Profile:
    passed |= {k: os.environ[k] for k in QWEN_VARIABLES if k in os.environ}
    passed["QWEN_CODE_NO_RELAUNCH"] = "true"  # one process: a signal to our child reaches the agent itself
    passed["QWEN_CODE_LEGACY_MCP_BLOCKING"] = "1"  # newer ones: its first request has the tools of our server already
    tools = ("--exclude-tools", ",".join(QWEN_WITHOUT), "--allowed-tools", f"mcp__{SERVER}__*")
    command = _found("qwen", ["qwen", "--acp", *tools])
    return Profile("qwen", command, passed, names_sessions=True, counts_tokens=True, chat=_qwen_chat)


def _found(name: str, command: list[str]) -> tuple[str, ...]:
    """Return *command* with the whole path of its program; raise `AgentError` when it is not there."""
    program = shutil.which(command[0]) if command else None
    if program is None:
        install = ("npm install -g @qwen-code/qwen-code",) if name == "qwen" else ("/config agent.command 'COMMAND'",)
        missing = f"{command[0] if command else 'its command'} is not on the PATH"
        raise AgentError(f"the agent {name} was not found: {missing}", *install, "/config agent.name sim")
    return program, *command[1:]


def _qwen_chat(cwd: Path, session: str) -> Path | None:
    """Return where Qwen Code keeps the chat of *session*: its folder is named after the project's path."""
    home = Path(os.environ.get("QWEN_RUNTIME_DIR") or os.environ.get("QWEN_HOME") or Path.home() / ".qwen")
    slug = "".join(c if c.isascii() and c.isalnum() else "-" for c in str(cwd))
    return home / "projects" / slug / "chats" / f"{session}.jsonl"
