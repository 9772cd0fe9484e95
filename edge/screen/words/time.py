"""The words of dates."""

from enum import StrEnum


class TimeWord(StrEnum):
    """Days of the week, and how a date is written with its day."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"
    PATTERN = "pattern"
