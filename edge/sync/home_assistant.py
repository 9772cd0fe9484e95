"""Home Assistant's MQTT device discovery: one retained message per gate, from which it makes a device with its sensors.

Their states are this gate's own status and health messages: nothing else is published, and nothing personal.
Shape: https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload
"""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from contract.topics import Channel, topic
from edge.core.config import Config
from edge.core.layout import HOME_ASSISTANT
from edge.sync.jobs import NEXT_TURN
from edge.sync.mqtt import Publication

log = structlog.get_logger()

# A template that returns "None" leaves the state unknown. A message leaves a missing value out; it is never null.
_SENSORS: dict[str, dict[str, str]] = {
    "gate_state": {"name": "Gate", "value_template": "{{ value_json.gate_state }}", "icon": "mdi:gate"},
    "passages": {
        "name": "Passages since start",
        "value_template": "{{ value_json.passages }}",
        "state_class": "total_increasing",
    },
    "unsent": {
        "name": "Events not yet at HQ",
        "value_template": "{{ value_json.unsent_events }}",
        "state_class": "measurement",
    },
    "oldest_unsent": {
        "name": "Oldest event not yet at HQ",
        "value_template": "{{ value_json.oldest_unsent_s | round(0) }}",
        "device_class": "duration",
        "unit_of_measurement": "s",
    },
    "frame_rate": {
        "name": "Frames per second",
        "value_template": "{{ value_json.frames_per_s }}",
        "state_class": "measurement",
    },
    "roster_age": {
        "name": "Age of the roster",
        "value_template": "{{ (value_json.roster_age_s / 3600) | round(1) if value_json.roster_age_s is defined else None }}",
        "device_class": "duration",
        "unit_of_measurement": "h",
    },
    "temperature": {
        "name": "Processor temperature",
        "value_template": "{{ value_json.cpu_temperature_c | default(None) }}",
        "device_class": "temperature",
        "unit_of_measurement": "°C",
        "state_class": "measurement",
    },
    "disk_free": {
        "name": "Disk free",
        "value_template": "{{ value_json.disk_free_mb }}",
        "device_class": "data_size",
        "unit_of_measurement": "MB",
    },
}
_PROBLEMS: dict[str, dict[str, str]] = {
    "camera": {
        "name": "Camera",
        "value_template": "{{ 'OFF' if value_json.camera_ok else 'ON' }}",
        "device_class": "problem",
    },
    "clock": {
        "name": "Clock",
        "value_template": "{{ 'OFF' if value_json.clock_trusted else 'ON' }}",
        "device_class": "problem",
    },
    "drift": {
        "name": "Scores have changed",
        "value_template": "{{ 'ON' if value_json.drift_alarms else 'OFF' }}",
        "device_class": "problem",
    },
}


def discovery_topic(config: Config) -> str:
    """Return the topic. Home Assistant allows letters, digits, "_" and "-" in the id; a gate's "." is written "_d"."""
    escaped = config.site.gate_id.replace("_", "__").replace(".", "_d")
    return f"{config.home_assistant.prefix}/device/sitegate-{escaped}/config"


def discovery(config: Config, software: str) -> dict[str, Any]:
    """Return the message as data."""
    site, device = config.site, f"sitegate-{config.site.gate_id}"
    components = {
        name: {"platform": platform, "unique_id": f"{device}-{name}", **entity, "entity_category": "diagnostic"}
        for platform, entities in (("sensor", _SENSORS), ("binary_sensor", _PROBLEMS))
        for name, entity in entities.items()
    }
    return {
        "device": {
            "identifiers": [device],
            "name": f"Gate {site.gate_id}",
            "manufacturer": "sitegate",
            "model": f"Gate of site {site.site_id}",
            "sw_version": software,
        },
        "origin": {"name": "sitegate", "sw_version": software},
        "components": components,
        "state_topic": topic(Channel.HEALTH, site.site_id, site.gate_id),
        "availability": [
            {
                "topic": topic(Channel.STATUS, site.site_id, site.gate_id),
                "value_template": "{{ 'online' if value_json.online else 'offline' }}",
            }
        ],
        "qos": 0,
    }


class HomeAssistant:
    """Publishes the discovery message once per connection. Needs a connection.

    A small file remembers the topic on which the broker keeps the message. So it can be removed when discovery is
    switched off, or its prefix or this gate's id changes.
    """

    def __init__(self, config: Config, software: str, publish: Callable[[Publication], bool]) -> None:
        self._publish, self._done = publish, False
        self._wanted = discovery_topic(config) if config.home_assistant.discovery else ""
        self._payload = json.dumps(discovery(config, software), ensure_ascii=False).encode() if self._wanted else b""
        self._file = config.paths.state_dir / HOME_ASSISTANT

    def due(self) -> float:
        return math.inf if self._done else NEXT_TURN

    def run(self, now_s: float) -> None:
        """Announce the gate until the broker has it."""
        self._done = self.announce()

    def connected(self, now_s: float) -> None:
        """Announce the gate again."""
        self._done = False

    def announce(self) -> bool:
        """Clear the old topic, then publish on the new one. Return False to try again.

        Nothing happens where discovery never was on.
        """
        kept = _read(self._file)
        if kept and kept != self._wanted and not self._publish(Publication(kept, b"", 1, retain=True)):
            return False
        try:
            if not self._wanted:
                self._file.unlink(missing_ok=True)
            elif kept != self._wanted:  # before it is published: what is not remembered is never removed
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._file.write_text(self._wanted, encoding="utf-8")
        except OSError as error:
            log.warning("home_assistant_not_remembered", path=str(self._file), error=error.strerror)
        return not self._wanted or self._publish(Publication(self._wanted, self._payload, 1, retain=True))


def _read(path: Path) -> str:
    """Return the topic, or "" if there is none, or if a power cut left something that cannot be one."""
    try:
        kept = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""
    return kept if kept.isprintable() and not {"#", "+"} & set(kept) else ""
