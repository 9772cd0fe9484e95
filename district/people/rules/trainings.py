"""Which training decides how long a gate opens. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

NEVER_EXPIRES = date(2099, 12, 31)


@dataclass(frozen=True)
class TrainingForGate:
    """A training and its last valid day; None: it does not expire."""

    kind: str
    expires: date | None


@dataclass(frozen=True)
class Trained:
    """The last day of the training that decides, and its kind. None: gates that ask for training refuse."""

    until: date | None
    kind: str = ""
    missing: tuple[str, ...] = ()
    """Required trainings that the person does not have."""


def kind_form(kind: str) -> str:
    """Return the form in which kinds are compared: capitals and blanks do not count."""
    return "".join(kind.split()).casefold()


def trained(held: Iterable[TrainingForGate], required: Iterable[str]) -> Trained:
    """Return what decides: of the required trainings the one that ends first. Without requirements the latest of all.

    Of one kind the latest counts, for it was renewed.
    """
    latest: dict[str, TrainingForGate] = {}
    for one in held:
        key = kind_form(one.kind)
        if key not in latest or _until(one) > _until(latest[key]):
            latest[key] = one
    asked = {kind_form(kind): kind for kind in required}
    missing = tuple(sorted(kind for key, kind in asked.items() if key not in latest))
    if missing:
        return Trained(None, missing[0], missing)
    if asked:
        first = min((latest[key] for key in asked), key=lambda one: (_until(one), one.kind))
        return Trained(_until(first), first.kind)
    if latest:
        last = max(latest.values(), key=lambda one: (_until(one), one.kind))
        return Trained(_until(last), last.kind)
    return Trained(None)


def _until(one: TrainingForGate) -> date:
    return one.expires or NEVER_EXPIRES
