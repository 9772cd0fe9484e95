"""Workers, their templates, the risk list and the policies: what HQ publishes from."""

import hashlib
import json
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from sqlalchemy import Connection, Executable, String, bindparam, delete, insert, select, update

from contract.codec import BadMessage, decode, encode
from contract.messages import EnrolmentEvent, EnrolmentRecord, PolicySnapshot, RiskEntry, Utc, WorkerRecord
from contract.signing import ENROLMENT, BadSeal, unseal
from contract.unknown_keys import unknown_keys
from hq.database import tables as t
from hq.database.store import Store, now
from hq.ingest import newer_events
from hq.keys.encryption import AtRestError, Cipher, KeyMissing
from hq.keys.keys import HqKeys
from hq.lists import forgotten
from hq.lists.forgotten import RemovalReason
from hq.lists.leaving import left_out
from hq.registry.credentials import WrittenWorker
from hq.registry.import_draft import EnrolmentRefused as EnrolmentRefused
from hq.registry.import_draft import ImportDraft

CHECKED = 20
"""Workers that are looked at to tell whether the key is the right one."""
RISK_ROW = "risk_list/1"
_risks = TypeAdapter(tuple[RiskEntry, ...], config=ConfigDict(hide_input_in_errors=True))


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

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid", val_json_bytes="base64")

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
    except OSError as error:
        raise ImportRefused(f"{path} cannot be read: {error.strerror}") from error
    except json.JSONDecodeError as error:
        raise ImportRefused(f"{path} is no JSON: {error} (a TOML file: name it .toml)") from error
    except (ValueError, RecursionError) as error:
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


class PeopleRegistry:
    """What the database holds of people is encrypted. Its methods raise AtRestError where the key for that is missing."""

    def __init__(self, store: Store, keys: HqKeys) -> None:
        self._store, self._keys = store, keys

    @property
    def cipher(self) -> Cipher:
        """Of what the database holds of people."""
        return self._keys.at_rest.current()

    def check(self) -> None:
        """Raises AtRestError if the key that is here is not the database's. A row that somebody changed is no reason."""
        with self._store.read() as db:
            rows = db.execute(select(t.workers.c.worker_id, t.workers.c.record).limit(CHECKED)).all()
        if rows and not any(self.cipher.holds_key_of(row.record) for row in rows):
            _record(self.cipher, *rows[0])

    def find(self, worker_id: str) -> WorkerRecord | None:
        """A worker without templates; None if there is none of this id."""
        with self._store.read() as db:
            return self._worker(db, worker_id)

    def take(self, data: ImportFile) -> Imported:
        """Everything in the file, in one transaction. Raises EnrolmentRefused: then nothing was imported."""
        opened = [*data.enrolments, *map(self._open, data.sealed_enrolments)]
        with self._store.write("people") as db:
            # Who is written anew as a whole need not be read: so a row that somebody changed can be put right.
            whole = {w.worker_id for w in data.workers if "consent_ref" in w.model_fields_set}
            named = (*(w.worker_id for w in data.workers), *(r.worker_id for r in opened))
            draft = self._draft(db, [name for name in named if name not in whole])
            for worker in data.workers:
                draft.put(worker)
            for record in opened:
                draft.add(record)
            self._write(db, draft)
            if data.risk is not None:
                self._put_risks(db, data.risk)
            for policy in data.policies:
                self._put_policy(db, policy)
        return Imported(len(data.workers), len(data.risk or ()), len(data.policies), len(opened))

    def withdraw(self, worker_ids: Sequence[str], by: str, *, remove: bool = False) -> None:
        """Destroy the templates of these workers and end their consent; `remove`: they go altogether.

        Raises EnrolmentRefused: one of them is unknown; then nothing was changed.
        """
        with self._store.write("people") as db:
            draft = self._draft(db, worker_ids)
            for worker_id in worker_ids:
                draft.withdraw(worker_id)
            forgotten.note(db, set(worker_ids), RemovalReason.REMOVED if remove else RemovalReason.WITHDRAWN, now(), by)
            self._write(db, draft)
            if remove:
                named = bindparam("named", type_=String)
                _each(db, delete(t.workers).where(t.workers.c.worker_id == named), [{"named": w} for w in worker_ids])

    def change(self, worker: WorkerRecord, fields: dict[str, object]) -> None:
        """Change some fields of a worker; consent and templates stay."""
        with self._store.write("people") as db:
            draft = self._draft(db, [worker.worker_id])
            draft.put(worker.model_copy(update=fields))
            self._write(db, draft)

    def opened(self, event: EnrolmentEvent) -> EnrolmentRecord:
        """What a gate's enrolment holds. Raises EnrolmentRefused."""
        record = self._open(event.sealed_record)
        if (record.worker_id, record.consent_ref) != (event.worker_id, event.consent_ref):
            raise EnrolmentRefused("is sealed around an enrolment of somebody else, or of another consent")
        return record

    def known(self, db: Connection, worker_id: str) -> WorkerRecord:
        """A worker, without templates. Raises EnrolmentRefused, KeyMissing."""
        try:
            worker = self._worker(db, worker_id)
        except KeyMissing:  # the event stays unacknowledged at the gate until the key is here
            raise
        except AtRestError as error:  # one row that somebody changed must not hold up the events of a gate
            raise EnrolmentRefused(f"cannot be added: {error}") from error
        if worker is None:
            raise EnrolmentRefused(f"enrols {worker_id}, who is not among the workers: import the worker first")
        return worker

    def enrol(self, db: Connection, record: EnrolmentRecord) -> None:
        """Add an enrolment that may count (`hq.registry.approvals`). Raises EnrolmentRefused."""
        draft = self._draft(db, [record.worker_id])
        draft.add(record)
        self._write(db, draft)

    def roster(self, db: Connection, only: Sequence[str] | None = None) -> tuple[WorkerRecord, ...]:
        """All workers, or `only` these, with the templates they consented to, by worker id. Slow: it opens their seals."""
        if only is not None:
            found = (worker for some in _slices(only) for worker in self._roster(db, some))
            return tuple(sorted(found, key=lambda worker: worker.worker_id))
        return self._roster(db, None)

    def _roster(self, db: Connection, only: Sequence[str] | None) -> tuple[WorkerRecord, ...]:
        sealed = select(t.templates.c.digest, t.templates.c.sealed_record).order_by(
            t.templates.c.added_utc, t.templates.c.digest
        )
        known = select(t.workers).order_by(t.workers.c.worker_id)
        if only is not None:
            sealed, known = (
                sealed.where(t.templates.c.worker_id.in_(only)),
                known.where(t.workers.c.worker_id.in_(only)),
            )
        found: dict[str, list[EnrolmentRecord]] = {}
        cipher = self.cipher
        for row in db.execute(sealed):
            record = decode(EnrolmentRecord, cipher.decrypt(row.sealed_record, f"templates/{row.digest}"))
            found.setdefault(record.worker_id, []).append(record)
        workers, utc = [], now()
        for row in db.execute(known):
            worker = _record(cipher, row.worker_id, row.record)
            out = left_out(worker, row.updated_utc, utc)
            enrolled = [r for r in found.get(row.worker_id, ()) if not out and r.consent_ref == worker.consent_ref]
            templates = tuple(template for record in enrolled for template in record.templates)
            workers.append(worker.model_copy(update={"templates": templates}))
        return tuple(workers)

    def risks(self, db: Connection) -> tuple[RiskEntry, ...]:
        body = db.execute(select(t.risk_list.c.body)).scalar()
        return _risks.validate_json(self.cipher.decrypt(body, RISK_ROW)) if body else ()

    def roster_fingerprints(self, db: Connection) -> dict[str, str]:
        """By worker id, a text that changes with the worker's entry, consent or templates; no seal is opened for it."""
        templates: dict[str, list[str]] = {}
        for worker_id, digest in db.execute(select(t.templates.c.worker_id, t.templates.c.digest)):
            templates.setdefault(worker_id, []).append(digest)
        mark, cipher, utc = self._marker(), self.cipher, now()
        found = {}
        for row in db.execute(select(t.workers)):
            body = cipher.decrypt(row.record, f"workers/{row.worker_id}")
            out = left_out(WorkerRecord.model_validate_json(body), row.updated_utc, utc)
            held = [b"left out"] if out else map(str.encode, sorted(templates.get(row.worker_id, ())))
            found[row.worker_id] = mark(b"\n".join((body, *held)))
        return found

    def risk_fingerprints(self, db: Connection) -> dict[str, str]:
        """By worker id, a text that changes with the lists the worker is on."""
        found: dict[str, list[str]] = {}
        for entry in self.risks(db):
            found.setdefault(entry.worker_id, []).append(entry.list_name)
        mark = self._marker()
        return {worker_id: mark("\n".join(sorted(names)).encode()) for worker_id, names in found.items()}

    def _marker(self) -> Callable[[bytes], str]:
        """Makes fingerprints. With a key: the plain hash of a record could be guessed from what people know of a worker."""
        secret = hashlib.sha256(b"sitegate list fingerprints" + self._keys.sealing.private_bytes_raw()).digest()
        return lambda told: hashlib.blake2b(told, key=secret, digest_size=16).hexdigest()

    def policy(self, db: Connection, site_id: str) -> dict[str, object]:
        """The keys of the site's policy that differ from the defaults."""
        row = db.execute(select(t.policies.c.body).where(t.policies.c.site_id == site_id)).first()
        return dict(json.loads(row.body)) if row else {}

    def _draft(self, db: Connection, worker_ids: Sequence[str]) -> ImportDraft:
        """Of these workers as they are. Raises AtRestError."""
        known: dict[str, WorkerRecord] = {}
        cipher = self.cipher
        for some in _slices(worker_ids):
            columns = (t.workers.c.worker_id, t.workers.c.record)
            for row in db.execute(select(*columns).where(t.workers.c.worker_id.in_(some))):
                known[row.worker_id] = _record(cipher, row.worker_id, row.record)
        return ImportDraft(known)

    def _write(self, db: Connection, draft: ImportDraft) -> None:
        named, utc, cipher = bindparam("named", type_=String), now(), self.cipher
        self._note_withdrawals(db, draft, utc)
        self._forget(db, draft, utc)
        _each(db, delete(t.workers).where(t.workers.c.worker_id == named), [{"named": w} for w in draft.workers])
        workers = [
            {
                "worker_id": name,
                "record": cipher.encrypt(worker.model_dump_json().encode(), f"workers/{name}"),
                "updated_utc": utc,
            }
            for name, worker in draft.workers.items()
        ]
        _each(db, insert(t.workers), workers)
        self._write_templates(db, draft.enrolments, utc)

    def _note_withdrawals(self, db: Connection, draft: ImportDraft, utc: datetime) -> None:
        """Of those who had a consent, or are said to withdraw it: nothing of before counts any more, and what waits is refused."""
        columns, ended = t.workers.c, set()
        for some in _slices(sorted(draft.withdrawn)):
            held = db.execute(select(columns.worker_id, columns.record).where(columns.worker_id.in_(some))).all()
            for row in held:
                if row.worker_id not in draft.noted and not self._consented(row.worker_id, row.record):
                    continue
                db.execute(delete(t.withdrawals).where(t.withdrawals.c.worker_id == row.worker_id))
                db.execute(insert(t.withdrawals).values(worker_id=row.worker_id, utc=utc))
                waits = (t.enrolments.c.worker_id == row.worker_id, t.enrolments.c.record.isnot(None))
                refused = {"state": "refused", "record": None, "decided_utc": utc, "why": "the consent was withdrawn"}
                db.execute(update(t.enrolments).where(*waits).values(**refused))
                ended.add(row.worker_id)
        if ended:
            newer_events.forget(db, ended, self.cipher)

    def _consented(self, worker_id: str, value: bytes) -> bool:
        """True also of a row that cannot be read: then it may have been."""
        try:
            return _record(self.cipher, worker_id, value).consent_ref is not None
        except AtRestError:
            return True

    def _forget(self, db: Connection, draft: ImportDraft, utc: datetime) -> None:
        """Destroy the templates of a consent that does not stand any more, and note whose they were."""
        columns = (t.templates.c.digest, t.templates.c.worker_id, t.templates.c.consent_ref)
        held = [
            row
            for some in _slices(list(draft.workers))
            for row in db.execute(select(*columns).where(t.templates.c.worker_id.in_(some)))
        ]
        gone = [
            row
            for row in held
            if row.worker_id in draft.withdrawn or row.consent_ref != draft.workers[row.worker_id].consent_ref
        ]
        which = bindparam("which", type_=String)
        _each(db, delete(t.templates).where(t.templates.c.digest == which), [{"which": row.digest} for row in gone])
        withdrawn = {row.worker_id for row in gone if row.worker_id in draft.withdrawn}
        forgotten.note(db, withdrawn - draft.noted, RemovalReason.WITHDRAWN, utc)
        forgotten.note(db, {row.worker_id for row in gone} - withdrawn, RemovalReason.REPLACED, utc)

    def _write_templates(self, db: Connection, records: Sequence[EnrolmentRecord], utc: datetime) -> None:
        """Those that are not there yet."""
        encoded = {hashlib.sha256(encode(record)).hexdigest(): record for record in records}
        digest, cipher = t.templates.c.digest, self.cipher
        held = {
            row.digest for some in _slices(list(encoded)) for row in db.execute(select(digest).where(digest.in_(some)))
        }
        rows = [
            {
                "digest": name,
                "worker_id": record.worker_id,
                "consent_ref": record.consent_ref,
                "sealed_record": cipher.encrypt(encode(record), f"templates/{name}"),
                "added_utc": utc,
            }
            for name, record in encoded.items()
            if name not in held
        ]
        _each(db, insert(t.templates), rows)

    def _worker(self, db: Connection, worker_id: str) -> WorkerRecord | None:
        value = db.execute(select(t.workers.c.record).where(t.workers.c.worker_id == worker_id)).scalar()
        return _record(self.cipher, worker_id, value) if value is not None else None

    def _put_risks(self, db: Connection, entries: Iterable[RiskEntry]) -> None:
        ordered = tuple(sorted(set(entries), key=lambda entry: (entry.worker_id, entry.list_name)))
        db.execute(delete(t.risk_list))
        db.execute(insert(t.risk_list).values(id=1, body=self.cipher.encrypt(_risks.dump_json(ordered), RISK_ROW)))

    def _put_policy(self, db: Connection, policy: PolicyEntry) -> None:
        values = policy.model_dump(mode="json", exclude_unset=True, exclude={"site_id"})
        db.execute(delete(t.policies).where(t.policies.c.site_id == policy.site_id))
        db.execute(insert(t.policies).values(site_id=policy.site_id, body=json.dumps(values)))

    def _open(self, sealed: bytes) -> EnrolmentRecord:
        try:
            return decode(EnrolmentRecord, unseal(sealed, ENROLMENT, self._keys.opening))
        except (BadSeal, BadMessage) as error:
            raise EnrolmentRefused(f"holds an enrolment that cannot be opened: {error}") from error


def _record(cipher: Cipher, worker_id: str, value: bytes) -> WorkerRecord:
    return WorkerRecord.model_validate_json(cipher.decrypt(value, f"workers/{worker_id}"))


def _each(db: Connection, statement: Executable, rows: Sequence[Mapping[str, object]]) -> None:
    """The statement once for every row; none, none."""
    if rows:
        db.execute(statement, rows)


def _slices(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """So many at a time as a statement may name."""
    return (names[i : i + 500] for i in range(0, len(names), 500))
