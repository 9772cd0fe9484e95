"""The muster list as plain data: who is on the site, by team, for the muster page and for paper. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from contract.messages import DirectoryEntry
from edge.core.domain import MusterList
from edge.core.domain.visitors import is_visitor
from edge.screen.journal.totals import JournalTotals
from edge.screen.ports import NameDirectory
from edge.screen.translations import MusterWord, Texts
from edge.screen.words.visitors import VisitorWord

MusterSource = Callable[[], MusterList | None]
"""What the gate process wrote last; None: nothing."""
DirectorySource = Callable[[], NameDirectory]
NAMES_OLD = timedelta(days=1)
"""HQ signs the directory again several times a day."""


@dataclass(frozen=True, slots=True)
class NoNames:
    """A directory with nobody in it."""

    version: int = 0
    issued_utc: datetime | None = None
    entries: Mapping[str, DirectoryEntry] = field(default_factory=dict)
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class MusterRow:
    """One person. A worker whom the directory does not name has only an id."""

    worker_id: str
    name: str
    employer: str
    trade: str
    phone: str
    gate_id: str
    since: datetime


@dataclass(frozen=True, slots=True)
class MusterTeam:
    """The people of one team; "" : of none."""

    name: str
    rows: tuple[MusterRow, ...]


@dataclass(frozen=True, slots=True)
class MusterView:
    """`warnings`: why the list may be wrong, shown in red. `age`: of what HQ said of all gates; "" if it never did."""

    total: int
    unnamed: int
    teams: tuple[MusterTeam, ...]
    warnings: tuple[str, ...]
    age: str
    made: datetime


def muster_view(
    muster: MusterList | None, totals: JournalTotals, directory: NameDirectory, texts: Texts, now: datetime
) -> MusterView:
    """Everybody on the site by the newest knowledge. Without the gate process: by this gate's journal."""
    if muster is not None:
        rows = [_row(p.worker_id, p.gate_id, p.utc, directory.entries, texts) for p in muster.people]
        unnamed, issued = muster.unnamed, muster.issued_utc
    else:
        rows = [_row(worker_id, "", since, directory.entries, texts) for worker_id, since in totals.on_site.items()]
        unnamed, issued = totals.unnamed, None
    rows.sort(key=lambda row: (not row[0], row[0], row[1].name or row[1].worker_id))
    teams = groupby(rows, key=lambda row: row[0])
    return MusterView(
        total=len(rows) + unnamed,
        unnamed=unnamed,
        teams=tuple(MusterTeam(name, tuple(row for _, row in found)) for name, found in teams),
        warnings=tuple(_warnings(muster, issued, directory, texts, now)),
        age=texts.age(now - issued) if issued else "",
        made=now,
    )


def _row(
    worker_id: str, gate_id: str, since: datetime, entries: Mapping[str, DirectoryEntry], texts: Texts
) -> tuple[str, MusterRow]:
    """Return the team, and the row. Visitors are a team of their own, also after their names were forgotten."""
    entry = entries.get(worker_id) or DirectoryEntry(worker_id=worker_id)
    row = MusterRow(
        worker_id, entry.name or "", entry.employer or "", entry.trade or "", entry.phone or "", gate_id, since
    )
    if is_visitor(worker_id):
        return texts.room("visitors")[VisitorWord.ALL_HERE.value], row
    return entry.team or "", row


def _warnings(
    muster: MusterList | None, issued: datetime | None, directory: NameDirectory, texts: Texts, now: datetime
) -> list[str]:
    found = []
    if issued is None:
        found.append(texts.muster[MusterWord.THIS_GATE_ONLY])
    elif muster is not None and (now - issued).total_seconds() > muster.max_age_s:
        found.append(texts.muster[MusterWord.OLD].format(age=texts.age(now - issued)))
    if not directory.version:
        found.append(texts.muster[MusterWord.NO_NAMES])
    elif directory.issued_utc is not None and now - directory.issued_utc > NAMES_OLD:
        found.append(texts.muster[MusterWord.OLD_NAMES].format(age=texts.age(now - directory.issued_utc)))
    return found
