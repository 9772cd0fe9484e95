"""The notes of the second guard, as the gate reads them at its next start.

Nothing in them has authority. They say in words what was done; the ref under which that is journalled is made here, and
anything that is not a small file of this user is left out.
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
    """Hand each note to `journal` as (ref that is unique for ever, text), then forget them. Never waits, never raises OSError."""
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
    """What a note says, in one short line. "" if it says nothing, as half a line does after a power cut."""
    try:
        note = json.loads(line)
    except (ValueError, RecursionError):
        return ""
    said = note.get("text") if isinstance(note, dict) else None
    if not isinstance(said, str):
        return ""
    return "".join(char for char in said if char.isprintable())[:TEXT_MAX]
