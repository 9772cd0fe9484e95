"""A gate that reads codes of training, and a terminal, with a camera and a matcher in the test's hand."""

from dataclasses import replace
from datetime import date, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from loop_rig import House

from contract.messages import TrainingEvent, TrainingStep
from contract.signing import Verifier
from contract.training_code import TrainingCode, make_training_code
from edge.core.claims import code_claim, training_claim
from edge.core.config import Config, GateConfig, LivenessConfig
from edge.core.domain import Claim, Frame, Worker
from edge.loop import GateLoop

KEY = Ed25519PrivateKey.generate()
"""HQ's key of these tests."""


class Shows:
    """A code reader to which a test hands texts."""

    def __init__(self, house: "TrainingHouse") -> None:
        self._house, self.text = house, ""
        self.key: Verifier = KEY.public_key()

    def read(self, frame: Frame) -> Claim | None:
        text, self.text = self.text, ""
        if not text:
            return None
        read = training_claim if text.startswith("SGT1:") else code_claim
        return read(text, self.key, "site-1", self._house.clock.utc())


class TrainingHouse(House):
    """A gate that reads codes; `terminal`: one that opens nothing."""

    terminal = False
    live = False

    def make_loop(self) -> GateLoop:
        self.codes = Shows(self)
        self.lists.state = replace(
            self.lists.state,
            workers={
                name: Worker(name, frozenset({"site-1"}), training_valid_until=date(2099, 1, 1))
                for name in ("w1", "w2", "w3")
            },
        )
        adapters = self.adapters(code_reader=self.codes)
        gate = GateConfig(output="none") if self.terminal else GateConfig()
        return GateLoop(Config(gate=gate, liveness=LivenessConfig(mode="required" if self.live else "off")), adapters)

    def text(self, worker: str = "w1", *, session: str = "l-1", step: TrainingStep = TrainingStep.PROOF) -> str:
        now = self.clock.utc().replace(microsecond=0)
        code = TrainingCode(session, step, worker, "", now, now + timedelta(minutes=15))
        return make_training_code(code, KEY)

    @property
    def trainings(self) -> list[TrainingEvent]:
        return [e for e in self.events if isinstance(e, TrainingEvent)]


class TerminalHouse(TrainingHouse):
    terminal = True
