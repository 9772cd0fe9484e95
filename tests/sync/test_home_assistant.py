"""Home Assistant's device discovery: the documented shape, kept at a real broker, taken away when it is switched
off."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, StrictUndefined
from sync_rig import Rig, Stranger, utc, wait_until

import contract
from contract.codec import decode, encode
from contract.messages import Health
from contract.topics import channel_of
from edge.core.config import Config, ConfigError, parse
from edge.sync.home_assistant import HomeAssistant, discovery, discovery_topic

TOPIC = "homeassistant/device/sitegate-gate-1/config"
_DEVICE_KEYS = {"identifiers", "name", "manufacturer", "model", "sw_version"}
_ROOT_KEYS = {"device", "origin", "components", "state_topic", "availability", "qos"}
_ENTITY_KEYS = {
    "platform", "unique_id", "name", "value_template", "icon", "state_class", "device_class", "unit_of_measurement",
    "entity_category",
}  # fmt: skip


def _on(rig: Rig, **more: object) -> Config:
    return rig.config.model_copy(
        update={"home_assistant": parse({"home_assistant": {"discovery": True, **more}}).home_assistant}
    )


def _kept(rig: Rig, topic: str) -> list[bytes]:
    """What the broker gives to a new subscriber."""
    late = Stranger(rig.port)
    late.subscribe("end")
    late.subscribe(topic)
    late.publish("end", b"end")
    wait_until(lambda: any(where == "end" for where, _, _ in late.seen), "the end")
    late.close()
    return [payload for where, payload, retained in late.seen if where == topic and retained]


def test_ok__the_message_has_the_documented_shape() -> None:
    message: dict[str, Any] = discovery(Config(), "1.2.3")
    assert set(message) == _ROOT_KEYS
    assert set(message["device"]) == _DEVICE_KEYS
    assert message["device"]["identifiers"] == ["sitegate-gate-1"]
    assert message["origin"] == {"name": "sitegate", "sw_version": "1.2.3"}
    assert channel_of(message["state_topic"]) == ("health", "site-1", "gate-1")
    (available,) = message["availability"]
    assert set(available) == {"topic", "value_template"}
    assert channel_of(available["topic"]) == ("status", "site-1", "gate-1")
    for name, entity in message["components"].items():
        assert set(entity) <= _ENTITY_KEYS
        assert entity["platform"] in ("sensor", "binary_sensor")
        assert entity["unique_id"] == f"sitegate-gate-1-{name}"
        assert entity["entity_category"] == "diagnostic"


def test_ok__every_entity_reads_a_field_of_health_and_none_is_of_people() -> None:
    components = discovery(Config(), "1")["components"]
    read = {field for e in components.values() for field in re.findall(r"value_json\.(\w+)", e["value_template"])}
    assert read <= set(Health.model_fields)
    assert not any("worker" in field for field in read)


@pytest.mark.parametrize("sample", ["health.v1.2.json", ""])
def test_ok__every_template_makes_something_of_every_health_message(sample: str) -> None:
    whole = json.loads((Path(contract.__file__).parent / "golden" / sample).read_bytes()) if sample else {}
    least = Health(gate_id="g", site_id="s", utc=utc(), unsent_events=0)
    said = json.loads(encode(decode(Health, json.dumps(whole).encode()) if sample else least))
    for name, entity in discovery(Config(), "1")["components"].items():
        state = Environment(undefined=StrictUndefined).from_string(entity["value_template"]).render(value_json=said)
        if entity["platform"] == "binary_sensor":
            assert state in ("ON", "OFF"), name
        elif name in ("roster_age", "temperature"):
            assert state != "None" if sample else state == "None", name
        elif name != "gate_state":
            float(state)


def test_ok__ids_become_what_home_assistant_allows_and_stay_apart() -> None:
    topics = {discovery_topic(parse({"site": {"gate_id": gate}})) for gate in ("a.b", "a_b", "a-b", "a_db", "a__db")}
    assert len(topics) == 5
    assert all(re.fullmatch(r"homeassistant/device/[A-Za-z0-9_-]+/config", topic) for topic in topics)


def test_ok__kept_at_the_broker_and_taken_away_again(rig: Rig, stranger: Stranger) -> None:
    stranger.subscribe("#")
    first = rig.sync(_on(rig))
    wait_until(lambda: any(where == TOPIC for where, _, _ in stranger.seen), "the discovery message")
    first.stop()
    (kept,) = _kept(rig, TOPIC)
    assert json.loads(kept) == discovery(_on(rig), "test")
    moved = _on(rig, prefix="other/ha")
    second = rig.sync(moved)
    wait_until(lambda: _kept(rig, discovery_topic(moved)), "the message at its new place")
    second.stop()
    assert _kept(rig, TOPIC) == []
    third = rig.sync()
    wait_until(lambda: not _kept(rig, discovery_topic(moved)), "switched off")
    third.stop()
    assert not (rig.state_dir / "sync/home-assistant.topic").exists()


def test_ok__where_it_never_was_on_nothing_is_said(rig: Rig, stranger: Stranger) -> None:
    stranger.subscribe("#")
    runner = rig.sync()
    wait_until(lambda: any(where.endswith("/health") for where, _, _ in stranger.seen), "the gate is there")
    runner.stop()
    assert all(channel_of(where) for where, _, _ in stranger.seen)


def test_ok__hq_does_not_listen_there() -> None:
    assert channel_of(TOPIC) is None


@pytest.mark.parametrize("prefix", ["sitegate", "sitegate/v1", "home/#", "", "a//b", "a b"])
def test_fail__a_prefix_that_is_ours_or_no_topic(prefix: str) -> None:
    with pytest.raises(ConfigError, match=r"home_assistant"):
        parse({"home_assistant": {"prefix": prefix}})


@pytest.mark.parametrize("left", [b"\xff\xfe\x81", b"\0\0\0", b"homeassistant/#", b"a/+/config", b""])
def test_ok__what_a_power_cut_left_of_the_file_is_no_topic(tmp_path: Path, left: bytes) -> None:
    config = parse({"home_assistant": {"discovery": True}, "paths": {"state_dir": str(tmp_path)}})
    (tmp_path / "sync").mkdir()
    (tmp_path / "sync/home-assistant.topic").write_bytes(left)
    told: list[str] = []
    assert HomeAssistant(config, "test", lambda message: told.append(message.topic) or True).announce()
    assert told == [TOPIC]
    assert (tmp_path / "sync/home-assistant.topic").read_text() == TOPIC
