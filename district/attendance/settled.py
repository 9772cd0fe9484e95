"""Keep settled months as they are. A passage that comes later is set aside, and waits for somebody who approves it."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from district.attendance.models import Correction, Passage, Payroll, Stay
from district.attendance.rules.working_time import day_of
from district.attendance.rules_of_sites import rules_by_site

Key = tuple[str, str, int]


class SettledMonths:
    """The settled months of some sites and employers."""

    def __init__(self, projects: Iterable[int]) -> None:
        sites = set(projects)
        rows = Payroll.objects.filter(settled__isnull=False, project__in=sites)
        self._held = set(rows.order_by().values_list("project", "enterprise", "month"))
        self._rules = rules_by_site(sites) if self._held else None

    def __bool__(self) -> bool:
        return bool(self._held)

    def holds(self, row: Passage) -> bool:
        """Say whether a passage would change a day of a settled month."""
        if not self._held or self._rules is None or not row.granted or row.person_id is None:
            return False
        day = day_of(row.local, self._rules(row.project_id, row.local))
        if (row.project_id, row.enterprise_id, day.replace(day=1)) in self._held:
            return True
        return day.day == 1 and row.direction == Passage.Direction.OUT and self._ends_day_before(row, day)

    def _ends_day_before(self, row: Passage, day: date) -> bool:
        before = day - timedelta(days=1)
        if self._rules is None or (row.project_id, row.enterprise_id, before.replace(day=1)) not in self._held:
            return False
        longest = timedelta(seconds=self._rules(row.project_id, row.local).longest_s)
        open_stay = Q(left__isnull=True) | Q(missing_exit=True)
        span = (row.utc - longest, row.utc)
        stays = Stay.objects.filter(open_stay, person=row.person_id, project=row.project_id, came__range=span)
        return stays.filter(date=before).exists()


def without_settled(rows: Sequence[Passage], keys: Sequence[Key]) -> list[Passage]:
    """Return the rows to store. `keys` are theirs, in the same order.

    What was stored before the settlement stays as it is. What is new is stored set aside. A late correction asks for
    approval of each, once.
    """
    settled = SettledMonths(row.project_id for row in rows)
    if not settled:
        return list(rows)
    held = _held(rows)
    asked = _asked(keys)
    kept, late = [], []
    for row, key in zip(rows, keys, strict=True):
        old = held.get((row.line_id, row.seq))
        if not settled.holds(row) and (old is None or not settled.holds(old)):
            kept.append(row)
        elif old is None:
            row.set_aside = row.set_aside or asked.get((*key, row.utc)) != Correction.State.APPROVED
            kept.append(row)
            late.append((row, key))
        elif _differs(old, row):
            late.append((row, key))
    Correction.objects.bulk_create([_late(row, key) for row, key in late if (*key, row.utc) not in asked])
    return kept


def ask_for_late(row: Passage) -> None:
    """Set a passage aside that would change a settled month, and ask for its approval."""
    row.set_aside = True
    _late(row, (row.line.gate_id, row.line.line, row.seq)).save()


def _held(rows: Sequence[Passage]) -> dict[tuple[int, int], Passage]:
    found: dict[tuple[int, int], Passage] = {}
    for line in {row.line_id for row in rows}:
        numbers = [row.seq for row in rows if row.line_id == line]
        for old in Passage.objects.filter(line=line, seq__in=numbers):
            found[line, old.seq] = old
    return found


def _asked(keys: Sequence[Key]) -> dict[tuple[str, str, int, datetime], str]:
    """Return the state of late corrections by key and time."""
    rows = Correction.objects.filter(
        kind=Correction.Kind.LATE, gate_id__in={key[0] for key in keys}, seq__in={key[2] for key in keys}
    )
    values = rows.values_list("gate_id", "line", "seq", "utc", "state")
    return {(gate, line, seq, utc): state for gate, line, seq, utc, state in values}


def _differs(old: Passage, new: Passage) -> bool:
    """Compare what days are made from. A refusal that was stored as one, or a set-aside passage, counted in no day."""
    names = ("utc", "direction", "granted", "person_id", "project_id")
    return any(getattr(old, name) != getattr(new, name) for name in names)


def _late(row: Passage, key: Key) -> Correction:
    gate_id, line, seq = key
    assert row.person_id is not None  # `holds` says no without a person
    return Correction(
        kind=Correction.Kind.LATE,
        project_id=row.project_id,
        person_id=row.person_id,
        enterprise_id=row.enterprise_id,
        utc=row.utc,
        direction=row.direction,
        gate_id=gate_id,
        line=line,
        seq=seq,
        why=_("It arrived after the wages of the month were settled."),
        asked=timezone.now(),
        asked_by=gate_id,
    )
