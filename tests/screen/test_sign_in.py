"""Signing in at the pages: guessing gains nothing, and sessions end when they should."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from desk_house import PASSWORD, STORED, DeskHouse, sign_in, token
from desk_house import house as house
from desk_house import weak_hashes as weak_hashes
from typer.testing import CliRunner

import edge.screen.access.sessions
from edge.cli import app as commands
from edge.core.ports import DeskError
from edge.screen.access.passwords import password_matches
from edge.screen.access.sessions import Session, Sessions
from edge.storage.desk_store import DeskStore


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


def test_fail__a_full_disk_signs_nobody_in_and_says_so(house: DeskHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise DeskError("the disk is full")

    async def steps(client: httpx.AsyncClient) -> list[httpx.Response]:
        await sign_in(client)
        form = {"form_token": await token(client)}
        for name in ("audit", "audit_repeated"):
            monkeypatch.setattr(house.desk, name, full)
        out = [await client.post("/sign-out", data=form), await client.get("/guard/state")]
        tried = [
            await sign_in(client),
            await sign_in(client, "anna", "wrong"),
            await sign_in(client, "nobody", "wrong"),
        ]
        return [*out, *tried]

    out, state, *tried = house.visit(steps)
    assert (out.status_code, state.status_code) == (303, 403)
    assert [answer.status_code for answer in tried] == [503] * 3 and len({answer.text for answer in tried}) == 1
    assert "nobody can sign in" in tried[0].text and not any("set-cookie" in answer.headers for answer in tried)


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
