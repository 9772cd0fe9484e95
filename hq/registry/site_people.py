"""The people of one site, page by page: what its roster says of them. Other sites' people are never decrypted.

Memory holds one page at a time: it does not grow with a site.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from contract.messages import SealedTemplate, WorkerRecord
from hq.database import people as tables
from hq.database.assignments import listed_of, listed_pages, people_sources
from hq.database.clock import now
from hq.keys.encryption import Cipher
from hq.keys.keys import HqKeys
from hq.registry.inactive_workers import templates_left_out
from hq.registry.site_dates import at_site, until_at


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one pass over the workers needs."""

    cipher: Cipher
    utc: datetime
    fingerprint: Callable[[bytes], str]


class SitePeople:
    """Reads workers for the roster of a site. Methods raise AtRestError where a row cannot be read."""

    def __init__(self, keys: HqKeys) -> None:
        self._keys = keys

    def fingerprints(self, db: Connection, site_id: str) -> Iterator[dict[str, str]]:
        """Return, by worker id, a text that changes with the worker's entry, consent or templates.

        Decrypts no template.
        """
        reading = self._reading()
        for page in listed_pages(db, site_id):
            digests = tables.template_digests(db, page)
            yield {
                row.worker_id: _fingerprint(reading, row, tables.worker_body(reading.cipher, row), digests, site_id)
                for row in tables.worker_rows(db, page)
            }

    def workers(self, db: Connection, site_id: str) -> Iterator[list[tuple[WorkerRecord, str]]]:
        """Return the site's workers, with the templates they consented to, and their fingerprints."""
        sources, reading = frozenset(people_sources(db, site_id)), self._reading()
        for page in listed_pages(db, site_id):
            digests = tables.template_digests(db, page)
            enrolments = tables.enrolments_by_worker(db, reading.cipher, page)
            rows = []
            for row in tables.worker_rows(db, page):
                body = tables.worker_body(reading.cipher, row)
                worker = at_site(WorkerRecord.model_validate_json(body), site_id)
                templates = standing(worker, row.updated_utc, enrolments.get(row.worker_id, ()), reading.utc)
                rows.append((_at(worker, templates, sources), _fingerprint(reading, row, body, digests, site_id)))
            yield rows

    def some(self, db: Connection, site_id: str, worker_ids: Sequence[str]) -> list[WorkerRecord]:
        """Return these workers of the site, with their templates, by worker id. Others are left out."""
        sources, cipher, utc = frozenset(people_sources(db, site_id)), self._keys.at_rest.current(), now()
        found = []
        for page in tables.slices(sorted(listed_of(db, site_id, worker_ids))):
            enrolments = tables.enrolments_by_worker(db, cipher, page)
            for row in tables.worker_rows(db, page):
                worker = at_site(tables.worker_of(cipher, row), site_id)
                templates = standing(worker, row.updated_utc, enrolments.get(row.worker_id, ()), utc)
                found.append(_at(worker, templates, sources))
        return sorted(found, key=lambda worker: worker.worker_id)

    def present(self, db: Connection, site_id: str, worker_ids: Sequence[str]) -> frozenset[str]:
        """Return those of these workers who are on the site's roster."""
        return listed_of(db, site_id, worker_ids)

    def _reading(self) -> _Reading:
        return _Reading(self._keys.at_rest.current(), now(), fingerprinting(self._keys))


def fingerprinting(keys: HqKeys) -> Callable[[bytes], str]:
    """Make a keyed hash: the plain hash of a record could be guessed from what people know of a worker."""
    secret = hashlib.sha256(b"sitegate list fingerprints" + keys.sealing.private_bytes_raw()).digest()
    return lambda data: hashlib.blake2b(data, key=secret, digest_size=16).hexdigest()


def standing(
    worker: WorkerRecord, written_utc: datetime, enrolments: Sequence[Any], utc: datetime
) -> tuple[SealedTemplate, ...]:
    """Return the templates of the consent that stands; none of a worker who is long inactive."""
    if templates_left_out(worker.active, worker.valid_until, written_utc, utc):
        return ()
    kept = [record for record in enrolments if record.consent_ref == worker.consent_ref]
    return tuple(template for record in kept for template in record.templates)


def _at(worker: WorkerRecord, templates: tuple[SealedTemplate, ...], sources: frozenset[str]) -> WorkerRecord:
    """Return a worker as a site may see it. Where else, and when, the worker is assigned is no business of the site."""
    sites = tuple(site for site in worker.sites if site in sources)
    return worker.model_copy(update={"templates": templates, "sites": sites, "site_dates": ()})


def _fingerprint(reading: _Reading, row: Row[Any], body: bytes, digests: dict[str, list[str]], site_id: str) -> str:
    said = json.loads(body)
    out = templates_left_out(said.get("active", True), until_at(said, site_id), row.updated_utc, reading.utc)
    held = [b"left out"] if out else map(str.encode, sorted(digests.get(row.worker_id, ())))
    return reading.fingerprint(b"\n".join((body, *held)))
