"""desk.db on a real disk: requests arrive once and in order, damage is set aside, the reader never stops its gate."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.core.domain import ENROL, EnrolmentRequest
from edge.core.ports import DeskRequestSource
from edge.storage.desk import DeskError, DeskReader, DeskWriter

SEALED = bytes(range(256))


def enrolment(worker_id: str = "w-1") -> EnrolmentRequest:
    return EnrolmentRequest(worker_id=worker_id, consent_ref="form 12", model_id="sface", sealed_record=SEALED)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "desk.db"


def test_ok__a_request_reaches_the_reader_whole(path: Path) -> None:
    reader: DeskRequestSource = DeskReader(path)
    assert not reader.changed() and reader.requests(0) == []
    desk = DeskWriter(path)
    ref = desk.request_enrolment(enrolment(), by="anna")
    assert reader.changed() and not reader.changed()
    (found,) = reader.requests(0)
    assert (found.ref, found.kind) == (ref, ENROL)
    assert EnrolmentRequest.model_validate_json(found.body) == enrolment()
    desk.close()
    reader.close()


def test_ok__after_an_id_only_newer_ones_in_order(path: Path) -> None:
    desk, reader = DeskWriter(path), DeskReader(path)
    refs = [desk.request_enrolment(enrolment(f"w-{n}"), by="anna") for n in range(5)]
    found = reader.requests(0)
    assert [r.ref for r in found] == refs and len(set(refs)) == 5
    assert [r.ref for r in reader.requests(found[2].id)] == refs[3:]
    assert reader.requests(found[-1].id) == []
    desk.close()
    reader.close()


def test_ok__two_writers_take_turns(path: Path) -> None:
    screen, command = DeskWriter(path), DeskWriter(path)
    screen.request_enrolment(enrolment("w-1"), by="screen")
    command.request_enrolment(enrolment("w-2"), by="root")
    reader = DeskReader(path)
    assert len(reader.requests(0)) == 2
    assert [who for _, who, _, _ in screen.audit_trail(9)] == ["root", "screen"]
    for part in (screen, command, reader):
        part.close()


def test_ok__everything_is_in_the_audit_trail(path: Path) -> None:
    now = datetime(2026, 11, 21, 6, tzinfo=UTC)
    desk = DeskWriter(path, now=lambda: now)
    ref = desk.request_enrolment(enrolment(), by="anna")
    desk.audit("anna", "looked", "at the events")
    (second, first) = desk.audit_trail(10)
    assert second == (now, "anna", "looked", "at the events")
    assert first == (now, "anna", "enrol", f"worker w-1, consent form 12, {ref}")
    desk.close()


def test_ok__pruning_forgets_templates_and_keeps_the_trail(path: Path) -> None:
    now = [datetime(2026, 11, 1, tzinfo=UTC)]
    desk, reader = DeskWriter(path, now=lambda: now[0]), DeskReader(path)
    desk.request_enrolment(enrolment("w-old"), by="anna")
    now[0] += timedelta(days=31)
    young = desk.request_enrolment(enrolment("w-new"), by="anna")
    assert desk.prune(keep_days=30) == 1
    assert [r.ref for r in reader.requests(0)] == [young]
    assert len(desk.audit_trail(10)) == 2
    desk.close()
    reader.close()


@pytest.mark.parametrize("rubbish", [b"no database at all " * 400, b"SQLite format 3\0" + b"\xff" * 8000])
def test_fail__a_damaged_file_is_set_aside_and_ids_go_on_growing(path: Path, rubbish: bytes) -> None:
    desk, reader = DeskWriter(path), DeskReader(path)
    desk.request_enrolment(enrolment(), by="anna")
    last = reader.requests(0)[-1].id
    desk.close()
    reader.close()
    for part in path.parent.iterdir():
        part.unlink()
    path.write_bytes(rubbish)
    assert reader.requests(last) == []
    fresh = DeskWriter(path)
    assert fresh.restarted is not None and fresh.restarted.read_bytes() == rubbish
    ref = fresh.request_enrolment(enrolment("w-2"), by="anna")
    assert [r.ref for r in reader.requests(last - 1)] == [ref]
    fresh.close()
    reader.close()


def test_fail__a_folder_in_the_way_says_what_to_do(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(DeskError, match=r"desk\.db cannot be opened.*check the folder's owner"):
        DeskWriter(path)


def test_fail__a_refused_write_stores_nothing(path: Path) -> None:
    desk = DeskWriter(path)
    other = sqlite3.connect(path)
    other.execute("DROP TABLE audit")
    other.commit()
    with pytest.raises(DeskError, match="nothing was stored"):
        desk.request_enrolment(enrolment(), by="anna")
    assert other.execute("SELECT count(*) FROM requests").fetchone() == (0,)
    other.close()
    desk.close()


def test_ok__accounts_are_kept_changed_and_removed_and_each_step_recorded(path: Path) -> None:
    reader = DeskReader(path)
    assert not reader.has_accounts()
    desk = DeskWriter(path)
    assert not reader.has_accounts() and desk.password("anna") is None
    desk.set_password("anna", "one", by="root")
    desk.set_password("anna", "two", by="root")
    desk.set_password("bo", "one", by="root", role="manager")
    assert desk.password("anna") == "two" and reader.has_accounts()
    assert [(name, role) for name, role, _ in desk.accounts()] == [("anna", "guard"), ("bo", "manager")]
    assert desk.set_role("bo", "viewer", by="root") and desk.role("bo") == "viewer"
    assert not desk.set_role("nobody", "viewer", by="root") and desk.role("nobody") is None
    assert desk.remove_account("bo", by="root")
    assert desk.remove_account("anna", by="root") and not desk.remove_account("anna", by="root")
    assert desk.accounts() == [] and not reader.has_accounts()
    assert [(what, detail) for _, _, what, detail in desk.audit_trail(9)] == [
        ("account", "anna: removed"),
        ("account", "bo: removed"),
        ("account", "bo: role viewer"),
        ("account", "bo: password set"),
        ("account", "anna: password set"),
        ("account", "anna: password set"),
    ]
    desk.close()
    reader.close()


def test_ok__a_desk_of_an_earlier_version_gets_its_accounts(path: Path) -> None:
    desk = DeskWriter(path)
    desk.request_enrolment(enrolment(), by="anna")
    desk.close()
    old = sqlite3.connect(path)
    old.execute("DROP TABLE accounts")
    old.commit()
    reader = DeskReader(path)
    assert not reader.has_accounts()
    desk = DeskWriter(path)
    desk.set_password("anna", "x", by="root")
    assert reader.has_accounts() and len(reader.requests(0)) == 1
    for part in (old, desk, reader):
        part.close()


def test_ok__what_was_journalled_is_forgotten_and_leaves_no_bytes(path: Path) -> None:
    desk, reader = DeskWriter(path), DeskReader(path)
    kept, done = (desk.request_enrolment(enrolment(f"person-{n}"), by="anna") for n in range(2))
    assert desk.forget_done(lambda ref: ref == done) == 1
    assert [request.ref for request in reader.requests(0)] == [kept]
    assert desk.forget_done(lambda ref: ref == done) == 0
    assert len(desk.audit_trail(9)) == 2, "who did what stays"
    bodies = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b'"worker_id":"person-0"' in bodies and b'"worker_id":"person-1"' not in bodies
    desk.close()
    reader.close()


def test_ok__an_account_of_a_version_without_roles_is_a_manager(path: Path) -> None:
    DeskWriter(path).close()
    old = sqlite3.connect(path)
    old.execute("DROP TABLE accounts")
    old.execute("CREATE TABLE accounts (name TEXT PRIMARY KEY, password TEXT NOT NULL, changed_utc TEXT NOT NULL)")
    old.execute("INSERT INTO accounts VALUES ('anna', 'one', '2026-11-21T06:00:00+00:00')")
    old.commit()
    old.close()
    desk = DeskWriter(path)
    assert (desk.role("anna"), desk.password("anna")) == ("manager", "one")
    desk.close()
