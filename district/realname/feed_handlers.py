"""Notes which sites have new passages, in the transaction that stores them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from district.realname import marks


def handle(entries: Iterable[Any]) -> None:
    """Note the earliest time of each site in a page of the feed. Passages themselves are attendance's."""
    first: dict[str, datetime] = {}
    for entry in entries:
        if entry.type != "passage" or entry.utc is None:
            continue
        utc = entry.corrected_utc or entry.utc
        first[entry.site_id] = min(first.get(entry.site_id, utc), utc)
    marks.passages(first)
