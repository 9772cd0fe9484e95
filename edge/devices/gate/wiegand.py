"""Wiegand output: the gate acts as a reader and shows one credential; an access controller opens.

Format of 26 bits (HID H10301): even parity over the first 12 data bits, 8 bit facility, 16 bit card, odd parity over
the last 12. Format of 34 bits: even parity over the first 16, 16 bit facility, 16 bit card, odd parity over the last
16.

Timing by SIA AC-01: both lines rest high. Each bit is one low pulse of 50 µs on D0 (zero) or D1 (one), a bit every 2
ms.
"""

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import structlog
from gpiozero import DigitalOutputDevice

from contract.messages import Direction
from edge.core.config import GateConfig
from edge.core.ports import GateError
from edge.devices.gate.pins import holder_of
from edge.devices.pin_fault import close_all, library_errors, pin_errors_as

log = structlog.get_logger()

PULSE_S = 50e-6
SPACE_S = 2e-3
_FACILITY_BITS = {26: 8, 34: 16}


def encode(bits: int, facility: int, card: int) -> tuple[int, ...]:
    """Return the bits of a credential, first to last. `bits`: 26 or 34. Raises ValueError for numbers that do not
    fit."""
    width = _FACILITY_BITS[bits]
    if not 0 <= facility < 1 << width or not 0 <= card < 1 << 16:
        raise ValueError(f"facility {facility} and card {card} do not fit into {bits} bits")
    data = [int(digit) for digit in f"{facility:0{width}b}{card:016b}"]
    half = len(data) // 2
    return (sum(data[:half]) % 2, *data, 1 - sum(data[half:]) % 2)


class WiegandOutput:
    """Sends one credential at a time, in a separate thread: 26 bits take 52 ms."""

    def __init__(self, config: GateConfig, factory: Any) -> None:
        bits = 26 if config.output == "wiegand26" else 34
        cards = {Direction.IN: config.credential_card, Direction.OUT: config.credential_card}
        if config.credential_out_card is not None:
            cards[Direction.OUT] = config.credential_out_card
        self._codes = {way: encode(bits, config.credential_facility, card) for way, card in cards.items()}
        self._lines: list[DigitalOutputDevice] = []
        try:
            for key in ("wiegand_d0_pin", "wiegand_d1_pin"):
                pin = getattr(config, key)
                with pin_errors_as(f"gate.{key}", pin, GateError, holder_of):
                    # Resting means high on the wire: "on" is the low pulse.
                    line = DigitalOutputDevice(pin, active_high=False, initial_value=False, pin_factory=factory)
                self._lines.append(line)
        except Exception:
            self.close()
            raise
        self._sending = threading.Lock()
        self._thread: threading.Thread | None = None

    def send(self, way: Direction) -> None:
        """Show the credential of this way. Returns at once."""
        self._thread = threading.Thread(target=self._send, args=(self._codes[way],), name="wiegand", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Finish a credential that is being sent, then release both lines at rest."""
        thread = getattr(self, "_thread", None)
        if thread is not None:
            thread.join(timeout=1)
        close_all([line.close for line in self._lines])

    def _send(self, code: Sequence[int]) -> None:
        with self._sending:
            try:
                for bit in code:
                    line = self._lines[bit]
                    line.on()
                    _wait(PULSE_S)
                    line.off()
                    time.sleep(SPACE_S - PULSE_S)
            except library_errors() as error:  # half a credential opens nothing: its parity is wrong
                log.error("credential_not_shown", error=str(error))
                for line in self._lines:
                    with suppress(*library_errors()):
                        line.off()


def _wait(seconds: float) -> None:
    """Wait busily: a sleep would be several times too long for 50 µs."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass
