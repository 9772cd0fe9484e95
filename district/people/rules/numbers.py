"""Numbers that people have: id documents, phones, bank accounts, access cards."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

import phonenumbers
from django.utils.translation import gettext as _
from stdnum.cn import ric

RESIDENT = "01"
YOUNGEST = 16
"""Years: nobody younger may be employed (Labour Law of the PRC, Art. 15)."""
OLDEST = 110
_OTHER_DOCUMENTS = {
    "08": r"[A-Z0-9]{5,17}",
    "10": r"[HM]\d{8}(\d{2})?",
    "12": r"\d{8}(\d{2})?|[A-Z]\d{9}",
}
_HOME = "CN"
_SHOWN = 4


class WrongNumber(ValueError):
    """A number that cannot be right. The text says what to do, and never repeats the number."""


@dataclass(frozen=True)
class IdFacts:
    """What the number of an id document says. Other documents than the resident card say nothing."""

    number: str
    birth: date | None = None
    sex: str = ""
    province: str = ""


def id_facts(kind: str, number: str, today: date) -> IdFacts:
    """Check the number of an id document, and read it. Raises WrongNumber."""
    plain = compact(number)
    if kind == RESIDENT:
        return _resident(plain, today)
    pattern = _OTHER_DOCUMENTS.get(kind)
    if pattern is None:
        raise WrongNumber(_("This kind of id document is not known: choose another."))
    if not re.fullmatch(pattern, plain):
        raise WrongNumber(_("The number does not look like one of this kind of document: compare both."))
    return IdFacts(plain)


def phone_number(text: str) -> str:
    """Return a phone number in its international form (E.164). Raises WrongNumber."""
    plain = unicodedata.normalize("NFKC", text).strip()
    try:
        number = phonenumbers.parse(plain, _HOME)
    except phonenumbers.NumberParseException:
        raise WrongNumber(_("The phone number cannot be read: type its digits.")) from None
    if not phonenumbers.is_possible_number(number):
        raise WrongNumber(_("The phone number has too few or too many digits: compare it."))
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def account_number(text: str) -> str:
    """Return the digits of a bank account. Raises WrongNumber."""
    plain = compact(text)
    if not re.fullmatch(r"\d{8,30}", plain):
        raise WrongNumber(_("A bank account has 8 to 30 digits: compare it."))
    return plain


def card_number(text: str) -> str:
    """Return the number of an access card, as its reader gives it. Raises WrongNumber."""
    plain = compact(text)
    if not re.fullmatch(r"[0-9]{1,32}", plain):  # as HQ takes it: no digits of other scripts
        raise WrongNumber(_("A card number has 1 to 32 digits: hold the card before a reader and type what it gives."))
    return plain


def hidden(number: str) -> str:
    """Return a number of which only the last four characters are shown."""
    return "…" + number[-_SHOWN:] if len(number) > 2 * _SHOWN else "…"


def compact(number: str) -> str:
    """Return a number in narrow capitals, without blanks and hyphens."""
    plain = unicodedata.normalize("NFKC", number).upper()
    return "".join(sign for sign in plain if not sign.isspace() and sign not in "-‐‑–—\ufeff\u200b")


def _resident(number: str, today: date) -> IdFacts:
    if re.fullmatch(r"\d{15}", number):
        raise WrongNumber(_("This is an old number of 15 digits: type the 18 digits of the present card."))
    if not re.fullmatch(r"\d{17}[\dX]", number, re.ASCII):
        raise WrongNumber(_("An id number has 18 digits, the last may be X: compare it."))
    if number[-1] != ric.calc_check_digit(number):
        raise WrongNumber(_("The check digit is wrong: one digit was mistyped or two were swapped."))
    try:
        birth = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise WrongNumber(_("The id number holds a date of birth that does not exist: compare it.")) from None
    age = today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
    if age < YOUNGEST:
        raise WrongNumber(
            _("By the id number the person is younger than %(years)d: employing them is forbidden.")
            % {"years": YOUNGEST}
        )
    if age > OLDEST:
        raise WrongNumber(_("By the id number the person is older than %(years)d: compare it.") % {"years": OLDEST})
    return IdFacts(number, birth, "m" if int(number[16]) % 2 else "f", number[:2])
