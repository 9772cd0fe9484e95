"""What is refused, in one sentence with what to do."""

from common.refusals import TranslatableError


class TrainingRefused(TranslatableError):
    """Something about training that is not right. `text` is English, to be translated, and says what to do."""
