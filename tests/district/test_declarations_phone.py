"""PROMISE: a worker declares on the own phone in two minutes; what waits for a network is stored once."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from district_rig import SmallDistrict
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from district.cases.models import Case
from district.declarations import registry
from district.declarations.asking import asking_site
from district.declarations.models import HealthDeclaration, Stopover, Trip
from district.declarations.registry import A_DAY
from district.declarations.rules import Answers
from district.emergency import registry as measures
from district.emergency.models import EmergencyMeasure
from district.emergency.rules import MeasureKind
from district.people.models import Person
from district.phones.links import make_links

WELL = {"health": "well", "contact": "no", "temperature": "36.5", "away": "no"}
NO_ROWS = {f"{part}-{name}": "1" for part in ("trip", "stay") for name in ("TOTAL_FORMS",)} | {
    f"{part}-{name}": "0" for part in ("trip", "stay") for name in ("INITIAL_FORMS", "MIN_NUM_FORMS")
}


@pytest.fixture(autouse=True)
def _empty_cache(settings: Any) -> Iterator[None]:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    yield


@pytest.fixture(name="measure")
def _measure(town: SmallDistrict) -> EmergencyMeasure:
    ends = timezone.localdate() + timedelta(days=20)
    why = {"purpose": "Find contacts early", "legal_basis": "Emergency response law, article 56"}
    return measures.start_measure("test", MeasureKind.DECLARATIONS, town.towns[0], ends=ends, **why)


def phone_of(town: SmallDistrict, person: Person) -> Client:
    phone = Client()
    assert phone.post(f"/i/{make_links('clerk', town.projects[0], [person])[0].secret}").status_code == 302
    phone.post("/me/choose", {"way": "code"})
    return phone


def trip(**more: str) -> dict[str, str]:
    day = (timezone.localdate() - timedelta(days=2)).isoformat()
    row = {"mode": "train", "day": day, "number": "g 1234次", "carriage": "7车", "seat": "12f", "to_area": "佛山"}
    return {"away": more.pop("away", "yes")} | {
        f"trip-0-{name}": text for name, text in ({"from_area": "湖北武汉"} | row | more).items()
    }


def test_ok__a_worker_declares_and_the_next_time_asks_only_for_health(
    town: SmallDistrict, measure: EmergencyMeasure
) -> None:
    """Names of places become codes. Trips and places come back, symptoms and temperatures do not."""
    phone, day = phone_of(town, town.people[0]), timezone.localdate()
    assert "/me/declare" in phone.get("/me/", follow=True).content.decode()
    stay = {"stay-0-area": "恩施", "stay-0-from_day": str(day - timedelta(days=9)), "stay-0-until_day": str(day)}
    sent = phone.post("/me/declare", {**NO_ROWS, **WELL, **trip(), **stay, "origin": "Wuhan, Hubei", "living": "42"})
    assert sent.headers["Location"] == "/me/declared"
    made = HealthDeclaration.objects.get()
    assert (made.measure, made.origin_code, made.living_code, made.abnormal) == (measure, "420100", "420000", "")
    found = Trip.objects.get()
    assert (found.number, found.seat, found.from_code, found.to_code) == ("G1234", "12F", "420100", "440600")
    assert Stopover.objects.get().area == "422800"
    page = phone.get("/me/declare").content.decode()
    assert "G1234" in page and 'value="36.5"' not in page
    assert "It holds until" in phone.get("/me/declared").content.decode()
    phone.post("/me/declare", {**NO_ROWS, **WELL})  # the worker took out a mistyped train
    assert "G1234" not in phone.get("/me/declare").content.decode()
    assert Trip.objects.get().number == "G1234"


@pytest.mark.usefixtures("measure")
def test_ok__a_phone_sends_a_draft_twice_and_it_is_stored_once(town: SmallDistrict) -> None:
    """The time is that of the answers, and a draft of four days ago is no answer about today."""
    phone, hours = phone_of(town, town.people[0]), timezone.now() - timedelta(hours=5)
    draft = {**NO_ROWS, **WELL, "client_key": "k" * 32, "claimed": hours.isoformat()}
    for _ in range(2):
        assert phone.post("/me/declare", draft, headers={"X-Part": "1"}).json()["go"] == "/me/declared"
    assert HealthDeclaration.objects.get().declared == hours
    many = {"X-Part": "1"}
    sent = [phone.post("/me/declare", draft | {"client_key": f"m{n}"}, headers=many).status_code for n in range(A_DAY)]
    assert (sent.count(200), sent[-1]) == (A_DAY - 1, 422), "a phone that sends without end is stopped"
    old = draft | {"client_key": "o" * 32, "claimed": (hours - timedelta(days=4)).isoformat()}
    answer = phone.post("/me/declare", old, headers={"X-Part": "1"})
    assert (answer.status_code, answer.json()["problems"]) == (422, ["These answers are too old: declare again."])


@pytest.mark.usefixtures("measure")
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"health": ""}, "This field is required"),
        ({"health": "ill"}, "Choose what you feel."),
        ({"symptoms": "cough"}, "You chose a symptom"),
        ({"temperature": "3660"}, "This is no body temperature"),
        ({"origin": "Atlantis"}, "This place is not known"),
        (trip(number="G12345"), "is no number of a train"),
        (trip(mode=""), "Say how you travelled"),
        (trip(day=""), "Choose the day of this trip."),
        (trip(day="2019-01-01"), "it is not asked for"),
        ({"stay-0-area": "武汉"}, "Choose the day."),
        (trip(away="no"), "say yes, or empty its row"),
        ({"away": "yes"}, "Write the trip or the place, or say no."),
        ({"trip-TOTAL_FORMS": "99999"}, "20"),
    ],
)
def test_fail__a_wrong_answer_is_named_and_nothing_typed_is_lost(
    town: SmallDistrict, fields: dict[str, str], said: str
) -> None:
    answer = phone_of(town, town.people[0]).post("/me/declare", {**NO_ROWS, **WELL, "living": "Foshan", **fields})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert 'value="Foshan"' in page
    assert not HealthDeclaration.objects.exists()


@pytest.mark.usefixtures("measure")
def test_ok__an_abnormal_answer_opens_one_case_and_sends_nobody_to_the_site(town: SmallDistrict) -> None:
    """The case names no symptom, and stands open once."""
    phone = phone_of(town, town.people[0])
    ill = {**NO_ROWS, **WELL, "health": "ill", "symptoms": ["fever", "cough"]}
    for _ in range(2):
        phone.post("/me/declare", ill)
    case = Case.objects.get()
    assert (case.kind, case.person, case.place) == ("declaration", town.people[0], town.projects[0].place)
    assert "fever" not in case.title + case.text
    phone.post("/me/declare", {**NO_ROWS, **WELL})
    assert "do not go to the site" in phone.get("/me/declared").content.decode()
    registry.declare(
        "manager",
        town.people[0],
        asking_site(town.people[0], town.projects[0]),
        Answers(),
        way="clerk",
        why="looked at",
    )
    assert "It holds until" in phone.get("/me/declared").content.decode()


def test_fail__without_a_measure_there_is_no_page(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    """Nor on a site of another town, nor after the end."""
    other, own = phone_of(town, town.people[4]), phone_of(town, town.people[0])
    assert other.get("/me/declare").status_code == 404
    assert "/me/declare" not in other.get("/me/", follow=True).content.decode()
    assert Client().get("/me/declare").status_code == 403
    measures.end_measure("test", measure)
    assert [own.get(f"/me/declare{path}").status_code for path in ("", "d")] == [404, 404]
    assert own.post("/me/declare", {**NO_ROWS, **WELL}).status_code == 404
