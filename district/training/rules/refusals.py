"""What is refused, in one sentence with what to do."""


class TrainingRefused(ValueError):
    """Something about training that is not right. `text` is English, to be translated, and says what to do."""

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(text % values if values else text)
        self.text, self.values = text, values
