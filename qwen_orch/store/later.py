"""Sessions that are read when they are first asked for, from snapshots that the plan found current.

Such a snapshot may turn out to be damaged, or newer because another process went on: then the session as it stood is
folded from the journal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from qwen_orch.errors import SessionCorrupted, StorageError
from qwen_orch.model.ids import SessionId
from qwen_orch.store import seal, snapshots
from qwen_orch.store.migrations import is_newer

if TYPE_CHECKING:
    from qwen_orch.model.session import Session
    from qwen_orch.store.restore import Restoration
    from qwen_orch.store.snapshots import PlanPicture, SessionPicture


@define(eq=False, repr=False)
class Later:
    """Reads sessions of one orchestration as of the record its *plan* stands at.

    *repairs* and *stale* grow when a snapshot turns out to be damaged: what to tell, and whose snapshots to write anew.
    """

    work: Restoration
    plan: PlanPicture
    repairs: list[str] = field(factory=list)
    stale: set[str] = field(factory=set)

    def load(self, session_id: SessionId) -> Session:
        """Return a session; raise `SessionCorrupted` when neither snapshot nor journal knows it."""
        expected = self.plan.reaches[session_id]
        try:
            picture = self._picture(session_id)
        except (seal.Damaged, KeyError, TypeError, StorageError) as error:
            if is_newer(error):
                raise
            return self._mended(session_id, f"was damaged ({error})")
        if picture is not None and picture.session.id != session_id:
            return self._mended(session_id, f"held {picture.session.id}")
        if picture is not None and (picture.seq == expected or (self.work.newer and picture.seq > expected)):
            return picture.session
        if picture is not None and picture.seq > expected:
            return self._folded(session_id)  # nothing is wrong: somebody else went on
        return self._mended(session_id, "was an older copy" if picture else "was missing")

    def _picture(self, session_id: SessionId) -> SessionPicture | None:
        raw, look = self.work.disk.read(self.work.layout.session(session_id)), self.work.newer is not None
        return None if raw is None else snapshots.read_session(raw, self.work.orchestration, look)

    def _mended(self, session_id: SessionId, fault: str) -> Session:
        """Keep aside what stands in the place of a snapshot, and return the session from the journal."""
        if self.work.newer:
            raise self.work.newer
        path = self.work.layout.session(session_id)
        raw = self.work.disk.read(path)
        kept = f"; {self.work.kept(path, raw)}" if raw is not None else ""
        self.repairs.append(f"{path.name} {fault}; the session is rebuilt from the journal{kept}")
        self.stale.add(session_id)
        return self._folded(session_id)

    def _folded(self, session_id: SessionId) -> Session:
        """Return the session as the records up to the plan's make it."""
        from qwen_orch.store.past import past

        seq = self.plan.seq
        graph = past(self.work.disk, self.work.layout, self.work.orchestration, seq).state({session_id}, seq)
        if session_id not in graph.sessions:
            raise SessionCorrupted(f"{session_id} is lost: neither snapshot nor journal holds it", "/doctor")
        return graph.sessions[session_id]
