"""How loud the gate speaks, by the hour of the site. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(24:00|([01]\d|2[0-3]):([0-5]\d)) (\d{1,3})")
PATTERN = r"^([01]\d|2[0-3]):[0-5]\d-(24:00|([01]\d|2[0-3]):[0-5]\d) (100|\d{1,2})$"
DAY_MIN = 24 * 60


@dataclass(frozen=True, slots=True)
class VolumeSpan:
    """From one minute of the day until another, not including it. It may pass midnight. `percent`: 0 is silent."""

    from_min: int
    until_min: int
    percent: int

    def covers(self, minute: int) -> bool:
        """True if this minute of the day lies in the span."""
        if self.from_min < self.until_min:
            return self.from_min <= minute < self.until_min
        return minute >= self.from_min or minute < self.until_min


def volume_span(text: str) -> VolumeSpan:
    """Read "22:00-06:00 30". Raises ValueError."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not like 22:00-06:00 30")
    first = 60 * int(found[1]) + int(found[2])
    last = DAY_MIN if found[3] == "24:00" else 60 * int(found[4]) + int(found[5])
    return VolumeSpan(first, last, int(found[6]))


def volume_at(usual_percent: int, spans: Sequence[VolumeSpan], local: time) -> int:
    """Return the volume in percent at a local time: of the first span that covers it, or the usual one."""
    minute = 60 * local.hour + local.minute
    return next((span.percent for span in spans if span.covers(minute)), usual_percent)
