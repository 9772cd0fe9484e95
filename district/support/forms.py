"""Forms of measures and of decisions."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from district.places.choices import EnterpriseField
from district.scope import Account
from district.support.rules.reading import BYTES_MAX
from district.support.rules.refusals import SupportFileRefused, SupportRefused
from district.web.refusals import refusal_text


def refused(error: SupportRefused) -> ValidationError:
    """Return a refusal in the reader's language, for a form; a file's with all its faults."""
    faults = error.faults if isinstance(error, SupportFileRefused) else (error,)
    return ValidationError([refusal_text(one) for one in faults])


class PublishForm(forms.Form):
    """A file of measures, or its text: what was refused is corrected here and sent again."""

    file = forms.FileField(
        label=_("File of measures (TOML)"), required=False, widget=forms.FileInput(attrs={"accept": ".toml"})
    )
    text = forms.CharField(
        label=_("Or its text"),
        required=False,
        max_length=BYTES_MAX,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 18, "class": "mono", "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        """Take the file, or else the text. Raises ValidationError if both are empty."""
        found: dict[str, Any] = super().clean() or {}
        file = found.get("file")
        content = file.read(BYTES_MAX + 1) if file else str(found.get("text", "")).encode()
        if not content.strip() and not self.errors:
            raise ValidationError(gettext("Choose a file, or write its text."))
        found["content"] = content
        return found


class ChooseEnterpriseForm(forms.Form):
    """The enterprise that the calculator answers for."""

    def __init__(self, user: Account, *args: Any, **options: Any) -> None:
        """`user`: among whose enterprises is chosen."""
        super().__init__(*args, **options)
        self.fields["enterprise"] = EnterpriseField(user=user, label=_("Enterprise"))


class DecisionForm(forms.Form):
    """What the office decides: an amount, or words, or both."""

    amount = forms.DecimalField(
        label=_("Granted amount (yuan)"), required=False, min_value=Decimal("0.01"), max_digits=14, decimal_places=2
    )
    why = forms.CharField(
        label=_("Question or reason"),
        required=False,
        max_length=500,
        help_text=_("The enterprise reads it. A smaller amount and a refusal need it."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ReplyForm(forms.Form):
    """What the enterprise answers."""

    said = forms.CharField(label=_("Answer"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class RetireForm(forms.Form):
    """Why a measure is taken out of use."""

    why = forms.CharField(label=_("Reason"), max_length=500)
