"""Take proofs: from gates, or from somebody who confirms who learned."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.audit.record import record
from district.people.models import Person
from district.training.models import ClassSession, Learning, TrainingProof
from district.training.registry.completing import complete, complete_class
from district.training.registry.timetable import step_now, times_of
from district.training.rules import ClassTimes, Shown, Step, TrainingRefused, steps_lacking

PROOF_WITHIN = timedelta(days=14)
"""After a passed test the proof at a gate has this long. Then the test is taken again."""


@dataclass(frozen=True)
class GateProof:
    """A training event of a gate, as it counts here."""

    session_name: str
    step: Step
    utc: datetime
    proven: bool
    by_face: bool
    by: str
    why: str
    gate_name: str
    line: str
    seq: int


@transaction.atomic
def take_proof(person: Person, said: GateProof) -> TrainingProof | None:
    """Store what a gate saw, once, and complete what it completes. Return None if the session is unknown here."""
    learning = Learning.objects.filter(session_name=said.session_name).select_related("course", "person").first()
    session = _session(said.session_name) if learning is None else None
    if learning is None and session is None:
        return None
    why, proven = said.why, said.proven
    if proven and (objection := _objection(person, said, learning, session)):
        why, proven = objection, False
    made, new = TrainingProof.objects.get_or_create(
        gate_name=said.gate_name,
        line=said.line,
        seq=said.seq,
        defaults={
            "person": person,
            "learning": learning,
            "session": session,
            "step": said.step.value,
            "utc": said.utc,
            "proven": proven,
            "by_face": said.by_face,
            "by": said.by,
            "why": why[:500],
        },
    )
    if new and proven:
        if learning is not None:
            complete(learning, by=said.by, at=said.utc)
        elif session is not None:
            finish_if_whole(session, person, said.utc)
    return made


def _objection(person: Person, said: GateProof, learning: Learning | None, session: ClassSession | None) -> str:
    """Say why a proof of a gate does not count; "" if it does."""
    if learning is not None:
        if learning.person_id != person.pk:
            return gettext_noop("the code belongs to another worker")
        if learning.passed is None or said.utc > learning.passed + PROOF_WITHIN:
            return gettext_noop("the test is not passed, or too long ago")
        return ""
    assert session is not None
    if session.begun is None or said.utc < session.begun or (session.over is not None and said.utc > session.over):
        return gettext_noop("the class was not under way")
    if session.gate is not None and session.gate.gate_id != said.gate_name:
        return gettext_noop("shown at another gate than the class's terminal")
    return ""


@transaction.atomic
def confirm_learning(by: object, learning: Learning, why: str) -> Learning:
    """Confirm by hand who learned, for a worker without a face or a site without a gate. Raises TrainingRefused."""
    rows = Learning.objects.select_for_update(of=("self",)).select_related("course", "person")
    found: Learning = rows.get(pk=learning.pk)
    if found.completed is not None:
        return found
    now = timezone.now()
    if found.passed is None or now > found.passed + PROOF_WITHIN:
        raise TrainingRefused(gettext_noop("The test is not passed, or too long ago: let the worker take it first."))
    name = _confirmed_by(by, why)
    TrainingProof.objects.create(
        person=found.person, learning=found, step=Step.PROOF.value, utc=now, proven=True, by=name, why=why[:500]
    )
    record(by, "confirm training", found, why=why, details={"course": found.course.title})
    complete(found, by=name, at=now)
    found.refresh_from_db()
    return found


@transaction.atomic
def confirm_class_step(by: object, session: ClassSession, person: Person, step: Step, why: str) -> TrainingProof:
    """Confirm by hand that somebody took part in a step that is asked for now. Raises TrainingRefused."""
    found, now = _session(session.session_name), timezone.now()
    if found is None or step is not step_now(found, now):
        raise TrainingRefused(gettext_noop("The class is not asked for this step now."))
    name = _confirmed_by(by, why)
    made = TrainingProof.objects.create(
        person=person, session=found, step=step.value, utc=now, proven=True, by=name, why=why[:500]
    )
    record(by, "confirm training", made, why=why, details={"course": found.course.title})
    finish_if_whole(found, person, now)
    return made


def finish_if_whole(session: ClassSession, person: Person, at: datetime) -> None:
    """Complete the course for a participant who lacks no step."""
    proofs = list(TrainingProof.objects.filter(session=session, person=person, proven=True))
    if not lacking_of(times_of(session), proofs):
        complete_class(session, person, by=next((one.by for one in proofs if one.by), ""), at=at)


def lacking_of(times: ClassTimes, proofs: list[TrainingProof]) -> tuple[str, ...]:
    """Return the steps of a class that a participant with these proofs lacks."""
    return steps_lacking(times, [Shown(Step(one.step), one.utc) for one in proofs if one.proven])


def _session(name: str) -> ClassSession | None:
    rows = ClassSession.objects.select_related("course", "project__place", "gate")
    found: ClassSession | None = rows.filter(session_name=name).first()
    return found


def _confirmed_by(by: object, why: str) -> str:
    if len(why.strip()) < 3:
        raise TrainingRefused(gettext_noop("Say how you know who it was."))
    return str(by)[:150]
