"""Lists of courses, learners, completed courses, proofs and classes."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from district.people.rules import trade_name
from district.training.models import ClassSession, Course, Learning, TrainingProof
from district.training.rules import Step
from district.web.tables import EmptyState, ListTable, TableColumn, Tone

_COURSE_TONES: dict[str, Tone] = {Course.State.DRAFT: "care", Course.State.PUBLISHED: "good", Course.State.RETIRED: ""}


def trade_of(course: Course) -> str:
    """Return the trade of a course in the reader's language."""
    return trade_name(course.trade) if course.trade else gettext("every trade")


def learning_state(one: Learning) -> tuple[str, Tone]:
    """Return how far somebody is, and its colour."""
    if one.completed is not None:
        return gettext("completed"), "good"
    if one.passed is not None:
        return gettext("proof at a gate is missing"), "care"
    return gettext("learning"), "info"


def class_state(one: ClassSession) -> tuple[str, Tone]:
    """Return whether a class is under way, and its colour."""
    if one.over is not None:
        return gettext("closed"), ""
    if one.begun is not None:
        return gettext("under way"), "good"
    return (gettext("planned"), "info") if one.ends > timezone.now() else (gettext("not held"), "care")


def step_name(step: str) -> str:
    """Return a step of a session in words."""
    return {
        Step.PROOF.value: gettext("learned on the phone"),
        Step.START.value: gettext("start"),
        Step.MOMENT.value: gettext("random moment"),
        Step.END.value: gettext("end"),
    }.get(step, step)


def _how(row: Any) -> str:
    return row.by or gettext("face at a gate")


_OF_GATES = (
    gettext_noop("no face was recognised: a guard may confirm"),
    gettext_noop("no face was recognised"),
    gettext_noop("the face was not shown to be live"),
)
"""What gates write. Other texts of theirs name a worker, and stay as they are."""


def _why(row: TrainingProof) -> str:
    return gettext(row.why) if row.why else ""


def _proof_how(row: TrainingProof) -> str:
    return row.by or (gettext("face at a gate") if row.by_face else gettext("code at a gate"))


COURSES = ListTable(
    name="courses",
    keys=("title", "pk"),
    columns=(
        TableColumn(
            "title", _("Course"), link=lambda row: reverse("training:course", args=[row.pk]), sort=("title", "pk")
        ),
        TableColumn(
            "state",
            _("State"),
            lambda row: row.get_state_display(),
            kind="badge",
            tone=lambda row: _COURSE_TONES.get(row.state, ""),
        ),
        TableColumn("kind", _("Counts as training"), sort=("kind", "pk")),
        TableColumn("place", _("Site or place"), "place.name"),
        TableColumn("trade", _("Trade"), trade_of),
        TableColumn("valid_days", _("Valid for days"), kind="number"),
        TableColumn("proof", _("Completed by"), lambda row: row.get_proof_display(), shown=False),
        TableColumn("by", _("Made by"), shown=False),
        TableColumn("made", _("Made"), kind="time", shown=False),
    ),
    empty=EmptyState(
        _("No courses yet"),
        _("Make one: pages, a short test, and how it is proven."),
        "training:add",
        _("New course"),
        icon="document",
    ),
)
LEARNERS = ListTable(
    name="learners",
    keys=("-started", "-pk"),
    columns=(
        TableColumn(
            "person", _("Worker"), "person.name", link=lambda row: reverse("people:person", args=[row.person_id])
        ),
        TableColumn("worker_id", _("Worker id"), "person.worker_id", kind="code", shown=False),
        TableColumn("course", _("Course"), "course.title"),
        TableColumn(
            "state",
            _("State"),
            lambda row: learning_state(row)[0],
            kind="badge",
            tone=lambda row: learning_state(row)[1],
        ),
        TableColumn("started", _("Started"), kind="time", sort=("started", "pk")),
        TableColumn("passed", _("Test passed"), kind="time"),
        TableColumn("completed", _("Completed"), kind="time"),
    ),
    empty=EmptyState(
        _("Nobody has begun a course"), _("Workers find published courses on their phones."), icon="inbox"
    ),
)
COMPLETED = ListTable(
    name="completed-courses",
    keys=("-done", "-pk"),
    columns=(
        TableColumn(
            "person", _("Worker"), "person.name", link=lambda row: reverse("people:person", args=[row.person_id])
        ),
        TableColumn("worker_id", _("Worker id"), "person.worker_id", kind="code", shown=False),
        TableColumn("course", _("Course"), "course.title"),
        TableColumn("done", _("Completed"), kind="time", sort=("done", "pk")),
        TableColumn("expires", _("Valid until"), kind="time", sort=("expires", "pk")),
        TableColumn("by", _("Proven by"), _how),
        TableColumn("in_class", _("In a class"), shown=False),
    ),
    empty=EmptyState(_("Nobody has completed a course"), icon="inbox"),
)
PROOFS = ListTable(
    name="training-proofs",
    keys=("-utc", "-pk"),
    columns=(
        TableColumn("utc", _("At what time"), kind="time", sort=("utc", "pk")),
        TableColumn(
            "person", _("Worker"), "person.name", link=lambda row: reverse("people:person", args=[row.person_id])
        ),
        TableColumn("course", _("Course"), lambda row: (row.learning or row.session).course.title),
        TableColumn("step", _("Step"), lambda row: step_name(row.step)),
        TableColumn(
            "proven",
            _("Counts"),
            lambda row: gettext("counts") if row.proven else gettext("does not count"),
            kind="badge",
            tone=lambda row: "good" if row.proven else "bad",
        ),
        TableColumn("by", _("Proven by"), _proof_how),
        TableColumn("gate_name", _("Gate"), kind="code"),
        TableColumn("why", _("Reason"), _why, kind="long"),
    ),
    empty=EmptyState(_("No gate has seen a code of training"), icon="inbox"),
)
CLASSES = ListTable(
    name="classes",
    keys=("-starts", "-pk"),
    columns=(
        TableColumn("course", _("Course"), "course.title", link=lambda row: reverse("training:class", args=[row.pk])),
        TableColumn("project", _("Site"), "project.place.name"),
        TableColumn(
            "state", _("State"), lambda row: class_state(row)[0], kind="badge", tone=lambda row: class_state(row)[1]
        ),
        TableColumn("starts", _("Begins"), kind="time", sort=("starts", "pk")),
        TableColumn("ends", _("Is over"), kind="time"),
        TableColumn("room", _("Room")),
        TableColumn("by", _("Teacher"), shown=False),
    ),
    empty=EmptyState(_("No class yet"), _("Plan one for a published course."), "training:add_class", _("New class")),
)
