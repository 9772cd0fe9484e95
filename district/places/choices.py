"""Form fields that choose a place, an enterprise or an account among those that the signed-in account may see."""

import re
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from district.permissions import Permission
from district.places.models import Enterprise, Place
from district.places.rules import RANKS
from district.scope import Account

INDENT = "\u2003"
SHOWN_MAX = 5
_CODE = re.compile(r"\(([0-9A-Z]{18})\)$")


class PlaceChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A place, shown below its parents."""

    def label_from_instance(self, obj: Any) -> str:
        """Indent the place by its level."""
        return f"{INDENT * (obj.depth - 1)}{obj.name}"


def places_for(user: Account, *, below_may_stand: str = "") -> Any:
    """Return the places in use that an account may change. With a kind return those below which such a place may
    stand."""
    found = Place.objects.visible_to(user, Permission.CHANGE_SITES).filter(retired=None)
    wider = [kind for kind, rank in RANKS.items() if rank < RANKS[below_may_stand or Place.Kind.SITE]]
    return found.filter(kind__in=wider).order_by("path")


class EnterpriseField(forms.CharField):
    """An enterprise, by its name or code. The browser suggests what the account may see."""

    default_error_messages = {  # noqa: RUF012 - Django's way
        "unknown": _("No enterprise you may see is called %(name)s: choose one of the list, or add it first."),
        "several": _("Several enterprises are called so: choose one of %(names)s."),
    }

    def __init__(self, *, user: Account | None = None, **options: Any) -> None:
        """`user`: among whose enterprises is chosen."""
        self.user = user
        attrs = {
            "list": "found-enterprises",
            "autocomplete": "off",
            "hx-get": reverse_lazy("places:suggest"),
            "hx-trigger": "keyup changed delay:250ms",
            "hx-target": "#found-enterprises",
            "hx-swap": "innerHTML",
        }
        super().__init__(max_length=200, widget=forms.TextInput(attrs=attrs), **options)

    def prepare_value(self, value: Any) -> Any:
        """Show an enterprise as the list shows it."""
        if isinstance(value, int):
            value = Enterprise.objects.filter(pk=value).first()
        return enterprise_text(value) if isinstance(value, Enterprise) else value

    def clean(self, value: Any) -> Any:
        """Find the enterprise. Raises ValidationError."""
        text = super().clean(value)
        if not text:
            return None
        assert self.user is not None
        known = Enterprise.objects.visible_to(self.user).filter(retired=None)
        code = _CODE.search(text)
        found = list(
            known.filter(uscc=code[1]) if code else known.filter(Q(name=text) | Q(uscc=text.upper()))[:SHOWN_MAX]
        )
        if len(found) == 1:
            return found[0]
        if not found:
            raise ValidationError(self.error_messages["unknown"], params={"name": text}, code="unknown")
        names = ", ".join(map(enterprise_text, found))
        raise ValidationError(self.error_messages["several"], params={"names": names}, code="several")


def enterprise_text(one: Enterprise) -> str:
    """Return an enterprise with its code, by which the form finds it again."""
    return f"{one.name} ({one.uscc})"


class AccountField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of some accounts."""

    def label_from_instance(self, obj: Any) -> str:
        """Show name, username and phone."""
        return " · ".join(part for part in (obj.name, obj.get_username(), obj.phone) if part)


class AccountChoiceField(AccountField):
    """An account that may be put in charge."""

    def __init__(self, *, user: Any, **options: Any) -> None:
        """`user`: the account that chooses among the accounts that they may see."""
        found = get_user_model().objects.visible_to(user).filter(is_active=True).order_by("name", "pk")
        super().__init__(queryset=found, **options)
