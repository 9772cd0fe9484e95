"""Whether a signed list may come into force, by what was in force at this gate before. Pure but for what it is asked of.

HQ's signature says who made a list, and not that it is the newest: an old replica.db put back, or changes removed from it, hold
genuine lists in which a worker is not yet suspended.
"""

from typing import Protocol

from contract.deltas import SealedDelta
from contract.messages import ListKind, PartHeader
from edge.core.domain import ListAge, ListMark, RosterState
from edge.replica.signed_lists import ListRefused


class RollbackGuard(Protocol):
    """The highest versions that were ever in force here (`edge.storage.high_water`)."""

    def of(self, kind: ListKind) -> ListMark | None: ...

    def takes_older(self, kind: ListKind) -> bool:
        """True if a technician had this gate take the next list, also an older one."""

    def raise_to(self, kind: ListKind, mark: ListMark) -> None:
        """This list comes into force; on disk when it returns."""


class NoRollbackGuard:
    """Remembers nothing: for commands and tools that only look at a replica."""

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


def refuse_older(floor: RollbackGuard, kind: ListKind, mark: ListMark) -> None:
    """Raises ListRefused for a list below the highest that was in force here, or another one of its version."""
    highest = floor.of(kind)
    if highest is None or floor.takes_older(kind):
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


def withheld(floor: RollbackGuard, state: RosterState) -> frozenset[ListKind]:
    """Lists of which there was a newer version than `state` holds."""

    def older(kind: ListKind) -> bool:
        mark = floor.of(kind)
        return mark is not None and age_of(state, kind).version < mark.version and not floor.takes_older(kind)

    return frozenset(kind for kind in ListKind if older(kind))


def age_of(state: RosterState, kind: ListKind) -> ListAge:
    return {ListKind.ROSTER: state.roster, ListKind.RISK: state.risk, ListKind.POLICY: state.policy_age}[kind]
