"""What goes to the real-name platform: each site's connection, the queue, and which passages are with the platform."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.fields import EncryptedTextField
from district.people.models import Person, Team
from district.permissions import Permission
from district.places.models import Enterprise, Project
from district.scope import Scope, VisibleModel

TRAINING_TYPE = "003001"
"""The platform's code for trainings that public clients send."""


class SiteUpload(VisibleModel):
    """A site's connection to the platform. The platform gives each project its own id and secret."""

    permission: ClassVar[Permission] = Permission.SEE_UPLOADS
    project = models.OneToOneField(Project, models.CASCADE, related_name="upload")
    enabled = models.BooleanField(_("upload"), default=False)
    app_id = models.CharField(_("app id"), max_length=40, blank=True)
    """Empty: the one of district.toml."""
    secret = EncryptedTextField(_("secret"), blank=True)
    """Empty: the one of district.toml."""
    since = models.DateField(_("since"), default=timezone.localdate)
    """Earlier passages, and wages that were paid earlier, are not uploaded."""
    pay_bank = models.CharField(_("bank of the wage account"), max_length=80, blank=True)
    """The site's own account, from which all wages are paid. Without it no wages go to the platform."""
    pay_account = EncryptedTextField(_("number of the wage account"), blank=True)
    training_hours = models.DecimalField(
        _("hours of a training"), max_digits=4, decimal_places=1, null=True, blank=True
    )
    """The platform asks for them, and the registry has none. Without them no trainings go to the platform."""
    training_type = models.CharField(_("code of trainings"), max_length=6, default=TRAINING_TYPE)
    """Of the platform's own table of trainings."""
    changed_from = models.DateTimeField(null=True, blank=True)
    """Passages from this time on may be new: the next look begins here. Null: none is known to be new."""
    looked = models.DateTimeField(null=True, blank=True)
    """When everything of the site was last held against the queue. Null: at once."""
    paused_until = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(_("trouble"), max_length=20, blank=True)
    """Why nothing goes, of `rules.lacks.Trouble`. Empty: it goes."""
    trouble_detail = models.CharField(max_length=200, blank=True)
    """The platform's words, or a status."""
    clock_off_s = models.IntegerField(default=0)
    """How far this machine's clock was ahead of the platform's when it refused something, if that is much."""
    reconciled = models.DateTimeField(_("reconciled"), null=True, blank=True)
    lacking = models.IntegerField(_("lacking"), default=0)
    """What the platform confirmed earlier, and did not hold at the last reconciliation. It goes again."""
    unknown_workers = models.IntegerField(_("unknown workers"), default=0)
    """Workers whom the platform has on this site, and this district has not."""

    class Meta:
        ordering: ClassVar = ["project__place__name", "pk"]

    def __str__(self) -> str:
        return str(self.project)

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of visible sites."""
        return Q(project__in=Project.objects.filter(Project.visible_q(scope)))


class Upload(VisibleModel):
    """One thing for the platform, with its present state. Attendance goes in batches: each is one row."""

    class Kind(models.IntegerChoices):
        """What it is. Smaller ones go first: the platform refuses a worker of a team that it does not know."""

        CORP = 5, _("Company")
        COMPANY = 10, _("Company on the site")
        TEAM = 20, _("Team")
        WORKER = 30, _("Worker")
        ENTRY = 40, _("Entry to the site")
        CONTRACT = 42, _("Contract of work")
        TRAINING = 44, _("Training")
        ATTENDANCE = 50, _("Attendance")
        EXIT = 60, _("Exit from the site")
        PAYROLL = 70, _("Wages")

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", _("waiting")
        BLOCKED = "blocked", _("something is missing here")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("the platform works on it")
        DONE = "done", _("uploaded")
        REFUSED = "refused", _("refused by the platform")

    permission: ClassVar[Permission] = Permission.SEE_UPLOADS
    project = models.ForeignKey(Project, models.CASCADE, related_name="uploads")
    enterprise = models.ForeignKey(Enterprise, models.CASCADE, null=True, related_name="uploads")
    kind = models.IntegerField(_("kind"), choices=Kind.choices)
    subject_id = models.BigIntegerField()
    """The enterprise, team or person; of an entry and exit the assignment; of attendance the team. Of a contract the
    employment, of a training the certificate, of wages the person.
    """
    group = models.CharField(max_length=100, blank=True)
    """Of contracts, trainings and wages: which one. Those of one group may go in one call."""
    person = models.ForeignKey(Person, models.CASCADE, null=True, related_name="uploads")
    team = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="uploads")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    lack = models.CharField(max_length=20, blank=True)
    """What is missing here, of `rules.lacks.Lack`."""
    refusal = models.CharField(_("the platform's answer"), max_length=300, blank=True)
    digest = models.CharField(max_length=43, blank=True)
    """Keyed digest of what should be with the platform: another one means that it changed."""
    uploaded_digest = models.CharField(max_length=43, blank=True)
    """Of what the platform confirmed. Empty: it confirmed nothing yet. `?`: it has something, unknown what."""
    sent_digest = models.CharField(max_length=43, blank=True)
    """Of what is on its way."""
    serial = models.CharField(max_length=80, blank=True)
    """The platform's `requestSerialCode`: the result is asked for with it."""
    attempts = models.IntegerField(_("attempts"), default=0)
    asked = models.IntegerField(default=0)
    """How often the result was asked for."""
    unsure = models.BooleanField(default=False)
    """Sent, and no answer arrived: the platform may have it. It is asked before it is sent once more."""
    next_try = models.DateTimeField(default=timezone.now)
    """Waiting: not before. Sending: a lease. Sent: when the result is asked for."""
    made = models.DateTimeField(default=timezone.now)
    changed = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "kind", "subject_id", "group"], condition=~Q(kind=50), name="upload_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["state", "next_try"],
                condition=Q(state__in=["waiting", "sending", "sent"]),
                name="upload_to_do",
            ),
            models.Index(fields=["project", "state", "kind"]),
            models.Index(fields=["serial"], condition=~Q(serial=""), name="upload_serial"),
        ]

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of sites in the scope and of the account's enterprises."""
        return scope.places("project__place__path") | scope.employers()


class PassageUpload(VisibleModel):
    """A passage that goes to the platform, named as the platform names it: who, when, which way.

    It does not point to the passage: projections are made again from the feed, and what is uploaded stays uploaded.
    """

    permission: ClassVar[Permission] = Permission.SEE_UPLOADS
    project = models.ForeignKey(Project, models.CASCADE, related_name="passage_uploads")
    enterprise = models.ForeignKey(Enterprise, models.CASCADE, null=True, related_name="passage_uploads")
    person = models.ForeignKey(Person, models.CASCADE, related_name="passage_uploads")
    utc = models.DateTimeField(_("time"))
    direction = models.CharField(_("direction"), max_length=3)
    upload = models.ForeignKey(Upload, models.CASCADE, null=True, related_name="passages")
    """Its batch. Null: it waits, mostly for its worker to be with the platform."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "utc", "person", "direction"], name="passage_upload_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["project", "person"], condition=Q(upload__isnull=True), name="passage_upload_waiting"),
        ]

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of sites in the scope and of the account's enterprises."""
        return scope.places("project__place__path") | scope.employers()
