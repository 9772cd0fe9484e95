"""Decide whether a list is published as changes since its snapshot. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from contract.messages import GateStatus

ROWS_MAX = 1_000
"""Workers in one message of changes, as in one part of a list: a gate reads them between two frames."""
BYTES_MAX = 1024 * 1024
"""Size of one message of changes, as of a part: brokers limit messages."""
BYTES_SHARE = 4
"""Changes larger than this part of the snapshot are sent as a snapshot. They would be sent again with every later
change."""
SMALL_BYTES = 8_192
"""A smaller snapshot counts as this large. So an empty list, too, is signed again by (empty) changes."""


@dataclass(frozen=True, slots=True)
class WorkerChanges:
    """Worker ids: added or changed since the snapshot, and removed since then."""

    changed: tuple[str, ...]
    removed: tuple[str, ...]


def worth_sending(delta_bytes: int, snapshot_bytes: int) -> bool:
    """Tell whether changes of this size are worth sending instead of a new snapshot."""
    return delta_bytes <= min(BYTES_MAX, max(snapshot_bytes, SMALL_BYTES) // BYTES_SHARE)


def changed_of(held: Mapping[str, str], present: Mapping[str, str]) -> list[str]:
    """Compare fingerprints by worker id: of the snapshot, and of now. Return who was added or changed."""
    return [who for who, fingerprint in present.items() if held.get(who) != fingerprint]


def read_by_all(statuses: Iterable[GateStatus | None]) -> bool:
    """Tell whether every connected gate reads changes. Lists of a gate of an older version would not be renewed."""
    return all(status.takes_changes for status in statuses if status and status.online)


def keys_fingerprint(reader: X25519PublicKey, signing: Ed25519PrivateKey) -> str:
    """Make a fingerprint of the keys of a list. A gate with other keys can neither open nor believe it."""
    return hashlib.sha256(reader.public_bytes_raw() + signing.public_key().public_bytes_raw()).hexdigest()
