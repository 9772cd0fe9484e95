"""The refusal of an answer. Pure."""

from common.refusals import TranslatableError


class DeclarationRefused(TranslatableError):
    """An answer that cannot be. `text` is an English message id, `values` fill it."""
