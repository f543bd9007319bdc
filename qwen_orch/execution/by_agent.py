"""Having a coding agent do a task: briefed, watched, and judged by what it changed, never by what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import BinaryIO

from attrs import define, evolve

from qwen_orch.agents.budget import raised, watch
from qwen_orch.agents.chat import continued
from qwen_orch.agents.profile import Profile, profile_of
from qwen_orch.agents.record import Record
from qwen_orch.agents.trouble import Trouble
from qwen_orch.agents.turn import Stop, Turn, Watch
from qwen_orch.agents.work import Agent, Terms, at_work
from qwen_orch.errors import AgentError
from qwen_orch.execution.attempt import Wanted, attempted, claimed, failed, session_for, suspended
from qwen_orch.execution.attribution import Credit, credited, done_beside, done_in, together
from qwen_orch.execution.brief.workspace import prompt_of
from qwen_orch.execution.review import review_by
from qwen_orch.execution.suspicion import doubts
from qwen_orch.model import event as e
from qwen_orch.model.ids import TaskId
from qwen_orch.model.session import Session
from qwen_orch.model.task import Attempt, Evidence, Executor, Outcome, Task, TaskStatus
from qwen_orch.processes.shop import Shop
from qwen_orch.processes.worktree import Worktree, changes, look
from qwen_orch.project.writer import timestamp
from qwen_orch.verification.judge import Verdict

BACK_OFF_SECONDS = (2.0, 10.0)
"""How long is waited before a request that failed for the moment is made again; agents have tried a few times then."""
REMINDER = (
    "You ended your turn, but did not report. If the task is done and you have proven it, call claim_done with a"
    " summary of what you changed. If it is not, go on with it now. If you cannot, say in one sentence why."
)
AGAIN = "The connection to the model failed for a moment. Go on where you were."
_OUTCOMES = {
    Stop.ENDED: (Outcome.SUSPICIOUS, "no report: it ended its turn and claimed nothing"),
    Stop.TRUNCATED: (Outcome.SUSPICIOUS, "truncated output: the model ran out of room, and nothing was claimed"),
    Stop.REFUSED: (Outcome.FAILED, "the model refused to go on"),
    Stop.OVERTIME: (Outcome.TIMED_OUT, ""),
    Stop.BUSY: (Outcome.FAILED, ""),
    Stop.LOOPING: (Outcome.FAILED, ""),
}
"""What a turn without a claim means, by how it ended. Any other end is no fault of the task's: work can go on."""


async def do_by_agent(shop: Shop, wanted: Wanted, session: Session) -> Verdict:
    """Have the configured agent do a task, and again with what was found while ``maxAttempts`` allows; then verify.

    The first attempt is made in *session*. Raises `AgentError` when the agent, or the model behind it, gives out.
    """
    profile = profile_of(shop.project)
    for remaining in reversed(range(shop.project.config.maxAttempts)):
        verdict = await _attempt(shop, wanted, session, profile)
        task = shop.writer.graph.task(wanted.task)
        left = verdict is Verdict.FAILED and task.status is TaskStatus.FAILED and remaining
        if not left or _was_denied(shop, session):
            return verdict
        shop.show("output", task.id, f"attempt {len(task.attempts)} did not succeed: trying again with what was found")
        session = session_for(shop, task.id, session.id)
        wanted = evolve(wanted, force=True)  # what blocked it was looked at when it began
    raise AssertionError("maxAttempts is at least 1")


def _was_denied(shop: Shop, session: Session) -> bool:
    """Tell whether the agent was not let do something: it would ask again, and a person has said what they want."""
    return any(r.allowed is False for r in shop.writer.graph.session(session.id).activity.requests)


async def _attempt(shop: Shop, wanted: Wanted, session: Session, profile: Profile) -> Verdict:
    """Make one attempt: in the agent's own session if the last was interrupted there, else in a fresh one."""
    watching = watch(shop)  # or what was to be spent is used up, and nothing begins
    interrupted = _interrupted(shop, wanted.task)
    continues, told = continued(shop, interrupted, profile)
    if told:
        shop.show("output", wanted.task, told)
    doing = _Doing(shop, wanted, session, profile, watching, continues, interrupted is not None)
    return await attempted(shop, wanted, session, doing.act)


def _interrupted(shop: Shop, task_id: TaskId) -> Session | None:
    """Return the session of the last attempt if an agent made it and something stopped it."""
    graph = shop.writer.graph
    last = (graph.task(task_id).attempts or (None,))[-1]
    if last is None or last.executor is not Executor.AGENT:
        return None
    return graph.sessions.get(last.session) if last.outcome in (Outcome.INTERRUPTED, Outcome.CANCELLED) else None


@define
class _Doing:
    """One attempt under way."""

    shop: Shop
    wanted: Wanted
    session: Session
    profile: Profile
    watch: Watch
    continues: str
    goes_on: bool
    """Whether the attempt before this one was interrupted."""

    async def act(self, task: Task, log: BinaryIO, seen: list[Evidence]) -> Verdict:
        """Have the agent work until it claims or stops, look at what it changed, and judge."""
        root = self.shop.project.root
        before = await asyncio.to_thread(look, root)
        turn = await self._turned(task, log)
        after = await asyncio.to_thread(look, root)
        self.shop.writer.refresh()
        session = self.shop.writer.graph.session(self.session.id)
        changed = self._credited(task, changes(root, before, after), task.attempts[-1:])
        seen.append(changed.in_evidence(self._work(task, session, turn, after, changed)))
        if session.activity.claim is None:
            return self._unclaimed(task, turn, seen[-1])
        return await self._claimed(task, session, turn, seen[-1], changed)

    async def _turned(self, task: Task, log: BinaryIO) -> Turn:
        """Return how the agent's last turn ended, or what kept it from taking one."""
        consented = task.commands if task.approved else ()
        terms = Terms(self.shop.project.config.agent_mode, self.watch, consented=consented)
        record = Record(self.shop, self.session.id, task.id, log)
        try:
            async with at_work(record, self.profile, terms, self.continues) as agent:
                return await self._worked(agent)
        except Trouble as trouble:
            return Turn(Stop.FAILED, trouble.text, lasting=trouble.lasting)
        except AgentError as error:
            suspended(self.shop, task.id, self.session, Outcome.INTERRUPTED, error.message)
            raise

    def _credited(self, task: Task, changed: Iterable[str], attempts: Sequence[Attempt]) -> Credit:
        """Return whose the files are that *changed* in the time of *attempts*, the newest at *task*."""
        graph, since = self.shop.writer.graph, attempts[0].started
        doing = together(done_in(graph, attempt, since) for attempt in attempts)
        return credited(changed, doing, done_beside(graph, task.id, since))

    def _work(self, task: Task, session: Session, turn: Turn, after: Worktree, changed: Credit) -> Evidence:
        """Return what was seen of the work: files that changed, or a decision; where git is not, nobody can tell."""
        seen = changed.any or session.decisions or not after.known or self._has_earlier_work(task, after)
        return Evidence(
            "work",
            timestamp(),
            passed=bool(seen),
            by=self.profile.name,
            seconds=self.watch.seconds,
            output=turn.last_words,
            commit=after.commit,
        )

    def _has_earlier_work(self, task: Task, now: Worktree) -> bool:
        """Tell whether an attempt before this one left work behind: there may be nothing more to change."""
        if any(seen.kind == "work" and seen.passed for seen in task.evidence):
            return True
        began = task.attempts[0].started
        return self.goes_on and self._credited(task, now.changed_after(began), task.attempts).any

    async def _worked(self, agent: Agent) -> Turn:
        """Return the last turn: after a reminder if nothing was claimed, and more tries if only the line was bad."""
        turn = await agent.ask(prompt_of(self.shop, self.session.id))
        for pause in BACK_OFF_SECONDS:
            if turn.stop is not Stop.FAILED or turn.lasting:
                break
            agent.record.show(f"{turn.detail}: trying again in {pause:.0f} seconds")
            await asyncio.sleep(pause)
            turn = await agent.ask(AGAIN)
        if turn.stop is Stop.ENDED and self.shop.writer.graph.session(self.session.id).activity.claim is None:
            turn = await agent.ask(REMINDER)
        return turn

    def _unclaimed(self, task: Task, turn: Turn, work: Evidence) -> Verdict:
        """Record how an attempt without a claim ended."""
        if turn.stop in _OUTCOMES:
            outcome, why = _OUTCOMES[turn.stop]
            ended = e.AttemptEnded(task.id, outcome, why or turn.detail, turn.last_words, (work,))
            return failed(self.shop, task.id, self.session, ended)
        outcome = Outcome.CANCELLED if turn.stop is Stop.BUDGET else Outcome.INTERRUPTED
        suspended(self.shop, task.id, self.session, outcome, turn.detail, (work,))
        raise AgentError(f"{self.profile.name} stopped: {turn.detail}", *self._after(task, turn))

    def _after(self, task: Task, turn: Turn) -> tuple[str, ...]:
        """Return what to type after the agent gave out: what was done is kept, and is gone on with."""
        if turn.stop is Stop.BUDGET:
            return (raised(self.shop), f"/new_task {task.id}")
        return (f"/new_task {task.id}", f"/new_task {task.id} --executor manual", "/config agent.name")

    async def _claimed(self, task: Task, session: Session, turn: Turn, work: Evidence, changed: Credit) -> Verdict:
        """Judge a claim: one that shows no work is a failure with a name; any other is verified."""
        found = doubts(self.profile, session, turn, work, changed)
        claim = session.activity.claim or ""
        if found:
            ended = e.AttemptEnded(task.id, Outcome.SUSPICIOUS, f"claimed, but {'; '.join(found)}", claim, (work,))
            return failed(self.shop, task.id, self.session, ended)
        event = e.TaskClaimed(task.id, self.profile.name, claim, turn.last_words, (work,))
        review = review_by(self.profile) if self.shop.project.config.agent_review else None
        return await claimed(self.shop, self.wanted, self.session, event, review)
