"""PROMISE: the training that a site asks for decides at its gates, and pages say which one that is."""

from datetime import date, timedelta

import pytest
from district_rig import SmallDistrict
from django.utils import timezone
from two_parts import client_of

from district.exchange.models import OutboxRow
from district.overview import panels
from district.people import registry
from district.people.models import Certificate, RequiredTraining
from district.people.registry import RecordRefused
from district.people.rules.trainings import NEVER_EXPIRES, Trained, TrainingForGate, trained
from district.permissions import Role

MAY, JUNE = date(2027, 5, 1), date(2027, 6, 1)


@pytest.mark.parametrize(
    ("held", "required", "said"),
    [
        ([], [], Trained(None)),
        ([("A", MAY), ("B", JUNE)], [], Trained(JUNE, "B")),
        ([("A", MAY), ("B", JUNE)], ["b", "A"], Trained(MAY, "A")),
        ([("A", MAY), ("a ", JUNE), ("B", None)], ["A", "B"], Trained(JUNE, "a ")),
        ([("A", None)], ["A"], Trained(NEVER_EXPIRES, "A")),
        ([("A", MAY)], ["C", "A", "B"], Trained(None, "B", ("B", "C"))),
    ],
)
def test_ok__the_required_training_that_ends_first_decides(held: list, required: list, said: Trained) -> None:  # type: ignore[type-arg]
    assert trained([TrainingForGate(*one) for one in held], required) == said


def test_ok__an_officer_asks_for_a_training_after_seeing_whom_it_refuses(town: SmallDistrict) -> None:
    officer, manager = client_of(town.accounts[Role.OFFICER]), client_of(town.accounts[Role.MANAGER])
    site = town.projects[0].place
    Certificate.objects.create(person=town.people[0], kind="三级 安全教育", is_training=True)
    given = {"place": site.pk, "kind": "三级安全教育", "trade": ""}
    assert manager.get("/people/trainings/add/").status_code in (403, 404)
    shown = officer.post("/people/trainings/add/", given, headers={"accept-language": "en"}).content.decode()
    assert "2 people. 1 of them" in shown and not RequiredTraining.objects.exists()
    other = {**given, "agreed": f"{site.pk}  something else"}
    assert officer.post("/people/trainings/add/", other).status_code == 200 and not RequiredTraining.objects.exists()
    agreed = {**given, "agreed": f"{site.pk}  三级安全教育"}
    assert officer.post("/people/trainings/add/", agreed).status_code == 302
    assert set(OutboxRow.objects.values_list("subject", flat=True)) == {"w-1", "w-2"}, "HQ hears of all concerned"
    row = RequiredTraining.objects.get()
    with pytest.raises(RecordRefused):
        registry.require_training("t", site, "三级安全教育")
    assert "三级安全教育" in manager.get("/people/trainings/").content.decode()
    page = manager.get(f"/people/{town.people[1].pk}/", headers={"accept-language": "en"}).content.decode()
    assert "required and missing" in page
    count, tasks = panels.trainings(town.accounts[Role.MANAGER])
    assert (count, tasks[0].title) == (1, "工人2")
    assert manager.post(f"/people/trainings/{row.pk}/end/", {"reason": "r"}).status_code in (403, 404)
    assert officer.post(f"/people/trainings/{row.pk}/end/", {"reason": "r"}).status_code == 302
    assert not RequiredTraining.objects.exists()


def test_ok__a_renewed_training_is_not_shown_as_ending(town: SmallDistrict) -> None:
    today = timezone.localdate()
    for number, days in ((0, 400), (1, 5)):
        Certificate.objects.create(
            person=town.people[number], kind="A", number="1", expires=today + timedelta(days=3), is_training=True
        )
        Certificate.objects.create(
            person=town.people[number], kind="A", number="2", expires=today + timedelta(days=days), is_training=True
        )
    count, tasks = panels.trainings(town.accounts[Role.MANAGER])
    assert (count, tasks[0].title) == (1, "工人2")
