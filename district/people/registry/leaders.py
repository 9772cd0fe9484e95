"""Who led a team, and what it was called: kept by dates when it changes."""

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from district.people.models import Person, Team, TeamPast


def keep_past(held: Team) -> None:
    """Keep name and leader as they were until yesterday. Of several changes on one day the first is kept."""
    yesterday = timezone.localdate() - timedelta(days=1)
    TeamPast.objects.get_or_create(team=held, ends=yesterday, defaults={"name": held.name, "leader": held.leader})


def leave_lead(person: Person, project_ids: Sequence[int] | None = None) -> None:
    """Take the teams from their leader: all of them, or those on some sites."""
    rows = Team.objects.filter(leader=person)
    for team in rows if project_ids is None else rows.filter(project__in=project_ids):
        keep_past(team)
        team.leader = None
        team.save()
