"""PROMISE: a change of the record in the database is found, also one by the database's owner."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection

from district.audit import heads, triggers
from district.audit.check import check
from district.audit.models import Entry, Head
from district.audit.record import record
from district.people.models import Person


@pytest.fixture
def owner(db: None) -> Iterator[Callable[[str], None]]:
    """Return how the owner of the database runs a statement: triggers do not stop the owner."""
    for number in range(6):
        record("worker", "change", Person, details={"row": str(number)})

    def run(statement: str) -> None:
        with connection.cursor() as cursor:
            for drop in triggers.drop_statements(connection.vendor):
                cursor.execute(drop)
            cursor.execute(statement)
            for make in triggers.make_statements(connection.vendor):
                cursor.execute(make)

    yield run


def test_ok__a_whole_record_has_no_problems(owner: object) -> None:
    result = check(heads.present_heads())
    assert (result.entries, result.problems) == (6, [])


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE audit_entry SET actor = 'nobody' WHERE seq = 3", "changed"),
        ("UPDATE audit_entry SET details = '{}' WHERE seq = 3", "changed"),
        ("UPDATE audit_entry SET utc = '2020-01-01 00:00:00' WHERE seq = 3", "changed"),
        ("UPDATE audit_entry SET enterprise = 7 WHERE seq = 3", "changed"),
        ("DELETE FROM audit_entry WHERE seq = 3", "missing"),
        ("DELETE FROM audit_entry WHERE seq = 1", "missing"),
        ("DELETE FROM audit_entry WHERE seq > 4", "removed"),
        ("DELETE FROM audit_entry", "removed"),
        (
            "INSERT INTO audit_entry SELECT 99, chain, 7, utc, 'x', action, subject_kind, subject_id, place_path,"
            " enterprise, details, hash, hash FROM audit_entry WHERE seq = 6",
            "not written by this program",
        ),
    ],
)
def test_fail__a_change_by_the_owner_is_found(owner: Callable[[str], None], statement: str, found: str) -> None:
    owner(statement)
    assert found in " ".join(problem.text for problem in check().problems)


def test_fail__a_cut_chain_with_a_forged_head_is_found_by_kept_heads(owner: Callable[[str], None]) -> None:
    kept = heads.read(heads.written(heads.present_heads()))
    owner("DELETE FROM audit_entry WHERE seq > 3")
    last = Entry.objects.get(seq=3)
    Head.objects.filter(chain=last.chain).update(seq=3, hash=last.hash)
    assert check().problems == []
    assert ["removed" in problem.text for problem in check(kept).problems] == [True]
    for number in range(3):
        record("worker", "change", Person, details={"other": str(number)})
    assert ["another entry" in problem.text for problem in check(kept).problems] == [True]


def test_fail__a_trigger_that_was_removed_is_found(owner: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(triggers.drop_statements(connection.vendor)[0])
    assert "audit_entry_kept" in check().problems[0].text


def test_ok__the_file_of_heads_keeps_the_later_end(owner: Callable[[str], None], tmp_path: Path) -> None:
    path = tmp_path / heads.FILE_NAME
    assert heads.keep(path)
    assert not heads.keep(path)
    assert path.stat().st_mode & 0o077 == 0
    Head.objects.filter(seq__gt=0).update(seq=2)
    assert not heads.keep(path)
    assert check(heads.read(path.read_text())).problems == []


@pytest.mark.parametrize(
    "line", ["", "{}", "[]", '{"heads": {"00": [1, "x"]}, "sign": "x"}', '{"heads": 3, "sign": 4}']
)
def test_fail__a_forged_line_of_heads_is_refused(db: None, line: str) -> None:
    with pytest.raises(heads.WrongHeads):
        heads.read(line)
