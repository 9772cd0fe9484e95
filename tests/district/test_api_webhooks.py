"""PROMISE: other programs receive what they may see, signed, at least once, and nothing else."""

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from attendance_rig import GateJournal
from district_rig import SmallDistrict
from django.test import Client
from django.utils import timezone
from standardwebhooks import Webhook
from two_parts import client_of

from district.accounts.models import User
from district.api import deliveries
from district.api.events import of_feed
from district.api.models import WebhookDelivery, WebhookEndpoint
from district.api.tokens import NotYours
from district.api.webhooks import GIVE_UP_AFTER, end_endpoint, make_endpoint
from district.api.whole_time import whole_time_transport
from district.attendance.feed_handlers import handle as attendance_handle
from district.config import WebhookConfig
from district.people.models import Assignment
from district.permissions import Role

Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def _names_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = {
        "payroll.example": "1.2.3.4",
        "here.example": "127.0.0.1",
        "cloud.example": "169.254.169.254",
        "beside.example": "10.1.2.3",
        "nat64.example": "64:ff9b::a01:203",
        "6to4.example": "2002:a01:203::1",
    }
    monkeypatch.setattr(
        "district.api.deliveries.socket.getaddrinfo", lambda host, port, **_: [(0, 0, 0, "", (addresses[host], port))]
    )


def _endpoint(user: User, url: str = "https://payroll.example/hook", **where: Any) -> tuple[WebhookEndpoint, str]:
    where = where or {"place": user.grants.get().place}
    return make_endpoint(user, "payroll", url, ["passages", "assignments"], **where)


def _delivered(answer: Answer, at: timedelta = timedelta()) -> None:
    client = httpx.Client(transport=httpx.MockTransport(answer))
    deliveries.deliver_page(client, timezone.now() + at)


def _assign(town: SmallDistrict, site: int) -> Assignment:
    project = town.projects[site]
    return Assignment.objects.create(
        person=town.people[0], project=project, enterprise=project.general_contractor, starts=date(2026, 11, 1)
    )


def test_ok__a_signed_message_arrives_at_the_address_that_was_checked(town: SmallDistrict) -> None:
    _made, secret = _endpoint(town.accounts[Role.OFFICER])
    _assign(town, 2)
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204)

    _delivered(answer)
    message = Webhook(secret).verify(seen[0].content, dict(seen[0].headers))
    assert (seen[0].url.host, seen[0].headers["host"]) == ("1.2.3.4", "payroll.example")
    assert seen[0].extensions["sni_hostname"] == "payroll.example"
    assert message["data"][0] | {} == message["data"][0]
    assert (message["type"], message["data"][0]["site_id"], message["data"][0]["what"]) == (
        "assignments", "site-3", "begun",
    )  # fmt: skip
    _delivered(answer)
    assert len(seen) == 1


def test_ok__each_hears_of_its_own_part_alone(town: SmallDistrict) -> None:
    officer = town.accounts[Role.OFFICER]
    first, _secret = _endpoint(officer, place=town.towns[0])
    second, _secret = _endpoint(officer, place=town.towns[1])
    _assign(town, 2)
    journal = GateJournal()
    entries = [journal.passed("w-1", "in", timezone.now()), journal.refused("w-2", "expired", timezone.now())]
    attendance_handle(entries)
    of_feed(entries)
    told = {
        pk: [row.body["data"] for row in WebhookDelivery.objects.filter(endpoint=pk)] for pk in (first.pk, second.pk)
    }
    assert [[item["site_id"] for item in data] for data in told[first.pk]] == [["site-1", "site-1"]]
    assert [[item["site_id"] for item in data] for data in told[second.pk]] == [["site-3"]]


def test_ok__a_maker_who_lost_the_role_takes_the_webhook_along(town: SmallDistrict) -> None:
    officer = town.accounts[Role.OFFICER]
    _endpoint(officer)
    officer.grants.update(valid_until=timezone.now())
    _assign(town, 2)
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize("fault", [500, 302, 404, "lost"])
def test_fail__what_does_not_arrive_is_sent_again_under_the_same_id(town: SmallDistrict, fault: int | str) -> None:
    endpoint, _secret = _endpoint(town.accounts[Role.OFFICER])
    _assign(town, 2)
    _assign(town, 3)
    ids: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        ids.append(request.headers["webhook-id"])
        if len(ids) == 1 and fault == "lost":
            raise httpx.ReadTimeout("lost")
        return httpx.Response(int(fault)) if len(ids) == 1 else httpx.Response(200)

    _delivered(answer)
    assert len(ids) == 1  # an address that fails is left alone for a while
    endpoint.refresh_from_db()
    assert endpoint.failing_since is not None
    _delivered(answer)
    assert len(ids) == 1
    _delivered(answer, timedelta(seconds=11))
    assert (ids[0] in ids[1:], len(set(ids)), len(ids)) == (True, 2, 3)
    endpoint.refresh_from_db()
    assert endpoint.failing_since is None


def test_fail__after_three_days_it_is_given_up_and_can_be_sent_again(town: SmallDistrict, client: Client) -> None:
    officer = town.accounts[Role.OFFICER]
    endpoint, _secret = _endpoint(officer)
    _assign(town, 2)
    _delivered(lambda _: httpx.Response(500), GIVE_UP_AFTER + timedelta(hours=1))
    assert WebhookDelivery.objects.get().given_up is not None
    client.force_login(officer)
    assert client.post(f"/programs/webhook/{endpoint.pk}/again").status_code == 302
    _delivered(lambda _: httpx.Response(200))
    assert WebhookDelivery.objects.get().done is not None


@pytest.mark.parametrize("host", ["here.example", "cloud.example", "beside.example", "nat64.example", "6to4.example"])
def test_fail__nothing_is_sent_to_this_machine_or_to_a_networks_own_services(town: SmallDistrict, host: str) -> None:
    _endpoint(town.accounts[Role.OFFICER], f"https://{host}/x")
    _assign(town, 2)
    calls: list[httpx.Request] = []
    _delivered(lambda request: calls.append(request) or httpx.Response(200))  # type: ignore[func-returns-value]
    assert calls == []
    assert WebhookDelivery.objects.get().status == "AddressRefused"


def test_ok__a_network_of_the_district_may_be_allowed(town: SmallDistrict, settings: Any) -> None:
    settings.WEBHOOK_NETWORKS = WebhookConfig(networks=("10.1.0.0/16",)).networks  # type: ignore[arg-type]
    _endpoint(town.accounts[Role.OFFICER], "https://beside.example/x")
    _assign(town, 2)
    _delivered(lambda _: httpx.Response(200))
    assert WebhookDelivery.objects.get().done is not None


def test_fail__an_answer_that_drips_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes soon: only the time of the whole exchange tells."""
    monkeypatch.undo()  # names resolve as they do
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        pool.submit(_drip, server)
        client = httpx.Client(transport=whole_time_transport(0.3), timeout=5)
        with pytest.raises(httpx.ReadTimeout):
            client.post(f"http://127.0.0.1:{server.getsockname()[1]}/", content=b"{}")


def _drip(server: socket.socket) -> None:
    server.settimeout(5)
    connection, _address = server.accept()
    with connection, suppress(OSError):
        for _ in range(100):
            connection.sendall(b"H")
            time.sleep(0.05)


def test_fail__an_ended_webhook_gets_nothing_more(town: SmallDistrict) -> None:
    officer = town.accounts[Role.OFFICER]
    endpoint, _secret = _endpoint(officer)
    _assign(town, 2)
    end_endpoint(officer, endpoint)
    _assign(town, 3)
    calls: list[httpx.Request] = []
    _delivered(lambda request: calls.append(request) or httpx.Response(200))  # type: ignore[func-returns-value]
    assert calls == []


def test_fail__nobody_is_told_of_more_than_they_see(town: SmallDistrict) -> None:
    for user, where in (
        (town.accounts[Role.SYSTEM], {"place": town.root}),
        (town.accounts[Role.MANAGER], {"place": town.root}),
        (town.accounts[Role.OFFICER], {"enterprise": town.enterprises[0]}),
    ):
        with pytest.raises(NotYours):
            _endpoint(user, **where)


@pytest.mark.parametrize(
    "url", ["http://payroll.example/", "https://a:b@payroll.example/", "javascript:x", "https://", "file:///etc/passwd"]
)
def test_fail__an_address_that_is_not_https_is_refused(town: SmallDistrict, url: str) -> None:
    client = client_of(town.accounts[Role.OFFICER])
    data = {"name": "x", "where": f"place-{town.root.pk}", "url": url, "events": ["passages"]}
    assert client.post("/programs/webhook", data).status_code == 200
    assert not WebhookEndpoint.objects.exists()


def test_ok__the_page_shows_what_arrived(town: SmallDistrict, client: Client) -> None:
    officer = town.accounts[Role.OFFICER]
    endpoint, secret = _endpoint(officer)
    _assign(town, 2)
    _delivered(lambda _: httpx.Response(200))
    client.force_login(officer)
    text = client.get(f"/programs/webhook/{endpoint.pk}").content.decode()
    assert "HTTP 200" in text and "arrived" in text
    assert secret not in text + client.get("/programs/").content.decode()
    client.force_login(town.accounts[Role.MANAGER])
    assert client.get(f"/programs/webhook/{endpoint.pk}").status_code == 404
