"""What is done for a prompt without instructions: a modest worker's instructions to itself.

The tools that are offered tell what is wanted: a plan, findings, or a task done.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from qwen_orch.simulator.instructions import Instruction

PURPOSES = {
    "requirements": "What is asked for: {}. What it must do comes before how.",
    "architecture": "For {}, the fewest parts that can be proven one by one are enough.",
    "decomposition": "{} is done in three steps, each of which leaves something to look at.",
    "risks": "The risk in {} is to call it done unproven; so proving it is a step of its own.",
}
PLAN = """\
# {goal}

## Preparation
- [ ] T1 Write down what is asked for (1h)
  - Acceptance: a note says what is asked for

## Construction
- [ ] T2 Do what was written down (2h), depends on T1
  - Acceptance: a note says what was done

## Proof
- [ ] T3 Look at the result (1h), depends on T2
  - Acceptance: a note says what was looked at
"""
CONFIDENCE = "0.9"


def instructions(prompts: Sequence[str], tools: Collection[str], cwd: Path) -> list[Instruction]:
    """Return what to do for the last of *prompts* with these *tools* in the folder *cwd*.

    What it does not say was said in an earlier one: it may only ask for what is missing.
    """
    prompt = "\n\n".join(reversed(prompts))
    if "submit_plan" in tools:
        return list(_planning(prompt, len(prompts)))
    if "report_finding" in tools:
        return list(_verification(prompt, cwd))
    if "claim_done" in tools:
        return list(_task(prompt))
    return [Instruction("say", "There is nothing here that I could do: write a line such as sim: say hello")]


def _planning(prompt: str, times: int) -> Iterator[Instruction]:
    goal = _section(prompt, "Goal").partition("\n")[0].rstrip(".") or "the goal"
    wanted = re.search(r"\b(?:at least|missing:) (\d+) (?:more )?thoughts", prompt, re.I)
    purposes = list(PURPOSES)
    for number in range(int(wanted[1]) if wanted else len(purposes)):
        look, purpose = number // len(purposes) + 1, purposes[number % len(purposes)]
        # No two thoughts are the same: a server may take the second for the first, sent again.
        again = f" (Look {times}.{look}.)" if times + look > 2 else ""
        yield Instruction("thought", f"{purpose} {PURPOSES[purpose].format(goal)}{again}")
    yield Instruction("plan", PLAN.format(goal=goal))


def _verification(prompt: str, cwd: Path) -> Iterator[Instruction]:
    files = [_name(item) for item in _items(prompt, "Files")]
    missing = [file for file in files if not (cwd / file).exists()]
    met = "yes" if files and not missing else "no"
    for number, _ in enumerate(_items(prompt, "Acceptance criteria"), 1):
        yield Instruction("finding", f"{number} {met} {CONFIDENCE} {_reason(files, missing)}")


def _reason(files: list[str], missing: list[str]) -> str:
    if missing:
        return f"missing: {', '.join(missing)}"
    return f"there: {', '.join(files)}" if files else "no file is named"


def _task(prompt: str) -> Iterator[Instruction]:
    asked = _section(prompt, "Task")
    named = re.match(r"[\w.-]+", asked)
    note = f"notes/{named[0].strip('.') if named else 'task'}.md"
    criteria = "".join(f"- {item}\n" for item in _items(prompt, "Acceptance criteria"))
    yield Instruction("write", f"{note} # What was asked\n\n{asked}\n\n{criteria}")
    yield Instruction("progress", f"1.0 {note} is written")
    yield Instruction("claim", f"{note} says what was asked")


def _section(prompt: str, name: str) -> str:
    """Return the text under the heading that begins with *name*, up to the next; empty when there is none."""
    found = re.search(rf"^#+ {name}\b[^\n]*\n(.*?)(?=^#+ |\Z)", prompt, re.M | re.S)
    return found[1].strip() if found else ""


def _items(prompt: str, name: str) -> list[str]:
    return re.findall(r"^(?:-|\d+\.) (.+)$", _section(prompt, name), re.M)


def _name(item: str) -> str:
    """Return the path of an item of the list of files, without what is said about it."""
    return item.partition(" (")[0].strip(" `")
