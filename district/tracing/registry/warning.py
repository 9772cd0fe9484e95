"""Open cases for contacts: the towns that call them, and contacts who are ill. No case names the person traced."""

from collections import defaultdict

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from district.cases.models import Case
from district.cases.registry import add_news, open_case
from district.cases.rules import CaseKind
from district.people.models import Assignment, in_force
from district.people.models.person import WIDE
from district.places.models import Place
from district.tracing.facts_of_trips import portions
from district.tracing.models import Contact, Investigation

SOURCE = "tracing"


def warn_towns(investigation: Investigation) -> None:
    """Open a case in each town whose contacts wait for a call. An open case of the town stays the only one."""
    waiting = Contact.objects.filter(investigation=investigation).to_call()
    for path, count in sorted(_counts(waiting, investigation.place.path).items()):
        place = Place.objects.filter(path=path).first() or investigation.place
        with translation.override(settings.LANGUAGE_CODE):
            open_case(
                CaseKind.CONTACT,
                place,
                title=_("Contacts wait for a call"),
                text=_("%(count)s people. The list of calls says whom, and what to say.") % {"count": count},
                measure=investigation.measure,
                source=SOURCE,
                key=f"{SOURCE} {investigation.pk} {path}",
            )


def tell_towns_closed(investigation: Investigation) -> None:
    """Say in the open cases of towns that nobody is called any more: the case may have been none."""
    with translation.override(settings.LANGUAGE_CODE):
        for case in Case.objects.still_open().filter(key__startswith=f"{SOURCE} {investigation.pk} "):
            add_news(case, _("The search is over: call nobody more. Look at each quarantine that it alone caused."))


def warn_of_illness(contact: Contact) -> None:
    """Open a case for a contact who says to be ill."""
    path = _sites_of([contact.person_id]).get(contact.person_id, contact.investigation.place.path)
    with translation.override(settings.LANGUAGE_CODE):
        open_case(
            CaseKind.CONTACT,
            Place.objects.filter(path=path).first() or contact.investigation.place,
            title=_("Somebody who was called is ill"),
            text=_("Isolate the person and call a doctor. Do not send the person home by public transport."),
            person=contact.person,
            measure=contact.investigation.measure,
            source=SOURCE,
            key=f"{SOURCE} ill {contact.person_id}",
        )


def _counts(contacts: "QuerySet[Contact]", elsewhere: str) -> dict[str, int]:
    """Return how many contacts each town has, by its path. Who works nowhere counts for the investigation's place."""
    people = list(contacts.order_by().values_list("person", flat=True))
    sites, found = _sites_of(people), defaultdict[str, int](int)
    for person in people:
        found[sites[person][:WIDE] if person in sites else elsewhere] += 1
    return found


def _sites_of(people: list[int]) -> dict[int, str]:
    """Return the path of the site where each of some people works now."""
    found = dict[int, str]()
    for part in portions(people):
        rows = Assignment.objects.filter(in_force(timezone.localdate()), person__in=part)
        found |= dict(rows.order_by("starts", "pk").values_list("person", "project__place__path"))
    return found
