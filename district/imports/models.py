"""Sheets that were uploaded, what they would change, and the columns that somebody chose."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.fields import EncryptedTextField


class SheetImport(models.Model):
    """One uploaded sheet, from its columns to its end. Only the account that uploaded it sees it."""

    class State(models.TextChoices):
        """Where it stands. The worker goes on with those that wait."""

        COLUMNS = "columns", _("Columns to choose")
        TO_CHECK = "to_check", _("Being checked")
        CHECKED = "checked", _("To be confirmed")
        TO_APPLY = "to_apply", _("Being applied")
        APPLIED = "applied", _("Applied")
        DROPPED = "dropped", _("Dropped")

    subject = models.CharField(_("subject"), max_length=40)
    """The key of the importer."""
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="sheet_imports")
    file_name = models.CharField(_("file"), max_length=200)
    sheet_name = models.CharField(_("sheet"), max_length=100, blank=True)
    columns = models.JSONField(default=dict)
    """Field -> heading or letter, as a person chose them."""
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.COLUMNS)
    made = models.DateTimeField(_("uploaded at"), default=timezone.now)
    changed = models.DateTimeField(_("changed at"), auto_now=True)
    rows_done = models.IntegerField(default=0)
    """How far the worker is."""
    attempts = models.IntegerField(default=0)
    """How often the worker began. It gives up after a few: a file may not hold up the others."""
    refusal = models.JSONField(default=dict)
    """Why the file cannot be read or applied: a sentence and its values. Empty: it can."""
    result = EncryptedTextField(blank=True)
    """What it would change, as JSON (`imports.result`). It holds names."""
    digest = models.CharField(max_length=64, blank=True)
    """Of all that it would change."""

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["user", "-made"]),
            models.Index(
                fields=["made"], condition=models.Q(state__in=("to_check", "to_apply")), name="sheet_import_waiting"
            ),
        ]

    def __str__(self) -> str:
        return self.file_name


class SheetContent(models.Model):
    """The bytes of an uploaded sheet, until it is applied or dropped. Encrypted: they hold numbers of id cards."""

    sheet = models.OneToOneField(SheetImport, models.CASCADE, related_name="content", primary_key=True)
    content = EncryptedTextField()
    """In base 64."""


class ColumnChoice(models.Model):
    """The columns that an account chose for sheets with the same headings."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="column_choices")
    subject = models.CharField(max_length=40)
    headings = models.CharField(max_length=64)
    """Digest of the headings."""
    columns = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "subject", "headings"], name="column_choice_once")
        ]
