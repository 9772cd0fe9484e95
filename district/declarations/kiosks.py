"""Tablets on sites, where workers declare who have no phone: make and close them, and know who stands there."""

import secrets

from django.core import signing
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from contract.code import PREFIX
from district.audit.record import record
from district.declarations.asking import AskingSite, asking_sites
from district.declarations.models import DeclarationKiosk
from district.declarations.rules import DeclarationRefused
from district.emergency.registry import measure_at
from district.emergency.rules import MeasureKind
from district.exchange.door import close_hq_door, hq_door
from district.people.models import Person
from district.phones.links import known_of
from district.phones.rules import Question
from district.places.models import Project
from district.wire import HqAway

WRONG_OF_WORKER, WRONG_OF_KIOSK, WRONG_S = 5, 60, 3600
OPEN_S = 900
"""A worker has so long for the answers."""
_SALT = "declarations.kiosk"


class NotKnownHere(ValueError):
    """Somebody at a tablet did not show who they are. The text says what to do, and not what was wrong."""


@transaction.atomic
def add_kiosk(by: object, project: Project, name: str) -> DeclarationKiosk:
    """Make a tablet's address. Raises DeclarationRefused."""
    measure = measure_at(MeasureKind.DECLARATIONS, project.place.path)
    if measure is None:
        raise DeclarationRefused(gettext_noop("No measure asks for declarations on this site: nothing is stored."))
    made = DeclarationKiosk.objects.create(
        measure=measure, project=project, name=name, address=secrets.token_urlsafe(24), by=str(by)[:150]
    )
    record(by, "add kiosk", made, place_path=project.place.path)
    return made


@transaction.atomic
def close_kiosk(by: object, kiosk: DeclarationKiosk) -> None:
    """End a tablet's address."""
    DeclarationKiosk.objects.filter(pk=kiosk.pk, closed=None).update(closed=timezone.now())
    record(by, "close kiosk", kiosk, place_path=kiosk.project.place.path)


def open_kiosk(address: str) -> DeclarationKiosk | None:
    """Return the tablet of an address, while its site is asked by a measure."""
    rows = DeclarationKiosk.objects.filter(address=address, closed=None).select_related("project__place")
    found: DeclarationKiosk | None = rows.first()
    if found is None or measure_at(MeasureKind.DECLARATIONS, found.project.place.path) is None:
        return None
    return found


def who_is(kiosk: DeclarationKiosk, typed: str, answer: str) -> Person:
    """Return the worker who stands at a tablet. Raises NotKnownHere, with the same text for everything wrong."""
    worker_id = _worker_id(typed)
    keys = {
        f"declarations.kiosk.{kiosk.pk}": WRONG_OF_KIOSK,
        f"declarations.worker.{worker_id[:63].encode().hex()}": WRONG_OF_WORKER,
    }
    if any(int(cache.get(key, 0)) >= most for key, most in keys.items()):
        raise NotKnownHere(_("Too many wrong answers. Try again in an hour, or go to the site office."))
    person: Person | None = Person.objects.living().filter(worker_id=worker_id).first()
    if person is not None and site_at(kiosk, person) is not None:
        known = known_of(person)
        if known.question is not Question.NONE and known.agrees(answer):
            return person
    for key in keys:
        cache.add(key, 0, WRONG_S)
        cache.incr(key)
    raise NotKnownHere(_("That does not fit. Compare it with your card, or go to the site office."))


def site_at(kiosk: DeclarationKiosk, person: Person) -> AskingSite | None:
    """Return the tablet's site as that of a worker; None if the worker has no work there."""
    return next((one for one in asking_sites(person) if one.project.pk == kiosk.project_id), None)


def token_of(kiosk: DeclarationKiosk, person: Person) -> str:
    """Return what lets one worker answer at one tablet for some minutes."""
    return signing.dumps([kiosk.pk, person.pk], salt=_SALT)


def of_token(kiosk: DeclarationKiosk, token: str) -> Person | None:
    """Return whose answers a token allows; None if it is old, or of another tablet."""
    try:
        made, key = signing.loads(token, salt=_SALT, max_age=OPEN_S)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    if made != kiosk.pk:
        return None
    found: Person | None = Person.objects.living().filter(pk=key).first()
    return found


def _worker_id(typed: str) -> str:
    """Return the worker id that somebody typed, or that a scanned code names."""
    plain = typed.replace("\0", "").strip()
    if not plain.startswith(PREFIX):
        return plain.lower()
    try:
        return hq_door().worker_of_code(plain) or ""
    except HqAway:
        close_hq_door()
        return ""
