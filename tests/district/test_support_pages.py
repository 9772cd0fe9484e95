"""Pages of support: an enterprise calculates and applies, the office decides, and the case follows."""

from decimal import Decimal

import pytest
from district_rig import SmallDistrict
from django.test import Client
from two_parts import client_of

from district.cases.models import Case
from district.people.models import Person
from district.permissions import Role
from district.support import registry
from district.support.models import SupportApplication, SupportMeasure
from district.support.samples import sample_2020, sample_districts

RENT = {"monthly_rent": "12,000元"}


@pytest.fixture
def published(town: SmallDistrict) -> SmallDistrict:
    """Publish the sample measures."""
    registry.publish_measures("test", sample_2020())
    return town


def _clerk(town: SmallDistrict) -> tuple[Client, str]:
    return client_of(town.accounts[Role.CLERK]), f"/support/enterprises/{town.enterprises[0].pk}/"


def _applied(town: SmallDistrict) -> SupportApplication:
    client, page = _clerk(town)
    answer = client.post(f"{page}apply/rent/", RENT)
    assert answer.status_code == 302, answer.content.decode()
    return SupportApplication.objects.get()


def test_ok__clerk_sees_what_the_enterprise_gets(published: SmallDistrict) -> None:
    """A careless number is understood; what lacks an answer says which."""
    client, page = _clerk(published)
    assert client.get("/support/").headers["Location"] == page
    text = client.post(page, RENT).content.decode()
    assert "24,000 yuan" in text
    assert "How many yuan does the enterprise want to borrow?" in text
    assert 'value="12,000元"' in text


def test_fail__wrong_answer_keeps_what_was_typed(published: SmallDistrict) -> None:
    client, page = _clerk(published)
    answer = client.post(page, {"monthly_rent": "about 12000", "loan_wanted": "7"})
    assert answer.status_code == 422
    assert 'value="about 12000"' in answer.content.decode()
    assert "write yuan as digits" in answer.content.decode()


def test_ok__application_is_decided_and_its_case_closes(published: SmallDistrict) -> None:
    """Ask, answer, grant, pay, confirm: the case is owned, resolved and closed by the same buttons."""
    made = _applied(published)
    clerk, _page = _clerk(published)
    officer = client_of(published.accounts[Role.OFFICER])
    page = f"/support/applications/{made.pk}/"
    assert officer.post(f"{page}decide/", {"do": "ask", "why": "Which premises?"}).status_code == 302
    assert clerk.post(f"{page}reply/", {"do": "answer", "said": "Plant 2"}).status_code == 302
    assert officer.post(f"{page}decide/", {"do": "grant", "amount": "20000"}).status_code == 422
    given = {"do": "grant", "amount": "20000", "why": "one month is paid already"}
    assert officer.post(f"{page}decide/", given).status_code == 302
    case = Case.objects.get()
    assert (case.state, case.owner, case.kind) == ("resolved", published.accounts[Role.OFFICER], "support")
    assert officer.post(f"{page}decide/", {"do": "paid"}).status_code == 302
    assert clerk.post(f"{page}reply/", {"do": "confirm"}).status_code == 302
    case.refresh_from_db()
    made.refresh_from_db()
    assert (case.state, made.state, made.granted) == ("closed", "paid", Decimal(20000))
    assert [one.said for one in made.steps.all()] == [
        "", "Which premises?", "Plant 2", "one month is paid already", ""
    ]  # fmt: skip


def test_fail__double_click_applies_once(published: SmallDistrict) -> None:
    """The second answer says that one is open; the first page of it is linked."""
    _applied(published)
    client, page = _clerk(published)
    answer = client.post(f"{page}apply/rent/", RENT)
    assert answer.status_code == 422
    assert "open application" in answer.content.decode()
    assert SupportApplication.objects.count() == Case.objects.count() == 1


def test_fail__measure_is_retired_while_the_form_is_open(published: SmallDistrict) -> None:
    """The answers stay; a measure that never was is not found."""
    registry.retire_measure("test", SupportMeasure.objects.get(key="rent"), "the budget is used up")
    client, page = _clerk(published)
    answer = client.post(f"{page}apply/rent/", {**RENT, "loan_wanted": "70000"})
    assert answer.status_code == 422
    assert "This measure has changed" in answer.content.decode()
    assert 'value="70000"' in answer.content.decode()
    assert client.post(f"{page}apply/none/", RENT).status_code == 404


def test_fail__neighbours_see_nothing(published: SmallDistrict) -> None:
    """A clerk of another enterprise and an officer of another town get "not found"."""
    made = _applied(published)
    others = (
        published.account(Role.CLERK, enterprise=published.enterprises[1]),
        published.account(Role.OFFICER, place=published.towns[1]),
    )
    addresses = (f"/support/enterprises/{published.enterprises[0].pk}/", f"/support/applications/{made.pk}/")
    assert {client_of(one).get(address).status_code for one in others for address in addresses} == {404}
    town_officer = client_of(others[1])
    assert town_officer.get("/support/measures/publish/").status_code == 403
    assert town_officer.post("/support/measures/of/rent/retire/", {"why": "not mine"}).status_code == 403
    assert SupportMeasure.objects.filter(key="rent", retired=None).exists()


def test_ok__file_with_faults_stays_on_the_page(published: SmallDistrict) -> None:
    """Each fault is one sentence; the corrected text is published."""
    officer = client_of(published.accounts[Role.OFFICER])
    wrong = sample_2020().decode().replace("times = 2", "times = -2").replace('id = "loan"', 'id = "Loan"')
    answer = officer.post("/support/measures/publish/", {"text": wrong})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert text.count("cannot be") == 2
    assert "times = -2" in text
    right = sample_2020().decode().replace("times = 2", "times = 3")
    assert officer.post("/support/measures/publish/", {"text": right}).status_code == 302
    assert SupportMeasure.objects.get(key="rent", retired=None).version == 2
    assert "3 × “How many yuan is the rent" in officer.get("/support/measures/of/rent/").content.decode()


def test_ok__registry_fills_the_form(published: SmallDistrict) -> None:
    """The number of people comes from the registry, and says so."""
    registry.publish_measures("test", sample_districts())
    client, page = _clerk(published)
    people = Person.objects.filter(employments__enterprise=published.enterprises[0]).distinct().count()
    text = client.get(page).content.decode()
    assert f'value="{people}"' in text
    assert "From the registry" in text
    answer = client.post(page, {"industrial": "yes", "people": "120", "resumed": "2020-03-05"}).content.decode()
    assert "200,000 yuan" in answer
    answer = client.post(page, {"industrial": "yes", "people": "99", "resumed": "2020-03-05"}).content.decode()
    assert "100 people or more." in answer
    assert "200,000 yuan</b>" not in answer
