"""Every event and record comes back as it was written."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from qwen_orch.errors import StorageError, ValidationError
from qwen_orch.model import event as e
from qwen_orch.model.plan import Orchestration
from qwen_orch.model.session import Session
from qwen_orch.model.task import Estimate, Task
from qwen_orch.store import codec, journal, seal
from tests.strategies import LAW, Step, histories, orchestration, task

words = st.text(st.characters(codec="utf-8"), max_size=12)
st.register_type_strategy(str, words)
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
st.register_type_strategy(int, st.integers(-(2**53), 2**53))


def through_json(event: e.Event) -> e.Event:
    """Return what is read of what was written."""
    return codec.event_from_data(seal.unseal(seal.seal(codec.event_to_data(event))))


@LAW
@pytest.mark.parametrize("name", sorted(e.EVENTS))
@given(data=st.data())
def test_every_event_comes_back(name: str, data: st.DataObject) -> None:
    """Whatever is in its fields, of every class, nested records too."""
    event = data.draw(st.from_type(e.EVENTS[name]))
    assert through_json(event) == event


@LAW
@given(histories())
def test_a_history_comes_back(steps: list[Step]) -> None:
    """A journal is read as it was written, record by record, and no other checksum fits before it."""
    after = journal.origin("orch-law-aaaa")
    for number, (event, at) in enumerate(steps, 1):
        record = journal.Record(number, at, "test", (event,))
        line = journal.encode(record, after)
        assert journal.decode(line) == record
        assert journal.after_of(line) == after
        after = seal.mark_of(line)


@pytest.mark.parametrize("kind", [Task, Session, Orchestration])
def test_every_field_is_written(kind: Any) -> None:
    """Defaults too: a default that changes later must not change what an old file means."""
    whole = {Task: task(1), Orchestration: orchestration()}.get(kind) or Session("s", "task", "t", "o")
    assert codec.unstructure(whole).keys() == {a.name for a in attrs.fields(kind)}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_has_not_is_refused(value: float) -> None:
    """It would be written as null and could not be read again."""
    bad = evolve(task(1), estimate=Estimate(value, 1.0, 1.0, 0.5))
    with pytest.raises(ValidationError, match="not a number"):
        codec.event_to_data(e.TasksAdded((bad,)))


def test_an_event_of_a_later_version_is_named() -> None:
    """What this version does not know is not skipped."""
    with pytest.raises(StorageError, match="TaskTeleported"):
        codec.event_from_data({"event": "TaskTeleported", "task": "task-001"})


@pytest.mark.parametrize("data", [{"event": "NoteAdded"}, {"event": "TasksAdded", "tasks": 3}, {}])
def test_data_of_another_shape_is_an_error(data: dict[str, Any]) -> None:
    """Never an exception of a library."""
    with pytest.raises(StorageError):
        codec.event_from_data(data)
