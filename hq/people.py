"""Workers, their templates, the risk list and the policies: what HQ publishes from."""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from sqlalchemy import Connection, delete, insert, select

from contract.codec import BadMessage, decode, encode
from contract.messages import EnrolmentEvent, EnrolmentRecord, PolicySnapshot, RiskEntry, Utc, WorkerRecord
from contract.signing import ENROLMENT, BadSeal, unseal
from hq import tables as t
from hq.atrest import AtRestError, Cipher, KeyMissing
from hq.credentials import WrittenWorker
from hq.keys import HqKeys
from hq.store import Store, lock, now
from hq.strict import unknown_keys

CHECKED = 20
"""Workers that are looked at to tell whether the key is the right one."""
RISK_ROW = "risk_list/1"
_risks = TypeAdapter(tuple[RiskEntry, ...])


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


class People:
    """What the database holds of people is encrypted. Its methods raise AtRestError where the key for that is missing."""

    def __init__(self, store: Store, keys: HqKeys) -> None:
        self._store, self._keys = store, keys

    @property
    def _cipher(self) -> Cipher:
        return self._keys.at_rest.current()

    def check(self) -> None:
        """Raises AtRestError if the key that is here is not the database's. A row that somebody changed is no reason."""
        with self._store.read() as db:
            rows = db.execute(select(t.workers.c.worker_id, t.workers.c.record).limit(CHECKED)).all()
        if rows and not any(self._cipher.holds_key_of(row.record) for row in rows):
            _record(self._cipher, *rows[0])

    def find(self, worker_id: str) -> WorkerRecord | None:
        """A worker without templates; None if there is none of this id."""
        with self._store.read() as db:
            return self._worker(db, worker_id)

    def take(self, data: ImportFile) -> Imported:
        """Everything in the file, in one transaction. Raises EnrolmentRefused: then nothing was imported."""
        with self._store.write("people") as db:
            for worker in data.workers:
                self._put_worker(db, worker)
            if data.risk is not None:
                self._put_risks(db, data.risk)
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
        try:
            self._add(db, record)
        except KeyMissing:  # the event stays unacknowledged at the gate until the key is here
            raise
        except AtRestError as error:  # one row that somebody changed must not hold up the events of a gate
            raise EnrolmentRefused(f"cannot be added: {error}") from error

    def roster(self, db: Connection) -> tuple[WorkerRecord, ...]:
        """All workers with the templates they consented to, by worker id."""
        found: dict[str, list[EnrolmentRecord]] = {}
        cipher = self._cipher
        for row in db.execute(
            select(t.templates.c.digest, t.templates.c.sealed_record).order_by(t.templates.c.added_utc)
        ):
            record = decode(EnrolmentRecord, cipher.decrypt(row.sealed_record, f"templates/{row.digest}"))
            found.setdefault(record.worker_id, []).append(record)
        workers = []
        for row in db.execute(select(t.workers.c.worker_id, t.workers.c.record).order_by(t.workers.c.worker_id)):
            worker = _record(cipher, row.worker_id, row.record)
            enrolled = [r for r in found.get(worker.worker_id, ()) if r.consent_ref == worker.consent_ref]
            templates = tuple(template for record in enrolled for template in record.templates)
            workers.append(worker.model_copy(update={"templates": templates}))
        return tuple(workers)

    def risks(self, db: Connection) -> tuple[RiskEntry, ...]:
        body = db.execute(select(t.risk_list.c.body)).scalar()
        return _risks.validate_json(self._cipher.decrypt(body, RISK_ROW)) if body else ()

    def policy(self, db: Connection, site_id: str) -> dict[str, object]:
        """The keys of the site's policy that differ from the defaults."""
        row = db.execute(select(t.policies.c.body).where(t.policies.c.site_id == site_id)).first()
        return dict(json.loads(row.body)) if row else {}

    def _put_worker(self, db: Connection, worker: WorkerRecord) -> None:
        """Add or replace. A consent that is not mentioned stays; one that is null is withdrawn, and the templates go."""
        consent = worker.consent_ref
        if "consent_ref" not in worker.model_fields_set and (held := self._worker(db, worker.worker_id)) is not None:
            consent = held.consent_ref
        bare = worker.model_copy(update={"templates": (), "consent_ref": consent})
        record = self._cipher.encrypt(bare.model_dump_json().encode(), f"workers/{worker.worker_id}")
        db.execute(delete(t.workers).where(t.workers.c.worker_id == worker.worker_id))
        db.execute(insert(t.workers).values(worker_id=worker.worker_id, record=record, updated_utc=now()))
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

    def _worker(self, db: Connection, worker_id: str) -> WorkerRecord | None:
        value = db.execute(select(t.workers.c.record).where(t.workers.c.worker_id == worker_id)).scalar()
        return _record(self._cipher, worker_id, value) if value is not None else None

    def _put_risks(self, db: Connection, entries: Iterable[RiskEntry]) -> None:
        ordered = tuple(sorted(set(entries), key=lambda entry: (entry.worker_id, entry.list_name)))
        db.execute(delete(t.risk_list))
        db.execute(insert(t.risk_list).values(id=1, body=self._cipher.encrypt(_risks.dump_json(ordered), RISK_ROW)))

    def _put_policy(self, db: Connection, policy: PolicyEntry) -> None:
        values = policy.model_dump(mode="json", exclude_unset=True, exclude={"site_id"})
        db.execute(delete(t.policies).where(t.policies.c.site_id == policy.site_id))
        db.execute(insert(t.policies).values(site_id=policy.site_id, body=json.dumps(values)))

    def _open(self, sealed: bytes) -> EnrolmentRecord:
        try:
            return decode(EnrolmentRecord, unseal(sealed, ENROLMENT, self._keys.opening))
        except (BadSeal, BadMessage) as error:
            raise EnrolmentRefused(f"holds an enrolment that cannot be opened: {error}") from error

    def _add(self, db: Connection, record: EnrolmentRecord) -> None:
        """Add templates to a known worker. A worker without a consent takes over the enrolment's."""
        worker = self._worker(db, record.worker_id)
        if worker is None:
            raise EnrolmentRefused(f"enrols {record.worker_id}, who is not among the workers: import the worker first")
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
                    sealed_record=self._cipher.encrypt(plain, f"templates/{digest}"),
                    added_utc=now(),
                )
            )


def _record(cipher: Cipher, worker_id: str, value: bytes) -> WorkerRecord:
    return WorkerRecord.model_validate_json(cipher.decrypt(value, f"workers/{worker_id}"))
