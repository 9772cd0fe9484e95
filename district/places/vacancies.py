"""Who is in charge of what, and where nobody is."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from district.places.models import Enterprise, Place, Responsibility
from district.places.rules import NEEDS_LIAISON, NEEDS_OFFICER
from district.scope import Account

_KIND = Responsibility.Kind


@dataclass(frozen=True)
class Post:
    """An officer's or liaison's post, and who holds it; None is a vacancy."""

    kind: Responsibility.Kind
    holder: Responsibility | None

    @property
    def label(self) -> str:
        """Return the name of the post."""
        return str(self.kind.label)


def posts_of(subject: Place | Enterprise) -> list[Post]:
    """Return the posts that a place or an enterprise needs or has."""
    what = "enterprise" if isinstance(subject, Enterprise) else str(subject.kind)
    rows: Iterable[Responsibility] = subject.responsibilities.filter(ends=None).select_related("user")
    held = {row.kind: row for row in rows}
    needed = {_KIND.OFFICER: what in NEEDS_OFFICER, _KIND.LIAISON: what in NEEDS_LIAISON}
    return [Post(kind, held.get(kind)) for kind, is_needed in needed.items() if is_needed or kind in held]


def vacant_enterprises(user: Account) -> "QuerySet[Enterprise]":
    """Return the enterprises that lack an officer or a liaison."""
    found: QuerySet[Enterprise] = Enterprise.objects.visible_to(user).filter(retired=None)
    officer, liaison = _held(_KIND.OFFICER, "enterprise"), _held(_KIND.LIAISON, "enterprise")
    return found.annotate(has_officer=officer, has_liaison=liaison).exclude(has_officer=True, has_liaison=True)


def vacant_places(user: Account) -> "QuerySet[Place]":
    """Return the grids and open sites that lack an officer, and the sites that lack a liaison."""
    found: QuerySet[Place] = Place.objects.visible_to(user).filter(
        retired=None, kind__in=NEEDS_OFFICER & set(Place.Kind.values)
    )
    found = found.filter(Q(project=None) | Q(project__closed=None))
    found = found.annotate(has_officer=_held(_KIND.OFFICER, "place"), has_liaison=_held(_KIND.LIAISON, "place"))
    return found.filter(Q(has_officer=False) | Q(has_liaison=False, kind__in=NEEDS_LIAISON))


def _held(kind: Responsibility.Kind, of: str) -> Exists:
    return Exists(Responsibility.objects.filter(**{of: OuterRef("pk")}, kind=kind, ends=None).order_by())
