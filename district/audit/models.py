"""The audit record: chained, and only added to."""

from typing import ClassVar

from django.db import models

from district.permissions import Permission
from district.scope import Scope, VisibleModel


class Entry(VisibleModel):
    """One thing that somebody did, or one sensitive field that somebody read. Database triggers refuse changes and
    removals.
    """

    permission: ClassVar[Permission] = Permission.SEE_AUDIT
    chain = models.CharField(max_length=32)
    """Writers at the same time have one chain each. A single one would make all of them wait for each other."""
    seq = models.BigIntegerField()
    utc = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=150)
    action = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=63)
    place_path = models.CharField(max_length=255, blank=True)
    """The path of the place that it concerns, as it was then: what an auditor's scope is held against."""
    enterprise = models.BigIntegerField(null=True)
    details = models.JSONField(default=dict)
    """Names of fields and reasons; never the values of sensitive ones."""
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["chain", "seq"], name="audit_entry_once")]
        indexes: ClassVar = [
            models.Index(fields=["subject_kind", "subject_id", "id"]),
            models.Index(fields=["actor", "id"]),
        ]

    @classmethod
    def visible_q(cls, scope: Scope) -> models.Q:
        """Show what happened inside the scope; from a root also what belongs to no place and no enterprise."""
        found = scope.places("place_path") | scope.employers()
        if scope.whole:
            found |= models.Q(place_path="", enterprise__isnull=True)
        return found


class Head(models.Model):
    """The end of one chain. A writer locks its row until its transaction ends."""

    chain = models.CharField(max_length=32, primary_key=True)
    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)
