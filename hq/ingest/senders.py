"""Check who sent a message: HQ accepts a registered gate's messages, for its own site, signed by its keys.

HQ accepts nothing of an unregistered gate, unless hq.toml says until when gates before version 1.3 are accepted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contract.chain import link
from contract.codec import BadMessage
from contract.identity import erasure, head, verify_erasure, verify_head, verify_message
from contract.messages import EventRecord, GateStatus, Health, SnapshotRequest
from contract.signing import BadSignature
from contract.topics import Channel
from hq.database.clock import now
from hq.database.values import JournalKey
from hq.registry.registered_gate import RegisteredGate, unregistered


class SenderRefused(BadMessage):
    """A message whose sender is not, or not provably, a registered gate. The text says what to do."""


@dataclass(frozen=True, slots=True)
class SenderCheck:
    """`unsigned_until`: up to this moment gates that are not registered are accepted, as before version 1.3."""

    unsigned_until: datetime | None = None

    def check_records(
        self,
        gate: RegisteredGate | None,
        key: JournalKey,
        records: Sequence[EventRecord],
        proofs: Sequence[EventRecord],
    ) -> None:
        """Check that the gate process wrote these records, in this order, and erased what is erased.

        `proofs`: the records whose own signature counts (see the function `proofs`).

        Raises:
            SenderRefused: it did not, or that is not proven.
        """
        if not self._known(gate, key.site_id, key.gate_id):
            return
        assert gate is not None
        signer = gate.journal_key
        for record in proofs:
            if record.signature is None:
                raise SenderRefused(f"event {record.seq} and those before it carry no signature of the gate")
            try:
                verify_head(record.signature, _head(key, record), signer)
            except BadSignature as error:
                raise SenderRefused(f"event {record.seq} is not signed by the gate's registered key") from error
        for record in records:
            if record.erased is not None:
                try:
                    left = erasure(_head(key, record), record.prev_hash, record.body)
                    verify_erasure(record.erased, left, signer)
                except BadSignature as error:
                    raise SenderRefused(f"event {record.seq} was not erased by the gate") from error

    def check_message(
        self,
        gate: RegisteredGate | None,
        channel: Channel,
        message: GateStatus | Health | SnapshotRequest,
        payload: bytes,
    ) -> bool:
        """Check that the sync process of this gate sent this message. Return False if the gate is accepted without
        proof.

        Raises:
            SenderRefused: it did not, or that is not proven.
        """
        if not self._known(gate, message.site_id, message.gate_id):
            return False
        assert gate is not None
        try:
            verify_message(payload, channel.value, gate.sync_key)
        except BadSignature as error:
            raise SenderRefused(f"not signed by the gate's registered link key: {error}") from error
        if not message.serial:
            raise SenderRefused("has no serial")
        return True

    def takes_unregistered(self) -> bool:
        """Tell whether gates that are not registered are accepted now."""
        return self.unsigned_until is not None and now() < self.unsigned_until

    def _known(self, gate: RegisteredGate | None, site_id: str, gate_id: str) -> bool:
        """Return False for a gate that is accepted without registration. Raises SenderRefused."""
        if gate is None:
            if not self.takes_unregistered():
                raise SenderRefused(unregistered(site_id, gate_id))
            return False
        if gate.site_id != site_id:
            raise SenderRefused(f"{gate_id} is registered for site {gate.site_id}, and no gate of {site_id}")
        return True


def proofs(records: Sequence[EventRecord], fits: Sequence[bool] | None = None) -> tuple[EventRecord, ...]:
    """Find the records whose own signature must hold so that all of them are the gate's.

    Those are the last one, and each that the next one does not follow from, by hash and number. `fits`: of each,
    whether its hash is that of its body. Pure.
    """
    if fits is None:
        fits = [link(record.prev_hash, record.body) == record.hash for record in records]
    needed: list[EventRecord] = []
    expected: tuple[int, str] | None = None
    for record, whole in zip(reversed(records), reversed(fits), strict=True):
        if expected is None or record.hash != expected[1] or record.seq != expected[0]:
            needed.append(record)
        expected = (record.seq - 1, record.prev_hash) if whole else None
    return tuple(needed)


def _head(key: JournalKey, record: EventRecord) -> bytes:
    return head(key.site_id, key.gate_id, key.epoch, record.seq, record.hash)
