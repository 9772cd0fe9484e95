"""The forms of tokens and webhooks."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from district.accounts.models import User
from district.api.models import GRANTABLE, WebhookEndpoint
from district.permissions import Permission
from district.places.models import Enterprise, Place, Project

PLACES_MAX = 500
RIGHTS = {
    Permission.SEE_SITES: gettext_lazy("Sites"),
    Permission.SEE_PEOPLE: gettext_lazy("People and their work"),
    Permission.SEE_PRESENCE: gettext_lazy("Who is inside"),
    Permission.SEE_ATTENDANCE: gettext_lazy("Days and passages"),
    Permission.CHANGE_PEOPLE: gettext_lazy("Change people and their work"),
    Permission.CORRECT: gettext_lazy("Ask for corrections"),
}


class WhereForm(forms.Form):
    """A name, and the place or enterprise to which a program is limited."""

    name = forms.CharField(
        label=pgettext_lazy("of a program", "Name"),
        max_length=60,
        help_text=gettext_lazy("What it is for, such as the payroll."),
    )
    where = forms.ChoiceField(label=gettext_lazy("Limited to"))

    def __init__(self, *args: Any, account: User, permission: Permission, **options: Any) -> None:
        """Offer what the account may hand on: its own enterprises, places, and sites below them."""
        super().__init__(*args, **options)
        scope = account.scope(permission)
        places = Place.objects.filter(path__in=[first for first, _end in scope.ranges]).order_by("path")
        sites = Project.objects.filter(scope.places("place__path")).select_related("place").order_by("place__name")
        chosen = [(f"enterprise-{row.pk}", str(row)) for row in Enterprise.objects.filter(pk__in=scope.enterprises)]
        chosen += [(f"place-{row.pk}", str(row)) for row in places]
        known = {value for value, _name in chosen}
        chosen += [
            (f"place-{row.place_id}", str(row)) for row in sites[:PLACES_MAX] if f"place-{row.place_id}" not in known
        ]
        self.fields["where"].choices = chosen  # type: ignore[attr-defined]

    @property
    def target(self) -> dict[str, Any]:
        """Return the chosen place or enterprise, by the name of its field."""
        kind, _dash, pk = self.cleaned_data["where"].partition("-")
        model: Any = Place if kind == "place" else Enterprise
        return {kind: model.objects.get(pk=int(pk))}


class TokenForm(WhereForm):
    """A new token."""

    permissions = forms.MultipleChoiceField(
        label=pgettext_lazy("of a token", "It may"),
        choices=[(right.value, name) for right, name in RIGHTS.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("Expires in"),
        coerce=int,
        initial=90,
        choices=[
            (30, gettext_lazy("30 days")),
            (90, gettext_lazy("90 days")),
            (365, gettext_lazy("one year")),
        ],
    )

    def clean_permissions(self) -> list[Permission]:
        """Return the rights."""
        chosen = [Permission(value) for value in self.cleaned_data["permissions"]]
        return [right for right in chosen if right in GRANTABLE]


class WebhookForm(WhereForm):
    """A new webhook."""

    url = forms.URLField(
        label=gettext_lazy("Address"),
        max_length=300,
        assume_scheme="https",
        help_text=gettext_lazy("https://… of the other program. Messages are signed."),
    )
    events = forms.MultipleChoiceField(
        label=gettext_lazy("It is told of"),
        choices=WebhookEndpoint.Event.choices,
        widget=forms.CheckboxSelectMultiple,
    )

    def clean_url(self) -> str:
        """Refuse what is not encrypted, and a password in the address."""
        url: str = self.cleaned_data["url"]
        parts = urlsplit(url)
        if parts.scheme != "https" or parts.username or parts.password:
            raise forms.ValidationError(_("Enter an https:// address without a password in it."))
        return url
