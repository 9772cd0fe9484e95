"""Remove destroyed templates from the database's own files."""

from hq.database.removed_templates import newest_removal
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
        if newest != self._emptied_for and not self._publisher.holding_removed() and self._store.empty_log():
            self._emptied_for = newest
