"""PROMISE: each gate opens on the days of the person's work at its site, and no other. That holds without a network."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from decision_parts import known, run
from decision_parts import worker as at_gate
from district_hq import TestedHq, hq_in
from district_rig import SmallDistrict
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.messages import Reason
from district.exchange import hand_over, outbox
from district.exchange.models import OutboxRow
from district.exchange.present import hq_worker
from district.people.for_hq import WorkerForHq, WorkOnSite
from district.people.models import Assignment, Certificate, RequiredTraining
from district.people.rules.trainings import TrainingForGate
from district.wire.written import written
from edge.core.domain import ListAge, RosterState
from hq.registry.site_dates import at_site

TODAY = date(2026, 11, 28)
SITES = ("site-1", "site-2", "site-3")
KINDS = ("Safety", "Crane", "Height")
days = st.integers(-20, 20)
works = st.lists(
    st.tuples(st.sampled_from(SITES), days, st.none() | st.integers(0, 15), st.sets(st.sampled_from(KINDS))), max_size=6
)
trainings = st.lists(st.tuples(st.sampled_from(KINDS), st.none() | days), max_size=4)


def _work(rows: list[Any]) -> tuple[WorkOnSite, ...]:
    """Keep rows that do not overlap at one site, as the registry does."""
    kept: list[WorkOnSite] = []
    for site, first, length, requires in rows:
        starts = TODAY + timedelta(days=first)
        ends = None if length is None else starts + timedelta(days=length)
        others = [one for one in kept if one.site_id == site]
        if all(
            (ends is not None and ends < one.starts) or (one.ends is not None and one.ends < starts) for one in others
        ):
            kept.append(WorkOnSite(site, starts, ends, "e", "t", "", tuple(requires)))
    return tuple(sorted(kept, key=lambda one: (one.site_id, one.starts)))


def _person(work: tuple[WorkOnSite, ...], held: list[Any]) -> WorkerForHq:
    has = tuple(TrainingForGate(kind, None if day is None else TODAY + timedelta(days=day)) for kind, day in held)
    return WorkerForHq("w1", "n", "", False, work, has, (), "", False, "")


def _opens(one: WorkerForHq, handed_over: date, site: str, day: date) -> Reason:
    """Ask the gate's own rules, with the list that HQ makes of what was handed over on a day."""
    ours = [work for work in one.work if work.ends is None or work.ends >= handed_over]
    record = written(hq_worker(WorkerForHq(**{**one.__dict__, "work": tuple(ours)}), handed_over), None)
    if site not in record.sites:
        return Reason.NOT_THIS_SITE
    entry = at_site(record, site)
    dates = {"valid_from": entry.valid_from, "valid_until": entry.valid_until, "active": entry.active}
    trained = {"training_valid_until": entry.training_valid_until}
    person = at_gate(sites=frozenset({"site-1"}), **dates, **trained)
    now = datetime.combine(day, time(12), UTC)
    fresh = ListAge(3, now - timedelta(hours=1))
    found: Reason = run(known(), RosterState(workers={"w1": person}, roster=fresh, risk=fresh), now=now).reason
    return found


@settings(max_examples=60, deadline=None)
@given(rows=works, held=trainings, site=st.sampled_from(SITES), day=st.integers(0, 20))
def test_ok__a_gate_opens_on_the_days_of_work_at_its_site_with_all_trainings(
    rows: list[Any], held: list[Any], site: str, day: int
) -> None:
    one, then = _person(_work(rows), held), TODAY + timedelta(days=day)
    there = [work for work in one.work if work.site_id == site and work.starts <= then <= (work.ends or date.max)]
    # A gate without a network knows the present time of work, or the next; a day between two ends what it knows.
    block: list[WorkOnSite] = []
    for work in one.work:
        if work.site_id == site and (work.ends or date.max) >= TODAY:
            last = block[-1].ends if block else None
            if not block or (last is not None and work.starts <= last + timedelta(days=1)):
                block.append(work)
    offline, at_once = _opens(one, TODAY, site, then), _opens(one, then, site, then)
    away = (Reason.NOT_THIS_SITE, Reason.NOT_ACTIVE)
    assert (at_once in away) is not bool(there), "with a network: exactly the days of work"
    assert (offline in away) is not bool(there and there[0] in block), "without one: never another day"
    requires = {kind for work in block for kind in work.requires}
    latest = {
        kind: max((day for k, day in held if k == kind), key=lambda d: 999 if d is None else d) for kind, _ in held
    }
    ends = [latest.get(kind, -999) for kind in requires] or [
        max((999 if d is None else d for d in latest.values()), default=-999)
    ]
    if offline not in away:
        lapsed = any(end is not None and end < day for end in ends)
        assert (offline is Reason.TRAINING_LAPSED) is lapsed


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[TestedHq]:
    with hq_in(tmp_path / "hq") as made:
        yield made


def _handed(hq: TestedHq) -> Any:
    outbox.put_all(OutboxRow.Kind.WORKER, ["w-1"])
    while hand_over.hand_over():
        pass
    return hq.worker("w-1")


def test_ok__hq_has_the_end_and_the_training_of_each_site(town: SmallDistrict, hq: TestedHq) -> None:
    person, today = town.people[0], timezone.localdate()
    here, other = town.projects[0], town.projects[1]
    soon, later = today + timedelta(days=3), today + timedelta(days=30)
    Assignment.objects.filter(person=person).update(ends=soon)
    Assignment.objects.create(person=person, project=other, enterprise=town.enterprises[1], starts=today)
    Certificate.objects.create(person=person, kind="Safety", expires=later, is_training=True)
    Certificate.objects.create(person=person, kind="Crane", expires=soon, is_training=True)
    RequiredTraining.objects.create(place=other.place, kind=" crane")
    RequiredTraining.objects.create(place=town.root, kind="Safety")
    RequiredTraining.objects.create(place=town.root, kind="Height", trade="030")
    record = _handed(hq)
    first, second = (at_site(record, site) for site in ("site-1", "site-2"))
    assert (first.valid_until, first.training_valid_until) == (soon, later)
    assert (second.valid_from, second.valid_until, second.training_valid_until) == (today, None, soon)
    here.closed = today + timedelta(days=2)
    here.save()
    assert at_site(_handed(hq), "site-1").valid_until == today + timedelta(days=1), (
        "no gate opens after the site closed"
    )
    Assignment.objects.filter(person=person).update(trade="030")
    assert at_site(_handed(hq), "site-2").training_valid_until is None, "a required training is missing"
