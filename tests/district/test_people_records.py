"""PROMISE: a merge loses nothing and can be undone; an erasure removes what no law holds."""

from datetime import date, timedelta
from typing import Any

import pytest
from district_rig import SmallDistrict
from django.apps import apps
from django.db import models
from django.utils import timezone
from id_numbers import id_number

from district.exchange.models import OutboxRow
from district.fields import EncryptedTextField
from district.people import registry
from district.people.for_hq import worker_for_hq
from district.people.holds import Hold, holds_of, years_after
from district.people.models import Assignment, BankAccount, Consent, Employment, IdDocument, OfPerson, Person, Team
from district.people.rules.retention import KEPT
from district.people.signals import holds_asked, merged

DAY = timedelta(days=1)


def _named(person: Person) -> dict[str, list[Any]]:
    """Return every row of every table that names a person."""
    found = {}
    for relation in Person._meta.related_objects:
        rows = relation.related_model._base_manager.filter(**{relation.field.name: person})
        name = f"{relation.related_model._meta.label}.{relation.field.name}"
        if not name.startswith(("people.PersonScope", "people.PersonEmployer", "people.Merge", "people.DuplicateCan")):
            found[name] = sorted(rows.values_list("pk", flat=True))
    return found


def test_ok__a_merge_moves_every_table_and_can_be_taken_back(town: SmallDistrict) -> None:
    one, two = town.people[:2]
    registry.change_person("test", two, {"phone": "13800138000", "nation": "壮"})
    registry.set_document("test", two, "01", id_number(5))
    registry.add_card("test", two, "77")
    registry.save_team("test", Team.objects.get(pk=two.assignments.get().team_id), name="A", leader=two)
    registry.give_consent("test", one, Consent.Purpose.FACE, "1")
    twin = registry.give_consent("test", two, Consent.Purpose.FACE, "1")
    other = registry.give_consent("test", two, Consent.Purpose.PLATFORM_PHOTO, "1")
    before = (_named(one), _named(two))
    heard: list[tuple[Person, Person]] = []

    def hear(gained: Person, lost: Person, **_: object) -> None:
        heard.append((gained, lost))

    merged.connect(hear)
    try:
        merge = registry.merge("test", one, two, "test")
    finally:
        merged.disconnect(hear)
    one.refresh_from_db()
    assert heard == [(one, two)]
    assert (one.phone, one.nation, one.birth) == ("+8613800138000", "08", date(1990, 1, 1))
    assert Consent.objects.get(pk=twin.pk).person == two  # the other has one of this purpose in force
    assert Consent.objects.get(pk=other.pk).person == one
    assert set(registry.worker_ids_of(one)) == {"w-1", "w-2"}
    absorbed = worker_for_hq("w-2")
    assert absorbed is not None
    assert absorbed.work == ()
    assert not Person.objects.living().filter(pk=two.pk).exists()
    registry.undo_merge("test", merge, "two brothers")
    one.refresh_from_db()
    assert (_named(one), _named(two)) == before
    assert (one.phone, one.nation) == ("", "")
    sent = list(OutboxRow.objects.filter(kind="worker").values_list("subject", flat=True))
    assert sent.count("w-2") >= 2


def test_fail__a_merge_is_made_once_and_undone_once(town: SmallDistrict) -> None:
    one, two, three = town.people[:3]
    merge = registry.merge("test", one, two, "test")
    for a, b in ((one, two), (two, three), (one, one)):
        with pytest.raises(registry.RecordRefused):
            registry.merge("test", a, b, "test")
    registry.merge("test", three, one, "test")
    with pytest.raises(registry.RecordRefused, match="merged into another"):
        registry.undo_merge("test", merge, "wrong")
    with pytest.raises(registry.RecordRefused, match="merged into another"):
        registry.change_person("test", two, {"name": "X"})
    assert set(registry.worker_ids_of(three)) == {"w-1", "w-2", "w-3"}


def _left(person: Person, ends: date) -> None:
    for model in (Employment, Assignment):
        model.objects.filter(person=person).update(starts=ends - 90 * DAY, ends=ends)


def test_ok__an_erasure_takes_at_once_what_no_law_holds(town: SmallDistrict) -> None:
    person = town.people[0]
    registry.change_person("test", person, {"phone": "13800138000", "address": "佛山"})
    registry.set_document("test", person, "01", id_number(5))
    registry.set_bank_account("test", person, "ICBC", "6222020000000000000")
    registry.add_card("test", person, "77")
    registry.give_consent("test", person, Consent.Purpose.FACE, "1")
    with pytest.raises(registry.RecordRefused, match="employed"):
        registry.erase("test", person, "asked")
    _left(person, timezone.localdate() - 30 * DAY)
    after = registry.erase("test", person, "asked")
    assert after.erased is None
    assert after.erase_on == years_after(timezone.localdate() - 30 * DAY, 3) + DAY
    assert (after.phone, after.phone_index, after.address, after.name) == ("", "", "", person.name)
    assert person.cards.count() == 0
    assert IdDocument.objects.filter(person=person).exists()
    for_hq = worker_for_hq("w-1")
    assert for_hq is not None
    assert for_hq.face_consent == ""
    assert OutboxRow.objects.filter(kind="withdrawal", subject="w-1").exists()
    assert registry.erase_due(timezone.localdate()) == 0
    _left(person, timezone.localdate() - 4 * 365 * DAY)
    Person.objects.filter(pk=person.pk).update(erase_on=timezone.localdate())
    assert registry.erase_due(timezone.localdate()) == 1
    gone = Person.objects.get(pk=person.pk)
    assert (gone.name, gone.pinyin, gone.birth, gone.sex) == ("", "", None, "")
    assert gone.erased is not None
    assert BankAccount.objects.count() == IdDocument.objects.count() == 0
    assert OutboxRow.objects.filter(kind="erasure", subject="w-1").exists()
    assert Assignment.objects.filter(person=person).count() == 1  # a day's work of nobody known


def test_ok__a_hold_of_another_app_beats_an_erasure(town: SmallDistrict) -> None:
    person = town.people[0]
    _left(person, timezone.localdate() - 4 * 365 * DAY)
    assert holds_of(person) == []

    def hold(person: Person, **_: object) -> list[Hold]:
        return [Hold("wages are disputed", "court", timezone.localdate() + 10 * DAY)]

    holds_asked.connect(hold)
    try:
        assert registry.erase("test", person, "asked").erase_on == timezone.localdate() + 11 * DAY
    finally:
        holds_asked.disconnect(hold)
    registry.cancel_erasure("test", person, "works again")
    assert registry.erase("test", person, "asked").erased is not None


def test_ok__an_erasure_takes_merged_records_with_it(town: SmallDistrict) -> None:
    one, two = town.people[:2]
    registry.merge("test", one, two, "test")
    _left(one, timezone.localdate() - 4 * 365 * DAY)
    registry.erase("test", one, "asked")
    assert set(Person.objects.filter(name="").values_list("worker_id", flat=True)) == {"w-1", "w-2"}
    assert set(OutboxRow.objects.filter(kind="erasure").values_list("subject", flat=True)) == {"w-1", "w-2"}


def test_ok__years_after_a_leap_day() -> None:
    assert years_after(date(2024, 2, 29), 3) == date(2027, 3, 1)
    assert years_after(date(2026, 11, 28), 3) == date(2029, 11, 28)


def test_ok__every_table_of_a_person_says_why_it_is_kept() -> None:
    tables = {kept.table for kept in KEPT}
    people = apps.get_app_config("people")
    for model in people.get_models():
        if issubclass(model, OfPerson | Assignment) and model.__name__ != "Merge":
            assert model._meta.label_lower in tables
        sealed = {field.name for field in model._meta.get_fields() if isinstance(field, EncryptedTextField)}
        told = {
            name for kept in KEPT if kept.table == model._meta.label_lower and kept.sensitive for name in kept.fields
        }
        assert sealed <= told, model
    for kept in KEPT:
        names = {
            field.name for field in apps.get_model(kept.table)._meta.get_fields() if isinstance(field, models.Field)
        }
        assert set(kept.fields) <= names
