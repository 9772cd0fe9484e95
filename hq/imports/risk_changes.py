"""The entries of risk lists that an import reads and writes."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from common.sheets.refusals import ImportRefused
from contract.names import matched
from hq.imports.plan import Change, RiskChange
from hq.registry.people import PeopleRegistry
from hq.registry.risk_record import StoredRisk
from hq.registry.risks import RiskRefused

_WHY = "taken off by an import"


class RiskChanges:
    """The risk lists, inside one transaction."""

    def __init__(self, people: PeopleRegistry, db: Connection, by: str) -> None:
        self._lists, self._db, self._by = people.risk_lists, db, by

    def every(self) -> list[StoredRisk]:
        """Return all entries."""
        return self._lists.stored(self._db)

    def held(self, worker_ids: Iterable[str]) -> dict[tuple[str, str], StoredRisk]:
        """Return the entries of these workers, by worker id and matched list name."""
        return {(one.worker_id, matched(one.list_name)): one for one in self._lists.stored(self._db, worker_ids)}

    def write(self, changes: Sequence[RiskChange]) -> None:
        """Write entries as they shall be, and take off those that go. Raises ImportRefused."""
        try:
            for one in changes:
                if one.change is Change.REMOVE:
                    self._lists.take_off(self._db, one.entry.worker_id, one.entry.list_name, self._by, _WHY)
        except RiskRefused as error:
            raise ImportRefused(f"nothing was imported: {error}") from error
        self._lists.put(self._db, [one.entry for one in changes if one.change is not Change.REMOVE], self._by)
