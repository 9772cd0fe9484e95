"""Requests that only a technician with write access to the gate's folder may make: `sitegate roster accept`, `sitegate
clock believe`.

One request at a time lies in a file. The gate process removes it once it is recorded. These requests do not use
desk.db: the process behind the guard's page writes there, too, and must not undo what protects the lists.
"""

import os
import secrets
from pathlib import Path

import structlog
from pydantic import ValidationError

from edge.core.domain import TechnicianRequest
from edge.system.regular_file import read_regular

log = structlog.get_logger()

NAME = "technician.json"
_BYTES_MAX = 4096


class RequestNotLeft(OSError):
    """The request could not be written. The text says why and what to do."""


def ask(folder: Path, request: TechnicianRequest) -> None:
    """Write a request for the gate process. Raises RequestNotLeft."""
    path, draft = folder / NAME, folder / f"{NAME}.{secrets.token_hex(4)}"
    try:
        if os.path.lexists(path):
            raise RequestNotLeft(f"another request is still waiting in {path}: is the gate running? (sitegate check)")
        owner = folder.stat()
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
        try:
            os.write(handle, request.model_dump_json().encode())
            os.fsync(handle)
            if os.geteuid() == 0:
                os.fchown(handle, owner.st_uid, owner.st_gid)
        finally:
            os.close(handle)
        draft.rename(path)
    except RequestNotLeft:
        raise
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise RequestNotLeft(f"{folder} cannot be written ({error.strerror}): run this with sudo") from error


class TechnicianRequests:
    """The gate's side. A file that holds no request is removed, and logged."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME

    def waiting(self) -> TechnicianRequest | None:
        """Return the waiting request, or None. Takes some microseconds if there is none."""
        if not os.path.lexists(self._path):
            return None
        try:
            return TechnicianRequest.model_validate_json(read_regular(self._path, _BYTES_MAX, os.geteuid()))
        except (OSError, ValidationError) as error:
            log.warning("technician_request_refused", error=type(error).__name__)
            self.done()
            return None

    def done(self) -> None:
        """Remove the request: it is recorded."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:  # a folder lies there: a recorded request is not taken twice
            log.warning("technician_request_stays", error=str(error))
