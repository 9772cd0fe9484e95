"""Log what gates keep repeating once: it is no news, and goes on until somebody acts."""

import structlog

log = structlog.get_logger()

STRANGERS_MAX, REASONS_MAX = 1000, 20
"""Gates whose refusals are logged, and reasons for each. So no gate can use up the room of the others."""


class SenderLog:
    """Remembers what was logged of each gate."""

    def __init__(self) -> None:
        self._newer: set[str] = set()
        self._refused: dict[str, set[str]] = {}

    def newer(self, gate_id: str, what: str) -> None:
        """Log, once for each gate, that it is newer than HQ. That is no alarm."""
        if gate_id not in self._newer:
            self._newer.add(gate_id)
            log.warning("gate_is_newer", gate_id=gate_id, detail=f"{what}: update sitegate-hq")

    def refused(self, gate_id: str, why: str) -> bool:
        """Log, once for each reason, what HQ does not accept of a gate; it waits there. Return whether it is new."""
        known = self._refused.get(gate_id)
        if known is None and len(self._refused) < STRANGERS_MAX:
            known = self._refused[gate_id] = set()
        if known is None or why in known or len(known) >= REASONS_MAX:
            return False
        known.add(why)
        log.error("gate_not_taken", gate_id=gate_id, detail=why)
        return True
