"""Store what gates and phones said, each event once, and make the stays and days of the people concerned."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from district.attendance.models import Correction, FeedLine, Passage, UnplacedEntry
from district.attendance.projection import Touched
from district.attendance.rules.incoming import Said
from district.attendance.rules.working_time import wall_clock_s
from district.attendance.settled import SettledMonths, ask_for_late, without_settled
from district.people.models import Assignment, Person
from district.places.models import Project

UNKNOWN_AT_ONCE = 1_000


def store(said: Sequence[Said], touched: Touched, source: str = Passage.Source.GATE) -> int:
    """Store passages and refusals; one that is here already is replaced. Return how many wait for their site.

    Call it in a transaction, and `projection.project(touched)` afterwards.
    """
    if not said:
        return 0
    projects = dict(Project.objects.filter(site_id__in={one.site_id for one in said}).values_list("site_id", "pk"))
    known = {(one.gate_id, one.line, one.seq): one for one in said if one.site_id in projects}
    waiting = [one for one in said if one.site_id not in projects]
    _keep_waiting(waiting)
    lines = lines_of({(one.gate_id, one.line) for one in known.values()})
    rows = _rows(known.values(), projects, lines, source)
    rows = without_settled(rows, list(known))
    _touch_old(rows, touched)
    Passage.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["line", "seq"], update_fields=_field_names(), batch_size=500
    )
    for row in rows:
        if row.granted:
            touched.add(row.person_id, row.utc)
    return len(waiting)


def lines_of(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Return the numbers of lines; new ones are made."""
    wanted = set(keys)
    if not wanted:
        return {}
    gates = {gate for gate, _line in wanted}

    def held() -> dict[tuple[str, str], int]:
        rows = FeedLine.objects.filter(gate_id__in=gates).values_list("gate_id", "line", "pk")
        return {(gate, line): number for gate, line, number in rows if (gate, line) in wanted}

    found = held()
    if missing := wanted - found.keys():
        FeedLine.objects.bulk_create([FeedLine(gate_id=g, line=n) for g, n in sorted(missing)], ignore_conflicts=True)
        found = held()
    return found


def people_of(worker_ids: Iterable[str]) -> dict[str, int]:
    """Return worker id -> person; of a record that was merged the person that it became."""
    rows = Person.objects.filter(worker_id__in=set(worker_ids)).order_by()
    found = {name: merged or number for name, number, merged in rows.values_list("worker_id", "pk", "merged_into")}
    again = dict(
        Person.objects.filter(pk__in=found.values(), merged_into__isnull=False)
        .order_by()
        .values_list("pk", "merged_into")
    )
    return {name: again.get(number, number) for name, number in found.items()}


def _merged(worker_ids: Iterable[str]) -> set[str]:
    """Return those of these ids that belong to a merged record: if the merge is taken back, its passages return."""
    rows = Person.objects.filter(worker_id__in=set(worker_ids), merged_into__isnull=False)
    return set(rows.order_by().values_list("worker_id", flat=True))


class Work:
    """Who works where for whom, on which days: looked up once for many passages."""

    def __init__(self, person_ids: Iterable[int]) -> None:
        self._found: defaultdict[tuple[int, int], list[Assignment]] = defaultdict(list)
        for row in Assignment.objects.filter(person__in=set(person_ids)).order_by("starts", "pk"):
            self._found[row.person_id, row.project_id].append(row)

    @property
    def sites(self) -> set[int]:
        """Return all sites where these people worked."""
        return {site for _person, site in self._found}

    def on(self, person_id: int | None, project_id: int, day: date) -> Assignment | None:
        """Return the assignment of a day: the newest that holds; else the one that ended last, or begins next.

        A gate that has not heard of an end still admits. The employer is then the last one.
        """
        found = self._found.get((person_id or 0, project_id), [])
        holding = [row for row in found if row.starts <= day and (row.ends is None or row.ends >= day)]
        before = [row for row in found if row.starts <= day]
        return (holding or before or found[:1] or [None])[-1]  # type: ignore[list-item]


def _rows(
    said: Iterable[Said], projects: dict[str, int], lines: dict[tuple[str, str], int], source: str
) -> list[Passage]:
    said, zone = list(said), timezone.get_default_timezone()
    people = people_of(one.worker_id for one in said if one.worker_id)
    work, aside, merged = Work(people.values()), _set_aside(said), _merged(people)
    rows = []
    for one in said:
        person, project = people.get(one.worker_id or ""), projects[one.site_id]
        assigned = work.on(person, project, one.utc.astimezone(zone).date())
        rows.append(
            Passage(
                line_id=lines[one.gate_id, one.line],
                seq=one.seq,
                project_id=project,
                person_id=person,
                enterprise_id=assigned.enterprise_id if assigned else None,
                assignment_id=assigned.pk if assigned else None,
                worker_id="" if person and one.worker_id not in merged else (one.worker_id or ""),
                utc=one.utc,
                local=wall_clock_s(one.utc, zone),
                direction=Passage.Direction.IN if one.inwards else Passage.Direction.OUT,
                granted=one.granted,
                reason=one.reason,
                source=source,
                set_aside=(one.gate_id, one.line, one.seq) in aside,
            )
        )
    return rows


def _touch_old(rows: Sequence[Passage], touched: Touched) -> None:
    """Note the moments of the rows that are replaced."""
    seqs: defaultdict[int, set[int]] = defaultdict(set)
    for row in rows:
        seqs[row.line_id].add(row.seq)
    for line, numbers in seqs.items():
        held = Passage.objects.filter(line=line, seq__gte=min(numbers), seq__lte=max(numbers), granted=True)
        for seq, person, utc in held.values_list("seq", "person_id", "utc"):
            if seq in numbers:
                touched.add(person, utc)


def _set_aside(said: Sequence[Said]) -> set[tuple[str, str, int]]:
    """Return the keys among these that an approved correction set aside."""
    approved = Correction.objects.filter(
        kind=Correction.Kind.SET_ASIDE,
        state=Correction.State.APPROVED,
        gate_id__in={one.gate_id for one in said},
        seq__gte=min((one.seq for one in said), default=0),
        seq__lte=max((one.seq for one in said), default=0),
    )
    return set(approved.values_list("gate_id", "line", "seq"))


def _keep_waiting(said: Sequence[Said]) -> None:
    UnplacedEntry.objects.bulk_create(
        [
            UnplacedEntry(site_id=one.site_id, gate_id=one.gate_id, line=one.line, seq=one.seq, entry=one.as_json())
            for one in said
        ],
        update_conflicts=True,
        unique_fields=["gate_id", "line", "seq"],
        update_fields=["site_id", "entry"],
    )


def _field_names() -> list[str]:
    return [field.name for field in Passage._meta.concrete_fields if field.name not in ("id", "line", "seq")]


def reassign(persons: Iterable[int], since: datetime, touched: Touched) -> int:
    """Look up the work of these people's passages again, after somebody changed it. Return how many changed."""
    wanted, zone = set(persons), timezone.get_default_timezone()
    work, changed = Work(wanted), list[Passage]()
    settled = SettledMonths(work.sites)
    for row in Passage.objects.filter(Q(person__in=wanted), utc__gte=since).iterator():
        assigned = work.on(row.person_id, row.project_id, row.utc.astimezone(zone).date())
        now: tuple[Any, Any] = (assigned.pk, assigned.enterprise_id) if assigned else (None, None)
        if now != (row.assignment_id, row.enterprise_id) and not settled.holds(row):
            row.assignment_id, row.enterprise_id = now
            changed.append(row)
            touched.add(row.person_id, row.utc)
    Passage.objects.bulk_update(changed, ["assignment", "enterprise"], batch_size=500)
    return len(changed)


def attach_known(touched: Touched) -> int:
    """Give the passages of workers whom nobody had registered to those who were since. Return how many."""
    unknown = Passage.objects.filter(person=None).exclude(worker_id="")
    people = people_of(unknown.order_by().values_list("worker_id", flat=True).distinct()[:UNKNOWN_AT_ONCE])
    rows = list(unknown.filter(worker_id__in=people)[:UNKNOWN_AT_ONCE])
    work, zone = Work(people.values()), timezone.get_default_timezone()
    settled = SettledMonths(row.project_id for row in rows)
    for row in rows:
        person = people[row.worker_id]
        assigned = work.on(person, row.project_id, row.utc.astimezone(zone).date())
        row.person_id, row.worker_id = person, ""
        row.assignment_id, row.enterprise_id = (assigned.pk, assigned.enterprise_id) if assigned else (None, None)
        if settled.holds(row):
            ask_for_late(row)
        elif row.granted:
            touched.add(person, row.utc)
    names = ["person", "worker_id", "assignment", "enterprise", "set_aside"]
    Passage.objects.bulk_update(rows, names, batch_size=500)
    return len(rows)
