"""The codes that prove training at a gate. HQ signs them; they open nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import segno
from django.core.cache import cache
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from district.exchange.door import hq_door
from district.training.models import ClassSession, Learning
from district.training.rules import Step

CODE_VALID = timedelta(minutes=15)
_SAME_S = 50
"""A page that asks again within this time gets the same code."""


@dataclass(frozen=True)
class ShownCode:
    """A code as a page shows it."""

    text: str
    until: datetime

    @property
    def svg(self) -> str:
        """Return its drawing."""
        drawn = segno.make(self.text, error="m", micro=False)
        return drawn.svg_inline(border=2, omitsize=True, svgclass=None, lineclass=None)

    @property
    def seconds(self) -> int:
        """Return how long it is good at most."""
        return int(CODE_VALID.total_seconds())


def code_of_learning(learning: Learning) -> ShownCode:
    """Return the code of a passed course, for its worker alone. Raises HqAway, HqRefused."""
    return _code(learning.session_name, Step.PROOF, learning.person.worker_id, "")


def code_in_class(session: ClassSession, step: Step, worker_id: str = "") -> ShownCode:
    """Return the code of a class for the terminal, or for one worker whom a guard confirms. Raises HqAway,
    HqRefused.
    """
    return _code(session.session_name, step, worker_id, session.project.site_id)


def _code(name: str, step: Step, worker_id: str, site_id: str) -> ShownCode:
    key, now = f"training-code-{name}-{step.value}-{worker_id}", timezone.now()
    held = cache.get(key)
    if held is None:
        text = hq_door().training_code(name, step.value, CODE_VALID, worker_id=worker_id, site_id=site_id)
        held = (text, (now + CODE_VALID).isoformat())
        cache.set(key, held, _SAME_S)
    return ShownCode(held[0], parse_datetime(held[1]) or now)
