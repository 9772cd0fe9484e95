"""Makes a list from a snapshot and its changes. The cost depends on what changed."""

from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.deltas import Changes, SealedDelta
from contract.messages import ListKind, PartHeader, RiskDelta, RosterDelta
from contract.signing import Opener
from edge.core.domain import ListAge, RosterState
from edge.core.templates import TemplateStore
from edge.replica.list_assembly import RosterReader, risks
from edge.replica.signed_lists import ListRefused, open_changes


def apply_delta(
    base: RosterState, header: PartHeader, delta: SealedDelta, key: X25519PrivateKey | Opener, now: RosterState
) -> tuple[RosterState, int]:
    """Return `base`, the snapshot with this `header`, after the changes, and the number of unreadable templates.

    What is the same as in the state `now` stays the same object: unchanged templates need no new gallery.
    Raises ListRefused: the changes belong to another snapshot, or do not hold what they say.
    """
    claimed = delta.header
    if (claimed.kind, claimed.base_version, claimed.base_digest) != (header.kind, header.list_version, header.digest):
        raise ListRefused(f"the changes of the {claimed.kind.value} are not those of version {header.list_version}")
    found, age = open_changes(delta, key), ListAge(claimed.list_version, claimed.issued_utc)
    if isinstance(found.delta, RosterDelta):
        return _roster(base, found, found.delta, age, now)
    if isinstance(found.delta, RiskDelta):
        return _risks(base, found.delta, age), 0
    raise ListRefused(f"changes of a {claimed.kind.value} decide nothing here")


def with_list(kind: ListKind, state: RosterState, found: RosterState) -> RosterState:
    """Return the state with one list taken from another state."""
    if kind is ListKind.ROSTER:
        return replace(
            state,
            workers=found.workers,
            templates=found.templates,
            roster=found.roster,
            roster_base=found.roster_base,
        )
    if kind is ListKind.RISK:
        return replace(state, risks=found.risks, risk=found.risk)
    return replace(state, policy=found.policy, policy_age=found.policy_age)


def _roster(
    base: RosterState, found: Changes, delta: RosterDelta, age: ListAge, now: RosterState
) -> tuple[RosterState, int]:
    reading = RosterReader()
    reading.take_workers(delta, found.vectors)
    fresh = reading.into(RosterState(), age)
    workers = base.workers | fresh.workers
    for worker_id in delta.removed:
        workers.pop(worker_id, None)
    assert isinstance(base.templates, TemplateStore) and isinstance(fresh.templates, TemplateStore)
    templates = base.templates.replaced({*fresh.workers, *delta.removed}, fresh.templates)
    if isinstance(now.templates, TemplateStore) and now.templates.same_as(templates):
        templates = now.templates
    return replace(base, workers=workers, templates=templates, roster=age), reading.unreadable


def _risks(base: RosterState, delta: RiskDelta, age: ListAge) -> RosterState:
    fresh = risks(delta.entries)
    gone = {*fresh, *delta.removed}
    kept = {worker_id: entries for worker_id, entries in base.risks.items() if worker_id not in gone}
    return replace(base, risks=kept | fresh, risk=age)
