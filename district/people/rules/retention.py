"""Why each piece of data about a person is held, who reads it, and how long. Pages and tests use this table."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from district.permissions import Permission

_P = Permission
_LEDGER = _("Until three years after the last wages were settled.")
_AT_ONCE = _("Until the person leaves and asks, or until it is ended: then erased at once.")
_WAGES_LAW = _("Regulation on Wages of Migrant Workers, Art. 28")
_CONSENT_LAW = _("Consent, PIPL Art. 29")
_WORK_LAW = _("Work contract, PIPL Art. 13 (2)")


@dataclass(frozen=True)
class KeptField:
    """One field, or a group of fields of one table."""

    table: str
    """`app.model`, as audit entries name it."""
    fields: tuple[str, ...]
    label: StrPromise
    purpose: StrPromise
    ground: StrPromise
    kept: StrPromise
    readers: Permission
    sensitive: bool = False
    """Encrypted, and every look is recorded."""


KEPT: tuple[KeptField, ...] = (
    KeptField(
        "people.person", ("name", "pinyin", "joined", "initials"),
        _("Name"), _("Real-name register of building workers."), _WAGES_LAW, _LEDGER, _P.SEE_PEOPLE,
    ),
    KeptField(
        "people.person", ("sex", "birth", "nation", "province"), _("Sex, date of birth, nation, origin"),
        _("Real-name register of building workers."), _WAGES_LAW, _LEDGER, _P.SEE_RECORDS,
    ),
    KeptField(
        "people.person", ("phone", "phone_index"), _("Phone"), _("To reach the person; to send the enrolment link."),
        _WORK_LAW, _AT_ONCE, _P.SEE_DOCUMENTS, sensitive=True,
    ),
    KeptField(
        "people.person", ("address",), _("Address"), _("Required by the real-name platform."), _WORK_LAW, _AT_ONCE,
        _P.SEE_DOCUMENTS, sensitive=True,
    ),
    KeptField(
        "people.person", ("emergency_contact",), _("Emergency contact"), _("After an accident."), _WORK_LAW, _AT_ONCE,
        _P.SEE_DOCUMENTS, sensitive=True,
    ),
    KeptField(
        "people.person", ("language", "way", "slow"), _("Language, way to pass, time to pass"),
        _("The gate shows and waits accordingly."), _WORK_LAW, _AT_ONCE, _P.SEE_PEOPLE,
    ),
    KeptField(
        "people.iddocument", ("number", "number_index", "kind", "expires", "issuer"), _("Id document"),
        _("Proves who works and is paid; finds the same person again."), _WAGES_LAW, _LEDGER, _P.SEE_DOCUMENTS,
        sensitive=True,
    ),
    KeptField(
        "people.bankaccount", ("number", "number_index", "bank"), _("Bank account"), _("Wages are paid to it."),
        _WAGES_LAW, _LEDGER, _P.SEE_DOCUMENTS, sensitive=True,
    ),
    KeptField(
        "people.certificate", ("kind", "number", "issued", "expires", "is_training"), _("Certificates and trainings"),
        _("Gates may require trainings in force."), _WORK_LAW, _AT_ONCE, _P.SEE_RECORDS,
    ),
    KeptField(
        "people.insurance", ("kind", "number", "expires"), _("Insurances"), _("Accident insurance is a duty on sites."),
        _WORK_LAW, _AT_ONCE, _P.SEE_RECORDS,
    ),
    KeptField(
        "people.accesscard", ("number", "number_index"), _("Access cards"), _("Opens gates without a face."), _WORK_LAW,
        _AT_ONCE, _P.SEE_RECORDS, sensitive=True,
    ),
    KeptField(
        "people.employment", ("enterprise", "starts", "ends", "contract_number", "contract_ends"), _("Employers"),
        _("Who owes the wages."), _WAGES_LAW, _LEDGER, _P.SEE_RECORDS,
    ),
    KeptField(
        "people.assignment", ("project", "enterprise", "team", "trade", "role", "starts", "ends"), _("Work on sites"),
        _("Who may pass which gate; the wage ledger."), _WAGES_LAW, _LEDGER, _P.SEE_PEOPLE,
    ),
    KeptField(
        "people.consent", ("purpose", "given", "text_version", "given_on", "withdrawn"), _("Consents"),
        _("Proves that the face was used lawfully."), _CONSENT_LAW, _LEDGER, _P.SEE_RECORDS,
    ),
    KeptField(
        "people.invitation", ("secret_hash", "made", "expires", "used"), _("Enrolment links"),
        _("Lets the person enrol on the own phone."), _WORK_LAW, _AT_ONCE, _P.INVITE,
    ),
)  # fmt: skip
