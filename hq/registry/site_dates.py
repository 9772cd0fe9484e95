"""The dates of a worker at one site, and how sheets write them. Pure."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from contract.messages import SiteDates, WorkerRecord

DATES = ("valid_from", "valid_until", "training_valid_until")
EXAMPLE = "write SITE FROM..UNTIL TRAINING, for example: site-1 2026-01-05..2026-06-30 2026-12-31; site-2 ..2026-03-31"
_GROUPS = ("since", "until", "training")
_DAY = r"\d{4}-\d{2}-\d{2}"
_ONE = re.compile(rf"(?P<site>[^\s;,]+)(?:\s+(?P<since>{_DAY})?\.\.(?P<until>{_DAY})?)?(?:\s+(?P<training>{_DAY}))?")


def at_site(worker: WorkerRecord, site_id: str) -> WorkerRecord:
    """Return a worker with the dates of a site in place of the worker's own."""
    found = next((one for one in worker.site_dates if one.site_id == site_id), None)
    given = {name: getattr(found, name) for name in DATES if getattr(found, name, None) is not None}
    return worker.model_copy(update=given) if given else worker


def until_at(record: Mapping[str, Any], site_id: str) -> date | None:
    """Return the last day at a site, of a worker's record as JSON holds it."""
    own: Mapping[str, Any] = next((one for one in record.get("site_dates", ()) if one["site_id"] == site_id), {})
    until = own.get("valid_until") or record.get("valid_until")
    return date.fromisoformat(until) if until else None


def ending(worker: WorkerRecord, last: date) -> tuple[SiteDates, ...]:
    """Return the dates by sites of a worker who works nowhere after this day."""
    return tuple(
        one if one.valid_until is None or one.valid_until <= last else one.model_copy(update={"valid_until": last})
        for one in worker.site_dates
    )


def with_end(worker: WorkerRecord, site_id: str, last: date) -> tuple[SiteDates, ...]:
    """Return the dates by sites of a worker whose last day at one site is this one."""
    others = tuple(one for one in worker.site_dates if one.site_id != site_id)
    held = next((one for one in worker.site_dates if one.site_id == site_id), SiteDates(site_id=site_id))
    return (*others, held.model_copy(update={"valid_until": last}))


def dates_text(dates: Iterable[Any]) -> str:
    """Write dates by sites as a sheet holds them."""
    return "; ".join(
        f"{one.site_id} {one.valid_from or ''}..{one.valid_until or ''} {one.training_valid_until or ''}".rstrip()
        for one in dates
    )


def read_dates(text: str) -> tuple[SiteDates, ...]:
    """Read dates by sites. Raises ValueError: not in this form, no day of the calendar, or a site twice."""
    found: dict[str, SiteDates] = {}
    for piece in filter(None, (part.strip() for part in re.split(r"[;；\n]", text))):
        match = _ONE.fullmatch(piece)
        if match is None or not any(match[group] for group in _GROUPS):
            raise ValueError(EXAMPLE)
        if match["site"] in found:
            raise ValueError(f"{match['site']} stands in it twice; {EXAMPLE}")
        given = {name: match[group] for name, group in zip(DATES, _GROUPS, strict=True)}
        found[match["site"]] = SiteDates.model_validate({"site_id": match["site"], **given})
    return tuple(found.values())
