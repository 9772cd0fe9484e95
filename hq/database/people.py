"""Workers, templates, policies and withdrawn consents. What is about people is encrypted, each value to its
row.

Functions run in the caller's transaction. They raise AtRestError where a value cannot be read.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Executable, Row, String, bindparam, delete, func, insert, select, update

from contract.codec import decode
from contract.messages import EnrolmentRecord, WorkerRecord
from hq.database import tables as t
from hq.database.assignments import remove_assignments, replace_assignments
from hq.database.change_file import note_change
from hq.keys.encryption import AtRestError, Cipher, KeyMissing

_AT_ONCE = 500
"""Values that one statement may name."""


def worker_rows(db: Connection, only: Sequence[str] | None = None, limit: int | None = None) -> list[Row[Any]]:
    """Read the rows of all workers, or of `only` these, by worker id; still encrypted."""
    wanted = select(t.workers).order_by(t.workers.c.worker_id).limit(limit)
    if only is None:
        return list(db.execute(wanted))
    columns = t.workers.c
    return [row for some in slices(only) for row in db.execute(wanted.where(columns.worker_id.in_(some)))]


def worker_ids(db: Connection) -> list[str]:
    """Read the ids of all workers."""
    return list(db.execute(select(t.workers.c.worker_id).order_by(t.workers.c.worker_id)).scalars())


def has_workers(db: Connection) -> bool:
    """Tell whether there is any worker."""
    return db.execute(select(t.workers.c.worker_id).limit(1)).first() is not None


def worker_body(cipher: Cipher, row: Row[Any]) -> bytes:
    """Decrypt a worker's record, as JSON."""
    return cipher.decrypt(row.record, f"workers/{row.worker_id}")


def worker_of(cipher: Cipher, row: Row[Any]) -> WorkerRecord:
    """Decrypt a worker's record."""
    return WorkerRecord.model_validate_json(worker_body(cipher, row))


def worker_bodies(db: Connection, cipher: Cipher) -> Iterator[bytes]:
    """Decrypt the records of all workers, as JSON. Holds a few at a time. A damaged row is left out."""
    for row in db.execute(select(t.workers).execution_options(yield_per=_AT_ONCE)):
        try:
            yield worker_body(cipher, row)
        except KeyMissing:
            raise
        except AtRestError:
            continue


def replace_workers(db: Connection, cipher: Cipher, workers: Mapping[str, WorkerRecord], utc: datetime) -> None:
    """Add these workers, or replace them. Dates of a site that a worker left must not come back with the site."""
    remove_workers(db, list(workers))
    rows = [
        {
            "worker_id": name,
            "record": cipher.encrypt(_of_own_sites(worker).model_dump_json().encode(), f"workers/{name}"),
            "updated_utc": utc,
        }
        for name, worker in workers.items()
    ]
    _each(db, insert(t.workers), rows)
    replace_assignments(db, {name: worker.sites for name, worker in workers.items()})


def _of_own_sites(worker: WorkerRecord) -> WorkerRecord:
    kept = tuple(one for one in worker.site_dates if one.site_id in worker.sites)
    return worker.model_copy(update={"site_dates": kept})


def remove_workers(db: Connection, worker_ids: Sequence[str]) -> None:
    """Delete these workers."""
    remove_assignments(db, worker_ids)
    named = bindparam("named", type_=String)
    _each(db, delete(t.workers).where(t.workers.c.worker_id == named), [{"named": w} for w in worker_ids])


def template_rows(db: Connection, worker_ids: Sequence[str]) -> list[Row[Any]]:
    """Read digest, worker id and consent of the templates of these workers."""
    columns: list[Any] = [t.templates.c.digest, t.templates.c.worker_id, t.templates.c.consent_ref]
    wanted = select(*columns)
    return [row for some in slices(worker_ids) for row in db.execute(wanted.where(t.templates.c.worker_id.in_(some)))]


def template_digests(db: Connection, worker_ids: Sequence[str]) -> dict[str, list[str]]:
    """Read worker id -> digests of the templates, of these workers."""
    found: dict[str, list[str]] = {}
    columns = t.templates.c
    for some in slices(worker_ids):
        for worker_id, digest in db.execute(
            select(columns.worker_id, columns.digest).where(columns.worker_id.in_(some))
        ):
            found.setdefault(worker_id, []).append(digest)
    return found


def enrolments_by_worker(
    db: Connection, cipher: Cipher, only: Sequence[str] | None = None
) -> dict[str, list[EnrolmentRecord]]:
    """Decrypt the templates of all workers, or of `only` these (at most 500), oldest first. Slow."""
    columns = t.templates.c
    wanted = select(columns.digest, columns.sealed_record).order_by(columns.added_utc, columns.digest)
    if only is not None:
        wanted = wanted.where(columns.worker_id.in_(only))
    found: dict[str, list[EnrolmentRecord]] = {}
    for row in db.execute(wanted):
        record = decode(EnrolmentRecord, cipher.decrypt(row.sealed_record, f"templates/{row.digest}"))
        found.setdefault(record.worker_id, []).append(record)
    return found


def template_records(db: Connection, cipher: Cipher, only: Sequence[str]) -> Iterator[tuple[str, EnrolmentRecord]]:
    """Decrypt digest and record of the templates of these workers. Slow."""
    columns = t.templates.c
    wanted = select(columns.digest, columns.sealed_record).order_by(columns.digest)
    for some in slices(only):
        for row in db.execute(wanted.where(columns.worker_id.in_(some))):
            yield row.digest, decode(EnrolmentRecord, cipher.decrypt(row.sealed_record, f"templates/{row.digest}"))


def enrolled_workers(db: Connection) -> list[str]:
    """Read the ids of all workers with templates."""
    worker_id = t.templates.c.worker_id
    return list(db.execute(select(worker_id).distinct().order_by(worker_id)).scalars())


def has_template(db: Connection, digest: str) -> bool:
    """Tell whether the templates of this very record are stored."""
    return db.execute(select(t.templates.c.digest).where(t.templates.c.digest == digest)).first() is not None


def add_templates(
    db: Connection, cipher: Cipher, records: Mapping[str, tuple[EnrolmentRecord, bytes]], utc: datetime
) -> None:
    """Store templates that are not stored yet. `records`: digest -> record and its encoding."""
    digest = t.templates.c.digest
    held = {row.digest for some in slices(list(records)) for row in db.execute(select(digest).where(digest.in_(some)))}
    rows = [
        {
            "digest": name,
            "worker_id": record.worker_id,
            "consent_ref": record.consent_ref,
            "sealed_record": cipher.encrypt(encoded, f"templates/{name}"),
            "added_utc": utc,
        }
        for name, (record, encoded) in records.items()
        if name not in held
    ]
    _each(db, insert(t.templates), rows)


def remove_templates(db: Connection, digests: Collection[str]) -> None:
    """Destroy these templates."""
    which = bindparam("which", type_=String)
    _each(db, delete(t.templates).where(t.templates.c.digest == which), [{"which": digest} for digest in digests])


def withdrawn_utc(db: Connection, worker_id: str) -> datetime | None:
    """Return when a worker last withdrew the consent; None if never."""
    return db.execute(select(t.withdrawals.c.utc).where(t.withdrawals.c.worker_id == worker_id)).scalar()


def note_withdrawal(db: Connection, worker_id: str, utc: datetime) -> None:
    """Record a withdrawal, and refuse the worker's enrolments that wait for approval."""
    note_change(db, "withdrawn", name=worker_id)
    db.execute(delete(t.withdrawals).where(t.withdrawals.c.worker_id == worker_id))
    db.execute(insert(t.withdrawals).values(worker_id=worker_id, utc=utc))
    waits = (t.enrolments.c.worker_id == worker_id, t.enrolments.c.record.isnot(None))
    refused = {"state": "refused", "record": None, "decided_utc": utc, "why": "the consent was withdrawn"}
    db.execute(update(t.enrolments).where(*waits).values(**refused))


def waiting_enrolments(db: Connection, worker_id: str) -> int:
    """Count a worker's enrolments that wait for an approval."""
    waits = t.enrolments.c.worker_id == worker_id, t.enrolments.c.record.isnot(None)
    return int(db.execute(select(func.count()).select_from(t.enrolments).where(*waits)).scalar_one())


def blank_enrolments(db: Connection, names: Sequence[str]) -> None:
    """Erase consents, reasons and templates in what is noted of these workers' enrolments."""
    blank = {"consent_ref": "", "why": None, "record": None}
    for some in slices(names):
        db.execute(update(t.enrolments).where(t.enrolments.c.worker_id.in_(some)).values(**blank))


def policy(db: Connection, site_id: str) -> str | None:
    """Read the policy of a site, as JSON; None if it has only defaults."""
    return db.execute(select(t.policies.c.body).where(t.policies.c.site_id == site_id)).scalar()


def replace_policy(db: Connection, site_id: str, body: str) -> None:
    """Replace the policy of a site."""
    db.execute(delete(t.policies).where(t.policies.c.site_id == site_id))
    db.execute(insert(t.policies).values(site_id=site_id, body=body))


def slices(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut a list into pieces that one statement may name."""
    return (names[i : i + _AT_ONCE] for i in range(0, len(names), _AT_ONCE))


def _each(db: Connection, statement: Executable, rows: Sequence[Mapping[str, object]]) -> None:
    """Execute the statement once for every row."""
    if rows:
        db.execute(statement, rows)
