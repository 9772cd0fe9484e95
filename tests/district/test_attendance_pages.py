"""PROMISE: attendance pages show what the account may see. Days change only by requests that somebody else approves."""

import io
from datetime import timedelta
from typing import Any

import pytest
from attendance_rig import GateJournal
from district_rig import SmallDistrict
from django.test import Client
from django.utils import timezone
from python_calamine import CalamineWorkbook

from district.attendance import confirmations
from district.attendance.feed_handlers import handle
from district.attendance.models import Correction, Day, MonthConfirmation, Passage, Stay
from district.attendance.rebuild import rebuild
from district.exchange.models import FeedPosition
from district.people import registry
from district.people.held import held_of
from district.people.models import Person
from district.permissions import Role


@pytest.fixture
def worked(town: SmallDistrict) -> SmallDistrict:
    """Return the town after a day: two people of site 1, one without an exit, and one of site 3."""
    gate, other = GateJournal(), GateJournal("site-3", "gate-3")
    start = (timezone.localtime() - timedelta(days=1)).replace(hour=7, minute=0, second=0, microsecond=0)
    handle(
        [
            gate.passed("w-1", "in", start),
            gate.passed("w-1", "out", start + timedelta(hours=9.5)),
            gate.passed("w-2", "in", start),
            gate.passed("w-2", "in", timezone.now() - timedelta(minutes=30)),
            other.passed("w-5", "in", timezone.now() - timedelta(minutes=20)),
        ]
    )
    FeedPosition.objects.create(read=timezone.now())
    return town


def opened(client: Client, town: SmallDistrict, role: Role, address: str) -> str:
    client.force_login(town.accounts[role])
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return answer.text


def test_ok__presence_counts_and_lists_who_is_inside(worked: SmallDistrict, client: Client) -> None:
    officer = opened(client, worked, Role.OFFICER, "/attendance/inside")
    assert "工人2" in officer
    assert "工人5" in officer
    guard = opened(client, worked, Role.GUARD, "/attendance/inside?by=team")
    assert "工人2" in guard
    assert "工人5" not in guard


def test_ok__the_muster_list_says_how_old_it_is(worked: SmallDistrict, client: Client) -> None:
    page = opened(client, worked, Role.GUARD, "/attendance/muster/site-1")
    assert "工人2" in page
    assert "Team 1" in page
    assert "state of" not in page
    FeedPosition.objects.update(read=timezone.now() - timedelta(days=1))
    handle([])
    worked.projects[0].gates.create(gate_id="gate-1")
    assert "state of" in opened(client, worked, Role.GUARD, "/attendance/muster/site-1")


def test_fail__a_guessed_address_of_another_site_is_not_found(worked: SmallDistrict, client: Client) -> None:
    client.force_login(worked.accounts[Role.MANAGER])
    foreign = Day.objects.get(person__worker_id="w-5")
    assert client.get("/attendance/muster/site-3").status_code == 404
    assert client.get(f"/attendance/days/{foreign.pk}").status_code == 404
    assert client.post(f"/attendance/days/{foreign.pk}", {"direction": "out"}).status_code == 404
    ledger = client.get(f"/attendance/ledger?site={worked.projects[2].pk}")
    assert "工人5" not in ledger.text


def test_ok__a_correction_is_asked_approved_and_kept_in_a_rebuild(worked: SmallDistrict, client: Client) -> None:
    day = Day.objects.get(person__worker_id="w-2", missing_exit=True)
    client.force_login(worked.accounts[Role.CLERK])
    asked = {"direction": "out", "date": str(day.date), "time": "16:30", "why": "the gate was without power"}
    assert client.post(f"/attendance/days/{day.pk}", asked).status_code == 302
    one = Correction.objects.get()
    client.force_login(worked.accounts[Role.MANAGER])
    assert "9:30" in client.get(f"/attendance/corrections/{one.pk}").text
    client.post(f"/attendance/corrections/{one.pk}", {"action": "approve"})
    for _ in range(2):
        made = Day.objects.get(person=day.person, date=day.date)
        assert (made.seconds, made.missing_exit, made.corrected) == (34_200, False, True)
        rebuild()


def test_fail__nobody_decides_their_own_request(worked: SmallDistrict, client: Client) -> None:
    day = Day.objects.get(person__worker_id="w-2", missing_exit=True)
    client.force_login(worked.accounts[Role.MANAGER])
    asked = {"direction": "out", "date": str(day.date), "time": "16:30", "why": "I saw it"}
    client.post(f"/attendance/days/{day.pk}", asked)
    one = Correction.objects.get()
    client.post(f"/attendance/corrections/{one.pk}", {"action": "approve"})
    one.refresh_from_db()
    assert one.state == Correction.State.OPEN
    client.force_login(worked.accounts[Role.CLERK])
    assert client.post(f"/attendance/corrections/{one.pk}", {"action": "approve"}).status_code == 404
    one.refresh_from_db()
    assert one.state == Correction.State.OPEN


def test_ok__a_passage_set_aside_stays_set_aside_when_it_is_read_again(worked: SmallDistrict, client: Client) -> None:
    passage = Passage.objects.filter(person__worker_id="w-1").order_by("utc")[0]
    day = Day.objects.get(person__worker_id="w-1")
    client.force_login(worked.accounts[Role.CLERK])
    client.post(f"/attendance/days/{day.pk}", {"passage": passage.pk, "why": "it was his brother"})
    client.force_login(worked.accounts[Role.OFFICER])
    client.post(f"/attendance/corrections/{Correction.objects.get().pk}", {"action": "approve"})
    day = Day.objects.get(person__worker_id="w-1")
    assert (day.missing_entry, day.seconds) == (True, 0)
    gate = GateJournal()
    handle([gate.passed("w-1", "in", passage.utc)])
    assert Passage.objects.get(line=passage.line, seq=1).set_aside


@pytest.mark.parametrize(
    ("field", "value"),
    [("date", "2099-01-01"), ("date", "0001-01-01"), ("time", "25:99"), ("why", ""), ("why", "x" * 301)],
)
def test_fail__an_impossible_request_changes_nothing(
    worked: SmallDistrict, client: Client, field: str, value: str
) -> None:
    day = Day.objects.get(person__worker_id="w-1")
    client.force_login(worked.accounts[Role.CLERK])
    asked = {"direction": "out", "date": str(day.date), "time": "16:30", "why": "because"} | {field: value}
    client.post(f"/attendance/days/{day.pk}", asked)
    assert not Correction.objects.exists()


def test_ok__the_ledger_is_a_workbook_without_formulas(worked: SmallDistrict, client: Client) -> None:
    Person.objects.filter(worker_id="w-1").update(name='=HYPERLINK("http://evil")')
    client.force_login(worked.accounts[Role.MANAGER])
    day = Day.objects.get(person__worker_id="w-1")
    answer: Any = client.get(f"/attendance/ledger?month={day.date:%Y-%m}&format=xlsx")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer.streaming_content))).get_sheet_by_index(0)
    rows = sheet.to_python()
    found = next(row for row in rows if row[1] == '=HYPERLINK("http://evil")')
    assert found[2 + day.date.day] == "✓"
    assert rows[0][0] == "Attendance sheet"


def test_ok__a_worker_confirms_the_month_and_a_later_change_is_seen(worked: SmallDistrict, client: Client) -> None:
    day = Day.objects.get(person__worker_id="w-1")
    where = {"site": worked.projects[0].pk, "month": f"{day.date:%Y-%m}", "team": day.team_id}
    client.force_login(worked.accounts[Role.CLERK])
    assert client.post("/attendance/ledger/ask", where).status_code == 302
    one = MonthConfirmation.objects.get(person=day.person)
    Person.objects.filter(pk=day.person_id).update(birth="1990-01-31")
    client.logout()
    address = f"/my/month/{confirmations.link_token(one)}"
    shown = client.get(address).context["shown"]
    client.post(address, {"answer": "agree", "shown": shown, "who": "0131"})
    one.refresh_from_db()
    assert (one.agrees, one.days, one.seconds) == (True, 1, 34_200)
    client.post(address, {"answer": "agree", "shown": "0" * 64})
    later, again = GateJournal(line="later"), day.last_out + timedelta(hours=1)
    handle([later.passed("w-1", "in", again), later.passed("w-1", "out", again + timedelta(hours=1))])
    client.force_login(worked.accounts[Role.CLERK])
    query = "&".join(f"{key}={value}" for key, value in where.items())
    assert "changed since" in client.get(f"/attendance/ledger?{query}").text


def test_fail__nobody_answers_for_a_worker(worked: SmallDistrict, client: Client) -> None:
    day = Day.objects.get(person__worker_id="w-1")
    Person.objects.filter(pk=day.person_id).update(birth="1990-01-31")
    where = {"site": worked.projects[0].pk, "month": f"{day.date:%Y-%m}", "team": day.team_id}
    clerk = Client()
    clerk.force_login(worked.accounts[Role.CLERK])
    clerk.post("/attendance/ledger/ask", where)
    one = MonthConfirmation.objects.get(person=day.person)
    address = f"/my/month/{confirmations.link_token(one)}"
    right = {"answer": "agree", "shown": clerk.get(address).context["shown"], "who": "0131"}
    assert "account is signed in" in clerk.post(address, right).context["trouble"]
    assert "does not fit" in client.post(address, right | {"who": ""}).context["trouble"]
    for wrong in ("0101", "0102", "0103", "0104", "0105"):
        client.post(address, right | {"who": wrong})
    assert "Too many" in client.post(address, right).context["trouble"]
    one.refresh_from_db()
    assert one.answered is None


@pytest.mark.parametrize("token", ["1", "1:2:3", "x" * 500, "..%2f"])
def test_fail__a_forged_link_shows_nobody(worked: SmallDistrict, client: Client, token: str) -> None:
    answer = client.get(f"/my/month/{token}")
    assert answer.status_code in (404, 410)
    assert "工人" not in answer.text


def test_ok__stays_follow_a_change_of_team(worked: SmallDistrict) -> None:
    person = Person.objects.get(worker_id="w-2")
    assignment = person.assignments.get()
    assignment.trade = "030"
    assignment.save()
    assert set(Stay.objects.filter(person=person).values_list("trade", flat=True)) == {"030"}


def test_ok__a_merge_joins_the_days_and_its_undoing_parts_them(worked: SmallDistrict) -> None:
    one, other = (Person.objects.get(worker_id=name) for name in ("w-1", "w-2"))
    before = sorted(Day.objects.values_list("person", "date", "seconds", "missing_exit"), key=str)
    made = registry.merge("officer", one, other, "the same document")
    assert not Day.objects.filter(person=other).exists()
    assert Day.objects.filter(person=one).exists()
    registry.undo_merge("officer", made, "they are two")
    assert sorted(Day.objects.values_list("person", "date", "seconds", "missing_exit"), key=str) == before


def test_ok__a_persons_own_file_holds_passages_and_days(worked: SmallDistrict) -> None:
    held = {table.label: table.rows for table in held_of(Person.objects.get(worker_id="w-1"))}
    assert (len(held["Passages"]), held["Days"][0]["Hours"]) == (2, 9.5)
