"""PROMISE: the audit record is only added to, and shows who changed and who read what."""

import pytest
from district_rig import SmallDistrict
from django.db import DatabaseError, connection, transaction
from django.test import RequestFactory

from district.audit.models import Entry
from district.audit.record import record, record_many, record_read
from district.people.models import Person
from district.permissions import Role


def test_ok__entries_are_chained_in_the_order_of_writing(town: SmallDistrict) -> None:
    record(town.accounts[Role.CLERK], "change", town.people[0], fields=["name"])
    record_many("worker", "enrol", town.people[:2], why="photo arrived")
    first, second, third = Entry.objects.order_by("chain", "seq")
    assert [first.seq, second.seq, third.seq] == [1, 2, 3]
    assert (second.prev_hash, third.prev_hash) == (first.hash, second.hash)
    assert first.details == {"fields": ["name"]}
    assert third.details == {"why": "photo arrived"}


OF_BOTH = ("UPDATE audit_entry SET actor = 'nobody'", "DELETE FROM audit_entry")
OF_SQLITE = (
    "INSERT OR REPLACE INTO audit_entry SELECT * FROM audit_entry",
    "REPLACE INTO audit_entry (id, chain, seq, utc, actor, action, subject_kind, subject_id, place_path, details,"
    " prev_hash, hash) SELECT 99, chain, seq, utc, 'nobody', action, subject_kind, subject_id, '', '{}', '', ''"
    " FROM audit_entry",
)
OF_POSTGRES = (
    "TRUNCATE audit_entry",
    "INSERT INTO audit_entry SELECT * FROM audit_entry ON CONFLICT (id) DO UPDATE SET actor = 'nobody'",
)
ON_SQLITE = connection.vendor == "sqlite"


@pytest.mark.parametrize("statement", [*OF_BOTH, *(OF_SQLITE if ON_SQLITE else OF_POSTGRES)])
@pytest.mark.parametrize("recursive", ["ON", "OFF"] if ON_SQLITE else [""])
def test_fail__no_statement_changes_or_removes_an_entry(town: SmallDistrict, statement: str, recursive: str) -> None:
    record("worker", "change", town.people[0])
    with connection.cursor() as cursor:
        if recursive:
            cursor.execute(f"PRAGMA recursive_triggers={recursive}")
        with pytest.raises(DatabaseError, match="only added to"), transaction.atomic():
            cursor.execute(statement)
        if recursive:
            cursor.execute("PRAGMA recursive_triggers=ON")
    assert Entry.objects.get().actor == "worker"


def test_ok__an_auditor_sees_entries_of_their_part_of_the_tree(town: SmallDistrict) -> None:
    person = Person.objects.get(worker_id="w-1")
    record("worker", "change", person)
    record("worker", "start", Person)
    here = town.account(Role.AUDITOR, place=town.towns[0])
    there = town.account(Role.AUDITOR, place=town.towns[1])
    assert [entry.subject_id for entry in Entry.objects.visible_to(here)] == [str(person.pk)]
    assert not Entry.objects.visible_to(there)
    assert Entry.objects.visible_to(town.accounts[Role.AUDITOR]).count() == 2
    assert not Entry.objects.visible_to(town.accounts[Role.OFFICER])


def test_ok__a_reader_is_recorded_with_the_reason(town: SmallDistrict) -> None:
    request = RequestFactory().get("/")
    request.user = town.accounts[Role.MANAGER]
    record_read(request, town.people[0], ["number"], "wage \0dispute \ud800")
    entry = Entry.objects.get()
    assert (entry.action, entry.actor) == ("read", town.accounts[Role.MANAGER].username)
    assert entry.details == {"fields": ["number"], "why": "wage dispute ?"}
    assert entry.place_path == town.projects[0].place.path


def test_fail__an_entry_of_a_change_that_is_undone_is_undone_too(town: SmallDistrict) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        record("worker", "change", town.people[0])
        raise RuntimeError
    record("worker", "change", town.people[1])
    assert Entry.objects.get().seq == 1


@pytest.mark.django_db(transaction=True)
def test_ok__the_tests_own_emptying_passes_the_triggers() -> None:
    record("worker", "change", Person)
    assert Entry.objects.count() == 1
