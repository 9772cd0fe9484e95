"""A draw that anybody can repeat: the seed and the numbers decide, and nothing else. Pure."""

import hashlib
from collections.abc import Iterable

from django.utils.translation import gettext_noop

from district.supplies.rules.refusals import SuppliesRefused

CHECKS_MAX = 100


def drawn(seed: str, numbers: Iterable[int], count: int) -> list[int]:
    """Return the drawn numbers, in the order of the draw.

    Each number is sorted by the SHA-256 of `seed:number`. So `printf seed:number | sha256sum` repeats it on any
    computer, and who knows the seed only afterwards cannot choose.
    """
    return sorted(set(numbers), key=lambda number: (_mark(seed, number), number))[:count]


def check_draw(count: int, available: int) -> int:
    """Return how many are drawn. Raises SuppliesRefused."""
    if available == 0:
        raise SuppliesRefused(gettext_noop("No site below this place works on a commitment: nothing can be drawn."))
    if not 1 <= count <= CHECKS_MAX:
        raise SuppliesRefused(gettext_noop("Draw 1 to %(most)s sites at a time."), most=CHECKS_MAX)
    return min(count, available)


def _mark(seed: str, number: int) -> str:
    return hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()
