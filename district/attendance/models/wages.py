"""Payrolls that were imported, to hold paid days against passages."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.attendance.models.passages import AtSite
from district.people.models import Person
from district.permissions import Permission
from district.places.models import Enterprise, Project


class Payroll(AtSite):
    """One enterprise's payroll of one month on one site. A second import of the same month replaces the first."""

    permission: ClassVar[Permission] = Permission.SEE_WAGES
    project = models.ForeignKey(Project, models.PROTECT, related_name="payrolls")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="payrolls")
    month = models.DateField(_("month"))
    """Its first day."""
    imported = models.DateTimeField(_("imported"), default=timezone.now)
    imported_by = models.CharField(_("imported by"), max_length=150, blank=True)
    settled = models.DateField(_("settled"), null=True, blank=True)
    """The day on which all wages were paid. The ledger is held for three years from it."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "enterprise", "month"], name="payroll_once")
        ]


class PayrollLine(models.Model):
    """What one person is paid for. Seen with its payroll."""

    payroll = models.ForeignKey(Payroll, models.CASCADE, related_name="lines")
    person = models.ForeignKey(Person, models.PROTECT, related_name="payroll_lines")
    days = models.DecimalField(_("paid days"), max_digits=5, decimal_places=2)
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2, null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["payroll", "person"], name="payroll_line_once")]
