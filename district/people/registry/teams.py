"""Teams: added, renamed, led by another, ended. What was before stays readable by dates."""

from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from district.audit.record import record
from district.outgoing import send_workers
from district.people.models import Assignment, Person, Team, in_force
from district.people.registry.base import RecordRefused, change_of_people, keep, later
from district.people.registry.leaders import keep_past
from district.people.registry.work import change_assignment, end_assignment, may_work


@change_of_people
def save_team(by: object, team: Team, *, name: str, leader: Person | None = None, why: str = "") -> Team:
    """Store a team, new or changed. Its leader must work on its site. Raises RecordRefused."""
    held = Team.objects.select_for_update().get(pk=team.pk) if team.pk else None
    if held is not None and held.retired is not None:
        raise RecordRefused(_("This team has ended: choose another."))
    team.name, team.leader = " ".join(name.replace("\0", "").split())[:80], leader
    if not team.name:
        raise RecordRefused(_("The team has no name: type one."))
    may_work(team.project, team.enterprise, timezone.localdate(), ever=held is not None)
    working = Assignment.objects.filter(in_force(timezone.localdate()), project=team.project_id)
    if leader is not None and not working.filter(person=leader).exists():
        raise RecordRefused(_("The leader does not work on this site: assign the leader first."))
    if held is not None and (held.name, held.leader_id) == (team.name, team.leader_id):
        return team
    keep(team, _("This employer has a team of that name on the site already: choose another."))
    if held is not None:
        keep_past(held)
    action = "add" if held is None else "change"
    later(lambda: record(by, action, team, fields=("name", "leader"), why=why))
    if held is not None and held.name != team.name:
        send_workers(sorted(set(members(team).order_by().values_list("person__worker_id", flat=True))))
    return team


@transaction.atomic
def end_team(by: object, team: Team, *, why: str, move_to: Team | None = None, last_day: date | None = None) -> Team:
    """End a team. Its members go on in another team from today on, or their work ends. One of both is needed while it
    has any. Raises RecordRefused.
    """
    team = Team.objects.select_for_update().get(pk=team.pk)
    today = timezone.localdate()
    if team.retired is not None:
        raise RecordRefused(_("This team has ended already."))
    if last_day is not None and last_day > today:
        raise RecordRefused(_("The last day is in the future: end the team on that day, or move its members."))
    rows = list(members(team).select_related("person", "team"))
    if rows and (move_to is None) == (last_day is None):
        raise RecordRefused(_("This team has members: move all of them to another team, or end their work."))
    for row in rows:
        if move_to is not None:
            change_assignment(by, row, team=move_to, trade=row.trade, role=row.role)
        elif last_day is not None and row.starts <= last_day:
            end_assignment(by, row, last_day, why)
        else:  # work that has not begun, or began after that day
            change_assignment(by, row, team=None, trade=row.trade, role=row.role)
    keep_past(team)
    team.leader, team.retired = None, today
    team.save()
    record(by, "end", team, fields=("leader", "retired"), why=why)
    return team


def members(team: Team) -> Any:
    """Return the work in a team that holds today or begins later."""
    return Assignment.objects.filter(in_force(timezone.localdate()), team=team).order_by("person__pinyin", "pk")
