"""What an agent is asked to do with what it is given, by kind of session; each names the tools that it reports with."""

from __future__ import annotations

from qwen_orch.model.session import THOUGHTS, Session, SessionKind

_WORK = """\
Do this one task now, completely, in the project in the current folder, and nothing beyond it.
- Prove it before you say that it is done: run the checks named above, or whatever shows that the criteria hold.
- Tell how far you are with the tool report_progress, and what you settled and why with record_decision.
- When it is done, and only then, call the tool claim_done once, with a short summary of what you changed.
- If something stands in the way, do not claim: say in one sentence what it is, and end your turn.
The tools are those of the MCP server "orch". What you claim is checked: by commands, and by a second reader."""
_REVIEW = """\
Somebody says that this task is done. You are the second reader: look for yourself, and believe nothing you were told.
- Look at the files, and at nothing but the facts. Change nothing.
- For each acceptance criterion above that names no check, call the tool report_finding once, with its number:
  {criterion, met, confidence from 0 to 1, reason}. If no criterion is named at all, 1 is the task itself.
- A criterion that you cannot judge gets a low confidence. The reason names file and line.
The tool is one of the MCP server "orch". Then end your turn."""
_PLAN = """\
Make a plan that reaches the goal. Change no file; look at the project as far as you need to.
- Think first, in numbered steps, with the tool sequentialthinking: at least {thoughts} thoughts, and among their
  purposes requirements, architecture, decomposition and risks. Revise an earlier thought where you find it wrong.
- Then hand the plan in with the tool submit_plan, as Markdown: a title (#), phases (##), and in them tasks as a list
  (- [ ] …) with what each needs below it: `depends on: …`, an estimate (2h, 3-5h), criteria (`Done when: …`), and
  wherever a command can prove a criterion, that command: check: `command`. Small tasks: an hour to a day each.
- If it is refused, mend exactly the faults that are named, and hand it in again, once.
The tools are those of the MCP server "orch". Nothing else you say is read."""


def instructions(session: Session) -> str:
    """Return what whoever works in *session* is asked to do; nothing for a session that no agent works in."""
    match session.kind:
        case SessionKind.TASK:
            return _WORK
        case SessionKind.VERIFICATION:
            return _REVIEW
        case SessionKind.PLANNING:
            return _PLAN.format(thoughts=session.metadata[THOUGHTS]) if THOUGHTS in session.metadata else ""
        case _:
            return ""
