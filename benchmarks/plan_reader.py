"""How well and how fast the plan reader reads: a row a document of `../shared/corpus`, totals, and growth with size.

Run: ``python benchmarks/plan_reader.py [corpus folder]``. Exit code 1 when a total misses its limit.
"""

from __future__ import annotations

import difflib
import json
import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from qwen_orch.errors import OrchError
from qwen_orch.model.draft import Draft
from qwen_orch.model.task import TaskStatus
from qwen_orch.planning.reader import decode, read

CORPUS = Path(__file__).resolve().parents[1].parent / "shared" / "corpus"
LIMITS = {"titles": 0.97, "phases": 0.95, "done": 0.98, "dependencies": 0.92, "estimates": 0.95}
_ALIKE = 0.85


@frozen
class Score:
    """Hits, what was read and what there was to read of one measure; accuracies count read and there alike."""

    hits: int = 0
    read: int = 0
    there: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(self.hits + other.hits, self.read + other.read, self.there + other.there)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 when there is nothing to read and nothing was."""
        return 2 * self.hits / (self.read + self.there) if self.read + self.there else 1.0


def normal(title: str) -> str:
    """Return *title* in the form in which titles are compared: lower case, letters and digits only."""
    return " ".join(re.findall(r"[^\W_]+", title.casefold()))


def alike(one: str, other: str) -> bool:
    """Tell whether two titles are the same to a person: equal, nearly equal, or one cut short at a word."""
    a, b = sorted((normal(one), normal(other)), key=len)
    if not a:
        return a == b
    if a == b or (b.startswith(a + " ") and len(a) >= 0.5 * len(b)):
        return True
    return difflib.SequenceMatcher(None, a, b, autojunk=False).ratio() >= _ALIKE


def matched(gold: Sequence[str], found: Sequence[str]) -> dict[int, int]:
    """Return which title of *gold* is which of *found*: equal ones first, then alike ones, each once, in order."""
    pairs: dict[int, int] = {}
    free = dict.fromkeys(range(len(found)))
    for same in (lambda a, b: normal(a) == normal(b), alike):
        for at, title in enumerate(gold):
            hit = next((n for n in free if at not in pairs and same(title, found[n])), None)
            if hit is not None:
                pairs[at] = hit
                del free[hit]
    return pairs


def score(gold: dict[str, Any], draft: Draft) -> dict[str, Score]:
    """Score *draft* against a gold manifest."""
    pairs = matched([t["title"] for t in gold["tasks"]], [t.title for t in draft.tasks])
    phases = len({normal(p) for p in gold["phases"]} & {normal(p.title) for p in draft.phases})
    done = [gold["tasks"][g]["done"] == (draft.tasks[d].status is TaskStatus.CLAIMED) for g, d in pairs.items()]
    estimates = [_hours(draft, d) == gold["tasks"][g]["estimate_hours"] for g, d in pairs.items()]
    wanted, got = _wanted(gold), _edges(draft, pairs)
    return {
        "titles": Score(len(pairs), len(draft.tasks), len(gold["tasks"])),
        "phases": Score(phases, len(draft.phases), len(gold["phases"])),
        "done": Score(sum(done), len(done), len(gold["tasks"])),
        "dependencies": Score(len(wanted & got), len(got), len(wanted)),
        "estimates": Score(sum(estimates), len(estimates), len(gold["tasks"])),
    }


def _hours(draft: Draft, at: int) -> float | None:
    estimate = draft.tasks[at].estimate
    return estimate.likely if estimate else None


def _wanted(gold: dict[str, Any]) -> set[tuple[int, int]]:
    """The edges (later, earlier) of the gold by position; tasks are named by id or title."""
    names = {str(t.get("id") or t["title"]): n for n, t in enumerate(gold["tasks"])}
    return {(n, names[str(name)]) for n, t in enumerate(gold["tasks"]) for name in t["depends_on"]}


def _edges(draft: Draft, pairs: dict[int, int]) -> set[tuple[int, int]]:
    """The edges read, in positions of the gold; those of unmatched tasks keep a number no gold task has."""
    back = {d: g for g, d in pairs.items()}
    return {
        (back.get(n, -n - 1), back.get(e.task, -e.task - 1)) for n, t in enumerate(draft.tasks) for e in t.depends_on
    }


def leaves(draft: Draft) -> int:
    """How many tasks have no parts."""
    parents = {t.parent for t in draft.tasks}
    return sum(n not in parents for n in range(len(draft.tasks)))


def documents(corpus: Path) -> bool:
    """Print a row a document and the totals; tell whether all limits are kept."""
    totals = dict.fromkeys(LIMITS, Score())
    counts: list[tuple[int, int]] = []
    print(f"{'document':40} {'leaf':>9} " + " ".join(f"{name:>12}" for name in LIMITS) + "   ms")
    for line in (corpus / "index.jsonl").read_text().splitlines():
        row = json.loads(line)
        began = time.process_time()
        try:
            draft = read(decode((corpus / row["file"]).read_bytes())[0])
        except OrchError as error:
            print(f"{row['file']:40} refused: {error}")
            counts.append((0, row["gold"]["tasks"]["leaf"]))
            continue
        took = (time.process_time() - began) * 1000
        counts.append((leaves(draft), row["gold"]["tasks"]["leaf"]))
        scores = score(json.loads((corpus / row["full_gold"]).read_text()), draft) if row["full_gold"] else {}
        totals |= {name: totals[name] + one for name, one in scores.items()}
        shown = " ".join(f"{scores[name].f1:12.3f}" if scores else f"{'':12}" for name in LIMITS)
        print(f"{row['file'][:40]:40} {counts[-1][0]:4}/{counts[-1][1]:<4} {shown} {took:4.0f}")
    return _totals(totals, counts)


def _totals(totals: dict[str, Score], counts: Sequence[tuple[int, int]]) -> bool:
    print(f"{'total':50} " + " ".join(f"{totals[name].f1:12.3f}" for name in LIMITS))
    print(f"{'limit':50} " + " ".join(f"{limit:12.3f}" for limit in LIMITS.values()))
    equal = sum(got == there for got, there in counts) / len(counts)
    near = sum(abs(got - there) <= 0.1 * there for got, there in counts) / len(counts)
    print(f"leaf counts equal in {equal:.0%} of documents (limit 85%), within 10% in {near:.0%} (limit 95%)")
    return equal >= 0.85 and near >= 0.95 and all(totals[n].f1 >= limit for n, limit in LIMITS.items())


def plan_of(lines: int) -> str:
    """Return a plan of about *lines* lines with phases, ids, fields, criteria and dependencies."""
    text = ["# A large plan", ""]
    for n in range(lines // 8):
        if n % 25 == 0:
            text += [f"## Phase {n // 25 + 1}: part", ""]
        after = f", depends on T{n - 1:06d}" if n else ""
        text += [
            f"- [ ] T{n:06d} Build part number {n} (2h) #part @ann{after}",
            "  - use `the` tool",
            "  - accept: it works",
            "",
        ]
        text += [f"- [x] Another thing to do with part {n} — with words", "  Estimate: 3h", "  Priority: high", ""]
    return "\n".join(text)


PATHOLOGICAL: dict[str, Callable[[], str]] = {
    "100,000 backticks": lambda: "`" * 100_000,
    "1 MB line": lambda: "- [ ] " + "word " * 200_000,
    "100,000 nested quotes": lambda: ">" * 100_000 + " x",
    "500 nested lists": lambda: "\n".join("  " * n + f"- [ ] item {n}" for n in range(500)),
    "50,000 list markers": lambda: "- " * 50_000 + "x",
    "100,000 brackets": lambda: "[" * 100_000,
    "50,000 parentheses": lambda: "- [ ] a " + "(" * 50_000,
    "50,000 bold openings": lambda: "- " + "**a " * 50_000,
    "5,000 open fences": lambda: "```markdown\n```sh\n" * 5_000,
}


def speed() -> bool:
    """Print growth with size and pathological inputs; tell whether doublings cost at most 2.3x, oddities 1 s."""
    read(plan_of(100))
    good, last = True, 0.0
    for lines in (12_500, 25_000, 50_000, 100_000):
        took = _best(plan_of(lines), 2 if lines < 100_000 else 1)
        ratio = took / last if last else 0.0
        good &= ratio <= 2.3
        print(
            f"{lines:8,} lines {took:7.2f} s" + (f"   {ratio:4.2f}x for twice the lines (limit 2.30)" if ratio else "")
        )
        last = took
    for name, make in PATHOLOGICAL.items():
        took = _best(make(), 1)
        good &= took <= 1.0
        print(f"{name:24} {took:7.3f} s (limit 1)")
    return good


def _best(text: str, times: int) -> float:
    return min(_timed(text) for _ in range(times))


def _timed(text: str) -> float:
    began = time.process_time()
    read(text)
    return time.process_time() - began


def main(arguments: Iterable[str]) -> int:
    """Print everything; 1 when a limit is missed."""
    corpus = Path(next(iter(arguments), CORPUS))
    good = True
    if corpus.is_dir():
        good = documents(corpus)
    else:
        print(f"no corpus at {corpus}: only the speed is measured")
    return 0 if speed() and good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
