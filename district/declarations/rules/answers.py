"""A worker's answers: whether each can be, what is abnormal, and what is remembered for next time. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import TypeVar

from django.utils.translation import gettext_noop

from district.declarations.rules.areas import area_code
from district.declarations.rules.refusals import DeclarationRefused
from district.declarations.rules.tickets import CAR, TRAIN, carriage, seat, trip_number

SYMPTOMS = {
    "fever": gettext_noop("fever"),
    "cough": gettext_noop("cough"),
    "breath": gettext_noop("short of breath"),
    "fatigue": gettext_noop("very tired"),
    "throat": gettext_noop("sore throat"),
    "taste": gettext_noop("no smell or taste"),
    "diarrhoea": gettext_noop("diarrhoea"),
}
MODES = frozenset({"flight", "train", "coach", "ferry", "car"})
ROWS_MAX = 20
"""More trips or places are not typed in two minutes; a longer list is a mistake or an attack."""
AHEAD_DAYS = 7
"""Who has a ticket may declare the trip before it."""
LOWEST, HIGHEST = Decimal("34"), Decimal("43")
_Row = TypeVar("_Row")


class Abnormal(StrEnum):
    """Why a declaration needs a decision by a person."""

    SYMPTOMS = "symptoms"
    FEVER = "fever"
    CONTACT = "contact"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a measure asks for."""

    valid_hours: int = 24
    look_back_days: int = 14
    fever_tenths: int = 373
    twice_daily_trades: frozenset[str] = frozenset()
    at_gate: bool = False


@dataclass(frozen=True, slots=True)
class DraftTrip:
    """A trip as it was typed."""

    mode: str
    day: date
    number: str = ""
    carriage: str = ""
    seat: str = ""
    from_code: str = ""
    to_code: str = ""


@dataclass(frozen=True, slots=True)
class DraftStopover:
    """A place where the worker was."""

    area: str
    from_day: date
    until_day: date


@dataclass(frozen=True, slots=True)
class Answers:
    """Everything that one declaration says."""

    symptoms: tuple[str, ...] = ()
    temperature: str = ""
    contact_with_case: bool = False
    origin_code: str = ""
    living_code: str = ""
    trips: tuple[DraftTrip, ...] = ()
    stopovers: tuple[DraftStopover, ...] = ()


def checked_answers(given: Answers, asked: Asked, today: date) -> Answers:
    """Return the answers in their one form, each row once. Checking twice changes nothing. Raises
    DeclarationRefused.
    """
    if unknown := [code for code in given.symptoms if code not in SYMPTOMS]:
        raise DeclarationRefused(
            gettext_noop("%(given)s is no symptom of the list: choose from it."), given=unknown[0][:30]
        )
    if max(len(given.trips), len(given.stopovers)) > ROWS_MAX:
        raise DeclarationRefused(
            gettext_noop("At most %(count)s trips and places: leave out the oldest."), count=ROWS_MAX
        )
    first = today - timedelta(days=asked.look_back_days)
    found = degrees_of(given.temperature)
    return Answers(
        symptoms=tuple(code for code in SYMPTOMS if code in given.symptoms),
        temperature="" if found is None else str(found),
        contact_with_case=given.contact_with_case,
        origin_code=area_code(given.origin_code),
        living_code=area_code(given.living_code),
        trips=_once([_trip(one, first, today) for one in given.trips]),
        stopovers=_once([_stopover(one, first, today) for one in given.stopovers]),
    )


def degrees_of(text: str) -> Decimal | None:
    """Read a temperature with one decimal; None of an empty text. Raises DeclarationRefused."""
    plain = unicodedata.normalize("NFKC", text[:30]).replace(",", ".").replace("。", ".")
    plain = re.sub(r"[\s°]|C$|度$", "", plain.strip().upper())
    if not plain:
        return None
    if re.fullmatch(r"\d{2}(\.\d{1,2})?", plain, re.ASCII):
        found = Decimal(plain).quantize(Decimal("0.1"), ROUND_HALF_UP)
        if LOWEST <= found <= HIGHEST:
            return found
    raise DeclarationRefused(
        gettext_noop(
            "This is no body temperature: write degrees Celsius, such as 36.6. Measure again if it shows that."
        )
    )


def abnormal_of(answers: Answers, asked: Asked) -> tuple[Abnormal, ...]:
    """Return why checked answers need a decision by a person; empty if nothing does."""
    found = degrees_of(answers.temperature)
    reasons = {
        Abnormal.SYMPTOMS: bool(answers.symptoms),
        Abnormal.FEVER: found is not None and found * 10 >= asked.fever_tenths,
        Abnormal.CONTACT: answers.contact_with_case,
    }
    return tuple(reason for reason, holds in reasons.items() if holds)


def remembered_answers(last: Answers, asked: Asked, today: date) -> Answers:
    """Return what a form shows next time: places and trips that still count. Ask about health each time."""
    first = today - timedelta(days=asked.look_back_days)
    return replace(
        last,
        symptoms=(),
        temperature="",
        contact_with_case=False,
        trips=tuple(one for one in last.trips if one.day >= first),
        stopovers=tuple(
            replace(one, from_day=max(one.from_day, first)) for one in last.stopovers if one.until_day >= first
        ),
    )


def _trip(given: DraftTrip, first: date, today: date) -> DraftTrip:
    if given.mode not in MODES:
        raise DeclarationRefused(gettext_noop("Say how you travelled: choose from the list."))
    if given.day > today + timedelta(days=AHEAD_DAYS):
        raise DeclarationRefused(gettext_noop("The day of this trip is too far ahead: look at the ticket again."))
    if given.day < first:
        raise DeclarationRefused(
            gettext_noop("The trip was before %(day)s: it is not asked for. Leave it out."), day=first.isoformat()
        )
    start, end = area_code(given.from_code), area_code(given.to_code)
    number = trip_number(given.mode, given.number)
    if not number and given.mode != CAR and not (start or end):
        raise DeclarationRefused(gettext_noop("Write the number of the trip, or from where it went to where."))
    return replace(
        given,
        number=number,
        carriage=carriage(given.carriage) if given.mode == TRAIN else "",
        seat="" if given.mode == CAR else seat(given.seat),
        from_code=start,
        to_code=end,
    )


def _stopover(given: DraftStopover, first: date, today: date) -> DraftStopover:
    area = area_code(given.area)
    if not area:
        raise DeclarationRefused(gettext_noop("This place is not known: choose it from the list."))
    if given.until_day < given.from_day or given.from_day > today:
        raise DeclarationRefused(gettext_noop("The days of a place are turned round or ahead: look at them again."))
    if given.until_day < first:
        raise DeclarationRefused(
            gettext_noop("The stay ended before %(day)s: it is not asked for. Leave it out."), day=first.isoformat()
        )
    return replace(given, area=area, from_day=max(given.from_day, first), until_day=min(given.until_day, today))


def _once(rows: Sequence[_Row]) -> tuple[_Row, ...]:
    return tuple(dict.fromkeys(rows))
