"""The door to HQ of this process, opened when it is first needed."""

import threading
from pathlib import Path

from django.conf import settings

from district.wire import HqAway, HqDoor

_lock = threading.Lock()
_opened: dict[str, HqDoor] = {}


def hq_door() -> HqDoor:
    """Return the door to HQ. All threads of a process share it. Raises HqAway."""
    folder = hq_folder()
    with _lock:
        door = _opened.get(str(folder))
        if door is None:
            door = _opened[str(folder)] = HqDoor(folder)
        return door


def close_hq_door() -> None:
    """Close it, so that the next use opens it again: after a fault, with new keys, in tests."""
    with _lock:
        while _opened:
            _opened.popitem()[1].close()


def hq_folder() -> Path:
    """Return HQ's folder. Raises HqAway if this process has no district's folder."""
    config = getattr(settings, "CONFIG", None)
    folder: Path | None = getattr(settings, "HQ_FOLDER", None) or (config.path(config.hq.folder) if config else None)
    if folder is None:
        raise HqAway("no HQ folder is set: [hq] folder in district.toml")
    return folder
