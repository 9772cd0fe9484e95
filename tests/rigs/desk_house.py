"""A gate's loop and its pages over HTTP, on the same desk.db, journal and clock."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from loop_rig import House
from starlette.applications import Starlette

from contract.messages import AccessEvent, NoticeCode, NoticeEvent
from edge.core.config import Config
from edge.replica.summary import ReplicaSummary
from edge.screen.access.passwords import hash_password
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


async def sign_in(client: httpx.AsyncClient, name: str = "anna", password: str = PASSWORD) -> httpx.Response:
    return await client.post("/sign-in", data={"name": name, "password": password})


async def token(client: httpx.AsyncClient) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', (await client.get("/guard")).text)
    assert found
    return found[1]


async def admit(client: httpx.AsyncClient, **fields: str) -> httpx.Response:
    form = {"reason": "visitor with the manager", "direction": "in", "form_token": await token(client)} | fields
    return await client.post("/guard/admit", data=form)


@pytest.fixture(autouse=True)
def weak_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords fast. For files that import it."""
    monkeypatch.setattr(HASHING, WEAK)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[DeskHouse]:
    """A house with its page, closed afterwards."""
    made = DeskHouse(tmp_path)
    yield made
    made.loop.close()
    made.desk.close()
