"""Decide what HQ does about the versions that gates hold. Pure.

A restored or new HQ meets gates with versions that it never made, or made with other content.
They refuse HQ's lists then. HQ goes past these versions with a whole list.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from contract.messages import GateStatus, ListInForce, ListKind

CLAIM_MAX = 2**31
"""A higher version that HQ did not make is not believed. A stolen gate must not use up the versions, of which there
are 2^53."""


class ClaimVerdict(StrEnum):
    """What a version at a gate means for HQ."""

    FITS = "fits"
    """HQ made it, or the next version of HQ's is accepted in any case."""
    AHEAD = "above the versions that HQ has made"
    OTHER_CONTENT = "of the same version as HQ's, with other content"
    NOT_BELIEVED = f"above {CLAIM_MAX}, which is not believed"

    @property
    def refuses(self) -> bool:
        """Whether the gate refuses HQ's list."""
        return self is not ClaimVerdict.FITS


@dataclass(frozen=True, slots=True)
class ListClaim:
    """A list that a gate holds. `digest`: "" if the gate does not say."""

    kind: ListKind
    version: int
    digest: str = ""


@dataclass(frozen=True, slots=True)
class MadeVersions:
    """What HQ made of a list: the newest version, its snapshot's version, and known digests by version."""

    last: int = 0
    whole: int = 0
    digests: Mapping[int, str] | None = None


def claims(status: GateStatus) -> Iterator[ListClaim]:
    """Read what a status says of the lists at the gate. A gate before 1.4 gives one digest, that of the roster."""
    for held in (*status.lists_kept, *status.lists_used):
        yield _claim(held)
    if not status.lists_kept:
        yield ListClaim(ListKind.ROSTER, status.roster_version)
        yield ListClaim(ListKind.RISK, status.risk_version)
        yield ListClaim(ListKind.POLICY, status.policy_version)
        if status.roster_kept is not None:
            yield ListClaim(ListKind.ROSTER, status.roster_kept.list_version, status.roster_kept.digest)


def judge_claim(claim: ListClaim, made: MadeVersions) -> ClaimVerdict:
    """Decide what a claim means. A version below the present snapshot does not matter: gates accept the snapshot."""
    if claim.version > made.last:
        return ClaimVerdict.AHEAD if claim.version <= CLAIM_MAX else ClaimVerdict.NOT_BELIEVED
    known = (made.digests or {}).get(claim.version)
    if claim.version >= made.whole and claim.digest and known and claim.digest != known:
        return ClaimVerdict.OTHER_CONTENT
    return ClaimVerdict.FITS


def _claim(held: ListInForce) -> ListClaim:
    return ListClaim(held.kind, held.list_version, held.digest)
