"""Which gaps somebody acknowledged. An acknowledged gap comes back when it grows."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from hq.database.clock import now
from hq.database.gap_acknowledgements import GapAcknowledgement, acknowledge_gap, gap_acknowledgements
from hq.database.store import Store
from hq.reports import gap_facts
from hq.reports.gaps import Gap, find


class AcknowledgementRefused(RuntimeError):
    """A gap that cannot be acknowledged. The text says why."""


def all_gaps(store: Store, patience: timedelta) -> list[tuple[Gap, GapAcknowledgement | None]]:
    """Find all gaps, each with the acknowledgement that still covers it."""
    found = find(gap_facts.journals(store), gap_facts.gates(store), now(), patience)
    with store.read() as db:
        known = gap_acknowledgements(db)
    return [(gap, covering(gap, known)) for gap in found]


def covering(gap: Gap, known: Mapping[str, GapAcknowledgement]) -> GapAcknowledgement | None:
    """Return the acknowledgement of a gap; None if there is none, or the gap has grown since."""
    held = known.get(gap.id)
    return held if held is not None and gap.size <= held.size else None


def acknowledge(
    store: Store, found: Sequence[Gap], beginning: str, *, by: str, why: str, utc: datetime | None = None
) -> Gap:
    """Acknowledge the one gap whose id begins so. Raises AcknowledgementRefused."""
    by, why = " ".join(by.split()), " ".join(why.split())
    if not by or not why:
        raise AcknowledgementRefused("--by and --why may not be empty: both are kept")
    if len(by) > 80 or len(why) > 500:
        raise AcknowledgementRefused("--by takes 80 characters, --why 500")
    wanted = beginning.strip().lower()
    matching = [gap for gap in found if wanted and gap.id.startswith(wanted)]
    if len(matching) != 1:
        what = "several gaps begin so" if matching else f"there is no gap {beginning!r} now"
        raise AcknowledgementRefused(f"{what}: sitegate-hq gaps shows them with their ids")
    (gap,) = matching
    made = GapAcknowledgement(gap.id, gap.kind.value, gap.site_id, gap.gate_id, gap.size, utc or now(), by, why)
    with store.write("gaps") as db:
        acknowledge_gap(db, made)
    return gap
