"""Workers, their templates, the risk list and the policies: what HQ publishes from."""

import hashlib
import json
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlalchemy import Connection, delete, insert, select

from contract.codec import BadMessage, decode, encode
from contract.messages import EnrolmentEvent, EnrolmentRecord, PolicySnapshot, RiskEntry, Utc, WorkerRecord
from contract.signing import ENROLMENT, BadSeal, seal, unseal
from hq import tables as t
from hq.credentials import WrittenWorker
from hq.store import Store, lock, now
from hq.strict import unknown_keys


class EnrolmentRefused(ValueError):
    """An enrolment that cannot be used; the text says why."""


class ImportRefused(ValueError):
    """A file that cannot be imported; the text names every problem."""


class PolicyEntry(PolicySnapshot):
    """The rules of one site, as a person writes them; what is missing keeps its default. Number and time are HQ's."""

    issued_utc: Utc = Field(default_factory=now)

    @model_validator(mode="after")
    def _no_header(self) -> "PolicyEntry":
        if own := sorted(self.model_fields_set & {"version", "type", "list_version", "issued_utc"}):
            raise ValueError(f"{' and '.join(own)}: HQ sets this itself, leave it out")
        return self


class ImportFile(BaseModel):
    """What `sitegate-hq import` reads. `workers` are added or replaced by worker_id; `risk`, if given, replaces the whole
    list; `enrolments` are readable records, `sealed_enrolments` the same sealed for HQ (base64)."""

    model_config = ConfigDict(frozen=True, extra="forbid", val_json_bytes="base64")

    workers: tuple[WrittenWorker, ...] = ()
    risk: tuple[RiskEntry, ...] | None = None
    policies: tuple[PolicyEntry, ...] = ()
    enrolments: tuple[EnrolmentRecord, ...] = ()
    sealed_enrolments: tuple[bytes, ...] = Field(default=())


@dataclass(frozen=True, slots=True)
class Imported:
    workers: int
    risk: int
    policies: int
    enrolments: int


def read_import(path: Path) -> ImportFile:
    """A JSON or TOML file, by its ending. Raises ImportRefused, with every problem in the file."""
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".toml":
            # Through JSON, so that both formats obey one schema (dates, base64).
            text = json.dumps(tomllib.loads(text), default=str)
        data = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise ImportRefused(f"{path} cannot be read: {error}") from error
    problems = list(unknown_keys(ImportFile, data))
    try:
        found = ImportFile.model_validate_json(text)
    except ValidationError as error:
        problems += [*_in_words(error), *_behind(error, data)]
    if problems:
        lines = "\n".join(f"  - {problem}" for problem in dict.fromkeys(problems))
        raise ImportRefused(f"{path}: {len(set(problems))} problem(s)\n{lines}")
    return found


def _in_words(error: ValidationError, *where: str | int) -> Iterator[str]:
    for problem in error.errors():
        if problem["type"] != "extra_forbidden":  # told with a suggestion by `unknown_keys`
            place = ".".join(map(str, (*where, *problem["loc"])))
            for message in problem["msg"].removeprefix("Value error, ").split("; "):
                yield f"{place}: {message}"


def _behind(error: ValidationError, data: Any) -> Iterator[str]:
    """The contradictions of policies that also have wrong values, which would otherwise show up one mistake later."""
    wrong: dict[int, set[str]] = {}
    for problem in error.errors():
        match problem["loc"]:
            case ("policies", int(number), str(key), *_):
                wrong.setdefault(number, set()).add(key)
    for number, keys in wrong.items():
        rest = {key: value for key, value in data["policies"][number].items() if key not in keys}
        try:
            PolicyEntry.model_validate_json(json.dumps(rest))
        except ValidationError as further:
            yield from _in_words(further, "policies", number)


_ASK_AT_ONCE = 500
"""Ids in one question: databases bound how many values a statement may have."""


def _in_slices(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + _ASK_AT_ONCE] for start in range(0, len(ids), _ASK_AT_ONCE))


class People:
    """`key` opens what was sealed for HQ, and seals templates again for the database."""

    def __init__(self, store: Store, key: X25519PrivateKey) -> None:
        self._store, self._key = store, key

    def take(self, data: ImportFile) -> Imported:
        """Everything in the file, in one transaction. Raises EnrolmentRefused: then nothing was imported."""
        with self._store.write("people") as db:
            for worker in data.workers:
                self._put_worker(db, worker)
            if data.risk is not None:
                db.execute(delete(t.risk_entries))
                for entry in set(data.risk):
                    db.execute(insert(t.risk_entries).values(worker_id=entry.worker_id, list_name=entry.list_name))
            for policy in data.policies:
                self._put_policy(db, policy)
            for record in data.enrolments:
                self._add(db, record)
            for sealed in data.sealed_enrolments:
                self._add(db, self._open(sealed))
        enrolments = len(data.enrolments) + len(data.sealed_enrolments)
        return Imported(len(data.workers), len(data.risk or ()), len(data.policies), enrolments)

    def change(self, worker: WorkerRecord, fields: dict[str, object]) -> None:
        """Change some fields of a worker; consent and templates stay."""
        with self._store.write("people") as db:
            self._put_worker(db, worker.model_copy(update=fields))

    def enrol_sealed(self, db: Connection, event: EnrolmentEvent) -> None:
        """An enrolment made at a gate. Raises EnrolmentRefused."""
        lock(db, "people")
        record = self._open(event.sealed_record)
        if (record.worker_id, record.consent_ref) != (event.worker_id, event.consent_ref):
            raise EnrolmentRefused("is sealed around an enrolment of somebody else, or of another consent")
        self._add(db, record)

    def roster(self, db: Connection, only: Sequence[str] | None = None) -> tuple[WorkerRecord, ...]:
        """All workers, or `only` these, with the templates they consented to, by worker id. Slow: it opens their seals."""
        if only is not None:
            found = (worker for some in _in_slices(only) for worker in self._roster(db, some))
            return tuple(sorted(found, key=lambda worker: worker.worker_id))
        return self._roster(db, None)

    def _roster(self, db: Connection, only: Sequence[str] | None) -> tuple[WorkerRecord, ...]:
        sealed = select(t.templates.c.sealed_record).order_by(t.templates.c.added_utc)
        known = select(t.workers.c.record).order_by(t.workers.c.worker_id)
        if only is not None:
            sealed, known = (
                sealed.where(t.templates.c.worker_id.in_(only)),
                known.where(t.workers.c.worker_id.in_(only)),
            )
        found: dict[str, list[EnrolmentRecord]] = {}
        for row in db.execute(sealed):
            record = self._open(row.sealed_record)
            found.setdefault(record.worker_id, []).append(record)
        workers = []
        for row in db.execute(known):
            worker = WorkerRecord.model_validate_json(row.record)
            enrolled = [r for r in found.get(worker.worker_id, ()) if r.consent_ref == worker.consent_ref]
            templates = tuple(template for record in enrolled for template in record.templates)
            workers.append(worker.model_copy(update={"templates": templates}))
        return tuple(workers)

    def risks(self, db: Connection) -> tuple[RiskEntry, ...]:
        rows = db.execute(select(t.risk_entries).order_by(t.risk_entries.c.worker_id))
        return tuple(RiskEntry(worker_id=row.worker_id, list_name=row.list_name) for row in rows)

    def roster_fingerprints(self, db: Connection) -> dict[str, str]:
        """By worker id, a text that changes with the worker's entry, consent or templates; no seal is opened for it."""
        templates: dict[str, list[str]] = {}
        for worker_id, digest in db.execute(select(t.templates.c.worker_id, t.templates.c.digest)):
            templates.setdefault(worker_id, []).append(digest)
        mark = self._marker()
        return {
            worker_id: mark("\n".join((record, *sorted(templates.get(worker_id, ())))))
            for worker_id, record in db.execute(select(t.workers.c.worker_id, t.workers.c.record))
        }

    def risk_fingerprints(self, db: Connection) -> dict[str, str]:
        """By worker id, a text that changes with the lists the worker is on."""
        found: dict[str, list[str]] = {}
        for entry in self.risks(db):
            found.setdefault(entry.worker_id, []).append(entry.list_name)
        mark = self._marker()
        return {worker_id: mark("\n".join(sorted(names))) for worker_id, names in found.items()}

    def _marker(self) -> Callable[[str], str]:
        """Makes fingerprints. With a key: the plain hash of a record could be guessed from what people know of a worker."""
        secret = hashlib.sha256(b"sitegate list fingerprints" + self._key.private_bytes_raw()).digest()
        return lambda text: hashlib.blake2b(text.encode(), key=secret, digest_size=16).hexdigest()

    def policy(self, db: Connection, site_id: str) -> dict[str, object]:
        """The keys of the site's policy that differ from the defaults."""
        row = db.execute(select(t.policies.c.body).where(t.policies.c.site_id == site_id)).first()
        return dict(json.loads(row.body)) if row else {}

    def _put_worker(self, db: Connection, worker: WorkerRecord) -> None:
        """Add or replace. A consent that is not mentioned stays; one that is null is withdrawn, and the templates go."""
        where = t.workers.c.worker_id == worker.worker_id
        row = db.execute(select(t.workers.c.record).where(where)).first()
        consent = worker.consent_ref
        if row is not None and "consent_ref" not in worker.model_fields_set:
            consent = WorkerRecord.model_validate_json(row.record).consent_ref
        bare = worker.model_copy(update={"templates": (), "consent_ref": consent})
        db.execute(delete(t.workers).where(where))
        db.execute(
            insert(t.workers).values(worker_id=worker.worker_id, record=bare.model_dump_json(), updated_utc=now())
        )
        if consent is None:
            db.execute(delete(t.templates).where(t.templates.c.worker_id == worker.worker_id))
        if worker.templates:
            if consent is None:
                raise EnrolmentRefused(f"worker {worker.worker_id} has templates but no consent_ref")
            self._add(
                db,
                EnrolmentRecord(
                    worker_id=worker.worker_id, consent_ref=consent, captured_utc=now(), templates=worker.templates
                ),
            )

    def _put_policy(self, db: Connection, policy: PolicyEntry) -> None:
        values = policy.model_dump(mode="json", exclude_unset=True, exclude={"site_id"})
        db.execute(delete(t.policies).where(t.policies.c.site_id == policy.site_id))
        db.execute(insert(t.policies).values(site_id=policy.site_id, body=json.dumps(values)))

    def _open(self, sealed: bytes) -> EnrolmentRecord:
        try:
            return decode(EnrolmentRecord, unseal(sealed, ENROLMENT, self._key))
        except (BadSeal, BadMessage) as error:
            raise EnrolmentRefused(f"holds an enrolment that cannot be opened: {error}") from error

    def _add(self, db: Connection, record: EnrolmentRecord) -> None:
        """Add templates to a known worker. A worker without a consent takes over the enrolment's."""
        row = db.execute(select(t.workers.c.record).where(t.workers.c.worker_id == record.worker_id)).first()
        if row is None:
            raise EnrolmentRefused(f"enrols {record.worker_id}, who is not among the workers: import the worker first")
        worker = WorkerRecord.model_validate_json(row.record)
        if worker.consent_ref != record.consent_ref:
            self._put_worker(db, worker.model_copy(update={"consent_ref": record.consent_ref}))
        plain = encode(record)
        digest = hashlib.sha256(plain).hexdigest()
        if db.execute(select(t.templates.c.digest).where(t.templates.c.digest == digest)).first() is None:
            db.execute(
                insert(t.templates).values(
                    digest=digest,
                    worker_id=record.worker_id,
                    consent_ref=record.consent_ref,
                    sealed_record=seal(plain, ENROLMENT, self._key.public_key()),
                    added_utc=now(),
                )
            )
