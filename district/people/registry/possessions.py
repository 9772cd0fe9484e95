"""Bank accounts, certificates, insurances and access cards of people."""

from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from district.fields import index_of
from district.people import rules
from district.people.models import AccessCard, BankAccount, Certificate, IdDocument, Insurance, Person
from district.people.registry.base import RecordRefused, change_of_people, followed, keep, living, rows_of
from district.people.registry.desk import desk_now

_CARDS_MAX = 10
"""What a gate's list takes for one worker and site."""


@change_of_people
def set_bank_account(by: object, person: Person, bank: str, number: str) -> BankAccount:
    """Store where wages go, in place of what was there. Raises RecordRefused, WrongNumber."""
    person = living(person)
    plain = rules.account_number(number)
    account = next(iter(rows_of(BankAccount, person)), None) or BankAccount(person=person)
    account.bank = _line(bank, 80) or account.bank
    if not account.bank:
        raise RecordRefused(_("The bank's name is missing: type it."))
    account.number, account.number_index = plain, index_of(BankAccount, "number_index", plain)
    keep(account)
    followed(by, "change", person, account, fields=("bank", "number"))
    return account


@change_of_people
def save_certificate(
    by: object,
    person: Person,
    *,
    kind: str,
    number: str = "",
    issued: date | None = None,
    expires: date | None = None,
    is_training: bool = False,
    certificate: Certificate | None = None,
) -> Certificate:
    """Store a certificate or training, new or changed. One of the same kind and number is the same. Raises
    RecordRefused.
    """
    person = living(person)
    kind, number = _line(kind, 60), _line(number, 60)
    if not kind:
        raise RecordRefused(_("The kind is missing: type what the certificate is for."))
    if issued and expires and expires < issued:
        raise RecordRefused(_("The certificate ends before it was issued: correct the dates."))
    there = (one for one in rows_of(Certificate, person) if (one.kind, one.number) == (kind, number))
    row = certificate or next(there, None) or Certificate(person=person)
    if row.person_id != person.pk:
        raise RecordRefused(_("This row belongs to another person."))
    row.kind, row.number, row.issued, row.expires, row.is_training = kind, number, issued, expires, is_training
    keep(row)
    followed(by, "change", person, row, fields=("kind", "number", "issued", "expires", "is_training"))
    return row


@change_of_people
def save_insurance(
    by: object,
    person: Person,
    *,
    kind: str,
    number: str = "",
    expires: date | None = None,
    insurance: Insurance | None = None,
) -> Insurance:
    """Store an insurance, new or changed. One of the same kind and number is the same. Raises RecordRefused."""
    person = living(person)
    kind, number = _line(kind, 60), _line(number, 60)
    if not kind:
        raise RecordRefused(_("The kind is missing: type what the insurance covers."))
    row = insurance or Insurance.objects.filter(person=person, kind=kind, number=number).first()
    row = row or Insurance(person=person)
    if row.person_id != person.pk:
        raise RecordRefused(_("This row belongs to another person."))
    row.kind, row.number, row.expires = kind, number, expires
    keep(row)
    followed(by, "change", person, row, fields=("kind", "number", "expires"))
    return row


@change_of_people
def add_card(by: object, person: Person, number: str) -> AccessCard:
    """Give a person an access card. A card that another holds stays with that one. Raises RecordRefused,
    WrongNumber.
    """
    person = living(person)
    plain = rules.card_number(number)
    index = card_index(plain)
    cards = [one for one in rows_of(AccessCard, person) if one.ended is None]
    if mine := [one for one in cards if one.number_index == index]:
        return mine[0]
    if len(cards) >= _CARDS_MAX:
        raise RecordRefused(_("This person has %(count)d cards already: end one first.") % {"count": _CARDS_MAX})
    card, taken = (
        AccessCard(person=person, number=plain, number_index=index),
        _("Somebody else holds this card: end it there first."),
    )
    desk = desk_now()
    if desk is not None and desk.open_card(index) is not None:
        raise RecordRefused(taken)
    keep(card, taken)
    followed(by, "give card", person, card, fields=("number",))
    return card


def card_index(number: str) -> str:
    """Return the index by which a card is found by its number in normal form."""
    return index_of(AccessCard, "number_index", number)


@change_of_people
def end_card(by: object, card: AccessCard, why: str = "") -> AccessCard:
    """End an access card: lost, broken or returned."""
    person = living(card.person_id)
    if card.ended is None:
        card.ended = timezone.now()
        keep(card)
        followed(by, "end card", person, card, fields=("ended",), why=why)
    return card


@change_of_people
def remove_possession(by: object, row: BankAccount | Certificate | Insurance | IdDocument, why: str = "") -> None:
    """Remove a row that was entered by mistake. Raises RecordRefused for somebody's last id document."""
    person = living(row.person_id)
    if isinstance(row, IdDocument) and IdDocument.objects.filter(person=person).count() < 2:
        raise RecordRefused(_("This is the only id document: type the right number over it instead."))
    followed(by, "remove", person, row, why=why)
    kept: Any = row.pk
    row.delete()
    row.pk = kept  # the audit entry of a batch is written later


def _line(text: str, length: int) -> str:
    return " ".join(text.replace("\0", "").split())[:length]
