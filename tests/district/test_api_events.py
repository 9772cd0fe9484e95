"""PROMISE: a webhook receives each kind that docs/API.md names, in the transaction of the change, within its part."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from attendance_rig import GateJournal
from district_rig import SmallDistrict
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError
from two_parts import client_of

from district.api import deliveries, webhooks
from district.api.events import of_feed
from district.api.models import WebhookDelivery, WebhookEndpoint
from district.api.watch import gates_at, papers_on
from district.api.webhooks import make_endpoint
from district.attendance.feed_handlers import handle as attendance_handle
from district.attendance.requests import approve, ask_for_passage
from district.audit.record import record
from district.people import registry
from district.people.models import Certificate, Consent
from district.permissions import Role
from district.places.models import Gate

Event = WebhookEndpoint.Event


@pytest.fixture
def hook(town: SmallDistrict) -> WebhookEndpoint:
    """Return a webhook of everything in the first town."""
    officer = town.accounts[Role.OFFICER]
    return make_endpoint(officer, "hook", "https://payroll.example/h", list(Event), place=town.towns[0])[0]


def told(event: Event) -> list[Any]:
    rows = WebhookDelivery.objects.filter(event=event).order_by("pk")
    return [one for row in rows for one in row.body["data"]]


def test_ok__passages_are_also_refusals_and_presence(town: SmallDistrict, hook: WebhookEndpoint) -> None:
    gate, other = GateJournal(), GateJournal("site-3", "gate-3")
    now = timezone.now()
    page = [
        gate.passed("w-1", "in", now - timedelta(minutes=9)),
        gate.refused("w-2", "not_assigned", now - timedelta(minutes=8)),
        other.passed("w-5", "in", now - timedelta(minutes=7)),
    ]
    attendance_handle(page)
    of_feed(page)
    assert [one["worker_id"] for one in told(Event.PASSAGES)] == ["w-1", "w-2"]
    assert [(one["worker_id"], one["granted"]) for one in told(Event.REFUSALS)] == [("w-2", False)]
    assert [(one["what"], one["worker_id"]) for one in told(Event.PRESENCE)] == [("came", "w-1")]


def test_ok__people_corrections_and_sheets_are_told_without_what_they_hold(
    town: SmallDistrict, hook: WebhookEndpoint
) -> None:
    manager, officer = town.accounts[Role.MANAGER], town.accounts[Role.OFFICER]
    person, foreign = town.people[0], town.people[4]
    registry.change_person(manager, person, {"phone": "13800138000"})
    registry.change_person(manager, foreign, {"phone": "13800138001"})
    registry.give_consent("worker", person, Consent.Purpose.FACE, "1")
    registry.give_consent("worker", person, Consent.Purpose.PLATFORM_PHOTO, "1")
    registry.withdraw_consent("worker", person, Consent.Purpose.FACE)
    assert [(one["what"], one["worker_id"]) for one in told(Event.PEOPLE)] == [
        ("changed", "w-1"), ("enrolled", "w-1"), ("withdrawn", "w-1"),
    ]  # fmt: skip
    assert "13800138000" not in str(told(Event.PEOPLE))
    asked = ask_for_passage(manager, town.projects[0], person, "in", timezone.now() - timedelta(hours=2), "gate off")
    approve(officer, asked)
    assert [one["what"] for one in told(Event.CORRECTIONS)] == ["asked", "approved"]
    record(manager, "import", "people", place_path=town.projects[0].place.path, details={"rows": "3"})
    assert told(Event.IMPORTS) == []  # only a stored sheet counts


def test_ok__a_gate_is_silent_once_and_back_once(town: SmallDistrict, hook: WebhookEndpoint) -> None:
    now = timezone.now()
    gate = Gate.objects.create(project=town.projects[0], gate_id="gate-1", last_heard=now - timedelta(hours=1))
    Gate.objects.create(project=town.projects[2], gate_id="gate-3", last_heard=now - timedelta(hours=1))
    for _ in range(3):
        gates_at(now)
    gate.last_heard = now
    gate.save()
    gates_at(now)
    assert [(one["what"], one["gate_id"]) for one in told(Event.GATES)] == [("silent", "gate-1"), ("back", "gate-1")]


def test_ok__a_paper_is_told_30_and_7_days_before_and_on_its_last_day(
    town: SmallDistrict, hook: WebhookEndpoint
) -> None:
    today = timezone.localdate()
    for days, kind in ((30, "焊工证"), (7, "入场教育"), (8, "later"), (0, "last")):
        Certificate.objects.create(person=town.people[0], kind=kind, expires=today + timedelta(days=days))
    papers_on(today)
    papers_on(today)
    assert {(one["kind"], one["days"]) for one in told(Event.PAPERS)} == {("焊工证", 30), ("入场教育", 7), ("last", 0)}
    papers_on(today + timedelta(days=1))
    assert [one["kind"] for one in told(Event.PAPERS)].count("later") == 1


def test_ok__a_new_secret_signs_at_once_and_the_former_one_for_a_day(
    town: SmallDistrict, hook: WebhookEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("district.api.deliveries.checked_address", lambda _host, _port: "1.2.3.4")
    officer, former = town.accounts[Role.OFFICER], hook.secret
    client = client_of(officer)
    page = client.post(f"/programs/webhook/{hook.pk}/secret").content.decode()
    hook.refresh_from_db()
    assert hook.secret in page and hook.secret != former
    registry.change_person(officer, town.people[0], {"phone": "13800138000"})
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204)

    def deliver(at: timedelta = timedelta()) -> None:
        deliveries.deliver_page(httpx.Client(transport=httpx.MockTransport(answer)), timezone.now() + at)

    deliver()
    for secret in (hook.secret, former):
        Webhook(secret).verify(seen[0].content, dict(seen[0].headers))
    delivery = WebhookDelivery.objects.get()
    WebhookEndpoint.objects.update(old_until=timezone.now() - webhooks.OLD_SECRET_FOR)
    assert client.post(f"/programs/webhook/{hook.pk}/message/{delivery.pk}/again").status_code == 302
    deliver()
    assert seen[1].headers["webhook-id"] == seen[0].headers["webhook-id"]
    with pytest.raises(WebhookVerificationError):
        Webhook(former).verify(seen[1].content, dict(seen[1].headers))
    assert client.post(f"/programs/webhook/{hook.pk}/message/999999/again").status_code == 404
