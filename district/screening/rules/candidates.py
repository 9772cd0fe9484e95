"""Names that may be the same: compared by pinyin, and only among few people. A person decides."""

from collections.abc import Sequence

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

ENOUGH_IN_PLACE = 0.95
"""From this likeness on, people of one province whose birth is unknown are shown. Many have nearly the same name."""
CANDIDATES_MAX = 5
"""People that one row can bring: nobody reads a list of fifty."""


def best_names(name: str, others: Sequence[str], enough: float) -> list[tuple[float, int]]:
    """Return score (0 to 1) and index of the names most like this one, the best first. All in joined pinyin."""
    if not name:
        return []
    found = process.extract(
        name,
        others,
        scorer=Levenshtein.normalized_similarity,
        processor=None,
        score_cutoff=enough,
        limit=CANDIDATES_MAX,
    )
    return [(round(score, 3), index) for other, score, index in found if other]
