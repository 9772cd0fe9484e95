"""Open cases: for people who are held, for hits that wait for a decision, and for lists that are over."""

from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from district.cases.registry import open_case
from district.cases.rules import CaseKind
from district.screening.models import Hit, KeyList, send_risks
from district.screening.rules import HitState
from district.screening.work import work_inside

AT_ONCE = 20
"""Hits whose cases are opened in the transaction that finds them; those of more are left to the worker."""
_ENDED_AT_ONCE = 500


@transaction.atomic
def warn_of_some(limit: int = AT_ONCE) -> bool:
    """Open cases for people who are held and of whom nobody is warned yet. Return whether there may be more."""
    waiting = Hit.objects.kept().filter(state=HitState.IN_FORCE, warned=None).order_by("made", "pk")
    waiting = waiting.select_related("measure__place", "list", "person")
    some = list(waiting.select_for_update(of=("self",), skip_locked=True)[:limit])
    warn_of(some)
    return len(some) == limit


def warn_of(hits: Iterable[Hit]) -> None:
    """Open a case at each site where a hit holds. One case serves all hits of a person there."""
    for hit in hits:
        work = work_inside(hit.measure).filter(person=hit.person_id)
        for one in work.select_related("project__place").order_by("pk"):
            with translation.override(settings.LANGUAGE_CODE):
                open_case(
                    CaseKind.HIT,
                    one.project.place,
                    title=_("A person of this site is on a key list"),
                    text=_(
                        "The gates hold this person until %(until)s, reason code %(code)s. Ask %(officer)s what to do."
                    )
                    % {
                        "until": f"{timezone.localtime(hit.until):%Y-%m-%d %H:%M}",
                        "code": hit.list.reason_code,
                        "officer": hit.list.officer,
                    },
                    person=hit.person,
                    measure=hit.measure,
                    source="screening",
                    key=f"hit:{hit.measure_id}:{hit.person_id}:{one.project.place_id}",
                )
        hit.warned = timezone.now()
        Hit.objects.filter(pk=hit.pk).update(warned=hit.warned)


def warn_of_candidates(key_list: KeyList) -> None:
    """Open one case for all hits of a list that wait for a decision."""
    with translation.override(settings.LANGUAGE_CODE):
        open_case(
            CaseKind.HIT,
            key_list.measure.place,
            title=_("Hits of a key list wait for a decision"),
            text=_("List: %(list)s. Compare both records of each hit, and decide.") % {"list": key_list.name},
            measure=key_list.measure,
            source="screening",
            key=f"candidates:{key_list.pk}",
        )


@transaction.atomic
def warn_of_expired_lists() -> bool:
    """Open a case for a list whose last day is over while its measure goes on. Return whether there may be more.

    A list that its source has replaced needs none.
    """
    over = KeyList.objects.kept().filter(ends__lt=timezone.localdate(), withdrawn=None, expiry_warned=None)
    found = over.exclude(loaded=None).order_by("pk").select_for_update(of=("self",), skip_locked=True).first()
    if found is None:
        return False
    newer = KeyList.objects.in_force().filter(measure=found.measure_id, source=found.source)
    if not newer.exists():
        with translation.override(settings.LANGUAGE_CODE):
            open_case(
                CaseKind.LIST_EXPIRED,
                found.measure.place,
                title=_("A key list is over"),
                text=_(
                    "List: %(list)s. Its people are admitted again. Ask %(source)s for a newer one, or end the measure."
                )
                % {"list": found.name, "source": found.source},
                measure=found.measure,
                source="screening",
                key=f"list:{found.pk}",
            )
    found.expiry_warned = timezone.now()
    found.save(update_fields=["expiry_warned"])
    return True


@transaction.atomic
def end_some() -> bool:
    """Note which hits are over, and send their people to HQ once more. Return whether there may be more."""
    over = Hit.objects.filter(state=HitState.IN_FORCE, until__lte=timezone.now()).order_by("until", "pk")
    some = list(over.select_for_update(skip_locked=True).values_list("pk", flat=True)[:_ENDED_AT_ONCE])
    if some:
        rows = Hit.objects.filter(pk__in=some)
        rows.update(state=HitState.OVER)
        send_risks(rows)
    return len(some) == _ENDED_AT_ONCE
