"""Workers whose photos come in bulk: their consents, the templates that HQ has, and the new ones."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from contract.messages import EnrolmentRecord, SealedTemplate
from hq.database import people as tables
from hq.database.clock import now
from hq.database.people_changes import PeopleChange, note_change
from hq.database.removed_templates import RemovalReason, note_removed
from hq.database.store import Store
from hq.registry.import_draft import EnrolmentRefused
from hq.registry.people import PeopleRegistry

_PIECE = 500


@dataclass(frozen=True, slots=True)
class ConsentState:
    """What HQ has of one worker. `enrolled`: templates of the model in question stand under the consent."""

    worker_id: str
    consent_ref: str | None
    withdrawn_utc: datetime | None
    enrolled: bool

    def consent(self, offered: str, *, for_all: bool) -> str:
        """Return the consent of an enrolment. `for_all`: the `offered` one counts only where HQ has none.

        Raises:
            EnrolmentRefused: there is none, it is another one than HQ has, or the worker withdrew it.
        """
        if self.consent_ref is not None:
            if offered and not for_all and offered != self.consent_ref:
                raise EnrolmentRefused("the table names another consent than HQ has: import the new one first")
            return self.consent_ref
        if self.withdrawn_utc is not None:
            raise EnrolmentRefused(
                f"the consent was withdrawn on {self.withdrawn_utc:%Y-%m-%d}: import the new consent first"
            )
        if not offered:
            raise EnrolmentRefused("there is no consent: name it in the table, with --consent, or import it")
        return offered


@dataclass(frozen=True, slots=True)
class PhotoEnrolment:
    """New templates of one worker. `offered`: the consent they were made with; `for_all`: see ConsentState."""

    worker_id: str
    offered: str
    for_all: bool
    templates: tuple[SealedTemplate, ...]
    why: str = ""
    """Why they count although another face is too similar."""


class PhotoEnrolments:
    """Reads and writes the database for `sitegate-hq enroll`."""

    def __init__(self, store: Store, people: PeopleRegistry) -> None:
        self._store, self._people = store, people

    def states(self, worker_ids: Collection[str], model_id: str) -> dict[str, ConsentState]:
        """Return, by worker id, the states of those that are workers. Raises AtRestError."""
        with self._store.read() as db:
            return self._states(db, sorted(worker_ids), model_id)

    def held(self, model_id: str) -> Iterator[tuple[str, SealedTemplate]]:
        """Return all templates of this model that HQ has, with their workers. Slow: it decrypts all."""
        with self._store.read() as db:
            cipher, names = self._people.cipher, tables.enrolled_workers(db)
            for _, record in tables.template_records(db, cipher, names):
                yield from ((record.worker_id, one) for one in record.templates if one.model_id == model_id)

    def write(self, enrolments: Sequence[PhotoEnrolment], *, replace: bool, by: str) -> dict[str, str]:
        """Store them in one transaction. Return worker id -> problem of those that cannot count any more.

        `replace`: the templates of the same model that HQ has go.
        """
        problems: dict[str, str] = {}
        with self._store.write("people") as db:
            utc = now()
            for start in range(0, len(enrolments), _PIECE):
                piece = enrolments[start : start + _PIECE]
                problems |= self._write_piece(db, piece, replace, by, utc)
        return problems

    def _write_piece(
        self, db: Connection, piece: Sequence[PhotoEnrolment], replace: bool, by: str, utc: datetime
    ) -> dict[str, str]:
        model_id = piece[0].templates[0].model_id
        states = self._states(db, [one.worker_id for one in piece], model_id)
        problems: dict[str, str] = {}
        for one in piece:
            try:
                record = _record(one, states, utc, replace=replace)
            except EnrolmentRefused as error:
                problems[one.worker_id] = str(error)
                continue
            if replace and states[one.worker_id].enrolled:
                self._remove(db, one.worker_id, model_id, utc, by)
            self._people.enrol(db, record)
            note_change(db, self._people.cipher, [one.worker_id], PeopleChange.ENROLLED, utc, by, one.why)
        return problems

    def _remove(self, db: Connection, worker_id: str, model_id: str, utc: datetime, by: str) -> None:
        found = tables.template_records(db, self._people.cipher, [worker_id])
        same = [digest for digest, record in found if any(one.model_id == model_id for one in record.templates)]
        tables.remove_templates(db, same)
        note_removed(db, {worker_id}, RemovalReason.REPLACED, utc, by)

    def _states(self, db: Connection, worker_ids: Sequence[str], model_id: str) -> dict[str, ConsentState]:
        cipher = self._people.cipher
        enrolled = {
            (record.worker_id, record.consent_ref)
            for _, record in tables.template_records(db, cipher, worker_ids)
            if any(template.model_id == model_id for template in record.templates)
        }
        found = {}
        for row in tables.worker_rows(db, worker_ids):
            worker = tables.worker_of(cipher, row)
            name, consent = worker.worker_id, worker.consent_ref
            withdrawn = tables.withdrawn_utc(db, name)
            found[name] = ConsentState(name, consent, withdrawn, (name, consent) in enrolled)
        return found


def _record(
    one: PhotoEnrolment, states: Mapping[str, ConsentState], utc: datetime, *, replace: bool
) -> EnrolmentRecord:
    """Make the record, by what HQ has of the worker now. Raises EnrolmentRefused."""
    state = states.get(one.worker_id)
    if state is None:
        raise EnrolmentRefused("was removed meanwhile: import the worker again")
    if state.enrolled and not replace:
        raise EnrolmentRefused("was enrolled meanwhile: begin again")
    consent = state.consent(one.offered, for_all=one.for_all)
    return EnrolmentRecord(worker_id=one.worker_id, consent_ref=consent, captured_utc=utc, templates=one.templates)
