"""Puts `contract.tracebacks` wherever Python and its libraries would show an exception themselves."""

import logging
import sys
import threading
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from contract import tracebacks


@contextmanager
def shown_without_values() -> Iterator[None]:
    """Around a whole program: exceptions that nobody caught (then exit code 1), also those of threads and destructors, and the
    logs of libraries."""
    before = threading.excepthook, sys.unraisablehook, logging.getLogger().handlers[:]
    threading.excepthook = lambda told: tell("in a thread", told.exc_value)
    sys.unraisablehook = lambda told: tell("in a destructor", told.exc_value)
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter("%(levelname)s %(name)s: %(message)s"))
    handler.setLevel(logging.WARNING)
    logging.getLogger().handlers[:] = [handler]
    try:
        yield
    except Exception as error:  # noqa: BLE001 - a defect: every expected error was told before in one sentence
        tell("a defect", error)
        raise SystemExit(1) from None
    finally:
        threading.excepthook, sys.unraisablehook, logging.getLogger().handlers[:] = before


def tell(where: str, error: BaseException | None) -> None:
    """An exception that nobody caught, on standard error."""
    if error is not None and not isinstance(error, SystemExit):
        sys.stderr.write(f"not caught, {where}:\n{tracebacks.text(error)}\n")
        sys.stderr.flush()


def as_data(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """For structlog: the exception of a log line as a list of `tracebacks.Told`."""
    error = _taken(event)
    return event if error is None else {**event, "exception": tracebacks.told(error)}


def as_text(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """For structlog: the exception of a log line as text."""
    error = _taken(event)
    return event if error is None else {**event, "exception": tracebacks.text(error)}


def _taken(event: MutableMapping[str, Any]) -> BaseException | None:
    found = event.pop("exc_info", None)
    if isinstance(found, tuple):
        found = found[1]
    elif not isinstance(found, BaseException):
        found = sys.exc_info()[1] if found else None
    return found if isinstance(found, BaseException) else None


class _Formatter(logging.Formatter):
    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        return tracebacks.text(ei[1]) if ei and ei[1] else ""
