"""The list of quarantines, and what each row needs."""

from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from district.quarantine.models import OPEN_OFFER, QuarantineHandOver, QuarantineNeed
from district.quarantine.registry.watching import with_visits
from district.web.tables import EmptyState, ListTable, TableColumn, Tone


def shown_orders(rows: "QuerySet[Any]") -> "QuerySet[Any]":
    """Add what the list shows of each order."""
    today = timezone.localdate()
    rows = with_visits(with_visits(rows, today, "met_today"), today - timedelta(days=1), "met_yesterday")
    offers = QuarantineHandOver.objects.filter(OPEN_OFFER, order=OuterRef("pk")).order_by()
    needs = QuarantineNeed.objects.filter(order=OuterRef("pk"), done=None)
    found: QuerySet[Any] = rows.annotate(
        offer_due=Subquery(offers.values("due")[:1]), asks=Exists(needs)
    ).select_related("person", "place", "holder")
    return found


def order_state(one: Any) -> tuple[str, Tone]:
    """Return what an order of `shown_orders` waits for, the worst first, and its colour."""
    today, now = timezone.localdate(), timezone.now()
    yesterday = today - timedelta(days=1)
    expected = max(one.starts, one.ordered) <= yesterday
    found: list[tuple[bool, str, Tone]] = [
        (one.released is not None, gettext("released"), ""),
        (one.offer_due is not None and one.offer_due < now, gettext("not accepted in time"), "bad"),
        (one.ends < today, gettext("release or extend"), "bad"),
        (expected and one.met_yesterday < one.visits_each_day, gettext("not visited yesterday"), "bad"),
        (one.asks, gettext("needs something"), "care"),
        (one.offer_due is not None, gettext("between two hands"), "info"),
        (one.starts > today, gettext("begins later"), "info"),
        (one.met_today < one.visits_each_day, gettext("visit due today"), "care"),
    ]
    return next(((text, tone) for holds, text, tone in found if holds), (gettext("followed"), "good"))


def _visits(one: Any) -> str:
    return f"{one.met_today}/{one.visits_each_day}"


QUARANTINES = ListTable(
    name="quarantines",
    keys=("ends", "pk"),
    columns=(
        TableColumn("who", _("Who"), str, link=lambda row: reverse("quarantine:order", args=[row.pk])),
        TableColumn(
            "state", _("State"), lambda row: order_state(row)[0], kind="badge", tone=lambda row: order_state(row)[1]
        ),
        TableColumn("place", _("Place"), "place.name"),
        TableColumn("at_home", _("At home")),
        TableColumn("starts", _("First day of the quarantine"), kind="time", sort=("starts", "pk")),
        TableColumn("ends", _("Last day of the quarantine"), kind="time", sort=("ends", "pk")),
        TableColumn("visits", _("Visits today"), _visits, kind="code"),
        TableColumn("holder", pgettext_lazy("quarantine", "With"), lambda row: row.holder.name or str(row.holder)),
        TableColumn("by", _("Ordered by"), shown=False),
        TableColumn("released", _("Released"), kind="time", shown=False),
    ),
    empty=EmptyState(
        _("Nobody is in quarantine"), _("An order is made here, or from the list of contacts."), icon="check"
    ),
)
