"""Searches for contacts that the worker makes: two hops over a district take seconds, too long for a page."""

import json

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.tracing.models import Investigation
from district.tracing.registry.investigations import running, trace
from district.tracing.rules import TraceRefused

ATTEMPTS_MAX = 3


@transaction.atomic
def ask_search(by: object, investigation: Investigation) -> None:
    """Let the worker search for contacts. Asked while it searches, it searches once more. Raises TraceRefused."""
    found = running(investigation, lock=True)
    found.asked, found.asked_by, found.attempts, found.problem = timezone.now(), str(by)[:150], 0, ""
    found.save(update_fields=["asked", "asked_by", "attempts", "problem"])


def search_next() -> bool:
    """Search for the contacts of an investigation that waits. Return whether there was one. For the worker.

    One that ended the worker before waits behind the others, and is given up in the end.
    """
    waiting = Investigation.objects.kept().filter(closed=None).exclude(asked=None)
    found: Investigation | None = waiting.order_by("attempts", "asked", "pk").first()
    if found is None:
        return False
    refused = None
    if found.attempts >= ATTEMPTS_MAX:
        refused = TraceRefused(gettext_noop("The search did not come to an end. Choose contacts alone, or fewer days."))
    else:
        Investigation.objects.filter(pk=found.pk, asked=found.asked).update(attempts=found.attempts + 1)
        try:
            trace(found.asked_by, found)
        except TraceRefused as error:
            refused = error
    _ended(found, refused)
    return True


def problem_of(investigation: Investigation) -> TraceRefused | None:
    """Return why the last search was refused."""
    if not investigation.problem:
        return None
    said = json.loads(investigation.problem)
    return TraceRefused(said["text"], **said["values"])


def _ended(found: Investigation, refused: TraceRefused | None) -> None:
    """Note how a search ended, unless another was asked for meanwhile."""
    problem = json.dumps({"text": refused.text, "values": refused.values}) if refused else ""
    Investigation.objects.filter(pk=found.pk, asked=found.asked).update(asked=None, problem=problem)
