"""A broker whose access list forbids something: which topic it is, and nothing is lost. With a real mosquitto."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs
from sync_rig import Mosquitto, Rig, Runner, note, wait_until
from typer.testing import CliRunner

from common.broker.rights import RefusedTopic, TopicRight
from contract import rights
from contract.messages import ListKind
from edge.replica.summary import SummaryReader
from edge.sync import broker_problems, uplink
from edge.sync.broker_problems import SILENT_AFTER_S, BrokerProblems
from edge.sync.uplink import REFUSED_S, RefusedEvents
from edge.tools.selfcheck import CheckState, topics
from hq.cli import app
from hq.service import HqService, broker_watch

GATE, HQ = rights.of_gate("site-1", "gate-1"), rights.of_hq()
EVENTS, LISTS = "sitegate/v1/site-1/gate-1/events", "sitegate/v1/site-1/list/#"


class Strict:
    """A mosquitto with an access list that can be changed while it runs."""

    def __init__(self, folder: Path) -> None:
        self._acl, passwords = folder / "acl", folder / "passwords"
        passwords.write_text("gate:secret\nhq:secret\n")
        subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True, capture_output=True)
        self.allow()
        settings = f"allow_anonymous false\npassword_file {passwords}\nacl_file {self._acl}"
        self.broker = Mosquitto(folder, settings)
        self.broker.start()

    def allow(self, *without: str) -> None:
        """Allow everything but these topics."""
        lines = []
        for user, filters in (("gate", GATE), ("hq", HQ)):
            lines.append(f"user {user}")
            lines += [f"topic read {name}" for name in filters.read if f"{user} {name}" not in without]
            lines += [f"topic write {name}" for name in filters.write if f"{user} {name}" not in without]
        self._acl.write_text("\n".join(lines) + "\n")

    def read_again(self) -> None:
        """Make the running broker read its access list again."""
        assert self.broker._process is not None
        os.kill(self.broker._process.pid, signal.SIGHUP)


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Strict]:
    made = Strict(tmp_path)
    yield made
    made.broker.kill()


@pytest.fixture
def site(tmp_path: Path, strict: Strict) -> Iterator[Rig]:
    rig = Rig(tmp_path, strict.broker.port)
    rig.config = rig.gate_config(username="gate", password="secret")
    settings = rig.hq_folder / "hq.toml"
    settings.write_text(settings.read_text().replace("[broker]", '[broker]\nusername = "hq"\npassword = "secret"', 1))
    yield rig
    rig.close()


def hq_of(runner: Runner) -> HqService:
    assert isinstance(runner.service, HqService)
    return runner.service


def test_ok__refused_events_and_lists_are_named_and_arrive_once_they_are_allowed(
    strict: Strict, site: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uplink, "REFUSED_S", 0.3)
    monkeypatch.setattr(broker_watch, "AGAIN_S", 0.3)
    strict.allow(f"gate {EVENTS}", "hq sitegate/v1/+/list/#", "hq sitegate/v1/hq/state")
    strict.read_again()
    store, journal = site.store(), site.journal()
    site.publisher(store).publish("site-1", ListKind.POLICY)
    summary = SummaryReader(site.state_dir / "sync/replica.db")
    with capture_logs() as logs:
        hq = hq_of(site.hq())
        site.sync()
        note(journal, 30)
        wait_until(lambda: (link := summary.read().link) and f"write {EVENTS}" in link.detail, "the gate says so")
        wait_until(lambda: len(hq.parts.link.rights.refused) > 1, "HQ knows what it may not write")
        wait_until(lambda: any(EVENTS in said for said in refused_of(site)), "HQ hears of it from the gate")
        wait_until(lambda: "warning: the broker does not let HQ write" in gates_of(site), "HQ's commands say so")
        printed = gates_of(site)
        assert site.holds(store, 0)
        wait_until(lambda: (link := summary.read().link) and link.connected and link.unsent == 30, "all wait")
        strict.allow()
        strict.read_again()
        wait_until(lambda: site.holds(store, 30), "every event arrives")
        wait_until(lambda: not hq.parts.link.rights.refused, "HQ may write again")
        wait_until(lambda: summary.read().lists, "the lists arrive")
    summary.close()
    said = [entry["topic"] for entry in logs if entry["event"] == "mqtt_topic_refused"]
    assert len(said) == len(set(said)), "once per topic"
    assert EVENTS in said and any("/list/" in name for name in said)
    assert "the broker refuses it: write" in printed


def gates_of(site: Rig) -> str:
    return CliRunner().invoke(app, ["gates", "-d", str(site.hq_folder)]).output


def refused_of(site: Rig) -> tuple[str, ...]:
    from hq.reports import report

    (gate,) = report.gates(site.store()) or [None]
    return gate.health.topics_refused if gate and gate.health else ()


def test_fail__check_on_both_sides_names_each_topic(strict: Strict, site: Rig) -> None:
    site.register()
    refused = (f"gate {EVENTS}", "gate sitegate/v1/site-1/gate-1/health", f"gate {LISTS}")
    strict.allow(*refused, "hq sitegate/v1/+/+/command")
    strict.read_again()
    time.sleep(0.2)  # mosquitto reads its list between two messages
    found = list(topics(site.config))
    assert {one.state for one in found} == {CheckState.PROBLEM}
    said = [one.detail for one in found]
    assert f"the broker does not let this gate write {EVENTS} (Not authorized)" in said
    health = "does not let this gate write sitegate/v1/site-1/gate-1/health"
    assert any(health in one for one in said), "QoS 0 has no answer; the check asks with QoS 1"
    assert any(f'"topic write {EVENTS}" in acl_file' in one.todo for one in found)
    done = CliRunner().invoke(app, ["check", "--json", "-d", str(site.hq_folder)])
    assert done.exit_code == 1
    assert "does not let HQ write sitegate/v1/site-1/gate-1/command" in done.output
    strict.allow(f"gate {LISTS}")
    strict.read_again()
    time.sleep(0.2)
    found = next(iter(topics(site.config)))
    assert (found.state, f"nothing came from {LISTS}" in found.detail) == (CheckState.WARNING, True), "dropped silently"
    strict.allow()
    strict.read_again()
    site.publisher(site.store()).publish("site-1", ListKind.POLICY)
    hq = hq_of(site.hq())
    wait_until(lambda: hq.connected, "HQ is connected")
    wait_until(lambda: {one.state for one in topics(site.config)} == {CheckState.OK}, "all is well")
    assert f"write {EVENTS}" in list(topics(site.config))[-1].detail, "each allowed topic is named too"
    done = CliRunner().invoke(app, ["check", "-d", str(site.hq_folder)])
    assert done.exit_code == 0, done.output
    assert not site.store().read().__enter__().exec_driver_sql("SELECT count(*) FROM quarantine").scalar()


def test_ok__refused_events_are_tried_now_and_then() -> None:
    publisher = SimpleNamespace(refused=True)
    held = RefusedEvents(publisher)  # type: ignore[arg-type]
    at = [second for second in range(100) if not held.holds(float(second))]
    assert at == [10, 30, 70], "each pause is twice the one before"
    assert held.trying
    publisher.refused = False
    assert not held.holds(100.0) and not held.trying
    assert REFUSED_S == 10


class Silence:
    """A gate that is connected, without a broker."""

    def __init__(self) -> None:
        self.fetched = self.repeated = 0
        self.refused: tuple[RefusedTopic, ...] = ()
        self.versions: dict[str, int] = {}
        self.uplink = SimpleNamespace(hq_online=None, unsent=0, heard=False)
        known = SimpleNamespace(is_refused=lambda *_: bool(self.refused))
        parts = {
            "link": SimpleNamespace(rights=SimpleNamespace(refused=(), is_refused=known.is_refused)),
            "replica": SimpleNamespace(versions=lambda: self.versions),
            "uplink": self.uplink,
            "lists": SimpleNamespace(fetch_all=self._fetch),
            "status": SimpleNamespace(repeat=self._repeat),
        }
        self.problems = BrokerProblems(SimpleNamespace(site_id="site-1", gate_id="gate-1"), **parts)  # type: ignore[arg-type]
        self._rights = parts["link"].rights
        self.problems.connected(0)

    def at(self, now_s: float) -> str:
        self._rights.refused = self.refused
        self.problems.run(now_s)
        return self.problems.text

    def _fetch(self) -> None:
        self.fetched += 1

    def _repeat(self) -> None:
        self.repeated += 1


def test_ok__a_gate_that_never_got_a_list_says_so_and_asks_again() -> None:
    gate = Silence()
    assert gate.at(SILENT_AFTER_S - 1) == ""
    with capture_logs() as logs:
        text = gate.at(SILENT_AFTER_S)
        for second in range(1, 600):
            gate.at(SILENT_AFTER_S + second)
    assert "no list has arrived from HQ in 3 minutes although connected" in text
    assert f"check the right to read {LISTS}" in text
    assert "HQ has not been heard in 3 minutes" in text
    assert [entry["event"] for entry in logs] == ["nothing_from_hq"], "once"
    assert 2 <= gate.fetched <= 4, "asked again, and not all the time"
    gate.versions, gate.uplink.hq_online = {"roster": 1}, True
    assert gate.at(2000) == ""


def test_ok__a_gate_whose_events_nobody_acknowledges_says_so() -> None:
    gate = Silence()
    gate.versions, gate.uplink.hq_online, gate.uplink.unsent = {"roster": 1}, True, 5
    assert gate.at(1000) == "", "they wait for no time yet"
    assert "has acknowledged no event in 3 minutes: check that this gate is registered" in gate.at(
        1000 + SILENT_AFTER_S
    )
    gate.uplink.heard = True
    assert gate.at(2000) == ""


def test_ok__a_refused_birth_message_is_repeated() -> None:
    gate = Silence()
    gate.versions, gate.uplink.hq_online = {"roster": 1}, True
    gate.refused = (RefusedTopic("sitegate/v1/site-1/gate-1/status", TopicRight.WRITE, 0x87, "Not authorized"),)
    gate.at(1)
    gate.at(broker_problems.AGAIN_S)
    assert (gate.repeated, gate.fetched) == (1, 0)
