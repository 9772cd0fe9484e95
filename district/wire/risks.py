"""The district's own entries on HQ's risk lists."""

from collections.abc import Iterable

from pydantic import ValidationError
from sqlalchemy import Connection

from common.terminal.problems import problems
from district.wire.records import HqRefused, HqRiskEntry, HqRiskLift
from hq.registry.people import PeopleRegistry
from hq.registry.risk_record import RiskRecord, StoredRisk

BY = "district"
_PURPOSE = "emergency measure of the district"


def own_entries(people: PeopleRegistry, db: Connection, worker_ids: Iterable[str]) -> list[StoredRisk]:
    """Return the entries that the district added. Those of people at HQ are theirs."""
    return [one for one in people.risk_lists.stored(db, worker_ids) if one.added_by == BY]


def put_entry(people: PeopleRegistry, db: Connection, entry: HqRiskEntry) -> None:
    """Add or replace an entry. Raises HqRefused, also if somebody at HQ has an entry on a list of that name."""
    record = _record(entry)
    held = people.risk_lists.stored(db, [entry.worker_id], entry.list_name)
    if any(one.added_by != BY for one in held):
        raise HqRefused(f"HQ has an entry of its own on the list {entry.list_name}: lift it there, or rename the list")
    if not any(_content(one) == _content(record) for one in held):
        people.risk_lists.put(db, [record], BY)


def lift_entry(people: PeopleRegistry, db: Connection, lift: HqRiskLift) -> None:
    """End an entry of the district, if there is one. HQ keeps who and why for a while."""
    held = [one.list_name for one in own_entries(people, db, [lift.worker_id])]
    if lift.list_name in held:
        people.risk_lists.take_off(db, lift.worker_id, lift.list_name, BY, f"{lift.by}: {lift.why}"[:500])


def _record(entry: HqRiskEntry) -> RiskRecord:
    try:
        return RiskRecord(
            worker_id=entry.worker_id,
            list_name=entry.list_name,
            reason_code=entry.reason_code or None,
            officer=entry.officer or None,
            valid_until_utc=entry.until,
            purpose=_PURPOSE,
            may_lift=(BY,),
            only_sites=entry.sites,
        )
    except ValidationError as error:
        raise HqRefused(problems(error)) from error


def _content(record: RiskRecord) -> str:
    """Return what the entry says, as it is stored: times have their stored precision."""
    return record.model_dump_json(include=set(RiskRecord.model_fields))
