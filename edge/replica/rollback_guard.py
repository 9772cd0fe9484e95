"""Decides whether a signed list may come into force, by what was in force at this gate before. Pure, but for the guard
it asks.

HQ's signature says who made a list, not that it is the newest. An old replica.db that was put back holds genuine lists,
in which a worker is not yet suspended. The same is true for a replica.db from which changes were removed.
"""

from typing import Protocol

from contract.deltas import SealedDelta
from contract.messages import DECISION_LISTS, ListKind, PartHeader
from edge.core.domain import ListAge, ListMark, RosterState
from edge.replica.signed_lists import ListRefused


class RollbackGuard(Protocol):
    """Remembers the highest versions that were ever in force here (`edge.storage.high_water`)."""

    def of(self, kind: ListKind) -> ListMark | None:
        """Return the highest version, or None."""

    def takes_older(self, kind: ListKind) -> bool:
        """Return True if a technician let the next list come into force, also an older one."""

    def raise_to(self, kind: ListKind, mark: ListMark) -> None:
        """Remember that this list comes into force. On disk when it returns."""


class NoRollbackGuard:
    """Remembers nothing: for commands and tools that only read a replica."""

    def of(self, kind: ListKind) -> ListMark | None:
        return None

    def takes_older(self, kind: ListKind) -> bool:
        return False

    def raise_to(self, kind: ListKind, mark: ListMark) -> None: ...


def mark_of_part(header: PartHeader) -> ListMark:
    return ListMark(version=header.list_version, issued_utc=header.issued_utc, digest=header.digest)


def mark_of_delta(delta: SealedDelta) -> ListMark:
    header = delta.header
    return ListMark(version=header.list_version, issued_utc=header.issued_utc, digest=delta.fingerprint.hex())


def refuse_older(guard: RollbackGuard, kind: ListKind, mark: ListMark) -> None:
    """Raises ListRefused for a list below the highest that was in force here, or another one with its version."""
    highest = guard.of(kind)
    if highest is None or guard.takes_older(kind):
        return
    if mark.version < highest.version:
        raise ListRefused(
            f"{kind.value} version {mark.version} lies here, and version {highest.version} was in force before: it is not"
            " believed, and asked for again from HQ"
        )
    if mark.version == highest.version and mark.digest != highest.digest:
        raise ListRefused(
            f"another {kind.value} of version {mark.version} was in force before: this one is not believed"
        )


def withheld(guard: RollbackGuard, state: RosterState) -> frozenset[ListKind]:
    """Return the lists of which a newer version was in force than `state` holds."""

    def older(kind: ListKind) -> bool:
        mark = guard.of(kind)
        return mark is not None and age_of(state, kind).version < mark.version and not guard.takes_older(kind)

    return frozenset(kind for kind in DECISION_LISTS if older(kind))


def age_of(state: RosterState, kind: ListKind) -> ListAge:
    return {ListKind.ROSTER: state.roster, ListKind.RISK: state.risk, ListKind.POLICY: state.policy_age}[kind]
