"""HQ chooses between a snapshot and changes. A gate gets HQ's list, with any loss on the way."""

import random
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection
from sync_rig import Mosquitto, Rig, Stranger, utc, wait_until
from typer.testing import CliRunner

from contract.codec import decode
from contract.deltas import Base, read_delta, roster_changes, write_delta
from contract.messages import (
    EnrolmentRecord,
    GateStatus,
    ListKind,
    NoticeCode,
    RiskEntry,
    SealedTemplate,
    SnapshotHeader,
    WorkerRecord,
)
from contract.parts import ListTooLarge, SealedPart
from edge.core.domain import RosterState
from edge.core.templates import TemplateStore
from edge.replica.reader import ReplicaReader
from edge.replica.signed_lists import RolledBack, signed_delta, signed_part
from edge.replica.summary import SummaryReader
from edge.replica.writer import ReplicaWriter
from edge.sync import missing_lists as gaps
from hq.cli import app
from hq.database.gate_reports import set_status
from hq.keys import keys
from hq.keys.encryption import Cipher
from hq.lists import deltas
from hq.lists.publisher import ListPart, Publisher
from hq.registry.import_file import ImportFile
from hq.registry.people import PeopleRegistry
from hq.reports import report

SITE, ROSTER, RISK, POLICY = "site-1", ListKind.ROSTER, ListKind.RISK, ListKind.POLICY
ROSTER_TOPICS = "sitegate/v1/site-1/list/roster/"
DELTA_TOPIC = f"{ROSTER_TOPICS}delta"


def _worker(name: str, seed: int = 0, **fields: object) -> WorkerRecord:
    vector = np.random.default_rng([seed, *name.encode()]).normal(size=8).astype("<f2").tobytes()
    own = {"sites": (SITE,), "consent_ref": f"c-{seed}", "templates": (SealedTemplate(model_id="m", vector=vector),)}
    return WorkerRecord.model_validate({"worker_id": name, **own, **fields})


class Hq:
    """HQ's side without a service."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.store = rig, rig.store()
        self.people: PeopleRegistry = rig.people(self.store)
        self.publisher: Publisher = rig.publisher(self.store)

    def take(self, *workers: WorkerRecord) -> None:
        self.people.take(ImportFile(workers=workers))

    def publish(self, kind: ListKind = ROSTER, snapshot: bool = False) -> tuple[int, int]:
        """Versions of the snapshot and of its changes."""
        self.publisher.publish(SITE, kind, snapshot)
        return self.publisher.kept_versions()[SITE, kind]

    def delta(self, kind: ListKind = ROSTER) -> bytes:
        return next(part.body for part in self.publisher.kept(SITE, kind) if part.part is None)

    def remove(self, name: str) -> None:
        with self.store.write() as db:
            for table in ("workers", "templates"):
                db.exec_driver_sql(f"DELETE FROM {table} WHERE worker_id = '{name}'")


@pytest.fixture
def hq(rig: Rig) -> Hq:
    rig.publish_later()  # each version of the roster here is one that the test publishes
    made = Hq(rig)
    made.take(*(_worker(f"w-{n:03d}") for n in range(40)))
    return made


def test_ok__a_small_change_is_published_as_changes_of_the_last_snapshot(hq: Hq) -> None:
    assert hq.publish() == (1, 0)
    whole = sum(len(part.body) for part in hq.publisher.parts(SITE, ROSTER))
    hq.take(_worker("w-003", active=False), _worker("new"))
    hq.remove("w-007")
    assert hq.publish() == (1, 2)
    header = read_delta(hq.delta(), ROSTER, hq.rig.signing.public_key()).header
    assert (header.list_version, header.base_version) == (2, 1)
    assert len(hq.delta()) < whole / 4
    assert hq.publish() == (1, 3)  # nothing changed since, and the changes are signed again
    assert hq.publish(snapshot=True) == (4, 0)
    assert hq.publish() == (4, 5)
    assert len(hq.delta()) < 2_000


def test_ok__only_the_templates_of_changed_workers_are_decrypted(hq: Hq, monkeypatch: pytest.MonkeyPatch) -> None:
    hq.publish()
    opened: list[str] = []
    true = Cipher.decrypt

    def noted(cipher: Cipher, value: bytes, row: str) -> bytes:
        plain = true(cipher, value, row)
        if row.startswith("templates/"):
            opened.append(decode(EnrolmentRecord, plain).worker_id)
        return plain

    monkeypatch.setattr(Cipher, "decrypt", noted)
    hq.publish()
    assert opened == []
    hq.take(_worker("w-030", seed=2, consent_ref="c-0"), WorkerRecord(worker_id="w-020", sites=(SITE,), active=False))
    opened.clear()
    hq.publish()
    assert sorted(opened) == ["w-020", "w-030", "w-030"]  # one enrolment, and two


def test_ok__a_withdrawn_consent_travels_as_a_whole_roster_never_as_a_change(hq: Hq) -> None:
    hq.publish()
    hq.take(WorkerRecord(worker_id="w-001", sites=(SITE,), consent_ref=None))
    assert hq.publisher.holding_removed() == [SITE]
    assert hq.publish() == (2, 0)
    assert hq.publisher.holding_removed() == []
    hq.take(WorkerRecord(worker_id="w-001", sites=(SITE,), consent_ref=None))  # nothing is left to be withdrawn
    assert hq.publish() == (2, 3)
    (state, _) = _gate_state(hq)
    assert "w-001" in state.workers
    assert "w-001" not in {who for who, _ in state.templates}
    assert len(state.templates) == 39


def test_ok__a_risk_list_changes_too_and_a_policy_is_always_whole(hq: Hq) -> None:
    entries = [RiskEntry(worker_id=f"w-{n:03d}") for n in range(90)]
    hq.take(*(_worker(f"w-{n:03d}") for n in range(40, 90)))
    hq.people.take(ImportFile(risk=tuple(entries)))
    assert hq.publish(RISK) == (1, 0)
    hq.people.take(ImportFile(risk=(*entries[1:], RiskEntry(worker_id="w-001", list_name="deny"))))
    assert hq.publish(RISK) == (1, 2)
    state, _ = _gate_state(hq, RISK)
    assert "w-000" not in state.risks
    assert {entry.list_name for entry in state.risks["w-001"]} == {"key-screening", "deny"}
    assert len(state.risks) == 89
    assert [hq.publish(POLICY), hq.publish(POLICY)] == [(1, 0), (2, 0)]
    assert all(part.part is not None for part in hq.publisher.kept(SITE, POLICY))


def test_ok__much_that_changed_or_other_keys_need_a_snapshot(hq: Hq, monkeypatch: pytest.MonkeyPatch) -> None:
    hq.publish()
    hq.take(*(_worker(f"w-{n:03d}", active=False) for n in range(30)))
    assert hq.publish() == (2, 0)  # too large a part of the list
    monkeypatch.setattr(deltas, "ROWS_MAX", 3)
    hq.take(*(_worker(f"w-{n:03d}") for n in range(4)))
    assert hq.publish() == (3, 0)  # too many workers
    assert hq.publish() == (3, 4)
    monkeypatch.setattr(deltas, "BYTES_MAX", 100)
    assert hq.publish() == (5, 0)  # too many bytes
    keys_folder = hq.rig.hq_folder / "keys"
    for path in keys_folder.glob("hq-signing*"):
        path.unlink()
    keys.init(hq.rig.hq_folder, (SITE,), hq.rig.port)
    other = Publisher(hq.store, hq.people, keys.load(hq.rig.hq_folder))
    other.publish(SITE, ROSTER)
    assert other.kept_versions()[SITE, ROSTER] == (6, 0)


def test_ok__a_connected_gate_that_reads_no_changes_is_sent_whole_lists(hq: Hq) -> None:
    def says(gate_id: str, **fields: bool) -> None:
        set_status(hq.store, GateStatus(gate_id=gate_id, site_id=SITE, **fields))

    hq.publish()
    says("new", online=True, takes_changes=True)
    assert hq.publish() == (1, 2)
    says("old", online=True)
    assert hq.publish() == (3, 0)
    hq.publisher.publish("site-2", ROSTER)
    hq.publisher.publish("site-2", ROSTER)
    assert hq.publisher.kept_versions()["site-2", ROSTER] == (1, 2)
    says("old", online=False)
    assert hq.publish() == (3, 4)


def test_ok__sites_have_snapshots_of_their_own(hq: Hq) -> None:
    hq.publish()
    hq.take(_worker("w-001", active=False))
    hq.publisher.publish("site-2", ROSTER)
    assert hq.publish() == (1, 2)
    assert hq.publisher.kept_versions() == {(SITE, ROSTER): (1, 2), ("site-2", ROSTER): (1, 0)}


def test_ok__after_an_upgrade_the_first_version_is_a_snapshot(hq: Hq) -> None:
    hq.publish()
    with hq.store.write() as db:  # as a database looks that was made before there were changes
        db.exec_driver_sql("DELETE FROM list_bases")
        db.exec_driver_sql("DELETE FROM list_rows")
    assert hq.publisher.kept_versions() == {(SITE, ROSTER): (1, 0)}
    assert [part.part for part in hq.publisher.kept(SITE, ROSTER)] == [None, 1]
    assert hq.delta() == b""
    assert hq.publish() == (2, 0)


def test_fail__a_snapshot_that_no_gate_would_take_leaves_everything_as_it_was(
    hq: Hq, monkeypatch: pytest.MonkeyPatch
) -> None:
    hq.publish()
    hq.take(_worker("w-001", active=False))
    hq.publish()
    before = list(hq.publisher.kept(SITE, ROSTER))
    monkeypatch.setattr("contract.parts.MAX_BYTES", 100)
    with pytest.raises(ListTooLarge):
        hq.publish(snapshot=True)
    assert list(hq.publisher.kept(SITE, ROSTER)) == before
    assert hq.publisher.kept_versions()[SITE, ROSTER] == (1, 2)


def test_ok__fingerprints_differ_between_hqs_and_change_with_what_they_stand_for(hq: Hq, tmp_path: Path) -> None:
    with hq.store.read() as db:
        before = _fingerprints(hq.people, db)
        other = _fingerprints(PeopleRegistry(hq.store, keys.load(_other_hq(tmp_path, hq.rig))), db)
    assert set(before) == set(other)
    assert not set(before.values()) & set(other.values())
    same = _worker("w-002").model_dump(exclude={"templates", "consent_ref"})
    hq.take(_worker("w-001", seed=5), WorkerRecord.model_validate(same))
    with hq.store.read() as db:
        after = _fingerprints(hq.people, db)
    assert [who for who in before if before[who] != after[who]] == ["w-001"]


def _fingerprints(people: PeopleRegistry, db: Connection) -> dict[str, str]:
    return {who: said for page in people.site_people.fingerprints(db, SITE) for who, said in page.items()}


def _other_hq(tmp_path: Path, rig: Rig) -> Path:
    """Keys of another HQ that can read this one's database all the same."""
    keys.init(tmp_path / "other", (SITE,), 1883)
    name = "keys/hq-at-rest.key"
    (tmp_path / "other" / name).write_bytes((rig.hq_folder / name).read_bytes())
    return tmp_path / "other"


def test_ok__the_command_says_what_it_published_and_makes_a_snapshot_when_asked(hq: Hq) -> None:
    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, ["publish", "--list", "roster", "--site", SITE, *arguments, "-d", hq_folder])
        assert result.exit_code == 0, result.output
        return result.stdout

    hq_folder = str(hq.rig.hq_folder)
    assert run() == "site-1: roster version 1\n"
    assert run() == "site-1: roster version 2, changes since version 1\n"
    assert run("--snapshot") == "site-1: roster version 3\n"


# --- What arrives ---------------------------------------------------------------------------------------


class Gate:
    """The receiving side of one site's lists, fed by hand."""

    def __init__(self, rig: Rig) -> None:
        self._key = rig.signing.public_key()
        self.writer = ReplicaWriter(rig.state_dir / "sync/replica.db")
        self.reader: ReplicaReader = rig.roster()

    def take(self, item: ListPart) -> None:
        """As the sync process does; what is refused is refused."""
        if not item.body:
            return
        try:
            if item.part is None:
                self.writer.add_delta(signed_delta(item.body, item.kind, SITE, self._key), item.body)
            else:
                self.writer.add_part(signed_part(item.body, item.kind, SITE, self._key), item.body)
        except RolledBack:
            pass

    def close(self) -> None:
        self.writer.close()


def _gate_state(hq: Hq, kind: ListKind = ROSTER) -> tuple[RosterState, ReplicaReader]:
    """What a new gate has of a list once it has everything that the broker keeps."""
    gate = Gate(hq.rig)
    for item in hq.publisher.kept(SITE, kind):
        gate.take(item)
    gate.reader.refresh()
    gate.close()
    return gate.reader.state, gate.reader


def _what_hq_has(hq: Hq) -> dict[str, tuple[bool, list[bytes]]]:
    with hq.store.read() as db:
        return {
            worker.worker_id: (worker.active, sorted(t.vector for t in worker.templates))
            for worker in hq.people.roster(db)
        }


def _what_a_gate_has(state: RosterState) -> dict[str, tuple[bool, list[bytes]]]:
    own = TemplateStore.of(state.templates).by_worker()
    return {who: (w.active, [vector for _, vector in own.get(who, [])]) for who, w in state.workers.items()}


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 12))])
def test_ok__lost_doubled_and_reordered_messages_never_make_another_list_than_one_hq_published(
    hq: Hq, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hq.lists.site_lists.PART_ROWS", 10)
    dice, gate = random.Random(seed), Gate(hq.rig)
    published: dict[int, dict[str, tuple[bool, list[bytes]]]] = {0: {}}
    under_way: list[ListPart] = []
    highest = 0
    for turn in range(25):
        names = [f"w-{dice.randrange(48):03d}" for _ in range(dice.randrange(4))]
        hq.take(*(_worker(who, seed=turn, active=dice.random() < 0.7) for who in names))
        for who in dice.sample([f"w-{n:03d}" for n in range(48)], dice.randrange(2)):
            hq.remove(who)
        published[max(hq.publish(snapshot=dice.random() < 0.15))] = _what_hq_has(hq)
        under_way += [item for item in hq.publisher.kept(SITE, ROSTER) if dice.random() < 0.8]
        dice.shuffle(under_way)
        for _ in range(dice.randrange(12)):
            if under_way:
                gate.take(under_way.pop() if dice.random() < 0.8 else under_way[-1])
            if dice.random() < 0.1:
                gate.writer.close()
                gate.writer = ReplicaWriter(hq.rig.state_dir / "sync/replica.db")
            gate.reader.refresh()
            state = gate.reader.state
            assert state.roster.version >= highest
            highest = state.roster.version
            assert _what_a_gate_has(state) == published[highest]
    for item in hq.publisher.kept(SITE, ROSTER):
        gate.take(item)
    gate.reader.refresh()
    assert gate.reader.state.roster.version == 25
    assert _what_a_gate_has(gate.reader.state) == published[25]
    later = hq.rig.roster()  # a gate process that was restarted
    later.refresh()
    assert _what_a_gate_has(later.state) == published[25]
    assert gate.reader.incidents() == []
    gate.close()


# --- With a real broker ---------------------------------------------------------------------------------


def _follow(roster: ReplicaReader, version: int) -> RosterState:
    """Read until this roster came. The other lists of the site, which HQ publishes too, change the state as well."""

    def came() -> bool:
        roster.refresh()
        return roster.state.roster.version >= version

    wait_until(came, f"roster version {version}")
    return roster.state


def _roster_topics(stranger: Stranger) -> list[str]:
    """Return the topics of the roster alone, in the order of what came."""
    return [topic for topic, _, _ in stranger.seen if topic.startswith(ROSTER_TOPICS)]


def test_ok__a_change_travels_alone_and_its_version_is_announced(hq: Hq, broker: Mosquitto, stranger: Stranger) -> None:
    rig = hq.rig
    hq.publish()
    rig.hq()
    rig.sync()
    roster = rig.roster()
    _follow(roster, 1)
    stranger.subscribe("sitegate/v1/site-1/list/#")
    wait_until(lambda: len(_roster_topics(stranger)) == 1, "the snapshot, which the broker keeps")
    hq.take(_worker("new"), _worker("w-001", active=False))
    hq.publish()
    state = _follow(roster, 2)
    assert _what_a_gate_has(state) == _what_hq_has(hq)
    assert _roster_topics(stranger)[1:] == [DELTA_TOPIC]
    wait_until(lambda: (g := report.gates(hq.store)) and g[0].status.roster_version == 2, "HQ sees the version")
    summary = SummaryReader(rig.state_dir / "sync/replica.db")
    assert summary.read().lists[ROSTER].version == 2
    summary.close()
    templates = state.templates
    hq.publish()  # the same again, with a new time
    assert _follow(roster, 3).templates is templates
    assert roster.incidents() == []


def test_ok__a_new_snapshot_clears_the_changes_of_the_old_one_at_the_broker(
    hq: Hq, broker: Mosquitto, stranger: Stranger
) -> None:
    rig = hq.rig
    rig.hq()
    rig.sync()
    roster = rig.roster()
    hq.publish()
    hq.take(_worker("new"))
    hq.publish()
    _follow(roster, 2)
    hq.publish(snapshot=True)
    _follow(roster, 3)
    stranger.subscribe(DELTA_TOPIC)
    stranger.subscribe("sitegate/v1/site-1/list/roster/1")
    wait_until(lambda: stranger.seen, "what the broker keeps")
    assert [topic for topic, _, _ in stranger.seen] == ["sitegate/v1/site-1/list/roster/1"]
    assert roster.incidents() == []


def test_ok__a_broker_that_forgot_everything_gets_snapshot_and_changes_again(hq: Hq, broker: Mosquitto) -> None:
    rig = hq.rig
    hq.publish()
    hq.take(_worker("new"))
    hq.publish()
    rig.hq()
    sync = rig.sync()
    first = rig.roster()
    _follow(first, 2)
    sync.stop()
    first.close()
    broker.kill()
    broker.start()
    for path in rig.state_dir.glob("sync/replica.db*"):
        path.unlink()
    rig.sync()
    again = rig.roster()
    assert _what_a_gate_has(_follow(again, 2)) == _what_hq_has(hq)
    assert again.incidents() == []


@pytest.mark.parametrize("lost", ["1", "3"])
def test_ok__what_the_broker_lost_the_gate_asks_hq_for(
    hq: Hq, broker: Mosquitto, stranger: Stranger, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    monkeypatch.setattr("hq.lists.site_lists.PART_ROWS", 10)
    monkeypatch.setattr(gaps, "PATIENCE_S", 0.3)
    rig = hq.rig
    hq.publish()
    hq.take(_worker("new"))
    hq.publish()
    rig.hq()
    stranger.subscribe("sitegate/v1/site-1/list/roster/+")
    wait_until(lambda: len({topic for topic, body, _ in stranger.seen if body}) == 5, "all of it is at the broker")
    stranger.publish(f"sitegate/v1/site-1/list/roster/{lost}", b"", retain=True)
    stranger.subscribe("sitegate/v1/site-1/gate-1/request")
    rig.sync()
    roster = rig.roster()
    assert _what_a_gate_has(_follow(roster, 2)) == _what_hq_has(hq)
    asked = [topic for topic, _, _ in stranger.seen if topic.endswith("/request")]
    assert asked and len(asked) < 5
    assert roster.incidents() == []


def test_ok__an_hq_that_starts_again_sends_a_gate_that_has_the_list_its_first_part_alone(
    hq: Hq, broker: Mosquitto, stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hq.lists.site_lists.PART_ROWS", 10)
    taken: list[int] = []
    kept = ReplicaWriter.add_part

    def noted(self: ReplicaWriter, part: SealedPart, body: bytes) -> bool:
        if part.header.kind is ROSTER:
            taken.append(part.header.part)
        return kept(self, part, body)

    monkeypatch.setattr(ReplicaWriter, "add_part", noted)
    rig = hq.rig
    hq.publish()
    first = rig.hq()
    rig.sync()
    _follow(rig.roster(), 1)
    assert sorted(taken) == [1, 2, 3, 4]
    first.stop()
    taken.clear()
    stranger.subscribe("sitegate/v1/site-1/list/roster/+")
    wait_until(lambda: len(stranger.seen) == 4, "what the broker keeps")
    rig.hq()
    wait_until(lambda: len(stranger.seen) == 9, "changes, of which there are none, and four parts")
    wait_until(lambda: taken, "the first part again")
    assert [topic.rsplit("/", 1)[1] for topic, _, _ in stranger.seen[4:]] == ["delta", "4", "3", "2", "1"]
    assert taken == [1]


def test_fail__a_request_in_the_name_of_another_gate_is_put_aside(hq: Hq, stranger: Stranger) -> None:
    rig = hq.rig
    rig.hq()
    body = b'{"version":"1.1","gate_id":"gate-2","site_id":"site-1","kind":"roster"}'
    topic = "sitegate/v1/site-1/gate-1/request"
    wait_until(lambda: stranger.publish(topic, body) or report.quarantine(hq.store), "it is in the quarantine")
    assert "came on the topic of" in report.quarantine(hq.store)[0].reason


def test_fail__forged_and_rolled_back_changes_are_refused_and_recorded(hq: Hq, stranger: Stranger) -> None:
    rig = hq.rig
    hq.publish()
    hq.publish()
    rig.hq()
    rig.sync()
    roster = rig.roster()
    _follow(roster, 2)
    site, last = rig.keys.site(SITE), read_delta(hq.delta(), ROSTER, rig.signing.public_key()).header
    base = Base(last.base_version, last.base_digest)

    def forged(version: int, site_id: str = SITE, of: Base = base, strange: bool = False) -> bytes:
        header = SnapshotHeader(site_id=site_id, list_version=version, issued_utc=utc())
        key = Ed25519PrivateKey.generate() if strange else rig.signing
        return write_delta(roster_changes(header, [], ["w-001"]), ROSTER, of, site, key)

    old = Base(1, "0" * 64)
    attempts = [forged(9, strange=True), forged(9, site_id="site-2"), forged(2), forged(2, of=old), b"rubbish"]
    for number, body in enumerate(attempts, start=1):
        stranger.publish(DELTA_TOPIC, body, retain=True)
        wait_until(lambda number=number: len(roster.incidents()) == number, "the refusal is recorded")
    assert {incident.code for incident in roster.incidents()} == {NoticeCode.LIST_REFUSED}
    roster.refresh()
    assert roster.state.roster.version == 2
    assert "w-001" in roster.state.workers
    hq.take(_worker("w-001", active=False))
    hq.publish()
    assert _what_a_gate_has(_follow(roster, 3)) == _what_hq_has(hq)
