"""What ends a turn that must not go on: silence, time, calls, the same call, tokens; each told by its setting."""

from __future__ import annotations

import time
from typing import Any

import pytest

from qwen_orch.agents.seen import Said, Seen, Spent, used
from qwen_orch.agents.turn import LAST_WORDS, Limits, Stop, Watch
from qwen_orch.model.activity import Usage

WIDE: dict[str, Any] = {"idle": 9999.0, "total": 9999.0, "calls": 99, "repeats": 99, "tokens": 0}


def watched(*seen: Seen, **limits: float) -> Watch:
    """Return a watch that saw all of *seen*; it has wide limits but those that are given."""
    watch = Watch(Limits(**{**WIDE, **limits}))
    for one in seen:
        watch.see(one)
    return watch


def call(number: int, what: str = "same") -> Seen:
    """Return a tool call."""
    return used({"toolCallId": str(number), "title": "Shell", "kind": "execute", "rawInput": {"command": what}})


def stop(watch: Watch) -> Stop | None:
    """Return how the watch would end the turn, if it would."""
    found = watch.objection()
    return found[0] if found else None


def test_a_working_agent_is_left_alone() -> None:
    assert watched(Said("hello"), call(1), Spent(Usage(10**6, 10**6))).objection() is None


def test_silence_counts_from_the_last_sign_of_life() -> None:
    said, woken = (Watch(Limits(**{**WIDE, "idle": 60.0}), active=time.monotonic() - 61) for _ in range(2))
    assert said.objection() == (Stop.SILENT, "no sign of life for 60 seconds (agent.idleTimeout)")
    said.see(Said("still here"))
    assert stop(said) is None
    assert stop(woken) is Stop.SILENT
    woken.wake()
    assert stop(woken) is None


def test_time_counts_over_all_turns_whatever_the_agent_says() -> None:
    watch = Watch(Limits(**{**WIDE, "total": 60.0}), began=time.monotonic() - 61)
    watch.see(Said("busy"))
    watch.wake()
    assert stop(watch) is Stop.OVERTIME


@pytest.mark.parametrize(("calls", "expected"), [(3, None), (4, Stop.BUSY)])
def test_calls_are_counted_by_their_ids(calls: int, expected: Stop | None) -> None:
    """However often each is told of."""
    different = [call(n, f"echo {n}") for n in range(calls)]
    assert stop(watched(*different, *different, calls=3)) is expected


@pytest.mark.parametrize(("calls", "expected"), [(2, None), (3, Stop.LOOPING)])
def test_the_same_call_again_and_again(calls: int, expected: Stop | None) -> None:
    others = [call(100 + n, f"echo {n}") for n in range(20)]
    assert stop(watched(*others, *(call(n) for n in range(calls)), repeats=3)) is expected


@pytest.mark.parametrize(("tokens", "expected"), [(30, None), (29, Stop.BUDGET), (0, None)])
def test_tokens_may_be_spent_up_to_the_limit(tokens: int, expected: Stop | None) -> None:
    watch = watched(Spent(Usage(10, 5)), Spent(Usage(10, 5)), tokens=tokens)
    assert stop(watch) is expected
    assert watch.spent.total == 30


def test_the_last_words_have_a_bound_and_thinking_is_none() -> None:
    watch = watched(Said("secret", thought=True), Said("x" * LAST_WORDS), Said("end"))
    assert (len(watch.words), watch.words[-4:]) == (LAST_WORDS, "xend")
