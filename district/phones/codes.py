"""Codes that HQ signs, as pages show them: one look after the other sees the same code for a while."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import segno
from django.core.cache import cache
from django.utils import timezone
from django.utils.dateparse import parse_datetime


@dataclass(frozen=True, slots=True)
class ShownCode:
    """A code as a page shows it."""

    text: str
    until: datetime
    seconds: int
    """How long it is good at most."""

    @property
    def svg(self) -> str:
        """Return its drawing."""
        drawn = segno.make(self.text, error="m", micro=False)
        return drawn.svg_inline(border=2, omitsize=True, svgclass=None, lineclass=None)


def shown_code(key: str, make: Callable[[], str], *, valid: timedelta, same_s: int) -> ShownCode:
    """Return the code of a cache key. A page that asks again within `same_s` seconds gets the same code.

    `make` is asked for the text of a new one. Raises what it raises.
    """
    now = timezone.now()
    held = cache.get(key)
    if held is None:
        held = (make(), (now + valid).isoformat())
        cache.set(key, held, same_s)
    return ShownCode(held[0], parse_datetime(held[1]) or now, int(valid.total_seconds()))
