"""A withdrawn consent: the template leaves every file of gate, HQ and broker, and HQ knows which gates deleted it."""

import base64
import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sync_rig import utc, wait_until
from typer.testing import CliRunner
from withdrawal_rig import ROSTER, World, enrol, files, vector, worker
from withdrawal_rig import persistent as persistent
from withdrawal_rig import world as world

from contract.messages import (
    GateStatus,
    ListBase,
    NoticeCode,
    NoticeEvent,
)
from edge.core.layout import REPLICA
from hq.cli import app
from hq.database import tables as t
from hq.database.gate_reports import set_status
from hq.database.store import Store
from hq.registry.import_file import ImportFile
from hq.reports import receipts, report
from hq.reports.receipts import TemplatePlace


def forms(plain: bytes) -> list[bytes]:
    """A secret as it may stand in a file."""
    return [plain, base64.b64encode(plain), base64.urlsafe_b64encode(plain), plain.hex().encode()]


def test_ok__after_a_withdrawal_no_file_of_gate_hq_or_broker_holds_the_template(tmp_path: Path, world: World) -> None:
    gate = world.gate()
    world.rig.hq()
    world.publish()
    world.wait(lambda: gate.who == {"w-1", "w-2", "w-3"}, "the first roster")
    sealed = enrol(world, gate, "w-1", "w-1 again")
    world.wait(lambda: len(gate.roster.state.templates) == 4, "the enrolment came back with the roster")
    unknown = enrol(world, gate, "w-9", "a stranger")
    world.wait(lambda: report.quarantine(world.store), "an enrolment of nobody is put aside")
    secrets = [form for plain in (vector("w-1"), vector("w-1 again"), sealed, unknown) for form in forms(plain)]
    # Every seal that the template lies in is a secret too: with the site's key anybody opens it.
    secrets += [body[-400:] for body in world.kept_bytes()]
    with world.store.read() as db:
        rows = db.execute(select(t.templates.c.sealed_record).where(t.templates.c.worker_id == "w-1"))
        secrets += [bytes(value) for value in rows.scalars()]
    where = (gate.folder, tmp_path / "broker", world.rig.hq_folder)

    def holding() -> set[str]:
        held = files(*where)
        return {path.name for path, body in held.items() if any(secret in body for secret in secrets)}

    wait_until(
        lambda: {"replica", "mosquitto", "hq"} <= {name.partition(".")[0] for name in holding()}, "all of them hold it"
    )

    world.withdraw("w-1")

    def found() -> list[tuple[str, int]]:
        held = files(*where)
        return [(path.name, n) for path, body in held.items() for n, secret in enumerate(secrets) if secret in body]

    world.wait(lambda: world.held() == {"gate-1": TemplatePlace.NOWHERE}, "the receipt")
    assert gate.who == {"w-2", "w-3"}
    world.wait(lambda: not found(), f"no file holds it: {found()}")
    assert (gate.folder / REPLICA).exists() and b"w-1" in b"".join(files(world.rig.hq_folder).values())
    assert all(verdict.ok for verdict in report.verdicts(world.store, world.people.cipher))
    assert [verdict.erased for verdict in report.verdicts(world.store)] == [2]
    assert [record.erased is not None for record in gate.reader.records(0, 9)] == [True, True]


def test_ok__an_import_that_withdraws_is_published_at_once_too(world: World) -> None:
    gate = world.gate()
    world.rig.hq()
    world.publish()
    world.wait(lambda: gate.who == {"w-1", "w-2", "w-3"}, "the first roster")
    world.people.take(ImportFile(workers=(worker("w-1", None),)))
    world.wait(lambda: gate.who == {"w-2", "w-3"}, "nobody had to publish it")
    assert world.publisher.kept_versions()["site-1", ROSTER] == (2, 0)
    world.wait(lambda: world.held() == {"gate-1": TemplatePlace.NOWHERE}, "the receipt")


def test_ok__a_gate_that_was_away_is_named_until_it_has_taken_it_up(world: World) -> None:
    here, away = world.gate("gate-1"), world.gate("gate-2")
    world.rig.hq()
    world.publish()
    world.wait(lambda: here.who == away.who == {"w-1", "w-2", "w-3"}, "the first roster")
    world.wait(lambda: world.told() == {"gate-1", "gate-2"}, "HQ knows what both have")
    away.stop()
    world.wait(lambda: not all(row.status and row.status.online for row in report.gates(world.store)), "one is away")
    out = world.withdraw("w-1")
    assert "site-1: roster version 2, whole, without w-1" in out
    world.wait(lambda: world.held()["gate-1"] is TemplatePlace.NOWHERE, "the receipt of the one that is here")
    other = world.receipts()["gate-2"]
    assert (other.held, other.online, other.proven_utc) == (TemplatePlace.FILES, False, None)
    assert other.since_utc is not None and "version 1, from before" in other.detail
    shown = CliRunner().invoke(app, ["consent", "receipts", "w-1", "-d", str(world.rig.hq_folder)])
    assert shown.exit_code == 2 and "still to come: gate-2" in shown.output
    away.start()
    world.wait(
        lambda: world.held() == {"gate-1": TemplatePlace.NOWHERE, "gate-2": TemplatePlace.NOWHERE}, "and of the other"
    )
    shown = CliRunner().invoke(app, ["consent", "receipts", "w-1", "--json", "-d", str(world.rig.hq_folder)])
    assert shown.exit_code == 0
    told = {row["gate_id"]: row for row in json.loads(shown.stdout)}
    assert told["gate-2"]["held"] == "gone" and told["gate-1"]["proven_utc"] < told["gate-2"]["proven_utc"]
    assert told["gate-1"]["why"] == "withdrawn"


def test_fail__out_of_the_files_is_not_yet_out_of_the_memory(world: World) -> None:
    gate = world.gate()
    world.rig.hq()
    world.publish()
    world.wait(lambda: gate.who == {"w-1", "w-2", "w-3"}, "the first roster")
    world.wait(world.told, "HQ knows what it has")
    world.withdraw("w-1")
    wait_until(
        lambda: world.held()["gate-1"] is TemplatePlace.MEMORY,
        "the files have it no more, the gate process does nothing",
    )
    assert world.receipts()["gate-1"].proven_utc is None
    world.wait(lambda: world.held()["gate-1"] is TemplatePlace.NOWHERE, "until it takes the roster up")


def tell(world: World, **fields: object) -> TemplatePlace:
    """What HQ makes of a status."""
    status = GateStatus.model_validate(
        {"signature": bytes(64), "gate_id": "gate-1", "site_id": "site-1", "online": True, "utc": utc(), **fields}
    )
    set_status(world.store, status)
    return world.held()["gate-1"]


def test_fail__a_gate_that_only_claims_a_newer_version_gets_no_receipt(world: World) -> None:
    world.publish()
    with world.store.read() as db:
        (old,) = db.execute(select(t.snapshots.c.digest)).scalars()
    world.withdraw("w-1")
    with world.store.read() as db:
        new = db.execute(select(t.snapshots.c.digest).where(t.snapshots.c.list_version == 2)).scalar_one()
    before, after = ListBase(list_version=1, digest=old), ListBase(list_version=2, digest=new)
    assert tell(world, roster_version=7) is TemplatePlace.UNKNOWN  # of an older version, which does not tell
    assert tell(world, roster_version=7, roster_kept=before, roster_used=before) is TemplatePlace.FILES
    mixed = ListBase(list_version=2, digest=old)  # the newer number, and the roster that it has
    assert tell(world, roster_version=2, roster_kept=mixed, roster_used=mixed) is TemplatePlace.UNKNOWN
    invented = ListBase(list_version=9, digest="ab" * 32)
    assert tell(world, roster_version=9, roster_kept=invented, roster_used=invented) is TemplatePlace.UNKNOWN
    assert tell(world, roster_version=2, roster_kept=after, roster_used=before) is TemplatePlace.MEMORY
    assert tell(world, roster_version=2, roster_kept=after) is TemplatePlace.MEMORY
    assert tell(world, roster_version=2, roster_kept=before, roster_used=after) is TemplatePlace.FILES
    assert tell(world, roster_version=2, roster_kept=after, roster_used=after, signature=None) is TemplatePlace.UNKNOWN
    assert tell(world, roster_version=2, roster_kept=after, roster_used=after) is TemplatePlace.NOWHERE
    assert world.receipts()["gate-1"].proven_utc is not None
    assert (
        tell(world, roster_version=7, roster_kept=before, roster_used=before) is TemplatePlace.FILES
    )  # an old card put back
    assert world.receipts()["gate-1"].proven_utc is None


def test_fail__the_roster_of_another_site_proves_nothing(world: World) -> None:
    world.publish()
    world.publisher.publish("site-2", ROSTER)
    world.withdraw("w-1")
    with world.store.read() as db:
        others = db.execute(
            select(t.snapshots).where(t.snapshots.c.site_id == "site-2", t.snapshots.c.covers > 0)
        ).one()
    base = ListBase(list_version=others.list_version, digest=others.digest)
    assert tell(world, roster_kept=base, roster_used=base) is TemplatePlace.UNKNOWN


def test_ok__what_was_replaced_is_gone_within_a_bounded_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.publish()
    world.people.take(ImportFile(workers=(worker("w-1", "c-2"),)))
    with world.store.read() as db:
        assert db.execute(
            select(t.templates.c.consent_ref).where(t.templates.c.worker_id == "w-1")
        ).scalars().all() == ["c-2"]
        assert [(r.worker_id, r.why) for r in db.execute(select(t.forgotten))] == [("w-1", "replaced")]
    assert world.publisher.holding_removed() == []
    soon = world.rig.publisher(world.store)
    soon._whole_after *= 0
    assert soon.holding_removed() == ["site-1"]
    soon.publish("site-1", ROSTER)
    assert soon.kept_versions()["site-1", ROSTER] == (2, 0)
    assert soon.holding_removed() == []


def test_ok__a_removed_worker_is_gone_altogether(world: World) -> None:
    world.publish()
    folder = str(world.rig.hq_folder)
    done = CliRunner().invoke(app, ["consent", "withdraw", "w-1", "--remove", "-d", folder])
    assert done.exit_code == 0, done.output
    with world.store.read() as db:
        assert [one.worker_id for one in world.people.roster(db)] == ["w-2", "w-3"]
    assert [found.why for found in receipts.receipts(world.store)] == []  # no gate has reported yet
    assert world.publisher.kept_versions()["site-1", ROSTER] == (2, 0)


def test_fail__nobody_is_withdrawn_if_one_of_them_is_unknown(world: World) -> None:
    done = CliRunner().invoke(app, ["consent", "withdraw", "w-1", "w-8", "-d", str(world.rig.hq_folder)])
    assert done.exit_code == 1 and "w-8 is not among the workers" in done.stderr
    with world.store.read() as db:
        assert db.execute(select(t.forgotten)).all() == []


def test_ok__rosters_of_an_earlier_version_are_published_whole_once(world: World) -> None:
    world.publish()
    with world.store.write() as db:
        db.execute(t.snapshots.delete())
    assert world.publisher.holding_removed() == ["site-1"]
    world.publish()
    assert world.publisher.kept_versions()["site-1", ROSTER] == (2, 0)
    assert world.publisher.holding_removed() == []


def test_ok__an_hq_that_was_restored_gets_the_erased_record_and_says_what_it_lacks(
    tmp_path: Path, world: World
) -> None:
    gate = world.gate()
    hq = world.rig.hq()
    gate.journal.append(NoticeEvent, code=NoticeCode.TAMPER)
    enrol(world, gate, "w-1", "w-1 again")
    gate.journal.append(NoticeEvent, code=NoticeCode.TAMPER)
    world.wait(lambda: world.rig.holds(world.store, 3) and gate.journal.sealed_since() == 0, "held, and erased")
    hq.stop()
    with world.store.write() as db:  # as a backup from before would have it
        for table in (t.events, t.watermarks, t.erased_events):
            db.execute(table.delete())
    world.rig.hq()
    gate.journal.append(NoticeEvent, code=NoticeCode.TAMPER)
    world.wait(lambda: world.rig.holds(world.store, 4), "the gate sends it all again")
    (row,) = report.quarantine(world.store)
    assert row.seq == 2 and "enrol the worker again" in row.reason and row.told_utc is not None
    (verdict,) = report.verdicts(world.store, world.people.cipher)
    assert verdict.ok and verdict.erased == 1


def test_fail__nobody_else_can_say_that_an_event_was_erased(world: World) -> None:
    gate = world.gate()
    world.rig.hq()
    enrol(world, gate, "w-1", "w-1 again")
    enrol(world, gate, "w-2", "w-2 again")
    gate.journal.append(NoticeEvent, code=NoticeCode.TAMPER)
    world.wait(lambda: world.rig.holds(world.store, 3), "all is at HQ")
    cipher = world.people.cipher

    def verdict(store: Store = world.store) -> str:
        return report.verdicts(store, cipher)[0].problem

    assert verdict() == ""
    with world.store.write() as db:
        (body,) = db.execute(select(t.events.c.body).where(t.events.c.seq == 2)).scalars()
        db.execute(t.events.update().where(t.events.c.seq == 2).values(body=body.replace("w-2", "w-7")))
    assert "seq 2 was changed after it was erased" in verdict()
    with world.store.write() as db:
        db.execute(t.events.update().where(t.events.c.seq == 2).values(body=body))
        db.execute(t.events.update().where(t.events.c.seq == 3).values(body=body.replace('"seq":2', '"seq":3')))
        old = db.execute(select(t.erased_events).where(t.erased_events.c.seq == 2)).one()._asdict()
        db.execute(t.erased_events.insert().values(**{**old, "name": old["name"][:-1] + "3", "seq": 3}))
    assert "seq 3 is said to be erased, and nothing proves it" in verdict()


def test_ok__who_was_suspended_or_has_left_is_gone_within_a_bounded_time(world: World) -> None:
    today = utc().date()
    gone = worker("w-1").model_copy(update={"valid_until": today - timedelta(days=31)})
    going = worker("w-2").model_copy(update={"valid_until": today - timedelta(days=29)})
    world.people.take(ImportFile(workers=(gone, going, worker("w-3").model_copy(update={"active": False}))))

    def enrolled() -> list[str]:
        with world.store.read() as db:
            return [one.worker_id for one in world.people.roster(db) if one.templates]

    world.publish()
    assert enrolled() == ["w-2", "w-3"]
    with world.store.read() as db:
        (before,) = world.people.site_people.fingerprints(db, "site-1")
    with world.store.write() as db:
        db.execute(
            t.workers.update().where(t.workers.c.worker_id == "w-3").values(updated_utc=utc() - timedelta(days=31))
        )
    assert enrolled() == ["w-2"]
    with world.store.read() as db:
        (after,) = world.people.site_people.fingerprints(db, "site-1")
        assert {row.worker_id for row in db.execute(select(t.templates))} == {"w-1", "w-2", "w-3"}, "HQ keeps them"
    assert [who for who in after if after[who] != before[who]] == ["w-3"], "so the next changes leave them out"
    assert world.publisher.holding_removed() == []
    with world.store.write() as db:
        db.execute(t.snapshots.update().values(issued_utc=utc() - timedelta(days=8)))
    assert world.publisher.holding_removed() == ["site-1"], "and the whole roster is made anew"
    world.people.take(ImportFile(workers=(worker("w-1"),)))
    assert enrolled() == ["w-1", "w-2"], "who comes back need not enrol again"
