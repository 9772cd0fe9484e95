"""Rows on their way to HQ, how far its feed is read, and which worker does what."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class OutboxRow(models.Model):
    """A change for HQ, committed together with the change itself. A worker hands it over at least once. What is handed
    over is the present state, so that a second time changes nothing.
    """

    class Kind(models.TextChoices):
        """What is handed over: the whole present state of one thing, never a difference."""

        WORKER = "worker", _("person")
        SITE = "site", _("site")
        WITHDRAWAL = "withdrawal", _("withdrawn face")
        ERASURE = "erasure", _("erasure")
        RISK = "risk", _("risk entries")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    subject = models.CharField(max_length=63)
    """The worker id or site id. Rows of one subject are handed over in order."""
    body = models.JSONField(default=dict)
    made = models.DateTimeField(default=timezone.now)
    attempts = models.IntegerField(default=0)
    next_try = models.DateTimeField(default=timezone.now)
    refusal = models.TextField(blank=True)
    """Why HQ did not take it the last time, and what to do."""
    done = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["next_try", "id"], condition=models.Q(done__isnull=True), name="outbox_waiting"),
            models.Index(fields=["subject", "id"], condition=models.Q(done__isnull=True), name="outbox_of_subject"),
            models.Index(fields=["done"], condition=models.Q(done__isnull=False), name="outbox_done"),
        ]


class FeedPosition(models.Model):
    """How far HQ's feed is read: one row, changed in the transaction that stores what was read."""

    number = models.BigIntegerField(default=0)
    """Counts the pages that were stored. A page is stored only on the one before it."""
    cursor = models.TextField(default="")
    read = models.DateTimeField(null=True, blank=True)
    """When HQ last answered: pages show the age of what they show."""
    behind = models.IntegerField(default=0)
    """Journals of which HQ holds less than this district: HQ was restored from a backup."""
    error = models.TextField(blank=True)
    """Why the feed cannot be read or stored; empty while it is."""


class FailedEntry(models.Model):
    """An entry of HQ's feed that a handler could not store. It waits here, so that the feed goes on."""

    gate_id = models.CharField(max_length=63)
    line = models.CharField(max_length=200)
    seq = models.BigIntegerField()
    gap = models.BooleanField(default=False)
    """The entry says which events HQ does not hold. An event may have the same number."""
    restart = models.BooleanField(default=False)
    """All later entries of the line wait behind this one."""
    entry = models.TextField()
    """JSON as text: a column for JSON refuses some texts that an entry may hold."""
    handler = models.CharField(max_length=120, blank=True)
    """The first handler that did not take it. The next try begins there. Empty: with the first."""
    error = models.TextField()
    failed = models.DateTimeField(default=timezone.now)
    attempts = models.IntegerField(default=1)
    next_try = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["gate_id", "line", "seq", "gap"], name="failed_entry_once")
        ]
        indexes: ClassVar = [models.Index(fields=["next_try", "id"], name="failed_entry_due")]


class WorkerLease(models.Model):
    """Which worker process does one round. A worker that is killed loses its leases."""

    name = models.CharField(max_length=120, primary_key=True)
    holder = models.CharField(max_length=32)
    """Random, new at each start of a worker."""
    machine = models.CharField(max_length=120)
    process = models.CharField(max_length=60)
    """Process id and its start time, which nobody shares."""
    until = models.DateTimeField()


class DayTurn(models.Model):
    """The last day whose assignments were handed to HQ: one row."""

    date = models.DateField()
