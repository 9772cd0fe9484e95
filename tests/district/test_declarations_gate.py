"""PROMISE: a gate refuses without a fresh declaration while a measure asks for it, and only then."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from decision_parts import known, run
from decision_parts import worker as at_gate
from district_hq import TestedHq, hq_in
from district_rig import SmallDistrict
from django.utils import timezone

from contract.messages import ListKind, PolicySnapshot, Reason
from district.declarations import registry
from district.declarations.asking import asking_site
from district.declarations.gates import tell_changes
from district.declarations.rules import Answers, Asked
from district.emergency import registry as measures
from district.emergency.models import EmergencyMeasure
from district.emergency.rules import MeasureKind
from district.exchange import hand_over, outbox
from district.exchange.models import OutboxRow
from edge.core.domain import ListAge, RosterState
from hq.database.dirty_lists import dirty


@pytest.fixture(name="hq")
def _hq(tmp_path: Path) -> Iterator[TestedHq]:
    with hq_in(tmp_path / "hq") as made:
        yield made


@pytest.fixture(name="measure")
def _measure(town: SmallDistrict) -> EmergencyMeasure:
    ends = timezone.localdate() + timedelta(days=20)
    why = {"purpose": "Find contacts early", "legal_basis": "Emergency response law, article 56"}
    made = measures.start_measure("test", MeasureKind.DECLARATIONS, town.towns[0], ends=ends, **why)
    registry.set_policy("test", made, Asked(valid_hours=12, at_gate=True))
    outbox.put_all(OutboxRow.Kind.SITE, [one.site_id for one in town.projects])
    outbox.put_all(OutboxRow.Kind.WORKER, [one.worker_id for one in town.people])
    return made


def _gate(hq: TestedHq, now: datetime, worker_id: str = "w-1", site: str = "site-1") -> Reason:
    """Ask the gate's own rules, with the record and the policy that HQ publishes."""
    while hand_over.hand_over():
        pass
    record = hq.worker(worker_id)
    assert record is not None
    with hq.store.read() as db:
        rules = hq.people.policy(db, site)
    policy = PolicySnapshot(site_id=site, issued_utc=now, **{"training_required": False, **rules})
    person = at_gate(worker_id=worker_id, sites=frozenset({"site-1"}), declared_utc=record.declared_utc)
    fresh = ListAge(3, now - timedelta(minutes=5))
    state = RosterState(workers={worker_id: person}, roster=fresh, risk=fresh, policy=policy)
    return run(known(worker_id), state, now=now).reason


def test_ok__the_gate_asks_for_a_fresh_declaration(
    town: SmallDistrict, hq: TestedHq, measure: EmergencyMeasure
) -> None:
    """Without one, with one, thirteen hours later, with an abnormal one, and after the end of the measure."""
    now = timezone.now()
    tell_changes()
    assert _gate(hq, now) is Reason.DECLARATION_NEEDED
    registry.declare("w", town.people[0], asking_site(town.people[0], town.projects[0]), Answers())
    assert _gate(hq, now + timedelta(minutes=1)) is Reason.GRANTED
    assert _gate(hq, now + timedelta(hours=13)) is Reason.DECLARATION_NEEDED
    registry.declare(
        "w", town.people[0], asking_site(town.people[0], town.projects[0]), Answers(contact_with_case=True)
    )
    assert _gate(hq, now + timedelta(minutes=2)) is Reason.DECLARATION_NEEDED
    with hq.store.read() as db:
        assert "declaration_valid_h" not in hq.people.policy(db, "site-3"), "another town asks for nothing"
    measures.end_measure("test", measure)
    tell_changes()
    assert _gate(hq, now + timedelta(minutes=3)) is Reason.GRANTED


def test_ok__a_measure_that_ends_by_its_date_is_told_once(
    town: SmallDistrict, hq: TestedHq, measure: EmergencyMeasure
) -> None:
    """The rest of the site's policy stays, and a second look tells nothing."""
    tell_changes()
    _gate(hq, timezone.now())
    with hq.store.read() as db:
        assert hq.people.policy(db, "site-1") == {"declaration_valid_h": 12.0}
        assert {site for site, kind in dirty(db) if kind is ListKind.POLICY} == {"site-1", "site-2"}
    EmergencyMeasure.objects.update(starts=date(2020, 1, 1), ends=timezone.localdate() - timedelta(days=1))
    assert measure.place == town.towns[0]
    OutboxRow.objects.all().delete()
    tell_changes()
    assert {row.subject for row in OutboxRow.objects.filter(kind=OutboxRow.Kind.SITE)} == {"site-1", "site-2"}
    assert _gate(hq, timezone.now()) is Reason.GRANTED
    tell_changes()
    assert not OutboxRow.objects.filter(done=None).exists()
