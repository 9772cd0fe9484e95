"""The entries of risk lists that an import reads and writes."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from contract.messages import RiskEntry
from contract.names import matched
from hq.imports.plan import Change, RiskChange
from hq.registry.people import PeopleRegistry


class RiskChanges:
    """The risk lists, inside one transaction."""

    def __init__(self, people: PeopleRegistry, db: Connection, by: str) -> None:
        self._people, self._db, self._by = people, db, by

    def every(self) -> list[RiskEntry]:
        """Return all entries."""
        return list(self._people.risks(self._db))

    def held(self, worker_ids: Iterable[str]) -> dict[tuple[str, str], RiskEntry]:
        """Return the entries of these workers, by worker id and matched list name."""
        wanted = set(worker_ids)
        return {(e.worker_id, matched(e.list_name)): e for e in self.every() if e.worker_id in wanted}

    def write(self, changes: Sequence[RiskChange]) -> None:
        """Write entries as they shall be, and take off those that go."""
        if not changes:
            return
        keys = {(one.entry.worker_id, matched(one.entry.list_name)) for one in changes}
        kept = [entry for entry in self.every() if (entry.worker_id, matched(entry.list_name)) not in keys]
        kept += [one.entry for one in changes if one.change is not Change.REMOVE]
        self._people.put_risks(self._db, kept)
