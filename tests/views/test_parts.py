"""Durations, times and states as people write them."""

from __future__ import annotations

from datetime import datetime, tzinfo

import pytest

from qwen_orch.answers.core import ProgressAnswer
from qwen_orch.answers.safety import Setting, Settings
from qwen_orch.answers.sessions import Entry, History
from qwen_orch.model.task import Evidence
from qwen_orch.views import parts
from qwen_orch.views.parts import bar, count, duration, following, short, state, took, when
from qwen_orch.views.task_parts import command, ending, tail, waits
from tests.views.reading import painted
from tests.views.samples import PLANNED, changed, task


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        (0, "0h"),
        (0.001, "1m"),
        (0.5, "30m"),
        (1, "1h"),
        (1.5, "1.5h"),
        (12, "12h"),
        (24, "3d"),
        (36, "4.5d"),
        (8000, "1,000d"),
    ],
)
def test_a_duration_is_short(hours: float, text: str) -> None:
    assert duration(hours) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.04, "< 0.1 s"), (1.24, "1.2 s"), (60, "60 s"), (150, "2.5 min")])
def test_how_long_a_command_took(seconds: float, text: str) -> None:
    assert took(seconds) == text


def test_a_review_tells_how_sure_it_is() -> None:
    found = ending(Evidence("review", "", True, "qwen", output="It is there.", confidence=0.9))
    assert "".join(found) == "90 % sure"


def test_work_that_was_not_seen_is_told_as_such() -> None:
    assert "".join(ending(Evidence("work", "", False, "qwen"))) == "no file changed"
    assert "".join(ending(Evidence("work", "", True, "qwen", files=("a.txt",)))) == "1 file changed"
    some = Evidence("work", "", True, "qwen", files=("a.txt", "b.txt", "c.txt"), shared=("b.txt", "c.txt"))
    assert "".join(ending(some)) == "3 files changed, 2 of them perhaps by others"


def test_a_time_is_as_short_as_its_distance_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    class Then(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Then:
            return cls(2024, 3, 1, 9, 30, tzinfo=tz)

    monkeypatch.setattr(parts, "datetime", Then)
    assert when("2024-03-01T00:05:00+00:00") == "00:05"
    assert when("2024-02-29T23:59:59+00:00") == "29 Feb 23:59"
    assert when("2023-12-31T23:59:59+00:00") == "31 Dec 2023"


@pytest.mark.parametrize("text", ["", "soon", "9999-99-99", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_left_out(text: str) -> None:
    assert isinstance(when(text), str)


def test_counts() -> None:
    assert [count(n, "task") for n in (0, 1, 2, 1234)] == ["0 tasks", "1 task", "2 tasks", "1,234 tasks"]


def test_an_unknown_state_is_shown_as_what_it_is() -> None:
    assert state("under_\x1b[31mwater") == ("? under water", "muted")


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (0.0, "──────────────────────────────  0 %"),
        (1.0, "━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  100 %"),
        (0.999, "━─  99 %"),
        (7.0, "━  100 %"),
    ],
)
def test_the_bar_is_full_only_when_all_is_done(fraction: float, text: str) -> None:
    assert text in painted(bar(ProgressAnswer(0, 3, fraction, {})))


def test_nothing_follows_nothing() -> None:
    assert following([]) == []


def test_long_titles_are_cut_short() -> None:
    assert short("one two three", 8).text == "one two…"
    assert short("short", 8).text == "short"


def test_a_task_waits_for_the_first_and_so_many_more() -> None:
    assert waits(("task-001",)).text == "task-001"
    assert waits(("task-001", "task-002", "legal")).text == "task-001 +2"


def test_a_command_is_shown_whole_and_what_it_hides_is_said() -> None:
    assert [s.text for s in command("a\n  b")] == ["$ ", "a\n    b"]
    assert command("rm\u202e x")[-1].text == "! holds characters that cannot be shown"


def test_of_long_output_the_end_is_shown() -> None:
    lines = tail("\n".join(map(str, range(100))) + "\n\n", 2)
    assert painted(lines) == "    │ 98\n    │ 99\n"
    assert tail("\n \n") == []


def test_history_in_brief_tells_the_first_facts_of_a_step_and_the_timeline_all() -> None:
    steps = (Entry(1, "", "plan", tuple(f"fact {n}" for n in range(5))),)
    assert painted(History(steps)).splitlines() == [
        "  1  plan  fact 0",
        "           fact 1",
        "           fact 2",
        "           … and 2 more",
        "",
        "next: /session_history --timeline",
    ]
    assert "fact 4" in painted(History(steps, timeline=True))
    assert "more" not in painted(History(steps, timeline=True))


def test_a_big_plan_shows_its_beginning_and_how_much_more_there_is() -> None:
    many = tuple(task(n, f"Do {n}") for n in range(1, 353))
    text = painted(changed(PLANNED, tasks=many, phases=()))
    assert "… and 312 more: /list_tasks\n" in text
    assert "task-041" not in text


def test_many_warnings_are_counted() -> None:
    text = painted(changed(PLANNED, warnings=tuple(f"line {n}: odd" for n in range(1, 21))))
    assert "20 warnings\n" in text
    assert "  ! line 8: odd\n  … and 12 more\n" in text


def test_a_setting_that_has_no_default_says_so_once() -> None:
    name = Setting("agent.name", "sim", "", "which agent does tasks")
    rules = Setting("permissions", ["deny execute *"], [], "what agents may do")
    shown = painted(Settings((name, rules), "config.json"))
    assert "(default: none)" in shown
    assert "(default: empty)" in shown
