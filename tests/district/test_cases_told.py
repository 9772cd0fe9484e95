"""Who hears of cases: by the page, mail, broker and webhooks; what gates report; figures; what is erased."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from district_rig import SmallDistrict
from django.core import mail
from django.test import override_settings
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from sync_rig import Mosquitto, Stranger, wait_until
from two_parts import client_of

from district.api.models import WebhookDelivery
from district.api.webhooks import make_endpoint
from district.cases import broadcasts, figures, forgetting, mails, registry, silent_gates
from district.cases.feed_handlers import handle
from district.cases.gate_events import OLDEST, read_finding
from district.cases.models import Case, CaseBroadcast, CaseNotice, CaseTally, CaseTrigger, DutyHours
from district.cases.rules import CaseKind
from district.config import BrokerConfig
from district.emergency.registry import end_measure, start_measure
from district.emergency.rules import MeasureKind
from district.permissions import Role
from district.places.models import Gate, Responsibility


@dataclass(frozen=True)
class GateSaid:
    """An entry of the feed."""

    body: str
    type: str = "access"
    worker_id: str | None = None
    seq: int = 1
    site_id: str = "site-1"
    gate_id: str = "gate-1"
    utc: datetime | None = None
    received_utc: datetime | None = None
    corrected_utc: datetime | None = None
    kind: str = "event"
    line: str = "epoch-1"


def _refused(seq: int = 1, reason: str = "risk_hold", **more: Any) -> GateSaid:
    now = timezone.now()
    given: dict[str, Any] = {"worker_id": "w-1", "utc": now, "received_utc": now, **more}
    return GateSaid(json.dumps({"granted": False, "reason": reason}), seq=seq, **given)


def _notice(code: str, seq: int = 1) -> GateSaid:
    now = timezone.now()
    return GateSaid(json.dumps({"code": code}), "notice", seq=seq, utc=now, received_utc=now)


def _mailed(town: SmallDistrict) -> None:
    for role, user in town.accounts.items():
        user.email = f"{role}@example.org"
        user.save()


def test_ok__risk_person_refused_at_a_gate_is_one_case_of_the_measure(town: SmallDistrict) -> None:
    """Trying again, and reading the page again, opens no second one. Liaison and site get a notice."""
    ends = timezone.localdate() + timedelta(days=5)
    why = {"purpose": "Find contacts early", "legal_basis": "Emergency response law, article 56"}
    measure = start_measure("test", MeasureKind.SCREENING, town.root, ends=ends, **why)
    page = [_refused(1), _refused(2), _refused(3, reason="unknown"), _refused(4, site_id="site-9")]
    handle(page)
    handle(page)
    case = Case.objects.get()
    assert (case.kind, case.person, case.of_measure.measure) == ("risk_at_gate", town.people[0], measure)
    assert set(case.notices.values_list("user", flat=True)) >= {town.accounts[Role.MANAGER].pk}
    assert town.accounts[Role.GUARD].pk not in set(case.notices.values_list("user", flat=True))
    assert CaseTrigger.objects.count() == 2


def test_ok__a_refusal_that_arrives_after_its_measure_opens_no_case(town: SmallDistrict) -> None:
    """A gate without a network sends it later. A refusal after the end is of an ordinary list."""
    ends = timezone.localdate() + timedelta(days=5)
    why = {"purpose": "Find contacts early", "legal_basis": "Emergency response law, article 56"}
    measure = start_measure("test", MeasureKind.SCREENING, town.root, ends=ends, **why)
    before = timezone.now()
    end_measure("test", measure)
    handle([_refused(1, worker_id="w-1", utc=before)])
    assert not Case.objects.exists()
    handle([_refused(2, worker_id="w-1", utc=timezone.now())])
    assert Case.objects.get().kind == "risk_at_gate"


def test_ok__alarm_that_ends_is_news_of_its_case(town: SmallDistrict) -> None:
    """Its owner hears it; the case stays open until somebody looked."""
    handle([_notice("fire_on"), _notice("tamper", 2), _notice("fire_off", 3), _notice("gate_started", 4)])
    fire = Case.objects.get(kind="fire")
    assert list(fire.steps.values_list("action", flat=True)) == ["report", "news"]
    assert (fire.state, Case.objects.count()) == ("reported", 2)


@pytest.mark.parametrize("age", [OLDEST + timedelta(minutes=1), -timedelta(days=900)])
def test_ok__old_event_opens_nothing_and_a_clock_ahead_counts_as_now(age: timedelta) -> None:
    """The first reading of a feed opens no case for years past."""
    now = datetime(2026, 2, 16, tzinfo=UTC)
    found = read_finding(_refused(utc=now - age, received_utc=now), now)
    assert (found is None) == (age > OLDEST)
    assert found is None or found.at == now


_JSON = st.dictionaries(st.sampled_from(["granted", "reason", "code"]), st.none() | st.booleans() | st.text(max_size=9))


@settings(max_examples=50, deadline=None)
@given(_JSON, st.sampled_from(["access", "notice", "passage"]), st.sampled_from(["event", "missing", "restart"]))
def test_ok__no_event_makes_the_reader_fail(body: dict[str, Any], of_type: str, kind: str) -> None:
    """Only a refusal or a known notice is a finding."""
    now = datetime(2026, 2, 16, tzinfo=UTC)
    found = read_finding(GateSaid(json.dumps(body), of_type, "w-1", utc=now, kind=kind), now)
    assert found is None or kind == "event"


def _gates(town: SmallDistrict, *minutes: int) -> list[Gate]:
    now = timezone.now()
    return [
        Gate.objects.create(project=town.projects[0], gate_id=f"g-{n}", last_heard=now - timedelta(minutes=one))
        for n, one in enumerate(minutes)
    ]


def _always_open(town: SmallDistrict) -> None:
    for weekday in range(7):
        registry.add_hours("test", town.root, DutyHours.Kind.OFFICE, weekday, time(0), time(0))


def test_ok__silent_gate_opens_one_case_and_says_when_it_is_back(town: SmallDistrict) -> None:
    """A second look opens no second one."""
    _always_open(town)
    silent, _heard = _gates(town, 20, 1)
    silent_gates.watch_gates()
    silent_gates.watch_gates()
    case = Case.objects.get()
    assert case.source == "g-0"
    Gate.objects.filter(pk=silent.pk).update(last_heard=timezone.now())
    silent_gates.watch_gates()
    silent_gates.watch_gates()
    assert list(case.steps.values_list("action", flat=True)) == ["report", "news"]


def test_ok__no_gate_is_blamed_while_hq_is_away_or_at_night(town: SmallDistrict) -> None:
    """A thousand silent gates at once are one broken HQ; a site may cut the power at night."""
    gates = _gates(town, 20, 30)
    _always_open(town)
    silent_gates.watch_gates()
    assert not Case.objects.exists()
    Gate.objects.filter(pk=gates[0].pk).update(last_heard=timezone.now())
    DutyHours.objects.all().delete()
    now = timezone.localtime()
    for weekday in range(7):
        begins = (now + timedelta(hours=2)).time().replace(microsecond=0)
        ends = (now + timedelta(hours=3)).time().replace(microsecond=0)
        registry.add_hours("test", town.root, DutyHours.Kind.OFFICE, weekday, begins, ends)
        registry.set_day("test", timezone.localdate() + timedelta(days=weekday - 3), True)
    silent_gates.watch_gates()
    assert not Case.objects.exists()


def test_ok__mail_names_nobody_and_waits_for_the_end_of_quiet_hours(town: SmallDistrict) -> None:
    """An urgent one leaves at once. A server that is away is tried again."""
    _mailed(town)
    for weekday in range(7):
        registry.add_hours("test", town.root, DutyHours.Kind.QUIET, weekday, time(0), time(0))
    registry.open_case(CaseKind.WHISTLE, town.projects[0].place, title="Fence")
    assert not mails.mail_notices()
    registry.open_case(CaseKind.HIT, town.projects[0].place, title="工人1 of list 7", person=town.people[0])
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_PORT=9):
        assert mails.mail_notices()
        assert mail.get_connection().timeout == 20  # type: ignore[attr-defined]  # a silent server holds up nothing
    assert not mail.outbox
    CaseNotice.objects.filter(tries=1).update(leaves=timezone.now())
    while mails.mail_notices():
        pass
    assert {one.to[0] for one in mail.outbox} == {"manager@example.org", "liaison@example.org"}
    assert "Match with a key list" in mail.outbox[0].body
    assert not any("工人1" in one.body + one.subject or "list 7" in one.body for one in mail.outbox)


def test_ok__page_shows_news_until_it_is_read(town: SmallDistrict) -> None:
    """Opening the case reads it; who loses the right does not see it any more."""
    liaison = town.accounts[Role.LIAISON]
    case = registry.open_case(CaseKind.WHISTLE, town.projects[0].place, title="Fence")
    client = client_of(liaison)
    assert "Fence" in client.get("/cases/news/").content.decode()
    client.get(f"/cases/{case.pk}/")
    assert CaseNotice.objects.get(user=liaison).seen is not None
    liaison.grants.update(ended=timezone.now())
    assert client_of(liaison).get("/cases/news/").status_code == 403


def test_ok__each_step_reaches_a_real_broker_once(town: SmallDistrict, tmp_path: Path) -> None:
    """What the broker does not take waits. A case that is kept from its site names no site."""
    broker = Mosquitto(tmp_path)
    config = BrokerConfig(host="127.0.0.1", port=broker.port, tls=False, topic="nanhai/cases")
    with override_settings(BROKER=config), pytest.MonkeyPatch.context() as patch:
        patch.setattr(broadcasts, "WAIT_S", 0.3)
        registry.open_case(CaseKind.WHISTLE, town.projects[0].place, title="Fence")
        registry.open_case(CaseKind.WHISTLE, town.projects[0].place, title="Wage", discreet=True)
        assert not broadcasts.publish_steps()
        assert CaseBroadcast.objects.count() == 2
        broker.start()
        witness = Stranger(broker.port)
        try:
            witness.subscribe("nanhai/#")
            patch.setattr(broadcasts, "WAIT_S", 20)
            while CaseBroadcast.objects.exists():
                broadcasts.publish_steps()
            wait_until(lambda: len(witness.seen) == 2, "both arrive")
        finally:
            witness.close()
            broker.kill()
    told = {topic: json.loads(body) for topic, body, _retained in witness.seen}
    assert told["nanhai/cases/site-1"]["what"] == "report"
    assert told["nanhai/cases"]["place"] == ""
    assert b"Fence" not in witness.seen[0][1]


def test_ok__webhook_hears_of_cases_in_its_part_and_of_health_apart(town: SmallDistrict) -> None:
    """A town's endpoint hears nothing of the other town, and no title."""
    officer = town.account(Role.OFFICER, place=town.towns[0])
    make_endpoint(officer, "desk", "https://desk.example/", ["cases"], place=town.towns[0])
    registry.open_case(CaseKind.WHISTLE, town.projects[0].place, title="Fence")
    registry.open_case(CaseKind.WHISTLE, town.projects[3].place, title="Far")
    registry.open_case(CaseKind.HIT, town.projects[0].place, title="Hit", person=town.people[0])
    sent = [one.body["data"] for one in WebhookDelivery.objects.all()]
    assert [one["kind"] for data in sent for one in data] == ["whistle"]
    assert "Fence" not in json.dumps(sent)


def _closed(town: SmallDistrict, hours: float, site: int = 0) -> Case:
    now = timezone.now()
    case = registry.open_case(CaseKind.WHISTLE, town.projects[site].place, title="Fence")
    made = now - timedelta(hours=hours)
    Case.objects.filter(pk=case.pk).update(
        state="closed", made=made, resolved=now, closed=now, owner=town.accounts[Role.OFFICER]
    )
    return case


def test_ok__figures_agree_with_the_cases_and_stay_when_these_go(town: SmallDistrict) -> None:
    """Median and 90th percentile by town; a recount changes nothing; erased cases stay counted."""
    for hours in (1, 2, 3, 4, 10):
        _closed(town, hours)
    _closed(town, 7, site=3)
    registry.open_case(CaseKind.WHISTLE, town.projects[0].place, title="Still open")
    figures.count_days()
    Case.objects.exclude(state="reported").delete()
    figures.count_days()
    towns, kinds, total = figures.figures_of(town.accounts[Role.OFFICER], 7)
    assert [(one.name, one.closed, one.spread) for one in towns] == [
        ("Guicheng", 5, (3.0, 10.0)),
        ("Shishan", 1, (7.0, 7.0)),
    ]
    assert (total.open_now, total.closed, len(kinds)) == (1, 6, 1)
    part = figures.figures_of(town.account(Role.OFFICER, place=town.towns[1]), 7)[2]
    assert (part.open_now, part.closed) == (0, 1)
    pages = client_of(town.accounts[Role.OFFICER])
    assert "Guicheng" in pages.get("/cases/figures/?days=90").content.decode()
    assert pages.get("/cases/figures/days/?format=xlsx").status_code == 200
    assert CaseTally.objects.count() == 2


def test_ok__closed_case_is_erased_after_two_years_and_an_open_one_stays(town: SmallDistrict) -> None:
    """With all that hangs on it."""
    old, young = _closed(town, 1), _closed(town, 1)
    Case.objects.filter(pk=old.pk).update(closed=timezone.now() - forgetting.KEPT - timedelta(days=1))
    forgetting.forget_old()
    assert list(Case.objects.all()) == [young]
    assert not CaseNotice.objects.filter(case=old.pk).exists()


def test_ok__escalation_tells_the_next_place(town: SmallDistrict) -> None:
    """The officer of the town hears of what the liaison leaves."""
    grid = Responsibility.objects.create(
        kind="liaison",
        user=town.accounts[Role.LIAISON],
        place_id=town.accounts[Role.LIAISON].grants.get().place_id,
        starts=date(2026, 1, 1),
    )
    officer = town.account(Role.OFFICER, place=town.towns[0])
    case = registry.open_case(CaseKind.TAMPER, town.projects[0].place, title="Opened")
    assert case.owner == grid.user
    registry.escalate_due(timezone.now() + timedelta(minutes=31))
    told = CaseNotice.objects.filter(case=case, step__action="escalate").values_list("user", flat=True)
    assert set(told) == {grid.user.pk, officer.pk}
