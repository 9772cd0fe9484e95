"""HQ's registry and feed, opened from its folder.

The running HQ publishes what changes here, to the sites concerned alone. Every method may be repeated: a second time
changes nothing.
"""

import hashlib
from collections.abc import Iterator, Sequence, Set
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy import Connection

from contract.code import VALID_MAX, BadCode, read
from contract.codec import encode
from contract.messages import EnrolmentRecord, SealedTemplate, TrainingStep
from district.wire.errors import plainly
from district.wire.policies import put_hours
from district.wire.records import (
    GateReceipt,
    HqGate,
    HqRefused,
    HqRiskEntry,
    HqRiskLift,
    HqSite,
    HqWorker,
    HqWorkerState,
)
from district.wire.risks import BY as BY
from district.wire.risks import lift_entry, own_entries, put_entry
from district.wire.written import differs, why, written
from hq import config as hq_config
from hq.database import people as tables
from hq.database.clock import now
from hq.database.gate_reports import gate_reports
from hq.database.people_changes import PeopleChange, note_change
from hq.database.removed_templates import RemovalReason, note_removed
from hq.database.store import Store
from hq.feed import Feed, FeedPage
from hq.keys import keys
from hq.registry.change_replay import make_again
from hq.registry.credentials import BadCredential, WrittenWorker, code_text, training_code_text
from hq.registry.gates import registered_list
from hq.registry.import_file import ImportFile
from hq.registry.leaving import LeavingRefused, erase
from hq.registry.people import PeopleRegistry
from hq.registry.sites import SiteRegistry, open_store
from hq.reports.receipts import TemplatePlace, receipts

READER = "district"
"""The name under which HQ keeps events until this district has stored them."""


class HqDoor:
    """HQ's registry and feed, opened from its folder. All threads of a process may share one; close it afterwards."""

    def __init__(self, folder: Path) -> None:
        """Open HQ's folder. Raises HqAway."""
        with plainly():
            self.config = hq_config.load(folder)
            self._keys = keys.load(self.config.folder)
            self._store: Store = open_store(self.config, self._keys)
            self._people = PeopleRegistry(self._store, self._keys)
            make_again(self._store, self._people)

    def read_feed(self, cursor: str, limit: int = 1_000) -> FeedPage:
        """Read the next page of HQ's events. Store its entries and its cursor in one transaction. Raises HqAway."""
        with plainly():
            return Feed(self._store).read(cursor, limit, READER)

    def put_workers(self, workers: Sequence[HqWorker]) -> dict[str, str]:
        """Add or replace workers, in one transaction. Return worker id -> problem of those HQ refuses. Raises HqAway.

        Cards, PIN and templates that HQ has stay. Another consent than HQ has ends the templates of the former one.
        """
        refused: dict[str, str] = {}
        with plainly(), self._people.writing() as db:
            names = [one.worker_id for one in workers]
            held, known = self._people.records(db, names), self._people.directory.of(db, names)
            changed: list[WrittenWorker] = []
            for one in workers:
                try:
                    found = written(one, held.get(one.worker_id))
                except (BadCredential, ValidationError) as error:
                    refused[one.worker_id] = why(error)
                    continue
                if differs(found, held.get(one.worker_id), known.get(one.worker_id)):
                    changed.append(found)
            if changed:
                self._people.put(db, ImportFile.model_construct(workers=tuple(changed)))
        return refused

    def put_site(self, site: HqSite) -> None:
        """Add, rename or retire a site. Raises HqAway, HqRefused."""
        with plainly():
            registry = SiteRegistry(self._store)
            found = next((one for one in registry.every() if one.site_id == site.site_id), None)
            if site.retired:
                if found is not None and found.retired_utc is None:
                    registry.retire(site.site_id, by=BY)
                    self._people.leave_site(site.site_id)
                return
            if found is None or found.retired_utc is not None:
                registry.check_new(site.site_id, by=BY, name=site.name)
                keys.check_site_names(self._keys.folder, [site.site_id])
                keys.make_site_pair(self._keys.folder, site.site_id)
                registry.add(site.site_id, by=BY, name=site.name)
            elif found.name != site.name:
                registry.rename(site.site_id, site.name, by=BY)
            if site.says_hours:
                with self._people.writing() as db:
                    put_hours(db, site)

    def enrol(self, worker_id: str, consent_ref: str, taken: datetime, model_id: str, vectors: Sequence[bytes]) -> None:
        """Store the templates of one photo in place of earlier ones. Raises HqAway, HqRefused.

        The consent must be the one that HQ has.
        """
        templates = tuple(SealedTemplate(model_id=model_id, vector=vector) for vector in vectors)
        record = EnrolmentRecord(worker_id=worker_id, consent_ref=consent_ref, captured_utc=taken, templates=templates)
        digest = hashlib.sha256(encode(record)).hexdigest()
        with plainly(), self._people.writing() as db:
            worker = self._people.known(db, worker_id)
            if tables.has_template(db, digest):
                return
            if worker.consent_ref != consent_ref:
                raise HqRefused("HQ has no consent of this worker, or another one")
            self._remove_others(db, worker_id, model_id)
            self._people.enrol(db, record)
            note_change(db, self._people.cipher, [worker_id], PeopleChange.ENROLLED, now(), BY, "by phone")

    def template_digests(self) -> set[str]:
        """Name all templates that HQ has. Raises HqAway."""
        with plainly(), self._store.read() as db:
            names = tables.enrolled_workers(db)
            pages = (tables.template_digests(db, page) for page in tables.slices(names))
            return {digest for page in pages for digests in page.values() for digest in digests}

    def templates(self, model_id: str, wanted: Set[str]) -> Iterator[tuple[str, bytes]]:
        """Return worker id and vector of the wanted templates of a model. It decrypts all of their workers.
        Raises HqAway.
        """
        if not wanted:
            return
        with plainly(), self._store.read() as db:
            cipher, names = self._people.cipher, tables.enrolled_workers(db)
            for page in tables.slices(names):
                digests = tables.template_digests(db, page)
                owners = [who for who, held in digests.items() if not wanted.isdisjoint(held)]
                for digest, record in tables.template_records(db, cipher, owners):
                    for one in record.templates:
                        if digest in wanted and one.model_id == model_id:
                            yield record.worker_id, one.vector

    def withdraw(self, worker_id: str, withdrawn: datetime) -> None:
        """Destroy a worker's templates and end the consent, unless HQ did since that time. Raises HqAway."""
        with plainly(), self._people.writing() as db:
            noted = tables.withdrawn_utc(db, worker_id)
            if (noted is None or noted < withdrawn) and tables.worker_rows(db, [worker_id]):
                self._people.end_consents(db, [worker_id], BY)

    def erase(self, worker_id: str, reason: str) -> None:
        """Erase all that HQ knows of a worker. Events keep the opaque id. Raises HqAway."""
        with plainly():
            try:
                erase(self._people, [worker_id], by=BY, why=reason)
            except LeavingRefused:  # HQ knows nothing of this worker: nothing is left to erase
                return

    def risk_lists(self, worker_ids: Sequence[str]) -> dict[str, set[str]]:
        """Return worker id -> risk lists on which the district put the worker. Raises HqAway."""
        found: dict[str, set[str]] = {}
        with plainly(), self._store.read() as db:
            for entry in own_entries(self._people, db, worker_ids):
                found.setdefault(entry.worker_id, set()).add(entry.list_name)
        return found

    def put_risk_entry(self, entry: HqRiskEntry) -> None:
        """Hold a worker at the gates of the worker's sites. An entry of the same list is replaced. Raises HqAway,
        HqRefused.
        """
        with plainly(), self._people.writing() as db:
            put_entry(self._people, db, entry)

    def lift_risk_entry(self, lift: HqRiskLift) -> None:
        """End an entry that the district put. Raises HqAway, HqRefused."""
        with plainly(), self._people.writing() as db:
            lift_entry(self._people, db, lift)

    def state(self, worker_id: str) -> HqWorkerState | None:
        """Return what HQ has of a worker; None if nothing. Raises HqAway."""
        with plainly(), self._store.read() as db:
            worker = self._people.records(db, [worker_id]).get(worker_id)
            if worker is None:
                return None
            rows = tables.template_rows(db, [worker_id])
            withdrawn = tables.withdrawn_utc(db, worker_id)
        has_face = any(row.consent_ref == worker.consent_ref for row in rows)
        return HqWorkerState(worker.sites, has_face, bool(worker.cards), worker.consent_ref, withdrawn)

    def code(self, worker_id: str, valid: timedelta = VALID_MAX) -> str:
        """Return the text of a QR code that admits a worker once, at all of their sites. Raises HqAway, HqRefused."""
        with plainly():
            worker = self._people.find(worker_id)
            if worker is None or not worker.sites:
                raise HqRefused("HQ knows no site of this worker")
            return code_text(worker, None, valid, self._keys, now())

    def worker_of_code(self, text: str) -> str | None:
        """Return whose code a text is; None if HQ did not sign it, or it is not valid now."""
        try:
            found = read(text, self._keys.signing.public_key())
        except BadCode:
            return None
        return found.worker_id if found.issued_utc <= now() <= found.expires_utc else None

    def training_code(
        self, session_id: str, step: str, valid: timedelta, *, worker_id: str = "", site_id: str = ""
    ) -> str:
        """Return the text of a QR code that proves a step of a training at a gate. Raises HqAway, HqRefused."""
        with plainly():
            try:
                return training_code_text(session_id, TrainingStep(step), worker_id, site_id, valid, self._keys, now())
            except BadCredential as error:
                raise HqRefused(str(error)) from None

    def receipts(self, worker_id: str) -> list[GateReceipt]:
        """Say of each gate whether it proved that the newest destroyed template is gone there. Raises HqAway."""
        with plainly():
            found = receipts(self._store, worker_id)
        newest = max((one.forgotten_utc for one in found), default=None)
        return [
            GateReceipt(
                one.site_id,
                one.gate_id,
                one.held is TemplatePlace.NOWHERE,
                one.proven_utc,
                one.online,
                one.forgotten_utc,
            )
            for one in found
            if one.forgotten_utc == newest
        ]

    def gates(self) -> list[HqGate]:
        """List the registered gates, and when HQ last heard each. Raises HqAway."""
        with plainly():
            with self._store.read() as db:
                reports = {one.gate_id: one for one in gate_reports(db)}
            known = registered_list(self._store)
        found = []
        for gate_id, gate in sorted(known.items()):
            report = reports.get(gate_id)
            times = [utc for utc in (report.status_utc, report.health_utc) if utc] if report else []
            online = report is not None and report.online
            found.append(HqGate(gate.site_id, gate_id, online, max(times, default=None)))
        return found

    def close(self) -> None:
        """Close HQ's database."""
        self._store.close()

    def _remove_others(self, db: Connection, worker_id: str, model_id: str) -> None:
        found = tables.template_records(db, self._people.cipher, [worker_id])
        same = [digest for digest, record in found if any(one.model_id == model_id for one in record.templates)]
        if same:
            tables.remove_templates(db, same)
            note_removed(db, {worker_id}, RemovalReason.REPLACED, now(), BY)
