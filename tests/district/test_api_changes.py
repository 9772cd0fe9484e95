"""PROMISE: a program changes what its token names, as the pages would, and nothing else; it takes whole lists away."""

import json
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from api_rig import asked, bearer, one_day, token_of
from district_rig import SmallDistrict
from django.test import Client
from django.utils import timezone
from python_calamine import CalamineWorkbook
from realname_rig import valid_id

from district.accounts.models import Grant
from district.api.models import ApiToken, TokenUse
from district.api.tokens import CALLS_AT_ONCE, make_token
from district.attendance.models import Correction
from district.attendance.requests import CorrectionRefused, approve
from district.audit.models import Entry
from district.people.models import Assignment, Person, Team
from district.permissions import Permission, Role

USCC = "91440605MA4WXXXX1A"


def send(client: Client, secret: str, method: str, address: str, body: object) -> Any:
    return client.generic(
        method, f"/api/v1/{address}", json.dumps(body), content_type="application/json", headers=bearer(secret)
    )


def test_ok__people_and_work_are_changed_and_recorded(town: SmallDistrict, client: Client) -> None:
    secret, today = token_of(town, Role.MANAGER), timezone.localdate()
    Team.objects.create(project=town.projects[0], enterprise=town.enterprises[0], name="夜班")
    answer = send(client, secret, "PATCH", "people/w-1", {"name": "张三", "phone": "13800138000"})
    assert (answer.status_code, answer.json()["name"]) == (200, "张三"), answer.content
    assert asked(client, secret, "people/w-1")["name"] == "张三"
    work = {"site_id": "site-1", "employer_code": USCC, "starts": today.isoformat(), "trade": "020"}
    new = {"name": "李四", "id_number": valid_id(77), "work": work}
    added = send(client, secret, "POST", "people", new)
    assert added.status_code == 201, added.content
    assert added.json()["known"] is False
    worker = added.json()["worker_id"]
    row = asked(client, secret, f"assignments?worker_id={worker}")["rows"][0]
    moved = send(client, secret, "PATCH", f"assignments/{row['assignment_id']}", {"team": "夜班"})
    assert (moved.status_code, moved.json()["team"]) == (200, "夜班"), moved.content
    end = send(client, secret, "POST", f"assignments/{moved.json()['assignment_id']}/end", {"ends": today.isoformat()})
    assert (end.status_code, end.json()["ends"]) == (200, today.isoformat()), end.content
    again = {"worker_id": worker, **work, "starts": (today + timedelta(days=1)).isoformat()}
    assert send(client, secret, "POST", "assignments", again).status_code == 201
    assert send(client, secret, "POST", "assignments", again).status_code == 409
    actor = str(town.accounts[Role.MANAGER])
    assert Entry.objects.filter(action="api.change", actor=actor).count() == 5
    assert valid_id(77) not in str(list(Entry.objects.values_list("details", flat=True)))


def test_ok__nobody_decides_what_their_program_asked_for(town: SmallDistrict, client: Client) -> None:
    secret = token_of(town, Role.MANAGER)
    utc = (timezone.now() - timedelta(days=1)).isoformat()
    body = {"site_id": "site-1", "worker_id": "w-1", "direction": "out", "utc": utc, "why": "gate off"}
    answer = send(client, secret, "POST", "corrections", body)
    assert (answer.status_code, answer.json()["state"]) == (201, "open"), answer.content
    assert send(client, secret, "POST", "corrections", body).status_code == 409
    assert len(asked(client, secret, "corrections?state=open")["rows"]) == 1
    with pytest.raises(CorrectionRefused):
        approve(town.accounts[Role.MANAGER], Correction.objects.get())


@pytest.mark.parametrize(
    ("method", "address", "body", "status", "says"),
    [
        ("PATCH", "people/w-5", {"name": "x"}, 404, "not yours"),
        ("PATCH", "people/w-1", {"nmae": "x"}, 422, "nmae"),
        ("PATCH", "people/w-1", {"phone": "12"}, 409, "phone"),
        ("PATCH", "people/w-1?why=x", {}, 422, "why"),
        ("PATCH", "people/w-1", [], 422, ""),
        ("POST", "assignments", {"worker_id": "w-1"}, 422, "site_id"),
        ("POST", "corrections", {"site_id": "site-3"}, 422, ""),
        ("POST", "assignments/999999/end", {"ends": "2026-11-20"}, 404, "no such assignment"),
        ("PATCH", "assignments/1", {"since": "9999-12-31"}, 422, "since"),
        ("PATCH", "people/w-1", {"name": "\ud800\0"}, 409, ""),
    ],
)
def test_fail__a_wrong_change_is_refused_in_one_sentence(
    town: SmallDistrict, client: Client, method: str, address: str, body: object, status: int, says: str
) -> None:
    before = list(Person.objects.order_by("pk").values_list("name", "phone", "changed"))
    answer = send(client, token_of(town, Role.MANAGER), method, address, body)
    assert answer.status_code == status, answer.content
    assert says in answer.json()["detail"].lower() and "\n" not in answer.json()["detail"]
    assert list(Person.objects.order_by("pk").values_list("name", "phone", "changed")) == before


def test_fail__a_token_without_the_right_changes_nothing(town: SmallDistrict, client: Client) -> None:
    maker, later = town.accounts[Role.MANAGER], timezone.now() + timedelta(days=1)
    _token, secret = make_token(maker, "reader", [Permission.SEE_PEOPLE], later, place=town.projects[0].place)
    assert send(client, secret, "PATCH", "people/w-1", {"name": "x"}).status_code == 403
    whole = token_of(town, Role.MANAGER)
    Grant.objects.filter(user=maker).update(role=Role.GUARD)  # sees people still, and may not export any more
    for one in (secret, whole):
        assert client.get("/api/v1/people", headers=bearer(one)).status_code == 403
        assert send(client, one, "PATCH", "people/w-1", {"name": "x"}).status_code == 403


def test_fail__a_foreign_work_is_not_ended_and_a_foreign_team_is_not_found(town: SmallDistrict, client: Client) -> None:
    secret = token_of(town, Role.MANAGER)
    foreign = Assignment.objects.get(person=town.people[4])
    ends = {"ends": timezone.localdate().isoformat()}
    assert send(client, secret, "POST", f"assignments/{foreign.pk}/end", ends).status_code == 404
    own = Assignment.objects.get(person=town.people[0])
    theirs = Team.objects.get(project=town.projects[1]).name
    assert send(client, secret, "PATCH", f"assignments/{own.pk}", {"team": theirs}).status_code == 404


def test_ok__lists_are_files_of_the_tokens_part(town: SmallDistrict, client: Client) -> None:
    one_day()
    secret, day = token_of(town, Role.MANAGER), (timezone.localdate() - timedelta(days=1)).isoformat()

    def file(address: str) -> bytes:
        answer = client.get(f"/api/v1/exports/{address}", headers=bearer(secret))
        assert answer.status_code == 200, answer.content
        return b"".join(answer) if answer.streaming else answer.content

    lines = [json.loads(line) for line in file("people?format=jsonl").splitlines()]
    assert [one["worker_id"] for one in lines] == ["w-1", "w-2"]
    rest = file(f"people?format=jsonl&after={lines[0]['cursor']}").splitlines()
    assert [json.loads(line)["worker_id"] for line in rest] == ["w-2"]
    span = f"first={day}&last={timezone.localdate().isoformat()}"
    csv = file(f"days?{span}").decode("utf-8-sig").splitlines()
    assert csv[0].startswith("worker_id,site_id,") and len(csv) == 3
    sheet = CalamineWorkbook.from_object(BytesIO(file(f"passages?{span}&format=xlsx&site_id=site-1")))
    assert len(sheet.get_sheet_by_index(0).to_python()) == 5
    ledger = file(f"ledger?site_id=site-1&month={day[:7]}&format=jsonl").splitlines()
    assert "w-1" in {json.loads(line)["worker_id"] for line in ledger}
    assert len(file("assignments?site_id=site-1").splitlines()) == 3
    assert Entry.objects.filter(action="api.export").count() == 6
    assert asked(client, secret, "muster?site_id=site-1")["count"] == 1


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("people?site_id=site-3", 404),
        ("people?format=pdf", 422),
        ("people?after=WzFd", 400),
        ("people?format=jsonl&after=forged", 400),
        ("people?format=jsonl&after=WyJ4Il0", 400),
        ("days", 422),
        ("days?first=2026-01-01&last=2027-06-01", 400),
        ("days?first=0001-01-01&last=0001-01-02", 400),
        ("ledger?month=13&site_id=site-1", 422),
        ("wages", 404),
    ],
)
def test_fail__a_wrong_export_is_refused(town: SmallDistrict, client: Client, address: str, status: int) -> None:
    answer = client.get(f"/api/v1/exports/{address}", headers=bearer(token_of(town, Role.MANAGER)))
    assert (answer.status_code, set(answer.json())) == (status, {"detail"})


def test_fail__a_token_that_calls_too_often_waits(town: SmallDistrict, client: Client) -> None:
    secret, other = token_of(town, Role.MANAGER), token_of(town, Role.OFFICER)
    asked(client, secret, "sites")
    token = ApiToken.objects.get(made_by=town.accounts[Role.MANAGER])
    TokenUse.objects.filter(token=token).update(full_at=timezone.now().timestamp() + CALLS_AT_ONCE * 0.1)
    answer = client.get("/api/v1/sites", headers=bearer(secret))
    assert (answer.status_code, answer["Retry-After"]) == (429, "1")
    assert "wait" in answer.json()["detail"]
    asked(client, other, "sites")
    TokenUse.objects.filter(token=token).update(full_at=timezone.now().timestamp() + 9_999)  # the clock was set back
    asked(client, secret, "sites")
