"""Visitors, alarms and the lock-down over HTTP: who may, what is refused, and what a full disk answers."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from screen_account import STORED, signed_in
from screen_parts import MemoryJournal, Summary, live

from contract.messages import Direction, DirectoryEntry, NoticeCode, NoticeEvent, Origin, Reason
from edge.core.config import Config
from edge.core.domain import LockDownRequest, MusterList, MusterPerson, Tone
from edge.core.domain.visitors import VisitorDetails
from edge.core.passage import PassageState
from edge.core.ports import DeskError
from edge.screen.access.roles import RIGHTS, Right, Role
from edge.screen.access.sessions import Session
from edge.screen.app import ScreenSources, create_app
from edge.screen.journal.alarms import AlarmLog
from edge.screen.journal.event_line import event_line
from edge.screen.journal.totals import JournalTotals
from edge.screen.office.muster import NoNames, muster_view
from edge.screen.translations import load_all
from edge.screen.visitors.names import VisitorNames
from edge.screen.visitors.view import VisitorState, visitor_rows
from edge.storage.desk import DeskReader
from edge.storage.desk_store import DeskStore

FORM = {"name": "Li Na", "host": "w-1", "purpose": "inspection", "hours": "2"}
EN, ZH = load_all()["en"], load_all()["zh"]
Steps = Callable[[httpx.AsyncClient, Session], Awaitable[Any]]


class Desk:
    """The screen's application on a journal in memory and a desk on disk."""

    def __init__(self, folder: Path) -> None:
        self.now, self.folder = datetime.now(UTC), folder
        self.store = DeskStore(folder / "desk.db")
        for role in Role:
            self.store.set_password(role.value, STORED, by="test", role=role)
        self.journal = MemoryJournal()
        self.journal.show(live(Tone.IDLE).model_copy(update={"utc": self.now}))
        self.app = create_app(ScreenSources(self.journal, lambda: Summary(), desk=self.store), Config())

    def visit(self, steps: Steps, role: Role = Role.GUARD) -> Any:
        async def run() -> Any:
            transport = httpx.ASGITransport(self.app)
            async with (
                self.app.router.lifespan_context(self.app),
                httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
            ):
                session = signed_in(client, self.app, role)
                await asyncio.sleep(0.1)  # the journal is read
                return await steps(client, session)

        return asyncio.run(run())

    def post(self, path: str, role: Role = Role.GUARD, **form: str) -> httpx.Response:
        async def steps(client: httpx.AsyncClient, session: Session) -> httpx.Response:
            return await client.post(path, data={"form_token": session.form_token} | form)

        answer: httpx.Response = self.visit(steps, role)
        return answer

    def get(self, path: str, role: Role = Role.GUARD) -> httpx.Response:
        answer: httpx.Response = self.visit(lambda client, _: client.get(path), role)
        return answer

    @property
    def kinds(self) -> list[str]:
        return [what for _, _, what, _ in self.store.audit_trail(99) if what not in ("account", "signed in")]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.store.close()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TECHNICIAN])
def test_fail__who_may_not_admit_sees_no_visitor_and_changes_nothing(desk: Desk, role: Role) -> None:
    visitor_id, _ = desk.store.register_visitor(VisitorDetails(**_told()), "anna", desk.now + timedelta(hours=1))
    before = desk.kinds

    async def steps(client: httpx.AsyncClient, session: Session) -> list[int]:
        token = {"form_token": session.form_token, "visitor": visitor_id, "confirm": "yes", "what": "lock", **FORM}
        gets = ("/visitors", f"/visitors/visit?visitor={visitor_id}", "/alarms", "/guard/lock-down", "/visitors/list")
        posts = ("/visitors", "/visitors/leave", "/visitors/new-badge", "/visitors/admit", "/guard/lock-down")
        answers = [await client.get(path) for path in gets] + [await client.post(path, data=token) for path in posts]
        assert not any("Li Na" in answer.text for answer in answers)
        return [answer.status_code for answer in answers]

    assert set(desk.visit(steps, role)) == {403}
    assert desk.kinds == before


def test_ok__another_language_shows_the_same_page(desk: Desk) -> None:
    visitor_id, _ = desk.store.register_visitor(VisitorDetails(**_told()), "anna", desk.now + timedelta(hours=1))

    async def steps(client: httpx.AsyncClient, session: Session) -> list[str]:
        form = {"form_token": session.form_token, **FORM, "hours": "4", "name": ""}
        answers = [await client.get(f"/visitors/visit?visitor={visitor_id}&lang=en")]
        answers += [await client.get("//evil.example/"), await client.get('/history?who="><b>&day=2026-11-29&lang=en')]
        answers += [await client.post(path, data=form) for path in ("/visitors", "/visitors/leave", "/guard/admit")]
        answers += [await client.post("/guard/admit", data={**form, "worker_id": "w-1", "reason": "x"})]
        again = [await client.get(path) for path in ("/visitors/leave", "/guard/admit?lang=zh", "/sign-out")]
        assert [answer.headers["location"] for answer in again] == ["/visitors", "/guard", "/sign-in"]
        assert '<option value="4" selected>' in answers[3].text
        return [re.findall('href="([^"]*)" lang="zh"', answer.text)[0] for answer in answers]

    assert desk.visit(steps) == [
        f"?visitor={visitor_id}&amp;lang=zh",
        "?lang=zh",
        "?who=%22%3E%3Cb%3E&amp;day=2026-11-29&amp;lang=zh",
        "/visitors?lang=zh",
        "/visitors?lang=zh",
        "/guard?lang=zh",
        "/guard/person/w-1?lang=zh",
    ]


def test_ok__a_guard_finds_a_visitor_and_reads_names_in_the_newest_events(desk: Desk) -> None:
    visitor_id, _ = desk.store.register_visitor(VisitorDetails(**_told()), "anna", desk.now + timedelta(hours=1))
    desk.journal.passage(visitor_id, Direction.IN)
    found = desk.get("/guard/find?q=li").text
    assert f'/visitors/visit?visitor={visitor_id}"' in found and "Li Na" in found and "Not checked" not in found
    assert f"<b>Li Na</b> {visitor_id}" in desk.get("/guard/state").text


def test_fail__a_card_says_that_the_gate_did_not_take_the_request(desk: Desk) -> None:
    for by, why in (
        ("guard", "the gate is released"),
        ("guard", "asked 31 s ago, too late"),
        ("bo", "the gate is open"),
    ):
        desk.journal.add(NoticeEvent, utc=desk.now, code=NoticeCode.REQUEST_REFUSED, detail=f"admit: by {by}: {why}")
    page = desk.get("/guard/person/w-1/newest").text
    assert "guard asked while the gate was not free" in page and "guard asked too long ago" in page
    assert "bo asked" not in page


def test_fail__a_form_of_another_page_or_session_changes_nothing(desk: Desk) -> None:
    async def steps(client: httpx.AsyncClient, session: Session) -> list[int]:
        good = {"form_token": session.form_token, **FORM}
        stolen = [await client.post("/visitors", data={**FORM, "form_token": "ü"})]
        foreign = [await client.post("/visitors", data=good, headers={"Origin": "http://evil.example"})]
        client.headers["Cookie"] = "sitegate_desk=forged"
        forged = [await client.post("/visitors", data=good), await client.post("/alarms/acknowledge", data=good)]
        return [answer.status_code for answer in (*stolen, *foreign, *forged)]

    assert desk.visit(steps) == [403] * 4 and desk.kinds == []


def test_fail__a_form_that_says_nothing_useful_stores_nothing(desk: Desk) -> None:
    wrong = [{"name": ""}, {"name": "x" * 81}, {"name": "\x00\u202e"}, {"purpose": "h"}]
    wrong += [{"hours": hours} for hours in ("", "nan", "inf", "-1", "0", "24.5", "1e400")]

    async def steps(client: httpx.AsyncClient, session: Session) -> list[httpx.Response]:
        token = {"form_token": session.form_token}
        return [await client.post("/visitors", data={**token, **FORM, **one}) for one in wrong]

    answers = desk.visit(steps)
    assert [answer.status_code for answer in answers] == [422] * len(wrong)
    assert all("Nothing was stored" in answer.text for answer in answers) and desk.store.visits() == []


def test_ok__markup_in_every_field_is_text(desk: Desk) -> None:
    script = "<script>x</script>"
    told = dict.fromkeys(("name", "host", "purpose", "company", "phone"), script) | {"badge_number": "<b>1"}
    assert desk.post("/visitors", hours="1", **told).status_code == 303
    (visit,) = desk.store.visits()
    for path in ("/visitors", f"/visitors/visit?visitor={visit.visitor_id}", "/muster"):
        assert script not in desk.get(path).text


def test_fail__no_field_keeps_a_character_that_nobody_sees(desk: Desk) -> None:
    hidden = "a\u202e\u2066b\x00c\x1b\u2028d"
    assert desk.post("/visitors", **FORM | {"name": hidden, "host": hidden, "purpose": hidden}).status_code == 303
    told = desk.store.visits()[0].details
    assert (told.name, told.host, told.purpose) == ("abc d", "abc d", "abc d")
    desk.post("/guard/admit", reason=hidden, direction="in")
    desk.post("/guard/lock-down", what="lock", confirm="yes", why=hidden)
    desk.journal.add(NoticeEvent, code=NoticeCode.TAMPER, utc=desk.now)
    desk.post("/alarms/acknowledge", epoch="e1", seq="1", note=hidden)
    assert desk.store.acknowledgements("e1")[1].note == "abc d"
    trail = [detail for _, _, what, detail in desk.store.audit_trail(99) if what in ("admit", "lock_down")]
    assert len(trail) == 2 and all("abc d" in detail for detail in trail)


def test_ok__the_badge_is_shown_for_some_minutes_and_not_after_the_visit(desk: Desk) -> None:
    async def steps(client: httpx.AsyncClient, session: Session) -> list[bool]:
        token = {"form_token": session.form_token}
        page = (await client.post("/visitors", data={**FORM, **token})).headers["location"]
        shown = [(await client.get(page)).text]
        visitor_id = page.partition("visitor=")[2]
        await client.post("/visitors/leave", data={**token, "visitor": visitor_id})
        shown.append((await client.get(page)).text)
        return ["<svg" in text.partition("<main")[2] and "<path" in text for text in shown]

    assert desk.visit(steps) == [True, False]


def test_fail__a_full_disk_answers_with_one_sentence(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise DeskError("full")

    desk.journal.add(NoticeEvent, code=NoticeCode.TAMPER, utc=desk.now)
    for name in ("register_visitor", "acknowledge", "request_lock_down"):
        monkeypatch.setattr(desk.store, name, full)
    answers = (
        desk.post("/visitors", **FORM),
        desk.post("/alarms/acknowledge", epoch="e1", seq="1"),
        desk.post("/guard/lock-down", what="lock", confirm="yes"),
    )
    assert [answer.status_code for answer in answers] == [503] * 3
    assert "Li Na" in answers[0].text, "what was typed is still there"


def test_ok__a_lock_down_is_asked_for_only_after_the_answer(desk: Desk) -> None:
    assert "Yes, lock the gate down" in desk.post("/guard/lock-down", what="lock").text
    assert desk.post("/guard/lock-down", what="release", confirm="yes").status_code == 409
    assert desk.kinds == []
    assert desk.post("/guard/lock-down", what="lock", confirm="yes", why=" a\n fight ").status_code == 303
    assert desk.kinds == ["lock_down"]


def test_fail__the_end_of_one_lock_down_does_not_end_the_next_one(desk: Desk) -> None:
    def lasts(mark: str) -> None:
        shown = {"utc": desk.now, "gate_state": PassageState.LOCKDOWN, "lock_down": mark}
        desk.journal.show(live(Tone.IDLE).model_copy(update=shown))

    lasts("locked-down:a")
    assert 'name="ends" value="locked-down:a"' in desk.get("/guard/lock-down").text
    form = {"what": "release", "confirm": "yes", "ends": "locked-down:a"}
    lasts("locked-down:b")
    answer = desk.post("/guard/lock-down", **form)
    assert answer.status_code == 409 and "another one holds" in answer.text
    assert 'value="locked-down:b"' in answer.text and desk.kinds == []
    assert desk.post("/guard/lock-down", **form | {"ends": "locked-down:b"}).status_code == 303
    with closing(DeskReader(desk.folder / "desk.db")) as reader:
        (asked,) = reader.requests(0)
    assert LockDownRequest.model_validate_json(asked.body).ends == "locked-down:b", "the gate decides"
    assert LockDownRequest.model_validate_json('{"by": "anna", "asked_utc": "2026-11-29T09:00:00Z"}').ends == ""


def test_fail__a_foreign_or_second_acknowledgement_says_so(desk: Desk) -> None:
    desk.journal.add(NoticeEvent, code=NoticeCode.TAMPER, utc=desk.now)
    desk.journal.add(NoticeEvent, code=NoticeCode.REX, utc=desk.now)
    for seq, epoch in (("1", "other"), ("2", "e1"), ("99", "e1"), ("x", "e1"), ("", "")):
        assert desk.post("/alarms/acknowledge", epoch=epoch, seq=seq).status_code == 409
    assert desk.post("/alarms/acknowledge", epoch="e1", seq="1").status_code == 303
    again = desk.post("/alarms/acknowledge", Role.MANAGER, epoch="e1", seq="1")
    assert again.status_code == 409 and "guard acknowledged this alarm before" in again.text


def test_ok__visitors_are_named_and_counted_in_the_muster_list(desk: Desk) -> None:
    visitor_id, _ = desk.store.register_visitor(VisitorDetails(**_told()), "anna", desk.now)
    known = NoNames(3, desk.now, {"w-1": DirectoryEntry(worker_id="w-1", name="Wang", team="Crane")})
    names = VisitorNames(lambda: known, desk.store, lambda: 0.0)
    people = [MusterPerson(worker_id=who, utc=desk.now, gate_id="g") for who in ("w-1", visitor_id, "visitor-gone")]
    view = muster_view(MusterList(utc=desk.now, people=tuple(people)), JournalTotals(), names(), EN, desk.now)
    assert {team.name: [row.name for row in team.rows] for team in view.teams} == {
        "Crane": ["Wang"],
        "Visitors on the site": ["Li Na", ""],
    }
    assert view.total == 3 and names() is names(), "nothing is built again while nothing changes"


def test_ok__who_should_have_left_comes_first(desk: Desk) -> None:
    ids = [desk.store.register_visitor(VisitorDetails(**_told()), "anna", desk.now)[0] for _ in range(5)]
    desk.store.end_visit(ids[4], "bo")
    later, inside = desk.now + timedelta(hours=1), {ids[0]: desk.now, ids[1]: desk.now}
    rows = visitor_rows(desk.store.visits(), inside, {}, later)
    assert [row.state for row in rows] == [
        *[VisitorState.OVERTIME] * 2,
        *[VisitorState.EXPIRED] * 2,
        VisitorState.LEFT,
    ]


def test_ok__events_name_the_person_and_where_they_asked() -> None:
    journal, log = MemoryJournal(), AlarmLog()
    asked: dict[str, Any] = {"by": "anna", "origin": Origin.DESK}
    journal.add(NoticeEvent, code=NoticeCode.LOCKED_DOWN, detail="by anna: a fight", **asked)
    journal.add(NoticeEvent, code=NoticeCode.COMMAND_DONE, detail="lock_down by anna at the desk", **asked)
    by_hq = {"by": "manager-7", "origin": Origin.HQ}
    journal.add(NoticeEvent, code=NoticeCode.COMMAND_DONE, detail="c1: lock_down by manager-7: drill", **by_hq)
    journal.add(NoticeEvent, code=NoticeCode.COMMAND_DONE, detail="visitor-0123456789ab: registered until x", **asked)
    journal.passage("visitor-0123456789ab", Direction.OUT)
    totals = JournalTotals(journal.epoch)
    totals.add(journal.kept)
    lines = [event_line(event, ZH) for event in totals.recent]
    assert [(line.who, line.detail) for line in lines] == [
        ("anna (门卫室)", "a fight"),
        ("anna (门卫室)", ""),
        ("manager-7 (总部)", "drill"),
        ("anna (门卫室)", ""),
        ("", ""),
    ]
    assert lines[3].worker_id == "visitor-0123456789ab" and lines[3].what == "访客已登记"
    assert not log.alarms and len(totals.alarms.alarms) == 1


def test_ok__a_refusal_knows_who_let_the_worker_in_later() -> None:
    journal, totals = MemoryJournal(), JournalTotals("e1")
    journal.access(Reason.TRAINING_LAPSED, "w-1")
    journal.access(Reason.UNKNOWN)
    journal.access(Reason.GRANTED, "w-1")
    journal.access(Reason.TRAINING_LAPSED, "w-1")
    totals.add(journal.kept)
    journal.access(Reason.GRANTED, "w-1", direction=Direction.OUT)
    totals.add(journal.kept[4:])
    first, _, last = totals.alarms.refusals
    later = totals.alarms.let_in_later(first)
    assert later is not None and later.seq == 3 and totals.alarms.let_in_later(last) is None
    journal.access(Reason.GRANTED, "w-1")
    totals.add(journal.kept[5:])
    assert [one and one.seq for one in map(totals.alarms.let_in_later, (first, last))] == [3, 6]


def test_ok__the_banner_says_nothing_while_the_gate_is_silent_or_open(desk: Desk) -> None:
    assert "locked down" not in desk.get("/banner").text
    locked = live(Tone.DESK).model_copy(update={"utc": desk.now, "gate_state": PassageState.LOCKDOWN})
    desk.journal.show(locked)
    assert "The gate is locked down" in desk.get("/banner", Role.VIEWER).text
    asked = {"by": "anna", "origin": Origin.DESK, "utc": desk.now}
    desk.journal.add(NoticeEvent, code=NoticeCode.LOCKED_DOWN, detail="by anna: Wang fights", **asked)
    for role in Role:
        told = "Wang fights" in desk.get("/banner", role).text
        assert told == (Right.SEE_PEOPLE in RIGHTS[role]), "what people wrote may name others"
    desk.journal.show(locked.model_copy(update={"utc": desk.now - timedelta(minutes=5)}))
    assert "The gate is locked down" not in desk.get("/banner").text


def _told() -> dict[str, str]:
    return {name: value for name, value in FORM.items() if name != "hours"}
