"""The desk's page over HTTP, real desk.db and journal, and the loop that obeys it or refuses."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from loop_rig import NOBODY, House, known
from starlette.applications import Starlette
from typer.testing import CliRunner

import edge.screen.access.sessions
from contract.messages import AccessEvent, Advice, Direction, NoticeCode, NoticeEvent, Reason
from contract.policy import Factor
from edge.cli import app as commands
from edge.core.config import Config
from edge.core.domain import AdmitRequest, GateSignal
from edge.replica.summary import ReplicaSummary
from edge.screen.access.passwords import hash_password, password_matches
from edge.screen.access.sessions import Session, Sessions
from edge.screen.app import ScreenSources, create_app
from edge.storage.desk_store import DeskStore
from edge.storage.journal import JournalReader

PASSWORD = "correct horse battery"
HASHING = "edge.screen.access.passwords._N"
WEAK = 2**4
"""Passwords are hashed weakly here: a check takes no time, and what is tried are limits and pages."""
with pytest.MonkeyPatch.context() as _weak:
    _weak.setattr(HASHING, WEAK)
    STORED = hash_password(PASSWORD)
T = TypeVar("T")
Steps = Callable[[httpx.AsyncClient], Awaitable[T]]


class DeskHouse(House):
    """The loop of a gate, and the screen beside it on the same files and clock."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.desk = DeskStore(folder / "desk.db", now=self.clock.utc)
        self.desk.set_password("anna", STORED, by="test")

    def visit(self, steps: Steps[T], url: str = "https://localhost", client: str = "127.0.0.1") -> T:
        async def running() -> T:
            page = self.screen()
            transport = httpx.ASGITransport(page, client=(client, 4711))
            async with page.router.lifespan_context(page), httpx.AsyncClient(transport=transport, base_url=url) as c:
                return await steps(c)

        answer = asyncio.run(running())
        self.clock.set_utc(datetime.now(UTC))  # the screen lives in real time: the gate follows
        return answer

    def screen(self) -> Starlette:
        return create_app(
            ScreenSources(JournalReader(self.folder / "journal.db"), ReplicaSummary, desk=self.desk), Config()
        )

    @property
    def admits(self) -> list[AccessEvent]:
        return [e for e in self.events if isinstance(e, AccessEvent)]

    @property
    def refused(self) -> list[str]:
        return [e.detail for e in self.events if isinstance(e, NoticeEvent) and e.code is NoticeCode.REQUEST_REFUSED]

    @property
    def trail(self) -> list[tuple[str, str]]:
        return [(who, what) for _, who, what, _ in self.desk.audit_trail(1000)][::-1]


@pytest.fixture(autouse=True)
def _weak_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HASHING, WEAK)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[DeskHouse]:
    made = DeskHouse(tmp_path)
    yield made
    made.loop.close()
    made.desk.close()


async def sign_in(client: httpx.AsyncClient, name: str = "anna", password: str = PASSWORD) -> httpx.Response:
    return await client.post("/sign-in", data={"name": name, "password": password})


async def token(client: httpx.AsyncClient) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', (await client.get("/guard")).text)
    assert found
    return found[1]


async def admit(client: httpx.AsyncClient, **fields: str) -> httpx.Response:
    form = {"reason": "visitor with the manager", "direction": "in", "form_token": await token(client)} | fields
    return await client.post("/guard/admit", data=form)


def test_ok__a_guard_admits_by_name_and_with_a_reason(house: DeskHouse) -> None:
    async def steps(client: httpx.AsyncClient) -> tuple[httpx.Response, httpx.Response]:
        return await sign_in(client), await admit(client, worker_id=" w-77 ")

    signed, asked = house.visit(steps)
    assert (signed.status_code, asked.status_code) == (303, 303)
    cookie = signed.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "secure", "samesite=strict", "path=/"))
    house.sees(NOBODY, 1.0)
    (event,) = house.admits
    assert (event.reason, event.granted, event.worker_id) == (Reason.MANUAL_ADMIT, True, "w-77")
    assert event.factors == (Factor.GUARD,) and event.detail == "by anna: visitor with the manager"
    assert house.acts == ["pulse"] and house.indicator.history[-1].advice is Advice.WALK_THROUGH
    house.gate.report(GateSignal.PASSED)
    house.sees(NOBODY, 3.0)
    assert len(house.admits) == 1
    assert [what for _, what in house.trail] == ["account", "signed in", "admit"]


def test_ok__the_way_out_and_no_worker_id(house: DeskHouse) -> None:
    async def steps(client: httpx.AsyncClient) -> httpx.Response:
        await sign_in(client)
        return await admit(client, direction="out")

    house.visit(steps)
    house.sees(NOBODY, 1.0)
    assert [(e.direction, e.worker_id) for e in house.admits] == [(Direction.OUT, None)]


def test_fail__a_stale_request_is_refused_and_recorded_once(house: DeskHouse) -> None:
    request = AdmitRequest(by="anna", reason="late", direction=Direction.IN, asked_utc=house.clock.utc())
    house.desk.request_admission(request)
    house.clock.advance(31)
    house.sees(NOBODY, 2.0)
    house.loop.close()
    house.journal = type(house.journal)(house.folder / "journal.db", Config().site, house.clock)
    house.loop = house.make_loop()
    house.sees(NOBODY, 2.0)
    assert house.refused == ["admit: by anna: asked 31 s ago, too late"]
    assert house.admits == [] and "pulse" not in house.acts


def test_fail__not_while_the_gate_is_released_or_from_the_future(house: DeskHouse) -> None:
    now = house.clock.utc()
    for asked in (now, now, now + timedelta(minutes=5)):
        house.desk.request_admission(AdmitRequest(by="bo", reason="why not", direction=Direction.IN, asked_utc=asked))
    house.sees(NOBODY, 1.0)
    assert len(house.admits) == 1 and house.acts == ["pulse"]
    assert [detail.partition(": asked")[0] for detail in house.refused] == [
        "admit: by bo: the gate is released",
        "admit: by bo",
    ]


def test_fail__broken_and_unknown_requests_are_refused_once(house: DeskHouse) -> None:
    with house.desk._writing():
        for kind, body in (("admit", "{}"), ("dance", "{}"), ("lock_down", '{"by":""}')):
            house.desk._db.execute(
                "INSERT INTO requests (ref, kind, body, created_utc, by) VALUES (?, ?, ?, '', '')", (kind, kind, body)
            )
    house.sees(NOBODY, 3.0)
    assert house.refused == ["admit: 4 problems", "dance: an unknown kind of request", "lock_down: 2 problems"]


def test_fail__a_form_without_a_reason_asks_for_nothing(house: DeskHouse) -> None:
    wrong = [{"reason": ""}, {"reason": "  x "}, {"direction": "up"}, {"worker_id": "Anna M"}, {"reason": "x" * 201}]

    async def steps(client: httpx.AsyncClient) -> list[httpx.Response]:
        await sign_in(client)
        return [await admit(client, **fields) for fields in wrong]

    for answer in house.visit(steps):
        assert answer.status_code == 422 and "Nothing was done" in answer.text
    house.sees(NOBODY, 1.0)
    assert house.admits == [] and ("anna", "admit") not in house.trail


def test_fail__without_a_session_or_with_another_session_s_token(house: DeskHouse) -> None:
    async def steps(client: httpx.AsyncClient) -> list[httpx.Response]:
        form = {"reason": "let me in", "direction": "in"}
        answers = [await client.post("/guard/admit", data=form), await client.get("/guard/state")]
        await sign_in(client)
        old = await token(client)
        answers.append(await client.post("/guard/admit", data=form))
        answers.append(await client.post("/guard/lock-down", data={"what": "lock", "form_token": "ü"}))
        await sign_in(client)
        answers.append(await client.post("/guard/admit", data={**form, "form_token": old}))
        return answers

    assert {answer.status_code for answer in house.visit(steps)} == {403}
    house.sees(NOBODY, 1.0)
    assert house.admits == [] and ("anna", "admit") not in house.trail


def test_fail__forms_from_elsewhere_are_not_read(house: DeskHouse) -> None:
    wrong: list[tuple[dict[str, str], int]] = [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/json"}, 415),
        ({"content-length": "9999999"}, 413),
        ({"host": "evil.example"}, 421),
    ]

    async def steps(client: httpx.AsyncClient) -> list[int]:
        await sign_in(client)
        form = {"content-type": "application/x-www-form-urlencoded"}
        body = f"reason=anything&direction=in&form_token={await token(client)}"
        answers = [await client.post("/guard/admit", content=body, headers=form | headers) for headers, _ in wrong]
        return [answer.status_code for answer in answers]

    assert house.visit(steps) == [status for _, status in wrong]
    house.sees(NOBODY, 0.5)
    assert house.admits == []


def test_fail__ten_thousand_login_guesses(house: DeskHouse) -> None:
    async def steps(client: httpx.AsyncClient) -> list[int]:
        answers = [(await sign_in(client, password=f"guess number {n}")).status_code for n in range(12)]
        answers += [(await sign_in(client)).status_code]  # the right one, too late
        many = await asyncio.gather(*(sign_in(client, password=f"at once {n}") for n in range(100)))
        return [*answers, *(answer.status_code for answer in many)]

    statuses = house.visit(steps)
    assert statuses == [403] * 5 + [429] * 108
    assert house.trail.count(("anna", "sign-in refused")) == 5
    assert house.trail.count(("anna", "sign-in paused")) == 1

    async def after_a_restart(client: httpx.AsyncClient) -> int:
        return (await sign_in(client)).status_code

    # The screen keeps the real time, the trail this test's: what counts is that its entries are read again.
    house.desk._now = lambda: datetime.now(UTC)
    for _ in range(5):
        house.desk.audit("anna", "sign-in refused")
    assert house.visit(after_a_restart) == 429


def test_ok__names_that_do_not_exist_lock_nobody_out_and_fill_no_disk(house: DeskHouse) -> None:
    async def steps(client: httpx.AsyncClient) -> tuple[set[int], int]:
        wrong = {(await sign_in(client, name=f"my secret password {n}")).status_code for n in range(25)}
        return wrong, (await sign_in(client)).status_code

    house.desk._now = lambda: datetime.now(UTC)
    assert house.visit(steps) == ({403}, 303)
    refused = [(who, detail) for _, who, what, detail in house.desk.audit_trail(100) if what == "sign-in refused"]
    assert refused == [("(no such account)", "25 times, last from 127.0.0.1")]


def test_fail__the_answers_do_not_tell_which_names_exist(house: DeskHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    worked: list[str] = []
    real = edge.screen.access.sessions.password_matches
    monkeypatch.setattr(
        edge.screen.access.sessions, "password_matches", lambda word, stored: worked.append(word) or real(word, stored)
    )

    async def steps(client: httpx.AsyncClient) -> list[tuple[int, str]]:
        answers = []
        for n in range(8):
            for name in ("anna", "nobody"):
                answer = await sign_in(client, name=name, password=f"{name} guess number {n}")
                answers.append((answer.status_code, answer.text.replace(name, "")))
        return answers

    house.desk._now = lambda: datetime.now(UTC)
    answers = house.visit(steps)
    assert answers[::2] == answers[1::2], "answers differ"
    assert [status for status, _ in answers[::2]] == [403] * 5 + [429] * 3
    assert [word.split()[0] for word in worked] == ["anna", "nobody"] * 5, "the work differs"

    async def once_more(client: httpx.AsyncClient) -> list[int]:
        return [(await sign_in(client, name=name)).status_code for name in ("anna", "nobody", "somebody")]

    assert house.visit(once_more) == [429] * 3, "a restart tells"


def test_ok__a_browser_that_signed_in_before_is_not_held_up_by_others(house: DeskHouse) -> None:
    async def steps(client: httpx.AsyncClient) -> list[int]:
        found = [(await sign_in(client)).status_code]
        device = client.cookies["sitegate_device"]
        client.cookies.clear()
        found += [(await sign_in(client, password=f"guess {n}")).status_code for n in range(6)]
        found.append((await sign_in(client)).status_code)  # a browser nobody knows, and the right password
        client.cookies.set("sitegate_device", device)
        found.append((await sign_in(client)).status_code)
        client.cookies.clear()
        client.cookies.set("sitegate_device", device[:-1] + ("0" if device[-1] != "0" else "1"))
        found.append((await sign_in(client)).status_code)
        house.desk.set_password("anna", STORED.replace("$", "$A", 1), by="test")
        client.cookies.clear()
        client.cookies.set("sitegate_device", device)
        found.append((await sign_in(client)).status_code)
        return found

    assert house.visit(steps) == [303] + [403] * 5 + [429, 429, 303, 429, 429]


def test_ok__one_guards_many_sessions_end_only_their_own(house: DeskHouse) -> None:
    house.desk.set_password("bo", STORED, by="test")
    sessions = Sessions(house.desk, lambda: datetime.now(UTC))

    async def steps() -> list[bool]:
        names = ["anna", *["bo"] * 7]
        made = [await sessions.sign_in(name, PASSWORD) for name in names]
        return [isinstance(s, Session) and sessions.find(s.token) is not None for s in made]

    assert asyncio.run(steps()) == [True, False, False, *[True] * 5]


def test_fail__no_password_over_a_plain_connection_from_elsewhere(house: DeskHouse) -> None:
    answer = house.visit(sign_in, url="http://localhost", client="10.0.0.7")
    assert answer.status_code == 403 and "over HTTPS" in answer.text and "set-cookie" not in answer.headers
    assert house.trail == [("test", "account")]


def test_ok__signing_out_a_new_password_and_a_removed_account_end_a_session(house: DeskHouse) -> None:
    async def steps(client: httpx.AsyncClient) -> list[bool]:
        found = []

        async def still_in() -> None:
            found.append("form_token" in (await client.get("/guard")).text)

        await sign_in(client)
        await still_in()
        await client.post("/sign-out", data={"form_token": await token(client)})
        await still_in()
        await sign_in(client)
        house.desk.set_password("anna", STORED.replace("$", "$A", 1), by="test")
        await still_in()
        house.desk.set_password("anna", STORED, by="test")
        await sign_in(client)
        house.desk.remove_account("anna", by="test")
        await still_in()
        return found

    assert house.visit(steps) == [True, False, False, False]


def test_ok__accounts_by_command(tmp_path: Path) -> None:
    config = tmp_path / "gate.toml"
    config.write_text(f'[paths]\nstate_dir = "{tmp_path}/state"\n')

    def run(*words: str, given: str = "") -> tuple[int, str]:
        result = CliRunner().invoke(commands, ["account", *words, "--config", str(config)], input=given)
        return result.exit_code, " ".join(result.output.split())

    assert run("list")[0] == 0
    assert run("add", "bo", given="short\nshort\n")[0] == 2
    assert run("add", "../bo", given="x")[0] == 2
    assert run("add", "bo", given=f"{PASSWORD}\n{PASSWORD}\n")[0] == 0
    assert run("add", "bo", "--password-stdin", given=f"{PASSWORD}!\n")[0] == 0
    assert "bo │ guard" in run("list")[1]
    assert run("role", "bo", "manager")[0] == 0 and "bo │ manager" in run("list")[1]
    assert run("role", "nobody", "guard")[0] == 1 and run("role", "bo", "king")[0] == 2
    desk = DeskStore(tmp_path / "state" / "desk" / "desk.db")
    stored = desk.password("bo")
    desk.close()
    assert stored is not None and PASSWORD not in stored
    assert password_matches(PASSWORD + "!", stored) and not password_matches(PASSWORD, stored)
    assert not password_matches(PASSWORD, None)
    assert run("remove", "bo")[0] == 0 and run("remove", "bo")[0] == 1


def test_ok__a_page_left_open_does_not_keep_its_session_alive(house: DeskHouse) -> None:
    shift = [timedelta(0)]
    sessions = Sessions(house.desk, lambda: datetime.now(UTC) + shift[0])

    async def steps() -> list[bool]:
        session = await sessions.sign_in("anna", PASSWORD)
        assert isinstance(session, Session)
        alive = []
        for minutes, used in ((20, True), (45, False), (55, False)):
            shift[0] = timedelta(minutes=minutes)
            alive.append(sessions.find(session.token, used=used) is not None)
        return alive

    assert asyncio.run(steps()) == [True, True, False]


def test_fail__a_form_with_too_many_fields_is_empty(house: DeskHouse) -> None:
    async def steps(client: httpx.AsyncClient) -> int:
        return (await client.post("/sign-in", data={f"f{n}": "x" for n in range(50)})).status_code

    assert house.visit(steps) == 403


def test_ok__a_guard_locks_down_and_ends_it(house: DeskHouse) -> None:
    async def steps(client: httpx.AsyncClient, what: str) -> int:
        await sign_in(client)
        return (
            await client.post(
                "/guard/lock-down", data={"what": what, "confirm": "yes", "form_token": await token(client)}
            )
        ).status_code

    assert house.visit(lambda client: steps(client, "lock")) == 303
    house.sees(known(), 1.0)
    assert [e.reason for e in house.admits] == [Reason.LOCKED_DOWN]
    house.sees(NOBODY, 1.0)
    assert house.visit(lambda client: steps(client, "release")) == 303
    house.sees(NOBODY, 1.0)
    house.sees(known(2), 1.0)
    assert [n for n in house.notices if "lock" in n] == [NoticeCode.LOCKED_DOWN, NoticeCode.LOCK_DOWN_OVER]
    assert house.admits[-1].reason is not Reason.LOCKED_DOWN
