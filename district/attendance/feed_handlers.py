"""Take HQ's feed into passages, stays and days: the worker calls `handle` in the transaction that stores the cursor."""

from collections.abc import Sequence

from django.db import transaction

from district.attendance.intake import attach_known, store
from district.attendance.models import FeedGap, FeedLine, Passage, UnplacedEntry
from district.attendance.projection import Touched, project
from district.attendance.rules.incoming import Said, read_entry
from district.attendance.settled import SettledMonths
from district.exchange.feed_entry import EntryOfFeed
from district.places.models import Project


def handle(entries: Sequence[EntryOfFeed]) -> None:
    """Take one page of the feed, in its order. The same page again changes nothing."""
    touched, said = Touched(), list[Said]()
    with transaction.atomic():
        for entry in entries:
            if entry.kind in ("restart", "missing"):
                store(said, touched)
                said.clear()
                _restart(entry, touched) if entry.kind == "restart" else _missing(entry)
            elif (found := read_entry(entry)) is not None:
                said.append(found)
        store(said, touched)
        project(touched)


def place_waiting() -> bool:
    """Take the entries of sites that are registered by now. Return whether there were any."""
    sites = Project.objects.filter(site_id__in=UnplacedEntry.objects.values("site_id")).values_list(
        "site_id", flat=True
    )
    site = sites.first()
    if site is None:
        return False
    with transaction.atomic():
        touched = Touched()
        rows = list(UnplacedEntry.objects.filter(site_id=site).order_by("pk")[:1_000])
        store([Said.from_json(row.site_id, (row.gate_id, row.line, row.seq), row.entry) for row in rows], touched)
        UnplacedEntry.objects.filter(pk__in=[row.pk for row in rows]).delete()
        project(touched)
    return True


def attach_registered() -> bool:
    """Give passages of unknown workers to people registered since. Return whether there were any."""
    with transaction.atomic():
        touched = Touched()
        found = attach_known(touched)
        project(touched)
    return bool(found)


def _restart(entry: EntryOfFeed, touched: Touched) -> None:
    """Set aside all of a line: HQ has another one under its name, which follows."""
    line = FeedLine.objects.filter(gate_id=entry.gate_id, line=entry.line).first()
    UnplacedEntry.objects.filter(gate_id=entry.gate_id, line=entry.line).delete()
    FeedGap.objects.filter(gate_id=entry.gate_id, line=entry.line).delete()
    if line is None:
        return
    held = Passage.objects.filter(line=line)
    settled = SettledMonths(held.order_by().values_list("project", flat=True).distinct())
    if settled:  # what was paid for stays; the same events find it under their keys again
        held = held.exclude(pk__in=[row.pk for row in held.filter(granted=True).iterator() if settled.holds(row)])
    for person, utc in held.filter(granted=True).values_list("person_id", "utc"):
        touched.add(person, utc)
    held._raw_delete(held.db)  # the stays go when they are made again


def _missing(entry: EntryOfFeed) -> None:
    FeedGap.objects.get_or_create(
        gate_id=entry.gate_id,
        line=entry.line,
        seq=entry.seq,
        last_seq=entry.last_seq,
        defaults={"why": entry.why[:40], "project": Project.objects.filter(site_id=entry.site_id).first()},
    )
