"""The second half of `sitegate bench`: ways in without a face, from the camera and the reader to the relay."""

from contextlib import closing
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
    """Run the whole loop without a face: with a code, and with a card and its PIN, `times` each.

    "code shown to relay" is from the moment the card comes into view. "card + PIN to relay" is from the PIN's Enter
    key, so it holds the comparison of the PIN. Reading alone is of one 640x480 frame, with and without a code in it.
    """
    with closing(_GateWithoutFaces(matcher, scratch)) as gate:
        codes = [gate.admit_by_code() for _ in range(times)]
        cards = [gate.admit_by_card() for _ in range(times)]
    now, scene = gate.clock.utc().replace(microsecond=0), gate.scene
    held = scene.with_code(make(Code("bench", "", now, now + timedelta(minutes=5)), gate.key))
    return [
        timing("look for a code, none", repeat(lambda: read_codes(scene.empty), 200)),
        timing("read a code", repeat(lambda: read_codes(held), 200)),
        timing("code shown to relay", codes),
        timing("card + PIN to relay", cards),
    ]


class _GateWithoutFaces:
    """Runs the real loop before a camera that shows codes, with a card reader that is typed at."""

    def __init__(self, matcher: FaceMatcher, scratch: Path) -> None:
        self.clock, self.key, self.scene = SystemClock(), Ed25519PrivateKey.generate(), _HeldUp()
        self._keyboard = SimulatedKeyboard()
        config = Config(
            site=SiteConfig(site_id="site-demo"),
            gate=GateConfig(pins="mock", passage_pin=22, mock_walk_through_s=0.05, pulse_ms=50),
        )
        reader = WedgeReader(self._keyboard.source, config.reader, self.clock)
        self._factory = make_factory(config.gate)
        adapters = Adapters(
            camera=CaptureThread(lambda: self.scene, config.camera, self.clock),
            matcher=matcher,
            gate=GpioGate(config.gate, self._factory),
            indicator=GpioIndicator(IndicatorConfig(), self._factory),
            roster=FixedRoster((), self.clock, card=BENCH_CARD, pin=BENCH_PIN),
            journal=Journal(scratch / "other-ways.db", config.site, self.clock),
            desk_requests=DeskReader(scratch / "desk.db"),
            clock=self.clock,
            code_reader=QrCodeReader(config, self.key.public_key(), self.clock),
            card_reader=reader,
            pin_code_check=ThreadedPinCodeCheck(),
        )
        self._loop = GateLoop(config, adapters)
        adapters.camera.start()
        reader.start()

    def admit_by_code(self) -> float:
        """Show a code. Returns the seconds to the relay."""
        # A code holds whole seconds. A code from before the journal began is refused: it may have been used before.
        issued = self.clock.utc().replace(microsecond=0) + timedelta(seconds=1)
        text = make(Code("bench", "site-demo", issued, issued + timedelta(minutes=5)), self.key)
        self.scene.image = self.scene.with_code(text)
        return self._admitted(self.clock.monotonic())

    def admit_by_card(self) -> float:
        """Enter a card and its PIN. Returns the seconds to the relay."""
        self._keyboard.type(BENCH_CARD)
        self._keyboard.type(BENCH_PIN)
        return self._admitted(self.clock.monotonic())

    def close(self) -> None:
        self._loop.close()
        self._factory.close()

    def _admitted(self, shown_at: float) -> float:
        """Wait until the relay moves and the next person may come. Returns the seconds to the relay."""
        before = len(self._loop.shown_to_pulse_s)
        while len(self._loop.shown_to_pulse_s) == before:
            self._loop.step()
            if self.clock.monotonic() - shown_at > 10:
                raise RuntimeError("the bench's own worker was not let in")
        taken = self.clock.monotonic() - shown_at
        self.scene.image = self.scene.empty
        pause = self.clock.monotonic() + 0.3
        while self.clock.monotonic() < pause:
            self._loop.step()
        return taken


class _HeldUp:
    """Plays 30 frames/s of an empty lane, or of one with a code in it."""

    name = "bench camera"

    def __init__(self) -> None:
        self.rate_hz: float | None = 30
        self.empty = draw_lane(640, 480, 150, 1)
        self.image = self.empty

    def with_code(self, text: str) -> Image:
        """Draw a code of 110 pixels: a phone at some 30 cm."""
        image: Image = self.empty.copy()
        CodeCard(text).draw(image, 300, 280, 110, 2)
        return image

    def open(self) -> None:
        """Nothing to open."""

    def read(self) -> Image:
        return self.image.copy()

    def close(self) -> None:
        """Nothing to release."""
