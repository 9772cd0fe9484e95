"""Explain errors of the pin libraries in one sentence: which pin, who may hold it, what to do."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

log = structlog.get_logger()

_MODELS = ("proc/device-tree/model", "sys/firmware/devicetree/base/model")


def library_errors() -> tuple[type[BaseException], ...]:
    """Return gpiozero's, lgpio's (no GPIOZeroError) and the kernel's error classes. Called after an error."""
    found: list[type[BaseException]] = [OSError]
    for module, name in (("gpiozero", "GPIOZeroError"), ("lgpio", "error")):
        kind = getattr(sys.modules.get(module), name, None)
        if isinstance(kind, type) and issubclass(kind, BaseException):
            found.append(kind)
    return tuple(found)


@contextmanager
def pin_errors_as(
    key: str, pin: int, kind: type[RuntimeError], holder: Callable[[int], str] = lambda pin: ""
) -> Iterator[None]:
    """Convert an error of the libraries into `kind`. `key`: the configuration key; `holder`: returns who holds a
    pin."""
    try:
        yield
    except library_errors() as error:
        raise kind(explain(key, pin, error, holder(pin))) from error


def explain(key: str, pin: int, error: BaseException, holder: str = "") -> str:
    """Explain an error in one sentence: the fault before the first colon, then what to do."""
    section = key.partition(".")[0]
    said = str(error).replace(": ", ", ")
    if "busy" in said.lower() or "already in use" in said.lower():
        by = f" by {holder}" if holder else f" ({said})"
        return (
            f"{key} cannot be used, pin {pin} is in use{by}: choose another pin in [{section}], take the overlay "
            "(SPI, I2C, 1-wire) out of /boot/firmware/config.txt, or stop the program that holds it; "
            "a running gate holds its own pins (systemctl stop sitegate-gate)"
        )
    return f"{key} cannot be used, pin {pin} ({said}): check [{section}] pins, the wiring, and that this user is in group gpio"


def close_all(closers: list[Callable[[], None]]) -> None:
    """Call all closers, newest first. A failing one does not stop the others."""
    while closers:
        try:
            closers.pop()()
        except library_errors() as error:
            log.warning("pin_not_let_go", error=str(error))


def on_a_pi(root: Path = Path("/")) -> bool:
    """Return True on a Raspberry Pi."""
    for name in _MODELS:
        try:
            if "Raspberry Pi" in (root / name).read_bytes()[:200].decode(errors="replace"):
                return True
        except OSError:
            continue
    return False
