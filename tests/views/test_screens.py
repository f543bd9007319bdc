"""What the screens of sessions, thoughts, help and safety say, as they stand in a width."""

from __future__ import annotations

from tests.views.reading import check


def test_the_sessions() -> None:
    expected = """
        SESSION                               STATE        FOR       UPDATED
        session-order-service-p3q9            ○ suspended  planning  12 Mar 2024
          Order service · 5 thoughts · 2 notes · 1 decision
      ▸ session-write-the-order-service-h8mn  ● active     task-002  13 Mar 2024
          Write the order service · 3 artifacts

      2 of 5 sessions

    next: /resume session-order-service-p3q9
    """
    check("sessions", 80, expected)


def test_the_tree_of_sessions() -> None:
    expected = """
        SESSION                                 STATE        FOR       UPDATED
        session-order-service-p3q9              ○ suspended  planning  12 Mar 2024
          Order service · 5 thoughts · 2 notes · 1 decision
        ▸ session-write-the-order-service-h8mn  ● active     task-002  13 Mar 2024
            Write the order service · 3 artifacts

      2 of 5 sessions

    next: /resume session-order-service-p3q9
    """
    check("session tree", 80, expected)


def test_where_was_i() -> None:
    expected = """
    Where was I: Order service
    session-write-the-order-service-h8mn · task-002 · ● active

      ━━━━━━━━━━━━──────────────────  42 %  1 of 6 tasks
      2 pending · 1 in progress · 1 claimed · 1 completed · 1 failed

    Last steps
      1  12 Mar 2024  ann    plan read: 7 tasks in 2 phases
      2  12 Mar 2024  ann    plan approved
                             consent to 3 commands
                             undone since
      3  13 Mar 2024  shell  task-001 completed

    In progress
      task-002  ● in progress  Write the order service  high  3d

    Claimed, to be verified
      task-004  ◐ claimed  Ship parcels  1.5h

    1 task blocked: /list_tasks status:blocked

    Changed files
      · orders/api.py
      · tests/test_api.py

    Notes
      · ask Bo about VAT

    Decisions
      · PostgreSQL: it is there already

    next: /complete_task task-002 · /task_status task-002
    """
    check("resumed", 80, expected)


def test_what_an_agent_is_given() -> None:
    expected = """
    session-write-the-order-service-h8mn · about 160 of at most 1,000 tokens

         PART             TOKENS  WHY
      ✓  task                120  what is to be done
      ✓  decisions            40  what was settled
      –  File: orders.py     900  left out: 840 tokens are left (as it is now)

    # Write the order service

        Each step is a transition.

    decisions
    - PostgreSQL: it is there already

    Debug
      type   task
      title  Write the order service
    """
    check("context", 80, expected)


def test_what_happened() -> None:
    expected = """
      1  12 Mar 2024  ann    plan read: 7 tasks in 2 phases
      2  12 Mar 2024  ann    plan approved
                             consent to 3 commands
                             undone since
      3  13 Mar 2024  shell  task-001 completed
    """
    check("history", 120, expected)


def test_what_happened_by_day() -> None:
    expected = """
    Tuesday, 12 March 2024
      1  14:05  ann  plan read: 7 tasks in 2 phases
      2  14:07  ann  plan approved
                     consent to 3 commands
                     undone since

    Wednesday, 13 March 2024
      3  09:00  shell  task-001 completed
    """
    check("timeline", 80, expected)


def test_all_commands_by_group() -> None:
    expected = """
    Planning
      /plan          Read a plan, or make one for a goal.
      /approve_plan  Consent to the plan and to the commands that it may run later,
                     whichever they are.

    Doing
      /new_task      Start a task: the next one that is ready.

    next: /orchestration_help COMMAND
    """
    check("help", 80, expected)


def test_one_command_in_full() -> None:
    expected = """
    /new_task [TASK] [--executor EXECUTOR] [--force] [--all] [--jobs JOBS]
        [--skip-verification]
      Start a task: the next one that is ready.

      With --all everything that becomes ready is done.
      It ends when nothing is ready.

      --jobs JOBS  how many at a time
      --force      start it although something blocks it
    """
    check("help one", 80, expected)


def test_a_chain_of_thoughts() -> None:
    expected = """
    session-order-service-p3q9 · 4 thoughts · still open

      1  requirements: The goal names three concerns: taking, billing and shipping
         orders; each becomes a task.
      2  decomposition: Publishing depends on all of them, though the document does
         not say so.
      3  revises 2 · review: It says so in line 20: the dependency is stated, not
         inferred.
      4    branch buy from 1: Shipping could be bought instead.

    next: /think TEXT
    """
    check("thoughts", 80, expected)


def test_a_note_that_was_kept() -> None:
    expected = """
    ✓ ask Bo about VAT
      kept in session-order-service-p3q9
    """
    check("kept", 80, expected)


def test_a_step_that_was_taken_back() -> None:
    expected = """
    ✓ 1 step taken back · now at step 4
      1  12 Mar 2024  ann  plan read: 7 tasks in 2 phases
    """
    check("undone", 80, expected)


def test_a_checkpoint() -> None:
    expected = """
    ✓ checkpoint before-payments at step 41
      a copy is kept in .qwen/orchestration/backups/x.jsonl

    Checkpoints
      start            step 1
      before-payments  step 41
    """
    check("checkpoint", 80, expected)


def test_the_settings() -> None:
    expected = """
      SETTING        VALUE    WHAT IT DOES
      maxSessions    50       how many sessions are kept
      autoCleanup    true     whether sessions that ended long ago are removed
                              without being asked for (default: false)
      agent.command  (empty)  what starts the coding agent

      kept in .qwen/orchestration/config.json
    """
    check("settings", 80, expected)


def test_a_diagnosis() -> None:
    expected = """
      ✓ journal      41 records, all sealed
      ! permissions  plans/ can be read by others
                     → chmod 700 .qwen/orchestration/plans

    ✗ Something needs attention.
    """
    check("diagnosis", 80, expected)


def test_a_rehearsal() -> None:
    expected = """
      ! edit  manifests/orch-a.json was edited
              - task-001 title: "A"
              + task-001 title: "B"
              → /update_task task-001 title:B

    Nothing was changed. Without --dry-run this would be done
      rewrite       manifests/orch-a.json  1,950 bytes
      make private  plans/orch-a.json

    ✓ All is well.
    """
    check("diagnosis rehearsed", 80, expected)


def test_the_graph() -> None:
    expected = """
      task-001  ✓ Design the order schema
      task-002    ● Write the order service  critical
      task-005      ⊘ Publish the package    critical  task-002 +2
      task-003    ○ Take payments
      task-005      ⊘ Publish the package    critical  task-002 +2

      Critical path  task-002 → task-005
    """
    check("drawing", 80, expected)


def test_an_export() -> None:
    expected = """
    ✓ markdown written to plan.md
    """
    check("exported", 80, expected)


def test_a_plan_that_was_emptied() -> None:
    expected = """
    Order service
    – reset · orch-order-service-x7k2
      What there was is kept in
        .qwen/orchestration/backups/orch-order-service-x7k2-20240312.tar

    Requirements kept
      · runs on Python 3.11
      · no order is ever lost

    next: /plan · /undo
    """
    check("reset", 80, expected)


def test_a_plan_that_came_in() -> None:
    expected = """
    ✓ imported
    Order service
    ○ draft · orch-order-service-x7k2 · 7 tasks · 2 sessions

    next: /task_status
    """
    check("imported", 80, expected)


def test_a_farewell() -> None:
    expected = """
    All is kept. qwen-orch continues here.
    """
    check("farewell", 80, expected)
