"""Open HQ's folder for one command."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from hq import config as settings
from hq.database.store import Store
from hq.keys import keys
from hq.lists.publisher import Publisher
from hq.registry.change_replay import make_again
from hq.registry.known_sites import check_known
from hq.registry.people import PeopleRegistry
from hq.registry.sites import open_store


@contextmanager
def opened(
    folder: Path, site: str | None = None
) -> Iterator[tuple[settings.HqConfig, PeopleRegistry, Publisher, Store]]:
    """Open configuration, people, publisher and database, and close the database afterwards.

    `site`: what somebody asks about. For a misspelt one nothing is found, as if all were well. Raises SiteRefused.
    """
    config = settings.load(folder)
    pairs = keys.load(config.folder)
    store = open_store(config, pairs)
    try:
        people = PeopleRegistry(store, pairs)
        make_again(store, people)
        if site is not None:
            with store.read() as db:
                check_known(db, site)
        whole_after = timedelta(hours=config.lists.whole_after_h)
        yield config, people, Publisher(store, people, pairs, whole_after), store
    finally:
        store.close()
