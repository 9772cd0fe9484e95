"""A gate with a real replica, its reader and its gallery."""

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from loop_rig import OneFrameEach

from contract.messages import AccessEvent, ListKind, RiskSnapshot, SealedTemplate, SnapshotHeader, WorkerRecord
from contract.parts import Content, roster_content, write_parts
from edge.app.gate import PARTS_PER_REFRESH
from edge.app.prepared_roster import PreparedRoster
from edge.core.config import Config, MatcherConfig, SiteConfig
from edge.core.domain import Face, Frame, Identification, Image, Vector
from edge.loop import Adapters, GateLoop
from edge.matcher import FaceMatcher, load_manifest
from edge.matcher.engine.engine import Effort
from edge.replica import reader as replica_reader
from edge.replica.signed_lists import signed_part
from edge.replica.writer import ReplicaWriter
from edge.sim import ManualClock, RecordingGate, RecordingIndicator
from edge.storage.desk import DeskReader
from edge.storage.journal import Journal, JournalReader

HQ, SITE = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()


DIMENSION, PARTS, EACH = 64, 24, 200


FACES = np.random.default_rng(5).standard_normal((2, DIMENSION)).astype(np.float16)


CRISP: Image = np.random.default_rng(0).integers(0, 255, (112, 112, 3)).astype(np.uint8)


class InFront:
    """An engine that sees one person's face, or nobody."""

    model_id = "test/model"
    pack = SimpleNamespace(
        embedder=SimpleNamespace(dimension=DIMENSION), impostor_tail=load_manifest().pack("opencv-zoo").impostor_tail
    )

    def __init__(self) -> None:
        self.face: Vector | None = None

    def detect(self, image: Image) -> list[Face]:
        points = np.array([[20, 20], [80, 20], [50, 50], [25, 80], [75, 80]], np.float32)
        return [] if self.face is None else [Face((0, 0, 100, 120), points, 0.9)]

    def detect_large(self, frame: Image, least_px: float) -> list[Face]:
        return self.detect(frame)

    def refine(self, image: Image, face: Face, effort: Effort) -> Face:
        return face

    def align_refined(self, image: Image, refined: Face) -> Image:
        return CRISP

    def embed(self, aligned: Image, effort: Effort) -> Vector:
        assert self.face is not None
        vector = self.face.astype(np.float32)
        return vector / np.float32(np.linalg.norm(vector))

    def vector_is_rotated(self, vector: Vector) -> bool:
        return False

    def image_is_rotated(self, image: Image, refined: Face) -> bool:
        return False


class Counting(FaceMatcher):
    looked = 0

    def identify(self, frame: Frame) -> Identification:
        self.looked += 1
        return super().identify(frame)


class Gatehouse:
    """The gate's loop as the app puts it together, with what HQ sends in hand."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.engine = ManualClock(), InFront()
        self.matcher = Counting(self.engine, MatcherConfig(threshold=0.6))  # type: ignore[arg-type]
        self.writer = ReplicaWriter(folder / "replica.db")
        reader = replica_reader.ReplicaReader(folder / "replica.db", SiteConfig(), HQ.public_key(), SITE)
        reader.parts_per_refresh = PARTS_PER_REFRESH
        self.roster = PreparedRoster(reader, self.matcher.prepare)
        self.journal = JournalReader(folder / "journal.db")
        gate, indicator = RecordingGate(self.clock), RecordingIndicator(self.clock)
        journal = Journal(folder / "journal.db", SiteConfig(), self.clock)
        desk, camera = DeskReader(folder / "desk.db"), OneFrameEach(self.clock)
        adapters = Adapters(
            camera=camera,
            matcher=self.matcher,
            gate=gate,
            indicator=indicator,
            roster=self.roster,
            journal=journal,
            desk_requests=desk,
            clock=self.clock,
        )
        self.loop = GateLoop(Config(), adapters)

    def hq_sends(self, version: int) -> None:
        """24 parts with 4,800 workers; of the two faces, the one with this version's number is on the list."""
        header = SnapshotHeader(
            site_id="site-1", list_version=version, issued_utc=self.clock.utc() - timedelta(hours=1)
        )
        random = np.random.default_rng(version).standard_normal((PARTS * EACH, DIMENSION)).astype("<f2")
        random[-1] = FACES[version - 1]
        workers = [
            WorkerRecord(
                worker_id=f"v{version}-{number}",
                sites=("site-1",),
                training_valid_until=date(2099, 1, 1),
                consent_ref="c",
                templates=(SealedTemplate(model_id="test/model", vector=row.tobytes()),),
            )
            for number, row in enumerate(random)
        ]
        cuts = range(0, len(workers), EACH)
        self._store(ListKind.ROSTER, [roster_content(header, workers[cut : cut + EACH]) for cut in cuts])
        self._store(ListKind.RISK, [Content(RiskSnapshot(**header.model_dump()))])

    def turn(self) -> None:
        """One turn of the loop, which must look at one frame."""
        before = self.matcher.looked
        assert self.loop.step()
        assert self.matcher.looked == before + 1

    def decisions(self) -> list[AccessEvent]:
        return [event for event in self.journal.latest(1000)[::-1] if isinstance(event, AccessEvent)]

    def _store(self, kind: ListKind, contents: list[Content]) -> None:
        for body in write_parts(contents, kind, SITE.public_key(), HQ):
            self.writer.add_part(signed_part(body, kind, "site-1", HQ.public_key()), body)
