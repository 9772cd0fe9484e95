"""What is kept about a worker, in the words of the worker's own page."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from district.audit.models import Entry
from district.audit.record import READ
from district.enrolment.models import EnrolmentPhoto, PlatformPhoto
from district.enrolment.photos import face_consent
from district.people.models import AccessCard, BankAccount, IdDocument, Person


@dataclass(frozen=True, slots=True)
class KeptThing:
    """One thing that is kept: what, why and until when. `state`: good, care or ""."""

    icon: str
    what: str
    why: str
    until: str
    present: bool = True


def held_of(person: Person) -> list[KeptThing]:
    """Return what is kept about a person, also what is not: that is the question most people have."""
    return [*_face(person), *_papers(person), _passages(), _readers(person)]


def _face(person: Person) -> list[KeptThing]:
    consent = face_consent(person)
    enrolled = EnrolmentPhoto.objects.filter(person=person, state=EnrolmentPhoto.State.ENROLLED, consent=consent)
    newest = enrolled.order_by("-judged").first() if consent else None
    found = []
    if newest is not None:
        found.append(
            KeptThing(
                "face",
                _("Numbers made from your face"),
                _("To open the gate. No picture can be made of them."),
                _("Until you stop it, or leave the site"),
            )
        )
        photo = _("Your photo is deleted since %(time)s") % {"time": _clock(newest.judged)}
    else:
        found.append(KeptThing("face", _("Nothing of your face"), _("You pass without it."), "", present=False))
        photo = _("No photo of you is kept")
    platform = PlatformPhoto.objects.filter(person=person).first()
    if platform is not None:
        why = _("For the national real-name platform. You agreed to that apart.")
        found.append(KeptThing("camera", _("A small photo"), why, _("Until you stop it")))
    else:
        found.append(KeptThing("camera", photo, "", "", present=False))
    return found


def _papers(person: Person) -> list[KeptThing]:
    names = [_("your name")]
    names += [_("your birth date")] if person.birth else []
    names += [_("your phone number")] if person.phone else []
    names += [_("your address")] if person.address else []
    names += [_("your id number")] if IdDocument.objects.filter(person=person).exists() else []
    found = [
        KeptThing(
            "list",
            _(", ").join(names).capitalize(),
            _("The law asks each site for a register of its workers."),
            _("Until three years after your wages are settled"),
        )
    ]
    if BankAccount.objects.filter(person=person).exists():
        found.append(
            KeptThing(
                "shield",
                _("Bank account"),
                _("To pay your wages."),
                _("Until three years after your wages are settled"),
            )
        )
    if AccessCard.objects.filter(person=person, ended=None).exists():
        found.append(
            KeptThing("code", _("The number of your card"), _("To open the gate."), _("Until you give it back"))
        )
    return found


def _passages() -> KeptThing:
    return KeptThing(
        "clock",
        _("When you came and went"),
        _("Your wages are counted from it."),
        _("Until three years after your wages are settled"),
    )


def _readers(person: Person) -> KeptThing:
    read = Entry.objects.filter(subject_kind=Person._meta.label_lower, subject_id=str(person.pk), action=READ)
    count = read.count()
    what = pgettext("times somebody read", "Looked at by others: %(count)s times") % {"count": count}
    return KeptThing("list", what, _("Each look at your papers is recorded, with its reason."), "", present=bool(count))


def _clock(moment: datetime | None) -> str:
    from django.utils import timezone

    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else ""
