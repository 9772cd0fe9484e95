"""Workers who leave: their assignment ends (retire), or everything that HQ knows of them goes (erase)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection

from contract.messages import WorkerRecord
from hq.database import directory as directory_tables
from hq.database import people as tables
from hq.database.assignments import assigned_sites, list_sites
from hq.database.clock import now
from hq.database.people_changes import BY_MAX, WHY_MAX, PeopleChange, erase_reasons, note_change
from hq.registry.people import PeopleRegistry
from hq.registry.site_dates import at_site, ending, with_end

DAYS_AHEAD = timedelta(days=3660)


class LeavingRefused(ValueError):
    """Workers who cannot be retired or erased. The text names each, and nothing was changed."""


@dataclass(frozen=True, slots=True)
class ErasedWorker:
    """How much HQ held of a worker, before it was erased."""

    worker_id: str
    record: bool
    directory: bool
    templates: int
    has_card: bool
    risk_entries: int
    waiting_enrolments: int
    sites: tuple[str, ...]
    """The sites whose lists held the worker."""

    def __str__(self) -> str:
        counted = (
            (self.templates, "template(s)"),
            (self.risk_entries, "risk entry or entries, with history"),
            (self.waiting_enrolments, "enrolment(s) that waited"),
        )
        parts = ["the record"] if self.record else []
        parts += ["cards"] if self.has_card else []
        parts += ["name, team and phone"] if self.directory else []
        return ", ".join(parts + [f"{count} {what}" for count, what in counted if count])


def retire(
    people: PeopleRegistry,
    worker_ids: Sequence[str],
    *,
    by: str,
    why: str,
    last_day: date | None = None,
    site_id: str | None = None,
) -> None:
    """End the work of these workers, in one transaction: at once or after `last_day`, everywhere or at one site.

    Raises:
        LeavingRefused: a worker is unknown, has left already, or the day makes no sense.
    """
    _check_words(by, why)
    utc = now()
    if last_day is not None and abs(last_day - utc.date()) > DAYS_AHEAD:
        raise LeavingRefused(f"{last_day} is more than ten years away: check the year")
    with people.writing() as db:
        records = people.records(db, list(worker_ids))
        problems = [f"{name} is not among the workers: check the id" for name in worker_ids if name not in records]
        changes: dict[str, dict[str, object]] = {}
        for name, worker in records.items():
            try:
                changes[name] = _ended(worker, utc.date(), last_day, site_id)
            except LeavingRefused as error:
                problems.append(f"{name} {error}")
        if problems:
            raise LeavingRefused("; ".join(problems))
        for name, worker in records.items():
            people.put_changed(db, worker, changes[name])
        where = (f"site {site_id}: " if site_id else "") + (f"last day {last_day}: " if last_day else "")
        note_change(db, people.cipher, list(records), PeopleChange.RETIRED, utc, by, where + why)


def erase(
    people: PeopleRegistry, worker_ids: Sequence[str], *, by: str, why: str, override: bool = False
) -> list[ErasedWorker]:
    """Erase all that HQ knows of these workers, in one transaction. Events keep the opaque id.

    `override`: also by somebody whom a risk entry does not name; the history says so.

    Raises:
        LeavingRefused: HQ knows nothing of one of them, or an entry names others who may lift it.
    """
    _check_words(by, why)
    names = sorted(set(worker_ids))
    with people.writing() as db:
        held = [_held(db, people, name) for name in names]
        if unknown := [one.worker_id for one in held if not str(one)]:
            raise LeavingRefused(f"HQ knows nothing of {', '.join(unknown)}: check the id; nothing was erased")
        if kept := [one for one in people.risk_lists.stored(db, names) if not one.may_be_lifted_by(by)]:
            if not override:
                named = "; ".join(f"{one.worker_id} on {one.list_name}: {', '.join(one.may_lift)}" for one in kept)
                raise LeavingRefused(
                    f"nothing was erased: only these may lift a risk entry ({named}); lift it first, or say --override, "
                    "which is recorded"
                )
            why = f"{why} (override: risk entries that named others)"
        people.end_consents(db, [one.worker_id for one in held if one.record], by, remove=True)
        people.directory.remove(db, names)
        people.risk_lists.forget(db, names)
        tables.blank_enrolments(db, names)
        erase_reasons(db, names)
        note_change(db, people.cipher, names, PeopleChange.ERASED, now(), by, why)
    return held


def _ended(worker: WorkerRecord, today: date, last_day: date | None, site_id: str | None) -> dict[str, object]:
    """Return the fields that change. Raises LeavingRefused; the text follows the id."""
    if site_id is not None:
        if site_id not in worker.sites:
            raise LeavingRefused(f"is not assigned to {site_id}, but to {', '.join(worker.sites) or 'no site'}")
        if last_day is None or last_day < today:
            return {"sites": tuple(site for site in worker.sites if site != site_id)}
        _check_order(at_site(worker, site_id), last_day)
        return {"site_dates": with_end(worker, site_id, last_day)}
    last = last_day or today
    if last_day is not None:
        _check_order(worker, last_day)
    elif worker.valid_until is not None:
        last = min(last, worker.valid_until)
    ends: dict[str, object] = {} if worker.valid_from and worker.valid_from > last else {"valid_until": last}
    ends |= {"site_dates": ending(worker, last)} if worker.site_dates else {}
    return ends if last >= today and last_day is not None else {**ends, "active": False}


def _check_order(worker: WorkerRecord, last_day: date) -> None:
    if worker.valid_until is not None and worker.valid_until < last_day:
        raise LeavingRefused(f"leaves on {worker.valid_until} already: an import can set a later day")
    if worker.valid_from is not None and last_day < worker.valid_from:
        raise LeavingRefused(f"begins on {worker.valid_from}, after that day: leave --last-day out")


def _held(db: Connection, people: PeopleRegistry, worker_id: str) -> ErasedWorker:
    record = people.records(db, [worker_id], skip_damaged=True).get(worker_id)
    return ErasedWorker(
        worker_id=worker_id,
        record=bool(tables.worker_rows(db, [worker_id])),
        directory=directory_tables.has_entry(db, worker_id),
        templates=len(tables.template_rows(db, [worker_id])),
        has_card=bool(record and record.cards),
        risk_entries=len(people.risk_lists.find(worker_id, history=True)),
        waiting_enrolments=tables.waiting_enrolments(db, worker_id),
        sites=tuple(sorted(list_sites(db, assigned_sites(db, [worker_id]).get(worker_id, ())))),
    )


def _check_words(by: str, why: str) -> None:
    if not by.strip() or len(by) > BY_MAX:
        raise LeavingRefused(f"--by: who decides, in 1 to {BY_MAX} characters; it is recorded")
    if not why.strip() or len(why) > WHY_MAX:
        raise LeavingRefused(f"--why: the reason, in 1 to {WHY_MAX} characters; it is recorded")
