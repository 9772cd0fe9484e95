"""Ask for corrections, and decide them. Nobody decides their own request. A day itself is never changed by hand."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from district.attendance.intake import Work, lines_of
from district.attendance.models import Correction, Passage, Payroll
from district.attendance.projection import Touched, project
from district.attendance.rules.working_time import wall_clock_s
from district.audit.record import record
from district.people.models import Person
from district.places.models import Project

ASKED_BACK = timedelta(days=93)
"""So far back a correction may be asked for: three months, as long as wages are settled for."""
LINE_OF_CORRECTIONS = "correction"


class CorrectionRefused(ValueError):
    """A request that cannot be made or decided. The text says what to do."""


def ask_for_passage(by: object, site: Project, person: Person, direction: str, utc: datetime, why: str) -> Correction:
    """Ask to add a passage that no gate saw. Raises CorrectionRefused."""
    _may_be_asked(site, person, utc, why)
    same = {"project": site, "person": person, "kind": Correction.Kind.ADD, "direction": direction, "utc": utc}
    if Correction.objects.filter(**same, state__in=(Correction.State.OPEN, Correction.State.APPROVED)).exists():
        raise CorrectionRefused(_("This was asked for already: look at the list of requests."))
    return _asked(by, Correction(**same, why=why, asked_by=str(by)))


def ask_to_set_aside(by: object, passage: Passage, why: str) -> Correction:
    """Ask to set a passage aside, which stays in the record. Raises CorrectionRefused."""
    if passage.person is None or not passage.granted or passage.set_aside:
        raise CorrectionRefused(_("This passage counts in no day: there is nothing to correct."))
    _may_be_asked(passage.project, passage.person, passage.utc, why)
    key = {"gate_id": passage.line.gate_id, "line": passage.line.line, "seq": passage.seq}
    if Correction.objects.filter(**key, state=Correction.State.OPEN).exists():
        raise CorrectionRefused(_("This was asked for already: look at the list of requests."))
    asked = Correction(
        kind=Correction.Kind.SET_ASIDE,
        project=passage.project,
        person=passage.person,
        direction=passage.direction,
        utc=passage.utc,
        why=why,
        asked_by=str(by),
        **key,
    )
    return _asked(by, asked)


@transaction.atomic
def approve(by: object, correction: Correction, answer: str = "") -> None:
    """Approve a request, and make the person's days again. Raises CorrectionRefused."""
    _decide(by, correction, Correction.State.APPROVED, answer)
    touched = Touched()
    touched.add(correction.person_id, correction.utc)
    if correction.kind == Correction.Kind.ADD:
        _add_passage(correction)
    else:
        line = lines_of([(correction.gate_id, correction.line)])[correction.gate_id, correction.line]
        rows = Passage.objects.filter(line=line, seq=correction.seq)
        for person, utc in rows.values_list("person", "utc"):
            touched.add(person, utc)
        rows.update(**_late_values(correction) if correction.kind == Correction.Kind.LATE else {"set_aside": True})
    project(touched)


@transaction.atomic
def refuse(by: object, correction: Correction, answer: str) -> None:
    """Refuse a request, with the reason. Raises CorrectionRefused."""
    if not answer.strip():
        raise CorrectionRefused(_("Say why, so that the worker can be told."))
    _decide(by, correction, Correction.State.REFUSED, answer)


@transaction.atomic
def take_back(by: object, correction: Correction) -> None:
    """Take back one's own open request. Raises CorrectionRefused."""
    if correction.asked_by != str(by):
        raise CorrectionRefused(_("Only who asked can take the request back."))
    _decide(by, correction, Correction.State.TAKEN_BACK, "", own=True)


def _asked(by: object, correction: Correction) -> Correction:
    assigned = Work([correction.person_id]).on(
        correction.person_id, correction.project_id, timezone.localtime(correction.utc).date()
    )
    if assigned is None:
        raise CorrectionRefused(_("This person never worked on this site: choose another site."))
    correction.enterprise_id = assigned.enterprise_id
    with transaction.atomic():
        correction.save()
        record(by, "ask_correction", correction, why=correction.why)
    return correction


def _may_be_asked(site: Project, person: Person, utc: datetime, why: str) -> None:
    now = timezone.now()
    if utc > now:
        raise CorrectionRefused(_("This time has not come yet: check the date."))
    if utc < now - ASKED_BACK:
        raise CorrectionRefused(_("This is more than three months ago: its wages are settled."))
    if not why.strip():
        raise CorrectionRefused(_("Say what happened: the person who decides was not there."))
    month = timezone.localtime(utc).date().replace(day=1)
    if Payroll.objects.filter(project=site, month=month, settled__isnull=False, lines__person=person).exists():
        raise CorrectionRefused(_("The wages of this month are settled: correct them in the next payroll."))


def _decide(by: object, correction: Correction, state: str, answer: str, *, own: bool = False) -> None:
    if not own and correction.asked_by == str(by):
        raise CorrectionRefused(_("Nobody decides their own request: ask somebody else."))
    now = timezone.now()
    changed = Correction.objects.filter(pk=correction.pk, state=Correction.State.OPEN).update(
        state=state, decided=now, decided_by=str(by), answer=answer.strip()[:300]
    )
    if not changed:
        raise CorrectionRefused(_("This request is decided already: load the page again."))
    correction.refresh_from_db()
    record(by, f"correction_{state}", correction, why=answer)


def _late_values(correction: Correction) -> dict[str, object]:
    """Return what the gate said after the settlement."""
    local = wall_clock_s(correction.utc, timezone.get_default_timezone())
    said = {"utc": correction.utc, "local": local, "direction": correction.direction}
    return {**said, "granted": True, "set_aside": False}


def _add_passage(correction: Correction) -> None:
    line = lines_of([(LINE_OF_CORRECTIONS, correction.project.site_id)])
    local = timezone.localtime(correction.utc)
    assigned = Work([correction.person_id]).on(correction.person_id, correction.project_id, local.date())
    Passage.objects.create(
        line_id=line[LINE_OF_CORRECTIONS, correction.project.site_id],
        seq=correction.pk,
        project=correction.project,
        person=correction.person,
        enterprise_id=correction.enterprise_id,
        assignment=assigned,
        utc=correction.utc,
        local=wall_clock_s(correction.utc, timezone.get_default_timezone()),
        direction=correction.direction,
        granted=True,
        reason="correction",
        source=Passage.Source.CORRECTION,
    )
