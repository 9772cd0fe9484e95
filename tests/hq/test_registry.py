"""How HQ comes to know a gate's keys, and forgets them."""

import hashlib
import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from registry_rig import keys_of, registry_of, shown
from sqlalchemy import update
from sync_rig import Rig, Stranger, note, wait_until
from typer.testing import CliRunner

from contract.codec import decode, encode
from contract.identity import code_key, fingerprint
from contract.messages import EventBatch, EventRecord, Registration, RegistrationAnswer
from contract.signing import verify
from edge.storage.journal import JournalReader
from edge.sync.registration import NotRegistered, message, register
from hq.cli import app
from hq.database import tables as t
from hq.database.clock import now
from hq.database.gate_reports import believed_online
from hq.database.store import Store
from hq.ingest.ingest import Ingest
from hq.ingest.senders import SenderCheck
from hq.registry import gates as registry_module
from hq.registry.approvals import Approvals
from hq.registry.gates import RegistryRefused, registrations
from hq.reports import report

runner = CliRunner()


def in_force(store: Store) -> list[tuple[str, str, str]]:
    with store.read() as db:
        return [(row.gate_id, row.site_id, row.how) for row in registrations(db) if row.revoked_utc is None]


def test_ok__a_gate_registers_with_a_code_and_its_waiting_events_arrive(rig: Rig) -> None:
    store = rig.store()
    rig.hq(known=False)
    rig.sync()
    note(rig.journal(), 12)
    wait_until(lambda: report.quarantine(store), "HQ turned the gate away")
    assert report.events(store) == []
    assert "sitegate-hq gate code gate-1 --site site-1" in report.quarantine(store)[0].reason
    made = runner.invoke(app, ["gate", "code", "gate-1", "--site", "site-1", "--by", "m-7", "-d", str(rig.hq_folder)])
    assert made.exit_code == 0, made.output
    (code,) = re.findall(r"^([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})$", made.output, re.MULTILINE)
    config = rig.hq_folder.parent / "gate.toml"
    config.write_text(toml(rig))
    done = subprocess.run(
        [sys.executable, "-m", "edge", "register", code, "-c", str(config)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "registered for site-1" in done.stdout
    wait_until(lambda: len(report.events(store, limit=50)) >= 12, "what waited arrives")
    assert all(v.ok for v in report.verdicts(store))
    assert in_force(store) == [("gate-1", "site-1", "code")]
    wait_until(lambda: believed_online(store, "gate-1"), "what it said when it connected is taken as well")
    again = subprocess.run(
        [sys.executable, "-m", "edge", "register", code, "-c", str(config)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "already" in again.stdout, "the same keys: nothing to do"


def toml(rig: Rig) -> str:
    keys, sync = rig.config.keys, rig.config.sync
    return (
        f'[paths]\nstate_dir = "{rig.state_dir}"\n[keys]\nhq_signing_public_path = "{keys.hq_signing_public_path}"\n'
        f'hq_sealing_public_path = "{keys.hq_sealing_public_path}"\nsite_private_path = "{keys.site_private_path}"\n'
        f'[sync]\nbroker_host = "127.0.0.1"\nbroker_port = {sync.broker_port}\ntls = false\n'
        '[liveness]\nmode = "off"\n'
    )


def test_fail__a_code_counts_once_for_its_gate_and_not_for_ever(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    store = rig.store()
    registry = registry_of(rig, store)
    code = registry.invite("gate-1", "site-1", by="m-7", valid_s=60).code
    wrong = "0000-0000-0000" if code != "0000-0000-0000" else "1111-1111-1111"
    assert registry.take(*shown(rig, wrong)) == (False, "the code is wrong, or the keys have another fingerprint")
    assert "nobody at HQ invited" in registry.take(*shown(rig, code, gate_id="gate-2"))[1]
    assert "expects this gate at site site-1" in registry.take(*shown(rig, code, site_id="site-2"))[1]
    assert registry.take(*shown(rig, None))[0] is False, "no proof at all"
    assert in_force(store) == []
    assert registry.take(*shown(rig, code)) == (True, "registered for site-1")
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    assert "nobody at HQ invited" in registry.take(*shown(rig, code, gate_key=other))[1], "used"

    late = registry.invite("gate-1", "site-1", by="m-7", valid_s=60, replaces=True).code
    monkeypatch.setattr(registry_module, "now", lambda: now() + timedelta(seconds=61))
    assert "has expired" in registry.take(*shown(rig, late, gate_key=other))[1]


def test_fail__a_code_that_is_guessed_at_becomes_void(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_module, "TRIES_MAX", 3)
    registry = registry_of(rig, rig.store())
    code = registry.invite("gate-1", "site-1", by="m-7", valid_s=60).code
    for _ in range(3):
        assert "code is wrong" in registry.take(*shown(rig, None))[1]
    assert registry.take(*shown(rig, code))[0] is False


def test_ok__a_fingerprint_read_aloud_does_as_well(rig: Rig) -> None:
    store, keys = rig.store(), keys_of(rig)
    registry = registry_of(rig, store)
    registry.invite("gate-1", "site-1", by="m-7", valid_s=60, fingerprint=fingerprint(keys.gate, keys.link))
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    changed = decode(Registration, shown(rig, None)[1]).model_copy(update={"link_key": other})
    assert registry.take(changed, encode(changed))[0] is False
    assert registry.take(*shown(rig, None)) == (True, "registered for site-1")
    assert in_force(store) == [("gate-1", "site-1", "fingerprint")]


def test_ok__a_key_file_does_as_well_and_the_registry_remembers(rig: Rig, tmp_path: Path) -> None:
    config, pair, folder = tmp_path / "gate.toml", tmp_path / "gate-1.pub.pem", str(rig.hq_folder)
    config.write_text(toml(rig))
    command = [sys.executable, "-m", "edge", "key", "show", "-c", str(config), "--to", str(pair)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    keys = keys_of(rig)
    assert fingerprint(keys.gate, keys.link) in told
    add = ["gate", "add", "gate-1", "--site", "site-1", "--key", str(pair), "--by", "m-7", "-d", folder]
    assert fingerprint(keys.gate, keys.link) in runner.invoke(app, add).output
    again = runner.invoke(app, add)
    assert (again.exit_code, "revoke it first" in again.output) == (1, True)
    revoke = ["gate", "revoke", "gate-1", "--by", "m-8", "--why", "card stolen", "-d", folder]
    assert runner.invoke(app, revoke).exit_code == 0
    assert json.loads(runner.invoke(app, ["gate", "list", "--json", "-d", folder]).output) == []
    (row,) = json.loads(runner.invoke(app, ["gate", "show", "gate-1", "-d", folder]).output)
    assert (row["added_by"], row["how"], row["revoked_by"], row["why"]) == ("m-7", "key file", "m-8", "card stolen")


def test_fail__keys_of_another_gate_and_sites_of_nobody(rig: Rig) -> None:
    registry, keys = registry_of(rig, rig.store()), keys_of(rig)
    registry.add("gate-1", "site-1", keys.gate, keys.link, by="m-7")
    with pytest.raises(RegistryRefused, match="copied card"):
        registry.add("gate-2", "site-1", keys.gate, keys.link, by="m-7")
    with pytest.raises(RegistryRefused, match="no site of this HQ"):
        registry.invite("gate-3", "site-9", by="m-7", valid_s=60)
    with pytest.raises(RegistryRefused, match="cannot be a gate"):
        registry.invite("gate 3", "site-1", by="m-7", valid_s=60)
    with pytest.raises(RegistryRefused, match="not registered"):
        registry.revoke("gate-3", by="m-7", why="x")


def batch(rig: Rig, records: list[EventRecord]) -> EventBatch:
    epoch = json.loads(records[0].body)["epoch"]
    return EventBatch(site_id="site-1", gate_id="gate-1", epoch=epoch, records=tuple(records))


def test_ok__a_revocation_counts_at_once_in_every_process(rig: Rig) -> None:
    rig.register()
    stores = [rig.store(), rig.store()]
    takers = [Ingest(s, Approvals(s, rig.people(s), rig.keys), SenderCheck()) for s in stores]
    note(rig.journal(), 4)
    reader = JournalReader(rig.state_dir / "gate/journal.db")
    records = reader.records(0, 10)
    reader.close()
    assert takers[0].take(batch(rig, records[:2])).stored == 2
    assert takers[1].take(batch(rig, records[2:3])).stored == 1
    registry_of(rig, stores[0]).revoke("gate-1", by="m-7", why="stolen")
    for taker in takers:
        outcome = taker.take(batch(rig, records[3:]))
        assert (outcome.stored, outcome.ack) == (0, None)
    assert len(report.events(stores[0])) == 3


def test_ok__a_new_card_replaces_the_old_one_which_is_out(rig: Rig) -> None:
    rig.register()
    store = rig.store()
    registry = registry_of(rig, store)
    new = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    code = registry.invite("gate-1", "site-1", by="m-7", valid_s=60, replaces=True).code
    assert registry.take(*shown(rig, code, gate_key=new))[0] is True
    with store.read() as db:
        rows = registrations(db, "gate-1")
    assert [row.revoked_utc is None for row in rows] == [False, True]
    assert rows[1].gate_key == new


def test_fail__hq_that_is_silent_or_somebody_elses_answer(rig: Rig, stranger: Stranger) -> None:
    topic = "sitegate/v1/site-1/gate-1/registered"
    keys = keys_of(rig)
    stranger.subscribe("sitegate/v1/+/+/register")
    payload = message(rig.config, keys, None, "test", now())
    asked = hashlib.sha256(payload).hexdigest()
    forged = RegistrationAnswer(gate_id="gate-1", registration=asked, accepted=True, utc=now())
    stranger.publish(topic, encode(forged))
    with pytest.raises(NotRegistered, match="HQ does not answer"):
        register(rig.config, payload, rig.signing.public_key(), answer_s=2)
    assert decode(Registration, stranger.seen[0][1]).gate_key == keys.gate


def test_ok__hqs_answer_is_signed_and_a_refusal_is_told(rig: Rig, stranger: Stranger) -> None:
    stranger.subscribe("sitegate/v1/+/+/registered")
    rig.hq(known=False)
    payload = message(rig.config, keys_of(rig), "0000-0000-0000", "test", now())
    with pytest.raises(NotRegistered, match="HQ refuses: nobody at HQ invited this gate"):
        register(rig.config, payload, rig.signing.public_key())
    wait_until(lambda: stranger.seen, "the answer passes")
    answer = decode(RegistrationAnswer, verify(stranger.seen[0][1], "registered", rig.signing.public_key()))
    assert answer.accepted is False


def test_ok__the_code_is_nowhere_in_the_database(rig: Rig) -> None:
    store = rig.store()
    code = registry_of(rig, store).invite("gate-1", "site-1", by="m-7", valid_s=60).code
    files = b"".join(path.read_bytes() for path in rig.hq_folder.glob("hq.db*"))
    key = code_key(code, "site-1", "gate-1")
    assert code.encode() not in files
    assert key not in files
    with store.write() as db:
        db.execute(update(t.invitations).values(gate_id="gate-2"))  # moved to another gate, it opens nothing
    with pytest.raises(Exception, match=r"changed in the database"):
        registry_of(rig, store).take(*shown(rig, code, gate_id="gate-2"))
