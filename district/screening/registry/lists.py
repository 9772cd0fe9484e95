"""Load key lists, add rules to them, withdraw them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.audit.record import record
from district.emergency.models import EmergencyMeasure
from district.emergency.rules import MeasureKind
from district.people.registry.persons import document_index, phone_index
from district.screening.models import Hit, KeyList, KeyRow, ListRule, send_risks
from district.screening.registry.matching import compare_list, compare_rule
from district.screening.rules import (
    HitState,
    KeyEntry,
    NormalKeyEntry,
    ScreeningRefused,
    area_prefix,
    normal_entry,
    said,
)

PORTION = 2_000
"""Rows of one transaction: others write between, while a list of a million rows is loaded."""
REFUSED_MAX = 1_000
"""Refused rows that are named; of more a list is the wrong file."""


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
    """What became of a list. `refused`: number of a row, from 1 -> why it is not on it."""

    list: KeyList
    rows: int = 0
    hits: int = 0
    refused: dict[int, ScreeningRefused] = field(default_factory=dict)


def load_list(by: object, measure: EmergencyMeasure, about: AboutKeyList, entries: Iterable[KeyEntry]) -> LoadedKeyList:
    """Store a list and compare it with everybody in the measure's place. Raises ScreeningRefused.

    A load that breaks off leaves a list that is never in force; its measure erases it.
    """
    done = LoadedKeyList(_begin(by, measure, about))
    for rows in _portions(done, entries):
        with transaction.atomic():
            KeyRow.objects.bulk_create(rows)
        done.rows += len(rows)
    with transaction.atomic():
        found = KeyList.objects.select_for_update().get(pk=done.list.pk)
        _running(found.measure)
        found.loaded = timezone.now()
        found.save(update_fields=["loaded"])
        done.list, done.hits = found, compare_list(found)
        details = {"rows": str(done.rows), "refused": str(len(done.refused)), "hits": str(done.hits)}
        record(by, "load list", found, place_path=found.measure.place.path, details=details)
    return done


@transaction.atomic
def add_rule(by: object, key_list: KeyList, area: str, first: date, last: date, *, at_once: bool = False) -> ListRule:
    """Add an area and days to a list, and compare all declarations with them. Raises ScreeningRefused."""
    found = _open(key_list)
    area_prefix(area)
    if last < first:
        raise ScreeningRefused(gettext_noop("The last day is before the first: compare both."))
    rule = ListRule.objects.create(list=found, area=area, first_day=first, last_day=last, at_once=at_once)
    hits = compare_rule(rule)
    details = {"hits": str(hits), "list": str(found.pk)}
    record(by, "add list rule", rule, place_path=found.measure.place.path, details=details)
    return rule


@transaction.atomic
def withdraw_list(by: object, key_list: KeyList, why: str) -> KeyList:
    """End a list before its last day: its hits are lifted. Raises ScreeningRefused."""
    found, why = _open(key_list), said(why)
    now = timezone.now()
    held = Hit.objects.filter(list=found, state=HitState.IN_FORCE)
    send_risks(held)
    lifted = held.update(state=HitState.LIFTED, decided=now, decided_by=str(by)[:150], why=why)
    found.withdrawn = now
    found.save(update_fields=["withdrawn"])
    record(by, "withdraw list", found, place_path=found.measure.place.path, details={"hits": str(lifted)})
    return found


def _begin(by: object, measure: EmergencyMeasure, about: AboutKeyList) -> KeyList:
    _running(measure)
    if about.ends < timezone.localdate():
        raise ScreeningRefused(gettext_noop("The list's last day is over: ask its source for a newer one."))
    said_of = [" ".join(text.split()) for text in (about.name, about.source, about.legal_basis)]
    desk = [" ".join(text.split()) for text in (about.reason_code, about.officer)]
    if not all(said_of + desk):
        raise ScreeningRefused(gettext_noop("Say name, source, legal basis, reason code and officer of the list."))
    if len(desk[0]) > 40 or len(desk[1]) > 80:
        raise ScreeningRefused(gettext_noop("The reason code has at most 40 characters, the officer 80: shorten them."))
    return KeyList.objects.create(
        measure=measure,
        name=said_of[0][:120],
        source=said_of[1][:200],
        legal_basis=said_of[2][:500],
        ends=about.ends,
        reason_code=desk[0],
        officer=desk[1],
        by=str(by)[:150],
    )


def _portions(done: LoadedKeyList, entries: Iterable[KeyEntry]) -> Iterator[list[KeyRow]]:
    """Return the rows in portions, and note those that are refused. A person who is there twice has two rows."""
    rows = _rows(done, entries)
    while some := list(islice(rows, PORTION)):
        yield some


def _rows(done: LoadedKeyList, entries: Iterable[KeyEntry]) -> Iterator[KeyRow]:
    for number, entry in enumerate(entries, 1):
        try:
            yield _row(done.list, normal_entry(entry))
        except ScreeningRefused as error:
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


def _running(measure: EmergencyMeasure) -> None:
    today = timezone.localdate()
    found = EmergencyMeasure.objects.filter(pk=measure.pk, kind=MeasureKind.SCREENING, ended=None)
    if not found.filter(starts__lte=today, ends__gte=today).exists():
        raise ScreeningRefused(gettext_noop("No measure allows key lists here now: start one first."))
