"""How a case's page shows clocks, history and tasks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from district.cases.clocks import CLOCKS, WorkCalendar
from district.cases.models import Case, CaseStep
from district.cases.registry.duty import calendar_at
from district.cases.registry.steps import PROGRAM
from district.cases.response import TASKS
from district.cases.rules import CaseAction, CaseKind, CaseState
from district.web.tables import Tone


@dataclass(frozen=True)
class ShownClock:
    """One clock of a case: until when, what happened, and how much time is left."""

    label: str
    due: datetime
    done: datetime | None
    text: str
    tone: Tone


def clocks_of(case: Case, now: datetime) -> list[ShownClock]:
    """Return all clocks of a case, also those that have stopped: the nearest alone would hide the others."""
    calendar = calendar_at(case.place, now)
    urgent = CLOCKS[CaseKind(case.kind)].urgent
    rows: list[tuple[str, datetime | None, datetime | None]] = [
        (_("First answer"), case.answer_due, case.answered),
        (_("Solution"), case.solution_due, case.resolved),
    ]
    if case.confirm_due is not None:
        confirmed = case.closed if case.state == CaseState.CLOSED else None
        if case.state == CaseState.CONFIRMED:
            confirmed = now
        rows.append((_("Confirmation"), case.confirm_due, confirmed))
    return [ShownClock(label, due, done, *_said(calendar, urgent, now, due, done)) for label, due, done in rows if due]


def _said(
    calendar: WorkCalendar, urgent: bool, now: datetime, due: datetime, done: datetime | None
) -> tuple[str, Tone]:
    if done is not None:
        return (_("done in time"), "good") if done <= due else (_("done too late"), "care")
    if due <= now:
        return _("overdue since %(time)s") % {"time": span_text(now - due)}, "bad"
    left = due - now if urgent else calendar.worked(now, due)
    tone: Tone = "care" if left < timedelta(hours=1) else "info"
    if urgent:
        return _("%(time)s left") % {"time": span_text(left)}, tone
    return _("%(time)s of office hours left") % {"time": span_text(left)}, tone


def span_text(span: timedelta) -> str:
    """Return a time span in words, such as 3 h 20 min."""
    minutes = int(span.total_seconds() // 60)
    days, hours = minutes // 1440, minutes // 60
    if days >= 2:
        return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}
    if hours:
        return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes % 60}
    return _("%(minutes)s min") % {"minutes": minutes}


@dataclass(frozen=True)
class ShownStep:
    """One row of a case's history."""

    at: datetime
    who: str
    what: str
    state: str
    said: str
    to: str


def history_of(case: Case) -> list[ShownStep]:
    """Return what was done, the newest first."""
    rows = case.steps.select_related("user", "owner", "desk").order_by("-pk")
    return [
        ShownStep(row.at, who(row), row.get_action_display(), row.get_state_display(), _words(row), _given_to(row))
        for row in rows
    ]


def who(step: CaseStep) -> str:
    """Return who did a step."""
    if step.user is not None:
        return str(step.user.name or step.user.get_username())
    if step.by == PROGRAM:
        return pgettext("case", "this program")
    return pgettext("case", "a worker, by phone") if step.by == "phone" else step.by


def _words(step: CaseStep) -> str:
    return str(TASKS.get(step.said, step.said)) if step.action == CaseAction.RESPOND else str(step.said)


def _given_to(step: CaseStep) -> str:
    match step.action:
        case CaseAction.ASSIGN | CaseAction.REOPEN if step.owner is not None:
            return str(step.owner.name or step.owner.get_username())
        case CaseAction.HAND_OVER | CaseAction.ESCALATE:
            return str(step.desk.name)
        case _:
            return ""


def tasks_of(case: Case) -> Iterator[dict[str, Any]]:
    """Return the check-list."""
    for row in case.response.all():
        yield {"row": row, "name": TASKS.get(row.task, row.task), "has_photo": bool(row.photo)}
