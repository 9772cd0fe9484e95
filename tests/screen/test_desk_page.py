"""What a guard asks for over HTTP, real desk.db and journal, and the loop that obeys it or refuses."""

from datetime import timedelta

import httpx
from desk_house import DeskHouse, admit, sign_in, token
from desk_house import house as house
from desk_house import weak_hashes as weak_hashes
from loop_rig import NOBODY, known

from contract.messages import Advice, Direction, NoticeCode, Reason
from contract.policy import Factor
from edge.core.config import Config
from edge.core.domain import AdmitRequest, GateSignal


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
        ({"content-length": "0" * 20 + "9999999"}, 413),
        ({"transfer-encoding": "chunked"}, 413),
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
