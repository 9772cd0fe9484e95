"""Tell what became of each refusal: whether the same worker was admitted later, and by whom. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from contract.messages import Reason
from edge.core.domain import DecisionRow

SAME_MATTER_S = 600.0
"""The same worker is refused again for the same reason: one story."""
NEXT_PERSON_S = 120.0
"""Refusals of unknown persons for one reason within this time are one story. A guard's admission within it ends it."""
NEXT_TRY_S = 20.0
"""Somebody whom the gate did not know may be the next one whom it admits. Later than this another has come."""
BY_GUARD = "by "


class RefusalEnding(StrEnum):
    """What became of a refusal."""

    ADMITTED = "admitted"
    """By the gate itself, at a later try."""
    BY_GUARD = "by_guard"
    BY_HQ = "by_hq"
    NOT_ADMITTED = "not_admitted"


@dataclass(frozen=True, slots=True)
class RefusalStory:
    """Refusals of one worker for one reason, and their end.

    `first`, `last`: the first and the newest refusal. `tries`: how many. `end`: the decision that admitted. `sure`: it
    admitted the same worker. Of a person whom the gate did not know, the next admission here is only likely the end.
    """

    first: DecisionRow
    last: DecisionRow
    tries: int
    ending: RefusalEnding
    end: DecisionRow | None = None
    sure: bool = True

    @property
    def seconds(self) -> float | None:
        """Return how long after the newest refusal the person was admitted."""
        return None if self.end is None else self.end.utc - self.last.utc

    @property
    def settled_s(self) -> float | None:
        """Return how long the person waited for the gate itself; None if somebody had to help."""
        return self.end.utc - self.first.utc if self.end and self.ending is RefusalEnding.ADMITTED else None


def stories(decisions: Sequence[DecisionRow], before_utc: float) -> list[RefusalStory]:
    """Return the stories that began before a time (Unix), newest first. `decisions`: oldest first.

    Decisions after that time only tell how a story ended. A worker's story ends with the next admission in the same
    direction.
    """
    open_: dict[tuple[str, str], list[DecisionRow]] = {}
    unknown: list[DecisionRow] = []
    found: list[RefusalStory] = []
    for row in decisions:
        if row.granted:
            found += _ended(open_, unknown, row)
        elif row.utc >= before_utc:
            continue
        elif row.worker_id is None:
            found += _follow_unknown(unknown, row)
        else:
            found += _follow(open_, row)
    found += [_story(refused) for refused in (*open_.values(), *([unknown] if unknown else ()))]
    return sorted(found, key=lambda story: story.first.seq, reverse=True)


def _follow(open_: dict[tuple[str, str], list[DecisionRow]], row: DecisionRow) -> Iterator[RefusalStory]:
    """Add a refusal to its worker's story. Yield the story before it, if that is too old."""
    key = (row.worker_id or "", row.reason)
    refused = open_.setdefault(key, [])
    if refused and row.utc - refused[-1].utc > SAME_MATTER_S:
        yield _story(refused)
        refused = open_[key] = []
    refused.append(row)


def _follow_unknown(unknown: list[DecisionRow], row: DecisionRow) -> Iterator[RefusalStory]:
    """Add the refusal of an unknown person. Yield the story before it, if this is another one."""
    if unknown and (row.reason != unknown[-1].reason or row.utc - unknown[-1].utc > NEXT_PERSON_S):
        yield _story(list(unknown))
        unknown.clear()
    unknown.append(row)


def _ended(
    open_: dict[tuple[str, str], list[DecisionRow]], unknown: list[DecisionRow], row: DecisionRow
) -> Iterator[RefusalStory]:
    """Yield the stories that an admission ends."""
    mine = [key for key, refused in open_.items() if key[0] == row.worker_id and refused[-1].direction == row.direction]
    for key in mine:
        yield _story(open_.pop(key), _ending(row), row)
    if unknown and unknown[-1].direction == row.direction:
        within_s = NEXT_PERSON_S if row.reason == Reason.MANUAL_ADMIT else NEXT_TRY_S
        soon = 0 <= row.utc - unknown[-1].utc <= within_s
        yield _story(list(unknown), _ending(row), row, sure=False) if soon else _story(list(unknown))
        unknown.clear()


def _ending(row: DecisionRow) -> RefusalEnding:
    if row.reason == Reason.MANUAL_ADMIT:
        return RefusalEnding.BY_GUARD
    return RefusalEnding.BY_HQ if row.reason == Reason.REMOTE_OPEN else RefusalEnding.ADMITTED


def _story(
    refused: list[DecisionRow],
    ending: RefusalEnding = RefusalEnding.NOT_ADMITTED,
    end: DecisionRow | None = None,
    *,
    sure: bool = True,
) -> RefusalStory:
    return RefusalStory(refused[0], refused[-1], len(refused), ending, end, sure)


def guard_and_reason(detail: str) -> tuple[str, str]:
    """Split what the gate recorded of a guard's admission ("by NAME: REASON"). The name is "" in any other text."""
    name, colon, reason = detail.removeprefix(BY_GUARD).partition(": ")
    return (name, reason) if colon and detail.startswith(BY_GUARD) else ("", detail)
