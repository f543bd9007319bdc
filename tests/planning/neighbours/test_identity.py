"""Import, export, import: what both sides can say comes back, and what one cannot say is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_orch.graph.state import Graph
from qwen_orch.planning.neighbours import NEIGHBOURS, cannot_say
from qwen_orch.planning.reader import read
from tests.planning.neighbours.plans import (
    LISTS,
    ODD,
    SAYS,
    TITLES,
    WORDS,
    facts_of,
    graph_in,
    graphs,
    said,
    there_and_back,
)

LAW = settings(max_examples=60, deadline=None)
ALL = (
    *("title", "state", "description", "priority", "depends_on", "parent", "phase", "tags", "assignee", "estimate"),
    *("criteria", "checks", "run"),
)


def reachable(facts: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """What a format makes of the facts that it can say in part only."""
    for fact in facts:
        if fact["priority"] == "critical" and name in ("backlog", "taskwarrior"):
            fact["priority"] = "high"
        if name == "taskwarrior":
            fact["description"] = "\n".join(line for line in fact["description"].split("\n") if line)
        if name == "beads":
            fact["criteria"] = [
                f"{t} (check: `{c}`)" if c else t for t, c in zip(fact["criteria"], fact["checks"], strict=True)
            ]
        fact["depends_on"] = sorted((n, "finish-to-start", 0.0) for n, _, _ in fact["depends_on"])
        if name == "taskmaster" and fact["parent"] is not None:
            fact["depends_on"] = [d for d in fact["depends_on"] if facts[d[0]]["parent"] is not None]
    return facts


@pytest.mark.parametrize("name", NEIGHBOURS)
@LAW
@given(data=st.data())
def test_what_a_format_says_comes_back(name: str, data: st.DataObject) -> None:
    graph = data.draw(graphs(WORDS if name in (*LISTS, "backlog") else TITLES))
    draft = there_and_back(graph, name)
    assert said(facts_of(graph_in(draft), name), SAYS[name]) == said(reachable(facts_of(graph, name), name), SAYS[name])


@pytest.mark.parametrize("name", NEIGHBOURS)
@LAW
@given(data=st.data())
def test_what_is_not_told_to_be_lost_is_not_lost(name: str, data: st.DataObject) -> None:
    graph = data.draw(graphs())
    told = [line for line in cannot_say(graph, name) if " of the plan: " not in line]
    if not told:
        assert said(facts_of(graph_in(there_and_back(graph, name)), name), ALL) == said(facts_of(graph, name), ALL)


@pytest.mark.parametrize("name", NEIGHBOURS)
@LAW
@given(data=st.data())
def test_a_second_import_says_what_the_first_said(name: str, data: st.DataObject) -> None:
    first = there_and_back(data.draw(graphs(nested=2)), name)
    again = there_and_back(graph_in(first), name)
    assert said(facts_of(graph_in(again), name), ALL) == said(facts_of(graph_in(first), name), ALL)
    assert [t.label for t in again.tasks] == [t.label for t in first.tasks]


@pytest.mark.parametrize("name", NEIGHBOURS)
@pytest.mark.parametrize("odd", ODD)
def test_odd_titles_come_back(name: str, odd: str) -> None:
    graph = graph_of_titles(odd, "other")
    back = [t.title for t in there_and_back(graph, name).tasks]
    told = any("titles" in line for line in cannot_say(graph, name))
    assert told == (back != [odd, "other"])
    assert not told or name in LISTS


def graph_of_titles(*titles: str) -> Graph:
    """A plan of tasks with these titles."""
    from qwen_orch.model.ids import task_id
    from qwen_orch.model.task import Task
    from tests.planning.neighbours.plans import T0, graph_of

    return graph_of([Task(task_id(n), title, created=T0, updated=T0) for n, title in enumerate(titles, 1)])


CORPUS = Path(__file__).parents[4] / "shared" / "corpus"


@pytest.mark.parametrize("path", sorted(CORPUS.glob("[!g]*/*.md")), ids=lambda p: p.name)
@pytest.mark.parametrize("name", NEIGHBOURS)
def test_real_plans_come_back(name: str, path: Path) -> None:
    graph = graph_in(read(path.read_text(encoding="utf-8")))
    first = there_and_back(graph, name)
    assert said(facts_of(graph_in(first), name), ("state",)) == said(facts_of(graph, name), ("state",))
    again = there_and_back(graph_in(first), name)
    kept = [n for n in SAYS[name] if n != "description" or name not in (*LISTS, "backlog")]
    assert said(facts_of(graph_in(again), name), kept) == said(facts_of(graph_in(first), name), kept)
