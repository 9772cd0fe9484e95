"""A person, and from whose view a person is seen."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, ClassVar, Protocol, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.fields import EncryptedTextField
from district.people.rules import NATIONS, PROVINCES
from district.permissions import Permission
from district.places.models import Enterprise, Place
from district.scope import NOTHING, Account, Scope, VisibleModel, VisibleQuerySet


class _Dated(Protocol):
    ends: Any


WIDE = 2 * Place.steplen
"""Length of a path down to the towns."""
GRACE_DAYS = 90
"""How long an employer may change, and read documents of, somebody who left: last wages and papers need it."""


def in_force(today: Any, grace: int = 0) -> Q:
    """Return the filter for rows with `starts` and `ends` that hold today, or ended less than `grace` days ago."""
    return Q(ends__isnull=True) | Q(ends__gte=today - timedelta(days=grace) if grace else today)


def lasts(row: "_Dated", day: date) -> bool:
    """Say of one row what `in_force` asks the database: it ends on a day or later."""
    return row.ends is None or row.ends >= day


def seen_from_places(scope: Scope, person: str = "person") -> Q:
    """Return the filter for rows of people who work or worked at the places of a scope. `person`: the row's column.

    A range is the branch of one place, and that place has a row for everybody below it. Rows of a district or town
    are many: each shown row is asked for one. Rows of a site are few: they are collected first.
    """
    tops = [first for first, _end in scope.ranges]
    if not tops:
        return NOTHING
    if min(map(len, tops)) > WIDE:
        rows = PersonScope.objects.filter(place__path__in=tops)
        return Q(**{f"{person}__in": rows.values("person")})
    # The keys themselves: of a join by path the database expects a hundredth of the rows, and collects all of them.
    places = list(Place.objects.filter(path__in=tops).order_by().values_list("pk", flat=True))
    return Q(Exists(PersonScope.objects.filter(place__in=places, person=OuterRef(person))))


def seen_from_employers(scope: Scope, person: str = "person") -> Q:
    """Return the filter for rows of people who work or worked for the enterprises of a scope."""
    if not scope.enterprises:
        return NOTHING
    return Q(**{f"{person}__in": PersonEmployer.objects.filter(scope.employers()).values("person")})


class PersonQuerySet(VisibleQuerySet):
    """People by scope."""

    def changeable_by(self, user: Account, permission: Permission = Permission.CHANGE_PEOPLE) -> Self:
        """Keep the people whom an account may change: those who work in its scope now. A former employer only
        reads.
        """
        scope = user.scope(permission)
        return self.none() if scope.empty else self.filter(Person.present_q(scope))

    def living(self) -> Self:
        """Keep the records that stand for somebody: neither merged into another nor erased."""
        return self.filter(merged_into=None, erased=None)

    def by_worker_id(self, worker_ids: Iterable[str | None]) -> "dict[str, Person]":
        """Return the people of these ids who are not erased. Of a record that was merged return the person that it
        became."""
        rows = self.filter(worker_id__in=set(worker_ids), erased=None).select_related("merged_into")
        return {one.worker_id: one.merged_into or one for one in rows}


class Person(VisibleModel):
    """One human being, at each employer and place of work. Somebody who comes back is the same person."""

    class Way(models.TextChoices):
        """How the person passes a gate. All ways are equal; the person chooses."""

        UNDECIDED = "", _("not chosen")
        FACE = "face", _("face")
        CODE = "code", _("code on the phone")
        CARD = "card", _("card")

    permission: ClassVar[Permission] = Permission.SEE_PEOPLE
    worker_id = models.CharField(_("worker id"), max_length=40, unique=True)
    """HQ's and the gates' opaque name of this person. Random, never made from a number."""
    name = models.CharField(_("name"), max_length=80, db_index=True)
    pinyin = models.CharField(_("pinyin"), max_length=160, db_index=True)
    """Sorts and finds; of a name in other letters the name itself in small letters."""
    joined = models.CharField(max_length=160, blank=True, db_index=True)
    """The pinyin without blanks, which is what people type."""
    initials = models.CharField(max_length=40, blank=True, db_index=True)
    sex = models.CharField(_("sex"), max_length=1, choices=[("m", _("male")), ("f", _("female"))], blank=True)
    birth = models.DateField(_("date of birth"), null=True, blank=True)
    nation = models.CharField(
        _("nation"), max_length=2, blank=True, choices=[(code, n[0]) for code, n in NATIONS.items()]
    )
    province = models.CharField(
        _("origin"), max_length=2, blank=True, choices=[(code, n[0]) for code, n in PROVINCES.items()]
    )
    """Province of the id number. No finer: county, birth and sex together would give most of the number away."""
    phone = EncryptedTextField(_("phone"), blank=True)
    phone_index = models.CharField(max_length=43, blank=True, db_index=True)
    address = EncryptedTextField(_("address"), blank=True)
    emergency_contact = EncryptedTextField(_("emergency contact"), blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    way = models.CharField(_("way to pass"), max_length=4, choices=Way.choices, default=Way.UNDECIDED, blank=True)
    slow = models.BooleanField(_("needs more time to pass"), default=False)
    documented = models.BooleanField(_("has an id document"), default=False)
    """Kept by the registry: without it, who lacks a document is found only by reading everybody."""
    merged_into = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="merged")
    erase_asked = models.DateTimeField(_("erasure asked"), null=True, blank=True)
    erase_on = models.DateField(_("erased on"), null=True, blank=True, db_index=True)
    """The day after the last legal hold; what no hold covers is erased at once."""
    erased = models.DateTimeField(_("erased"), null=True, blank=True)
    added = models.DateTimeField(_("added"), default=timezone.now)
    changed = models.DateTimeField(_("changed"), auto_now=True)
    objects = PersonQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        ordering: ClassVar = ["pinyin", "pk"]
        indexes: ClassVar = [
            models.Index(fields=["birth", "pinyin"]),
            models.Index(fields=["documented"], condition=Q(documented=False), name="person_undocumented"),
            models.Index(fields=["way"], condition=Q(way=""), name="person_undecided"),
        ]

    def __str__(self) -> str:
        return self.name or self.worker_id

    @property
    def audit_scope(self) -> tuple[str, int | None]:
        """Return the site and the employer of the latest assignment, for the audit record."""
        assignments: Any = self.assignments
        latest = assignments.select_related("project__place").order_by("-starts", "-pk").first()
        if latest is not None:
            return latest.project.place.path, latest.enterprise_id
        return "", None

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show who works or worked on a site of the scope, or for one of its enterprises."""
        return seen_from_places(scope, "pk") | seen_from_employers(scope, "pk")

    @classmethod
    def present_q(cls, scope: Scope) -> Q:
        """Show who works in the scope now, or left less than GRACE_DAYS ago."""
        assignments: Any = cls._meta.get_field("assignments").related_model
        employments: Any = cls._meta.get_field("employments").related_model
        now = in_force(timezone.localdate(), GRACE_DAYS)
        there = scope.places("project__place__path") | scope.employers()
        assigned = assignments.objects.filter(now, there).order_by().values("person")
        employed = employments.objects.filter(now, scope.employers()).order_by().values("person")
        return Q(pk__in=assigned) | Q(pk__in=employed)


class PersonScope(models.Model):
    """A place from whose view a person is seen: one row for each ancestor of each site worked on. Made by
    `people.scopes`; pages of people read it by key.
    """

    place = models.ForeignKey(Place, models.CASCADE)
    pinyin = models.CharField(max_length=160)
    person = models.ForeignKey(Person, models.CASCADE, related_name="scopes")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["place", "pinyin", "person"], name="person_scope_once")
        ]


class PersonEmployer(models.Model):
    """An enterprise from whose view a person is seen. Made by `people.scopes`."""

    enterprise = models.ForeignKey(Enterprise, models.CASCADE)
    pinyin = models.CharField(max_length=160)
    person = models.ForeignKey(Person, models.CASCADE, related_name="employers")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["enterprise", "pinyin", "person"], name="person_employer_once")
        ]


class OfPerson(VisibleModel):
    """A row that belongs to a person. An account that sees the person sees it."""

    class Meta:
        abstract = True

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show the rows of visible people."""
        return seen_from_places(scope) | seen_from_employers(scope)
