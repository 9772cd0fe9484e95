"""Finding and admitting a person over HTTP, with a gate that decides by the same lists."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import httpx
import pytest
from guard_gate import NAMES, GuardGate, lists_of
from screen_account import STORED

from contract.messages import AccessEvent, Reason
from contract.policy import GuardOverride
from edge.core.ports import DeskError
from edge.screen.access.roles import Role
from edge.screen.access.visitor import COOKIE


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GuardGate]:
    monkeypatch.setattr("edge.app.memory_folder.MEMORY", tmp_path)
    monkeypatch.setattr("edge.app.memory_folder.SYSTEMD", tmp_path)
    made = GuardGate(tmp_path / "gate")
    for role in Role:
        made.desk.set_password(role.value, STORED, by="test", role=role)
    made.turn()
    yield made
    made.close()


Steps = Callable[[httpx.AsyncClient], Awaitable[None]]


def visit(gate: GuardGate, steps: Steps, role: Role = Role.GUARD) -> None:
    """Do this at the pages, as the account of a role; then let the gate work."""

    async def running() -> None:
        app = gate.app()
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 4711))
        async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url=URL) as client:
            session = app.state.sessions.open(role.value, STORED)
            client.headers["Cookie"] = f"{COOKIE}={session.token}"
            client.params = {"lang": "en"}
            await steps(client)

    asyncio.run(running())
    gate.turn(1.0)


URL = "https://localhost"


def fields(page: str) -> dict[str, str]:
    """Return the hidden fields of the card's form."""
    form = page[page.index('class="admit-person"') :]
    return dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', form))


async def admit(client: httpx.AsyncClient, worker_id: str, /, **more: str) -> httpx.Response:
    """Open the card, and send its form."""
    card = await client.get(f"/guard/person/{worker_id}")
    form = {**fields(card.text), "reason": "knows him well", "direction": "in", **more}
    return await client.post("/guard/admit", data=form)


def decisions(gate: GuardGate) -> list[tuple[Reason, bool]]:
    return [(one.reason, one.granted) for one in gate.events if isinstance(one, AccessEvent)]


def test_ok__search_finds_by_name_pinyin_and_number_as_page_and_as_part(gate: GuardGate) -> None:
    async def steps(client: httpx.AsyncClient) -> None:
        for text, found in (("张三", ["w-1042", "w-1043"]), ("ouyang", ["w-0600"]), ("0412", ["w-0412"]), ("xx", [])):
            page = await client.get("/guard/find", params={"q": text})
            part = await client.get("/guard/find", params={"q": text}, headers={"HX-Request": "true"})
            for answer in (page, part):
                assert re.findall(r'href="/guard/person/([^"]+)">\n', answer.text) == found
            assert "<html" in page.text and "<html" not in part.text
        assert "Nobody has this name" in page.text and "Look up the id xx" in page.text

    visit(gate, steps)


def test_ok__a_worker_in_order_is_admitted_by_the_gate_with_the_guards_name(gate: GuardGate) -> None:
    async def steps(client: httpx.AsyncClient) -> None:
        card = (await client.get("/guard/person/w-1042")).text
        assert "张三" in card and "North Build" in card and "Nothing stands against" in card and "gate-1" in card
        asked = await admit(client, "w-1042")
        assert (asked.status_code, asked.headers["location"]) == (303, "/guard/person/w-1042?done=asked")

    visit(gate, steps)
    (event,) = [one for one in gate.events if isinstance(one, AccessEvent)]
    assert (event.reason, event.worker_id, event.detail) == (
        Reason.MANUAL_ADMIT,
        "w-1042",
        "by guard: knows him well",
    )


def test_ok__what_the_policy_lets_override_is_overridden_and_recorded(gate: GuardGate) -> None:
    async def steps(client: httpx.AsyncClient) -> None:
        card = (await client.get("/guard/person/w-0412")).text
        assert "Safety training lapsed on 2026-06-30" in card and "in spite of this" in card
        await admit(client, "w-0412")

    visit(gate, steps)
    (event,) = [one for one in gate.events if isinstance(one, AccessEvent)]
    assert event.granted and event.alerts == ("training: valid until 2026-06-30; admitted by a guard",)


@pytest.mark.parametrize(
    ("worker_id", "words", "reason"),
    [
        ("w-0600", "Left on 2026-06-30", Reason.NOT_ACTIVE),
        ("w-0800", "Denied by a list", Reason.RISK_HOLD),
        ("w-9999", "Nobody has this id", Reason.UNKNOWN),
    ],
)
def test_fail__who_is_blocked_has_no_button_and_a_forged_form_is_refused_by_the_gate(
    gate: GuardGate, worker_id: str, words: str, reason: Reason
) -> None:
    async def steps(client: httpx.AsyncClient) -> None:
        card = (await client.get(f"/guard/person/{worker_id}")).text
        assert words in card and 'value="in"' not in card and 'value="out"' in card and "violence" not in card
        await admit(client, worker_id, despite=" ".join(["risk_hold", *GuardOverride]))

    visit(gate, steps)
    assert decisions(gate) == [(reason, False)] and "pulse" not in gate.acts


def test_fail__what_came_up_after_the_guard_looked_refuses(gate: GuardGate) -> None:
    async def steps(client: httpx.AsyncClient) -> None:
        await admit(client, "w-0412", despite="")

    visit(gate, steps)
    assert decisions(gate) == [(Reason.TRAINING_LAPSED, False)]


def test_ok__everybody_gets_out(gate: GuardGate) -> None:
    async def steps(client: httpx.AsyncClient) -> None:
        await admit(client, "w-0800", direction="out")

    visit(gate, steps)
    assert decisions(gate) == [(Reason.MANUAL_ADMIT, True)]


def test_ok__a_manager_reads_list_and_officer_and_a_guard_does_not(gate: GuardGate) -> None:
    seen = {}

    async def steps(client: httpx.AsyncClient) -> None:
        seen[len(seen)] = (await client.get("/guard/person/w-0538")).text

    visit(gate, steps)
    visit(gate, steps, Role.MANAGER)
    for text in ("key-screening", "Officer Chen", "case-code-3"):
        assert text not in seen[0] and text in seen[1]
    assert all("Held by a list" in page for page in seen.values())


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TECHNICIAN])
def test_fail__who_may_not_admit_reads_no_name(gate: GuardGate, role: Role) -> None:
    async def steps(client: httpx.AsyncClient) -> None:
        for path in ("/guard/find?q=w-", "/guard/person/w-1042", "/guard/person/w-1042/newest"):
            answer = await client.get(path)
            assert answer.status_code == 403 and "张三" not in answer.text and "North Build" not in answer.text

    visit(gate, steps, role)


def test_fail__markup_in_names_ids_and_reasons_stays_text(gate: GuardGate) -> None:
    async def steps(client: httpx.AsyncClient) -> None:
        card = (await client.get("/guard/person/w-0700")).text
        assert "&lt;b&gt;Ann&lt;/b&gt; &amp;" in card and "<b>Ann" not in card
        for path in ("/guard/find?q=<script>alert(1)</script>", "/guard/person/<script>alert(1)"):
            page = await client.get(path)
            assert page.status_code in (200, 404) and "<script>alert" not in page.text
        again = await admit(client, "w-1042", reason='"><script>alert(1)</script>' + "x" * 300)
        assert again.status_code == 422 and "<script>alert" not in again.text and "&lt;script&gt;" in again.text
        wrong = await admit(client, "w-1042", worker_id="no id / at all")
        assert wrong.status_code == 422
        forged = await admit(client, "w-1042", form_token="x")
        assert forged.status_code == 403
        unreadable = await admit(client, "w-1042", despite="everything")
        assert unreadable.status_code == 422

    visit(gate, steps)
    assert decisions(gate) == []


def test_ok__without_the_gates_word_the_card_says_so_and_the_gate_still_decides(gate: GuardGate) -> None:
    gate._standings.remove()

    async def steps(client: httpx.AsyncClient) -> None:
        card = (await client.get("/guard/person/w-0600")).text
        assert "Not checked" in card
        await admit(client, "w-0600")

    visit(gate, steps)
    assert decisions(gate) == [(Reason.NOT_ACTIVE, False)]


def test_ok__a_new_policy_shows_on_the_next_card(gate: GuardGate) -> None:
    gate.lists.state = lists_of(gate.clock.utc(), GuardOverride.NOT_ACTIVE)
    gate.turn()

    async def steps(client: httpx.AsyncClient) -> None:
        card = (await client.get("/guard/person/w-0600")).text
        assert "Left on 2026-06-30" in card and 'value="in"' in card
        assert 'value="in"' not in (await client.get("/guard/person/w-0412")).text

    visit(gate, steps)


def test_fail__what_the_gate_did_names_no_list_to_the_guard(gate: GuardGate) -> None:
    async def asks(client: httpx.AsyncClient) -> None:
        await admit(client, "w-0800")
        await admit(client, "w-0538")

    async def reads(client: httpx.AsyncClient) -> None:
        await asyncio.sleep(0.3)
        for worker_id in ("w-0538", "w-0800"):
            page = (await client.get(f"/guard/person/{worker_id}")).text
            assert "key-screening" not in page and "violence" not in page
            assert "Admitted by the guard" in page or worker_id == "w-0800"
        page = (await client.get("/guard")).text
        assert "key-screening" not in page and "violence" not in page
        latest = page[page.index('id="h-state"') : page.index('id="h-alarms"')]
        assert NAMES["w-0538"][0] in latest, "events name people, as refusals do"

    visit(gate, asks)
    visit(gate, reads)
    assert decisions(gate) == [(Reason.RISK_HOLD, False), (Reason.MANUAL_ADMIT, True)]


def test_fail__on_a_full_disk_the_card_keeps_what_was_typed(gate: GuardGate, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(request: object) -> str:
        raise DeskError("no space")

    monkeypatch.setattr(gate.desk, "request_admission", full)

    async def steps(client: httpx.AsyncClient) -> None:
        answer = await admit(client, "w-1042")
        assert answer.status_code == 422
        assert 'value="knows him well"' in answer.text and 'role="alert"' in answer.text

    visit(gate, steps)
    assert decisions(gate) == []
