"""The words of dates."""

from enum import StrEnum


class TimeWord(StrEnum):
    """How a date is written with its day. The days of the week themselves: `contract.policy.Weekday`."""

    PATTERN = "pattern"
