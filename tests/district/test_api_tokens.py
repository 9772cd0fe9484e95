"""PROMISE: a program reads what its token names, never more than its maker sees now, and nothing without it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from api_rig import asked, bearer, token_of
from district_rig import SmallDistrict
from django.test import Client
from django.utils import timezone
from two_parts import client_of

from district.accounts.models import Grant
from district.api.models import ApiToken
from district.api.tokens import NotYours, make_token
from district.attendance.models import Day, FeedLine, Passage
from district.audit.models import Entry
from district.permissions import Permission, Role

LISTS = (
    "sites",
    "people",
    "assignments",
    "presence?site_id=site-1",
    "days?site_id=site-1&first=2026-11-01&last=2026-11-30",
)
SPAN = "site_id=site-1&since=2026-11-20T00:00:00Z&until=2026-11-21T00:00:00Z"
NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)


def _workers(answer: Any) -> set[str]:
    return {row["worker_id"] for row in answer["rows"]}


def test_ok__a_token_sees_its_place_alone(town: SmallDistrict, client: Client) -> None:
    manager, officer = token_of(town, Role.MANAGER), token_of(town, Role.OFFICER)
    assert {row["site_id"] for row in asked(client, manager, "sites")["rows"]} == {"site-1"}
    assert _workers(asked(client, manager, "people")) == {"w-1", "w-2"}
    assert len(asked(client, officer, "sites")["rows"]) == 4
    assert len(_workers(asked(client, officer, "people"))) == 8
    site = asked(client, manager, "sites")["rows"][0]
    assert site["place"] == ["Nanhai", "Guicheng", "Guicheng 1", "Site 1"]


def test_ok__an_enterprise_reads_its_own_people(town: SmallDistrict, client: Client) -> None:
    clerk = token_of(town, Role.CLERK)
    assert _workers(asked(client, clerk, "people")) == {"w-1", "w-2", "w-7", "w-8"}
    assert {row["site_id"] for row in asked(client, clerk, "assignments")["rows"]} == {"site-1", "site-4"}
    assert client.get("/api/v1/presence?site_id=site-2", headers=bearer(clerk)).status_code == 404


def test_ok__pages_hold_each_row_once(town: SmallDistrict, client: Client) -> None:
    officer, seen, after = token_of(town, Role.OFFICER), list[str](), ""
    while True:
        page = asked(client, officer, f"people?limit=3&after={after}")
        seen += [row["worker_id"] for row in page["rows"]]
        after = page["cursor"]
        if not after:
            break
    assert sorted(seen) == sorted(person.worker_id for person in town.people)


def test_ok__days_and_passages_of_a_site(town: SmallDistrict, client: Client) -> None:
    project, person = town.projects[0], town.people[0]
    line = FeedLine.objects.create(gate_id="gate-1", line="a")
    for seq, direction in enumerate(("in", "out")):
        Passage.objects.create(
            line=line, seq=seq, project=project, person=person, enterprise=project.general_contractor, local=0,
            utc=NOON + timedelta(hours=seq), direction=direction, granted=True, reason="granted",
        )  # fmt: skip
    Day.objects.create(
        project=project, person=person, enterprise=project.general_contractor, date=NOON.date(),
        first_in=NOON, last_out=NOON + timedelta(hours=1), seconds=3600,
    )  # fmt: skip
    secret = token_of(town, Role.MANAGER)
    rows = asked(client, secret, f"passages?{SPAN}")["rows"]
    assert [(row["gate_id"], row["seq"], row["direction"]) for row in rows] == [
        ("gate-1", 0, "in"),
        ("gate-1", 1, "out"),
    ]
    day = asked(client, secret, "days?site_id=site-1&first=2026-11-01&last=2026-11-30")["rows"][0]
    assert (day["worker_id"], day["seconds"]) == (person.worker_id, 3600)


def test_fail__without_a_token_or_with_a_wrong_one_nothing_opens(town: SmallDistrict, client: Client) -> None:
    client.force_login(town.accounts[Role.OFFICER])  # a session is no token
    for address in (*LISTS, f"passages?{SPAN}"):
        assert client.get(f"/api/v1/{address}").status_code == 401
        for wrong in ("sg_x", "", "sg_" + "a" * 10_000, "sg_\x7f' or 1=1 --"):
            assert client.get(f"/api/v1/{address}", headers=bearer(wrong)).status_code == 401


@pytest.mark.parametrize("end", ["ended", "expired", "maker left", "maker lost the role"])
def test_fail__a_token_ends_with_its_time_and_with_its_makers_rights(
    town: SmallDistrict, client: Client, end: str
) -> None:
    secret = token_of(town, Role.MANAGER)
    assert asked(client, secret, "people")["rows"]
    token = ApiToken.objects.get()
    if end == "ended":
        ApiToken.objects.update(ended=timezone.now())
    elif end == "expired":
        ApiToken.objects.update(expires=timezone.now())
    elif end == "maker left":
        type(token.made_by).objects.filter(pk=token.made_by.pk).update(is_active=False)
    else:
        Grant.objects.filter(user=token.made_by).update(valid_until=timezone.now())
    for address in LISTS:
        assert client.get(f"/api/v1/{address}", headers=bearer(secret)).status_code in (401, 403, 404)


@pytest.mark.parametrize(
    ("role", "right", "where"),
    [
        (Role.MANAGER, Permission.SEE_PEOPLE, "town"),
        (Role.MANAGER, Permission.SEE_PEOPLE, "other site"),
        (Role.MANAGER, Permission.SEE_PEOPLE, "enterprise"),
        (Role.CLERK, Permission.SEE_PEOPLE, "own site"),
        (Role.OFFICER, Permission.SEE_PEOPLE, "enterprise"),
        (Role.MANAGER, Permission.SEE_DOCUMENTS, "own site"),
        (Role.SYSTEM, Permission.SEE_PEOPLE, "town"),
    ],
)
def test_fail__nobody_hands_on_more_than_they_have(
    town: SmallDistrict, role: Role, right: Permission, where: str
) -> None:
    target: dict[str, Any] = {
        "town": {"place": town.towns[0]},
        "own site": {"place": town.projects[0].place},
        "other site": {"place": town.projects[2].place},
        "enterprise": {"enterprise": town.enterprises[1]},
    }[where]
    with pytest.raises(NotYours):
        make_token(town.accounts[role], "x", [right], timezone.now() + timedelta(days=1), **target)
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("people?after=nonsense", 400),
        ("people?after=" + "x" * 700, 422),
        ("people?limit=0", 422),
        ("people?limit=501", 422),
        ("people?changed_since=soon", 422),
        ("presence", 422),
        ("presence?site_id=%00", 404),
        ("presence?site_id=%27%20or%201=1", 404),
        ("passages?site_id=site-1&since=2026-11-20T00:00:00&until=2026-11-21T00:00:00", 400),
        ("passages?site_id=site-1&since=2026-01-01T00:00:00Z&until=2026-11-21T00:00:00Z", 400),
        ("passages?site_id=site-1&since=2026-11-22T00:00:00Z&until=2026-11-21T00:00:00Z", 400),
        ("days?site_id=site-1&first=2026-11-31&last=2026-12-01", 422),
        ("assignments?worker_id=%00", 200),
        ("nothing", 404),
    ],
)
def test_fail__wrong_questions_get_one_clear_answer(
    town: SmallDistrict, client: Client, address: str, status: int
) -> None:
    answer = client.get(f"/api/v1/{address}", headers=bearer(token_of(town, Role.MANAGER)))
    assert answer.status_code == status, answer.content


def test_fail__a_misspelt_parameter_is_no_list_of_everything(town: SmallDistrict, client: Client) -> None:
    answer = client.get("/api/v1/assignments?site_d=site-1", headers=bearer(token_of(town, Role.MANAGER)))
    assert answer.status_code == 422
    assert answer.json()["detail"] == "site_d: unknown key; did you mean 'site_id'?"


def test_ok__the_secret_is_shown_once_and_kept_as_a_hash(town: SmallDistrict) -> None:
    client = client_of(town.accounts[Role.CLERK])
    data = {
        "name": "payroll",
        "where": f"enterprise-{town.enterprises[0].pk}",
        "permissions": ["see_people", "see_attendance"],
        "days": "90",
    }
    shown = client.post("/programs/token", data).content.decode()
    token = ApiToken.objects.get()
    secret = shown.split('class="mono long">')[1].split("<")[0]
    assert secret.startswith("sg_")
    assert secret not in str(token.__dict__)
    assert asked(client, secret, "people")["rows"]
    assert secret not in client.get("/programs/").content.decode()
    assert Entry.objects.filter(action="api.token", subject_id=str(token.pk)).count() == 1
    assert client.post(f"/programs/token/{token.pk}/end").status_code == 302
    assert client.get("/api/v1/people", headers=bearer(secret)).status_code == 401


def test_fail__a_session_that_proved_nobody_makes_no_token(town: SmallDistrict, client: Client) -> None:
    client.force_login(town.accounts[Role.MANAGER])
    data = {"name": "x", "where": f"place-{town.projects[0].place_id}", "permissions": ["see_people"], "days": "90"}
    answer = client.post("/programs/token", data)
    assert (answer.status_code, ApiToken.objects.exists()) == (302, False)
    assert answer["Location"].startswith("/account/2fa/reauthenticate/")


def test_fail__a_forged_form_makes_no_token(town: SmallDistrict) -> None:
    client = client_of(town.accounts[Role.MANAGER])
    right = {"name": "x", "where": f"place-{town.projects[0].place_id}", "permissions": ["see_people"], "days": "90"}
    for wrong in (
        {"where": f"place-{town.root.pk}"},
        {"where": f"enterprise-{town.enterprises[0].pk}"},
        {"where": "place-0"},
        {"where": "place-x"},
        {"permissions": ["see_documents"]},
        {"permissions": []},
        {"days": "9999"},
        {"name": ""},
    ):
        assert client.post("/programs/token", right | wrong).status_code == 200
    assert not ApiToken.objects.exists()


def test_fail__others_tokens_are_not_found(town: SmallDistrict, client: Client) -> None:
    token_of(town, Role.CLERK)
    token = ApiToken.objects.get()
    client.force_login(town.accounts[Role.MANAGER])
    assert "wage-reader" not in client.get("/programs/").content.decode()
    assert client.post(f"/programs/token/{token.pk}/end").status_code == 404
    client.force_login(town.accounts[Role.AUDITOR])
    assert "wage-reader" in client.get("/programs/").content.decode()
    assert client.post(f"/programs/token/{token.pk}/end").status_code == 404
    token.refresh_from_db()
    assert token.ended is None


def test_ok__the_schema_describes_every_list(client: Client) -> None:
    schema = client.get("/api/v1/openapi.json").json()
    lists = ("sites", "people", "assignments", "presence", "days", "passages", "corrections", "muster")
    single = ("people/{worker_id}", "assignments/{assignment_id}", "assignments/{assignment_id}/end", "exports/{what}")
    assert set(schema["paths"]) == {f"/api/v1/{name}" for name in (*lists, *single)}
