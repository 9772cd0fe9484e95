"""What supplies refuse. Pure."""

from common.refusals import TranslatableError


class SuppliesRefused(TranslatableError):
    """Something that cannot be. `text` is an English message id, `values` fill it."""
