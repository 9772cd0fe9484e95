"""Check what is connected: camera, pins, readers, thermometer, broker."""

import time
from pathlib import Path

from common.broker.server_certificate import days_left_at
from common.certificate_expiry import WARN_DAYS, days_left
from common.check_result import CheckResult, CheckState
from edge.app.devices import make_camera
from edge.app.state_folders import DESK, JOURNAL
from edge.camera import CameraFault
from edge.core.config import Config
from edge.core.ports import GateError
from edge.devices.gate import GpioGate, make_factory
from edge.devices.readers.evdev_source import EvdevSource
from edge.devices.thermometer import SensorFault, object_celsius, open_bus
from edge.sim import ScriptError
from edge.storage.desk import DeskReader
from edge.storage.journal import JournalReader
from edge.sync.mqtt import LinkError, MqttLink, access
from edge.system.clock import SystemClock

CAMERA_WAIT_S = 8.0
LIVE_MAX_S = 5.0
PERSIST = "pinctrl_*/parameters/persist_gpio_outputs"


def camera(config: Config) -> CheckResult:
    try:
        device = make_camera(config, SystemClock())
    except (CameraFault, ScriptError) as error:
        return CheckResult("camera", CheckState.PROBLEM, str(error), "correct [camera] in the configuration")
    try:
        device.start()
        frame = device.wait(0, CAMERA_WAIT_S)
        status = device.status()
    finally:
        device.close()
    if frame is None:
        todo = "" if ": " in status.detail else "check the cable and [camera] in the configuration"
        return CheckResult("camera", CheckState.PROBLEM, status.detail, todo)
    height, width = frame.image.shape[:2]
    return CheckResult(
        "camera", CheckState.OK, f"{config.camera.source}: {width} x {height}, mean brightness {frame.image.mean():.0f}"
    )


def pins(config: Config) -> CheckResult:
    """Set the relay to locked, its state anyway, and check that it is."""
    try:
        factory = make_factory(config.gate)
        gate = GpioGate(config.gate, factory)
    except GateError as error:
        detail, _, todo = str(error).partition(": ")
        return CheckResult("pins", CheckState.PROBLEM, detail, todo)
    try:
        locked = not gate.energised
    finally:
        gate.close()
        factory.close()
    if any(_says_yes(path) for path in Path("/sys/module").glob(PERSIST)):
        todo = "add dtparam=strict_gpiod to /boot/firmware/config.txt and restart (docs/SAFETY.md)"
        return CheckResult(
            "pins", CheckState.WARNING, "relay locked, but this kernel keeps a killed program's pin levels", todo
        )
    kind = "gpiozero's mock pins: nothing is wired" if config.gate.pins == "mock" else "lgpio"
    if not locked:
        return CheckResult(
            "pins", CheckState.PROBLEM, "the relay does not lock", "check its wiring and gate.relay_active_high"
        )
    return CheckResult(
        "pins", CheckState.WARNING if config.gate.pins == "mock" else CheckState.OK, f"relay locked ({kind})"
    )


def _says_yes(path: Path) -> bool:
    try:
        return path.read_text().strip() == "Y"
    except OSError:
        return False


def ways_in(config: Config) -> CheckResult:
    """Check that there is a way in for people whom the camera does not know."""
    ways = ["codes"] if config.reader.codes else []
    if config.reader.device:
        source = EvdevSource(config.reader.device)
        try:
            source.open()
        except OSError as error:
            detail, _, todo = str(error).partition(": ")
            return CheckResult("ways in", CheckState.PROBLEM, detail, todo)
        finally:
            source.close()
        ways.append("cards and PINs")
    desk = DeskReader(config.paths.state_dir / DESK)
    ways += ["the desk"] if desk.has_accounts() else []
    desk.close()
    if not ways:
        todo = "set reader.codes or reader.device, or make an account: sitegate account add NAME"
        return CheckResult("ways in", CheckState.WARNING, "the face only: people it does not know stay outside", todo)
    return CheckResult("ways in", CheckState.OK, f"beside the face: {', '.join(ways)}")


def thermometer(config: Config) -> CheckResult:
    where = config.temperature
    if where.sensor == "simulated":
        return CheckResult(
            "thermometer", CheckState.WARNING, "simulated: nobody is measured", "fit a sensor, or turn it off"
        )
    try:
        bus = open_bus(where.bus)
        try:
            celsius = object_celsius(bus, where.address)
        finally:
            bus.close()
    except (OSError, SensorFault) as error:
        todo = f"check wires and address (i2cdetect -y {where.bus}), dtparam=i2c_arm=on, and that this user is in group i2c"
        return CheckResult(
            "thermometer", CheckState.PROBLEM, f"I2C bus {where.bus}, address {where.address:#04x}: {error}", todo
        )
    return CheckResult("thermometer", CheckState.OK, f"{celsius:.1f} °C before the sensor now")


def broker(config: Config) -> CheckResult:
    where = f"{config.sync.broker_host}:{config.sync.broker_port}"
    try:
        link = MqttLink(config.sync, f"sitegate-check-{config.site.gate_id}", [])
    except LinkError as error:
        return CheckResult("broker", CheckState.PROBLEM, str(error), "correct [sync] in the configuration")
    link.start()
    deadline = time.monotonic() + config.sync.connect_timeout_s
    while not link.state.connected and link.state.detail in ("", "not connected yet") and time.monotonic() < deadline:
        time.sleep(0.05)
    state = link.state
    link.close()
    if not state.connected:
        todo = "the gate works on without it; check broker, network, [sync]"
        return CheckResult("broker", CheckState.PROBLEM, f"{where}: {state.detail}", todo)
    connected = f"connected to {where}{' with TLS' if config.sync.tls else ''}"
    left = days_left_at(access(config.sync), SystemClock().utc())
    if left is not None and left < WARN_DAYS:
        detail = f"{connected}; the broker's certificate ends in {left:.0f} days"
        todo = "have it renewed there in time: without it no gate connects"
        return CheckResult("broker", CheckState.WARNING, detail, todo)
    path = config.sync.client_cert_path
    if path is not None and (left := days_left(path, SystemClock().utc())) < WARN_DAYS:
        todo = f"renew {path}; sync takes it at its next connection (systemctl restart sitegate-sync)"
        return CheckResult(
            "broker", CheckState.WARNING, f"{connected}; this gate's certificate ends in {left:.0f} days", todo
        )
    return CheckResult("broker", CheckState.OK, connected)


def gate_is_running(config: Config) -> bool:
    """True if the gate process has reported itself in the last seconds. It then owns camera and pins."""
    reader = JournalReader(config.paths.state_dir / JOURNAL)
    live = reader.live()
    reader.close()
    return live is not None and (SystemClock().utc() - live.utc).total_seconds() < LIVE_MAX_S
