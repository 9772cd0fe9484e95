"""The only door to HQ: nothing else of the district imports `hq`."""

from pathlib import Path

from hq import config as hq_config
from hq.database.store import Store
from hq.feed import Feed, FeedPage
from hq.keys import keys
from hq.registry.people import PeopleRegistry
from hq.registry.sites import open_store


class HqDoor:
    """HQ's registry and feed, opened from its folder. Several processes may have one each; close it afterwards."""

    def __init__(self, folder: Path) -> None:
        """Open HQ's folder. Raises hq.config.HqConfigError."""
        self.config = hq_config.load(folder)
        self._keys = keys.load(self.config.folder)
        self._store: Store = open_store(self.config, self._keys)
        self._people = PeopleRegistry(self._store, self._keys)

    def read_feed(self, cursor: str, limit: int = 1_000) -> FeedPage:
        """Read the next page of HQ's events. Store its entries and its cursor in one transaction."""
        return Feed(self._store).read(cursor, limit)

    def close(self) -> None:
        """Close HQ's database."""
        self._store.close()
