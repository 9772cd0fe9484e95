"""The lists of people and of what belongs to them, as pages and files show them."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Exists, F, Max, Min, OuterRef, Prefetch, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from district.people.models import Assignment, Certificate, Consent, Employment, Person, in_force
from district.people.models.person import WIDE, PersonScope
from district.permissions import Permission
from district.places.models import Place, Project
from district.scope import Account, Scope

_WORK = ("person", "starts", "trade", "project__place__name", "enterprise__name", "team__name")
_UNSHOWN = ("phone", "address", "emergency_contact")
"""Encrypted, and on no list: opening them takes a third of an export."""
LIST_KEYS = ("listed_pinyin", "listed_person")
FEW = 2_000
"""People whom a filter may leave for the list to start from them. More are found while the list is read in order."""


def listed_people(user: Account, project: Project | None = None) -> Any:
    """Return the people whom an account sees, by name, with `listed_pinyin` and `listed_person` to page by.

    Nearly every account has one place or one enterprise. It reads one index in the order of the page. `visible_to`
    gives the same rows, and needs to collect all of them first.
    """
    people: Any = Person.objects.all()
    scope = user.scope(Permission.SEE_PEOPLE)
    if project is not None:
        visible = Project.objects.visible_to(user, Permission.SEE_PEOPLE).filter(pk=project.pk)
        if not visible.exists():
            return _by_own_columns(people.none())
        rows = _of_place(project.place_id)
        return rows if scope.holds(project.place.path) else rows.visible_to(user)
    if len(scope.ranges) == 1 and not scope.enterprises:
        return _of_place(_only_place(scope))
    if len(scope.enterprises) == 1 and not scope.ranges:
        (enterprise,) = scope.enterprises
        rows = people.filter(employers__enterprise=enterprise)
        return rows.annotate(listed_pinyin=F("employers__pinyin"), listed_person=F("employers__person_id"))
    return _by_own_columns(people.living().visible_to(user))


def few_who_fit(user: Account, fits: Any) -> set[int] | None:
    """Return the keys of the visible people who fit a filter, if they are few. None if the list is to be read in order.

    `fits`: people, as a query without order. A database that only guesses how many fit reads 100,000 rows to sort 5.
    """
    scope = user.scope(Permission.SEE_PEOPLE)
    if not any(len(first) <= WIDE for first, _end in scope.ranges) and len(scope.enterprises) <= 1:
        return None
    keys = set(fits.order_by().values_list("pk", flat=True)[: FEW + 1])
    if len(keys) > FEW:
        return None
    visible = Person.objects.living().visible_to(user).filter(pk__in=keys)
    return set(visible.order_by().values_list("pk", flat=True))


def few_who_left(user: Account, employed: Any) -> set[int] | None:
    """Return the keys of the people seen from an account's place whom nobody employs, if they are few; else None.

    `employed`: the employments in force. Two sets are compared: to ask each of 100,000 people takes six times as long.
    """
    scope = user.scope(Permission.SEE_PEOPLE)
    if len(scope.ranges) != 1 or scope.enterprises:
        return None
    seen = PersonScope.objects.filter(place=_only_place(scope)).order_by().values_list("person")
    keys = {key for (key,) in seen.difference(employed.order_by().values_list("person"))[: FEW + 1]}
    return None if len(keys) > FEW else keys


def of_keys(keys: Iterable[int]) -> Any:
    """Return people by name whose rights were asked already."""
    return _by_own_columns(Person.objects.filter(pk__in=keys))


def between(rows: Any, fits: Any) -> Any:
    """Leave out the part of a list in front of the first who fits a text, and behind the last. Names that begin alike
    stand together.
    """
    pinyin = Coalesce("pinyin", Value(""))  # of the bare column PostgreSQL reads the whole index in order
    ends = fits.order_by().aggregate(first=Min(pinyin), last=Max(pinyin))
    if ends["first"] is None:
        return rows.none()
    return rows.filter(listed_pinyin__range=(ends["first"], ends["last"]))


def fitting_each(rows: Any, fits: Any) -> Any:
    """Keep the people who fit a filter, asked for each row. It suits a list that is short, or of which most fit."""
    return rows.filter(Exists(fits.order_by().filter(pk=OuterRef("pk"))))


def employments_of_listed(user: Account) -> Any:
    """Return the employments that an account sees of the people whom its lists show.

    Who is listed for a place is seen from it, and so are all of the employments. They are not asked again.
    """
    scope = user.scope(Permission.SEE_PEOPLE)
    rows = Employment.objects.all()
    return rows if scope.ranges and not scope.enterprises else rows.visible_to(user)


def present_site_name() -> Subquery:
    """Return the name of the site where the person of a row works now. The newest work counts."""
    work = Assignment.objects.filter(in_force(timezone.localdate()), person=OuterRef("person"))
    return Subquery(work.order_by("-starts", "-pk").values("project__place__name")[:1])


def _only_place(scope: Scope) -> int:
    """Return the key of the one place of a scope; 0, which no place has, if it is gone."""
    (first, _end), *_none = scope.ranges
    return Place.objects.filter(path=first).values_list("pk", flat=True).first() or 0


def _of_place(place: int) -> Any:
    people: Any = Person.objects.filter(scopes__place=place)
    return people.annotate(listed_pinyin=F("scopes__pinyin"), listed_person=F("scopes__person_id"))


def _by_own_columns(rows: Any) -> Any:
    return rows.annotate(listed_pinyin=F("pinyin"), listed_person=F("pk"))


def with_present(rows: Any, user: Account, *, many: bool = False) -> Any:
    """Add to people what a list shows of each: `present_work`, `expiring` papers, `face_consents`.

    `many`: rows of a file, which share sites, employers and teams instead of having each their own.
    """
    today = timezone.localdate()
    work = Assignment.objects.visible_to(user).filter(in_force(today)).order_by("starts", "pk")
    if many:
        work = work.prefetch_related("project__place", "enterprise", "team")
    else:
        work = work.select_related("project__place", "enterprise", "team").only(*_WORK)
    papers = Certificate.objects.filter(expires__isnull=False).order_by("expires", "pk").only("person", "expires")
    consents = Consent.objects.filter(withdrawn__isnull=True, purpose=Consent.Purpose.FACE).only("person")
    return rows.defer(*_UNSHOWN).prefetch_related(
        Prefetch("assignments", work, "present_work"),
        Prefetch("certificates", papers, "expiring"),
        Prefetch("consents", consents, "face_consents"),
    )


def present_work(person: Any) -> Any:
    """Return the work of a person that holds today, or begins next; None without one."""
    rows = person.present_work
    return rows[-1] if rows else None


def first_expiry(person: Any) -> date | None:
    """Return the day on which the first paper of a person ends or ended."""
    return person.expiring[0].expires if person.expiring else None
