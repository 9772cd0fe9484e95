"""Lock the relay with no other knowledge than its pin.

The pin comes from the readable part of the configuration, otherwise from the last gate process that started. `sitegate
lock` and a failing start use this. It needs no state folder, models or keys.
"""

import json
import os
import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog
from pydantic import ValidationError

from common.unknown_keys import nearest
from edge.core.config import Config, ConfigError, GateConfig, PathsConfig, parse
from edge.core.layout import GATE, PIN_HISTORY, RELAY
from edge.core.ports import GateError
from edge.devices.gate import lock_relays, relays_only
from edge.system.atomic_write import write_atomically
from edge.system.regular_file import read_regular

log = structlog.get_logger()

READ_MAX_BYTES, KEPT_MAX_BYTES = 1_000_000, 4_096
_HEADER = re.compile(r"^\s*\[+\s*([\w.\"'-]+)\s*\]+\s*(#.*)?$")


def lock_relay(config_path: Path) -> str:
    """Lock the relay and release its pin. Return one sentence about it. Raises GateError."""
    text = _read(config_path)
    for gate, state, source in _descriptions(config_path, text):
        history = state / PIN_HISTORY if state is not None and (state / GATE).is_dir() else None
        lock_relays(gate, history)
        pins = " and ".join(str(pin) for pin in (gate.relay_pin, gate.relay_out_pin) if pin is not None)
        return f"relay locked at pin {pins}, as {source}"
    raise GateError(
        f"{config_path} does not say the relay's pin, and no gate has started here before: correct [gate] relay_pin, "
        "and cut the relay's current by hand if it is energised"
    )


def keep_relay_description(config: GateConfig, state: Path) -> None:
    """Store the relay's description for a time when the configuration is not readable. Never raises OSError."""
    kept = json.dumps(relays_only(config).model_dump(include=_KEYS), sort_keys=True).encode()
    for path in _places(state):
        with suppress(OSError):
            if read_regular(path, KEPT_MAX_BYTES) == kept:
                continue
        try:
            write_atomically(path, kept, 0o640)
        except OSError as error:
            log.warning("relay_not_remembered", path=str(path), error=error.strerror)


_KEYS = {"pins", "relay_pin", "relay_out_pin", "relay_active_high"}


def _descriptions(path: Path, text: str | None) -> Iterator[tuple[GateConfig, Path | None, str]]:
    """Yield descriptions of the relay, best first: the relays alone, the state folder, and the source.

    A valid configuration is the only source. Missing or misspelt keys of an invalid one come from the last gate process
    that started. An active-low relay that is driven as active-high would open.
    """
    data, whole, is_toml = _gate_part(text) if text and text.strip() else ({}, False, False)
    paths = data.get("paths")
    state = paths.get("state_dir") if isinstance(paths, dict) else None
    folder = path.parent.resolve() / state if isinstance(state, str) else PathsConfig().state_dir
    own = _relays(data.get("gate")) if data else None
    if own is not None and is_toml and _valid(data, path):
        yield own, folder, f"{path} says"
    said = data.get("gate") if whole and own is not None else {}
    for place in _places(folder, PathsConfig().state_dir):
        with suppress(OSError, ValueError, RecursionError):
            kept = json.loads(read_regular(place, KEPT_MAX_BYTES))
            if _relays(kept) is None:
                continue
            merged = _relays({**kept, **said}) if isinstance(said, dict) else None
            who = f"the last gate process that started stored it ({place}); {path} cannot be used"
            if isinstance(said, dict) and "relay_pin" in said:
                who = f"{path} says, completed by {place}"
            yield merged or _relays(kept) or GateConfig(), folder, who
    if own is not None and not _misspelt(data):
        yield own, folder, f"{path} says" if whole else f"the readable part of {path} says"


def _valid(data: dict[str, Any], path: Path) -> bool:
    """Return True if a gate process would start with this configuration."""
    try:
        parse(data, path)
    except (ConfigError, RecursionError):
        return False
    return True


def _misspelt(data: dict[str, Any]) -> bool:
    """Return True if an unknown key may be a misspelt key of the relay. Its value is then not known."""
    gate = data.get("gate")
    keys = set(gate) - set(GateConfig.model_fields) if isinstance(gate, dict) else set()
    sections = set(data) - set(Config.model_fields)
    meant = [nearest(key, _KEYS - set(gate or ())) for key in keys]
    return any(meant) or (not gate and any(nearest(name, ["gate"]) for name in sections))


def _gate_part(text: str) -> tuple[dict[str, Any], bool, bool]:
    """Return the settings, whether the part about the gate is complete, and whether the text is TOML.

    If it is not TOML, [gate] and [paths] are read section by section. A section at the end of the file may be cut off.
    If two sections differ, neither counts.
    """
    try:
        return {"gate": {}, **tomllib.loads(text)}, True, True
    except tomllib.TOMLDecodeError:
        pass
    found: dict[str, Any] = {}
    whole = False
    sections = _sections(text)
    for number, (name, body) in enumerate(sections):
        if name in ("gate", "paths"):
            with suppress(tomllib.TOMLDecodeError):
                said, before = tomllib.loads(body), found.get(name, {})
                if name == "gate":
                    agree = all(before[key] == said[key] for key in before.keys() & said.keys())
                    whole = number + 1 < len(sections) and agree and (whole or not before)
                found[name] = {**before, **said}
    return found, whole, False


def _sections(text: str) -> list[tuple[str, str]]:
    sections: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        header = _HEADER.match(line)
        if header:
            sections.append((header[1], []))
        elif sections:
            sections[-1][1].append(line)
    return [(name, "\n".join(body)) for name, body in sections]


def _relays(said: Any) -> GateConfig | None:
    """Return the relays alone; None if they are not valid."""
    if not isinstance(said, dict):
        return None
    known = {key: value for key, value in said.items() if key in _KEYS}
    if known.get("relay_out_pin") == known.get("relay_pin", GateConfig().relay_pin):
        known.pop("relay_out_pin", None)  # a pin is driven once
    try:
        return GateConfig.model_validate(known)
    except ValidationError:
        return None


def _places(*folders: Path) -> list[Path]:
    """List where the description is stored: in memory under systemd, and on the disk."""
    runtime = os.environ.get("RUNTIME_DIRECTORY")
    first = [Path(runtime) / Path(RELAY).name] if runtime else []
    return [*first, *dict.fromkeys(folder / RELAY for folder in folders)]


def _read(path: Path) -> str | None:
    try:
        return read_regular(path.resolve(), READ_MAX_BYTES).decode("utf-8-sig", errors="replace")
    except OSError:
        return None
