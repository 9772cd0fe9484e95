"""Who acknowledged an alarm at the desk."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """`note`: what was done about the alarm, if somebody said so."""

    by: str
    utc: datetime
    note: str = ""
