"""Records that may be one person: both side by side, and a human decides. A merge can be taken back."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from district.pages import page
from district.people import registry, rules
from district.people.models import Assignment, Consent, DuplicateCandidate, IdDocument, Merge, Person
from district.people.views.base import do_or_say
from district.permissions import Permission

_SHOWN = 50


@page(Permission.MERGE_PEOPLE)
def duplicates(request: HttpRequest) -> HttpResponseBase:
    """List the pairs that wait for a decision, the likest first."""
    user: Any = request.user
    waiting = _waiting(user).select_related("first", "second").order_by("-score", "pk")[:_SHOWN]
    return render(request, "people/duplicates.html", {"pairs": waiting})


@page(Permission.MERGE_PEOPLE)
def pair(request: HttpRequest, key: int) -> HttpResponseBase:
    """Show two records side by side."""
    user: Any = request.user
    found = get_object_or_404(_waiting(user).select_related("first", "second"), pk=key)
    sides = [_side(user, found.first), _side(user, found.second)]
    keep = max(sides, key=lambda side: (side["face"], side["document"], side["count"], -side["person"].pk))
    return render(request, "people/pair.html", {"pair": found, "sides": sides, "keep": keep["person"].pk})


@page(Permission.MERGE_PEOPLE)
@require_POST
def decide(request: HttpRequest, key: int) -> HttpResponseBase:
    """Merge the two records, or say that they are two people."""
    user: Any = request.user
    found = get_object_or_404(_waiting(user).select_related("first", "second"), pk=key)
    if request.POST.get("decision") == "different":
        do_or_say(
            request, lambda: registry.decide_different(user, found.first, found.second), _("They stay two people.")
        )
        return redirect("people:duplicates")
    stays = {str(found.first_id): (found.first, found.second), str(found.second_id): (found.second, found.first)}
    chosen = stays.get(request.POST.get("stays", ""))
    if chosen is None:
        messages.error(request, _("Choose which record stays."))
        return redirect("people:pair", key)
    do_or_say(
        request,
        lambda: registry.merge(user, *chosen, reason="decided"),
        _("Merged. It can be taken back under “Merged records”."),
    )
    return redirect("people:duplicates")


@page(Permission.MERGE_PEOPLE)
@require_POST
def undo(request: HttpRequest, key: int) -> HttpResponseBase:
    """Take a merge back."""
    user: Any = request.user
    found = get_object_or_404(Merge.objects.visible_to(user), pk=key)
    why = request.POST.get("reason", "").strip()
    if not why:
        raise Http404
    do_or_say(request, lambda: registry.undo_merge(user, found, why), _("Taken back: both records stand again."))
    return redirect("people:person", found.person_id)


def _waiting(user: Any) -> Any:
    visible = DuplicateCandidate.objects.visible_to(user)
    return visible.filter(decision=DuplicateCandidate.Decision.OPEN, first__merged_into=None, second__merged_into=None)


def _side(user: Any, person: Person) -> dict[str, Any]:
    """Return what helps to decide, without any number."""
    work = Assignment.objects.visible_to(user).filter(person=person).select_related("project__place", "enterprise")
    face = Consent.objects.filter(person=person, purpose=Consent.Purpose.FACE, withdrawn__isnull=True)
    return {
        "person": person,
        "work": [(row, rules.trade_name(row.trade)) for row in work.order_by("-starts")[:6]],
        "count": work.count(),
        "nation": rules.nation_name(person.nation),
        "origin": rules.province_name(person.province),
        "face": face.exists(),
        "document": IdDocument.objects.filter(person=person).exists(),
        "phone": bool(person.phone_index),
    }
