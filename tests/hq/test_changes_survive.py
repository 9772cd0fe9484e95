"""What must never be undone survives a restored backup: withdrawn consents, removed workers, revoked gates."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from restore_rig import OldWorld
from structlog.testing import capture_logs
from sync_rig import Mosquitto, Rig, utc
from withdrawal_rig import worker

from contract.messages import ListKind
from hq.database.change_file import NAME
from hq.database.people import withdrawn_utc
from hq.database.restorations import restorations
from hq.registry.change_replay import make_again
from hq.registry.gates import GateRegistry, registered_list
from hq.registry.import_file import ImportFile
from hq.registry.risk_record import RiskRecord

ROSTER = ListKind.ROSTER


@pytest.fixture
def world(tmp_path: Path, broker: Mosquitto) -> Iterator[OldWorld]:
    rig = Rig(tmp_path, broker.port)
    made = OldWorld(rig)
    yield made
    made.close()
    rig.close()


def again(world: OldWorld) -> int:
    return make_again(world.store, world.people)


def faces(world: OldWorld) -> set[str]:
    with world.store.read() as db:
        return {one.worker_id for one in world.people.roster(db) if one.templates}


def test_ok__what_was_withdrawn_after_the_backup_stays_withdrawn_at_hq_and_at_gates(world: OldWorld) -> None:
    world.publish_all()
    gate, hq = world.gate(), world.rig.hq(known=False)
    copy = world.copy()
    world.withdraw("w-1")
    world.people.withdraw(["w-2"], "office-3", remove=True)
    world.publish()
    world.wait(lambda: gate.who == {"w-3"}, "withdrawn")
    hq.stop()
    world.set_back(copy)
    assert faces(world) == {"w-1", "w-2", "w-3"}
    hq = world.rig.hq(known=False)
    world.wait(lambda: gate.version(ROSTER) > 2 and gate.who == {"w-3"}, "the restored HQ publishes without them")
    hq.stop()
    assert faces(world) == {"w-3"}
    assert world.people.find("w-2") is None
    with world.store.read() as db:
        whats = [one.what for one in restorations(db)]
    assert any("1 removed workers, 1 withdrawn consents" in what for what in whats), whats


def test_ok__a_gate_revoked_after_the_backup_stays_revoked(world: OldWorld) -> None:
    world.rig.register()
    copy = world.copy()
    GateRegistry(world.store, world.rig.keys).revoke("gate-1", by="manager-7", why="stolen")
    world.set_back(copy)
    assert "gate-1" in registered_list(world.store)
    assert again(world) == 1
    assert "gate-1" not in registered_list(world.store)
    assert again(world) == 0


def test_ok__a_present_database_is_left_alone_and_a_later_import_counts(world: OldWorld) -> None:
    world.people.withdraw(["w-1"], "office-3")
    world.people.take(ImportFile(workers=(worker("w-1", "c-2"),)))
    assert again(world) == 0
    copy = world.copy()
    world.people.withdraw(["w-2"], "office-3")
    world.set_back(copy)
    assert again(world) == 1
    assert faces(world) == {"w-1", "w-3"}


def test_ok__a_new_database_learns_who_withdrew_so_that_old_enrolments_do_not_count(world: OldWorld) -> None:
    world.people.withdraw(["w-1"], "office-3")
    empty = world.rig.folder / "empty.db"
    empty.touch()
    world.set_back(empty)
    assert again(world) == 0
    with world.store.read() as db:
        assert withdrawn_utc(db, "w-1") is not None
        assert not restorations(db)
    world.people.take(ImportFile(workers=(worker("w-1", "c-2"),)))
    assert faces(world) == {"w-1"}


def test_fail__a_damaged_line_or_one_of_a_newer_version_is_left_out_and_said(world: OldWorld) -> None:
    copy, log = world.copy(), world.rig.hq_folder / NAME
    world.people.withdraw(["w-1"], "office-3")
    with log.open("ab") as file:
        file.write(b'{"utc": "2026-11-28T06:00:00+00:00", "what": "of a newer version"}\n{"utc": "20')
    world.people.withdraw(["w-2"], "office-3")  # after a power cut in the middle of a line
    world.set_back(copy)
    with capture_logs() as logs:
        assert again(world) == 2
    assert faces(world) == {"w-3"}
    assert [entry["event"] for entry in logs].count("change_not_read") == 2


def test_ok__an_older_copy_of_the_file_is_set_aside(world: OldWorld) -> None:
    log = world.rig.hq_folder / NAME
    world.people.withdraw(["w-1"], "office-3")
    older = log.read_bytes()
    world.people.withdraw(["w-2"], "office-3")
    log.write_bytes(older)
    copy = world.copy()
    world.people.withdraw(["w-3"], "office-3")
    assert len(list(log.parent.glob(f"{NAME}.older-*"))) == 1
    world.set_back(copy)
    assert again(world) == 1
    assert not faces(world)


def test_ok__a_file_that_cannot_be_written_prevents_no_withdrawal(world: OldWorld) -> None:
    log = world.rig.hq_folder / NAME
    log.unlink(missing_ok=True)
    log.mkdir()
    with capture_logs() as logs:
        world.people.withdraw(["w-1"], "office-3")
    assert faces(world) == {"w-2", "w-3"}
    assert "change_not_recorded" in [entry["event"] for entry in logs]
    assert again(world) == 0


def test_ok__risk_entries_after_the_backup_are_made_again_and_the_file_names_nobody(world: OldWorld) -> None:
    """A restored backup must free nobody, and hold nobody who was taken off."""
    risks = world.people.risk_lists
    risks.add([RiskRecord(worker_id="w-1", list_name="Old"), RiskRecord(worker_id="w-9", list_name="Old")], "office-3")
    copy = world.copy()
    risks.add([RiskRecord(worker_id="w-2", list_name="Violence", purpose="police report")], "office-3")
    ended = utc() - timedelta(minutes=1)
    risks.add([RiskRecord(worker_id="w-3", list_name="Short", valid_until_utc=ended)], "office-3")
    risks.add([RiskRecord(worker_id="w-4", list_name="Old")], "office-3")
    risks.lift("w-4", "Old", "office-3", "a mistake")
    risks.lift("w-1", "old", "office-3", "a mistake")
    risks.replace_list("Old", [], "office-3")
    assert not [word for word in (b"w-2", b"Violence", b"police") if word in (world.rig.hq_folder / NAME).read_bytes()]
    world.set_back(copy)
    assert again(world) == 5
    (found,) = world.people.risk_lists.find()
    said = found.worker_id, found.list_name, found.purpose, found.added_by
    assert said == ("w-2", "Violence", "police report", "office-3")
    assert again(world) == 0


def test_fail__a_risk_entry_that_no_key_opens_is_named_and_holds_up_nothing(world: OldWorld) -> None:
    copy = world.copy()
    world.people.risk_lists.add([RiskRecord(worker_id="w-2", list_name="L")], "office-3")
    path = world.rig.hq_folder / NAME
    path.write_text(path.read_text().replace('"sealed":"', '"sealed":"AAAA'))
    world.people.withdraw(["w-1"], "office-3")
    world.set_back(copy)
    with capture_logs() as logs:
        assert again(world) == 1
    assert "change_not_made_again" in [entry["event"] for entry in logs]
