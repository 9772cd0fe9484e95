"""Read the second guard's notes at the gate's next start.

The notes have no authority. They contain only text; this module makes the ref for the journal. Anything but a small
file of this user is ignored.
"""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import structlog

from edge.devices.gate.watchdog_process import NOTES_MAX_BYTES
from edge.system.regular_file import read_regular

log = structlog.get_logger()

PREFIX = "pulse-cut:"
READ_MAX_BYTES = NOTES_MAX_BYTES + 1_000
NOTES_MAX = 100
TEXT_MAX = 200


def take_cut_notes(cuts: Path, journal: Callable[[str, str], None]) -> None:
    """Pass each note to `journal` as (unique ref, text), then delete the file. Never waits, never raises OSError."""
    try:
        lines = read_regular(cuts, READ_MAX_BYTES, os.geteuid()).splitlines()[:NOTES_MAX]
    except FileNotFoundError:
        return
    except OSError as error:
        log.warning("pulse_cuts_not_read", path=str(cuts), error=str(error))
        lines = []
    for line in lines:
        text = _text(line)
        if text:
            journal(PREFIX + hashlib.sha256(line).hexdigest()[:32], text)
    try:
        cuts.unlink()
    except OSError as error:
        log.warning("pulse_cuts_not_removed", path=str(cuts), error=str(error))


def _text(line: bytes) -> str:
    """Return a note's text as one short line; "" for a broken line, as after a power cut."""
    try:
        note = json.loads(line)
    except (ValueError, RecursionError):
        return ""
    said = note.get("text") if isinstance(note, dict) else None
    if not isinstance(said, str):
        return ""
    return "".join(char for char in said if char.isprintable())[:TEXT_MAX]
