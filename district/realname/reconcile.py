"""Holds the platform against this district once a day: what it lacks goes again, what it has is noted."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from district.fields import index_of
from district.people.models import IdDocument
from district.realname import gather, look, paper_calls, papers, results
from district.realname.calls import SiteCalls, key_of
from district.realname.connector import ZONE
from district.realname.models import PassageUpload, SiteUpload, Upload
from district.realname.rules.bodies import PassageFacts

FROM_HOUR = 2
"""Of the platform's time: when few work, and yesterday is complete."""
_DAYS = 1
"""Days before today that are compared."""
PAPERS_FOR = timedelta(days=7)
"""Trainings and wages are compared so long after the platform confirmed them."""


def due(now: datetime) -> list[SiteUpload]:
    """Return the sites that were not reconciled today."""
    local = now.astimezone(ZONE)
    if local.hour < FROM_HOUR:
        return []
    start = local.replace(hour=FROM_HOUR, minute=0, second=0, microsecond=0)
    sites = gather.sites_to_upload()
    return [
        site
        for site in sites
        if (site.reconciled is None or site.reconciled < start)
        and (site.paused_until is None or site.paused_until <= now)
    ]


def reconcile(calls: SiteCalls, now: datetime) -> None:
    """Compare workers and yesterday's passages of one site. Raises NoAnswer, NotTaken, Lacking, SecretError."""
    unknown = _workers(calls, now)
    lacking = sum(
        _passages(calls, (now.astimezone(ZONE) - timedelta(days=back)).date().isoformat(), now)
        for back in range(1, _DAYS + 1)
    )
    lacking += _papers(calls, now)
    look.forget(now)
    SiteUpload.objects.filter(pk=calls.site.pk).update(
        reconciled=now, lacking=lacking, unknown_workers=unknown, looked=None, changed_from=now - look.LATE
    )


def _workers(calls: SiteCalls, now: datetime) -> int:
    """Note the workers whom the platform has, and send again those whom it lacks. Return how many are unknown here."""
    held = set[str]()
    for row in calls.rows("ProjectWorker.Query", {}):
        number = calls.connector.signer.decrypt(str(row.get("idCardNumber", "")), calls.credentials)
        held.add(index_of(IdDocument, "number_index", number))
    project = calls.site.project
    uploads = {
        row.subject_id: row
        for row in Upload.objects.filter(project=project, kind=Upload.Kind.WORKER).select_related("team")
    }
    documents = IdDocument.objects.filter(Q(person__in=uploads) | Q(number_index__in=held))
    index_of_person = dict(documents.filter(person__in=uploads).values_list("person", "number_index"))
    for person, row in uploads.items():
        if index_of_person.get(person) in held:
            if not row.uploaded_digest and row.state in (Upload.State.BLOCKED, Upload.State.REFUSED):
                row.sent_digest = "?"  # what somebody typed there is brought to what is known here
                results.done(row, {}, now)
        elif row.uploaded_digest and row.state == Upload.State.DONE:
            Upload.objects.filter(pk=row.pk, state=Upload.State.DONE).update(
                state=Upload.State.WAITING, uploaded_digest="", next_try=now
            )
    return len(held - set(index_of_person.values()))


def _passages(calls: SiteCalls, day: str, now: datetime) -> int:
    """Compare one day. Equal totals need one call; only otherwise every row is read. Return how many are lacking."""
    mine = _confirmed(calls, day)
    total = calls.ask("WorkerAttendance.Query", {"date": day}, 0, 1).total
    if total == len(mine):
        return 0
    held = calls.attendance_of([day])
    lacking = [pk for key, pk in mine.items() if key not in held]
    with transaction.atomic():
        PassageUpload.objects.filter(pk__in=lacking).update(upload=None)
        Upload.objects.filter(
            project=calls.site.project, kind=Upload.Kind.ATTENDANCE, state=Upload.State.DONE, passages=None
        ).delete()
    return len(lacking)


def _papers(calls: SiteCalls, now: datetime) -> int:
    """Send again the contracts that the platform lacks, and of trainings and wages those confirmed lately. Return how
    many.
    """
    done = Upload.objects.filter(project=calls.site.project, state=Upload.State.DONE).exclude(group="")
    rows = list(done.filter(Q(kind=Upload.Kind.CONTRACT) | Q(changed__gte=now - PAPERS_FOR)))
    if not rows:
        return 0
    facts = gather.site_facts(calls.site.project, [row.person_id for row in rows if row.person_id])
    known = {paper.wanted.key: paper for paper in papers.papers(facts, calls.site)}
    asked: dict[str, set[tuple[str, ...]]] = {}
    lacking = []
    for row in rows:
        paper = known.get((row.kind, row.subject_id, row.group))
        number = papers.identity(facts, row.person_id or 0).number
        if paper is None or not number:
            continue
        question = paper_calls.question(paper)
        key = f"{row.kind} {sorted(question.items())}"
        if key not in asked:
            asked[key] = _names(calls, row.kind, question)
        if paper_calls.name_of(paper, number) not in asked[key]:
            lacking.append(row.pk)
    Upload.objects.filter(pk__in=lacking, state=Upload.State.DONE).update(
        state=Upload.State.WAITING, uploaded_digest="", attempts=0, next_try=now
    )
    return len(lacking)


def _names(calls: SiteCalls, kind: int, question: dict[str, Any]) -> set[tuple[str, ...]]:
    @cache
    def opened(sealed: str) -> str:
        return calls.connector.signer.decrypt(sealed, calls.credentials)

    method = f"{paper_calls.METHODS[Upload.Kind(kind)]}.Query"
    found = set[tuple[str, ...]]()
    for entry in calls.rows(method, question):
        found |= paper_calls.names_in(entry, kind, lambda one: opened(str(one.get("idCardNumber", ""))))
    return found


def _confirmed(calls: SiteCalls, day: str) -> dict[tuple[str, str, str], int]:
    """Return the passages of a day that the platform confirmed, by its names."""
    first = datetime.fromisoformat(day).replace(tzinfo=ZONE).astimezone(ZoneInfo("UTC"))
    rows = list(
        PassageUpload.objects.filter(
            project=calls.site.project,
            utc__gte=first,
            utc__lt=first + timedelta(days=1),
            upload__state=Upload.State.DONE,
        )
    )
    documents = {
        document.person_id: document
        for document in IdDocument.objects.filter(person__in={row.person_id for row in rows}).order_by("-kind", "pk")
    }
    return {
        key_of(
            PassageFacts(
                documents[row.person_id].kind, documents[row.person_id].number, row.utc.astimezone(ZONE), row.direction
            )
        ): row.pk
        for row in rows
        if row.person_id in documents
    }
