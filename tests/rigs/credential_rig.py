"""A gate with codes, cards and PINs: a real journal, real signatures, real QR codes in the frames."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from loop_rig import NOBODY, House, OneFrameEach

from contract.code import Code, make
from contract.credentials import card_digest, hash_pin_code
from contract.messages import AccessEvent, Advice, PolicySnapshot, Reason
from contract.policy import Factor, FactorRule
from edge.core.config import Config
from edge.core.domain import Frame, GateSignal, Image, ReaderEntry, ReaderStatus, Worker
from edge.devices.readers.qr_codes import QrCodeReader
from edge.loop import GateLoop
from edge.sim import ImmediatePinCodeCheck, ManualClock
from edge.sim.code_card import CodeCard
from edge.storage.journal import Journal

HQ, FORGER = (Ed25519PrivateKey.from_private_bytes(bytes([n] * 32)) for n in (1, 2))
CARD, PIN, OTHER_CARD = "0012345678", "4711", "0099999999"
STORED_PIN = hash_pin_code(PIN)
CARD_AND_PIN = (Factor.CARD, Factor.PIN)


class ShowingCamera(OneFrameEach):
    """A camera before which a card with a code may be held."""

    image: Image = np.full((480, 640, 3), 120, np.uint8)

    def wait(self, after: int, timeout_s: float) -> Frame | None:
        frame = super().wait(after, timeout_s)
        return Frame(self.image, frame.monotonic_s, frame.number) if frame else None


class Typed:
    """A reader on which a test types."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock, self._entries = clock, list[ReaderEntry]()
        self.now = ReaderStatus(True, "test reader")
        self.closed = False
        self.pressed = 0

    def start(self) -> None: ...

    def types(self, text: str) -> None:
        self._entries.append(ReaderEntry(text, self._clock.monotonic()))

    def entries(self) -> list[ReaderEntry]:
        taken, self._entries = self._entries, []
        return taken

    def keys(self) -> int:
        return self.pressed

    def status(self) -> ReaderStatus:
        return self.now

    def close(self) -> None:
        self.closed = True


class OpenHouse(House):
    """The loop with codes, a reader and a PIN pad; `w1` has all of them."""

    def __init__(self, folder: Path) -> None:
        self.pin_code_check = ImmediatePinCodeCheck()
        super().__init__(folder)
        self.policy()

    def make_loop(self) -> GateLoop:
        self.camera = ShowingCamera(self.clock)
        self.keypad = Typed(self.clock)
        config = Config()
        codes = QrCodeReader(config, HQ.public_key(), self.clock)
        adapters = self.adapters(code_reader=codes, card_reader=self.keypad, pin_code_check=self.pin_code_check)
        return GateLoop(config, adapters)

    def policy(self, *any_of: tuple[Factor, ...], **worker: object) -> None:
        """HQ's policy and w1's record from now on; none: the default ways in."""
        w1 = Worker(
            "w1",
            frozenset({"site-1"}),
            training_valid_until=date(2099, 1, 1),
            cards=(card_digest("site-1", CARD),),
            pin=STORED_PIN,
        )
        other = replace(w1, worker_id="w2", cards=(card_digest("site-1", OTHER_CARD),), pin=None)
        policy = PolicySnapshot(site_id="site-1", list_version=1, issued_utc=self.clock.utc())
        if any_of:
            policy = policy.model_copy(update={"factors": (FactorRule(any_of=any_of),)})
        workers = {"w1": replace(w1, **worker), "w2": other}
        self.lists.state = replace(self.lists.state, workers=workers, policy=policy)
        self.lists.fresh = True

    def restart(self) -> None:
        self.loop.close()
        self.journal = Journal(self.folder / "journal.db", Config().site, self.clock)
        self.loop = self.make_loop()

    def code(self, key: Ed25519PrivateKey = HQ, worker_id: str = "w1", site_id: str = "site-1", days: float = 0) -> str:
        issued = (self.clock.utc() + timedelta(days=days)).replace(microsecond=0)
        return make(Code(worker_id, site_id, issued, issued + timedelta(minutes=15)), key)

    def holds(self, text: str | None) -> None:
        """Somebody holds a card with this code into the picture; None: takes it away."""
        image: Image = np.full((480, 640, 3), 120, np.uint8)
        if text is not None:
            CodeCard(text).draw(image, 250, 260, 140, 0)
        self.camera.image = image

    def types(self, *texts: str, seconds: float = 0.3) -> None:
        for text in texts:
            self.keypad.types(text)
            self.sees(self.matcher.now, seconds)

    def passes(self) -> None:
        self.gate.report(GateSignal.PASSED)
        self.sees(NOBODY, 2.0)

    @property
    def told(self) -> list[tuple[Reason, str | None, str]]:
        return [(e.reason, e.worker_id, e.detail) for e in self.events if isinstance(e, AccessEvent)]

    @property
    def ways(self) -> list[set[Factor]]:
        return [set(e.factors) for e in self.events if isinstance(e, AccessEvent)]

    @property
    def shows(self) -> Advice | None:
        return self.indicator.history[-1].advice if self.indicator.history else None
