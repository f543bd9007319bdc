"""What the screens of plans, tasks and work say, as they stand in a width."""

from __future__ import annotations

import re

from qwen_orch.model.session import Thought
from tests.views.reading import check, painted
from tests.views.samples import PLANNED, SESSION, changed


def test_a_plan_that_was_read() -> None:
    expected = """
    Order service
    ○ draft · orch-order-service-x7k2 · 2 phases · 7 tasks · 16 h ± 1.6 in all
      Build a service that takes, bills and ships orders.

      TASK      STATE          TITLE                     PRIORITY   EST  WAITS FOR
    Foundation · 1 of 2 tasks done
      task-001  ✓ completed    Design the order schema               2h
      task-007  ✗ failed       Migrate the data                      8h

    The service · 4 tasks
      task-002  ● in progress  Write the order service   high        3d  task-001
      task-003                   Take payments                       4h
      task-004  ◐ claimed        Ship parcels                      1.5h
      task-005                 Publish the package       low        30m

    Without a phase · 1 task
      task-006  – cancelled    Support the old protocol

    Requirements
      · runs on Python 3.11
      · no order is ever lost

    Risks
      · the payment API may change

    2 warnings
      ! line 12: no task has the id T9
      ! line 30: two tasks are named 'Test'

    How it was understood
      read  Publishing depends on all of them, though the document does not say so.
      all 4 thoughts: /think

    next: /list_tasks --tree · /approve_plan
    """
    check("planned", 80, expected)


def test_a_plan_that_an_agent_made_tells_how_it_was_thought_out() -> None:
    purposes = ("requirements", "architecture", "decomposition", "risks")
    thoughts = tuple(Thought(n, f"About {p}.", p) for n, p in enumerate(purposes, 1))
    expected = """
    How it was thought out
      needed  About requirements.
      design  About architecture.
      steps   About decomposition.
      risk    About risks.
      all 4 thoughts: /think

    next: /list_tasks --tree · /approve_plan
    """
    shown = painted(changed(PLANNED, thoughts=thoughts, session=SESSION._replace(agent="qwen")))
    assert shown.endswith(re.sub("^    ", "", expected[1:], flags=re.MULTILINE))


def test_an_edited_text_shows_all_it_changes() -> None:
    expected = """
    Order service
    ○ draft · orch-order-service-x7k2 · 7 tasks · 2 as they were

    The plan itself
      title, quality gates

    Added (1)
      task-004  ◐ Ship parcels

    Changed (2)
      task-002  ● Write the order service  title, depends on
      task-003  ○ Take payments            estimate

    Moved (1)
      task-005  ⊘ Publish the package

    Removed (1)
      task-008

    No longer in the text, but begun, so kept (1)
      task-007  ✗ Migrate the data

    2 warnings
      ! line 12: no task has the id T9
      ! line 30: two tasks are named 'Test'

    next: /list_tasks --tree · /approve_plan · /undo
    """
    check("merged", 80, expected)


def test_an_edited_text_that_changes_nothing() -> None:
    expected = """
    Order service
    ○ draft · orch-order-service-x7k2 · 7 tasks · 7 as they were

    The text says nothing that the plan does not say already.

    next: /task_status
    """
    check("nothing merged", 80, expected)


def test_consent_shows_every_command_whole() -> None:
    expected = """
    Order service
    ● approved · orch-order-service-x7k2

    These commands may now run
      task-002      run    $ make build
                    check  $ pytest -q tests/orders
      task-005      run    $ for f in dist/*; do
                               twine upload --repository shop "$f"   # each of them
                             done
      quality gate  check  $ make ci

    Ticked in the document and taken as done
      ✓ task-001

    Ready to start
      task-003  ○ pending  Take payments  4h

    next: /new_task · /new_task --all
    """
    check("approved", 80, expected)


def test_the_list() -> None:
    expected = """
      TASK      STATE          TITLE                     PRIORITY   EST  WAITS FOR
      task-001  ✓ completed    Design the order schema               2h
      task-007  ✗ failed       Migrate the data                      8h
      task-002  ● in progress  Write the order service   high        3d
      task-003  ○ pending      Take payments                         4h
      task-004  ◐ claimed      Ship parcels                        1.5h
      task-005  ⊘ blocked      Publish the package       low        30m  task-002 +2
      task-006  – cancelled    Support the old protocol

      7 tasks
    """
    check("list", 80, expected)


def test_the_list_has_no_use_for_more_room() -> None:
    expected = """
      TASK      STATE          TITLE                     PRIORITY   EST  WAITS FOR
      task-001  ✓ completed    Design the order schema               2h
      task-007  ✗ failed       Migrate the data                      8h
      task-002  ● in progress  Write the order service   high        3d
      task-003  ○ pending      Take payments                         4h
      task-004  ◐ claimed      Ship parcels                        1.5h
      task-005  ⊘ blocked      Publish the package       low        30m  task-002 +2
      task-006  – cancelled    Support the old protocol

      7 tasks
    """
    check("list", 120, expected)


def test_the_list_where_room_is_short() -> None:
    expected = """
      TASK      S  TITLE                    PRIOR…   EST  WAITS…
      task-001  ✓  Design the order schema            2h
      task-007  ✗  Migrate the data                   8h
      task-002  ●  Write the order service  high      3d
      task-003  ○  Take payments                      4h
      task-004  ◐  Ship parcels                     1.5h
      task-005  ⊘  Publish the package      low      30m  task-…
      task-006  –  Support the old protoc…

      7 tasks
    """
    check("list", 60, expected)


def test_the_tree() -> None:
    expected = """
      TASK      STATE          TITLE                     PRIORITY   EST  WAITS FOR
    Foundation · 1 of 2 tasks done
      task-001  ✓ completed    Design the order schema               2h
      task-007  ✗ failed       Migrate the data                      8h

    The service · 4 tasks
      task-002  ● in progress  Write the order service   high        3d
      task-003  ○ pending        Take payments                       4h
      task-004  ◐ claimed        Ship parcels                      1.5h
      task-005  ⊘ blocked      Publish the package       low        30m  task-002 +2

    Without a phase · 1 task
      task-006  – cancelled    Support the old protocol

      7 tasks
    """
    check("tree", 80, expected)


def test_a_filtered_list_says_of_how_many() -> None:
    expected = """
      TASK      STATE      TITLE                PRIORITY  EST  WAITS FOR
      task-005  ⊘ blocked  Publish the package  low       30m  task-002 +2

      1 of 7 tasks
    """
    check("filtered", 80, expected)


def test_an_empty_list_says_what_to_do() -> None:
    expected = """
    There are no tasks yet.

    next: /plan · /add_task
    """
    check("empty", 80, expected)


def test_a_filter_without_a_match() -> None:
    expected = """
    None of the 7 tasks matches the filter.

    next: /list_tasks
    """
    check("no match", 80, expected)


def test_tasks_in_detail() -> None:
    expected = """
    task-002  Write the order service
      ● in progress · high priority · 3d (12h to 4.5d, 70 % sure) · 40 % reported · The service · @ann · #orders
        #api · line 14
      description  Orders are created, paid and shipped.
                   Each step is a transition that can be replayed.
      criteria     ✓ unit tests pass
                     $ pytest -q tests/orders
                   ✗ no lint is left
                     $ ruff check .
                   ○ the team has read it
      run          $ make build
      depends on   task-001
                   task-004 (start-to-start, +2h, inferred)

    task-005  Publish the package
      ⊘ blocked · low priority · 30m (15m to 45m, 70 % sure) · The service
      blocked by  task-002
                  task-003
                  waiting for legal

      2 of 7 tasks
    """
    check("details", 112, expected)


def test_where_the_plan_stands() -> None:
    expected = """
    Order service
    ● approved · orch-order-service-x7k2

      ━━━━━━━━━━━━──────────────────  42 %  1 of 6 tasks
      2 pending · 1 in progress · 1 claimed · 1 completed · 1 failed

    In progress (1)
      task-002  ● in progress  Write the order service  high  3d

    Ready (1)
      task-003  ○ pending  Take payments  4h

    Blocked (1)
      task-005  ⊘ Publish the package  waits for task-002, task-003 +1

      Critical path  task-002 → task-003 → task-005
      Remaining      29.5 h ± 2.1; 50 %: 30 h, 90 %: 33.2 h with 2 jobs

    next: /new_task task-003 · /check_completeness
    """
    check("status", 80, expected)


def test_where_a_task_stands() -> None:
    expected = """
    task-002  Write the order service
      ● in progress · high priority · 3d (12h to 4.5d, 70 % sure) · 40 % reported ·
        phase-2 · @ann · #orders #api · line 14
      description  Orders are created, paid and shipped.
                   Each step is a transition that can be replayed.
      criteria     ✓ unit tests pass
                     $ pytest -q tests/orders
                   ✗ no lint is left
                     $ ruff check .
                   ○ the team has read it
      run          $ make build
      depends on   task-001
                   task-004 (start-to-start, +2h, inferred)

    Subtasks
      task-003  ○ pending  Take payments    4h
      task-004  ◐ claimed  Ship parcels   1.5h

    Attempts
      1. shell ✗ failed 12 Mar 2024: exit 2
         │ make: *** [build] Error 2
      2. manual ● running 13 Mar 2024

    Evidence
      ✓ $ pytest -q tests/orders
        exit 0 · 1.2 s · by shell · 12 Mar 2024
        │ 12 passed in 1.1s
      ✗ $ ruff check .
        exit 1 · 0.3 s · by shell · 12 Mar 2024
        │ F401 `os` imported but unused
        │  --> orders/api.py:3:8
        │ Found 1 error.

    next: /complete_task task-002
    """
    check("one", 80, expected)


def test_a_task_that_was_started() -> None:
    expected = """
    task-002  Write the order service
      ● in progress · high priority · 3d (12h to 4.5d, 70 % sure) · 40 % reported · phase-2 · @ann · #orders #api ·
        line 14
      description  Orders are created, paid and shipped.
                   Each step is a transition that can be replayed.
      criteria     ✓ unit tests pass
                     $ pytest -q tests/orders
                   ✗ no lint is left
                     $ ruff check .
                   ○ the team has read it
      run          $ make build
      depends on   task-001
                   task-004 (start-to-start, +2h, inferred)
      in session-write-the-order-service-h8mn

    next: /complete_task task-002
    """
    check("started", 112, expected)


def test_everything_that_was_worked_on() -> None:
    expected = """
      TASK      STATE        TITLE                     EST
      task-001  ✓ completed  Design the order schema    2h
      task-004  ◐ claimed    Ship parcels             1.5h
      task-007  ✗ failed     Migrate the data           8h

      ✓ 1 completed · ✗ 1 failed · ◐ 1 claimed · 3 remaining

    next: /task_status task-007
    """
    check("all", 80, expected)


def test_what_is_not_complete() -> None:
    expected = """
    Order service
    ● approved · orch-order-service-x7k2

    ✗ Not complete
      ━━━━━━━━━━━━──────────────────  42 %  1 of 6 tasks
      2 pending · 1 in progress · 1 claimed · 1 completed · 1 failed

    Failed (1)
      task-002  ✗ no lint is left
                  $ ruff check .
                  exit 1 · 0.3 s
                  │ F401 `os` imported but unused
                  │  --> orders/api.py:3:8
                  │ Found 1 error.

    Unverified: no command can check them (1)
      task-002  ? the team has read it

    Not checked (1)
      quality gate  ○ everything passes
                      $ make ci

    Passed (1)
      task-002  ✓ unit tests pass

    Remaining (2)
      task-002  ● in progress  Write the order service
                → /complete_task task-002 · 1 failed
      task-005  ⊘ blocked      Publish the package
                → /task_status task-005 · waits for task-002

    Recommended
      · give 'the team has read it' a command that proves it

    report: report.md

    next: /complete_task task-002
    """
    check("incomplete", 80, expected)


def test_what_is_complete() -> None:
    expected = """
    Order service
    ● approved · orch-order-service-x7k2

    ✓ Complete
      ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  100 %  6 of 6 tasks

    next: /export_plan
    """
    check("complete", 80, expected)
