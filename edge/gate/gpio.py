"""The turnstile on GPIO pins: a bounded release, and the inputs. Locked on every exit.

The pulse is ended by a guard thread, and a second guard outside this process ends it if the process hangs. When the
process is killed, the line must fall back to the board's pull, which must mean locked; some Raspberry Pi kernels keep
the last level instead, so systemd also runs `sitegate lock` whenever the gate process has ended (docs/SAFETY.md).
The same adapter runs on gpiozero's mock pins.
"""

import time
from collections.abc import Callable
from typing import Any, Protocol

import structlog
from gpiozero import DigitalOutputDevice, GPIOZeroError

from contract.messages import Direction
from edge.config import GateConfig
from edge.domain import GateSignal
from edge.gate.inputs import Inputs
from edge.gate.osdp import OsdpReader
from edge.gate.pulse import PulseGuard, Watcher
from edge.gate.wiegand import WiegandReader
from edge.ports import GateError

log = structlog.get_logger()


class Credential(Protocol):
    """Tells an access controller to open, instead of a relay."""

    def tell(self, way: Direction) -> None:
        """Returns at once. Raises GateError."""

    def close(self) -> None: ...


class GpioGate:
    """See `edge.ports.Gate`. `monotonic` tells the seconds by which a pulse ends and inputs are believed.

    Raises:
        GateError: no GPIO chip, a pin in use, or a relay that cannot be set to locked.
    """

    def __init__(
        self,
        config: GateConfig,
        factory: Any,
        watcher: Watcher | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._open: list[Callable[[], None]] = []
        """What to close, newest last."""
        try:
            self._relays = {Direction.IN: self._relay(config.relay_pin, factory)}
            if config.relay_out_pin is not None:
                self._relays[Direction.OUT] = self._relay(config.relay_out_pin, factory)
            self._credential = self._make_credential(factory)
            self._inputs = Inputs(config, factory, monotonic)
            self._open.append(self._inputs.close)
        except GPIOZeroError as error:
            self._let_go()
            raise GateError(f"a pin cannot be used ({error}): check [gate] pins, wiring and permissions") from error
        except GateError:
            self._let_go()
            raise
        self._guard = PulseGuard(self._energise, self._rest, config.pulse_max_ms / 1000, watcher, monotonic)

    def pulse(self, way: Direction = Direction.IN, stretch: float = 1.0) -> None:
        """Release for pulse_ms times `stretch`; the guard ends it. See `edge.ports.Gate`."""
        if self._credential is not None:
            self._credential.tell(way)
        else:
            self._guard.release(self._config.pulse_ms / 1000 * stretch, way)

    def lock(self) -> None:
        self._guard.lock()

    def hold_open(self) -> None:
        """Release both ways until `lock`. Only for fire: this is the one release without an end."""
        self._guard.hold()

    def end_due_pulse(self) -> float | None:
        """See `PulseGuard.end_if_due`: for a clock that is set by hand, whose time the guard's thread cannot wait for."""
        return self._guard.end_if_due()

    def signals(self) -> list[GateSignal]:
        return self._inputs.signals()

    def fluttering(self) -> list[str]:
        return self._inputs.fluttering()

    @property
    def energised(self) -> bool:
        return any(relay.value for relay in self._relays.values())

    def close(self) -> None:
        """Lock, then let go of the pins; may be called twice."""
        self._guard.close()
        self._let_go()

    def _relay(self, pin: int, factory: Any) -> DigitalOutputDevice:
        # initial_value=False drives the locked level from the first moment the pin is an output.
        relay = DigitalOutputDevice(
            pin, active_high=self._config.relay_active_high, initial_value=False, pin_factory=factory
        )
        self._open.append(relay.close)
        if relay.value:
            raise GateError(f"relay pin {pin} cannot be set to locked: check its wiring")
        return relay

    def _make_credential(self, factory: Any) -> Credential | None:
        made: Credential
        if self._config.output == "relay":
            return None
        made = OsdpReader(self._config) if self._config.output == "osdp" else WiegandReader(self._config, factory)
        self._open.append(made.close)
        return made

    def _energise(self, way: Direction | None) -> None:
        if way is not None:
            self._relays.get(way, self._relays[Direction.IN]).on()
            return
        for relay in self._relays.values():
            relay.on()

    def _rest(self) -> None:
        for relay in self._relays.values():
            relay.off()

    def _let_go(self) -> None:
        while self._open:
            self._open.pop()()
