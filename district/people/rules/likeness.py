"""How much two records look like one person. A person decides; nothing is merged by likeness."""

from dataclasses import dataclass
from datetime import date

from rapidfuzz.distance import Levenshtein

ENOUGH = 0.8
"""From this likeness of the letters on, two people born on one day are shown to somebody who decides."""


@dataclass(frozen=True)
class Likeness:
    """How alike two names are (0 to 1), and whether that is worth a look."""

    score: float
    worth_a_look: bool


def likeness(one: tuple[str, date | None], other: tuple[str, date | None]) -> Likeness:
    """Compare two people by letters of the name and date of birth. An unknown date is like no other."""
    (letters, birth), (letters_2, birth_2) = one, other
    if birth is None or birth != birth_2 or not letters or not letters_2:
        return Likeness(0.0, False)
    score = Levenshtein.normalized_similarity(letters, letters_2)
    return Likeness(round(score, 3), score >= ENOUGH)
