"""OSDP output (IEC 60839-11-5): the gate acts as a reader on an RS-485 bus and shows one credential; a controller
opens.

libosdp speaks the protocol, pyserial drives the port. Both are loaded only with `[gate] output = "osdp"`. A credential
that the controller does not fetch at once is withdrawn: it must not open for another person later.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog

from common.libraries import extra, loading
from common.text_files import read_text
from contract.messages import Direction
from edge.core.config import GateConfig
from edge.core.ports import GateError
from edge.devices.gate.wiegand import encode

log = structlog.get_logger()

REFRESH_S = 0.02
FETCHED_WITHIN_S = 1.0


class OsdpOutput:
    """Sends the credential over OSDP. Raises GateError if the library, the port or the key cannot be used."""

    def __init__(self, config: GateConfig) -> None:
        cards = {Direction.IN: config.credential_card, Direction.OUT: config.credential_card}
        if config.credential_out_card is not None:
            cards[Direction.OUT] = config.credential_out_card
        bits = 26 if config.credential_facility < 256 else 34
        self._faults: list[str] = []
        """The port's last error, while it fails."""
        self._port, self._device = _open(config, self._faults)
        self._reads = {way: _card_read(encode(bits, config.credential_facility, card)) for way, card in cards.items()}
        self._lock = threading.Lock()
        self._withdraw_at: float | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._keep_up, name="osdp", daemon=True)
        self._thread.start()

    @property
    def online(self) -> bool:
        """True while the controller polls this gate."""
        with self._lock:
            return bool(self._device.ctx.is_online())

    def send(self, way: Direction) -> None:
        """Show the credential of this way at the controller's next poll. Raises GateError if it does not poll."""
        with self._lock:
            if self._faults:
                raise GateError(
                    f"the OSDP port fails ({self._faults[-1]}): check gate.osdp_device, restart sitegate gate"
                )
            if not self._device.ctx.is_online():
                raise GateError("the access controller does not poll this gate: check [gate] osdp_* and the bus")
            self._device.ctx.flush_events()
            self._device.ctx.submit_event(self._reads[way])
            self._withdraw_at = time.monotonic() + FETCHED_WITHIN_S

    def close(self) -> None:
        """Close the port. May be called twice."""
        self._closed.set()
        self._thread.join(timeout=2)
        self._port.close()

    def _keep_up(self) -> None:
        while not self._closed.wait(REFRESH_S):
            with self._lock:
                self._device.ctx.refresh()
                if self._withdraw_at is not None and time.monotonic() >= self._withdraw_at:
                    self._device.ctx.flush_events()
                    self._withdraw_at = None


def _open(config: GateConfig, faults: list[str]) -> tuple[Any, Any]:
    """Open the port and the device. Errors of the port (unplugged) go to `faults`, because the C library accepts no
    exception."""
    with loading("the OSDP library", extra("osdp"), GateError):
        import osdp
        import serial
    key = _key(config)
    try:
        port = serial.Serial(config.osdp_device, config.osdp_baud, timeout=0)
    except (serial.SerialException, OSError) as error:
        raise GateError(f"{config.osdp_device} cannot be opened ({error}): check gate.osdp_device") from error

    info = osdp.PDInfo(
        config.osdp_address,
        _channel(osdp, port, faults),
        scbk=key,
        name="sitegate",
        flags=[osdp.LibFlag.EnforceSecure] if key else [],
    )
    can = osdp.PDCapabilities([(osdp.Capability.CommunicationSecurity, 1, 1), (osdp.Capability.CardDataFormat, 1, 1)])
    try:
        device = osdp.PeripheralDevice(info, can, log_level=osdp.LogLevel.Error)
    except Exception as error:  # the library raises bare Exceptions
        port.close()
        raise GateError(f"OSDP cannot be started ({error}): check [gate] osdp_*") from error
    return port, device


def _channel(osdp: Any, port: Any, faults: list[str]) -> Any:
    """Make the library's channel on a port. Errors go to `faults`, and the last success clears them."""
    from serial import SerialException

    def attempt(call: Callable[[], Any], otherwise: Any) -> Any:
        try:
            done = call()
        except (SerialException, OSError) as error:
            faults[:] = [str(error)]
            return otherwise
        faults.clear()
        return done

    class SerialChannel(osdp.Channel):  # type: ignore[misc]
        """The bus, as the library reads and writes it."""

        def read(self, max_bytes: int) -> bytes:
            return bytes(attempt(lambda: port.read(max_bytes), b""))

        def write(self, data: bytes) -> int:
            return int(attempt(lambda: port.write(data), 0) or 0)

        def flush(self) -> None:
            attempt(port.flush, None)

    return SerialChannel()


def _key(config: GateConfig) -> bytes | None:
    if config.osdp_key_path is None:
        log.warning("osdp_without_encryption", todo="set gate.osdp_key_path")
        return None
    try:
        key = bytes.fromhex(read_text(config.osdp_key_path).strip())
    except (OSError, ValueError) as error:
        raise GateError(f"{config.osdp_key_path} holds no key ({type(error).__name__}): 32 hex digits") from error
    if len(key) != 16:
        raise GateError(f"{config.osdp_key_path} holds {len(key)} bytes: a key has 32 hex digits")
    return key


def _card_read(bits: tuple[int, ...]) -> dict[str, Any]:
    """Make libosdp's event: Wiegand data, first bit first, padded with zeros."""
    from osdp import CardFormat, Event

    padded = (*bits, *([0] * (-len(bits) % 8)))
    data = bytes(int("".join(map(str, padded[i : i + 8])), 2) for i in range(0, len(padded), 8))
    return {
        "event": Event.CardRead,
        "reader_no": 0,
        "direction": 0,
        "format": CardFormat.Wiegand,
        "length": len(bits),
        "data": data,
    }
