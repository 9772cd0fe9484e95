"""sitegate and its peers, side by side: the same picture, the same weights, the same two cores, taking turns.

Each round runs both sides once, so that other work of the machine meets both alike; the ratio is of the medians.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import faiss
import numpy as np
from rich.console import Console
from rich.table import Table

from edge.core.config import MatcherConfig
from edge.core.domain import Template
from edge.matcher import FaceMatcher, fetch_pack, load_manifest, open_matcher
from edge.matcher.engine.align import align
from edge.matcher.engine.embedder import Embedder
from edge.matcher.engine.engine import FRAME_EFFORT
from edge.matcher.engine.onnx_session import OnnxSession
from edge.matcher.gallery.centering import Centering
from edge.matcher.gallery.gallery import Gallery
from edge.matcher.weights.dequantise import dequantise_model
from edge.matcher.weights.manifest import Pack, read_verified
from edge.system.pinned_packages import cache_dir, download, extract
from edge.tools.bench.face_to_relay import frame_with, random_templates
from edge.tools.demo.cast import portraits
from edge.tools.demo.photos import fetch_photos

THREADS = 2
NOISE = 0.07
"""Standard deviation per number between a template and its probe: they score about 0.8, as two photos of one face
do."""


@dataclass(frozen=True)
class Duel:
    """Medians in milliseconds over `rounds` alternating runs; `same` says that both gave the same answer."""

    what: str
    peer: str
    rounds: int
    ours_ms: float
    theirs_ms: float
    ratio: float
    ratio_wanted: float | None
    same: bool


def duel(what: str, peer: str, ours, theirs, same: bool, rounds: int, wanted: float | None) -> Duel:
    """Let both sides take turns; each warms its caches by a run that is not counted."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for action, seconds in zip((ours, theirs), taken, strict=True):
            action()
            start = time.perf_counter()
            action()
            seconds.append(time.perf_counter() - start)
    a, b = (float(np.median(seconds)) * 1000 for seconds in taken)
    return Duel(what, peer, rounds, round(a, 3), round(b, 3), round(a / b, 3), wanted, same)


def opencv_models(pack: Pack, folder: Path) -> tuple[Path, ...]:
    """The pack's weights for OpenCV: the nodes as published, which suit it better than those fused for onnxruntime."""
    archive = download(pack.source, folder)
    paths = []
    for model in pack.models:
        path = folder / f"{model.name}.onnx"
        member = extract(archive, model.member, model.member_sha256)
        path.write_bytes(dequantise_model(member, dynamic_size=model.input.dynamic_size, rewritten=False))
        paths.append(path)
    return tuple(paths)


def frames(matcher: FaceMatcher, models: tuple[Path, ...], photos: Path, rounds: int) -> list[Duel]:
    """One 640x480 frame with one face. First the frame as the gate takes it, with its closer look at the landmarks,
    against OpenCV's detect, align and embed; then the very same work on both sides; then by stage."""
    image = frame_with(portraits(photos, matcher)["a-today"])
    engine = matcher.engine
    detector = cv2.FaceDetectorYN.create(str(models[0]), "", (640, 480), MatcherConfig().detector_score_min, 0.3)
    recognizer = cv2.FaceRecognizerSF.create(str(models[1]), "")

    pack = load_manifest().pack("opencv-zoo")
    session = OnnxSession(read_verified(pack.embedder, cache_dir() / "models"), MatcherConfig().providers, THREADS)
    plain = Embedder(session, pack.embedder.dimension)

    def ours():
        (face,) = engine.detect(image)
        return plain.embed(align(image, face))

    def as_the_gate_does():
        (face,) = matcher.faces_near(image, nearest_px)
        return engine.embed(engine.align(image, face, FRAME_EFFORT), FRAME_EFFORT)

    def theirs():
        row = detector.detect(image)[1][0]
        return recognizer.feature(recognizer.alignCrop(image, row))

    mine, other = ours(), theirs()[0]
    same = float(mine @ other / np.linalg.norm(other)) > 0.999
    (face,) = engine.detect(image)
    nearest_px, aligned = face.eye_distance_px, align(image, face)
    return [
        duel("frame as the gate takes it", "OpenCV", as_the_gate_does, theirs, same, rounds, 0.7),
        duel("the very same work", "OpenCV", ours, theirs, same, rounds, None),
        duel("· detect", "YuNet", lambda: engine.detect(image), lambda: detector.detect(image), same, rounds, None),
        duel("· embed", "SFace", lambda: plain.embed(aligned), lambda: recognizer.feature(aligned), same, rounds, None),
    ]


def search(count: int, rounds: int, wanted: float | None) -> Duel:
    """Exact search among `count` templates, each time for another face that is in the gallery."""
    vectors = random_templates(count, 128)
    plain = Centering(np.zeros(128, np.float32), 0.0)  # the peer searches vectors as they are
    people = [(str(i), Template(vector, "peers")) for i, vector in enumerate(vectors)]
    gallery = Gallery.build(people, "peers", 128, plain)
    index = faiss.IndexFlatIP(128)
    index.add(vectors)
    random = np.random.default_rng(7)
    probes = [vectors[i] + random.normal(0, NOISE, 128) for i in random.integers(0, count, rounds)]
    probes += list(random.normal(0, 1, (rounds, 128)))  # and strangers
    probes = [np.asarray(probe / np.linalg.norm(probe), np.float32) for probe in probes]

    def agree(probe):
        best, (scores, rows) = gallery.search(probe), index.search(probe[np.newaxis], 1)
        return best.worker_id == str(rows[0, 0]) and abs(best.score - float(scores[0, 0])) < 1e-5

    def turns(find) -> Callable[[], object]:
        pending = iter(probes * 2)
        return lambda: find(next(pending))

    same = all(agree(probe) for probe in probes)
    theirs = turns(lambda probe: index.search(probe[np.newaxis], 1))
    return duel(f"search in {count:,}", "faiss", turns(gallery.search), theirs, same, rounds, wanted)


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench-peers")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    cv2.setNumThreads(THREADS)
    faiss.omp_set_num_threads(THREADS)
    pack = load_manifest().pack("opencv-zoo")
    fetch_pack(pack, cache_dir() / "models")
    matcher = open_matcher(MatcherConfig(threads=THREADS), cache_dir() / "models")
    with tempfile.TemporaryDirectory(prefix="sitegate-peers-") as work:
        found = frames(matcher, opencv_models(pack, Path(work)), fetch_photos(cache_dir() / "photos"), options.rounds)
    found += [search(size, max(10, options.rounds // 5), 0.5 if size == 100_000 else None) for size in options.sizes]
    show(found, options.json)
    return int(not all(d.same and (d.ratio_wanted is None or d.ratio <= d.ratio_wanted) for d in found))


def show(found: list[Duel], as_json: bool) -> None:
    peers = f"OpenCV {cv2.__version__}, faiss {faiss.__version__}, {os.cpu_count()} cores, {THREADS} threads each"
    if as_json:
        print(json.dumps({"peers": peers, "duels": [asdict(d) for d in found]}))
        return
    table = Table("what", "peer", "rounds", "sitegate ms", "peer ms", "ratio", "wanted", "same answer", title=peers)
    for d in found:
        wanted = "-" if d.ratio_wanted is None else f"≤ {d.ratio_wanted}"
        times = (f"{d.ours_ms:.2f}", f"{d.theirs_ms:.2f}", f"{d.ratio:.2f}")
        table.add_row(d.what, d.peer, str(d.rounds), *times, wanted, "yes" if d.same else "NO")
    Console(width=110).print(table)


if __name__ == "__main__":
    raise SystemExit(main())
