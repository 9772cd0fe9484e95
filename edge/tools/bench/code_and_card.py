"""The second half of `sitegate bench`: the ways in that need no face, from the camera and the reader to the relay."""

from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.code import Code, make
from edge.camera import CaptureThread
from edge.core.config import Config, GateConfig, IndicatorConfig, SiteConfig
from edge.core.domain import Image
from edge.devices.gate import GpioGate, make_factory
from edge.devices.indicator import GpioIndicator
from edge.devices.readers.pin_code_check import ThreadedPinCodeCheck
from edge.devices.readers.qr_codes import QrCodeReader, read_codes
from edge.devices.readers.wedge import WedgeReader
from edge.loop import Adapters, GateLoop
from edge.matcher import FaceMatcher
from edge.sim import SimulatedKeyboard
from edge.sim.code_card import CodeCard
from edge.sim.lane_picture import draw_lane
from edge.storage.desk import DeskReader
from edge.storage.journal import Journal
from edge.system.clock import SystemClock
from edge.tools.bench.face_to_relay import FixedRoster, StageTiming, repeat, timing

BENCH_CARD, BENCH_PIN = "0012345678", "471100"


def code_and_card(matcher: FaceMatcher, scratch: Path, times: int) -> list[StageTiming]:
    """Nobody's face, the whole loop: a code held before the camera, and a card with its PIN, `times` each.

    "code shown to relay" is from the moment the card comes into view; "card + PIN to relay" from the PIN's Enter key, so
    it holds the comparison of the PIN. Reading alone is of one 640x480 frame, with and without a code in it.
    """
    clock, key = SystemClock(), Ed25519PrivateKey.generate()
    config = Config(
        site=SiteConfig(site_id="site-demo"),
        gate=GateConfig(pins="mock", passage_pin=22, mock_walk_through_s=0.05, pulse_ms=50),
    )
    scene, keys = _HeldUp(), SimulatedKeyboard()
    reader, pin_code_check = WedgeReader(keys.source, config.reader, clock), ThreadedPinCodeCheck()
    factory = make_factory(config.gate)
    adapters = Adapters(
        camera=CaptureThread(lambda: scene, config.camera, clock),
        matcher=matcher,
        gate=GpioGate(config.gate, factory),
        indicator=GpioIndicator(IndicatorConfig(), factory),
        roster=FixedRoster((), clock, card=BENCH_CARD, pin=BENCH_PIN),
        journal=Journal(scratch / "other-ways.db", config.site, clock),
        desk_requests=DeskReader(scratch / "desk.db"),
        clock=clock,
        code_reader=QrCodeReader(config, key.public_key(), clock),
        card_reader=reader,
        pin_code_check=pin_code_check,
    )
    loop = GateLoop(config, adapters)
    adapters.camera.start()
    reader.start()

    def admitted(shown_at: float) -> float:
        """Seconds until the relay moves, then until the next person may come."""
        before = len(loop.shown_to_pulse_s)
        while len(loop.shown_to_pulse_s) == before:
            loop.step()
            if clock.monotonic() - shown_at > 10:
                raise RuntimeError("the bench's own worker was not let in")
        taken = clock.monotonic() - shown_at
        scene.image = scene.empty
        pause = clock.monotonic() + 0.3
        while clock.monotonic() < pause:
            loop.step()
        return taken

    def by_code() -> float:
        # A code tells whole seconds. One that says a time before the journal began is refused: it may have been used before.
        issued = clock.utc().replace(microsecond=0) + timedelta(seconds=1)
        text = make(Code("bench", "site-demo", issued, issued + timedelta(minutes=5)), key)
        scene.image = scene.with_code(text)
        return admitted(clock.monotonic())

    def by_card() -> float:
        keys.type(BENCH_CARD)
        keys.type(BENCH_PIN)
        return admitted(clock.monotonic())

    try:
        codes = [by_code() for _ in range(times)]
        cards = [by_card() for _ in range(times)]
    finally:
        loop.close()
        factory.close()
    now = clock.utc().replace(microsecond=0)
    held = scene.with_code(make(Code("bench", "", now, now + timedelta(minutes=5)), key))
    return [
        timing("look for a code, none", repeat(lambda: read_codes(scene.empty), 200)),
        timing("read a code", repeat(lambda: read_codes(held), 200)),
        timing("code shown to relay", codes),
        timing("card + PIN to relay", cards),
    ]


class _HeldUp:
    """A camera before which cards are held: 30 frames/s of an empty lane, or of one with a code in it."""

    name = "bench camera"

    def __init__(self) -> None:
        self.rate_hz: float | None = 30
        self.empty = draw_lane(640, 480, 150, 1)
        self.image = self.empty

    def with_code(self, text: str) -> Image:
        """A code of 110 pixels: a phone at some 30 cm."""
        image: Image = self.empty.copy()
        CodeCard(text).draw(image, 300, 280, 110, 2)
        return image

    def open(self) -> None:
        """Nothing to open."""

    def read(self) -> Image:
        return self.image.copy()

    def close(self) -> None:
        """Nothing to let go of."""
