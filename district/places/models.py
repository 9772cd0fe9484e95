"""The tree of places; enterprises; sites with their gates; who is responsible for each."""

from typing import ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from treebeard.mp_tree import MP_Node, MP_NodeManager, MP_NodeQuerySet

from district.permissions import Permission
from district.scope import Scope, VisibleModel, VisibleQuerySet

_HQ_ID = RegexValidator(r"^[a-z0-9][a-z0-9-]{0,62}$", _("Use small letters, digits and hyphens."))


class _PlaceQuerySet(VisibleQuerySet, MP_NodeQuerySet):  # type: ignore[misc]
    """Places by scope, in the order of the tree."""


class _PlaceManager(MP_NodeManager.from_queryset(_PlaceQuerySet)):  # type: ignore[misc]
    """Reads places in the order of the tree."""

    def get_queryset(self) -> _PlaceQuerySet:
        """Return all places; treebeard's own manager would return its own query, which knows no scope."""
        return _PlaceQuerySet(self.model, using=self._db).order_by("path")


class Place(MP_Node, VisibleModel):  # type: ignore[misc]
    """A district, town, community, grid or site. A site is a leaf. Siblings are not sorted: that would change paths."""

    class Kind(models.TextChoices):
        """What a place is. Levels may be left out."""

        DISTRICT = "district", _("District")
        TOWN = "town", _("Town")
        COMMUNITY = "community", _("Community")
        GRID = "grid", _("Grid")
        SITE = "site", _("Site")

    permission: ClassVar[Permission] = Permission.SEE_SITES
    kind = models.CharField(_("type"), max_length=10, choices=Kind.choices)
    name = models.CharField(pgettext_lazy("thing", "name"), max_length=120)
    code = models.CharField(_("code"), max_length=20, blank=True)
    """The administrative division's code (GB/T 2260), or the grid's number."""
    outline = models.JSONField(_("outline"), null=True, blank=True)
    """GeoJSON geometry (WGS84) for the map."""
    retired = models.DateField(_("out of use"), null=True, blank=True)
    """Kept for the history; nothing new stands below it."""
    objects = _PlaceManager()  # type: ignore[misc]

    class Meta:
        indexes: ClassVar = [models.Index(fields=["kind", "path"])]

    def __str__(self) -> str:
        return self.name

    @property
    def branch(self) -> tuple[str, str]:
        """Return the path and the first path behind its branch. The alphabet of paths ends with Z, and `~` sorts
        behind it in both databases.
        """
        return self.path, f"{self.path}~"

    @property
    def ancestor_paths(self) -> tuple[str, ...]:
        """Return the paths from the root to this place, itself last."""
        return self.paths_to(self.path)

    @classmethod
    def paths_to(cls, path: str) -> tuple[str, ...]:
        """Return the paths from the root to a path, itself last."""
        return tuple(path[:end] for end in range(cls.steplen, len(path) + 1, cls.steplen))

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show the branches of the scope."""
        return scope.places() | Q(project__in=Project.objects.filter(Project.visible_q(scope)))


class Enterprise(VisibleModel):
    """An employer: contractor, subcontractor, supplier of labour."""

    class Kind(models.TextChoices):
        """The national platform's `corpType`."""

        CONSTRUCTION = "001", _("Construction unit (owner)")
        CONTRACTOR = "002", _("General contractor")
        SUPERVISION = "003", _("Supervision")
        SURVEY = "004", _("Survey")
        DESIGN = "005", _("Design")
        SPECIALIST = "006", _("Specialist subcontractor")
        LABOUR = "007", _("Labour subcontractor")
        OTHER = "012", _("Other")

    called_by: ClassVar[str] = "name"
    permission: ClassVar[Permission] = Permission.SEE_SITES
    name = models.CharField(pgettext_lazy("thing", "name"), max_length=120)
    uscc = models.CharField(_("unified social credit code"), max_length=18, unique=True)
    kind = models.CharField(_("type"), max_length=3, choices=Kind.choices, default=Kind.LABOUR)
    place = models.ForeignKey(Place, models.PROTECT, related_name="enterprises")
    """Its grid: "one enterprise, one grid"."""
    contact = models.CharField(_("contact"), max_length=80, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    retired = models.DateField(_("out of use"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_scope(self) -> tuple[str, int | None]:
        """Return its seat, and itself, for the audit record."""
        return self.place.path, self.pk

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those seated in the scope, those that work on its sites, and the account's own."""
        on_sites = Subcontract.objects.filter(scope.places("project__place__path")).values("enterprise")
        return scope.places("place__path") | Q(pk__in=scope.enterprises) | Q(pk__in=on_sites)


class Project(VisibleModel):
    """A building site: a leaf of the tree with permit, dates, contractors and gates."""

    called_by: ClassVar[str] = "place__name"
    permission: ClassVar[Permission] = Permission.SEE_SITES
    place = models.OneToOneField(Place, models.PROTECT, related_name="project")
    site_id = models.CharField(_("site id"), max_length=63, unique=True, validators=[_HQ_ID])
    """HQ's name of the site, which gates and events carry."""
    code = models.CharField(_("platform code"), max_length=40, blank=True)
    permit = models.CharField(_("building permit"), max_length=60, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    general_contractor = models.ForeignKey(Enterprise, models.PROTECT, related_name="contracted")
    starts = models.DateField(_("starts"), null=True, blank=True)
    ends = models.DateField(_("ends"), null=True, blank=True)
    resumed = models.DateField(_("resumed work"), null=True, blank=True)
    closed = models.DateField(_("closed"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["place__name", "pk"]

    def __str__(self) -> str:
        return self.place.name

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those in the scope, and those on which the account's enterprises work."""
        theirs = Subcontract.objects.filter(scope.employers()).values("project")
        return scope.places("place__path") | scope.employers("general_contractor") | Q(pk__in=theirs)


class Subcontract(VisibleModel):
    """An enterprise on a site, for a time. The general contractor has one too."""

    permission: ClassVar[Permission] = Permission.SEE_SITES
    project = models.ForeignKey(Project, models.CASCADE, related_name="subcontracts")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="subcontracts")
    starts = models.DateField(_("starts"))
    ends = models.DateField(_("ends"), null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "enterprise", "starts"], name="subcontract_once")
        ]

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of visible sites and of the account's enterprises."""
        return scope.places("project__place__path") | scope.employers()


class Gate(VisibleModel):
    """A turnstile's computer, as HQ knows it."""

    permission: ClassVar[Permission] = Permission.SEE_SITES
    project = models.ForeignKey(Project, models.CASCADE, related_name="gates")
    gate_id = models.CharField(_("gate id"), max_length=63, validators=[_HQ_ID])
    name = models.CharField(pgettext_lazy("thing", "name"), max_length=80, blank=True)
    last_heard = models.DateTimeField(_("last heard"), null=True, blank=True)
    retired = models.DateField(_("out of use"), null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["project", "gate_id"], name="gate_once")]

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of visible sites."""
        return Q(project__in=Project.objects.filter(Project.visible_q(scope)))


class Responsibility(VisibleModel):
    """The named officer or liaison of an enterprise or place, for a time. One without an end is in force; none in
    force is a vacancy.
    """

    class Kind(models.TextChoices):
        """What the person is for: the district's side, or the enterprise's own."""

        OFFICER = "officer", _("Officer")
        LIAISON = "liaison", _("Liaison")

    permission: ClassVar[Permission] = Permission.SEE_SITES
    kind = models.CharField(_("type"), max_length=10, choices=Kind.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="responsibilities")
    place = models.ForeignKey(Place, models.CASCADE, null=True, blank=True, related_name="responsibilities")
    enterprise = models.ForeignKey(Enterprise, models.CASCADE, null=True, blank=True, related_name="responsibilities")
    starts = models.DateField(_("starts"))
    ends = models.DateField(_("ends"), null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(place__isnull=False) ^ Q(enterprise__isnull=False),
                name="responsible_for_place_or_enterprise",
            ),
            models.UniqueConstraint(fields=["kind", "place"], condition=Q(ends=None), name="one_responsible_for_place"),
            models.UniqueConstraint(
                fields=["kind", "enterprise"], condition=Q(ends=None), name="one_responsible_for_enterprise"
            ),
        ]

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of visible places and enterprises."""
        return scope.places("place__path") | Q(enterprise__in=Enterprise.objects.filter(Enterprise.visible_q(scope)))
