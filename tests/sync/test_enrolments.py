"""An enrolment made at a gate: when it counts, when it waits, and what it can never do."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import pytest
from sync_rig import Rig, utc
from typer.testing import CliRunner

from contract.codec import encode
from contract.messages import EnrolmentEvent, EnrolmentRecord, EventBatch, ListKind, SealedTemplate, WorkerRecord
from contract.signing import ENROLMENT, seal
from edge.storage.journal import Journal, JournalReader
from hq.cli import app
from hq.database.dirty_lists import dirty
from hq.database.store import Store
from hq.ingest.ingest import Ingest
from hq.ingest.senders import SenderCheck
from hq.registry.approvals import Approvals
from hq.registry.gates import GateRegistry
from hq.registry.import_draft import EnrolmentRefused
from hq.registry.import_file import ImportFile
from hq.registry.people import PeopleRegistry
from hq.reports import report

WORKER = WorkerRecord(worker_id="w-1", sites=("site-1",), consent_ref="c-1")


class Desk:
    """HQ with one registered gate; what the gate enrols arrives at once."""

    def __init__(self, rig: Rig, trusted: tuple[str, ...] = ()) -> None:
        self.rig, self.store = rig, rig.store()
        rig.register()
        self.people: PeopleRegistry = rig.people(self.store)
        self.approvals = Approvals(self.store, self.people, rig.keys, trusted)
        self._ingest = Ingest(self.store, self.approvals, SenderCheck())
        self._journal: Journal = rig.journal()
        self._reader = JournalReader(rig.state_dir / "gate/journal.db")
        self._sent = 0

    def door_until(self, until: datetime) -> None:
        """From now on gates that are not registered are taken."""
        self._ingest = Ingest(self.store, self.approvals, SenderCheck(until))

    def imports(self, *workers: WorkerRecord) -> None:
        self.people.take(ImportFile(workers=workers))

    def enrols(self, worker: str = "w-1", consent: str = "c-1", at: datetime | None = None, face: int = 0) -> None:
        vector = np.eye(1, 128, face, dtype="<f2").tobytes()
        templates = (SealedTemplate(model_id="m", vector=vector),)
        record = EnrolmentRecord(worker_id=worker, consent_ref=consent, captured_utc=at or utc(), templates=templates)
        sealed = seal(encode(record), ENROLMENT, self.rig.keys.sealing.public_key())
        self._journal.append(EnrolmentEvent, worker_id=worker, consent_ref=consent, model_id="m", sealed_record=sealed)
        self.arrives()

    def arrives(self) -> None:
        """What the journal holds and HQ does not."""
        records = tuple(self._reader.records(self._sent, 100))
        batch = EventBatch(site_id="site-1", gate_id="gate-1", epoch=self._journal.epoch, records=records)
        outcome = self._ingest.take(batch)
        assert outcome.stored == len(records), "an enrolment that does not count holds up no event"
        self._sent = records[-1].seq

    @property
    def faces(self) -> int:
        with self.store.read() as db:
            return sum(len(worker.templates) for worker in self.people.roster(db))

    @property
    def states(self) -> list[str]:
        return [row.state for row in self.approvals.listed()]

    @property
    def alarms(self) -> list[str]:
        return [row.reason for row in report.quarantine(self.store)]

    def close(self) -> None:
        self._reader.close()


@pytest.fixture
def desk(rig: Rig) -> Iterator[Desk]:
    made = Desk(rig)
    yield made
    made.close()


@pytest.fixture
def trusting(rig: Rig) -> Iterator[Desk]:
    made = Desk(rig, trusted=("site-1",))
    yield made
    made.close()


def test_ok__it_waits_for_an_approval_and_counts_then(desk: Desk) -> None:
    desk.imports(WORKER)
    desk.rig.publisher(desk.store).publish("site-1", ListKind.ROSTER)
    desk.enrols()
    assert (desk.faces, desk.states, desk.alarms) == (0, ["waiting"], [])
    (row,) = desk.approvals.listed(waiting=True)
    done = desk.approvals.approve(row.id, by="m-7", why="form seen")
    assert (done.state, done.decided_by, done.why) == ("approved", "m-7", "form seen")
    assert desk.faces == 1
    with desk.store.read() as db:
        assert dirty(db)["site-1", ListKind.ROSTER]
        assert db.exec_driver_sql("SELECT count(*) FROM enrolments WHERE record IS NOT NULL").scalar() == 0
    with pytest.raises(EnrolmentRefused, match="was approved by m-7"):
        desk.approvals.approve(row.id, by="m-8", why="again")


def test_ok__a_site_that_is_trusted_needs_none(trusting: Desk) -> None:
    trusting.imports(WORKER)
    trusting.enrols()
    assert (trusting.faces, trusting.states) == (1, ["approved"])
    trusting.enrols(face=1)
    assert trusting.faces == 2
    trusting.imports(WorkerRecord(worker_id="w-2", sites=("site-1",)))
    trusting.enrols("w-2")
    assert trusting.states[-1] == "waiting", "HQ never saw this worker's consent: a person confirms it"


def test_ok__whoever_approves_confirms_a_first_consent(desk: Desk) -> None:
    desk.imports(WorkerRecord(worker_id="w-1", sites=("site-1",)))
    desk.enrols()
    desk.approvals.approve(desk.approvals.listed()[0].id, by="m-7", why="form seen")
    assert desk.faces == 1
    found = desk.people.find("w-1")
    assert found is not None and found.consent_ref == "c-1"


def test_fail__a_gate_that_is_not_registered_is_never_trusted(rig: Rig) -> None:
    """Also while gates of before version 1.3 are taken: anybody with the broker account can be one."""
    desk = Desk(rig, trusted=("site-1",))
    GateRegistry(desk.store, rig.keys).revoke("gate-1", by="test", why="to be like one of before")
    desk.door_until(utc() + timedelta(days=1))
    desk.imports(WORKER)
    desk.enrols()
    assert (desk.faces, desk.states) == (0, ["waiting"])
    desk.close()


def test_fail__who_is_no_worker_of_the_gates_site(trusting: Desk) -> None:
    trusting.imports(WORKER.model_copy(update={"sites": ("site-2",)}), WorkerRecord(worker_id="w-3", consent_ref="c-1"))
    for worker in ("w-1", "w-3", "w-unknown"):
        trusting.enrols(worker)
    assert (trusting.faces, trusting.states[:2]) == (0, ["refused", "refused"])
    assert sum("no worker of site-1" in alarm for alarm in trusting.alarms) == 2
    assert any("not among the workers" in alarm for alarm in trusting.alarms)


@pytest.mark.parametrize("consent", ["c-1", "C-1", "c-1 ", "c-2", "c-1\u200b"])
@pytest.mark.parametrize("ahead_h", [-48, 0, 48])
def test_fail__a_withdrawn_consent_never_comes_back_from_a_gate(trusting: Desk, consent: str, ahead_h: int) -> None:
    """At any age, with any text, by any clock of the gate."""
    trusting.imports(WORKER)
    trusting.enrols()
    trusting.imports(WORKER.model_copy(update={"consent_ref": None}))
    assert trusting.faces == 0
    trusting.enrols(consent=consent, at=utc() + timedelta(hours=ahead_h), face=3)
    assert (trusting.faces, trusting.states[-1]) == (0, "refused")
    assert "withdrew the consent" in trusting.alarms[0]
    found = trusting.people.find("w-1")
    assert found is not None and found.consent_ref is None


def test_fail__pictures_of_before_a_withdrawal_do_not_count_for_a_new_consent(trusting: Desk) -> None:
    before = utc()
    trusting.imports(WORKER)
    trusting.enrols()
    trusting.people.withdraw(["w-1"], "office-3")
    trusting.imports(WORKER)  # a new consent, under the same reference
    trusting.enrols(at=before, face=2)
    assert (trusting.faces, trusting.states[-1]) == (0, "refused")
    assert "before the consent was withdrawn" in trusting.alarms[0]
    trusting.enrols(face=4)
    assert trusting.faces == 1


def test_fail__another_consent_than_hq_has(trusting: Desk) -> None:
    trusting.imports(WORKER)
    trusting.enrols(consent="c-9")
    assert (trusting.faces, trusting.states) == (0, ["refused"])
    assert "another consent than HQ has" in trusting.alarms[0]


def test_fail__what_waits_when_the_consent_is_withdrawn_is_refused_and_destroyed(desk: Desk) -> None:
    for worker in (WORKER, WorkerRecord(worker_id="w-2", sites=("site-1",))):
        desk.imports(worker)
        desk.enrols(worker.worker_id)
    desk.people.withdraw(["w-1", "w-2"], "office-3")
    assert desk.states == ["refused", "refused"]
    for row in desk.approvals.listed():
        with pytest.raises(EnrolmentRefused, match="does not wait"):
            desk.approvals.approve(row.id, by="m-7", why="too late")
    with desk.store.read() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM enrolments WHERE record IS NOT NULL").scalar() == 0


def test_fail__the_same_record_a_second_time(trusting: Desk) -> None:
    """Sealed once, it can be put into an event again with a gate's key."""
    trusting.imports(WORKER)
    trusting.enrols()
    first = trusting._reader.records(0, 1)[0]
    sealed = EnrolmentEvent.model_validate_json(first.body).sealed_record
    trusting.imports(WORKER.model_copy(update={"consent_ref": None}))
    trusting.imports(WORKER)
    trusting._journal.append(EnrolmentEvent, worker_id="w-1", consent_ref="c-1", model_id="m", sealed_record=sealed)
    trusting.arrives()
    assert (trusting.faces, trusting.states) == (0, ["approved"])


def test_ok__the_commands(desk: Desk) -> None:
    runner, folder = CliRunner(), ["-d", str(desk.rig.hq_folder)]
    desk.imports(WORKER)
    desk.enrols()
    desk.enrols(face=1)
    told = runner.invoke(app, ["enrolments", *folder]).output
    assert told.count("waiting") == 2 and "w-1" in told
    who = ["--by", "m-7", "--why", "form seen"]
    assert "1 of w-1 at gate-1: approved" in runner.invoke(app, ["enrolments", "approve", "1", *who, *folder]).output
    assert "2 of w-1 at gate-1: refused" in runner.invoke(app, ["enrolments", "refuse", "2", *who, *folder]).output
    assert "waiting" not in runner.invoke(app, ["enrolments", "list", *folder]).output
    assert "form seen" in runner.invoke(app, ["enrolments", "list", "--all", *folder]).output
    assert desk.faces == 1


def test_ok__waiting_templates_are_unreadable_in_the_files(desk: Desk) -> None:
    desk.imports(WORKER)
    desk.enrols(face=7)
    vector = np.eye(1, 128, 7, dtype="<f2").tobytes()
    # Not hq.db-shm: it holds page numbers alone, and page 60 among zeros looks like this vector.
    assert vector not in b"".join((desk.rig.hq_folder / name).read_bytes() for name in ("hq.db", "hq.db-wal"))
    store: Store = desk.store
    with store.read() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM enrolments WHERE record IS NOT NULL").scalar() == 1
