"""An authority's program sends a key list as a signed message: taken once, and only with its signature."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

from district_rig import SmallDistrict
from django.test import Client
from django.utils import timezone
from id_numbers import id_number
from screening_rig import TODAY, card, list_facts, page_text
from screening_rig import measure as measure
from screening_rig import officer as officer
from standardwebhooks import Webhook

from district.emergency.models import EmergencyMeasure
from district.screening.models import Hit, KeyList, ListFeed


def _signed(secret: str, body: str, message: str = "m-1", at: datetime | None = None) -> dict[str, str]:
    moment = at or timezone.now()
    signature = Webhook(secret).sign(message, moment, body)
    return {
        "webhook-id": message, "webhook-timestamp": str(int(moment.timestamp())), "webhook-signature": signature,
    }  # fmt: skip


def test_ok__a_signed_message_is_in_force_at_once_and_once(
    town: SmallDistrict, measure: EmergencyMeasure, officer: Client
) -> None:
    card(town.people[0], id_number(1))
    facts = {key: value for key, value in list_facts(measure).items() if key != "ends"}
    page = officer.post("/screening/feeds/new/", facts).content.decode()
    feed = ListFeed.objects.get()
    assert feed.secret in page and feed.secret not in page_text(officer, "/screening/feeds/")
    ends = (TODAY + timedelta(days=3)).isoformat()
    body = json.dumps({"name": "Today", "ends": ends, "rows": [{"number": id_number(1)}, {"name": "x"}]})
    address, program = f"/screening/feeds/{feed.pk}/messages/", Client()

    def send(text: str, headers: dict[str, str], to: str = address) -> Any:
        return program.post(to, text, content_type="application/json", headers=headers)

    good = _signed(feed.secret, body)
    for _ in range(2):
        answer = send(body, good)
        assert answer.status_code == 200 and answer.json()["rows"] == 1 and answer.json()["refused"][0]["row"] == 2
    assert (KeyList.objects.count(), Hit.objects.count()) == (1, 1)
    old = _signed(feed.secret, body, at=timezone.now() - timedelta(hours=1))
    wrong = _signed("whsec_" + "A" * 32, body)
    refused = [
        send(body + " ", good),
        send(body, old),
        send(body, wrong),
        send(body, {}),
        send(body, good, address.replace(str(feed.pk), "99")),
    ]
    assert [one.status_code for one in refused] == [401] * 5
    odd = json.dumps({"name": "Today", "ends": ends, "lines": []})
    assert send(odd, _signed(feed.secret, odd, "m-2")).status_code == 422
    officer.post(f"/screening/feeds/{feed.pk}/end/")
    assert send(body, good).status_code == 401


def test_ok__a_long_message_is_taken_at_the_address_that_was_shown(
    town: SmallDistrict, measure: EmergencyMeasure, officer: Client
) -> None:
    facts = {key: value for key, value in list_facts(measure).items() if key != "ends"}
    page = officer.post("/screening/feeds/new/", facts).content.decode()
    feed, program = ListFeed.objects.get(), Client()
    address = re.search(r"/screening/feeds/\d+/messages/\?key=[0-9a-f]{32}", page)
    assert address is not None
    rows = [{"number": f"X{number:08}", "kind": "08", "note": "n" * 80} for number in range(1_000)]
    long = json.dumps({"name": "Long", "ends": (TODAY + timedelta(days=3)).isoformat(), "rows": rows})
    assert len(long) > 64 * 1024

    def send(text: str, message: str, to: str) -> int:
        headers = _signed(feed.secret, text, message)
        return program.post(to, text, content_type="application/json", headers=headers).status_code

    bare = address[0].partition("?")[0]
    assert send(long, "m-1", address[0]) == 200 and KeyList.objects.get().row_count == 1_000
    assert [send(long, "m-2", to) for to in (bare, address[0][:-1] + "x", f"{bare}?key=ö")] == [413] * 3
    assert send(" " * (5 * 1024 * 1024), "m-3", address[0]) == 413
    assert [send(text, "m-4", address[0]) for text in ("rows", "[" * 100_000)] == [422, 422]
    officer.post(f"/screening/feeds/{feed.pk}/end/")
    assert send(long, "m-5", address[0]) == 413
