"""Holds the registry and the passages of one site against the queue, and queues what the platform lacks."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from district.attendance.models import Passage
from district.realname import gather, papers
from district.realname.gather import Wanted
from district.realname.models import PassageUpload, SiteUpload, Upload
from district.realname.rules.bodies import BATCH_MAX
from district.realname.rules.lacks import MENDED_HERE, Lack
from district.web.clock import is_proven

LOOK_EVERY = timedelta(minutes=10)
LOOK_BACK = timedelta(days=2)
"""Of a look without a note: passages that were stored without one."""
LATE = timedelta(days=14)
"""The same once a day: passages that somebody confirmed late."""
COLLECT = timedelta(days=60)
"""Older passages are not collected any more."""
KEPT = timedelta(days=62)
"""Confirmed passages are forgotten after so long. It is more than COLLECT, so none goes twice."""
PAGE = 2_000
SOURCES = ("gate", "phone")
"""Corrections stay here: no device recorded them."""
_MOVING = (Upload.State.SENDING, Upload.State.SENT)


def due(now: datetime) -> list[SiteUpload]:
    """Return the sites that are to be looked at now."""
    return [
        site
        for site in gather.sites_to_upload()
        if site.changed_from is not None or site.looked is None or site.looked <= now - LOOK_EVERY
    ]


def look(site: SiteUpload, now: datetime, batch_wait: timedelta) -> None:
    """Look at one site: its people, teams and companies if it is time, its passages in any case."""
    whole = site.looked is None or site.looked <= now - LOOK_EVERY
    if whole:
        registry(site, now)
    while collect(site.pk, now, now - LOOK_BACK if whole else None):
        continue
    if whole:
        SiteUpload.objects.filter(pk=site.pk).update(looked=now)
    make_batches(site.project_id, now, batch_wait)


def registry(site: SiteUpload, now: datetime) -> None:
    """Queue what is new or changed of people, teams and companies."""
    facts = gather.site_facts(site.project)
    facts.assignments = [a for a in facts.assignments if a.ends is None or a.ends >= site.since]
    wanted = {item.key: item for item in gather.wanted(facts, gather.today_of())}
    wanted |= {paper.wanted.key: paper.wanted for paper in papers.papers(facts, site)}
    with transaction.atomic():
        rows = Upload.objects.filter(project=site.project).exclude(kind=Upload.Kind.ATTENDANCE)
        known = {(row.kind, row.subject_id, row.group): row for row in rows.select_for_update()}
        Upload.objects.bulk_create(
            (_new(site, item, now) for key, item in wanted.items() if key not in known), ignore_conflicts=True
        )
        for key, row in known.items():
            if key in wanted:
                _follow(row, wanted[key], now)
            elif not row.uploaded_digest and row.state not in _MOVING:
                row.delete()


@transaction.atomic
def collect(site_id: int, now: datetime, from_: datetime | None) -> bool:
    """Queue one page of a site's new passages; say whether there may be more. The note is taken away in the same
    transaction, and writers of notes wait for it: none is lost.
    """
    site = SiteUpload.objects.select_for_update().get(pk=site_id)
    starts = [moment for moment in (site.changed_from, from_) if moment is not None]
    if not starts:
        return False
    first = datetime.combine(site.since, time(), timezone.get_default_timezone())
    sent = PassageUpload.objects.filter(
        project=site.project_id, utc=OuterRef("utc"), person=OuterRef("person"), direction=OuterRef("direction")
    )
    found = Passage.objects.filter(
        ~Exists(sent),
        project=site.project_id,
        granted=True,
        set_aside=False,
        person__isnull=False,
        source__in=SOURCES,
        utc__gte=max(min(starts), first, now - COLLECT),
    ).order_by("utc", "pk")[:PAGE]
    rows = list(found.values_list("utc", "person", "direction", "enterprise"))
    PassageUpload.objects.bulk_create(
        (
            PassageUpload(project_id=site.project_id, utc=utc, person_id=person, direction=way, enterprise_id=employer)
            for utc, person, way, employer in rows
        ),
        ignore_conflicts=True,
    )
    more = len(rows) == PAGE
    site.changed_from = rows[-1][0] if more else None
    site.save(update_fields=["changed_from"])
    return more


def make_batches(project_id: int, now: datetime, wait: timedelta) -> None:
    """Put waiting passages of workers whom the platform knows into batches, one team each. Those of a worker whose
    change is on its way wait for it: it may be another team.
    """
    while _batches_of_page(project_id, now, wait):
        continue


@transaction.atomic
def _batches_of_page(project_id: int, now: datetime, wait: timedelta) -> bool:
    known = Upload.objects.filter(project=project_id, kind=Upload.Kind.WORKER, team__isnull=False)
    known = known.exclude(uploaded_digest="").exclude(state__in=[Upload.State.WAITING, *_MOVING])
    teams = dict(known.values_list("person", "team"))
    waiting = PassageUpload.objects.filter(project=project_id, upload=None, person__in=teams)
    rows = list(waiting.order_by("utc", "pk").select_for_update()[:PAGE])
    by_team: dict[int, list[PassageUpload]] = {}
    for row in rows:
        by_team.setdefault(teams[row.person_id], []).append(row)
    for team, passages in by_team.items():
        _into_batches(project_id, team, passages, now, wait)
    return len(rows) == PAGE


def _into_batches(project_id: int, team: int, passages: list[PassageUpload], now: datetime, wait: timedelta) -> None:
    """Fill the team's open batch, then make further ones. A full batch does not wait."""
    batch = Upload.objects.filter(
        project=project_id,
        kind=Upload.Kind.ATTENDANCE,
        subject_id=team,
        state=Upload.State.WAITING,
        attempts=0,
        unsure=False,
    ).first()
    room = BATCH_MAX - batch.passages.count() if batch else 0
    while passages:
        if batch is None or room <= 0:
            batch, room = new_batch(passages[0], team, now + wait), BATCH_MAX
        part, passages = passages[:room], passages[room:]
        PassageUpload.objects.filter(pk__in=[row.pk for row in part]).update(upload=batch)
        room -= len(part)
        if room <= 0:
            Upload.objects.filter(pk=batch.pk).update(next_try=now)


def new_batch(passage: PassageUpload, team: int, next_try: datetime) -> Upload:
    """Make an empty batch for passages of one team."""
    return Upload.objects.create(
        project_id=passage.project_id,
        enterprise_id=passage.enterprise_id,
        kind=Upload.Kind.ATTENDANCE,
        subject_id=team,
        team_id=team,
        next_try=next_try,
    )


def again(uploads: Collection[Upload], now: datetime) -> None:
    """Queue refused things once more. Passages go back, and into batches of their workers' present teams."""
    batches = [row.pk for row in uploads if row.kind == Upload.Kind.ATTENDANCE]
    others = [row.pk for row in uploads if row.kind != Upload.Kind.ATTENDANCE]
    refused = Upload.objects.filter(state=Upload.State.REFUSED)
    with transaction.atomic():
        going = list(refused.filter(pk__in=batches).select_for_update().values_list("pk", "project"))
        PassageUpload.objects.filter(upload__in=[pk for pk, _project in going]).update(upload=None)
        Upload.objects.filter(pk__in=[pk for pk, _project in going]).delete()
        refused.filter(pk__in=others).update(
            state=Upload.State.WAITING, refusal="", attempts=0, asked=0, serial="", next_try=now
        )
        projects = {row.project_id for row in uploads}
        SiteUpload.objects.filter(project__in=projects).update(looked=None, paused_until=None, trouble="")


def forget(now: datetime) -> int:
    """Remove what the platform confirmed long ago. Return how many passages."""
    if not is_proven(now):
        return 0
    old = PassageUpload.objects.filter(utc__lt=now - KEPT, upload__state=Upload.State.DONE)
    removed, _by_table = old.filter(pk__in=old.values("pk")[:PAGE]).delete()
    empty = Upload.objects.filter(kind=Upload.Kind.ATTENDANCE, changed__lt=now - KEPT, passages=None)
    empty.filter(state=Upload.State.DONE).delete()
    return removed


def _new(site: SiteUpload, item: Wanted, now: datetime) -> Upload:
    return Upload(
        project=site.project,
        enterprise_id=item.enterprise_id,
        kind=item.kind,
        subject_id=item.subject_id,
        person_id=item.person_id,
        team_id=item.team_id,
        state=Upload.State.BLOCKED if item.lack else Upload.State.WAITING,
        lack=item.lack or "",
        digest=item.digest,
        group=item.group,
        next_try=now,
        unsure=item.kind == Upload.Kind.CORP,  # another site may have brought it: the platform is asked first
    )


def _follow(row: Upload, item: Wanted, now: datetime) -> None:
    """Bring a known row to what the registry says. What the platform has stays there when something goes missing
    here.
    """
    before = (row.state, row.lack, row.digest, row.enterprise_id, row.person_id, row.team_id)
    row.enterprise_id, row.person_id, row.team_id = item.enterprise_id, item.person_id, item.team_id
    if row.group and row.uploaded_digest:  # the platform takes no change of a paper
        item = replace(item, digest=row.digest, lack=None)
    lack = None if row.uploaded_digest and item.lack is Lack.PHOTO else item.lack
    if lack and not row.uploaded_digest and row.state not in _MOVING:
        row.state, row.lack = Upload.State.BLOCKED, lack
    elif not lack and (item.digest != row.digest or row.lack in MENDED_HERE):
        row.digest, row.lack = item.digest, ""
        if item.digest != row.uploaded_digest and row.state not in _MOVING:
            row.state, row.refusal, row.attempts, row.next_try = Upload.State.WAITING, "", 0, now
    if before != (row.state, row.lack, row.digest, row.enterprise_id, row.person_id, row.team_id):
        row.save()


def present() -> datetime:
    """Return the present time."""
    return timezone.now()
