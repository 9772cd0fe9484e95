"""Drive the turnstile on GPIO pins: a bounded release, and the inputs. Locked on every exit.

A guard thread ends the pulse. A second guard outside this process ends it if the process hangs.

When the process is killed, the line must fall back to the board's pull, which must mean locked. Some Raspberry Pi
kernels keep the last level. So systemd also runs `sitegate lock` after each end of the gate process (docs/SAFETY.md).
The same adapter runs on gpiozero's mock pins.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

import structlog
from gpiozero import DigitalOutputDevice

from contract.messages import Direction
from edge.core.config import GateConfig
from edge.core.domain import GateSignal
from edge.core.ports import GateError
from edge.devices.gate.inputs import Inputs
from edge.devices.gate.osdp import OsdpOutput
from edge.devices.gate.pins import holder_of
from edge.devices.gate.pulse import PulseGuard, RelayWatchdog
from edge.devices.gate.wiegand import WiegandOutput
from edge.devices.pin_fault import close_all, pin_errors_as

log = structlog.get_logger()


class ControllerOutput(Protocol):
    """Signals an access controller to open, instead of a relay."""

    def send(self, way: Direction) -> None:
        """Start to send, and return at once. Raises GateError."""

    def close(self) -> None: ...


class GpioGate:
    """See `edge.core.ports.Gate`. `monotonic` returns the seconds that bound pulses and debounce inputs.

    `fire_opens`: the fire contact itself holds the relay open, before `signals` is called. Use it only with a caller of
    `signals`, who locks again after the fire.

    Raises:
        GateError: no GPIO chip, a pin in use, or a relay that cannot be set to locked.
    """

    def __init__(
        self,
        config: GateConfig,
        factory: Any,
        watchdog: RelayWatchdog | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        fire_opens: bool = False,
    ) -> None:
        self._config, self._watchdog = config, watchdog
        self._open: list[Callable[[], None]] = []
        """Closers, newest last."""
        try:
            # Relays first: they must be locked even if the rest fails.
            self._relays = {Direction.IN: self._relay("gate.relay_pin", config.relay_pin, factory)}
            if config.relay_out_pin is not None:
                self._relays[Direction.OUT] = self._relay("gate.relay_out_pin", config.relay_out_pin, factory)
            self._controller_output = self._make_controller_output(factory)
            self._guard = PulseGuard(self._energise, self._rest, config.pulse_max_ms / 1000, watchdog, monotonic)
            self._open.append(self._guard.close)
            self._inputs = Inputs(config, factory, monotonic, self._open_for_fire if fire_opens else None)
            self._open.append(self._inputs.close)
        except Exception:
            self._close_all()
            raise

    def pulse(self, way: Direction = Direction.IN, stretch: float = 1.0) -> None:
        """Release for pulse_ms times `stretch`; the guard ends it. See `edge.core.ports.Gate`."""
        if self._config.is_terminal:
            return
        if self._controller_output is not None:
            self._controller_output.send(way)
        else:
            self._guard.release(self._config.pulse_ms / 1000 * stretch, way)

    def lock(self) -> None:
        self._guard.lock()

    def hold_open(self) -> None:
        """Release both ways until `lock`. Only for fire: the only release without an end."""
        if not self._config.is_terminal:
            self._guard.hold()

    def end_due_pulse(self) -> float | None:
        """See `PulseGuard.end_if_due`. For a simulated clock, for which the guard's thread cannot wait."""
        return self._guard.end_if_due()

    def signals(self) -> list[GateSignal]:
        return self._inputs.signals()

    def wait(self, timeout_s: float) -> None:
        self._inputs.wait(timeout_s)

    def chattering(self) -> list[str]:
        return self._inputs.chattering()

    @property
    def energised(self) -> bool:
        """Raises GateError."""
        with self._relay_used():
            return any(relay.value for relay in self._relays.values())

    def close(self) -> None:
        """Lock, then release the pins. May be called twice."""
        try:
            self._guard.close()
            if self._watchdog is not None:
                self._watchdog.close()  # it shares the relays' lines, which are free only after its end
        finally:
            self._close_all()

    def _relay(self, key: str, pin: int, factory: Any) -> DigitalOutputDevice:
        # initial_value=False drives the locked level from the first moment the pin is an output.
        active_high = self._config.relay_active_high
        with pin_errors_as(key, pin, GateError, holder_of):
            relay = DigitalOutputDevice(pin, active_high=active_high, initial_value=False, pin_factory=factory)
            self._open.append(relay.close)
            locked = not relay.value
        if not locked:
            raise GateError(f"relay pin {pin} cannot be set to locked: check its wiring")
        return relay

    def _make_controller_output(self, factory: Any) -> ControllerOutput | None:
        made: ControllerOutput
        if self._config.output in ("relay", "none"):
            return None
        made = OsdpOutput(self._config) if self._config.output == "osdp" else WiegandOutput(self._config, factory)
        self._open.append(made.close)
        return made

    def _open_for_fire(self) -> None:
        """Open at once on the fire contact. The passage learns of it by `signals`, and ends it."""
        try:
            self.hold_open()
        except GateError as error:  # the passage tries again, and reports
            log.error("fire_not_opened", error=str(error))

    def _energise(self, way: Direction | None) -> None:
        with self._relay_used():
            if way is not None:
                self._relays.get(way, self._relays[Direction.IN]).on()
                return
            for relay in self._relays.values():
                relay.on()

    def _rest(self) -> None:
        with self._relay_used():
            for relay in self._relays.values():
                relay.off()

    def _relay_used(self) -> AbstractContextManager[None]:
        return pin_errors_as("gate.relay_pin", self._config.relay_pin, GateError, holder_of)

    def _close_all(self) -> None:
        close_all(self._open)
