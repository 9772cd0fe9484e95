"""The configuration of the demonstration's gate."""

import json
from pathlib import Path

SITE, GATE = "site-demo", "gate-demo"
FILM_HZ = 20.0


def gate_toml(keys: Path, models_dir: Path, broker_port: int, screen_port: int, *, repeat: bool) -> str:
    """Return the text of `gate.toml`. `keys`: HQ's folder of keys; `repeat`: people walk up again and again."""
    return f"""\
[site]
site_id = "{SITE}"
gate_id = "{GATE}"
[paths]
state_dir = "state"
models_dir = {json.dumps(str(models_dir))}
[keys]
hq_signing_public_path = {json.dumps(str(keys / "hq-signing.pub.pem"))}
hq_sealing_public_path = {json.dumps(str(keys / "hq-sealing.pub.pem"))}
site_private_path = {json.dumps(str(keys / "sites" / f"{SITE}.key.pem"))}
screen_private_path = {json.dumps(str(keys / "sites" / f"{SITE}.screen.key.pem"))}
[camera]
source = "walkup"
path = "walk-ups.toml"
repeat = {json.dumps(repeat)}
rate_hz = {FILM_HZ}
[matcher]
approach_gap_ms = 350
[decision]
advice_after_ms = 450
[liveness]
mode = "off"
[gate]
pins = "mock"
passage_pin = 22
pulse_ms = 400
mock_walk_through_s = 0.25
[sync]
broker_host = "127.0.0.1"
broker_port = {broker_port}
tls = false
health_every_s = 2
[screen]
port = {screen_port}
"""
