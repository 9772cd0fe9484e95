"""How screening refuses something."""

from common.refusals import TranslatableError


class ScreeningRefused(TranslatableError):
    """A list, row, rule or decision that cannot be. `text` is an English message id, `values` fill it."""
