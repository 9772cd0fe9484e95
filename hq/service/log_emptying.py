"""Remove destroyed templates from the database's own files."""

from hq.database.removed_templates import cover_others, newest_removal
from hq.database.store import Store
from hq.lists.publisher import Publisher


class LogEmptying:
    """Empties the database's log after each removal, as soon as no published roster holds the templates."""

    def __init__(self, store: Store, publisher: Publisher) -> None:
        self._store, self._publisher = store, publisher
        self._emptied_for = -1
        """The last removal after which the log was emptied."""

    def due(self) -> None:
        """Empty the log if templates were removed since. A reader may prevent it until the next time."""
        with self._store.read() as db:
            newest = newest_removal(db)
        if newest == self._emptied_for or self._publisher.holding_removed():
            return
        with self._store.write() as db:  # a removal and a publication that ran side by side did not see each other
            cover_others(db)
        if self._store.empty_log():
            self._emptied_for = newest
