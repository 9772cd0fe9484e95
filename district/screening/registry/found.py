"""Pairs of a person and a row or rule, and how they become hits."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from django.db.models import Q
from django.utils import timezone

from district.audit.record import record
from district.emergency.models import EmergencyMeasure
from district.screening.models import Hit, KeyList, send_risks
from district.screening.registry.warning import AT_ONCE, warn_of, warn_of_candidates
from district.screening.rules import HitBasis, HitState, end_of_hit

_AT_ONCE = 500
"""Keys of one query."""
T = TypeVar("T")


@dataclass(frozen=True)
class FoundPair:
    """A person, and the row or rule that may mean them. `sure`: no person has to decide."""

    person: int
    list: int
    basis: HitBasis
    sure: bool
    score: float = 1.0
    row: int | None = None
    rule: int | None = None

    @property
    def key(self) -> tuple[int, int | None, int | None]:
        """Return what a hit is unique by."""
        return self.person, self.row, self.rule


def store_pairs(measure: EmergencyMeasure, pairs: Iterable[FoundPair]) -> int:
    """Store the pairs that are new as hits, and queue who is held at once. Return how many are new.

    What somebody decided stays. A candidate that a number proves now is in force from now on.
    """
    best: dict[tuple[int, int | None, int | None], FoundPair] = {}
    for pair in pairs:
        known = best.get(pair.key)
        if known is None or (pair.sure, pair.score) > (known.sure, known.score):
            best[pair.key] = pair
    held = _held(sorted({key[0] for key in best}))
    new = [pair for key, pair in best.items() if key not in held]
    proven = {held[key].pk: (held[key], pair) for key, pair in best.items() if pair.sure and _waits(held.get(key))}
    lists = {one.pk: one for one in KeyList.objects.filter(pk__in={pair.list for pair in best.values()})}
    made = [_hit(measure, lists[pair.list], pair) for pair in new]
    Hit.objects.bulk_create(made, batch_size=_AT_ONCE, ignore_conflicts=True)
    _prove(proven.values(), lists)
    _send([pair for pair in new if pair.sure], list(proven))
    _warn(measure, new, list(proven), lists)
    if made or proven:
        details = {"hits": str(len(made)), "proven": str(len(proven))}
        record("screening", "find hits", Hit, place_path=measure.place.path, details=details)
    return len(made)


def _held(people: Sequence[int]) -> dict[tuple[int, int | None, int | None], Hit]:
    found: dict[tuple[int, int | None, int | None], Hit] = {}
    for some in portions(people):
        for hit in Hit.objects.filter(person__in=some).defer("why"):
            found[hit.person_id, hit.row_id, hit.rule_id] = hit
    return found


def _waits(hit: Hit | None) -> bool:
    return hit is not None and hit.state == HitState.CANDIDATE


def _hit(measure: EmergencyMeasure, key_list: KeyList, pair: FoundPair) -> Hit:
    now = timezone.now()
    sure = pair.sure
    return Hit(
        measure=measure,
        made=now,
        person_id=pair.person,
        list=key_list,
        row_id=pair.row,
        rule_id=pair.rule,
        basis=pair.basis,
        score=pair.score,
        state=HitState.IN_FORCE if sure else HitState.CANDIDATE,
        until=end_of_hit(now, key_list.ends, measure.ends, measure.kept_days, timezone.get_current_timezone()),
        decided_by=key_list.by if sure else "",
        decided=now if sure else None,
    )


def _prove(proven: Iterable[tuple[Hit, FoundPair]], lists: Mapping[int, KeyList]) -> None:
    """Put candidates in force that a number proves. The lists stand for who loaded them."""
    now, changed = timezone.now(), []
    for hit, pair in proven:
        hit.state, hit.basis, hit.score, hit.decided = HitState.IN_FORCE, pair.basis, pair.score, now
        hit.decided_by = lists[pair.list].by
        changed.append(hit)
    Hit.objects.bulk_update(changed, ["state", "basis", "score", "decided", "decided_by"], batch_size=_AT_ONCE)


def _send(sure: Sequence[FoundPair], proven: Sequence[int]) -> None:
    for some in portions(sorted({pair.person for pair in sure})):
        send_risks(Hit.objects.filter(person__in=some))
    for some in portions(proven):
        send_risks(Hit.objects.filter(pk__in=some))


def _warn(
    measure: EmergencyMeasure, new: Sequence[FoundPair], proven: Sequence[int], lists: Mapping[int, KeyList]
) -> None:
    """Open the cases of a few hits at once. Those of many are left to the worker: gates come first."""
    for number in sorted({pair.list for pair in new if not pair.sure}):
        warn_of_candidates(lists[number])
    sure = {pair.person for pair in new if pair.sure}
    if 0 < len(sure) + len(proven) <= AT_ONCE:
        of_new = Q(person__in=sure, list__in=lists)
        waiting = Hit.objects.filter(of_new | Q(pk__in=proven), measure=measure, state=HitState.IN_FORCE, warned=None)
        warn_of(waiting.select_related("measure__place", "list", "person").order_by("pk"))


def portions(keys: Iterable[T]) -> Iterator[list[T]]:
    """Return keys in portions that one query takes."""
    rest = iter(keys)
    while some := list(islice(rest, _AT_ONCE)):
        yield some
