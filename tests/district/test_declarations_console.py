"""PROMISE: a site sees who has not declared; answers are read for a reason; a tablet knows who stands there."""

from datetime import date, timedelta
from typing import Any

import pytest
from district_rig import SmallDistrict
from django.test import Client
from django.utils import timezone
from test_declarations_phone import NO_ROWS, WELL, trip
from two_parts import client_of

from district.audit.models import Entry
from district.declarations import registry
from district.declarations.asking import asking_site
from district.declarations.kiosks import WRONG_OF_WORKER
from district.declarations.models import DeclarationKiosk, DeclarationPolicy, HealthDeclaration, TemperatureReading
from district.declarations.rules import Answers, Asked
from district.emergency import registry as measures
from district.emergency.models import EmergencyMeasure
from district.emergency.rules import MeasureKind
from district.people.models import Person
from district.permissions import Role


@pytest.fixture(autouse=True)
def _plain_cache(settings: Any, request: pytest.FixtureRequest) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": request.node.name}
    }


@pytest.fixture(name="measure", autouse=True)
def _measure(town: SmallDistrict) -> EmergencyMeasure:
    ends = timezone.localdate() + timedelta(days=20)
    why = {"purpose": "Find contacts early", "legal_basis": "Emergency response law, article 56"}
    return measures.start_measure("test", MeasureKind.DECLARATIONS, town.towns[0], ends=ends, **why)


def _text(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(f"/declarations/{path}")
    assert answer.status_code == status, answer.status_code
    body = b"".join(answer) if answer.streaming else answer.content  # type: ignore[attr-defined, arg-type]
    return body.decode()


def test_ok__who_has_not_declared_is_listed_until_the_declaration_counts(town: SmallDistrict) -> None:
    """Who waits for a decision is listed too; another town and a foreign employer are not."""
    officer, clerk = (client_of(town.accounts[role]) for role in (Role.OFFICER, Role.CLERK))
    assert [f"工人{n}" in _text(officer, "missing") for n in (1, 2, 3, 4, 5)] == [True, True, True, True, False]
    registry.declare("w", town.people[0], asking_site(town.people[0], town.projects[0]), Answers())
    registry.declare("w", town.people[1], asking_site(town.people[1], town.projects[0]), Answers(symptoms=("cough",)))
    page = _text(officer, "missing?format=csv")
    assert ("工人1," in page, "waits for a decision" in page, page.count("never declared")) == (False, True, 2)
    assert "工人2" in _text(officer, "missing?state=waits") and "工人3" not in _text(officer, "missing?state=waits")
    assert "工人3" in _text(officer, f"missing?project={town.projects[1].pk}&name=gongren3")
    assert "工人3" not in _text(clerk, "missing"), "of another enterprise"
    assert "50 %" in _text(officer, "") and "Site 3" not in _text(officer, "")
    given = _text(officer, "given?abnormal=yes")
    assert "工人2" in given and "工人1<" not in given and "does not feel well" in given


def test_ok__answers_are_shown_for_a_reason_that_is_recorded(town: SmallDistrict) -> None:
    worker, manager = town.people[0], client_of(town.accounts[Role.MANAGER])
    answers = Answers(symptoms=("cough",), temperature="37.1", origin_code="420100")
    registry.declare("w", worker, asking_site(worker, town.projects[0]), answers)
    page = _text(manager, f"people/{worker.pk}/")
    assert "cough" not in page and "37.1" not in page
    assert manager.post(f"/declarations/people/{worker.pk}/answers", {"why": ""}).status_code == 422
    shown = manager.post(f"/declarations/people/{worker.pk}/answers", {"why": "call the doctor"}).content.decode()
    assert "cough" in shown and "37.1" in shown and "Wuhan" in shown
    assert Entry.objects.get(action="read").details["why"] == "call the doctor"


def test_ok__a_clerk_declares_on_behalf_and_decides(town: SmallDistrict) -> None:
    """A reason is needed, and a wrong row loses nothing."""
    worker, manager = town.people[0], client_of(town.accounts[Role.MANAGER])
    registry.declare("w", worker, asking_site(worker, town.projects[0]), Answers(symptoms=("cough",)))
    url = f"/declarations/people/{worker.pk}/declare"
    refused = manager.post(url, {**NO_ROWS, **WELL, **trip(number="G12345"), "why": ""})
    page = refused.content.decode()
    assert (refused.status_code, "is no number of a train" in page, 'value="G12345"' in page) == (422, True, True)
    assert manager.post(url, {**NO_ROWS, **WELL, **trip(), "why": "measured again"}).status_code == 302
    made = HealthDeclaration.objects.latest("pk")
    assert (made.way, made.by, made.abnormal) == ("clerk", "manager-4", "")
    assert "valid until" in _text(manager, f"people/{worker.pk}/")
    taken = manager.post(f"/declarations/people/{worker.pk}/temperature", {"degrees": "38,2"})
    assert (taken.status_code, TemperatureReading.objects.get().high) == (302, True)


def test_ok__chosen_trades_are_listed_until_two_temperatures(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    officer = client_of(town.accounts[Role.OFFICER])
    registry.set_policy("test", measure, Asked(twice_daily_trades=frozenset({"1000"})))
    registry.declare("w", town.people[0], asking_site(town.people[0], town.projects[0]), Answers(temperature="36.5"))
    registry.declare("w", town.people[1], asking_site(town.people[1], town.projects[0]), Answers())
    registry.take_temperature("clerk", town.people[0], town.projects[0], "36.7")
    registry.take_temperature("clerk", town.people[1], town.projects[0], "36.7")
    page = _text(officer, "temperatures")
    assert [f"工人{n}<" in page for n in (1, 2, 3, 5)] == [False, True, True, False]


@pytest.mark.parametrize("role", [Role.GUARD, Role.SYSTEM, Role.AUDITOR, Role.LIAISON])
def test_fail__who_may_not_change_or_see(town: SmallDistrict, role: Role) -> None:
    client, worker = client_of(town.accounts[role]), town.people[0]
    sees = role in {Role.AUDITOR, Role.LIAISON}
    assert client.get("/declarations/").status_code == (200 if sees else 403)
    sent = client.post(f"/declarations/people/{worker.pk}/declare", {**NO_ROWS, **WELL, "why": "for them"})
    assert sent.status_code == 403
    assert not HealthDeclaration.objects.exists()


def test_fail__a_neighbour_and_a_former_employer_find_nobody(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    other = client_of(town.account(Role.MANAGER, place=town.projects[1].place))
    clerk = client_of(town.account(Role.CLERK, enterprise=town.enterprises[2]))
    for client in (other, clerk):
        assert client.get(f"/declarations/people/{town.people[0].pk}/").status_code == 404
        sent = client.post(f"/declarations/people/{town.people[0].pk}/declare", {**NO_ROWS, **WELL, "why": "x y"})
        assert sent.status_code == 404
    measures.end_measure("test", measure)
    assert client_of(town.accounts[Role.OFFICER]).get("/declarations/").status_code == 404


def test_ok__an_officer_says_what_is_asked(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    """The page says first whom gates would refuse."""
    officer, url = client_of(town.accounts[Role.OFFICER]), f"/declarations/asked/{measure.pk}/"
    assert "<b>4</b>" in officer.get(url).content.decode()
    fields = {"valid_hours": "12", "look_back_days": "21", "fever": "37.2", "trades": ["010"], "at_gate": "on"}
    assert officer.post(url, fields | {"valid_hours": "0", "why": "rule 7"}).status_code == 422
    assert officer.post(url, fields | {"why": "rule 7"}).status_code == 302
    asked = registry.asked_of(measure)
    assert (asked.valid_hours, asked.fever_tenths, asked.at_gate) == (12, 372, True)
    assert client_of(town.accounts[Role.MANAGER]).post(url, fields).status_code == 403
    assert DeclarationPolicy.objects.get().twice_daily_trades == "010"


def _kiosk(town: SmallDistrict) -> str:
    manager = client_of(town.accounts[Role.MANAGER])
    sent = manager.post("/declarations/tablets/", {"project": town.projects[0].pk, "name": "canteen"})
    assert sent.status_code == 302
    Person.objects.update(birth=date(1980, 1, 31))
    return f"/kiosk/{DeclarationKiosk.objects.get().address}"


def test_ok__a_worker_declares_at_a_tablet(town: SmallDistrict) -> None:
    url, tablet = _kiosk(town), Client()
    asked = tablet.post(url, {"worker": "W-1 ", "answer": "0131"}).content.decode()
    assert "工**" in asked and town.people[0].name not in asked
    token = asked.split('name="token" value="')[1].split('"')[0]
    done = tablet.post(url, {**NO_ROWS, **WELL, "step": "answers", "token": token, "client_key": "t1"})
    assert "Thank you" in done.content.decode()
    made = HealthDeclaration.objects.get()
    assert (made.way, made.by, made.person) == ("kiosk", "worker w-1", town.people[0])
    wrong = tablet.post(url, {**NO_ROWS, **WELL, "step": "answers", "token": token + "x"})
    assert "Begin again" in wrong.content.decode()
    manager = client_of(town.accounts[Role.MANAGER])
    manager.post("/declarations/tablets/", {"close": DeclarationKiosk.objects.get().pk})
    assert tablet.get(url).status_code == 404


def test_fail__a_tablet_tells_nobody_who_works_there(town: SmallDistrict) -> None:
    """A wrong answer, an unknown worker and one of another site read alike, and guessing ends."""
    url, tablet = _kiosk(town), Client()
    said = {
        tablet.post(url, {"worker": worker, "answer": answer}).content.decode().split('role="alert">')[1].split("<")[0]
        for worker, answer in (("w-1", "0101"), ("nobody", "0131"), ("w-3", "0131"), ("SG1:AAAA", "0131"))
    }
    assert len(said) == 1
    for _ in range(WRONG_OF_WORKER):
        tablet.post(url, {"worker": "w-1", "answer": "9999"})
    assert "Too many wrong answers" in tablet.post(url, {"worker": "w-1", "answer": "0131"}).content.decode()
    assert Client().get("/kiosk/wrong").status_code == 404
