"""PROMISE: teams are renamed, get another leader, and end; the past stays readable, and an ended team is empty."""

from datetime import timedelta

import pytest
from district_rig import SmallDistrict
from django.utils import timezone
from two_parts import client_of

from district.audit.models import Entry
from district.exchange.models import OutboxRow
from district.people import registry
from district.people.models import Assignment, Team, TeamPast
from district.people.registry import RecordRefused
from district.permissions import Role


def _other(team: Team, name: str = "B") -> Team:
    return registry.save_team("t", Team(project=team.project, enterprise=team.enterprise), name=name)


def test_ok__a_name_and_a_leader_are_kept_by_dates(town: SmallDistrict) -> None:
    team, leader = Team.objects.get(project=town.projects[0]), town.people[0]
    old = team.name
    registry.save_team("t", team, name="Rebar A", leader=leader)
    registry.save_team("t", team, name="Rebar B", leader=leader)
    (past,) = TeamPast.objects.all()
    assert (past.name, past.leader, past.ends) == (old, None, timezone.localdate() - timedelta(days=1))
    assert {"w-1", "w-2"} <= set(OutboxRow.objects.values_list("subject", flat=True)), "HQ hears of the name"
    TeamPast.objects.update(ends=timezone.localdate() - timedelta(days=30))
    registry.end_assignment("t", Assignment.objects.get(person=leader), timezone.localdate() - timedelta(days=1))
    team.refresh_from_db()
    assert team.leader is None and [one.leader for one in TeamPast.objects.all()] == [leader, None]


def test_ok__a_team_ends_with_its_members_in_another_one(town: SmallDistrict) -> None:
    team = Team.objects.get(project=town.projects[0])
    other = _other(team)
    with pytest.raises(RecordRefused):
        registry.end_team("t", team, why="w")
    with registry.together("t", "w"):
        registry.end_team("t", team, why="w", move_to=other)
    team.refresh_from_db()
    today = timezone.localdate()
    assert team.retired == today and not registry.members(team).exists()
    assert registry.members(other).count() == 2
    assert Assignment.objects.filter(team=team, ends=today - timedelta(days=1)).count() == 2, "the past stays"
    for change in (lambda: registry.end_team("t", team, why="w"), lambda: registry.save_team("t", team, name="x")):
        with pytest.raises(RecordRefused):
            change()


def test_ok__a_team_ends_with_the_work_of_its_members(town: SmallDistrict) -> None:
    team, today = Team.objects.get(project=town.projects[0]), timezone.localdate()
    Assignment.objects.filter(person=town.people[1]).update(starts=today + timedelta(days=5))
    with pytest.raises(RecordRefused):
        registry.end_team("t", team, why="w", last_day=today + timedelta(days=1))
    registry.end_team("t", team, why="w", last_day=today)
    assert Assignment.objects.get(person=town.people[0]).ends == today
    later = Assignment.objects.get(person=town.people[1])
    assert (later.team, later.ends) == (None, None), "work that has not begun goes on without the team"


def test_ok__the_pages_show_change_and_end_a_team_for_who_may(town: SmallDistrict) -> None:
    team = Team.objects.get(project=town.projects[0])
    manager, guard = client_of(town.accounts[Role.MANAGER]), client_of(town.accounts[Role.GUARD])
    address = f"/people/teams/{team.pk}/"
    assert (
        "工人1" in manager.get(address).content.decode() and address in manager.get("/people/teams/").content.decode()
    )
    outside = Team.objects.get(project=town.projects[3])
    assert manager.get(f"/people/teams/{outside.pk}/").status_code == 404
    for what in ("change", "end"):
        assert guard.get(f"{address}{what}/").status_code in (403, 404)
        assert manager.get(f"/people/teams/{outside.pk}/{what}/").status_code == 404
        assert manager.get(f"{address}{what}/").status_code == 200
    assert (
        manager.post(f"{address}change/", {"name": "Neu", "leader": town.people[3].pk, "why": "w"}).status_code == 422
    )
    assert (
        manager.post(f"{address}change/", {"name": "Neu", "leader": town.people[0].pk, "why": "w"}).status_code == 302
    )
    foreign = Team.objects.get(project=town.projects[1])
    assert manager.post(f"{address}end/", {"move_to": foreign.pk, "why": "w"}).status_code == 422
    assert manager.post(f"{address}end/", {"why": "w"}).status_code == 422
    given = {"last_day": timezone.localdate().isoformat(), "why": "the slab is done"}
    assert manager.post(f"{address}end/", given).status_code == 302
    team.refresh_from_db()
    assert team.retired is not None and "Neu" in manager.get(address).content.decode()
    assert any("the slab is done" in str(one.details) for one in Entry.objects.filter(action="end"))
    assert manager.get("/people/teams/?format=csv").status_code == 200
