"""What tests of screening share: a list of an authority, loaded under a measure, and who is found."""

from datetime import date, timedelta
from typing import Any

import pytest
from district_hq import TestedHq
from district_rig import SmallDistrict
from django.test import Client
from django.utils import timezone
from two_parts import client_of

from district.emergency.models import EmergencyMeasure
from district.emergency.registry import start_measure
from district.emergency.rules import MeasureKind
from district.exchange import hand_over
from district.people.models import IdDocument, Person
from district.people.registry.persons import document_index
from district.permissions import Role
from district.screening import registry
from district.screening.rules import KeyEntry
from hq.registry.risk_record import StoredRisk

TODAY = timezone.localdate()
WHY = {"purpose": "Find contacts early", "legal_basis": "Emergency response law, article 56"}
ABOUT = registry.AboutKeyList(
    name="Province, 17 February",
    source="Province's command",
    legal_basis="Article 56",
    ends=TODAY + timedelta(days=14),
    reason_code="14-a",
    officer="Officer Chen, 8100",
)


def screening(town: SmallDistrict, place: int = 0) -> EmergencyMeasure:
    """Start a measure in a town."""
    ends = TODAY + timedelta(days=20)
    return start_measure("test", MeasureKind.SCREENING, town.towns[place], ends=ends, **WHY)


def card(person: Person, number: str, kind: str = "01") -> None:
    """Give a person a document."""
    IdDocument.objects.create(person=person, kind=kind, number=number, number_index=document_index(number))


def load(measure: EmergencyMeasure, *entries: KeyEntry) -> registry.LoadedKeyList:
    """Load a list, and put it in force."""
    return registry.load_list("chen", measure, ABOUT, entries)


def named(person: Person, joined: str, birth: date | None, province: str = "") -> None:
    """Give a person a name in pinyin, with birth and province."""
    person.joined, person.initials, person.birth, person.province = joined, "zs", birth, province
    person.save()


def handed_over(hq: TestedHq, worker_id: str = "w-1", history: bool = False) -> list[StoredRisk]:
    """Hand over what waits. Return the entries that HQ has of a worker."""
    while hand_over.hand_over():
        pass
    return hq.people.risk_lists.find(worker_id, history=history)


def list_facts(measure: EmergencyMeasure, **more: Any) -> dict[str, Any]:
    """Return what a form asks about a list."""
    facts = {
        "measure": measure.pk, "name": "Province, 17 February", "source": "Province's command, letter 14",
        "legal_basis": "Article 56", "ends": (TODAY + timedelta(days=14)).isoformat(), "reason_code": "14-a",
        "officer": "Officer Chen, 8100",
    }  # fmt: skip
    return {**facts, **more}


def page_text(client: Client, address: str) -> str:
    """Return the text of a page."""
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.fixture
def measure(town: SmallDistrict) -> EmergencyMeasure:
    """Start a measure in the whole district."""
    ends = TODAY + timedelta(days=20)
    return start_measure("test", MeasureKind.SCREENING, town.root, ends=ends, **WHY)


@pytest.fixture
def officer(town: SmallDistrict, measure: EmergencyMeasure) -> Client:
    """Sign in the district's officer while the measure holds."""
    return client_of(town.accounts[Role.OFFICER])
