"""A gate's folder as `sitegate enroll` finds it: keys, weights, a camera folder, and a roster signed by HQ."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from typer.testing import CliRunner, Result

from contract.messages import ListKind, SnapshotHeader, WorkerRecord
from contract.parts import roster_content, write_parts
from contract.signing import write_key_pair
from edge.app.state_folders import REPLICA
from edge.cli import app
from edge.core.config import load
from edge.core.domain import Image, Template
from edge.matcher import FaceMatcher, open_matcher
from edge.matcher.enrolment.request import sealed_template
from edge.replica.signed_lists import signed_part
from edge.replica.writer import ReplicaWriter
from edge.tools.demo import cast


class EnrolmentGate:
    def __init__(self, folder: Path, models_dir: Path) -> None:
        self.folder = folder
        self.signing, self.site_key = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
        write_key_pair(self.signing, folder / "hq.key", folder / "hq.pub")
        write_key_pair(X25519PrivateKey.generate(), folder / "seal.key", folder / "seal.pub")
        write_key_pair(self.site_key, folder / "site.key", folder / "site.pub")
        self.path = folder / "gate.toml"
        self.path.write_text(
            f"""
[paths]
state_dir = "state"
models_dir = "{models_dir}"
[keys]
hq_signing_public_path = "hq.pub"
hq_sealing_public_path = "seal.pub"
site_private_path = "site.key"
[camera]
source = "folder"
path = "camera"
repeat = true
rate_hz = 20
[gate]
pins = "mock"
""",
            encoding="utf-8",
        )
        self.matcher: FaceMatcher = open_matcher(load(self.path).matcher, models_dir)

    @property
    def desk_path(self) -> Path:
        return self.folder / "state" / "desk" / "desk.db"

    def publish(self, people: dict[str, Sequence[Template]], version: int = 1) -> None:
        """What HQ's roster would be in replica.db."""
        workers = [
            WorkerRecord(
                worker_id=name, sites=("site-1",), consent_ref="c", templates=tuple(map(sealed_template, templates))
            )
            for name, templates in people.items()
        ]
        header = SnapshotHeader(site_id="site-1", list_version=version, issued_utc=datetime.now(UTC))
        kind, hq_key = ListKind.ROSTER, self.signing.public_key()
        (body,) = write_parts([roster_content(header, workers)], kind, self.site_key.public_key(), self.signing)
        writer = ReplicaWriter(self.folder / "state" / REPLICA)
        assert writer.add_part(signed_part(body, kind, "site-1", hq_key), body)
        writer.close()

    def photo(self, name: str, image: Image) -> str:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), image)
        return str(path)

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--config", str(self.path)])

    def faces(self, photos_dir: Path) -> dict[str, Image]:
        """A photo of each person of the demo's cast alone, by their name in it."""
        return {name: portrait.crop() for name, portrait in cast.portraits(photos_dir, self.matcher).items()}


def words(result: Result) -> str:
    return " ".join((result.stdout + result.stderr).split())


def like(template: Template, share: float, seed: int = 1) -> Template:
    """A template whose cosine with `template` is `share`: somebody who looks that much alike."""
    other = np.random.default_rng(seed).normal(size=template.vector.size)
    other -= np.dot(other, template.vector) * template.vector
    other /= np.linalg.norm(other)
    mixed = share * template.vector + np.sqrt(1 - share**2) * other
    return Template(mixed.astype(np.float32), template.model_id)
