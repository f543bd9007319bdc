"""The reasoning of planning."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qwen_orch.model.draft import Draft, DraftDependency, DraftTask, Inference
from qwen_orch.model.task import Estimate
from qwen_orch.planning.adopt import opening, rehearse
from qwen_orch.planning.reader import read
from qwen_orch.planning.thoughts import ALTERNATIVE, PURPOSES, think
from tests.commands.desk import THREE
from tests.planning.test_adopt import ORIGINS, drafts
from tests.strategies import LAW, T0

inferences = st.lists(st.builds(Inference, st.sampled_from(["a", "b", "c"]), st.sampled_from(PURPOSES)), max_size=9)


def thoughts_on(draft: Draft, depth: int = 8):  # type: ignore[no-untyped-def]
    """Return the thoughts on a draft."""
    return think(draft, rehearse(opening(draft, ORIGINS), T0), depth, 2, T0)


@LAW
@given(drafts(), inferences, st.sampled_from([4, 8, 12]))
def test_numbered_bounded_and_pointing_back(draft: Draft, read: list[Inference], depth: int) -> None:
    """Numbered from one, never more than asked for; a revision or branch points at an earlier thought."""
    from attrs import evolve

    found = thoughts_on(evolve(draft, inferences=tuple(read)), depth)
    assert [t.number for t in found] == list(range(1, len(found) + 1))
    assert 1 <= len(found) <= depth
    for thought in found:
        assert thought.at == T0
        assert thought.text
        assert thought.revises is None or 1 <= thought.revises < thought.number
        assert thought.branch_from is None or (thought.branch and 1 <= thought.branch_from <= thought.number)


def test_each_purpose_comes_once_before_any_comes_twice() -> None:
    """The most needed first, however many the reader had of one kind."""
    many = (*tuple(Inference(f"r{n}", "requirements") for n in range(9)), Inference("q", "risks"))
    found = thoughts_on(Draft("A", "g", tasks=(DraftTask("a"),), inferences=many), 4)
    assert [t.text for t in found[:2]] == ["r0", "q"]


def test_the_alternative_has_a_branch_of_its_own() -> None:
    """Inferred dependencies can be dropped; without any, the order of the document was weighed."""
    plain = thoughts_on(Draft("A", "g", tasks=(DraftTask("a"), DraftTask("b"))))
    guessed = (DraftTask("a"), DraftTask("b", depends_on=(DraftDependency(0, inferred=True),)))
    inferred = thoughts_on(Draft("A", "g", tasks=guessed))
    assert ["take the order" in t.text for t in plain if t.branch] == [True]
    assert [t.branch for t in inferred if "1 inferred dependency " in t.text] == [ALTERNATIVE]


def test_the_estimate_is_revised_once_the_graph_is_known() -> None:
    """The sum of hours is not the duration."""
    hours = Estimate(2, 2, 2, 0.9)
    chain = (DraftTask("a", estimate=hours), DraftTask("b", estimate=hours, depends_on=(DraftDependency(0),)))
    said = (Inference("4 hours in all", "estimates"),)
    found = thoughts_on(Draft("A", "g", tasks=chain, inferences=said))
    revision = next(t for t in found if t.revises)
    assert found[revision.revises - 1].text == "4 hours in all"
    assert "critical path of 4.0 hours (task-001 → task-002)" in revision.text
    assert not any(t.revises for t in thoughts_on(Draft("A", "g", tasks=(DraftTask("a"),), inferences=said)))


def test_depth_is_reached_by_any_real_plan() -> None:
    """Four, eight or twelve: as the settings promise, and the shorter chain is the beginning of no other claim."""
    draft = read(THREE)
    assert [len(thoughts_on(draft, depth)) for depth in (4, 8, 12)] == [4, 8, 12]
