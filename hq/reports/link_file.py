"""HQ's connection to the broker as the running process sees it, in a small file for the commands.

It lies in HQ's folder and not in the database. So it can be read while the database is away.
"""

from datetime import datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from common import private_files
from hq.database.clock import now

NAME = "link.json"
WRITE_EVERY_S = 15.0
_SILENT_AFTER = timedelta(seconds=60)
_SHOWN_MAX = 5


class LinkRecord(BaseModel):
    """`utc`: when the process wrote this. `problems`: one sentence for each refused topic."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    utc: datetime
    broker: str
    connected: bool
    since_utc: datetime
    detail: str
    problems: tuple[str, ...] = ()


def write(folder: Path, record: LinkRecord) -> None:
    """Replace the file. Raises OSError."""
    new = folder / f".{NAME}.new"
    new.unlink(missing_ok=True)
    private_files.write_new(new, record.model_dump_json().encode())
    new.replace(folder / NAME)


def read(folder: Path) -> LinkRecord | None:
    """Read the file; None if HQ never ran in this folder, or if the file is unreadable."""
    try:
        return LinkRecord.model_validate_json((folder / NAME).read_bytes())
    except (OSError, ValidationError):
        return None


def problems(folder: Path) -> list[str]:
    """Say what is wrong with HQ's own connection, a sentence each."""
    found = read(folder)
    if found is None:
        return []
    if now() - found.utc > _SILENT_AFTER:
        return [f"sitegate-hq run was last seen {found.utc:%Y-%m-%d %H:%M:%S} UTC in this folder: start it"]
    if not found.connected:
        return [f"HQ is not connected to {found.broker} since {found.since_utc:%H:%M:%S} UTC: {found.detail}"]
    more = len(found.problems) - _SHOWN_MAX
    return [*found.problems[:_SHOWN_MAX], *([f"and {more} topics more: sitegate-hq check"] if more > 0 else [])]
