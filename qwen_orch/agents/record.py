"""What an agent does becomes events, then lines in its log, then lines on the screen: in this order."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import BinaryIO

from attrs import define, evolve, field

from qwen_orch.agents.seen import MOST_PATHS, Said, Seen, Spent, Used
from qwen_orch.agents.wish import is_ours, meant
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.activity import NAMING, Action, ActionState
from qwen_orch.model.ids import SessionId
from qwen_orch.processes.secrets import Hiding, hide
from qwen_orch.processes.shop import Shop
from qwen_orch.project.writer import timestamp

LOG_BYTES = 4_000_000
"""An attempt's log holds so much; what comes after is not kept."""
_MARKS = {ActionState.RUNNING: "→", ActionState.COMPLETED: "✓", ActionState.FAILED: "✗"}


@define
class Record:
    """Keeps what the agent in *session* does. *subject* is the id that lines on the screen are about."""

    shop: Shop
    session: SessionId
    subject: str
    log: BinaryIO
    _calls: dict[str, Action] = field(factory=dict)
    _ours: set[str] = field(factory=set)
    _line: str = ""
    _logged: int = 0
    _thoughts: int = 0
    _hiding: Hiding = field(factory=Hiding)

    def take(self, batch: Iterable[Seen]) -> None:
        """Take in what happened, as one step, and show it."""
        events: list[e.Event] = []
        lines: list[str] = []
        for one in batch:
            match one:
                case Said(text, thought):
                    lines += self._spoken(text) if not thought else []
                case Spent(usage):
                    events.append(e.UsageReported(self.session, usage))
                case Used(action) if not self._is_ours(action):  # those tell it themselves
                    lines += self._rest()
                    events += self._moved(one, lines)
                case _:
                    pass
        if events:
            self.shop.writer.commit("agent", lambda graph: self._lasting(graph, events))
        else:
            self.shop.writer.refresh()
        for line in lines:
            self.show(line)
        for line in self._new_thoughts():
            self.show(line, "thought")

    def refused(self, call: Used) -> None:
        """Keep that a call was not allowed to be made: most agents tell nothing more of it."""
        events = self._moved(call, [])
        self.shop.writer.commit("agent", lambda graph: self._lasting(graph, events))

    def _is_ours(self, action: Action) -> bool:
        """Tell whether a tool call is one of our report server; only the first news of a call must have its title."""
        if action.call not in self._calls and is_ours(action.kind, action.title):
            self._ours.add(action.call)
        return action.call in self._ours

    def _lasting(self, graph: Graph, events: list[e.Event]) -> list[e.Event]:
        """Return *events*, or none when an undo took the session away meanwhile."""
        return events if self.session in graph.sessions else []

    def _moved(self, news: Used, lines: list[str]) -> list[e.Event]:
        """Return what a tool call's news mean; whichever of them comes first tells that it began."""
        action, known = news.action, self._calls.get(news.action.call)
        events: list[e.Event] = []
        if known is None:
            files = self._files(action.kind, news.paths)
            known = Action(action.call, hide(action.title) or action.kind, action.kind, at=timestamp(), files=files)
            events.append(e.ActionBegan(self.session, known))
            lines.append(f"{_MARKS[ActionState.RUNNING]} {known.title}")
        elif news.paths:  # some agents tell them only when it is under way
            files = (*known.files, *self._files(known.kind, news.paths))
            known = evolve(known, files=tuple(dict.fromkeys(files))[:MOST_PATHS])
        if action.state is not ActionState.RUNNING and known.state is ActionState.RUNNING:
            known = evolve(known, state=action.state)
            events.append(self._ended(known))
            lines.append(f"{_MARKS[action.state]} {known.title}")
        self._calls[action.call] = known
        return events

    def _ended(self, action: Action) -> e.ActionEnded:
        """Return that *action* ended; one that failed has changed nothing."""
        if action.state is ActionState.FAILED:
            return e.ActionEnded(self.session, action.call, action.state)
        return e.ActionEnded(self.session, action.call, action.state, action.files, action.may_change_any)

    def _files(self, kind: str, paths: Iterable[str]) -> tuple[str, ...]:
        """Return which files of the project a tool of this *kind* changes, as far as *paths* tell."""
        if kind not in NAMING:
            return ()
        places = [meant(self.shop.project.root, path) for path in paths]
        return tuple(dict.fromkeys(path for path, outside in places if not outside and path != "."))

    def _spoken(self, text: str) -> list[str]:
        *whole, self._line = (self._line + text).split("\n")
        return whole

    def _rest(self) -> list[str]:
        left, self._line = self._line, ""
        return [left] if left.strip() else []

    def _new_thoughts(self) -> list[str]:
        """Return the thoughts that our report server recorded meanwhile: the commit has just taken them in."""
        session = self.shop.writer.graph.sessions.get(self.session)
        thoughts = session.thoughts[self._thoughts :] if session else ()
        self._thoughts += len(thoughts)
        return [f"{t.number:>2}. {f'[{t.purpose}] ' if t.purpose else ''}{t.text}" for t in thoughts]

    def end_turn(self) -> None:
        """Show what was said last, though no line feed followed."""
        for line in self._rest():
            self.show(line)

    def show(self, line: str, kind: str = "output") -> None:
        """Put *line* in the log, then on the screen, without the secrets in it."""
        shown = self._hiding.hide(f"{line}\n").rstrip("\n")
        if line.strip() and not shown.strip():
            return  # it is of a private key
        self.write(f"{shown}\n".encode("utf-8", "replace"))
        self.shop.show(kind, self.subject, shown)

    def write(self, data: bytes) -> None:
        """Append to the log, up to its bound; a full disk costs the log, not the work."""
        if self._logged < LOG_BYTES:
            with contextlib.suppress(OSError):
                self.log.write(data[: LOG_BYTES - self._logged])
        self._logged += len(data)
