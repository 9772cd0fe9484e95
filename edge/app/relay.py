"""Making safe: the relay is driven to locked with nothing but its pin.

The pin is taken from the part of the configuration that says it, whatever else is wrong there; else from the last gate process
that started. `sitegate lock` and a start that fails use this. It needs no state folder, no models, no keys.
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

from edge.config import GateConfig, PathsConfig
from edge.foreign import read_plain
from edge.gate import lock_relays, relays_only
from edge.layout import GATE, PINS, RELAY
from edge.ports import GateError
from edge.wholefile import write_whole

log = structlog.get_logger()

READ_MAX_BYTES, KEPT_MAX_BYTES = 1_000_000, 4_096
_HEADER = re.compile(r"^\s*\[+\s*([\w.\"'-]+)\s*\]+\s*(#.*)?$")


def lock(config_path: Path) -> str:
    """Lock the relay and let go of it. Return what was done, in one sentence. Raises GateError."""
    text = _read(config_path)
    for gate, state, source in _descriptions(config_path, text):
        history = state / PINS if state is not None and (state / GATE).is_dir() else None
        lock_relays(gate, history)
        pins = " and ".join(str(pin) for pin in (gate.relay_pin, gate.relay_out_pin) if pin is not None)
        return f"relay locked at pin {pins}, as {source}"
    raise GateError(
        f"{config_path} does not say the relay's pin, and no gate has started here before: correct [gate] relay_pin, "
        "and cut the relay's current by hand if it is energised"
    )


def remember(config: GateConfig, state: Path) -> None:
    """Keep the relay's description for the day on which the configuration cannot be read. Never raises OSError."""
    kept = json.dumps(relays_only(config).model_dump(include=_KEYS), sort_keys=True).encode()
    for path in _places(state):
        with suppress(OSError):
            if read_plain(path, KEPT_MAX_BYTES) == kept:
                continue
        try:
            write_whole(path, kept, 0o640)
        except OSError as error:
            log.warning("relay_not_remembered", path=str(path), error=error.strerror)


_KEYS = {"pins", "relay_pin", "relay_out_pin", "relay_active_high"}


def _descriptions(path: Path, text: str | None) -> Iterator[tuple[GateConfig, Path | None, str]]:
    """Where the relay is, the best description first: the relays alone, the state folder, and who says so."""
    data, complete = _gate_part(text) if text is not None else ({}, False)
    paths = data.get("paths")
    state = paths.get("state_dir") if isinstance(paths, dict) else None
    folder = path.parent.resolve() / state if isinstance(state, str) else PathsConfig().state_dir
    own = _relays(data.get("gate", {})) if text is not None and data else None
    if own is not None and complete:
        yield own, folder, f"{path} says"
    for place in _places(folder, PathsConfig().state_dir):
        with suppress(OSError, ValueError, RecursionError):
            kept = _relays(json.loads(read_plain(place, KEPT_MAX_BYTES)))
            if kept is not None:
                yield kept, folder, f"the last gate process that started said ({place}); {path} cannot be used"
    if own is not None:
        yield own, folder, f"the readable part of {path} says"


def _gate_part(text: str) -> tuple[dict[str, Any], bool]:
    """What the configuration says of [gate] and [paths], and whether that is certainly whole.

    A file that is no TOML is taken section by section. One that ends in the section may have been cut off there.
    """
    try:
        return {"gate": {}, **tomllib.loads(text)}, True
    except tomllib.TOMLDecodeError:
        pass
    found: dict[str, Any] = {}
    whole = False
    sections = _sections(text)
    for number, (name, body) in enumerate(sections):
        if name in ("gate", "paths"):
            with suppress(tomllib.TOMLDecodeError):
                found[name] = tomllib.loads(body)
                whole = whole or (name == "gate" and number + 1 < len(sections))
    return (found, whole) if "gate" in found else ({}, False)


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
    """The relays alone; None if what is said of them is not valid."""
    if not isinstance(said, dict):
        return None
    try:
        return GateConfig.model_validate({key: value for key, value in said.items() if key in _KEYS})
    except ValidationError:
        return None


def _places(*folders: Path) -> list[Path]:
    """Where the description is kept: in memory under systemd, and on the disk."""
    runtime = os.environ.get("RUNTIME_DIRECTORY")
    first = [Path(runtime) / Path(RELAY).name] if runtime else []
    return [*first, *dict.fromkeys(folder / RELAY for folder in folders)]


def _read(path: Path) -> str | None:
    try:
        return read_plain(path.resolve(), READ_MAX_BYTES).decode("utf-8-sig", errors="replace")
    except OSError:
        return None
