"""Say a refusal in the reader's language."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from common.refusals import TranslatableError


def refusal_text(error: TranslatableError) -> str:
    """Return the sentence of a refusal in the reader's language."""
    return gettext(error.text) % error.values if error.values else gettext(error.text)


def refused(error: TranslatableError) -> ValidationError:
    """Return a refusal in the reader's language, for a form."""
    return ValidationError(refusal_text(error))
