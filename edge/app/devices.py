"""Make the gate process's devices from the configuration."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from contract.keyring import TrustedKeys
from edge.app.preview_file import PreviewFile
from edge.app.state_folders import PIN_HISTORY, gate_dir
from edge.camera import CameraFault, CaptureThread, Source, source_for
from edge.capture.preview import PreviewThread
from edge.core.config import CameraConfig, Config, IndicatorConfig, TemperatureConfig
from edge.core.ports import Camera, CardReader, Clock, CodeReader, Preview, Thermometer
from edge.core.volume import volume_at, volume_span
from edge.devices.gate import GpioGate, make_factory
from edge.devices.indicator import GpioIndicator, Voice
from edge.devices.readers.evdev_source import EvdevSource
from edge.devices.readers.qr_codes import QrCodeReader
from edge.devices.readers.wedge import WedgeReader
from edge.devices.thermometer import Mlx90614
from edge.sim import SimulatedThermometer, WalkUpSource, load_script
from edge.system.clock import SystemClock


def make_camera(config: Config, clock: Clock) -> Camera:
    """Make the configured camera, not yet started. Raises CameraFault, ScriptError."""
    lane = config.matcher.lane_left, config.matcher.lane_right
    camera = CaptureThread(_source(config.camera, clock, lambda: camera.taken()), config.camera, clock, lane)
    return camera


def _source(config: CameraConfig, clock: Clock, taken: Callable[[], int]) -> Callable[[], Source]:
    if config.source != "walkup":
        return source_for(config)
    if config.path is None:
        raise CameraFault("camera.path is not set: the walk-up simulator needs a script")
    script = load_script(config.path)
    return lambda: WalkUpSource(script, config.repeat, clock, taken)


def make_preview(config: Config) -> Preview | None:
    """Make the preview for the lane page; None without one."""
    if not config.screen.preview_hz:
        return None
    return PreviewThread(PreviewFile(config), config.screen.preview_hz)


def make_credential_readers(config: Config, clock: Clock) -> tuple[CodeReader | None, CardReader | None]:
    """Make the configured code and card readers. The card reader is not started yet. Raises BadKey."""
    key = TrustedKeys(config.keys.hq_signing_public_path)
    codes = QrCodeReader(config, key, clock) if config.reader.codes else None
    device = config.reader.device
    return codes, WedgeReader(lambda: EvdevSource(device), config.reader, clock) if device else None


def make_indicator(config: IndicatorConfig, factory: Any, clock: Clock) -> GpioIndicator:
    """Make lamps, buzzer and voice, as loud as the hour allows. Raises IndicatorError."""
    spans = [volume_span(text) for text in config.volume_by_hour]

    def volume() -> int:
        return volume_at(config.volume_percent, spans, clock.utc().astimezone().time())

    folder = config.voice_dir
    voice = Voice(folder, config.voice_languages, config.voice_device, volume=volume) if folder else None
    return GpioIndicator(config, factory, voice, volume)


def make_thermometer(config: TemperatureConfig, clock: Clock) -> Thermometer | None:
    """Make the configured thermometer; None without one."""
    if config.sensor == "mlx90614":
        return Mlx90614(config, clock)
    return SimulatedThermometer(config.simulated_c) if config.sensor == "simulated" else None


@contextmanager
def manual_devices(config: Config) -> Iterator[tuple[Camera, GpioGate, GpioIndicator, Clock]]:
    """Open camera, gate and indicator for a technician, without a loop. The gate is locked before and after.

    Raises one of `edge.app.gate.ERRORS`.
    """
    clock = SystemClock()
    gate_dir(config)
    factory = make_factory(config.gate, config.paths.state_dir / PIN_HISTORY)
    with ExitStack() as parts:
        parts.callback(factory.close)
        gate = GpioGate(config.gate, factory)
        parts.callback(gate.close)
        indicator = make_indicator(config.indicator, factory, clock)
        parts.callback(indicator.close)
        camera = make_camera(config, clock)
        parts.callback(camera.close)
        camera.start()
        yield camera, gate, indicator, clock
