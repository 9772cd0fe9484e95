"""Workers, their templates, the risk list and the policies: what HQ publishes from."""

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlalchemy import Connection, Executable, String, bindparam, delete, insert, select

from contract.codec import BadMessage, decode, encode
from contract.messages import EnrolmentEvent, EnrolmentRecord, PolicySnapshot, RiskEntry, Utc, WorkerRecord
from contract.signing import ENROLMENT, BadSeal, seal, unseal
from hq import tables as t
from hq.credentials import WrittenWorker
from hq.intake import Draft
from hq.intake import EnrolmentRefused as EnrolmentRefused
from hq.store import Store, lock, now
from hq.strict import unknown_keys


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
    """`key` opens what was sealed for HQ, and seals templates again for the database."""

    def __init__(self, store: Store, key: X25519PrivateKey) -> None:
        self._store, self._key = store, key

    def take(self, data: ImportFile) -> Imported:
        """Everything in the file, in one transaction. Raises EnrolmentRefused: then nothing was imported."""
        opened = [*data.enrolments, *map(self._open, data.sealed_enrolments)]
        with self._store.write("people") as db:
            draft = self._draft(db, [*(w.worker_id for w in data.workers), *(r.worker_id for r in opened)])
            for worker in data.workers:
                draft.put(worker)
            for record in opened:
                draft.add(record)
            self._write(db, draft)
            if data.risk is not None:
                db.execute(delete(t.risk_entries))
                rows = [{"worker_id": entry.worker_id, "list_name": entry.list_name} for entry in set(data.risk)]
                _each(db, insert(t.risk_entries), rows)
            for policy in data.policies:
                self._put_policy(db, policy)
        return Imported(len(data.workers), len(data.risk or ()), len(data.policies), len(opened))

    def change(self, worker: WorkerRecord, fields: dict[str, object]) -> None:
        """Change some fields of a worker; consent and templates stay."""
        with self._store.write("people") as db:
            draft = self._draft(db, [worker.worker_id])
            draft.put(worker.model_copy(update=fields))
            self._write(db, draft)

    def enrol_sealed(self, db: Connection, event: EnrolmentEvent) -> None:
        """An enrolment made at a gate. Raises EnrolmentRefused."""
        lock(db, "people")
        record = self._open(event.sealed_record)
        if (record.worker_id, record.consent_ref) != (event.worker_id, event.consent_ref):
            raise EnrolmentRefused("is sealed around an enrolment of somebody else, or of another consent")
        draft = self._draft(db, [record.worker_id])
        draft.add(record)
        self._write(db, draft)

    def roster(self, db: Connection) -> tuple[WorkerRecord, ...]:
        """All workers with the templates they consented to, by worker id."""
        found: dict[str, list[EnrolmentRecord]] = {}
        for row in db.execute(
            select(t.templates.c.sealed_record).order_by(t.templates.c.added_utc, t.templates.c.digest)
        ):
            record = self._open(row.sealed_record)
            found.setdefault(record.worker_id, []).append(record)
        workers = []
        for row in db.execute(select(t.workers.c.record).order_by(t.workers.c.worker_id)):
            worker = WorkerRecord.model_validate_json(row.record)
            enrolled = [r for r in found.get(worker.worker_id, ()) if r.consent_ref == worker.consent_ref]
            templates = tuple(template for record in enrolled for template in record.templates)
            workers.append(worker.model_copy(update={"templates": templates}))
        return tuple(workers)

    def risks(self, db: Connection) -> tuple[RiskEntry, ...]:
        rows = db.execute(select(t.risk_entries).order_by(t.risk_entries.c.worker_id))
        return tuple(RiskEntry(worker_id=row.worker_id, list_name=row.list_name) for row in rows)

    def policy(self, db: Connection, site_id: str) -> dict[str, object]:
        """The keys of the site's policy that differ from the defaults."""
        row = db.execute(select(t.policies.c.body).where(t.policies.c.site_id == site_id)).first()
        return dict(json.loads(row.body)) if row else {}

    def _draft(self, db: Connection, worker_ids: Sequence[str]) -> Draft:
        known: dict[str, WorkerRecord] = {}
        for some in _slices(worker_ids):
            for row in db.execute(select(t.workers.c.record).where(t.workers.c.worker_id.in_(some))):
                worker = WorkerRecord.model_validate_json(row.record)
                known[worker.worker_id] = worker
        return Draft(known)

    def _write(self, db: Connection, draft: Draft) -> None:
        named, utc = bindparam("named", type_=String), now()
        _each(db, delete(t.templates).where(t.templates.c.worker_id == named), [{"named": w} for w in draft.withdrawn])
        _each(db, delete(t.workers).where(t.workers.c.worker_id == named), [{"named": w} for w in draft.workers])
        workers = [
            {"worker_id": name, "record": worker.model_dump_json(), "updated_utc": utc}
            for name, worker in draft.workers.items()
        ]
        _each(db, insert(t.workers), workers)
        self._write_templates(db, draft.enrolments, utc)

    def _write_templates(self, db: Connection, records: Sequence[EnrolmentRecord], utc: datetime) -> None:
        """Those that are not there yet."""
        plain = {hashlib.sha256(encode(record)).hexdigest(): record for record in records}
        digest = t.templates.c.digest
        held = {
            row.digest for some in _slices(list(plain)) for row in db.execute(select(digest).where(digest.in_(some)))
        }
        rows = [
            {
                "digest": name,
                "worker_id": record.worker_id,
                "consent_ref": record.consent_ref,
                "sealed_record": seal(encode(record), ENROLMENT, self._key.public_key()),
                "added_utc": utc,
            }
            for name, record in plain.items()
            if name not in held
        ]
        _each(db, insert(t.templates), rows)

    def _put_policy(self, db: Connection, policy: PolicyEntry) -> None:
        values = policy.model_dump(mode="json", exclude_unset=True, exclude={"site_id"})
        db.execute(delete(t.policies).where(t.policies.c.site_id == policy.site_id))
        db.execute(insert(t.policies).values(site_id=policy.site_id, body=json.dumps(values)))

    def _open(self, sealed: bytes) -> EnrolmentRecord:
        try:
            return decode(EnrolmentRecord, unseal(sealed, ENROLMENT, self._key))
        except (BadSeal, BadMessage) as error:
            raise EnrolmentRefused(f"holds an enrolment that cannot be opened: {error}") from error


def _each(db: Connection, statement: Executable, rows: Sequence[Mapping[str, object]]) -> None:
    """The statement once for every row; none, none."""
    if rows:
        db.execute(statement, rows)


def _slices(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """So many at a time as a statement may name."""
    return (names[i : i + 500] for i in range(0, len(names), 500))
