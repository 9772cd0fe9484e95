"""The form of a site's connection, and the filters of what did not go."""

from decimal import Decimal
from typing import Any, ClassVar

import django_filters
from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from district.people.rules import WrongNumber, account_number
from district.realname.models import TRAINING_TYPE, SiteUpload, Upload
from district.realname.rules.banks import bank_code
from district.realname.rules.signers import SIGNERS, PlatformCredentials, SecretError

_TRAINING_CODE = 6
_HOURS_MAX = 200


class SiteUploadForm(forms.ModelForm[SiteUpload]):
    """A site's connection. The secret is written and never shown."""

    new_secret = forms.CharField(
        label=gettext_lazy("Secret"),
        required=False,
        max_length=100,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "data-private": ""}),
        help_text=gettext_lazy("Empty: the present one stays."),
    )

    new_account = forms.CharField(
        label=gettext_lazy("Number of the wage account"),
        required=False,
        max_length=40,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "data-private": "", "inputmode": "numeric"}),
        help_text=gettext_lazy("The site's own account for wages. Empty: the present one stays."),
    )

    class Meta:
        model = SiteUpload
        fields: ClassVar = ["enabled", "app_id", "since", "pay_bank", "training_hours", "training_type"]
        labels: ClassVar = {
            "enabled": gettext_lazy("Upload this site"),
            "app_id": gettext_lazy("App id of this project"),
            "since": gettext_lazy("Passages and wages since"),
            "pay_bank": gettext_lazy("Bank of the wage account"),
            "training_hours": gettext_lazy("Hours of a training"),
            "training_type": gettext_lazy("Code of trainings"),
        }
        help_texts: ClassVar = {
            "app_id": gettext_lazy("Empty: the one of district.toml, or the project's code."),
            "pay_bank": gettext_lazy("With its full name. Empty: no wages are uploaded."),
            "training_hours": gettext_lazy("The platform asks for them. Empty: no trainings are uploaded."),
            "training_type": gettext_lazy("Six digits, of the platform's table of trainings."),
        }
        widgets: ClassVar = {"since": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def __init__(self, *args: Any, signer: str, has_code: bool, has_secret: bool, **options: Any) -> None:
        """Keep what the site has already."""
        super().__init__(*args, **options)
        self._signer, self._has_code, self._has_secret = signer, has_code, has_secret
        self.fields["training_type"].required = False
        self.order_fields(["enabled", "app_id", "new_secret", "since", "pay_bank", "new_account"])

    def clean_new_secret(self) -> str:
        """Refuse a secret that the platform's encryption cannot use."""
        secret: str = self.cleaned_data["new_secret"]
        if secret:
            try:
                SIGNERS[self._signer].encrypt("1", PlatformCredentials("", secret))
            except SecretError:
                raise forms.ValidationError(
                    _("This is not a secret of this platform: it needs 32 characters. Copy it once more.")
                    if self._signer == "national"
                    else _("This is not a secret of this platform: it needs at least 8 characters. Copy it once more.")
                ) from None
        return secret

    def clean_pay_bank(self) -> str:
        """Refuse a bank that the platform's table lacks."""
        bank: str = self.cleaned_data["pay_bank"]
        if bank and not bank_code(bank):
            raise forms.ValidationError(_("The platform's table has no such bank: write its full name."))
        return bank

    def clean_new_account(self) -> str:
        """Refuse what is no number of an account."""
        number: str = self.cleaned_data["new_account"]
        try:
            return account_number(number) if number else ""
        except WrongNumber as error:
            raise forms.ValidationError(str(error)) from None

    def clean_training_type(self) -> str:
        """Refuse what is no code."""
        code: str = self.cleaned_data["training_type"] or TRAINING_TYPE
        if not (code.isascii() and code.isdecimal() and len(code) == _TRAINING_CODE):
            raise forms.ValidationError(_("The code has six digits: compare it with the platform's table."))
        return code

    def clean_training_hours(self) -> Decimal | None:
        """Refuse no time at all."""
        hours: Decimal | None = self.cleaned_data["training_hours"]
        if hours is not None and not 0 < hours <= _HOURS_MAX:
            raise forms.ValidationError(_("Type hours between 0.5 and 200."))
        return hours

    def clean(self) -> dict[str, Any]:
        """Refuse to turn on what cannot go."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("enabled") and not self._has_code:
            self.add_error("enabled", _("The site has no platform code. Enter it on the site's page first."))
        if data.get("enabled") and not (data.get("new_secret") or self._has_secret) and "new_secret" not in self.errors:
            self.add_error("new_secret", _("Without a secret nothing can be uploaded: enter it."))
        since = data.get("since")
        if since and since > timezone.localdate():
            self.add_error("since", _("Choose today or an earlier day."))
        return data

    def save(self, commit: bool = True) -> SiteUpload:
        """Store it, and let the worker try at once."""
        site: SiteUpload = super().save(commit=False)
        if self.cleaned_data["new_secret"]:
            site.secret = self.cleaned_data["new_secret"]
        if self.cleaned_data["new_account"]:
            site.pay_account = self.cleaned_data["new_account"]
        site.looked = site.paused_until = None
        site.trouble = site.trouble_detail = ""
        if commit:
            site.save()
        return site


class UploadFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Chooses by state and kind."""

    state = django_filters.ChoiceFilter(
        label=gettext_lazy("State"), choices=Upload.State.choices, empty_label=gettext_lazy("All that is not uploaded")
    )
    kind = django_filters.ChoiceFilter(
        label=gettext_lazy("What"), choices=Upload.Kind.choices, empty_label=gettext_lazy("Everything")
    )

    class Meta:
        model = Upload
        fields: ClassVar = ["state", "kind"]
