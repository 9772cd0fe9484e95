"""PROMISE: no storm of sign-ins keeps a guard out. Turns go round, and a known browser pauses for a minute at most."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from edge.core.lockout import PER_KNOWN_BROWSER
from edge.screen.access.attempts import Attempts, Visitor
from edge.screen.access.passwords import hash_password
from edge.screen.access.sessions import Refusal, Session, Sessions
from edge.screen.access.sign_in_queue import WAITING_MAX, WAITING_OF_ONE_MAX, SignInQueue
from edge.storage.desk import DeskWriter

PASSWORD = "correct horse battery"
T = TypeVar("T")


class World:
    """The real desk and sessions, on a clock set by hand. Passwords are hashed weakly: they are not what is tried."""

    def __init__(self, folder: Path) -> None:
        self.now = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
        self.desk = DeskWriter(folder / "desk.db", now=lambda: self.now)
        self.desk.set_password("anna", hash_password(PASSWORD), by="test")
        self.sessions = Sessions(self.desk, lambda: self.now)

    def run(self, steps: Callable[["World"], Awaitable[T]]) -> T:
        async def whole() -> T:
            return await steps(self)

        return asyncio.run(whole())


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr("edge.screen.access.passwords._N", 2**4)
    made = World(tmp_path)
    yield made
    made.desk.close()


def storm(world: World, machines: int, each: int) -> "list[asyncio.Task[Session | Refusal]]":
    return [
        asyncio.create_task(world.sessions.sign_in("anna", f"guess {n}", f"10.0.0.{machine}"))
        for n in range(each)
        for machine in range(machines)
    ]


@pytest.mark.parametrize(("machines", "each"), [(1, 100), (8, 20), (WAITING_MAX - 1, 3)])
def test_ok__a_guard_at_a_new_browser_signs_in_while_others_storm(world: World, machines: int, each: int) -> None:
    async def steps(world: World) -> tuple[Session | Refusal, int]:
        tries = storm(world, machines, each)
        await asyncio.sleep(0)
        found = await world.sessions.sign_in("anna", PASSWORD, "10.0.1.1")
        before = sum(one.done() and one.result() is Refusal.WRONG for one in tries)
        await asyncio.gather(*tries)
        return found, before

    found, before = world.run(steps)
    assert isinstance(found, Session)
    assert before <= machines + 1, "at most one check of each other machine comes before"


def test_fail__a_storm_from_more_machines_than_there_are_places_still_lets_a_known_browser_in(world: World) -> None:
    async def steps(world: World) -> tuple[Session | Refusal, Session | Refusal]:
        first = await world.sessions.sign_in("anna", PASSWORD, "10.0.1.1")
        assert isinstance(first, Session)
        tries = storm(world, 100, 3)
        await asyncio.sleep(0)
        stranger = asyncio.create_task(world.sessions.sign_in("anna", PASSWORD, "10.0.1.2"))
        known = await world.sessions.sign_in("anna", PASSWORD, "10.0.1.1", first.device)
        await asyncio.gather(*tries)
        return await stranger, known

    stranger, known = world.run(steps)
    assert stranger is Refusal.PAUSED and isinstance(known, Session)


def test_ok__who_plays_at_the_guards_keyboard_locks_the_guard_out_for_a_minute_at_most() -> None:
    tries, browser, checked = Attempts(), Visitor("browser", known_browser=True), 0
    for second in range(0, 24 * 3600, 5):
        if not tries.paused("anna", browser, second):
            checked += 1
            tries.wrong("anna", browser, second)
    assert checked <= 1_500, "tries of a day"
    assert not tries.paused("anna", browser, 24 * 3600 + PER_KNOWN_BROWSER.pause_max_s)


def test_ok__turns_go_round_and_one_visitor_has_a_share() -> None:
    async def steps() -> list[str]:
        queue, order = SignInQueue(), list[str]()

        async def enter(name: str) -> None:
            async with queue.turn(Visitor(name)) as has_turn:
                order.append(name if has_turn else f"no {name}")
                await asyncio.sleep(0)

        names = ["a"] * (WAITING_OF_ONE_MAX + 3) + ["b", "b", "c"]
        await asyncio.gather(*map(enter, names))
        return order

    order = asyncio.run(steps())
    taken = [name for name in order if not name.startswith("no")]
    assert taken[:6] == ["a", "a", "b", "c", "a", "b"] and order.count("no a") == 2
    assert len(taken) == WAITING_OF_ONE_MAX + 1 + 3


def test_fail__browsers_that_leave_while_they_wait_hold_nobody_up() -> None:
    async def steps() -> list[str]:
        queue, order = SignInQueue(), list[str]()

        async def enter(name: str) -> None:
            async with queue.turn(Visitor(name)) as has_turn:
                assert has_turn
                order.append(name)
                await asyncio.sleep(0.01)

        tasks = [asyncio.create_task(enter(name)) for name in ("a", "b", "c", "d")]
        await asyncio.sleep(0)
        tasks[1].cancel()  # waits
        tasks[0].cancel()  # has the turn
        await asyncio.sleep(0)
        tasks[2].cancel()  # got the turn in this moment
        await asyncio.gather(*tasks, return_exceptions=True)
        async with asyncio.timeout(1), queue.turn(Visitor("e")) as has_turn:
            order.append("e" if has_turn else "")
        return order

    order = asyncio.run(steps())
    assert order[0] == "a" and order[-2:] == ["d", "e"]
