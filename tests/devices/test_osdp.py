"""The OSDP reader on a pseudo terminal, polled by libosdp's own control panel at the other end."""

import os
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import osdp
import pytest

from contract.messages import Direction
from edge.core.config import GateConfig
from edge.core.ports import GateError
from edge.devices.gate.osdp import FETCHED_WITHIN_S, OsdpOutput
from edge.devices.gate.wiegand import encode

KEY = "000102030405060708090a0b0c0d0e0f"


class Bus(osdp.Channel):  # type: ignore[misc]
    """The controller's end of the line."""

    def __init__(self) -> None:
        super().__init__()
        self.fd, self._gate_end = os.openpty()
        tty.setraw(self.fd)
        os.set_blocking(self.fd, False)
        self.device = os.ttyname(self._gate_end)

    def read(self, max_bytes: int) -> bytes:
        try:
            return os.read(self.fd, max_bytes)
        except BlockingIOError:
            return b""

    def write(self, data: bytes) -> int:
        return os.write(self.fd, data)

    def flush(self) -> None: ...

    def close(self) -> None:
        os.close(self.fd)
        os.close(self._gate_end)


@pytest.fixture
def bus() -> Iterator[Bus]:
    made = Bus()
    yield made
    made.close()


def config(bus: Bus, key: Path | None) -> GateConfig:
    return GateConfig(
        pins="mock",
        output="osdp",
        osdp_device=bus.device,
        osdp_baud=115200,
        osdp_key_path=key,
        credential_facility=118,
        credential_card=1603,
        credential_out_card=1604,
    )


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "osdp.key"
    path.write_text(KEY + "\n")
    return path


@pytest.fixture
def reader(bus: Bus, key: Path) -> Iterator[OsdpOutput]:
    made = OsdpOutput(config(bus, key))
    yield made
    made.close()
    made.close()


class Controller:
    """An access controller that polls the gate and remembers which cards it was shown."""

    def __init__(self, bus: Bus) -> None:
        self.cards: list[tuple[int, bytes]] = []
        info = osdp.PDInfo(101, bus, scbk=bytes.fromhex(KEY))
        self._panel = osdp.ControlPanel([info], log_level=osdp.LogLevel.Error, event_handler=self._event)
        self._panel.start()

    def _event(self, address: int, event: dict[str, object]) -> int:
        if event["event"] == osdp.Event.CardRead:
            self.cards.append((int(str(event["length"])), bytes(event["data"])))  # type: ignore[call-overload]
        return 0

    def close(self) -> None:
        self._panel.teardown()


def test_ok__the_controller_is_shown_the_credential_of_each_way(bus: Bus, reader: OsdpOutput) -> None:
    controller = Controller(bus)
    try:
        wait_until(lambda: reader.online)
        reader.send(Direction.IN)
        wait_until(lambda: len(controller.cards) == 1)
        reader.send(Direction.OUT)
        wait_until(lambda: len(controller.cards) == 2)
    finally:
        controller.close()
    shown = [tuple(int(bit) for bit in f"{int.from_bytes(data):032b}"[:bits]) for bits, data in controller.cards]
    assert shown == [encode(26, 118, 1603), encode(26, 118, 1604)]


def test_fail__a_controller_that_does_not_poll_gets_nothing_later_either(bus: Bus, reader: OsdpOutput) -> None:
    with pytest.raises(GateError, match="does not poll"):
        reader.send(Direction.IN)
    controller = Controller(bus)
    wait_until(lambda: reader.online)
    controller.close()  # it goes away before it has fetched this one
    reader.send(Direction.IN)
    time.sleep(FETCHED_WITHIN_S + 0.3)
    controller = Controller(bus)
    try:
        time.sleep(2)
        assert controller.cards == []
    finally:
        controller.close()


@pytest.mark.parametrize("content", ["", "zz", "0011"])
def test_fail__a_key_that_is_none(bus: Bus, key: Path, content: str) -> None:
    key.write_text(content)
    with pytest.raises(GateError, match="32 hex digits"):
        OsdpOutput(config(bus, key))


def test_fail__no_port_says_what_to_check(bus: Bus, key: Path) -> None:
    wrong = config(bus, key).model_copy(update={"osdp_device": "/dev/no-such-port"})
    with pytest.raises(GateError, match=r"gate\.osdp_device"):
        OsdpOutput(wrong)


def wait_until(true: object, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline, "did not happen in time"
        threading.Event().wait(0.02)
