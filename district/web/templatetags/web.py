"""Template tags of the shared pages. Load them with `{% load web %}`.

- `{% icon "people" %}`: a symbol of common/web/static/web/icons.svg.
- `{% badge text "good" %}`: a coloured word; good, care, bad, info or "".
- `{% when moment %}`: a local time in `<time>`; `{% ago moment %}` says how long ago.
- `{% field form.name %}`, `{% fields form %}`: one field, or all of a form, with label, help and errors.
- `{% navigation %}`, `{% district_name %}`: for the frame.
- `{% bar_chart points title every=2 %}`, `{% share_chart items %}`, `{% site_map map title %}`: charts.py, maps.py.
- `{{ reason|reason_name }}`, `{{ reason|what_to_do }}`: a gate's reason in words, and what the site does about it.
- `{% query_link table sort="-name" %}`: the list's address with changed parameters.
"""

from datetime import datetime
from functools import cache
from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField
from django.http import QueryDict
from django.templatetags.static import static
from django.urls import get_script_prefix, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from district.navigation import GROUPS
from district.web import charts, reasons
from district.web.maps import SiteMap
from district.web.registry import navigation_entries
from district.web.selects import fast_select

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw a symbol that only decorates: the text beside it says the same."""
    return _icon(name, get_script_prefix())


@cache
def _icon(name: str, _prefix: str) -> SafeString:
    """Draw a symbol once for each address below which the console lies. A page has forty."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', static("web/icons.svg"), name)


@register.simple_tag
def badge(text: object, tone: str = "") -> SafeString:
    """Draw a coloured word."""
    return format_html('<span class="badge {}">{}</span>', tone, text)


@register.simple_tag
def when(moment: datetime | None) -> SafeString:
    """Show a time of the district's time zone."""
    if moment is None:
        return format_html('<span class="quiet">{}</span>', "–")
    local = timezone.localtime(moment)
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), local.strftime("%Y-%m-%d %H:%M"))


@register.simple_tag
def ago(moment: datetime | None) -> SafeString:
    """Say how long ago something was; its time is the title."""
    if moment is None:
        return format_html('<span class="quiet">{}</span>', _("never"))
    local, seconds = timezone.localtime(moment), (timezone.now() - moment).total_seconds()
    text = _("just now") if seconds < 60 else _("%(time)s ago") % {"time": timesince(moment, depth=1)}
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', local.isoformat(), local.strftime("%Y-%m-%d %H:%M"), text
    )


@register.simple_tag
def district_name() -> str:
    """Return the name that district.toml gives."""
    return settings.CONFIG.name if settings.CONFIG else "District"


@register.simple_tag
def languages() -> list[tuple[str, str]]:
    """Return the languages, each by its own name."""
    return [(code, str(name)) for code, name in settings.LANGUAGES]


@register.inclusion_tag("web/parts/field.html")
def field(bound: BoundField, *, css: str = "") -> dict[str, object]:
    """Show one form field."""
    widget = bound.field.widget
    one_box = getattr(widget, "input_type", "") == "checkbox" and not getattr(widget, "allow_multiple_selected", False)
    return {
        "field": bound,
        "css": css,
        "check": one_box,
        "select": fast_select(bound, none=_("all") if css == "of-filter" else "–"),
    }


@register.inclusion_tag("web/parts/fields.html")
def fields(form: Any) -> dict[str, object]:
    """Show all fields of a form, with the errors of the form itself first."""
    return {"form": form}


@register.inclusion_tag("web/parts/navigation.html", takes_context=True)
def navigation(context: template.Context) -> dict[str, object]:
    """Show the entries that the account may open, under their headings."""
    request = context["request"]
    path, user = request.path, request.user
    groups: dict[int, list[dict[str, object]]] = {}
    best: tuple[int, dict[str, object]] | None = None
    for entry in navigation_entries():
        if entry.permission is not None and not user.may(entry.permission):
            continue
        if entry.when is not None and not entry.when(user):
            continue
        address = reverse(entry.url_name)
        prefix = entry.prefix or address
        item: dict[str, object] = {"label": entry.label, "address": address, "icon": entry.icon, "present": False}
        groups.setdefault(entry.order // 100, []).append(item)
        fits = path == prefix or (prefix != "/" and path.startswith(prefix))
        if fits and (best is None or len(prefix) > best[0]):
            best = len(prefix), item
    if best is not None:
        best[1]["present"] = True
    return {"groups": [(GROUPS.get(number, ""), items) for number, items in sorted(groups.items())]}


@register.simple_tag
def query_link(table: Any, **changes: object) -> str:
    """Return the list's own address with some parameters changed; "" removes one. The list starts at its first page."""
    query = QueryDict(mutable=True)
    for name, value in {**table.query, **changes}.items():
        if value not in ("", None):
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.filter
def days_left(day: Any) -> str:
    """Say how many days are left until a date, or since when it is past."""
    count = (day - timezone.localdate()).days
    if count == 0:
        return _("today")
    if count > 0:
        return ngettext("in %(count)s day", "in %(count)s days", count) % {"count": count}
    return ngettext("%(count)s day ago", "%(count)s days ago", -count) % {"count": -count}


@register.inclusion_tag("web/parts/bar_chart.html")
def bar_chart(points: list[charts.ChartPoint], title: str, *, every: int = 1) -> dict[str, object]:
    """Draw a row of columns."""
    return {"chart": charts.bar_chart(points, every=every), "title": title}


@register.inclusion_tag("web/parts/share_chart.html")
def share_chart(items: tuple[charts.ShareItem, ...]) -> dict[str, object]:
    """Draw a list of bars."""
    return {"items": items}


@register.inclusion_tag("web/parts/site_map.html")
def site_map(drawn: SiteMap, title: str) -> dict[str, object]:
    """Draw the map."""
    return {"map": drawn, "title": title}


register.filter("reason_name", reasons.reason_name)
register.filter("what_to_do", reasons.what_to_do)
