"""What sites declare each day; offers of surplus; commitments and their spot checks."""

from datetime import time
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from district.cases.models import Case
from district.emergency.models import EmergencyMeasure, OfMeasure
from district.fields import EncryptedTextField
from district.permissions import Permission
from district.places.models import Enterprise, Place, Project
from district.scope import Account, Scope, VisibleModel, VisibleQuerySet
from district.supplies.names import COMMITMENT_NAMES, ITEM_NAMES, OFFER_NAMES, RESULT_NAMES
from district.supplies.rules.commitments import CommitmentState
from district.supplies.rules.items import StockFigures, SupplyItem, SupplyNeeds
from district.supplies.rules.offers import OPEN_STATES, OfferState


def site_q(scope: Scope, project: str = "project__") -> Q:
    """Show rows of sites in the scope, and those of sites that its enterprises answer for.

    A subcontractor sees its own people and not the stock of the site.
    """
    return scope.places(f"{project}place__path") | scope.employers(f"{project}general_contractor")


class SupplyPolicy(VisibleModel):
    """What one measure asks of sites. It holds no personal data and stays with the measure."""

    permission: ClassVar[Permission] = Permission.SEE_MEASURES
    measure = models.OneToOneField(EmergencyMeasure, models.CASCADE, related_name="supply_policy")
    due = models.TimeField(_("declare before"), default=time(10))
    """In the district's time zone."""
    short_days = models.PositiveSmallIntegerField(_("short below (days)"), default=3)
    enough_days = models.PositiveSmallIntegerField(_("enough from (days)"), default=7)
    surplus_days = models.PositiveSmallIntegerField(_("surplus above (days)"), default=14)
    people_per_thermometer = models.PositiveSmallIntegerField(_("people for each thermometer"), default=50)
    listed_areas = models.CharField(_("listed areas"), max_length=500, blank=True)
    """Names or codes, as the form of sites shows them."""

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of visible measures."""
        return Q(measure__in=EmergencyMeasure.objects.filter(EmergencyMeasure.visible_q(scope)))

    @property
    def needs(self) -> SupplyNeeds:
        """Return what each site should have."""
        return SupplyNeeds(self.short_days, self.enough_days, self.surplus_days, self.people_per_thermometer)


class OfSite(OfMeasure):
    """A row of one site in a measure."""

    permission: ClassVar[Permission] = Permission.SEE_SUPPLIES
    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    by = models.CharField(_("declared by"), max_length=150)
    changed = models.DateTimeField(_("last change"), default=timezone.now)

    class Meta:
        abstract = True

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of sites in the scope, and of sites that its enterprises answer for."""
        return site_q(scope)


class EmployerCount(OfSite):
    """The people of one employer on one site on one day, as the employer or the site declares them."""

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, related_name="+")
    date = models.DateField(_("day"), default=timezone.localdate)
    expected = models.PositiveIntegerField(_("people expected"), default=0)
    back = models.PositiveIntegerField(_("people back"), default=0)
    from_listed = models.PositiveIntegerField(_("of them from listed areas"), default=0)
    abnormal = models.PositiveIntegerField(_("of them not well"), default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "enterprise", "date"], name="employer_count_once")
        ]
        indexes: ClassVar = [models.Index(fields=["date", "project"], name="employer_count_day")]

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of sites, and those of the account's own enterprises."""
        return site_q(scope) | scope.employers()


class SiteReport(OfSite):
    """What a site declares of itself on one day: places to keep somebody apart, and its supplies."""

    date = models.DateField(_("day"), default=timezone.localdate)
    isolation_places = models.PositiveIntegerField(_("isolation places"), default=0)
    isolation_used = models.PositiveIntegerField(_("isolation places in use"), default=0)
    people = models.PositiveIntegerField(_("people back"), default=0)
    """The sum of its employers on that day."""

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["project", "date"], name="site_report_once")]
        indexes: ClassVar = [models.Index(fields=["date", "project"], name="site_report_day")]


class SupplyLine(VisibleModel):
    """The stock of one item in a report, and what is used of it each day."""

    permission: ClassVar[Permission] = Permission.SEE_SUPPLIES
    report = models.ForeignKey(SiteReport, models.CASCADE, related_name="lines")
    item = models.CharField(_("item"), max_length=12, choices=[(one.value, name) for one, name in ITEM_NAMES.items()])
    stock = models.PositiveIntegerField(_("stock"))
    daily_use = models.PositiveIntegerField(_("used each day"), default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["report", "item"], name="supply_line_once")]

    @property
    def figures(self) -> StockFigures:
        """Return the figures for the rules. The report must be loaded."""
        return StockFigures(SupplyItem(self.item), self.stock, self.daily_use, self.report.people)

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of visible reports."""
        return site_q(scope, "report__project__")


class SupplyOffer(OfMeasure):
    """A site is asked to give an amount to another: a task, until the other has received it."""

    permission: ClassVar[Permission] = Permission.SEE_SUPPLIES
    giver = models.ForeignKey(Project, models.CASCADE, related_name="+", verbose_name=_("gives"))
    taker = models.ForeignKey(Project, models.CASCADE, related_name="+", verbose_name=_("receives"))
    item = models.CharField(_("item"), max_length=12, choices=[(one.value, name) for one, name in ITEM_NAMES.items()])
    amount = models.PositiveIntegerField(_("quantity"))
    received = models.PositiveIntegerField(_("quantity received"), null=True, blank=True)
    state = models.CharField(
        pgettext_lazy("offer", "state"),
        max_length=10,
        choices=[(one.value, name) for one, name in OFFER_NAMES.items()],
        default=OfferState.OFFERED.value,
    )
    why = models.CharField(_("reason"), max_length=500, blank=True)
    by = models.CharField(_("asked by"), max_length=150)
    changed = models.DateTimeField(_("last change"), default=timezone.now)
    case = models.ForeignKey(Case, models.SET_NULL, null=True, blank=True, related_name="+")
    """The request that it answers."""

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="supply_offer_amount"),
            models.UniqueConstraint(
                fields=["giver", "taker", "item"],
                condition=Q(state__in=[state.value for state in OPEN_STATES]),
                name="supply_offer_once_open",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "made"]), models.Index(fields=["taker", "state"])]

    def __str__(self) -> str:
        return f"{self.get_item_display()} · {self.giver} → {self.taker}"

    @property
    def audit_scope(self) -> tuple[str, int | None]:
        """Return the giver's place, for the audit record."""
        return self.giver.place.path, None

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of both sites: each must know where to bring it, and from whom it comes."""
        return site_q(scope, "giver__") | site_q(scope, "taker__")


class StartCommitment(OfSite):
    """A site starts work at once on its word, instead of waiting for an inspection."""

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, related_name="+")
    starts = models.DateField(_("work starts"))
    people = models.PositiveIntegerField(_("people planned"))
    state = models.CharField(
        pgettext_lazy("commitment", "state"),
        max_length=10,
        choices=[(one.value, name) for one, name in COMMITMENT_NAMES.items()],
        default=CommitmentState.IN_FORCE.value,
    )
    why = models.CharField(_("reason"), max_length=500, blank=True)
    """Why it was stopped or withdrawn."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(state=CommitmentState.IN_FORCE.value),
                name="start_commitment_once",
            )
        ]

    def __str__(self) -> str:
        return str(self.project)


class SpotCheckDraw(OfMeasure):
    """A draw among the commitments of a place. Seed and numbers are kept, so that anybody can repeat it."""

    permission: ClassVar[Permission] = Permission.SEE_SUPPLIES
    place = models.ForeignKey(Place, models.CASCADE, related_name="+")
    day = models.DateField(_("day"), default=timezone.localdate)
    seed = models.CharField(_("seed"), max_length=64)
    numbers = models.JSONField(_("numbers"), default=list)
    """The commitments that could be drawn."""
    size = models.PositiveSmallIntegerField(_("drawn"), default=1)
    by = models.CharField(_("drawn by"), max_length=150)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["place", "day"], name="spot_draw_once_a_day")]

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of places in the scope. A site sees its own check and not who else is drawn."""
        return scope.places("place__path")


class SpotCheckQuerySet(VisibleQuerySet):
    """Checks by scope."""

    def visible_to(self, user: Account, permission: Permission | None = None) -> Self:
        """Keep what an account may see. A site sees its check only once it is done: it comes without a warning."""
        at = "commitment__project__place__path"
        checker, reader = user.scope(Permission.CHECK_SITES), user.scope(permission or SpotCheck.permission)
        early = checker.places(at) | reader.places("draw__place__path")
        return super().visible_to(user, permission).filter(~Q(result="") | early)


class SpotCheck(VisibleModel):
    """The check of one drawn commitment."""

    permission: ClassVar[Permission] = Permission.SEE_SUPPLIES
    draw = models.ForeignKey(SpotCheckDraw, models.CASCADE, related_name="checks")
    commitment = models.ForeignKey(StartCommitment, models.CASCADE, related_name="checks")
    number = models.PositiveSmallIntegerField(_("number"))
    """Its turn in the draw."""
    result = models.CharField(
        _("result"), max_length=8, blank=True, choices=[(one.value, name) for one, name in RESULT_NAMES.items()]
    )
    note = EncryptedTextField(_("note"), blank=True)
    by = models.CharField(_("checked by"), max_length=150, blank=True)
    checked = models.DateTimeField(_("checked"), null=True, blank=True)
    case = models.ForeignKey(Case, models.SET_NULL, null=True, blank=True, related_name="+")
    objects = SpotCheckQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["draw", "commitment"], name="spot_check_once")]
        ordering: ClassVar = ["-draw", "number"]

    @property
    def audit_scope(self) -> tuple[str, int | None]:
        """Return the site's place, for the audit record."""
        return self.commitment.project.place.path, None

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of sites in the scope; the query leaves out open ones where a site would be warned."""
        return site_q(scope, "commitment__project__")


class FilingReminder(OfMeasure):
    """A site was reminded of a day: once, however many workers run."""

    permission: ClassVar[Permission] = Permission.SEE_SUPPLIES
    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    date = models.DateField(_("day"), default=timezone.localdate)
    mails = models.PositiveSmallIntegerField(_("mails sent"), default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["project", "date"], name="filing_reminder_once")]

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of sites in the scope."""
        return site_q(scope)


def open_sites(today: Any) -> Q:
    """Return the filter for sites that are not closed."""
    return Q(closed=None) | Q(closed__gt=today)
