"""A gate in the registry. Pure."""

from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from contract.identity import fingerprint


@dataclass(frozen=True, slots=True)
class RegisteredGate:
    """A gate whose keys count now, or counted once (`revoked_utc`)."""

    gate_id: str
    site_id: str
    gate_key: bytes
    link_key: bytes
    since_utc: datetime
    added_by: str
    how: str
    revoked_utc: datetime | None = None
    revoked_by: str | None = None
    why: str | None = None

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.gate_key, self.link_key)

    @property
    def journal_key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.gate_key)

    @property
    def sync_key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.link_key)


def unregistered(site_id: str, gate_id: str) -> str:
    """Say that a gate is not registered, and what to type."""
    return (
        f"the gate is not registered, its data waits there: sitegate-hq gate code {gate_id} --site {site_id} --by YOU"
    )
