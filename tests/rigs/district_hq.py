"""An HQ for tests of the people side: its folder, and what it holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.test import override_settings

from contract.messages import WorkerRecord
from district.exchange.door import close_hq_door
from hq import config as hq_config
from hq.database.store import Store
from hq.keys import keys
from hq.registry.people import PeopleRegistry
from hq.registry.sites import open_store

SITES = ("site-1", "site-2", "site-3", "site-4")


class TestedHq:
    """HQ's folder, and a second look into its database."""

    __test__ = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        keys.init(folder, SITES, 1883)
        self.config = hq_config.load(folder)
        self.keys = keys.load(self.config.folder)
        self.store: Store = open_store(self.config, self.keys)
        self.people = PeopleRegistry(self.store, self.keys)

    def worker(self, worker_id: str) -> WorkerRecord | None:
        return self.people.find(worker_id)

    def roster(self, site_id: str) -> list[str]:
        """Name the workers who are assigned to a site."""
        with self.store.read() as db:
            return [one.worker_id for one in self.people.roster(db) if site_id in one.sites]

    def names(self) -> dict[str, str | None]:
        with self.store.read() as db:
            ids = [one.worker_id for one in self.people.roster(db)]
            return {who: entry.name for who, entry in self.people.directory.of(db, ids).items()}


@contextmanager
def hq_in(folder: Path) -> Iterator[TestedHq]:
    """Make an HQ that the district's door opens."""
    hq = TestedHq(folder)
    with override_settings(HQ_FOLDER=folder):
        try:
            yield hq
        finally:
            close_hq_door()
            hq.store.close()
