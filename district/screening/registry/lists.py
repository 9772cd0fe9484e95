"""Store key lists, put them in force, add rules to them, withdraw them."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from common.sheets.refusals import BadCell
from district.audit.record import record
from district.emergency.models import EmergencyMeasure
from district.emergency.rules import MeasureKind
from district.people.registry.persons import document_index, phone_index
from district.screening.models import Hit, KeyList, KeyRow, ListRule, send_risks
from district.screening.registry.matching import compare_list, compare_rule, whom_it_finds
from district.screening.rules import (
    HitState,
    KeyEntry,
    NormalKeyEntry,
    ScreeningRefused,
    area_prefix,
    check_days,
    normal_entry,
    said,
)

PORTION = 2_000
"""Rows of one transaction: others write between, while a list of a million rows is loaded."""
REFUSED_MAX = 1_000
"""Refused rows that are named; of more a list is the wrong file."""
RowProblems = ScreeningRefused | BadCell
ReadRow = tuple[int, KeyEntry | BadCell]
"""Number of a row as its file counts, and the row or why it cannot be read."""


@dataclass(frozen=True)
class AboutKeyList:
    """What an officer says of a list. `reason_code` and `officer` are shown to a gate's desk."""

    name: str
    source: str
    legal_basis: str
    ends: date
    reason_code: str
    officer: str


@dataclass
class LoadedKeyList:
    """What became of a list. `refused`: number of a row -> why it is not on it."""

    list: KeyList
    rows: int = 0
    hits: int = 0
    refused: dict[int, RowProblems] = field(default_factory=dict)


def load_list(
    by: object, measure: EmergencyMeasure, about: AboutKeyList, entries: Iterable[KeyEntry], delivery: str | None = None
) -> LoadedKeyList:
    """Store a list and put it in force. Raises ScreeningRefused.

    A load that breaks off leaves a list that is never in force; its measure erases it.
    """
    done = store_rows(begin_list(by, measure, about, delivery), enumerate(entries, 1))
    done.list, done.hits = put_in_force(by, done.list)
    return done


@transaction.atomic
def begin_list(by: object, measure: EmergencyMeasure, about: AboutKeyList, delivery: str | None = None) -> KeyList:
    """Make a list without rows. Raises ScreeningRefused."""
    check_running(measure)
    if about.ends < timezone.localdate():
        raise ScreeningRefused(gettext_noop("The list's last day is over: ask its source for a newer one."))
    said_of = [" ".join(text.replace("\0", "").split()) for text in (about.name, about.source, about.legal_basis)]
    desk = check_desk(about.reason_code, about.officer)
    if not all(said_of):
        raise ScreeningRefused(gettext_noop("Say name, source, legal basis, reason code and officer of the list."))
    return KeyList.objects.create(
        measure=measure,
        name=said_of[0][:120],
        source=said_of[1][:200],
        legal_basis=said_of[2][:500],
        ends=about.ends,
        reason_code=desk[0],
        officer=desk[1],
        by=str(by)[:150],
        delivery=delivery,
    )


def store_rows(key_list: KeyList, rows: Iterable[ReadRow]) -> LoadedKeyList:
    """Store the rows of a list, and count whom it would find. Raises ScreeningRefused: most rows cannot be read."""
    done = LoadedKeyList(key_list)
    KeyRow.objects.filter(list=key_list).delete()  # of an earlier attempt that broke off
    for some in _portions(done, rows):
        with transaction.atomic():
            KeyRow.objects.bulk_create(some)
        done.rows += len(some)
    finds = whom_it_finds(key_list)
    key_list.row_count, key_list.stored = done.rows, timezone.now()
    key_list.sure_count, key_list.unsure_count = finds.sure, finds.unsure
    key_list.refused = json.dumps(
        [[n, e.text, {k: str(v) for k, v in e.values.items()}] for n, e in done.refused.items()]
    )
    key_list.save(update_fields=["row_count", "stored", "sure_count", "unsure_count", "refused"])
    return done


def nothing_read(key_list: KeyList) -> bool:
    """Say whether a list has rows, and all of them are refused."""
    return key_list.row_count == 0 and bool(json.loads(key_list.refused or "[]"))


@transaction.atomic
def confirm_list(key_list: KeyList) -> bool:
    """Note that somebody has seen whom a list finds, and wants it in force. Return whether it was not in force yet.

    Raises ScreeningRefused: no row could be read, so the list would stop nobody and look as if it did.
    """
    if nothing_read(key_list):
        raise ScreeningRefused(gettext_noop("No row of this sheet could be read: correct it, and load it again."))
    waiting = KeyList.objects.kept().filter(pk=key_list.pk, loaded=None, withdrawn=None, confirmed=None)
    return bool(waiting.exclude(stored=None).update(confirmed=timezone.now()))


@transaction.atomic
def put_in_force(by: object, key_list: KeyList) -> tuple[KeyList, int]:
    """Compare a stored list with everybody in its measure's place, and store the hits. Return how many.

    Raises ScreeningRefused. A second call changes nothing.
    """
    found = KeyList.objects.select_for_update().get(pk=key_list.pk)
    check_running(found.measure)
    if found.withdrawn is not None or found.stored is None or found.ends < timezone.localdate():
        raise ScreeningRefused(gettext_noop("This list is over or was withdrawn: load a newer one."))
    if found.loaded is not None:
        return found, 0
    found.loaded = timezone.now()
    found.confirmed = found.confirmed or found.loaded
    found.save(update_fields=["loaded", "confirmed"])
    hits = compare_list(found)
    refused = len(json.loads(found.refused or "[]"))
    details = {"rows": str(found.row_count), "refused": str(refused), "hits": str(hits)}
    record(by, "load list", found, place_path=found.measure.place.path, details=details)
    return found, hits


@transaction.atomic
def add_rule(by: object, key_list: KeyList, area: str, first: date, last: date, *, at_once: bool = False) -> ListRule:
    """Add an area and days to a list, and compare all declarations with them. Raises ScreeningRefused."""
    found = _open(key_list)
    area_prefix(area)
    check_days(first, last)
    known = ListRule.objects.filter(list=found, area=area, first_day=first, last_day=last, at_once=at_once).first()
    if known is not None:  # the second of two clicks
        return known
    rule = ListRule.objects.create(list=found, area=area, first_day=first, last_day=last, at_once=at_once)
    hits = compare_rule(rule)
    details = {"hits": str(hits), "list": str(found.pk)}
    record(by, "add list rule", rule, place_path=found.measure.place.path, details=details)
    return rule


@transaction.atomic
def withdraw_list(by: object, key_list: KeyList, why: str) -> KeyList:
    """End a list before its last day: its hits are lifted. Raises ScreeningRefused."""
    why = said(why)
    found = KeyList.objects.kept().select_for_update(of=("self",)).filter(pk=key_list.pk, withdrawn=None).first()
    if found is None:
        raise ScreeningRefused(gettext_noop("This list is over or was withdrawn: load a newer one."))
    now = timezone.now()
    held = Hit.objects.filter(list=found, state=HitState.IN_FORCE)
    send_risks(held)
    lifted = held.update(state=HitState.LIFTED, decided=now, decided_by=str(by)[:150], why=why)
    found.withdrawn = now
    found.save(update_fields=["withdrawn"])
    record(by, "withdraw list", found, place_path=found.measure.place.path, details={"hits": str(lifted)})
    return found  # type: ignore[no-any-return]


def check_desk(reason_code: str, officer: str) -> tuple[str, str]:
    """Return what a gate's desk sees. Raises ScreeningRefused if it is missing or too long for HQ."""
    code, who = " ".join(reason_code.split()), " ".join(officer.split())
    if not code or not who:
        raise ScreeningRefused(gettext_noop("Say name, source, legal basis, reason code and officer of the list."))
    if len(code) > 40 or len(who) > 80:
        raise ScreeningRefused(gettext_noop("The reason code has at most 40 characters, the officer 80: shorten them."))
    return code, who


def check_running(measure: EmergencyMeasure) -> None:
    """Refuse a measure that allows no key lists now. Raises ScreeningRefused."""
    today = timezone.localdate()
    found = EmergencyMeasure.objects.filter(pk=measure.pk, kind=MeasureKind.SCREENING, ended=None)
    if not found.filter(starts__lte=today, ends__gte=today).exists():
        raise ScreeningRefused(gettext_noop("No measure allows key lists here now: start one first."))


def _portions(done: LoadedKeyList, rows: Iterable[ReadRow]) -> Iterator[list[KeyRow]]:
    """Return the rows in portions, and note those that are refused. A person who is there twice has two rows."""
    made = _rows(done, rows)
    while some := list(islice(made, PORTION)):
        yield some


def _rows(done: LoadedKeyList, rows: Iterable[ReadRow]) -> Iterator[KeyRow]:
    for number, entry in rows:
        try:
            if isinstance(entry, BadCell):
                raise entry
            yield _row(done.list, normal_entry(entry))
        except (ScreeningRefused, BadCell) as error:
            done.refused[number] = error
            if len(done.refused) > REFUSED_MAX:
                raise ScreeningRefused(
                    gettext_noop("More than %(count)s rows cannot be read: is it the right file?"), count=REFUSED_MAX
                ) from error


def _row(key_list: KeyList, entry: NormalKeyEntry) -> KeyRow:
    return KeyRow(
        measure_id=key_list.measure_id,
        made=key_list.made,
        list=key_list,
        name=entry.name,
        joined=entry.joined,
        initials=entry.initials,
        number=entry.number,
        number_index=document_index(entry.number),
        document_kind=entry.kind,
        phone=entry.phone,
        phone_index=phone_index(entry.phone),
        birth=entry.birth,
        area=entry.area,
        province=entry.province,
        note=entry.note,
    )


def _open(key_list: KeyList) -> KeyList:
    found = KeyList.objects.in_force().select_for_update(of=("self",)).filter(pk=key_list.pk).first()
    if found is None:
        raise ScreeningRefused(gettext_noop("This list is over or was withdrawn: load a newer one."))
    return found  # type: ignore[no-any-return]
