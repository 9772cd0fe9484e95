"""HQ with several sites, and what a thief reads who has the key of one of them."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from contract.deltas import Delta, open_delta, read_delta
from contract.keyring import OpeningKeys
from contract.messages import (
    DECISION_LISTS,
    DirectoryDelta,
    DirectorySnapshot,
    ListKind,
    PolicySnapshot,
    RiskDelta,
    RiskEntry,
    RiskSnapshot,
    RosterDelta,
    SealedTemplate,
    WorkerEntry,
)
from contract.parts import open_part, read_part
from hq.database.store import Store
from hq.keys import keys
from hq.lists.publisher import ListPart, Publisher
from hq.registry.credentials import WrittenWorker
from hq.registry.import_file import ImportFile
from hq.registry.people import PeopleRegistry
from hq.registry.sites import SiteRegistry


def vector(name: str) -> bytes:
    return np.random.default_rng([*name.encode()]).standard_normal(64).astype("<f2").tobytes()


def person(name: str, *sites: str, **fields: object) -> WrittenWorker:
    """A worker with a template of their own, and with a name."""
    one = SealedTemplate(model_id="m", vector=vector(name))
    own = {"worker_id": name, "sites": sites, "consent_ref": f"c-{name}", "templates": (one,), "name": f"Mx {name}"}
    return WrittenWorker.model_validate({**own, **fields})


class SiteLists:
    """HQ without a service: `sites` in the registry, each with its keys."""

    def __init__(self, folder: Path, sites: Iterable[str], url: str = "") -> None:
        names = tuple(sites)
        keys.init(folder, names, 1883)
        self.keys = keys.load(folder)
        self.store = Store(url or f"sqlite:///{folder / 'hq.db'}", self.keys)
        self.registry = SiteRegistry(self.store)
        for site in names:
            self.registry.add(site, by="test")
        self.people = PeopleRegistry(self.store, self.keys)
        self.risks = self.people.risk_lists
        self.publisher = Publisher(self.store, self.people, self.keys)

    def take(self, *workers: WrittenWorker) -> None:
        self.people.take(ImportFile(workers=workers))

    def publish(self) -> set[tuple[str, ListKind]]:
        """As the running HQ does: what changed, and what was never published. Return which lists."""
        wanted = self.publisher.to_publish(self.registry.active())
        for key in wanted:
            self.publisher.publish(*key)
        return set(wanted)

    def bytes_of(self, site: str) -> list[ListPart]:
        """Everything that HQ gives the broker for a site."""
        kinds = (*DECISION_LISTS, ListKind.DIRECTORY)
        return [part for kind in kinds for part in self.publisher.kept(site, kind) if part.body]

    def read(self, site: str, key_of: str = "") -> "Stolen":
        """Open everything published for a site with a site's private keys. Raises BadSeal."""
        files = self.keys.folder / "sites"
        gate, screen = (OpeningKeys(files / f"{key_of or site}{whose}.key.pem") for whose in ("", ".screen"))
        signed_by, stolen = self.keys.signing.public_key(), Stolen()
        for part in self.bytes_of(site)[::-1]:  # the changes last
            key = screen if part.kind is ListKind.DIRECTORY else gate
            if part.part is None:
                changes = open_delta(read_delta(part.body, part.kind, signed_by), key)
                stolen.change(changes.delta, changes.vectors)
            else:
                content = open_part(read_part(part.body, part.kind, signed_by), key)
                stolen.add(content.snapshot, content.vectors)
        return stolen

    def close(self) -> None:
        self.store.close()


class Stolen:
    """What lies open: `text` and `vectors` are everything, the rest is the lists in force."""

    def __init__(self) -> None:
        self.text, self.vectors = "", b""
        self.workers: dict[str, WorkerEntry] = {}
        self.named: set[str] = set()
        self.risks: dict[str, tuple[RiskEntry, ...]] = {}
        self.policy: PolicySnapshot | None = None

    def add(self, snapshot: object, vectors: bytes) -> None:
        self._note(snapshot, vectors)
        self.workers |= {one.worker_id: one for one in getattr(snapshot, "workers", ())}
        if isinstance(snapshot, DirectorySnapshot):
            self.named |= {one.worker_id for one in snapshot.entries}
        if isinstance(snapshot, RiskSnapshot):
            self._list(snapshot.entries)
        if isinstance(snapshot, PolicySnapshot):
            self.policy = snapshot

    def change(self, delta: Delta, vectors: bytes) -> None:
        self._note(delta, vectors)
        if isinstance(delta, DirectoryDelta):
            self.named = (self.named - set(delta.removed)) | {one.worker_id for one in delta.entries}
        elif isinstance(delta, RosterDelta):
            kept = {who: one for who, one in self.workers.items() if who not in delta.removed}
            self.workers = kept | {one.worker_id: one for one in delta.workers}
        elif isinstance(delta, RiskDelta):
            gone = {*delta.removed, *(entry.worker_id for entry in delta.entries)}
            self.risks = {who: entries for who, entries in self.risks.items() if who not in gone}
            self._list(delta.entries)

    def names(self, worker_id: str) -> bool:
        """Tell whether anything here names a worker, or holds the worker's template."""
        words = (f'"{worker_id}"', f'"Mx {worker_id}"')
        return any(word in self.text for word in words) or vector(worker_id) in self.vectors

    def _list(self, entries: Iterable[RiskEntry]) -> None:
        for entry in entries:
            self.risks[entry.worker_id] = (*self.risks.get(entry.worker_id, ()), entry)

    def _note(self, message: object, vectors: bytes) -> None:
        self.text += message.model_dump_json()  # type: ignore[attr-defined]
        self.vectors += vectors
