"""What the pin libraries raise, in one sentence that says which pin, who may hold it, and what to do."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

log = structlog.get_logger()

_MODELS = ("proc/device-tree/model", "sys/firmware/devicetree/base/model")


def library_errors() -> tuple[type[BaseException], ...]:
    """gpiozero's errors, lgpio's (which are no GPIOZeroError), and the kernel's. Asked when an error has come."""
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
    """Turn an error of the libraries into `kind`. `key`: of the configuration; `holder`: who has a pin."""
    try:
        yield
    except library_errors() as error:
        raise kind(explain(key, pin, error, holder(pin))) from error


def explain(key: str, pin: int, error: BaseException, holder: str = "") -> str:
    """One sentence: the part before the first colon says what is wrong, the rest what to do."""
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
    """Call all, newest first. One that fails keeps none of the others from being called."""
    while closers:
        try:
            closers.pop()()
        except library_errors() as error:
            log.warning("pin_not_let_go", error=str(error))


def on_a_pi(root: Path = Path("/")) -> bool:
    """True on a Raspberry Pi."""
    for name in _MODELS:
        try:
            if "Raspberry Pi" in (root / name).read_bytes()[:200].decode(errors="replace"):
                return True
        except OSError:
            continue
    return False
