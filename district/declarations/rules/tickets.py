"""Numbers, carriages and seats as people write them from a ticket. Pure.

Two people who sat in one train must get one number, however each wrote it.
"""

import re
import unicodedata

from django.utils.translation import gettext_noop

from district.declarations.rules.refusals import DeclarationRefused

FLIGHT, TRAIN, CAR = "flight", "train", "car"
_BLANKS = re.compile(r"[\s\-_.·・,，。]+")
_FLIGHT = re.compile(r"([A-Z0-9]{2}|[A-Z]{3})0*([1-9]\d{0,3})([A-Z]?)")
_TRAIN = re.compile(r"([A-Z]?)0*([1-9]\d{0,3})")
_OTHER = re.compile(r"[0-9A-Z\u4e00-\u9fff]{1,20}")
_SEAT = re.compile(r"0*([1-9]\d{0,2})([A-L]|[上中下])?")
_CARRIAGE = re.compile(r"(\+?)0*([1-9]\d?)")
_IATA = {
    "CCA": "CA", "CES": "MU", "CSN": "CZ", "CHH": "HU", "CSZ": "ZH", "CXA": "MF", "CSC": "3U", "CDG": "SC",
    "DKH": "HO", "CQH": "9C",
}  # fmt: skip
"""Three letters that some apps show in place of the two on the ticket."""


def trip_number(mode: str, text: str) -> str:
    """Return a number in its one form: `G1234`, `CZ3456`. Empty stays empty. Raises DeclarationRefused."""
    plain = _plain(text)
    if mode == TRAIN:
        plain = re.sub(r"(次列车|列车|车次|次)$", "", plain)
    elif mode == FLIGHT:
        plain = re.sub(r"(航班|次)$", "", plain)
    if not plain:
        return ""
    if mode == FLIGHT:
        return _flight(plain, text)
    if mode == TRAIN:
        found = _TRAIN.fullmatch(plain)
        if found is None:
            raise DeclarationRefused(
                gettext_noop("%(given)s is no number of a train: write the one on the ticket, such as G1234."),
                given=_shown(text),
            )
        return found[1] + found[2]
    if not _OTHER.fullmatch(plain):
        raise DeclarationRefused(
            gettext_noop("%(given)s is no number: write letters and digits, or leave it empty."), given=_shown(text)
        )
    return plain


def carriage(text: str) -> str:
    """Return a carriage in its one form: `7`, `+1` of an extra one. Raises DeclarationRefused."""
    plain = re.sub(r"(号?车厢|号车|车|号)$", "", _plain(text)).replace("加", "+")
    if not plain:
        return ""
    found = _CARRIAGE.fullmatch(plain)
    if found is None:
        raise DeclarationRefused(
            gettext_noop("%(given)s is no carriage: write its number, such as 7."), given=_shown(text)
        )
    return found[1] + found[2]


def seat(text: str) -> str:
    """Return a seat or berth in its one form: `12F`, `7`, `5下`. Without a seat: empty. Raises DeclarationRefused."""
    plain = re.sub(r"(座位|座|铺|号)$", "", _plain(text)).replace("号", "").replace("排", "")
    if plain in {"", "无", "站票"}:
        return ""
    found = _SEAT.fullmatch(plain)
    if found is None:
        raise DeclarationRefused(
            gettext_noop("%(given)s is no seat: write it as the ticket does, such as 12F."), given=_shown(text)
        )
    return found[1] + (found[2] or "")


def _flight(plain: str, text: str) -> str:
    found = _FLIGHT.fullmatch(plain)
    airline = _IATA.get(found[1], found[1]) if found else ""
    if found is None or airline.isdigit() or len(airline) == 3:
        raise DeclarationRefused(
            gettext_noop("%(given)s is no number of a flight: write the one on the ticket, such as CZ3456."),
            given=_shown(text),
        )
    return airline + found[2] + found[3]


def _plain(text: str) -> str:
    return _BLANKS.sub("", unicodedata.normalize("NFKC", text[:60]).upper())


def _shown(text: str) -> str:
    return " ".join("".join(sign for sign in text[:30] if sign.isprintable()).split()) or "?"
