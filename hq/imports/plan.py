"""Works out what one line of a file changes: the worker before and after, field by field. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from contract.credentials import card_digest, hash_pin_code
from contract.messages import DirectoryEntry, SiteDates, WorkerRecord
from hq.imports.lines import RiskLine, WorkerLine
from hq.registry.credentials import WrittenWorker
from hq.registry.directory import OWN
from hq.registry.risk_record import RiskRecord
from hq.registry.site_dates import dates_text

_DEFAULTS: dict[str, Any] = {
    k: f.default for k, f in WorkerRecord.model_fields.items() if k not in ("worker_id", "templates")
}
_NOT_NULL = {key: f.default for key, f in WrittenWorker.model_fields.items() if f.default is not None}
_KEPT = ("purpose", "may_lift", "only_sites")
SECRET = ("cards", "pin", "templates")
"""Fields of which only the change is shown, never the value."""


class ImportMode(StrEnum):
    """What an import does with the workers it names."""

    UPDATE = "update"
    """Add and change. What is not named stays."""
    ADD = "add"
    """Add only: an id that exists is a problem."""
    REPLACE = "replace"
    """Replace whole records. With a site: those who are not in the file lose it."""
    REMOVE = "remove"
    """Remove. With a site: take the site away."""


class Change(StrEnum):
    """What becomes of a worker or an entry."""

    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"
    NONE = "unchanged"


class FieldChange(NamedTuple):
    """One field before and after. Of a secret one only whether there is one."""

    key: str
    before: object
    after: object

    def __str__(self) -> str:
        if self.key in SECRET:
            return f"{self.key} {'new' if self.after else 'removed'}"
        return f"{self.key} {value_text(self.before)} → {value_text(self.after)}"


@dataclass(frozen=True, slots=True)
class WorkerChange:
    """What becomes of one worker. `written`: the worker afterwards, but for the hash of a new PIN."""

    place: str
    change: Change
    worker_id: str
    fields: tuple[FieldChange, ...] = ()
    written: WrittenWorker | None = field(default=None, repr=False)
    pin: str | None = field(default=None, repr=False)

    def finished(self) -> WrittenWorker:
        """Return the worker with the hash of the PIN. Slow where there is one."""
        assert self.written is not None
        if self.pin is None:
            return self.written
        return self.written.model_copy(update={"pin": hash_pin_code(self.pin)})


@dataclass(frozen=True, slots=True)
class RiskChange:
    """What becomes of one entry of a risk list."""

    place: str
    change: Change
    entry: RiskRecord
    fields: tuple[FieldChange, ...] = ()


def worker_change(
    line: WorkerLine, held: WorkerRecord | None, names: DirectoryEntry | None, mode: ImportMode, site: str | None
) -> WorkerChange:
    """Work out what a line changes. `names`: what the directory holds. `site`: the only site the file is about."""
    whole = held is None or mode is ImportMode.REPLACE
    given: dict[str, Any] = {key: line.fields[key] for key in OWN if key in line.fields}
    if given and whole:
        given = dict.fromkeys(OWN) | given
    record = _record(line, held, whole, site, given)
    before = (_DEFAULTS if held is None else held.__dict__) | {key: getattr(names, key, None) for key in given}
    after = {**record.__dict__, **given}
    compared = [key for key in (*_DEFAULTS, *given) if key != "consent_ref" or key in record.model_fields_set]
    changes = [FieldChange(key, before[key], after[key]) for key in compared if before[key] != after[key]]
    if line.pin is not None:
        changes = [one for one in changes if one.key != "pin"] + [FieldChange("pin", None, True)]
    if templates := line.fields.get("templates"):
        changes.append(FieldChange("templates", None, len(templates)))
    change = Change.ADD if held is None else Change.CHANGE if changes else Change.NONE
    return WorkerChange(line.place, change, line.worker_id, tuple(changes), record, line.pin)


def without_site(held: WorkerRecord, site: str, place: str = "") -> WorkerChange:
    """Take a site away from a worker."""
    sites = tuple(one for one in held.sites if one != site)
    written = WrittenWorker.model_construct(held.model_fields_set | {"sites"}, **{**dict(held), "sites": sites})
    change = Change.CHANGE if sites != held.sites else Change.NONE
    return WorkerChange(place, change, held.worker_id, (FieldChange("sites", held.sites, sites),), written)


def risk_change(line: RiskLine, held: RiskRecord | None, mode: ImportMode, list_name: str) -> RiskChange:
    """Work out what a line changes. `list_name`: the list's name as it is known.

    Purpose and `may_lift` stay unless the line names them, also when the entry is replaced.
    """
    before = {} if held is None else {key: getattr(held, key) for key in RiskRecord.model_fields}
    kept = before if mode is not ImportMode.REPLACE else {key: before[key] for key in _KEPT if key in before}
    entry = RiskRecord.model_validate(kept | dict(line.fields) | {"worker_id": line.worker_id, "list_name": list_name})
    after = dict(entry)
    compared = [key for key in after if key not in ("worker_id", "list_name")]
    changes = tuple(FieldChange(key, before.get(key), after[key]) for key in compared if before.get(key) != after[key])
    change = Change.ADD if held is None else Change.CHANGE if changes else Change.NONE
    return RiskChange(line.place, change, entry, changes)


def _record(
    line: WorkerLine, held: WorkerRecord | None, whole: bool, site: str | None, given: Mapping[str, Any]
) -> WrittenWorker:
    fields = {key: value for key, value in line.fields.items() if key not in OWN}
    if site is not None:
        others = () if held is None else held.sites
        fields["sites"] = tuple(dict.fromkeys((*others, site)))
    base: dict[str, Any] = {} if whole or held is None else {key: getattr(held, key) for key in _DEFAULTS}
    if "consent_ref" not in fields:  # not mentioned: it stays
        base.pop("consent_ref", None)
    merged = base | {key: _NOT_NULL.get(key) if value is None else value for key, value in fields.items()}
    if line.cards is not None:
        merged["cards"] = tuple(card_digest(one, card) for card in line.cards for one in merged.get("sites", ()))
    return WrittenWorker.model_validate({"worker_id": line.worker_id, **merged, **given})


def value_text(value: object) -> str:
    """Return a value as people read it."""
    match value:
        case None | "" | ():
            return "–"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}Z"
        case date():
            return value.isoformat()
        case (SiteDates(), *_):
            return dates_text(value)
        case tuple():
            return ", ".join(map(str, value))
    return str(value)
