"""A withdrawn consent on PostgreSQL: no table holds the template, and what stays behind in its files is known."""

from pathlib import Path

import numpy as np
from hq_postgres import Postgres
from hq_postgres_fixtures import rig as rig
from hq_postgres_fixtures import server as server
from hq_postgres_fixtures import url as url
from sqlalchemy import Connection, select, text
from sync_rig import Rig, utc, wait_until
from typer.testing import CliRunner

from contract.codec import encode
from contract.messages import EnrolmentEvent, EnrolmentRecord, ListKind, SealedTemplate, WorkerRecord
from contract.signing import ENROLMENT, seal
from hq.cli import app
from hq.database import tables as t
from hq.database.people_changes import noted_changes
from hq.registry import leaving
from hq.registry.credentials import WrittenWorker
from hq.registry.import_file import ImportFile
from hq.registry.known_workers import search_workers
from hq.registry.photo_enrolments import PhotoEnrolment, PhotoEnrolments
from hq.registry.risk_record import RiskRecord
from hq.reports import report


def worker(name: str) -> WorkerRecord:
    vector = np.random.default_rng([*name.encode()]).standard_normal(128).astype("<f2").tobytes()
    templates = (SealedTemplate(model_id="m", vector=vector),)
    return WorkerRecord(worker_id=name, sites=("site-1",), consent_ref="c-1", templates=templates)


def in_tables(db: Connection, secret: bytes) -> list[str]:
    """Tables of the database in which a row holds these bytes, in whichever column."""
    return [
        name
        for name in t.metadata.tables
        if any(
            secret in bytes(v) if isinstance(v, bytes) else secret in str(v).encode()
            for row in db.execute(text(f"SELECT * FROM {name}"))
            for v in row
        )
    ]


def test_ok__no_table_holds_the_template_and_the_pages_were_written_anew(rig: Rig, server: Postgres) -> None:
    store, journal = rig.store(), rig.journal()
    rig.people(store).take(ImportFile(workers=tuple(worker(f"w-{n}") for n in range(20))))
    rig.publisher(store).publish("site-1", ListKind.ROSTER)
    record = EnrolmentRecord(
        worker_id="w-1", consent_ref="c-1", captured_utc=utc(), templates=worker("again").templates
    )
    sealed = seal(encode(record), ENROLMENT, rig.keys.sealing.public_key())
    journal.append(EnrolmentEvent, worker_id="w-1", consent_ref="c-1", model_id="m", sealed_record=sealed)
    rig.hq()
    rig.sync()
    wait_until(lambda: rig.holds(store, 1), "the enrolment is at HQ")
    with store.read() as db:
        secrets = [
            bytes(v)
            for v in db.execute(select(t.templates.c.sealed_record).where(t.templates.c.worker_id == "w-1")).scalars()
        ]
    secrets += [part.body[200:232] for part in rig.publisher(store).kept("site-1", ListKind.ROSTER) if part.body]
    assert len(secrets) >= 3
    with store.read() as db:
        assert all(in_tables(db, secret) for secret in secrets)
        assert not in_tables(db, sealed), "what was sealed in the event was never stored a second time"
    done = CliRunner().invoke(app, ["consent", "withdraw", "w-1", "-d", str(rig.hq_folder)])
    assert done.exit_code == 0, done.output
    with store.read() as db:
        assert not [secret for secret in secrets if in_tables(db, secret)]
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as raw:
        raw.execute(text("CHECKPOINT"))
        folder = Path(raw.execute(text("SHOW data_directory")).scalar_one())

    def in_files() -> list[Path]:
        kept = (path for path in (folder / "base").rglob("*") if path.is_file())
        return [path for path in kept if any(secret[-32:] in path.read_bytes() for secret in secrets)]

    wait_until(lambda: not in_files(), "the tables' files hold it no more")
    assert all(verdict.ok for verdict in report.verdicts(store, rig.people(store).cipher))


def test_ok__an_erased_worker_is_in_no_table_of_people(rig: Rig) -> None:
    store = rig.store()
    people = rig.people(store)
    people.take(ImportFile(workers=(WrittenWorker(worker_id="w-1", sites=("site-1",), consent_ref="c-1", name="Li"),)))
    template = worker("w-1").templates[0]
    enrolments = PhotoEnrolments(store, people)
    photo = PhotoEnrolment("w-1", "", True, (template,), "a twin")
    assert enrolments.write([photo], replace=False, by="office") == {}
    assert "meanwhile" in enrolments.write([photo], replace=False, by="office")["w-1"]
    assert enrolments.write([photo], replace=True, by="office") == {}
    assert [who for who, _ in enrolments.held("m")] == ["w-1"]
    people.risk_lists.add([RiskRecord(worker_id="w-1", list_name="violence")], "office")
    with store.read() as db:
        assert [one.worker_id for one in search_workers(db, people, "li")] == ["w-1"]

    (erased,) = leaving.erase(people, ["w-1"], by="office", why="asked for it")

    assert (erased.templates, erased.directory, erased.risk_entries, erased.sites) == (1, True, 1, ("site-1",))
    assert store.empty_log()
    with store.read() as db:
        held = ("workers", "templates", "directory_entries", "assignments", "risk_entries")
        assert [db.execute(select(t.metadata.tables[name])).first() for name in held] == [None] * len(held)
        what = [(one.what, one.why) for one in noted_changes(db, people.cipher, "w-1")]
    assert what == [("erased", "asked for it"), ("enrolled", ""), ("enrolled", "")]
