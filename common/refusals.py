"""What a person must correct or do otherwise. Sentence and values are apart, so that a page can translate it."""


class TranslatableError(ValueError):
    """Something that is refused. The sentence says what to do."""

    def __init__(self, text: str, **values: object) -> None:
        """`text`: the sentence, with `%(name)s` where a value stands. Without values it is taken as it is."""
        super().__init__(text % values if values else text)
        self.text, self.values = text, values
