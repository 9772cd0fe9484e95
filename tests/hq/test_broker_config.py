"""`sitegate-hq broker-config`: a real mosquitto with its files allows what is needed, and refuses all else."""

import os
import ssl
import stat
import subprocess
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from sync_rig import Mosquitto, Rig, free_port, wait_until
from typer.testing import CliRunner

from common.broker.probe import probe
from contract import rights
from contract.topics import ROUTES, Channel, topic
from edge.core.config import SyncConfig
from edge.sync.mqtt import access as gate_access
from hq import config as settings
from hq.broker_files.access_list import BrokerFilesRefused, access_list, gate_user
from hq.broker_files.mosquitto import BrokerPlan, write
from hq.broker_files.passwords import hash_line
from hq.cli import app
from hq.selfcheck.broker import broker

GATES = [("site-1", "gate-1"), ("site-1", "gate-2"), ("site-2", "hq")]
SITES = ("site-1", "site-2")


def made(folder: Path, port: int, *, by_certificate: bool = False) -> Path:
    plan = BrokerPlan(
        ("127.0.0.1", "broker.example"), port, GATES, PurePosixPath(folder / "broker"), by_certificate, 30
    )
    write(plan, folder, datetime.now(UTC))
    return folder


@contextmanager
def mosquitto(folder: Path, files: Path, port: int) -> Iterator[None]:
    """The real broker with the files as they are, but for its user and its folder for persistence."""
    running = Mosquitto(folder)
    running.port = port
    text = (files / "broker" / "mosquitto.conf").read_text()
    running._config.write_text(text + ("user root\n" if os.getuid() == 0 else ""))
    running.start()
    yield
    running.kill()


class User:
    """A client of the broker that tries what it may not."""

    def __init__(self, files: Path, port: int, name: str) -> None:
        self.seen: set[str] = set()
        self._answers: dict[int, bool] = {}
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, name, protocol=MQTTProtocolVersion.MQTTv5)
        place = "hq" if name == "hq" else f"gates/{name.removeprefix('gate.')}"
        self._client.tls_set_context(ssl.create_default_context(cafile=files / place / "broker-ca.pem"))
        self._client.username_pw_set(name, (files / place / "broker.password").read_text().strip())
        self._client.on_message = lambda c, d, m: self.seen.add(m.topic)
        self._client.on_publish = lambda c, d, mid, reason, p: self._answers.update({mid: not reason.is_failure})
        ready = threading.Event()
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._client.subscribe("#", 1)
        assert ready.wait(20)

    def write(self, names: list[str]) -> set[str]:
        """Publish to each topic. Return those that the broker took."""
        numbers = {self._client.publish(name, b"x", 1).mid: name for name in names}
        wait_until(lambda: self._answers.keys() >= numbers.keys(), "the broker answers each")
        return {name for number, name in numbers.items() if self._answers[number]}

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def everything() -> list[str]:
    """Every topic of the table, for every gate, and others."""
    names = [topic(channel, site, gate, part=1) for channel in ROUTES for site, gate in [*GATES, ("site-2", "gate-9")]]
    return [
        *dict.fromkeys(names),
        "sitegate/v1/site-1/list/presence/1",
        "sitegate/v2/x",
        "homeassistant/device/x/config",
    ]


def test_ok__every_right_needed_works_and_every_other_is_refused(tmp_path: Path) -> None:
    """Also for a gate with the name of HQ's user, and for lists that do not exist yet."""
    port, names = free_port(), everything()
    files = made(tmp_path / "files", port)
    filters = {"hq": rights.of_hq(), **{gate_user(gate): rights.of_gate(site, gate) for site, gate in GATES}}
    with mosquitto(tmp_path, files, port):
        users = {name: User(files, port, name) for name in filters}
        for name, user in users.items():
            allowed = {one for one in names if rights.covers(filters[name].write, one)}
            assert user.write(names) == allowed, name
        sent = {one for one in names if any(rights.covers(found.write, one) for found in filters.values())}
        for name, user in users.items():
            readable = {one for one in sent if rights.covers(filters[name].read, one)}
            wait_until(lambda user=user, readable=readable: user.seen >= readable, f"{name} reads {len(readable)}")  # type: ignore[misc]
        for name, user in users.items():
            assert user.seen == {one for one in sent if rights.covers(filters[name].read, one)}, name
            user.close()
    assert topic(Channel.COMMAND, "site-2", "hq") in sent


def test_ok__both_sides_connect_with_certificates_and_the_written_configuration(tmp_path: Path) -> None:
    port = free_port()
    files = made(tmp_path / "files", port, by_certificate=True)
    rig = Rig(tmp_path, port)
    rig.register()
    written = (rig.hq_folder / "hq.toml").read_text()
    before, _, rest = written.partition("[broker]")
    (rig.hq_folder / "hq.toml").write_text(
        f"{before}{(files / 'hq/broker.toml').read_text()}\n[lists]{rest.partition('[lists]')[2]}"
    )
    for path in (files / "hq").glob("*.pem"):
        (rig.hq_folder / path.name).write_bytes(path.read_bytes())
    text = (files / "gates/gate-1/sync.toml").read_text().replace("/etc/sitegate/keys", str(files / "gates/gate-1"))
    wanted = rights.of_gate("site-1", "gate-1")
    with mosquitto(tmp_path, files, port):
        found = probe(gate_access(SyncConfig(**tomllib.loads(text)["sync"])), "g", read=wanted.read, write=wanted.write)
        results = list(broker(settings.load(rig.hq_folder), SITES, GATES))
    assert (found.connected, found.refused, found.unanswered) == (True, (), 0)
    assert [one.state.value for one in results] == [
        "ok" if "30 days" not in results[0].detail else "warning",
        "warning",
    ]
    assert "nothing came from any registered gate" in results[1].detail


def test_ok__a_later_call_overwrites_nothing(tmp_path: Path) -> None:
    folder, to = tmp_path / "hq", tmp_path / "files"
    run = CliRunner()
    assert run.invoke(app, ["init", str(folder), "--site", "site-1"]).exit_code == 0
    call = ["broker-config", "--dir", str(folder), "--to", str(to), "--host", "broker.example"]
    done = run.invoke(app, [*call, "--gate", "site-1/gate-1"])
    assert done.exit_code == 0, done.output
    before = {path: path.read_bytes() for path in to.rglob("*") if path.is_file()}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in before)
    assert {path.parent.name for path in before} == {"files", "broker", "ca", "hq", "gate-1"}
    assert "0 files" in run.invoke(app, [*call, "--gate", "site-1/gate-1"]).output, "the same again changes nothing"
    done = run.invoke(app, [*call, "--gate", "site-1/gate-1", "--gate", "site-1/gate-2"])
    assert "differs and stays" in done.output
    assert all(path.read_bytes() == content for path, content in before.items())
    new = (to / "broker/passwords.new").read_text()
    assert new.startswith((to / "broker/passwords").read_text()), "the first gate keeps its line"
    assert "user gate.gate-2" in (to / "broker/acl.new").read_text()
    done = run.invoke(app, [*call, "--gate", "site-1/gate-3"])
    assert done.exit_code == 1
    assert "acl.new is there from an earlier time: use it or remove it" in done.output


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--gate", "gate-1", "write SITE/GATE"),
        ("--gate", "../x/gate-1", "is not an id"),
        ("--gate", "site-1/list", "its topics would be among the site's lists"),
        ("--host", 'x"\n[evil]', "is no name and no address"),
        ("--broker-folder", "relative", "takes a whole path"),
    ],
)
def test_fail__what_was_typed_is_wrong(option: str, value: str, says: str, tmp_path: Path) -> None:
    folder, run = tmp_path / "hq", CliRunner()
    assert run.invoke(app, ["init", str(folder), "--site", "site-1"]).exit_code == 0
    call = ["broker-config", "--dir", str(folder), "--to", str(tmp_path / "files"), "--host", "broker.example"]
    done = run.invoke(app, [*call, option, value])
    assert done.exit_code == 1
    assert says in done.output
    assert not (tmp_path / "files").exists()


def test_fail__half_a_pair_is_not_replaced(tmp_path: Path) -> None:
    files = made(tmp_path / "files", 8883)
    (files / "ca/ca.key.pem").unlink()
    with pytest.raises(BrokerFilesRefused, match=r"ca\.pem is there and ca/ca\.key\.pem is not"):
        made(files, 8883)


def test_ok__mosquitto_itself_writes_the_same_form(tmp_path: Path) -> None:
    """Ours differs in the number of rounds alone."""
    path = tmp_path / "passwords"
    path.write_text("hq:secret\n")
    subprocess.run(["mosquitto_passwd", "-U", str(path)], check=True, capture_output=True)
    theirs, ours = path.read_text().strip().split("$"), hash_line("hq", "secret").split("$")
    assert [len(part) for part in theirs[3:]] == [len(part) for part in ours[3:]]
    assert theirs[:2] == ours[:2]


def test_ok__the_access_list_names_the_table_of_the_page() -> None:
    """docs/HQ.md, What the broker must allow."""
    page = (Path(__file__).parents[2] / "docs/HQ.md").read_text(encoding="utf-8")
    part = page.partition("## What the broker must allow")[2].partition("\n## ")[0]
    for row, found in (("| a gate |", rights.of_gate("<site>", "<gate>")), ("| HQ |", rights.of_hq())):
        line = next(line for line in part.splitlines() if line.startswith(row))
        _, _, read, write, _ = line.split("|")
        for cell, names in ((read, found.read), (write, found.write)):
            for name in names:
                assert f"{name.rpartition('+/')[2].rpartition('<gate>/')[2]}`" in cell, name
    assert access_list(GATES).count("user ") == 4
