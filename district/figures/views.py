"""Pages of the figures: the picture of a place on a day, and the daily report."""

from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from district.figures.lists import list_ages
from district.figures.models import CountedDay
from district.figures.picture import Picture, PlaceFigures, days_of, parts_of, picture_of
from district.figures.rules import KEPT_DAYS, SHOWN_DAYS, FigureName, slider_at, slider_day
from district.figures.words import AGE_NAMES, columns_of, days_text, report_columns
from district.pages import page
from district.people.rules import province_name
from district.permissions import Permission
from district.places.models import Place
from district.supplies.names import ITEM_NAMES
from district.web.charts import ChartPoint, ShareItem, share_items
from district.web.export import stream_csv, stream_xlsx
from district.web.signals import exported
from district.web.tables import TableColumn, table_rows

SEE = Permission.SEE_ATTENDANCE
_N = FigureName


@page(SEE)
@require_safe
def picture(request: HttpRequest) -> HttpResponseBase:
    """Show the figures of a place and day, the places below it, and charts; or the table as a file."""
    place = _place(request)
    if place is None:
        return render(request, "figures/nowhere.html")
    day = _day(request)
    found = picture_of(request.user, place, day)
    columns = columns_of(found.whole, day)
    if wanted := request.GET.get("format"):
        return _file(request, wanted, found, columns)
    user: Any = request.user
    today = timezone.localdate()
    context = {
        **_common(user, place, found),
        "columns": columns,
        "body": table_rows(found.below, columns),
        "at": slider_at(day, today),
        "at_most": SHOWN_DAYS - 1,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1) if day < today else None,
        "may_export": not user.scope(Permission.EXPORT).empty,
        "people": _points(days_of(user, place, _N.PRESENT, day)),
    }
    return render(request, "figures/picture.html", context)


@page(SEE)
@require_safe
def report(request: HttpRequest) -> HttpResponse:
    """Show the daily report of a place, to print."""
    place = _place(request)
    if place is None:
        return render(request, "figures/nowhere.html")
    found = picture_of(request.user, place, _day(request))
    columns = report_columns(found.whole, found.day)
    context = {
        **_common(request.user, place, found),
        "columns": columns,
        "body": table_rows(found.below, columns),
        "now": timezone.now(),
    }
    return render(request, "figures/report.html", context)


def _common(user: Any, place: Place, found: Picture) -> dict[str, Any]:
    whole = found.whole
    above = Place.objects.filter(user.scope(SEE).places("path"), path__in=place.ancestor_paths[:-1])
    return {
        "place": place,
        "parents": above.order_by("path"),
        "day": found.day,
        "whole": whole,
        "counted": CountedDay.objects.filter(day=found.day).values_list("counted", flat=True).first(),
        "origins": _provinces(whole, _N.PRESENT if whole.total(_N.PRESENT) else _N.REGISTERED),
        "trips": _provinces(whole, _N.ARRIVED),
        "ages": _ages(whole),
        "supplies": _supplies(whole),
        "lists": list_ages(user, place, found.day),
    }


def _place(request: HttpRequest) -> Place | None:
    """Return the place of the address, or the widest one of the account. Raises Http404 for a foreign one."""
    user: Any = request.user
    own = Place.objects.filter(user.scope(SEE).places("path")).order_by("depth", "path")
    if not (wanted := request.GET.get("place", "")):
        widest: Place | None = own.first()
        return widest
    found: Place | None = own.filter(pk=int(wanted)).first() if wanted.isdecimal() and len(wanted) < 19 else None
    if found is None:
        raise Http404
    return found


def _day(request: HttpRequest) -> date:
    """Return the day of the address or of the slider, or today."""
    today = timezone.localdate()
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return slider_day(request.GET.get("at", ""), today) or today
    return min(max(day, today - timedelta(days=KEPT_DAYS)), today)


def _file(request: HttpRequest, wanted: str, found: Picture, columns: tuple[TableColumn, ...]) -> HttpResponseBase:
    """Return the table as a file: the figures of places on which the account may export."""
    user: Any = request.user
    allowed = user.scope(Permission.EXPORT)
    if wanted not in ("csv", "xlsx") or allowed.empty:
        raise PermissionDenied
    may = set(Place.objects.filter(allowed.places("path")).values_list("pk", flat=True))
    rows = [one for one in (found.whole, *found.below) if one.place.pk in may]
    name = f"figures-{found.whole.place.pk}-{found.day.isoformat()}"
    exported.send(sender="figures", request=request, table="figures", format=wanted)
    make = stream_csv if wanted == "csv" else stream_xlsx
    return make(rows, columns, name)


def _points(days: dict[date, int]) -> list[ChartPoint]:
    return [ChartPoint(f"{day:%m-%d}", value, quiet=day.weekday() > 4) for day, value in days.items()]


def _provinces(whole: PlaceFigures, name: FigureName) -> tuple[ShareItem, ...]:
    counts = whole.part(name)
    return share_items(
        [(province_name(code) if code else _("not given"), count) for code, count in counts.items() if count],
        other=_("other"),
    )


def _ages(whole: PlaceFigures) -> tuple[ShareItem, ...]:
    """Return the open cases by age, the youngest first."""
    pairs = parts_of(whole.cases_open, AGE_NAMES)
    rank = {label: number for number, (label, _value) in enumerate(pairs)}
    return tuple(sorted(share_items(pairs), key=lambda item: rank[item.label]))


def _supplies(whole: PlaceFigures) -> list[tuple[str, int, int, str, int]]:
    """Return each item with stock, daily use, days left and the number of sites that are short."""
    stock, use, short = whole.part(_N.STOCK), whole.part(_N.DAILY_USE), whole.part(_N.SHORT)
    return [
        (
            str(name),
            stock[item.value],
            use[item.value],
            days_text(stock[item.value], use[item.value]),
            short[item.value],
        )
        for item, name in ITEM_NAMES.items()
        if item.value in stock
    ]
