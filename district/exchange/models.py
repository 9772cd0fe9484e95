"""Rows on their way to HQ, and how far its feed is read."""

from typing import ClassVar

from django.db import models
from django.utils import timezone


class OutboxRow(models.Model):
    """A change for HQ, committed together with the change itself. A worker hands it over at least once; `key` makes
    that idempotent.
    """

    class Kind(models.TextChoices):
        """What is handed over: the whole present state of one thing, never a difference."""

        WORKER = "worker"
        SITE = "site"
        ENROLMENT = "enrolment"
        WITHDRAWAL = "withdrawal"
        ERASURE = "erasure"

    kind = models.CharField(max_length=12, choices=Kind.choices)
    subject = models.CharField(max_length=63)
    """The worker id or site id. Rows of one subject are handed over in order."""
    body = models.JSONField(default=dict)
    made = models.DateTimeField(default=timezone.now)
    attempts = models.IntegerField(default=0)
    next_try = models.DateTimeField(default=timezone.now)
    refusal = models.TextField(blank=True)
    done = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["next_try", "id"], condition=models.Q(done__isnull=True), name="outbox_waiting")
        ]


class FeedPosition(models.Model):
    """How far HQ's feed is read: one row, changed in the transaction that stores what was read."""

    cursor = models.TextField(default="")
    read = models.DateTimeField(null=True, blank=True)
    """When HQ last answered: pages show the age of what they show."""
