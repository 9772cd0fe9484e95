"""Forms of accounts."""

from datetime import datetime, time
from typing import Any, cast

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from district.accounts.models import User
from district.accounts.registry import NotAllowed, Wanted, check_username, held_by
from district.permissions import MAY_GIVE, ROLE_NAMES, Permission, Role
from district.places.models import Enterprise, Place
from district.web.days import DayField

_PLACES_SHOWN = 3_000


class GiveRoleForm(forms.Form):
    """A role, where it holds, and until when."""

    role = forms.ChoiceField(label=pgettext_lazy("account", "Role"))
    where = forms.ChoiceField(label=_("Where it holds"))
    until = DayField(
        label=pgettext_lazy("account", "Last day"),
        required=False,
        help_text=pgettext_lazy("account", "Empty: until somebody ends it."),
    )

    def __init__(self, actor: User, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.actor = actor
        given = {role for held in held_by(actor) for role in MAY_GIVE.get(held.role, frozenset())}
        cast(forms.ChoiceField, self.fields["role"]).choices = [
            ("", "–"),  # none is chosen beforehand: the first one has the most rights
            *((role.value, ROLE_NAMES[role]) for role in Role if role in given),
        ]
        places = Place.objects.visible_to(actor, Permission.CHANGE_ACCOUNTS)[:_PLACES_SHOWN]
        enterprises = Enterprise.objects.visible_to(actor, Permission.CHANGE_ACCOUNTS)[:_PLACES_SHOWN]
        self._places = {f"place-{place.pk}": place for place in places}
        self._enterprises = {f"enterprise-{one.pk}": one for one in enterprises}
        cast(forms.ChoiceField, self.fields["where"]).choices = [
            ("", "–"),
            (_("Places"), [(key, _indented(place)) for key, place in self._places.items()]),
            (_("Enterprises"), [(key, one.name) for key, one in self._enterprises.items()]),
        ]

    def clean_until(self) -> datetime | None:
        """Return the end of the last day."""
        day = self.cleaned_data["until"]
        if day is None:
            return None
        if day < timezone.localdate():
            raise ValidationError(_("This day is over: choose today or a later day."))
        return timezone.make_aware(datetime.combine(day, time(23, 59, 59)))

    @property
    def wanted(self) -> Wanted:
        """Return the role of a valid form."""
        where = self.cleaned_data["where"]
        return Wanted(
            Role(self.cleaned_data["role"]),
            self._places.get(where),
            self._enterprises.get(where),
            self.cleaned_data["until"],
        )


class InviteAccountForm(GiveRoleForm):
    """A new account with its first role."""

    name = forms.CharField(label=_("Name"), max_length=80)
    username = forms.CharField(
        label=_("User name"),
        max_length=40,
        help_text=_("The person signs in with it. Letters, digits and @ . + - _"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    email = forms.EmailField(
        label=_("E-mail"), required=False, help_text=_("The link is sent there too. Empty: hand it over yourself.")
    )
    field_order = ("name", "username", "phone", "email", "role", "where", "until")

    def clean_username(self) -> str:
        """Return a free name in small letters."""
        username: str = self.cleaned_data["username"].lower()
        try:
            check_username(username)
        except NotAllowed as error:
            raise ValidationError(str(error)) from error
        if User.objects.filter(username__iexact=username).exists():
            raise ValidationError(_("This user name is taken: choose another."))
        return username


class ChoosePasswordForm(forms.Form):
    """The password of an invited account, typed twice."""

    password = forms.CharField(
        label=_("New password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "data-private": ""}),
        help_text=_("At least 12 characters. Three words that only you combine are good."),
    )
    again = forms.CharField(
        label=_("The same again"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "data-private": ""}),
    )

    def __init__(self, user: User, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user

    def clean_password(self) -> str:
        """Refuse a password that is short, common, or like the name."""
        password: str = self.cleaned_data["password"]
        validate_password(password, self.user)
        return password

    def clean(self) -> dict[str, Any]:
        """Refuse two passwords."""
        cleaned = super().clean() or {}
        if "password" in cleaned and cleaned.get("again") != cleaned["password"]:
            self.add_error("again", _("This is not the same password: type it again."))
        return cleaned


def _indented(place: Place) -> str:
    return f"{'  ' * (place.depth - 1)}{place.name} ({place.get_kind_display()})"
