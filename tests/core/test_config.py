"""The configuration: all errors at once, in words that help, and never a secret on show."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from edge.commands.config import commented_toml, toml_value
from edge.core.config import LIVENESS_MODES, NOT_CHOSEN, Config, ConfigError, load, parse


def problems(data: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(data)
    return caught.value.problems


def test_ok__an_empty_file_is_the_defaults() -> None:
    assert parse({}) == Config()


def test_ok__the_written_file_is_the_defaults_and_names_every_key() -> None:
    text = commented_toml()
    assert parse(tomllib.loads(text)) == Config()
    for name, section in Config():
        for key in type(section).model_fields:
            assert f"\n{key} =" in text or f"\n# {key} =" in text, f"{name}.{key} is not documented"


def test_ok__the_liveness_mode_has_no_default_and_a_configuration_of_0_1_goes_on_as_off() -> None:
    assert Config().liveness.mode is None
    old = parse({"liveness": {"challenge_steps": 3}}).liveness
    assert (old.in_force, old.must_be_live) == ("off", False)
    assert 'not set and goes on as "off"' in old.danger and "challenge_on_doubt" in old.danger


@pytest.mark.parametrize("mode", LIVENESS_MODES)
def test_ok__a_chosen_mode_is_written_and_says_if_it_lets_photos_in(mode: str) -> None:
    found = parse(tomllib.loads(commented_toml(mode))).liveness
    assert found.mode == found.in_force == mode
    assert bool(found.danger) == (mode in ("off", "advisory")) != found.must_be_live


def test_fail__a_file_in_which_the_liveness_mode_was_not_filled_in_is_not_believed() -> None:
    (found,) = problems(tomllib.loads(commented_toml(NOT_CHOSEN)))
    assert found.startswith("liveness.mode: not chosen yet; write one of") and "challenge_on_doubt" in found


def test_ok__every_key_has_a_description() -> None:
    for name, section in Config():
        for key, field in type(section).model_fields.items():
            assert field.description, f"{name}.{key}"


def test_ok__a_loaded_config_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Config().gate.pulse_ms = 5  # type: ignore[misc]


@pytest.mark.parametrize(("text", "says"), [("", "is empty"), ("\n# all gone\n", "holds no settings")])
def test_fail__a_file_that_a_power_cut_emptied_starts_no_gate(tmp_path: Path, text: str, says: str) -> None:
    """Every key has a default: without this, pins that nobody chose would be driven."""
    path = tmp_path / "sitegate.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=f"{says}: bring back a copy"):
        load(path)


def test_fail__all_problems_at_once_with_suggestions() -> None:
    found = problems({"gate": {"puls_ms": 1, "relay_pin": 99}, "camra": {}})
    assert len(found) == 3
    assert any("gate.puls_ms: unknown key; did you mean 'pulse_ms'?" in p for p in found)
    assert any("camra: unknown key; did you mean 'camera'?" in p for p in found)
    assert any(p.startswith("gate.relay_pin:") for p in found)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            {"gate": {"relay_pin": 5}, "indicator": {"red_pin": 5}},
            "pin 5 is used by gate.relay_pin and indicator.red_pin",
        ),
        ({"gate": {"pulse_ms": 3000, "pulse_max_ms": 1000}}, "pulse_ms is larger than pulse_max_ms"),
        ({"matcher": {"votes_needed": 6, "votes_window": 5}}, "no vote could ever be won"),
        ({"sync": {"tls": False, "broker_host": "hq.example"}}, "only for a broker on this machine"),
        ({"sync": {"client_cert_path": "a.pem"}}, "belong together"),
    ],
)
def test_fail__contradictions_are_found_before_anything_starts(data: dict[str, Any], words: str) -> None:
    assert any(words in p for p in problems(data))


def test_ok__plain_mqtt_is_allowed_on_this_machine() -> None:
    for host in ("localhost", "127.0.0.1", "::1"):
        assert parse({"sync": {"tls": False, "broker_host": host}}).sync.broker_host == host


def test_ok__secrets_are_masked() -> None:
    assert toml_value(SecretStr("geheim")) == '"********"'
    config = parse({"sync": {"password": "geheim"}, "camera": {"url": "rtsp://u:geheim@1.2.3.4/s"}})
    assert "geheim" not in repr(config)
    assert "geheim" not in config.model_dump_json()


@pytest.mark.parametrize(
    ("gate", "says"),
    [
        ({"rex_pin": 5, "fire_pin": 5}, "pin 5 is used by gate.fire_pin and gate.rex_pin"),
        ({"relay_out_pin": 17}, "pin 17 is used by gate.relay_pin and gate.relay_out_pin"),
        ({"wiegand_d0_pin": 5, "wiegand_d1_pin": 5, "output": "wiegand26"}, "pin 5 is used by"),
        ({"rotation_pin": 5, "tamper_pin": 5, "reset_pin": 5}, "gate.rotation_pin and gate.reset_pin and gate.tamper_pin"),
        ({"kind": "door"}, "needs door_pin"),
        ({"kind": "swing_gate"}, "needs door_pin"),
        ({"door_pin": 5}, "a tripod has no door"),
        ({"passage_out_pin": 5}, "passage_out_pin needs passage_pin"),
        ({"rotation_out_pin": 5}, "rotation_out_pin needs rotation_pin"),
        ({"rotation_pin": 5, "rotation_out_pin": 6, "passage_pin": 7}, "leave passage_pin out"),
        ({"fire_reset": "manual", "fire_pin": 5}, "needs reset_pin"),
        ({"output": "wiegand34", "wiegand_d0_pin": 5}, "wiegand_d0_pin and wiegand_d1_pin"),
        (
            {"output": "wiegand26", "wiegand_d0_pin": 5, "wiegand_d1_pin": 6, "credential_facility": 256},
            "at most 255",
        ),
        ({"pulse_ms": 3000}, "pulse_ms is larger than pulse_max_ms"),
        ({"slow_factor": 9}, "gate.slow_factor"),
        ({"relay_pin": 28}, "gate.relay_pin"),
    ],
)  # fmt: skip
def test_fail__pins_of_the_gate_used_twice_or_left_out(gate: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse({"gate": gate})
    assert says in str(caught.value)
