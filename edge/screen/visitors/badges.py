"""The texts of badges that were just made, in memory for some minutes: no file holds them."""

from collections.abc import Callable
from datetime import datetime, timedelta

SHOWN_FOR = timedelta(minutes=10)
SHOWN_MAX = 50


class ShownBadges:
    """By visitor: the badge's text, until it is forgotten."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._texts: dict[str, tuple[str, datetime]] = {}

    def show(self, visitor_id: str, text: str) -> None:
        """Keep a badge's text for the page that shows it."""
        now = self._now()
        kept = {who: held for who, held in self._texts.items() if timedelta(0) <= now - held[1] < SHOWN_FOR}
        kept[visitor_id] = text, now
        self._texts = dict(list(kept.items())[-SHOWN_MAX:])

    def text(self, visitor_id: str) -> str | None:
        """Return the text, or None if it is no longer shown."""
        text, since = self._texts.get(visitor_id, ("", None))
        return text if since is not None and timedelta(0) <= self._now() - since < SHOWN_FOR else None

    def forget(self, visitor_id: str) -> None:
        """Forget the badge of a visit that ended."""
        self._texts.pop(visitor_id, None)
