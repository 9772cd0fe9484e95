"""Apply the two-person rule over time: who waits for a second person, and who has one. Pure."""

from dataclasses import dataclass, replace

from contract.messages import Reason
from edge.core.domain import Decision


@dataclass(frozen=True, slots=True)
class WaitingWorker:
    """A worker who came first. `partner`: the second person, after their admission. Times are monotonic seconds."""

    worker_id: str
    until_s: float
    partner: str | None = None


@dataclass(frozen=True, slots=True)
class TwoPersonWaits:
    """Workers who wait at this gate. The second of a pair is admitted at once; the first at the next identification,
    until the time-out."""

    waits: tuple[WaitingWorker, ...] = ()

    def partner_of(self, worker_id: str, now_s: float) -> str | None:
        """Return the worker with whom this one may come in: the one admitted before them, otherwise the longest
        waiting one."""
        waits = self._lasting(now_s).waits
        own = next((w.partner for w in waits if w.worker_id == worker_id and w.partner), None)
        return own or next((w.worker_id for w in waits if w.worker_id != worker_id and w.partner is None), None)

    def after(self, decision: Decision, partner: str | None, now_s: float, within_s: float) -> "TwoPersonWaits":
        """Apply a `decision` made with `partner`: remember who waits, and use up what a grant used."""
        kept, worker_id = self._lasting(now_s), decision.worker_id
        if worker_id is None:
            return kept
        if decision.reason is Reason.PARTNER_NEEDED:
            return kept._without(worker_id)._with(WaitingWorker(worker_id, now_s + within_s))
        if decision.reason is not Reason.GRANTED or partner is None:
            return kept
        first = next((w for w in kept.waits if w.worker_id == partner and w.partner is None), None)
        rest = kept._without(worker_id)
        if first is None:
            return rest
        return rest._without(partner)._with(replace(first, partner=worker_id, until_s=now_s + within_s))

    def _lasting(self, now_s: float) -> "TwoPersonWaits":
        return TwoPersonWaits(tuple(w for w in self.waits if now_s <= w.until_s))

    def _without(self, worker_id: str) -> "TwoPersonWaits":
        return TwoPersonWaits(tuple(w for w in self.waits if w.worker_id != worker_id))

    def _with(self, wait: WaitingWorker) -> "TwoPersonWaits":
        return TwoPersonWaits((*self.waits, wait))
