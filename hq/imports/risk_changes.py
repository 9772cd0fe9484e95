"""The entries of risk lists that an import reads and writes."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from contract.messages import RiskEntry
from contract.names import matched
from hq.imports.plan import Change, RiskChange
from hq.registry.import_file import ImportRefused
from hq.registry.people import PeopleRegistry
from hq.registry.risk_record import RiskRecord, StoredRisk
from hq.registry.risks import RiskRefused

_WHY = "taken off by an import"


class RiskChanges:
    """The risk lists, inside one transaction."""

    def __init__(self, people: PeopleRegistry, db: Connection, by: str) -> None:
        self._lists, self._db, self._by = people.risk_lists, db, by

    def every(self) -> list[RiskEntry]:
        """Return all entries."""
        return list(self._lists.stored(self._db))

    def held(self, worker_ids: Iterable[str]) -> dict[tuple[str, str], RiskEntry]:
        """Return the entries of these workers, by worker id and matched list name."""
        return dict(self._held(worker_ids))

    def write(self, changes: Sequence[RiskChange]) -> None:
        """Write entries as they shall be, and take off those that go. Raises ImportRefused."""
        held = self._held({one.entry.worker_id for one in changes})
        try:
            for one in changes:
                if one.change is Change.REMOVE:
                    self._lists.take_off(self._db, one.entry.worker_id, one.entry.list_name, self._by, _WHY)
        except RiskRefused as error:
            raise ImportRefused(f"nothing was imported: {error}") from error
        kept = [one.entry for one in changes if one.change is not Change.REMOVE]
        self._lists.put(self._db, [_record(entry, held.get(_key(entry))) for entry in kept], self._by)

    def _held(self, worker_ids: Iterable[str]) -> dict[tuple[str, str], StoredRisk]:
        return {_key(entry): entry for entry in self._lists.stored(self._db, worker_ids)}


def _record(entry: RiskEntry, held: StoredRisk | None) -> RiskRecord:
    """Add what no file says of an entry, and HQ knows: it stays."""
    more = {} if held is None else {"purpose": held.purpose, "may_lift": held.may_lift}
    return RiskRecord.model_validate({**entry.model_dump(include=set(RiskEntry.model_fields)), **more})


def _key(entry: RiskEntry) -> tuple[str, str]:
    return entry.worker_id, matched(entry.list_name)
