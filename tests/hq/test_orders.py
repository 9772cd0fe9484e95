"""What becomes of an order: done, refused, or not delivered, and said so."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sync_rig import Mosquitto, Rig, Runner, wait_until
from typer.testing import CliRunner

from contract.messages import (
    AccessEvent,
    Advice,
    Command,
    CommandAction,
    Direction,
    GateStatus,
    NoticeCode,
    NoticeEvent,
    Reason,
)
from hq.cli import app
from hq.database.gate_reports import set_status
from hq.database.queued_commands import CommandOutcome, Delivery
from hq.database.store import Store
from hq.lists.command_answers import answer
from hq.registry.gates import GateRegistry
from hq.reports import report

ORDER = ["command", "gate-1", "open-once", "--why", "delivery", "--by", "manager-7"]
runner = CliRunner()


def order(rig: Rig, *more: object) -> tuple[int, str]:
    """Exit code, and what the command says in the end."""
    done = runner.invoke(app, [*ORDER, *map(str, more), "-d", str(rig.hq_folder)])
    return done.exit_code, done.output


def connected(rig: Rig, store: Store) -> Runner:
    """The gate, once HQ knows that it is there."""
    running = rig.sync()
    wait_until(lambda: (rows := report.gates(store)) and rows[0].status and rows[0].status.online, "the gate is there")
    return running


def outcome(store: Store) -> str:
    with store.read() as db:
        return str(db.exec_driver_sql("SELECT outcome FROM commands").scalar())


def test_ok__done_at_the_gate(rig: Rig) -> None:
    store, commands = rig.store(), rig.commands(rig.store())
    rig.hq()
    connected(rig, store)
    journal, roster = rig.journal(), rig.roster()
    order_ = commands.order("site-1", "gate-1", CommandAction.OPEN_ONCE, why="delivery", by="m-7", valid_s=30)
    arrived: list[Command] = []
    wait_until(lambda: arrived.extend(roster.commands(rig.clock.utc())) or arrived, "the order arrives")
    wait_until(lambda: outcome(store) == "sent", "the broker took it")
    assert answer(store, order_, 0).done is None
    fields = {"granted": True, "advice": Advice.WALK_THROUGH, "direction": Direction.IN}
    journal.append(AccessEvent, reason=Reason.REMOTE_OPEN, detail="by m-7: delivery", **fields)
    wait_until(lambda: answer(store, order_, 0).done, "the answer")
    assert answer(store, order_, 0).text == "opened, event 1"
    refused = commands.order("site-1", "gate-1", CommandAction.LOCK_DOWN, why="x", by="m-7", valid_s=30)
    journal.append(NoticeEvent, code=NoticeCode.COMMAND_REFUSED, detail=f"{refused.command_id}: the gate is open")
    wait_until(lambda: answer(store, refused, 0).done is False, "the refusal")
    assert answer(store, refused, 0).text.startswith("the gate refused: ")


def test_fail__a_gate_that_is_offline_or_was_never_there(rig: Rig) -> None:
    store = rig.store()
    rig.hq()
    code, said = order(rig, "--site", "site-1")
    assert code == 1
    assert "not delivered: gate-1 never reported" in said
    running = connected(rig, store)
    running.stop()
    wait_until(lambda: not report.gates(store)[0].status.online, "it said goodbye")  # type: ignore[union-attr]
    code, said = order(rig)
    assert code == 1
    assert "queued until" in said
    assert "UTC: gate-1 is offline" in said


def test_fail__a_gate_that_is_not_registered_or_of_another_site(rig: Rig) -> None:
    store = rig.store()
    rig.hq(known=False)
    assert "not delivered: the gate is not registered" in order(rig, "--site", "site-1")[1]
    rig.register()
    code, said = order(rig, "--site", "site-2")
    assert (code, "is a gate of site-1" in said) == (1, True)
    GateRegistry(store, rig.keys).revoke("gate-1", by="test", why="stolen")
    assert "not delivered: the gate is not registered" in order(rig, "--site", "site-1")[1]


def test_fail__a_gate_that_left_without_a_word(rig: Rig) -> None:
    """HQ still believes that it is there; the broker knows that nobody listens."""
    store = rig.store()
    rig.hq()
    now_ms = int(time.time() * 1000)
    set_status(store, GateStatus(gate_id="gate-1", site_id="site-1", online=True, serial=now_ms, connection=now_ms))
    code, said = order(rig)
    assert code == 1
    assert "not delivered: nobody listens there" in said


def test_fail__hq_does_not_run(rig: Rig) -> None:
    rig.register()
    code, said = order(rig, "--site", "site-1", "--wait-s", 1)
    assert code == 1
    assert "queued and not sent: does sitegate-hq run?" in said


@pytest.fixture
def forbidden(tmp_path: Path) -> Iterator[Rig]:
    """At a broker that lets nobody write orders."""
    rules = tmp_path / "acl"
    rules.write_text("topic readwrite #\ntopic deny sitegate/v1/+/+/command\n")
    broker = Mosquitto(tmp_path, f"allow_anonymous true\nacl_file {rules}")
    broker.start()
    made = Rig(tmp_path, broker.port)
    yield made
    made.close()
    broker.kill()


def test_fail__the_broker_refuses(forbidden: Rig) -> None:
    store = forbidden.store()
    forbidden.hq()
    connected(forbidden, store)
    code, said = order(forbidden)
    assert code == 1
    assert "not delivered: the broker refuses it" in said


@pytest.mark.parametrize(
    ("text", "delivery"),
    [
        ("", Delivery.QUEUED),
        ("sent", Delivery.SENT),
        ("not delivered: gate-1 is offline: order it again", Delivery.NOT_DELIVERED),
        ("of another version: what then?", Delivery.QUEUED),
        ("sent back", Delivery.QUEUED),
    ],
)
def test_ok__the_outcome_in_the_database_comes_back_as_it_was(text: str, delivery: Delivery) -> None:
    found = CommandOutcome.parse(text)
    assert (found.delivery, str(found)) == (delivery, text)
