"""Any changes at HQ, in any order: in the end every gate holds exactly its site's people.

Properties over sequences of changes, publications, deliveries, restored databases and moves. No broker: lists go from
the publisher to the gate's own writer and reader. The gate's status goes back to HQ.
"""

import atexit
import shutil
import sqlite3
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from withdrawal_rig import vector

from contract.keyring import OpeningKeys, TrustedKeys
from contract.messages import DECISION_LISTS, GateStatus, ListInForce, ListKind, SealedTemplate, WorkerRecord
from edge.core.config import SiteConfig
from edge.core.domain import ListMark
from edge.replica.reader import ReplicaReader
from edge.replica.signed_lists import RolledBack, signed_delta, signed_part
from edge.replica.writer import ReplicaWriter
from hq import config as hq_config
from hq.backups.move import move
from hq.database.gate_reports import set_status
from hq.keys import keys
from hq.lists.publisher import Publisher
from hq.registry.change_replay import make_again
from hq.registry.gates import GateRegistry
from hq.registry.import_file import ImportFile
from hq.registry.people import PeopleRegistry
from hq.registry.risk_record import RiskRecord
from hq.registry.sites import SiteRegistry, open_store
from hq.service.publishing import Publishing
from hq.service.version_claims import VersionClaims

SITES = ("north", "south", "west")
GROUPED = frozenset({"south", "west"})
"""Two sites share their people."""
WORKERS = tuple(f"w-{number}" for number in range(5))
LISTS = ("screening", "violence")


class Marks:
    """What was ever in force at a gate, as `edge.storage.high_water` keeps it."""

    def __init__(self) -> None:
        self._marks: dict[ListKind, ListMark] = {}

    def of(self, kind: ListKind) -> ListMark | None:
        return self._marks.get(kind)

    def takes_older(self, kind: ListKind) -> bool:
        return False

    def raise_to(self, kind: ListKind, mark: ListMark) -> None:
        self._marks[kind] = mark


class OneGate:
    """What a gate does with lists: its sync process stores them, its gate process reads them."""

    def __init__(self, folder: Path, hq_keys: Path, site_id: str) -> None:
        self.site, self.marks, self._serial = SiteConfig(site_id=site_id, gate_id=f"gate-{site_id}"), Marks(), 0
        self._trusted = TrustedKeys(hq_keys / "hq-signing.pub.pem")
        opening = OpeningKeys(hq_keys / "sites" / f"{site_id}.key.pem")
        folder.mkdir()
        self.writer = ReplicaWriter(folder / "replica.db")
        self.reader = ReplicaReader(folder / "replica.db", self.site, self._trusted, opening, guard=self.marks)

    def receive(self, publisher: Publisher) -> None:
        """Take everything that the broker keeps, and put it into force."""
        for kind in DECISION_LISTS:
            for item in publisher.kept(self.site.site_id, kind):
                with suppress(RolledBack):  # the gate logs it and keeps what it has; its status says what that is
                    self._take(kind, item.body, whole=item.part is not None)
        self.reader.refresh()

    def _take(self, kind: ListKind, body: bytes, *, whole: bool) -> None:
        if body and whole:
            self.writer.add_part(signed_part(body, kind, self.site.site_id, self._trusted), body)
        elif body:
            self.writer.add_delta(signed_delta(body, kind, self.site.site_id, self._trusted), body)

    def status(self) -> GateStatus:
        """Say which lists are here and in force. The signature was checked before HQ hears it."""
        self._serial += 1
        used = {kind: mark for kind in DECISION_LISTS if (mark := self.marks.of(kind)) is not None}
        return GateStatus(
            gate_id=self.site.gate_id,
            site_id=self.site.site_id,
            online=True,
            takes_changes=True,
            serial=self._serial,
            signature=b"s" * 64,
            lists_kept=self.writer.in_force(),
            lists_used=tuple(
                ListInForce(kind=kind, list_version=mark.version, digest=mark.digest) for kind, mark in used.items()
            ),
        )

    def close(self) -> None:
        self.reader.close()
        self.writer.close()


class People:
    """What people at HQ believe: who works where, who gave a consent, who is on which list."""

    def __init__(self) -> None:
        self.sites: dict[str, frozenset[str]] = {}
        self.consented: set[str] = set()
        self.risks: set[tuple[str, str]] = set()

    def copy(self) -> "People":
        other = People()
        other.sites, other.consented, other.risks = dict(self.sites), set(self.consented), set(self.risks)
        return other

    def end(self, who: str, remove: bool) -> None:
        self.consented.discard(who)
        if remove:
            self.sites.pop(who, None)

    def at(self, site_id: str) -> set[str]:
        sources = GROUPED if site_id in GROUPED else {site_id}
        return {who for who, sites in self.sites.items() if sites & sources}


@cache
def prepared() -> Path:
    """Make an HQ with its sites and gates, once: every sequence begins with a copy."""
    folder = Path(mkdtemp(prefix="converge-"))
    keys.init(folder, SITES, 1883)
    pairs = keys.load(folder)
    with closing(open_store(hq_config.load(folder), pairs)) as store:
        for site in GROUPED:
            SiteRegistry(store).set_group(site, "shared", by="test")
        for number, site in enumerate(SITES):
            halves = bytes([number + 1]) * 32, bytes([number + 9]) * 32
            GateRegistry(store, pairs).add(f"gate-{site}", site, *halves, by="test")
    atexit.register(shutil.rmtree, folder)
    return folder


class Converging(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._moves = 0
        self.folder = Path(mkdtemp(prefix="converge-"))
        self.hq = Path(shutil.copytree(prepared(), self.folder / "hq"))
        self.keys = keys.load(self.hq)
        self._open()
        self.gates = [OneGate(self.folder / site, self.hq / "keys", site) for site in SITES]
        self.people, self.saved = People(), (self._copied(), People())
        self.ended: list[tuple[str, bool]] = []
        """Withdrawals and removals since the backup. No restored database undoes them."""

    @rule(
        who=st.sampled_from(WORKERS),
        sites=st.frozensets(st.sampled_from(SITES), max_size=2),
        consent=st.booleans(),
    )
    def put(self, who: str, sites: frozenset[str], consent: bool) -> None:
        """Add a worker, or change one. Who has a consent keeps it."""
        given = WorkerRecord(worker_id=who, sites=tuple(sorted(sites)))
        if consent:
            template = SealedTemplate(model_id="m", vector=vector(who))
            given = given.model_copy(update={"consent_ref": "c", "templates": (template,)})
            given = WorkerRecord.model_validate(given.model_dump())  # with the fields that were set
            self.people.consented.add(who)
        self.registry.take(ImportFile.model_validate({"workers": [given.model_dump(exclude_unset=True)]}))
        self.people.sites[who] = sites

    @precondition(lambda self: self.people.sites)
    @rule(data=st.data(), remove=st.booleans())
    def withdraw(self, data: st.DataObject, remove: bool) -> None:
        """Withdraw a consent, or remove a worker."""
        who = data.draw(st.sampled_from(sorted(self.people.sites)))
        self.registry.withdraw([who], "test", remove=remove)
        self.ended.append((who, remove))
        self.people.end(who, remove)

    @rule(who=st.sampled_from(WORKERS), list_name=st.sampled_from(LISTS), lift=st.booleans())
    def screen(self, who: str, list_name: str, lift: bool) -> None:
        """Put somebody on a list, or lift it; one entry leaves the others alone."""
        if not lift:
            self.registry.risk_lists.add([RiskRecord(worker_id=who, list_name=list_name)], by="test")
            self.people.risks.add((who, list_name))
        elif (who, list_name) in self.people.risks:
            self.registry.risk_lists.lift(who, list_name, by="test", why="over")
            self.people.risks.discard((who, list_name))

    @rule()
    def publish(self) -> None:
        """Publish what changed, and no other list."""
        for key in self.publisher.to_publish(SITES):
            self.publisher.publish(*key)
        for key in self.publisher.to_publish_whole():
            self.publisher.publish_without_removed(*key)

    @rule(number=st.integers(0, len(SITES) - 1))
    def deliver(self, number: int) -> None:
        """Let one gate have what the broker keeps."""
        self.gates[number].receive(self.publisher)

    @rule()
    def back_up(self) -> None:
        self.saved, self.ended = (self._copied(), self.people.copy()), []

    @rule()
    def restore(self) -> None:
        """Put the last backup in the database's place. What came after it is lost, but no withdrawal and no listing."""
        self.store.close()
        copy, people = self.saved
        for path in self.hq.glob(f"{self._database().name}*"):
            path.unlink()
        shutil.copy(copy, self._database())
        self._open()
        listed = self.people.risks
        self.people = people.copy()
        self.people.risks = listed
        for who, remove in self.ended:
            self.people.end(who, remove)

    @rule()
    def move(self) -> None:
        """Move to a new database, and go on there."""
        self._moves += 1
        move(self.store, hq_config.load(self.hq), f"sqlite:///moved-{self._moves}.db", lambda table, rows: None)
        self.store.close()
        self._open()

    def teardown(self) -> None:
        try:
            self._settle()
            for gate in self.gates:
                site, state = gate.site.site_id, gate.reader.state
                assert set(state.workers) == self.people.at(site), f"people of {site}"
                assert {who for who, _ in state.templates} == self.people.at(site) & self.people.consented
                held = {(who, entry.list_name) for who, entries in state.risks.items() for entry in entries}
                assert held == {(who, name) for who, name in self.people.risks if who in self.people.at(site)}
                assert not state.withheld
        finally:
            for gate in self.gates:
                gate.close()
            self.store.close()
            shutil.rmtree(self.folder)

    def _settle(self) -> None:
        """Publish, deliver and listen to the gates, as a running HQ does, until nothing changes."""
        claims = VersionClaims(self.store, Publishing(self.publisher))
        for _ in range(3):
            self.publish()
            for gate in self.gates:
                gate.receive(self.publisher)
                status = gate.status()
                set_status(self.store, status)
                claims.heard(status)
            claims.due()

    def _open(self) -> None:
        self.store = open_store(hq_config.load(self.hq), self.keys)
        self.registry = PeopleRegistry(self.store, self.keys)
        self.publisher = Publisher(self.store, self.registry, self.keys)
        make_again(self.store, self.registry)

    def _database(self) -> Path:
        return Path(hq_config.load(self.hq).url.removeprefix("sqlite:///"))

    def _copied(self) -> Path:
        """Copy the database while it is open."""
        to = self.folder / "backup.db"
        to.unlink(missing_ok=True)
        with closing(sqlite3.connect(self._database())) as source, closing(sqlite3.connect(to)) as target:
            source.backup(target)
        return to


SEQUENCES = settings(phases=[Phase.generate], max_examples=12, stateful_step_count=10, deadline=None)


class TestConverging(Converging.TestCase):
    settings = SEQUENCES


@pytest.mark.long
@pytest.mark.timeout(3600)
class TestConvergingForLong(Converging.TestCase):
    settings = settings(SEQUENCES, max_examples=500, stateful_step_count=15)
