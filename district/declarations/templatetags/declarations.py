"""Template filters of declarations: `{{ code|area }}`, `{{ row|abnormal_reasons }}`, `{{ row|symptom_names }}`."""

from typing import Any

from django import template
from django.utils.translation import gettext

from district.declarations.area_names import area_label
from district.declarations.rules import SYMPTOMS
from district.declarations.tables import reasons

register = template.Library()


@register.filter
def area(code: str) -> str:
    """Show a place by its name; nothing known is a question mark."""
    return area_label(code) if code else "?"


@register.filter
def abnormal_reasons(row: Any) -> str:
    """Say why a declaration is abnormal."""
    return reasons(row)


@register.filter
def symptom_names(row: Any) -> str:
    """Name the symptoms of a declaration."""
    return ", ".join(gettext(SYMPTOMS.get(code, code)) for code in row.symptoms.split())
