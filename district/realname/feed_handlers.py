"""Notes which sites have new passages, in the transaction that stores them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from district.attendance.rules.incoming import read_entry
from district.realname import marks


def handle(entries: Iterable[Any]) -> None:
    """Note the earliest time of each site in a page of the feed. Passages themselves are attendance's."""
    first: dict[str, datetime] = {}
    for entry in entries:
        said = read_entry(entry)  # the time under which attendance stores it: a gate's clock may be wrong
        if said is not None and said.granted:
            first[said.site_id] = min(first.get(said.site_id, said.utc), said.utc)
    marks.passages(first)
