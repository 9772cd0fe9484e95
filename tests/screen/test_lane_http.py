"""The lane's addresses over ASGI: who gets a picture, who is named, and what each display hears."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from screen_parts import MemoryJournal, Summary, live

from contract.messages import Advice, DirectoryEntry
from edge.app.preview_file import PreviewPicture
from edge.core.config import Config, ScreenConfig
from edge.core.domain import Tone
from edge.replica.directory import DirectoryList
from edge.screen.app import ScreenSources, create_app
from edge.screen.lane import pages

PICTURE = PreviewPicture(7, b"\xff\xd8\xff picture")
EVERYWHERE = ScreenConfig(host="0.0.0.0")


def picture(seen: int) -> PreviewPicture | None:
    return PICTURE if seen != PICTURE.stamp else None


def visit(
    steps: Callable[[httpx.AsyncClient], Awaitable[Any]],
    screen: ScreenConfig | None = None,
    *,
    preview: Any = picture,
    client: str = "127.0.0.1",
    names: DirectoryList | None = None,
    **shown: Any,
) -> Any:
    journal = MemoryJournal()
    journal.show(live(**({"tone": Tone.IDLE} | shown), utc=datetime.now(UTC)))
    config = Config(screen=screen or ScreenConfig())

    async def running() -> Any:
        app = create_app(
            ScreenSources(journal, Summary, directory=lambda: names or DirectoryList(), preview=preview), config
        )
        transport = httpx.ASGITransport(app, client=(client, 1))
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as c,
        ):
            await asyncio.sleep(0)
            return await steps(c)

    return asyncio.run(running())


def ask(path: str, host: str = "localhost:8080", **headers: str) -> Callable[[httpx.AsyncClient], Awaitable[Any]]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda c: c.get(path, headers={"host": host} | named)


def heard(answer: httpx.Response) -> dict[str, str]:
    first = answer.text.partition("\n\n")[0]
    kind, _, data = first.partition("\n")
    assert kind == "event: lane" and answer.headers["content-type"].startswith("text/event-stream")
    return dict(json.loads(data.removeprefix("data: ")))


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1:8080", "[::1]:8080"])
def test_ok__a_display_on_this_machine_gets_each_picture_once(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PREVIEW_HOLD_S", 0.05)
    answer = visit(ask("/lane/preview?seen=0", host))
    assert (answer.status_code, answer.content, answer.headers["x-picture"]) == (200, PICTURE.jpeg, "7")
    assert answer.headers["content-type"] == "image/jpeg" and answer.headers["cache-control"] == "no-store"
    assert visit(ask("/lane/preview?seen=7", host)).status_code == 204
    assert 'id="mirror"' in visit(ask("/lane", host)).text


@pytest.mark.parametrize(
    ("client", "host", "headers"),
    [
        ("192.168.1.9", "192.168.1.5:8080", {}),  # another machine
        ("192.168.1.9", "localhost:8080", {}),  # and one that lies about the name
        ("127.0.0.1", "gate.example.org", {}),  # a proxy on this machine that keeps the name
        ("127.0.0.1", "localhost:8080", {"x_forwarded_for": "203.0.113.9"}),  # and one that does not
        ("127.0.0.1", "localhost:8080", {"forwarded": "for=203.0.113.9"}),
        ("127.0.0.1", "localhost:8080", {"x_real_ip": "203.0.113.9"}),
        ("127.0.0.1", "localhost:8080", {"via": "1.1 proxy"}),
        ("127.0.0.1", "localhost:8080", {"sec_fetch_site": "cross-site"}),  # a page of another site in the kiosk
    ],
)
def test_fail__no_other_machine_gets_a_picture(client: str, host: str, headers: dict[str, str]) -> None:
    answer = visit(ask("/lane/preview", host, **headers), EVERYWHERE, client=client)
    assert answer.status_code in (404, 421) and PICTURE.jpeg not in answer.content
    page = visit(ask("/lane", host, **headers), EVERYWHERE, client=client)
    assert 'id="mirror"' not in page.text


def test_ok__the_configuration_switches_the_picture_off() -> None:
    off = ScreenConfig(preview_hz=0)
    assert visit(ask("/lane/preview"), off).status_code == 404
    assert 'id="mirror"' not in visit(ask("/lane"), off).text


@pytest.mark.parametrize("seen", ["", "-1", "x", "9" * 30, "٣", "7;7"])
def test_fail__a_false_number_of_a_picture_is_as_none(seen: str) -> None:
    assert visit(lambda c: c.get("/lane/preview", params={"seen": seen})).content == PICTURE.jpeg


def test_ok__the_stream_begins_with_the_present_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "STREAM_S", 0.01)
    said = heard(visit(ask("/lane/events"), tone=Tone.ADJUST, advice=Advice.COME_CLOSER))
    assert (said["tone"], said["sign"], said["name"]) == ("adjust", "come_closer", "")


@pytest.mark.parametrize(
    ("greeting", "tone", "name"), [("小王", Tone.GO, "小王"), (None, Tone.GO, ""), ("小王", Tone.DESK, "")]
)
def test_ok__only_an_agreed_short_name_of_an_admitted_worker(
    greeting: str | None, tone: Tone, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "STREAM_S", 0.01)
    entry = DirectoryEntry(worker_id="w-7", name="Somebody Else", phone="123456", greeting=greeting)
    names = DirectoryList(1, None, {"w-7": entry})
    answer = visit(ask("/lane/events"), names=names, tone=tone, greets="w-7")
    assert heard(answer)["name"] == name
    assert not [word for word in ("w-7", "Somebody", "123456") if word in answer.text]
    nobody = visit(ask("/lane/events"), names=names, tone=tone, greets="w-8")  # the directory is older
    assert heard(nobody)["name"] == ""


def test_ok__a_page_of_the_earlier_version_waits_also_while_somebody_is_greeted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pages, "LANE_HOLD_S", 0.2)

    async def steps(client: httpx.AsyncClient) -> float:
        began = asyncio.get_running_loop().time()
        answer = await client.get("/lane/sign?tone=go&sign=walk_through")
        assert answer.json() == {"tone": "go", "sign": "walk_through"}
        return asyncio.get_running_loop().time() - began

    assert visit(steps, tone=Tone.GO, advice=Advice.WALK_THROUGH, greets="w-7") >= 0.15
