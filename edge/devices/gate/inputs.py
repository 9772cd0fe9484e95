"""Read the gate's contacts on pins, and bound what chatter can queue."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from gpiozero import Button

from edge.core.config import GateConfig
from edge.core.domain import GateSignal
from edge.core.ports import GateError
from edge.devices.gate.contacts import EventContact, FireContact, RotationContacts, StateContact
from edge.devices.gate.pins import holder_of
from edge.devices.pin_fault import close_all, pin_errors_as

QUEUE_MAX = 1000
EXIT_EVERY_S = 1.0

Contact = EventContact | StateContact | FireContact


class Inputs:
    """Serve all fitted contacts. The fire contact calls `on_fire` directly, from the library's thread.

    Raises GateError for a pin that cannot be used.
    """

    def __init__(
        self,
        config: GateConfig,
        factory: Any,
        monotonic: Callable[[], float] = time.monotonic,
        on_fire: Callable[[], None] | None = None,
    ) -> None:
        self._config, self._factory, self._monotonic, self._on_fire = config, factory, monotonic, on_fire
        self._lock = threading.Lock()
        self._reported = threading.Event()
        self._queue: deque[GateSignal] = deque(maxlen=QUEUE_MAX)
        self._buttons: list[Button] = []
        self._sensors: list[tuple[str, Button, bool, Contact]] = []
        """Config key, pin, whether an open contact means active, and the contact."""
        try:
            self._fit()
        except Exception:
            self.close()
            raise

    def signals(self) -> list[GateSignal]:
        """Return the reports since the last call. Fire comes first, read from the pin and not from the queue."""
        now = self._monotonic()
        with self._lock:
            first: list[GateSignal] = []
            for _, button, inverted, sensor in self._sensors:
                found = sensor.poll(button.is_pressed != inverted, now)
                (first if isinstance(sensor, FireContact) else self._queue).extend(found)
            waiting = list(self._queue)
            self._queue.clear()
        return first + waiting

    def wait(self, timeout_s: float) -> None:
        """See `edge.core.ports.Gate`."""
        self._reported.wait(timeout_s)
        self._reported.clear()

    def chattering(self) -> list[str]:
        """See `edge.core.ports.Gate`."""
        now = self._monotonic()
        with self._lock:
            return [name for name, _, _, sensor in self._sensors if sensor.chatter.report_due(now)]

    def close(self) -> None:
        """Close all pins. May be called twice."""
        close_all([button.close for button in self._buttons])

    def _fit(self) -> None:
        config = self._config
        both_ways = config.passage_out_pin is not None
        self._add("fire_pin", FireContact(), config.fire_normally_closed)
        self._add("passage_pin", EventContact(GateSignal.PASSED_IN if both_ways else GateSignal.PASSED))
        self._add("passage_out_pin", EventContact(GateSignal.PASSED_OUT))
        self._add("door_pin", StateContact(GateSignal.DOOR_OPENED, GateSignal.DOOR_CLOSED), inverted=True)
        self._add("tamper_pin", StateContact(GateSignal.TAMPER, GateSignal.TAMPER_OVER))
        self._add("rex_pin", EventContact(GateSignal.REX, EXIT_EVERY_S))
        self._add("reset_pin", EventContact(GateSignal.RESET))
        if config.rotation_out_pin is None:
            self._add("rotation_pin", EventContact(GateSignal.ROTATING))
        else:
            self._add_rotation()

    def _add(self, name: str, sensor: Contact, inverted: bool = False) -> None:
        pin = getattr(self._config, name)
        if pin is None:
            return
        # Fire is not debounced: one false opening is better than a missed fire. Its end has its own delay.
        fire = isinstance(sensor, FireContact)
        button = self._button(name, pin, debounced=not fire)
        self._sensors.append((name, button, inverted, sensor))

        def changed(closed: bool) -> None:
            if fire and closed != inverted and self._on_fire is not None:
                self._on_fire()  # before any lock
            with self._lock:
                self._queue.extend(sensor.change(closed != inverted, self._monotonic()))
            self._reported.set()

        _on_change(button, changed)
        if fire and button.is_pressed != inverted and self._on_fire is not None:
            self._on_fire()  # there is a fire already; `signals` finds it too

    def _add_rotation(self) -> None:
        """Add both rotation contacts. The first one's closings detect chatter."""
        a, b = (self._button(name, getattr(self._config, name)) for name in ("rotation_pin", "rotation_out_pin"))
        rotation, watch = RotationContacts(), EventContact(GateSignal.ROTATING)
        self._sensors.append(("rotation_pin", a, False, watch))

        def changed(a_closed: bool, b_closed: bool, closing: bool) -> None:
            now = self._monotonic()
            with self._lock:
                if closing:
                    watch.change(True, now)
                found = rotation.change(a_closed, b_closed)
                if not watch.chatter.at(now):
                    self._queue.extend(found)
            self._reported.set()

        _on_change(a, lambda closed: changed(closed, b.is_pressed, closed))
        _on_change(b, lambda closed: changed(a.is_pressed, closed, closed))

    def _button(self, name: str, pin: int, debounced: bool = True) -> Button:
        with pin_errors_as(f"gate.{name}", pin, GateError, holder_of):
            button = Button(
                pin,
                pull_up=self._config.input_active_low,
                bounce_time=(self._config.debounce_ms / 1000 or None) if debounced else None,
                pin_factory=self._factory,
            )
        self._buttons.append(button)
        return button


def _on_change(button: Button, call: Callable[[bool], None]) -> None:
    button.when_pressed = lambda: call(True)
    button.when_released = lambda: call(False)
