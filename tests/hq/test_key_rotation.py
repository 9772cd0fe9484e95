"""HQ's signing key and a site's sealing key follow one another without a gap; a gate that missed it is healed by a
copy."""

import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sync_rig import Rig, Stranger, note, utc, wait_until
from typer.testing import CliRunner

from contract.code import Code, make, read
from contract.codec import encode
from contract.keyring import OpeningKeys, TrustedKeys
from contract.messages import (
    DECISION_LISTS,
    Ack,
    Command,
    CommandAction,
    EnrolmentRecord,
    GateStatus,
    Health,
    ListKind,
    NoticeCode,
    SealedTemplate,
    SnapshotHeader,
    WorkerRecord,
)
from contract.parts import read_part, roster_content, write_parts
from contract.signing import (
    ENROLMENT,
    key_id,
    private_pem,
    public_pem,
    read_sealing_private,
    read_signing_private,
    seal,
    sign,
)
from edge.core.config import SiteConfig
from edge.core.domain import LiveState, Tone
from edge.replica.reader import ReplicaReader
from edge.replica.writer import ReplicaWriter
from edge.storage.journal import Journal
from edge.sync import key_watch
from hq.cli import app, main
from hq.database.gate_reports import set_health, set_status
from hq.database.store import Store
from hq.registry.import_draft import EnrolmentRefused
from hq.registry.import_file import ImportFile
from hq.reports import report


class Site:
    """HQ and one gate as a technician leaves them: the gate has copies of the key files."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.keys = rig, rig.folder / "gate-keys"
        self.keys.mkdir()
        told = rig.config.keys
        for path in (told.hq_signing_public_path, told.site_private_path):
            shutil.copy(path, self.keys)
        copied = {
            "hq_signing_public_path": self.keys / "hq-signing.pub.pem",
            "site_private_path": self.keys / "site-1.key.pem",
        }
        rig.config = rig.config.model_copy(update={"keys": told.model_copy(update=copied)})
        self.store: Store = rig.store()
        self.journal: Journal = rig.journal()
        self.roster: ReplicaReader = rig.roster()

    def start(self) -> None:
        self.rig.people(self.store).take(ImportFile(workers=(WorkerRecord(worker_id="w-1", sites=("site-1",)),)))
        self.publish()  # before HQ runs, which would publish what is missing by itself
        self.rig.publish_later()
        self.rig.hq()
        self.rig.sync()
        self.wait_for(lambda: self.version == 1, "the first roster")
        self.wait_for(lambda: self.told == {1}, "HQ knows the versions")
        self.wait_for(lambda: self.status.trusts, "HQ knows the keys")

    def publish(self) -> None:
        for kind in DECISION_LISTS:
            self.rig.publisher(self.store).publish("site-1", kind)

    def turn(self) -> None:
        """What the gate process does between two frames, as far as lists and keys go."""
        self.roster.refresh()
        state = self.roster.state
        live = LiveState(utc=utc(), direction="in", gate_state="locked", tone=Tone.IDLE)
        self.journal.set_live(live.model_copy(update={"trusts": state.trusts, "opens": state.opens}))

    def wait_for(self, true: Callable[[], object], what: str) -> None:
        def turned() -> object:
            self.turn()
            return true()

        wait_until(turned, what)

    @property
    def version(self) -> int:
        return self.roster.state.roster.version

    @property
    def status(self) -> GateStatus:
        told = [row.status for row in report.gates(self.store) if row.status]
        return told[0] if told else GateStatus(gate_id="gate-1", site_id="site-1", online=False)

    @property
    def told(self) -> set[int]:
        """The versions of all lists that the gates reported to HQ."""
        return {getattr(self.status, f"{kind.value}_version") for kind in DECISION_LISTS}

    def copy(self, name: str) -> None:
        """The technician's scp."""
        place = self.rig.hq_folder / "keys"
        shutil.copy(place / name, self.keys / Path(name).name)

    def hq(self, *words: str) -> str:
        done = CliRunner().invoke(app, ["keys", *words, "--dir", str(self.rig.hq_folder)])
        assert done.exit_code == 0, done.output
        return done.output

    def all_delivered(self, count: int) -> bool:
        roster_acks = [ack.seq for ack in self.roster.acks()]
        return self.rig.holds(self.store, count) and roster_acks == [count]


@pytest.fixture
def site(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(key_watch, "_EVERY_S", 0.05)
    yield Site(rig)


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def failed(site: Site, *words: str) -> str:
        monkeypatch.setattr("hq.cli.keep_private", lambda: None)  # this is the process of the tests
        monkeypatch.setattr(sys, "argv", ["sitegate-hq", "keys", *words, "--dir", str(site.rig.hq_folder)])
        with pytest.raises(SystemExit):
            main()
        return " ".join(capsys.readouterr().err.split())

    return failed


def next_key(site: Site, what: str) -> str:
    return site.hq("next", what).partition(": key ")[2].split()[0]


def test_ok__hq_signs_with_the_next_key_without_a_gap(
    site: Site, refused: Callable[..., str], stranger: Stranger
) -> None:
    site.start()
    old_key = read_signing_private(site.rig.hq_folder / "keys/hq-signing.key.pem")
    old = key_id(old_key)
    issued = utc().replace(microsecond=0)
    code = make(Code("w-1", "site-1", issued, issued + timedelta(hours=1)), old_key)
    note(site.journal, 3)
    new = next_key(site, "signing")
    assert f"have not reported that they hold key {new}: gate-1." in refused(site, "use", "signing", new)
    site.copy("hq-signing.pub.pem")
    site.wait_for(lambda: site.status.trusts == (old, new), "the gate tells that it trusts both")
    site.hq("use", "signing", new[:6])
    site.wait_for(lambda: site.version == 2, "the list that is signed with the next key")
    trusted = TrustedKeys(site.keys / "hq-signing.pub.pem")
    assert read(code, trusted).worker_id == "w-1", "what was given out before still holds"
    note(site.journal, 2)
    site.wait_for(lambda: site.all_delivered(5), "acknowledged with the next key")
    site.wait_for(lambda: site.told == {2}, "HQ knows the versions")
    site.hq("retire", "signing", old)
    site.copy("hq-signing.pub.pem")
    site.wait_for(lambda: site.status.trusts == (new,), "the old key is gone")
    later = site.rig.roster()
    later.refresh()
    assert (later.state.roster.version, later.incidents()) == (2, [])
    order = Command(
        command_id="late", gate_id="gate-1", action=CommandAction.OPEN_ONCE, issued_utc=utc(),
        expires_utc=utc() + timedelta(seconds=30), issued_by="m", why="with a key that was retired",
    )  # fmt: skip
    stranger.publish("sitegate/v1/site-1/gate-1/command", sign(encode(order), "command", old_key))
    site.wait_for(site.roster.incidents, "an order under the retired key is refused")
    assert [incident.code for incident in site.roster.incidents()] == [NoticeCode.COMMAND_REFUSED]
    assert site.roster.commands(utc()) == []


def test_ok__a_gate_that_missed_the_switch_loses_nothing_and_is_healed_by_a_copy(site: Site) -> None:
    site.start()
    new = next_key(site, "signing")
    site.hq("use", "signing", new, "--force")
    note(site.journal, 4)
    site.wait_for(lambda: site.rig.holds(site.store, 4), "its events still arrive")
    site.wait_for(
        lambda: {i.code for i in site.roster.incidents()} == {NoticeCode.LIST_REFUSED, NoticeCode.MESSAGE_REFUSED},
        "lists and acknowledgements are refused, and it tells",
    )
    assert (site.version, site.roster.acks()) == (1, [])
    assert "gate-1" in site.hq(), "HQ's table names the gate"
    site.copy("hq-signing.pub.pem")
    site.wait_for(lambda: site.version == 2 and site.all_delivered(4), "lists and acknowledgements, without a restart")
    site.wait_for(lambda: new in site.status.trusts, "HQ hears of it")


def test_ok__lists_are_sealed_for_the_sites_next_key_without_a_gap(site: Site, refused: Callable[..., str]) -> None:
    site.start()
    old, new = key_id(read_sealing_private(site.keys / "site-1.key.pem")), next_key(site, "site-1")
    assert f"hold key {new}: gate-1." in refused(site, "use", "site-1", new)
    site.copy("sites/site-1.key.pem")
    site.wait_for(lambda: site.status.opens == (old, new), "the gate tells that it opens both")
    site.hq("use", "site-1", new)
    site.wait_for(lambda: site.version == 2, "the list that is sealed for the next key")
    site.wait_for(lambda: site.told == {2}, "HQ knows the versions")
    site.hq("retire", "site-1", old)
    site.copy("sites/site-1.key.pem")
    site.wait_for(lambda: site.status.opens == (new,), "the old key is gone")
    later = site.rig.roster()
    later.refresh()
    assert (later.state.roster.version, later.incidents()) == (2, [])


def test_ok__a_list_that_could_not_be_opened_comes_into_force_with_the_key(site: Site) -> None:
    site.start()
    new = next_key(site, "site-1")
    site.hq("use", "site-1", new, "--force")
    site.wait_for(site.roster.incidents, "the seal cannot be opened")
    assert all("not sealed for this key" in incident.detail for incident in site.roster.incidents())
    assert site.version == 1
    site.copy("sites/site-1.key.pem")
    site.wait_for(lambda: site.version == 2, "opened without a restart")


def test_fail__a_gate_without_the_newest_lists_keeps_the_old_key_at_hq(site: Site, refused: Callable[..., str]) -> None:
    site.start()
    old = key_id(read_signing_private(site.rig.hq_folder / "keys/hq-signing.key.pem"))
    new = next_key(site, "signing")
    assert f"{old} is in use" in refused(site, "retire", "signing", old)
    site.hq("use", "signing", new, "--force")
    assert "do not have the newest lists in force: gate-1." in refused(site, "retire", "signing", old)
    assert "'site-9' has no keys; known: signing, sealing, site-1, site-2" in refused(site, "next", "site-9")
    assert "has no key '0x'" in refused(site, "use", "signing", "0x")


def test_ok__hq_opens_enrolments_under_every_sealing_key_it_holds(site: Site, refused: Callable[..., str]) -> None:
    opening, folk = site.rig.keys.opening, site.rig.people(site.store)
    (old,), new = opening.current(), next_key(site, "sealing")

    def sealed(face: int) -> ImportFile:
        template = SealedTemplate(model_id="m", vector=np.eye(1, 8, k=face, dtype="<f2").tobytes())
        record = EnrolmentRecord(worker_id="w-1", consent_ref="c", captured_utc=utc(), templates=(template,))
        return ImportFile(sealed_enrolments=(seal(encode(record), ENROLMENT, old.public_key()),))

    folk.take(ImportFile(workers=(WorkerRecord(worker_id="w-1"),)))
    site.hq("use", "sealing", new)
    assert [key_id(key) for key in opening.current()] == [new, key_id(old)]
    assert folk.take(sealed(1)).enrolments == 1
    set_health(site.store, Health(gate_id="gate-1", site_id="site-1", utc=utc(), unsent_events=2))
    assert "enrolments maybe among them: gate-1." in refused(site, "retire", "sealing", key_id(old))
    set_health(site.store, Health(gate_id="gate-1", site_id="site-1", utc=utc(), unsent_events=0))
    site.hq("retire", "sealing", key_id(old))
    with pytest.raises(EnrolmentRefused, match="cannot be opened"):
        folk.take(sealed(2))


def test_ok__a_gate_that_goes_away_still_counts_with_the_keys_it_had(site: Site) -> None:
    here = GateStatus(gate_id="gate-7", site_id="site-1", online=True, trusts=("0" * 16,), opens=("1" * 16,))
    set_status(site.store, here)
    set_status(site.store, GateStatus(gate_id="gate-7", site_id="site-1", online=False))
    assert (site.status.online, site.status.trusts, site.status.opens) == (False, here.trusts, here.opens)


def test_ok__the_site_key_changes_in_the_middle_of_a_list(tmp_path: Path) -> None:
    hq, old, new = Ed25519PrivateKey.generate(), X25519PrivateKey.generate(), X25519PrivateKey.generate()
    path = tmp_path / "site.key.pem"
    path.write_bytes(private_pem(old))
    writer = ReplicaWriter(tmp_path / "replica.db")
    reader = ReplicaReader(tmp_path / "replica.db", SiteConfig(), hq.public_key(), OpeningKeys(path))
    reader.parts_per_refresh = 1
    for version, key in ((1, old), (2, new)):
        header = SnapshotHeader(site_id="site-1", list_version=version, issued_utc=utc())
        template = SealedTemplate(model_id="m", vector=np.eye(1, 8, dtype="<f2").tobytes())
        workers = [WorkerRecord(worker_id=f"w-{n}", consent_ref="c", templates=(template,)) for n in range(3)]
        bodies = write_parts([roster_content(header, [w]) for w in workers], ListKind.ROSTER, key.public_key(), hq)
        for body in bodies:
            writer.add_part(read_part(body, ListKind.ROSTER, hq.public_key()), body)
        reader.refresh()
        path.write_bytes(private_pem(new) + private_pem(old))
        for _ in range(8):
            reader.refresh()
        assert (reader.state.roster.version, len(reader.state.workers)) == (version, 3)
    assert reader.incidents() == []
    reader.close()
    writer.close()


def test_ok__nothing_of_the_lists_is_readable_in_the_files_of_a_gate(site: Site) -> None:
    rng = np.random.default_rng(3)
    vectors = [rng.standard_normal(128).astype("<f2").tobytes() for _ in range(2)]
    words = [b"Umbra Bau", b"lattice welder", b"wanted-for-questions", *vectors]
    more = {"sites": ("site-1",), "employer": "Umbra Bau", "trade": "lattice welder", "consent_ref": "c"}
    digests = {"cards": ("ab" * 32,), "pin": "c2FsdHNhbHQ=$aGFzaGhhc2g="}
    both = [
        WorkerRecord(worker_id=f"w-{n}", templates=(SealedTemplate(model_id="m", vector=vector),), **more, **digests)
        for n, vector in enumerate(vectors)
    ]
    folk = site.rig.people(site.store)
    folk.take(
        ImportFile.model_validate({"workers": both[:1], "risk": [{"worker_id": "w-0", "list_name": words[2].decode()}]})
    )
    site.start()
    folk.take(ImportFile(workers=tuple(both[1:])))
    site.publish()
    site.wait_for(lambda: len(site.roster.state.templates) == 2 and site.roster.state.risks, "everybody is there")
    folk.take(ImportFile(workers=(WorkerRecord(worker_id="w-0", consent_ref=None),), risk=()))
    site.publish()
    site.wait_for(lambda: site.version == 3 and not site.roster.state.risks, "one is gone")
    note(site.journal, 3)
    stored = b"".join(path.read_bytes() for path in site.rig.state_dir.rglob("*") if path.is_file())
    assert b"list_parts" in stored
    assert not [word for word in (*words, b"ab" * 32, b"c2FsdHNhbHQ=") if word in stored]


def test_ok__what_the_retired_key_signed_is_not_taken_for_forged_after_a_restart(tmp_path: Path) -> None:
    old, new = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    path = tmp_path / "hq-signing.pub.pem"
    path.write_bytes(public_pem(new) + public_pem(old))
    trusted, now = TrustedKeys(path), utc()
    ack = Ack(gate_id="gate-1", epoch="e", seq=7, utc=now)
    orders = [
        Command(
            command_id=f"c-{number}", gate_id="gate-1", action=CommandAction.OPEN_ONCE, issued_utc=now,
            expires_utc=now + timedelta(minutes=5), issued_by="m", why="delivery",
        )
        for number in range(2)
    ]  # fmt: skip
    writer = ReplicaWriter(tmp_path / "replica.db")
    writer.save_ack(ack, sign(encode(ack), "ack", old))
    for order, key in zip(orders, (old, new), strict=True):
        writer.add_command(sign(encode(order), "command", key))
    path.write_bytes(public_pem(new))
    writer.forget_untrusted(trusted)
    reader = ReplicaReader(tmp_path / "replica.db", SiteConfig(), trusted, X25519PrivateKey.generate())
    assert (reader.acks(), [c.command_id for c in reader.commands(now)], reader.incidents()) == ([], ["c-1"], [])
    reader.close()
    writer.close()
