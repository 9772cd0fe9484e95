"""The embedded MQTT 5 broker (rumqttd, in the iotcore package): for one site, the demo and tests.

It keeps nothing over a restart. The protocol allows for that: HQ publishes its lists again at each connection.
"""

import json
from pathlib import Path

from iotcore import Broker

from contract.codec import MAX_BYTES

_CONFIG = """id = 0
[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
[v5.1]
name = "sitegate"
listen = {listen}
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 10000
max_payload_size = {payload}
max_inflight_count = 100
dynamic_filters = true
"""


def open_broker(folder: Path, port: int, host: str = "127.0.0.1") -> Broker:
    """Make a broker on this machine, not yet started: use it as a context manager, or `start` and `stop`.

    It has neither TLS nor passwords, so by default it listens to this machine only.

    Raises:
        OSError: the port is taken (from `start`).
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "broker.toml"
    path.write_text(
        _CONFIG.format(listen=json.dumps(f"{host}:{port}"), payload=MAX_BYTES + 64 * 1024), encoding="utf-8"
    )
    return Broker(config_path=str(path))
