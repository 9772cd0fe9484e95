"""What a page answers, and what the log says, while the database is away, locked or full."""

import errno
import logging
import sys
import time
from collections.abc import Iterator

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views.defaults import server_error

AGAIN_S = 10
"""A browser may ask again after this. The log repeats its line so often at most."""
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


def is_away(error: BaseException | None) -> bool:
    """Tell whether the database or its disk made an error, and not the program."""
    return any(
        isinstance(one, OperationalError | InterfaceError) or (isinstance(one, OSError) and one.errno in _NO_ROOM)
        for one in _chain(error)
    )


def first_line(error: BaseException | None, most: int = 300) -> str:
    """Return the kind of error and its first line, `most` characters of it."""
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"[:most]


def failed(request: HttpRequest) -> HttpResponse:
    """Answer a request that failed: 503 while the database is away, else 500. It asks the database nothing."""
    if not is_away(sys.exc_info()[1]):
        return server_error(request)
    text = loader.get_template("503.html").template.source  # type: ignore[attr-defined]
    return HttpResponse(text, status=503, headers={"Retry-After": str(AGAIN_S), "Cache-Control": "no-store"})


class OneLine(logging.Filter):
    """Writes one line for all requests that fail because the database is away, without tracebacks."""

    def __init__(self) -> None:
        super().__init__()
        self._again_s = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten the record. Drop it if the line was written a moment ago."""
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if not is_away(error):
            return True
        if time.monotonic() < self._again_s:
            return False
        self._again_s = time.monotonic() + AGAIN_S
        record.msg, record.args, record.exc_info = "the database does not answer (%s)", (first_line(error),), None
        return True


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
