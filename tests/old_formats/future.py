"""What a later version would have left behind: a project of ours, its numbers lifted and things in it that we lack."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from qwen_orch.project.project import HOME
from qwen_orch.store import codec, journal, seal

Page: TypeAlias = dict[str, Any]
Change: TypeAlias = Callable[[Page], None]
FUTURE = {"since": "the future", "parts": [{"a": 1}, None]}
FORMAT = codec.FORMAT + 1
SAYS = f"written by a newer qwen-orch (format {FORMAT}, this one knows {codec.FORMAT})"


def lifted(root: Path, own: str, change: Change = lambda page: None, old_records: int = 3) -> None:
    """Lift one orchestration of the project at *root*: it goes on after *old_records* in the next format.

    Every record and snapshot gains a field, one record more is of an event that we do not know, and *change* is made
    to each snapshot.
    """
    home = root / HOME
    marks, seq = _lift_journal(home / f"journal/{own}.jsonl", own, old_records)
    for path in [home / f"plans/{own}.json", home / f"manifests/{own}.json", *home.glob("sessions/*.json")]:
        page = seal.unseal(path.read_bytes())
        if page["belongs_to"] == own:
            page |= {"format": FORMAT, "record": marks[page["record"]], "from_the_future": FUTURE}
            if "orchestration" in page:
                page |= {"seq": seq, "record": marks["newest"]}
            _add_fields(page)
            change(page)
            path.write_bytes(seal.seal(page, pretty=True))
    lift_state(root)


def lift_state(root: Path, **more: Any) -> None:
    """Have the later version write what is current."""
    path = root / HOME / "state.json"
    path.write_bytes(
        seal.seal({**seal.unseal(path.read_bytes()), "format": FORMAT, "mood": FUTURE, **more}, pretty=True)
    )


def _lift_journal(path: Path, own: str, old_records: int) -> tuple[dict[str, str], int]:
    """Return the new checksum of each record by its old one, and the number of the newest."""
    marks, last, lines = {}, journal.origin(own), []
    stored = path.read_bytes().splitlines(keepends=True)
    for number, line in enumerate(stored, 1):
        record = json.loads(line)
        old = record.pop("checksum")
        if number > old_records:
            record |= {"format": FORMAT, "after": last, "from_the_future": FUTURE}
            line = seal.seal(record)
        last = marks[old] = seal.mark_of(line)
        lines.append(line)
    event = {"event": "TaskTeleported", "task": "task-001", "to": "Mars"}
    head = {"format": FORMAT, "seq": len(stored) + 1, "after": last}
    newest = seal.seal({**head, "at": "2030-01-01T00:00:00.000+00:00", "by": "teleport", "events": [event]})
    path.write_bytes(b"".join([*lines, newest]))
    return marks | {"newest": seal.mark_of(newest)}, len(stored) + 1


def _add_fields(page: Page) -> None:
    for holder in (page.get("orchestration"), page.get("orchestration", {}).get("plan"), page.get("session")):
        if holder:
            holder["from_the_future"] = FUTURE
    for task in page.get("tasks", ()):
        task["from_the_future"] = FUTURE
        for part in (*task["acceptance"], *task["attempts"], *task["evidence"]):
            part["from_the_future"] = FUTURE
