"""What supplies refuse. Pure."""


class SuppliesRefused(ValueError):
    """Something that cannot be. `text` is an English message id, `values` fill it."""

    def __init__(self, text: str, **values: object) -> None:
        """Keep the parts, so that a page says it in the reader's language."""
        super().__init__(text % values if values else text)
        self.text, self.values = text, values
