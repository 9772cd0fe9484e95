"""Shows exceptions with `common.tracebacks` wherever Python or a library would show them itself."""

import logging
import sys
import threading
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from common import tracebacks


@contextmanager
def shown_without_values() -> Iterator[None]:
    """Wrap a whole program: show uncaught exceptions, also of threads and destructors, and the logs of libraries,
    without values.

    The exit code is 1 after an uncaught exception."""
    before = threading.excepthook, sys.unraisablehook, logging.getLogger().handlers[:]
    threading.excepthook = lambda found: show("in a thread", found.exc_value)
    sys.unraisablehook = lambda found: show("in a destructor", found.exc_value)
    handler = logging.StreamHandler()
    handler.setFormatter(LogFormatter("%(levelname)s %(name)s: %(message)s"))
    handler.setLevel(logging.WARNING)
    logging.getLogger().handlers[:] = [handler]
    try:
        yield
    except Exception as error:  # noqa: BLE001 - a defect: every expected error was shown before, in one sentence
        show("a defect", error)
        raise SystemExit(1) from None
    finally:
        threading.excepthook, sys.unraisablehook, logging.getLogger().handlers[:] = before


def show(where: str, error: BaseException | None) -> None:
    """Write an uncaught exception to standard error."""
    if error is not None and not isinstance(error, SystemExit):
        sys.stderr.write(f"not caught, {where}:\n{tracebacks.text(error)}\n")
        sys.stderr.flush()


def as_data(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the exception of a structlog event by a list of `tracebacks.ExceptionReport`."""
    error = _taken(event)
    return event if error is None else {**event, "exception": tracebacks.report(error)}


def as_text(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the exception of a structlog event by text."""
    error = _taken(event)
    return event if error is None else {**event, "exception": tracebacks.text(error)}


def _taken(event: MutableMapping[str, Any]) -> BaseException | None:
    found = event.pop("exc_info", None)
    if isinstance(found, tuple):
        found = found[1]
    elif not isinstance(found, BaseException):
        found = sys.exc_info()[1] if found else None
    return found if isinstance(found, BaseException) else None


class LogFormatter(logging.Formatter):
    """Writes exceptions into a log without values."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        return tracebacks.text(ei[1]) if ei and ei[1] else ""
