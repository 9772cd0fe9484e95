"""Template filters of attendance: `{{ seconds|hours }}`, `{{ address|qr }}`."""

import segno
from django import template
from django.utils.safestring import SafeString, mark_safe

from district.attendance.tables import difference_text, hours_text

register = template.Library()


@register.filter
def hours(seconds: int | None) -> str:
    """Show seconds as hours and minutes."""
    return hours_text(seconds or 0)


@register.filter
def qr(text: str) -> SafeString:
    """Draw a QR code as SVG."""
    return mark_safe(segno.make(text, error="m").svg_inline(scale=4, omitsize=True))


@register.filter
def difference(kind: str) -> str:
    """Say what a difference of a payroll means."""
    return difference_text(kind)
