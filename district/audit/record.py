"""Write the audit record. Call it inside the transaction of the change: both are stored, or neither."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from django.db import models, transaction
from django.dispatch import Signal
from django.http import HttpRequest
from django.utils import timezone

from district.audit.chain import SealedEntry
from district.audit.models import Entry, Head
from district.prepared import Given, PreparedQuery, columns_of, from_columns

CHAINS = 16
"""So many transactions can write at the same time without waiting for each other."""
READ = "read"
NOWHERE: tuple[str, int | None] = ("", None)
Subject = models.Model | type[models.Model] | str
"""A row, a whole table, or the name of a list."""
_WHY_CHARACTERS = 500
recorded = Signal()
"""Sent inside the transaction with `entries`, so that other apps tell of what was done. They look at the actions first:
it is sent for each read too.
"""
_mine = threading.local()


@runtime_checkable
class Located(Protocol):
    """Something that says where it belongs, for the auditor's scope."""

    @property
    def audit_scope(self) -> tuple[str, int | None]:
        """Return the path of the place, or "", and the enterprise's key."""


def record(
    actor: object,
    action: str,
    subject: Subject,
    *,
    fields: Sequence[str] = (),
    why: str = "",
    place_path: str = "",
    enterprise: int | None = None,
    details: Mapping[str, str] | None = None,
) -> None:
    """Record that somebody did something. `actor` is an account, a token, or the name of a process.

    `fields` are names; `details` hold no value of a sensitive field. A class as subject means the table, a text the
    list of that name. Without `place_path` and `enterprise` the subject's own are taken, or else the actor's.
    """
    record_many(
        actor,
        action,
        [subject],
        fields=fields,
        why=why,
        place_path=place_path,
        enterprise=enterprise,
        details=details,
    )


def record_many(
    actor: object,
    action: str,
    subjects: Iterable[Subject],
    *,
    fields: Sequence[str] = (),
    why: str = "",
    place_path: str = "",
    enterprise: int | None = None,
    details: Mapping[str, str] | None = None,
) -> None:
    """Record the same of many subjects, with one lock."""
    written: dict[str, Any] = {_clean(key): _clean(text) for key, text in (details or {}).items()}
    if fields:
        written["fields"] = [_clean(name) for name in fields]
    if why:
        written["why"] = _clean(why)[:_WHY_CHARACTERS]
    _append(
        [
            {
                "actor": _clean(str(actor))[:150],
                "action": action,
                "subject_kind": subject if isinstance(subject, str) else subject._meta.label_lower,
                "subject_id": str(subject.pk) if isinstance(subject, models.Model) else "",
                "place_path": path,
                "enterprise": employer,
                "details": written,
            }
            for subject in subjects
            for path, employer in [_where(place_path, enterprise, subject, actor)]
        ]
    )


def record_read(request: HttpRequest, person: models.Model, fields: Sequence[str], why: str) -> None:
    """Record that the signed-in account reads sensitive fields, and its reason. Call it before showing them."""
    record(request.user, READ, person, fields=fields, why=why)


def _append(drafts: Sequence[Mapping[str, Any]]) -> None:
    if not drafts:
        return
    with transaction.atomic(savepoint=False):  # it is a part of the change: what fails here fails the change
        head = _locked_head()
        now, entries = timezone.now(), []
        for draft in drafts:
            sealed = SealedEntry(chain=head.chain, seq=head.seq + 1, utc=now, prev_hash=head.hash, **draft)
            head.seq, head.hash = sealed.seq, sealed.hash
            entries.append(Entry(**sealed.__dict__, hash=head.hash))
        Entry.objects.bulk_create(entries, batch_size=500)
        recorded.send(Entry, entries=entries)
        head.save(update_fields=["seq", "hash"])


_OWN_HEAD = PreparedQuery(
    lambda: (
        Head.objects.select_for_update(skip_locked=True)
        .filter(chain=Given("chain", models.CharField()))
        .values_list(*columns_of(Head))
    )
)


def _locked_head() -> Head:
    """Lock the chain that this thread used last, or a free one. Wait only if none is free."""
    mine: str = getattr(_mine, "chain", f"{threading.get_ident() % CHAINS:02}")
    row = _OWN_HEAD.first(chain=mine)
    head = from_columns(Head, row) if row else Head.objects.select_for_update(skip_locked=True).first()
    if head is None:
        Head.objects.bulk_create([Head(chain=f"{n:02}") for n in range(CHAINS)], ignore_conflicts=True)
        head = Head.objects.select_for_update().get(chain=mine)
    _mine.chain = head.chain
    return head


def _where(path: str, enterprise: int | None, subject: Subject, actor: object) -> tuple[str, int | None]:
    if path or enterprise is not None:
        return path, enterprise
    if isinstance(subject, models.Model):
        found = _located(subject)
        if found != NOWHERE:
            return found
    return actor.audit_scope if isinstance(actor, Located) else NOWHERE


def _located(thing: models.Model) -> tuple[str, int | None]:
    """Return where a row belongs: what it says itself, or else the place, project or person that it names."""
    if isinstance(thing, Located):
        return thing.audit_scope
    path = getattr(thing, "path", "") if hasattr(thing, "steplen") else ""
    for name in ("place", "project", "team", "person"):
        related = None if path else getattr(thing, name, None)
        if isinstance(related, models.Model):
            found = _located(related)
            if found != NOWHERE:
                return found[0], getattr(thing, "enterprise_id", None) or found[1]
    return path, getattr(thing, "enterprise_id", None)


def _clean(text: str) -> str:
    """Take out NUL, which PostgreSQL cannot store, and lone surrogates, which no database can."""
    return str(text).replace("\0", "").encode("utf-8", "replace").decode()
