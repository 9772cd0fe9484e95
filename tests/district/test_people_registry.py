"""PROMISE: a change of a person is one transaction with its scope, outbox and audit, and the past stays true."""

from datetime import date, timedelta

import pytest
from district_rig import SmallDistrict
from django.utils import timezone
from id_numbers import id_number

from district.audit.models import Entry
from district.exchange.models import OutboxRow
from district.people import registry, rules
from district.people.for_hq import worker_for_hq
from district.people.models import (
    Assignment,
    BankAccount,
    Certificate,
    Consent,
    DuplicateCandidate,
    Employment,
    IdDocument,
    Person,
)
from district.permissions import Permission, Role
from district.places.models import Subcontract

DRAFT = registry.PersonDraft(name="王小明", id_number=id_number(1), phone="13800138000", nation="汉族")
DAY = timedelta(days=1)


def _today() -> date:
    return timezone.localdate()


def test_ok__adding_a_person_stores_it_encrypted_with_outbox_and_audit(town: SmallDistrict) -> None:
    clerk = town.accounts[Role.CLERK]
    person, known = registry.add_person(clerk, DRAFT)
    person.refresh_from_db()
    assert not known
    assert (person.pinyin, person.sex, person.birth, person.province) == ("wang xiao ming", "m", date(1990, 1, 1), "44")
    assert (person.phone, person.nation) == ("+8613800138000", "01")
    assert IdDocument.objects.get(person=person).number == DRAFT.id_number
    assert OutboxRow.objects.filter(kind="worker", subject=person.worker_id).exists()
    entries = Entry.objects.filter(subject_id=str(person.pk), action="add")
    assert entries.count() == 1
    assert "138" not in str(entries.get().details)


def test_ok__who_comes_back_is_the_same_person(town: SmallDistrict) -> None:
    first = registry.add_person("test", DRAFT).person
    again = registry.add_person(
        "test", registry.PersonDraft(name=" 王小明 ", id_number=DRAFT.id_number.lower(), address="佛山")
    )
    assert again.known
    assert again.person.pk == first.pk
    assert (again.person.phone, again.person.address) == ("+8613800138000", "佛山")
    with pytest.raises(registry.RecordRefused, match="another name"):
        registry.add_person("test", registry.PersonDraft(name="李四", id_number=DRAFT.id_number))


def test_fail__nothing_is_stored_when_the_id_number_is_wrong(town: SmallDistrict) -> None:
    before = (Person.objects.count(), OutboxRow.objects.count(), Entry.objects.count())
    with pytest.raises(rules.WrongNumber):
        registry.add_person("test", registry.PersonDraft(name="王小明", id_number="440605199001010000"))
    assert (Person.objects.count(), OutboxRow.objects.count(), Entry.objects.count()) == before


def test_fail__birth_and_sex_follow_the_id_number(town: SmallDistrict) -> None:
    person = registry.add_person("test", DRAFT).person
    with pytest.raises(registry.RecordRefused, match="follow from the id number"):
        registry.change_person("test", person, {"birth": date(1991, 1, 1)})
    with pytest.raises(registry.RecordRefused, match="cannot be changed"):
        registry.change_person("test", person, {"worker_id": "w-1"})


def test_ok__work_on_a_site_shows_the_person_there_and_to_hq(town: SmallDistrict) -> None:
    person = registry.add_person("test", DRAFT).person
    project, enterprise = town.projects[0], town.projects[0].general_contractor
    assert not Person.objects.visible_to(town.accounts[Role.MANAGER]).filter(pk=person.pk).exists()
    assignment = registry.assign("test", person, project, enterprise, starts=_today(), trade="钢筋工")
    assert Person.objects.visible_to(town.accounts[Role.MANAGER]).filter(pk=person.pk).exists()
    assert Employment.objects.get(person=person).enterprise == enterprise
    for_hq = worker_for_hq(person.worker_id)
    assert for_hq is not None
    assert [(one.site_id, one.trade, one.employer) for one in for_hq.on(_today())] == [
        ("site-1", "钢筋工", enterprise.name)
    ]
    assert for_hq.on(_today() - DAY) == ()
    registry.end_assignment("test", assignment, _today())
    ended = worker_for_hq(person.worker_id)
    assert ended is not None
    assert len(ended.on(_today())) == 1
    assert ended.on(_today() + DAY) == ()
    assert "王" not in repr(for_hq)


def test_fail__work_without_a_contract_twice_or_before_its_end_is_refused(town: SmallDistrict) -> None:
    person = registry.add_person("test", DRAFT).person
    project, enterprise = town.projects[0], town.projects[0].general_contractor
    stranger = town.enterprises[2]
    with pytest.raises(registry.RecordRefused, match="no contract"):
        registry.assign("test", person, project, stranger, starts=_today())
    Subcontract.objects.create(project=project, enterprise=stranger, starts=_today() - 9 * DAY, ends=_today() - DAY)
    with pytest.raises(registry.RecordRefused, match="no contract"):
        registry.assign("test", person, project, stranger, starts=_today())
    registry.assign("test", person, project, enterprise, starts=_today())
    with pytest.raises(registry.RecordRefused, match="already"):
        registry.assign("test", person, project, enterprise, starts=_today() + DAY)
    with pytest.raises(registry.RecordRefused, match="before the first"):
        registry.assign("test", person, town.projects[1], town.projects[1].general_contractor,
                        starts=_today(), ends=_today() - DAY)  # fmt: skip
    with pytest.raises(registry.RecordRefused, match="compare the year"):
        registry.assign("test", person, town.projects[1], town.projects[1].general_contractor, starts=date(2206, 1, 1))
    assert Assignment.objects.filter(person=person).count() == 1


def test_ok__another_team_ends_the_old_work_and_keeps_its_history(town: SmallDistrict) -> None:
    old = Assignment.objects.get(person=town.people[0])
    new = registry.change_assignment("test", old, team=None, trade="130", role=20)
    old.refresh_from_db()
    assert new.pk != old.pk
    assert (old.ends, new.starts, new.ends) == (_today() - DAY, _today(), None)
    assert registry.change_assignment("test", new, team=None, trade="020", role=20).pk == new.pk
    other = Assignment.objects.get(person=town.people[2]).team
    with pytest.raises(registry.RecordRefused, match="another site"):
        registry.change_assignment("test", new, team=other, trade="020", role=20)


def test_ok__the_end_of_an_employment_ends_the_work(town: SmallDistrict) -> None:
    employment = Employment.objects.get(person=town.people[0])
    registry.end_employment("test", employment, _today() - DAY)
    assert Assignment.objects.get(person=town.people[0]).ends == _today() - DAY
    for_hq = worker_for_hq("w-1")
    assert for_hq is not None
    assert for_hq.work == ()


def test_ok__employments_that_touch_become_one(town: SmallDistrict) -> None:
    person, enterprise = registry.add_person("test", DRAFT).person, town.enterprises[0]
    registry.employ("test", person, enterprise, starts=date(2026, 1, 1), ends=date(2026, 3, 31))
    registry.employ("test", person, enterprise, starts=date(2026, 4, 1), contract_number="A-1")
    registry.employ("test", person, enterprise, starts=date(2025, 1, 1), ends=date(2025, 6, 1))
    times = Employment.objects.filter(person=person).order_by("starts").values_list("starts", "ends", "contract_number")
    assert list(times) == [(date(2025, 1, 1), date(2025, 6, 1), ""), (date(2026, 1, 1), None, "A-1")]


def test_ok__a_former_employer_reads_and_changes_nothing(town: SmallDistrict) -> None:
    clerk, person = town.accounts[Role.CLERK], town.people[0]
    registry.set_bank_account("test", person, "ICBC", "6222020000000000000")
    assert Person.objects.changeable_by(clerk).filter(pk=person.pk).exists()
    assert BankAccount.objects.visible_to(clerk).count() == 1
    Employment.objects.filter(person=person).update(ends=_today() - 200 * DAY)
    Assignment.objects.filter(person=person).update(ends=_today() - 200 * DAY)
    assert Person.objects.visible_to(clerk).filter(pk=person.pk).exists()
    assert not Person.objects.changeable_by(clerk).filter(pk=person.pk).exists()
    assert BankAccount.objects.visible_to(clerk).count() == 0
    assert BankAccount.objects.visible_to(town.accounts[Role.OFFICER]).count() == 1


def test_ok__a_card_has_one_owner(town: SmallDistrict) -> None:
    one, two = town.people[:2]
    card = registry.add_card("test", one, "00 123")
    assert registry.add_card("test", one, "00123").pk == card.pk
    with pytest.raises(registry.RecordRefused, match="Somebody else"):
        registry.add_card("test", two, "00123")
    registry.end_card("test", card, "lost")
    registry.add_card("test", two, "00123")
    for_hq = worker_for_hq(two.worker_id)
    assert for_hq is not None
    assert for_hq.cards == ("00123",)


def test_ok__a_consent_is_for_one_text_and_ends_for_all_worker_ids(town: SmallDistrict) -> None:
    one, two = town.people[:2]
    registry.give_consent("worker", one, Consent.Purpose.FACE, "1")
    registry.give_consent("worker", one, Consent.Purpose.FACE, "2")
    registry.give_consent("worker", two, Consent.Purpose.FACE, "2")
    registry.choose_way("worker", one, Person.Way.FACE)
    registry.merge("test", one, two, "test")
    assert registry.withdraw_consent("worker", one, Consent.Purpose.FACE) == 2
    one.refresh_from_db()
    assert one.way == Person.Way.CODE
    sent = OutboxRow.objects.filter(kind="withdrawal").values_list("subject", flat=True)
    assert set(sent) == {"w-1", "w-2"}


def test_ok__many_changes_together_follow_once(town: SmallDistrict) -> None:
    before = OutboxRow.objects.count()
    with registry.together("clerk", "import"):
        for number in range(3):
            draft = registry.PersonDraft(name="王小明", id_number=id_number(100 + number))
            person = registry.add_person("clerk", draft).person
            registry.assign("clerk", person, town.projects[0], town.enterprises[0], starts=_today())
            registry.save_certificate("clerk", person, kind="安全培训", expires=_today() + 30 * DAY, is_training=True)
    assert OutboxRow.objects.count() == before + 3
    assert Person.objects.visible_to(town.accounts[Role.MANAGER]).filter(name="王小明").count() == 3
    assert Entry.objects.filter(action="add").count() == 3
    assert Certificate.objects.count() == 3
    assert DuplicateCandidate.objects.count() == 0  # two id numbers are two people


def test_fail__many_changes_together_are_all_taken_back(town: SmallDistrict) -> None:
    before = (Person.objects.count(), OutboxRow.objects.count(), Entry.objects.count())
    with pytest.raises(rules.WrongNumber), registry.together("clerk"):
        registry.add_person("clerk", DRAFT)
        registry.add_person("clerk", registry.PersonDraft(name="李四", id_number="1"))
    assert (Person.objects.count(), OutboxRow.objects.count(), Entry.objects.count()) == before


def test_ok__who_may_merge_sees_both(town: SmallDistrict) -> None:
    assert town.accounts[Role.OFFICER].may(Permission.MERGE_PEOPLE)
    assert not town.accounts[Role.AUDITOR].may(Permission.MERGE_PEOPLE)
