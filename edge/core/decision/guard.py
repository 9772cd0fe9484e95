"""Decide on a guard's admission, and say before it what stands against a worker. Pure.

The screen asks the same functions as the gate. So a card never says anything else than the gate decides.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace

from contract.messages import Advice, DataTier, ListKind, Reason
from contract.policy import Factor
from edge.core.decision import worker_rules
from edge.core.decision.case import DecisionCase, RuleFinding, RuleVerdict, decision_of
from edge.core.decision.identity_rules import clock_plausible, known
from edge.core.domain import Circumstances, Claim, Decision, Identification, RosterState, Sight, Worker

_PAPERS: tuple[tuple[str, Callable[[DecisionCase, Worker], RuleFinding]], ...] = (
    ("this site", worker_rules.this_site),
    ("active", worker_rules.active),
    ("employer", worker_rules.employer),
    ("trade", worker_rules.trade),
    ("training", worker_rules.training),
    ("health declaration", worker_rules.declaration),
)
"""Rules about papers, by their names in the table. Hours, factors and occupancy are the guard's own judgement."""


@dataclass(frozen=True, slots=True)
class Objection:
    """What stands against admitting a worker. `given`: what was checked. `may_override`: a guard may, with a reason."""

    rule: str
    reason: Reason
    given: str
    may_override: bool


@dataclass(frozen=True, slots=True)
class GuardCheck:
    """What the lists say of a worker. `notes`: what could not be checked, and lists that only alert."""

    objections: tuple[Objection, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def may_admit(self) -> bool:
        """True if a guard may admit the worker, with a reason."""
        return all(one.may_override for one in self.objections)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The reasons of all objections, in order."""
        return tuple(one.reason for one in self.objections)


def check_for_guard(worker_id: str, state: RosterState, at: Circumstances) -> GuardCheck:
    """Say what stands against a worker whom a guard wants to admit. On the way out nothing does."""
    return _check(_case(worker_id, state, at))


def admit_by_guard(
    worker_id: str | None,
    words: str,
    state: RosterState,
    at: Circumstances,
    despite: Collection[Reason] = (),
    *,
    visitor: bool = False,
) -> Decision:
    """Decide on a guard's admission. Only papers and risk lists count, and only for a named worker.

    `words`: who admits, and why. `despite`: the objections that the guard saw. One that the guard did not see refuses,
    because it came up in the meantime. A list that holds is always overridden, one that denies never.
    `visitor`: the id is a registered visitor's, who has no papers here.
    """
    case = _case(worker_id, state, at, visitor=visitor)
    admitted = replace(decision_of(case, Reason.MANUAL_ADMIT, Advice.WALK_THROUGH, words), worker_id=worker_id)
    if worker_id is None:
        return admitted
    found = _check(case)
    for one in found.objections:
        if not one.may_override or one.reason not in (Reason.RISK_HOLD, *despite):
            words = f"{words}; {one.given}"
            return replace(decision_of(case, one.reason, Advice.SEE_DESK, words), worker_id=worker_id)
    overridden = [f"{one.rule}: {one.given}; admitted by a guard" for one in found.objections]
    return replace(admitted, alerts=tuple(text[:500] for text in [*overridden, *found.notes]))


def _case(worker_id: str | None, state: RosterState, at: Circumstances, *, visitor: bool = False) -> DecisionCase:
    claim = Claim(worker_id, frozenset({Factor.GUARD}), visitor=visitor)
    return DecisionCase.of(Identification(Sight.NOBODY), claim, state, at)


def _check(case: DecisionCase) -> GuardCheck:
    worker, notes = case.worker, list(_unchecked(case))
    person = worker or Worker(case.worker_id or "")  # a list may name somebody who is not on the roster
    by_guard, alone = worker_rules.listed(case, person), worker_rules.listed(_without_guard(case), person)
    if by_guard.verdict is not RuleVerdict.FINE and (case.leaving or alone.verdict is RuleVerdict.NOTES):
        notes.append(f"risk list: {by_guard.given}")
    if case.leaving:
        return GuardCheck(notes=tuple(notes))
    objections = list(_papers(case, worker))
    if alone.verdict is RuleVerdict.REFUSES:
        may_override = by_guard.verdict is not RuleVerdict.REFUSES
        objections.insert(0, Objection("risk list", Reason.RISK_HOLD, alone.given, may_override))
    return GuardCheck(tuple(objections), tuple(notes))


def _papers(case: DecisionCase, worker: Worker | None) -> Iterator[Objection]:
    overridable = {str(one) for one in case.policy.guard_override}
    if case.claim.visitor:
        return
    if worker is None:
        found = [("known worker", known(case))] if _names_everybody(case) else []
    else:
        found = [(rule, look(case, worker)) for rule, look in _PAPERS]
    for rule, finding in found:
        if finding.verdict is RuleVerdict.REFUSES and finding.reason is not None:
            yield Objection(rule, finding.reason, finding.given, finding.reason.value in overridable)


def _names_everybody(case: DecisionCase) -> bool:
    """Return False if the roster is missing, withheld or too old: then a missing name says nothing."""
    return case.roster_tier is not DataTier.EXPIRED and ListKind.ROSTER not in case.state.withheld


def _unchecked(case: DecisionCase) -> Iterator[str]:
    """Yield what could not be checked, for the record."""
    if ListKind.RISK in case.state.withheld:
        yield "risk list: the one here is withheld, so nobody was checked against it"
    if case.leaving:
        return
    if not _names_everybody(case):
        yield "age of the roster: it is missing, withheld or expired, so papers may be wrong"
    if not clock_plausible(case):
        yield "clock: it may be wrong, so dates may be wrong"


def _without_guard(case: DecisionCase) -> DecisionCase:
    return replace(case, claim=replace(case.claim, factors=frozenset()))
