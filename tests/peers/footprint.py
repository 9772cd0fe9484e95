"""What the gate's recognition costs to start and to hold with a roster of 50,000 workers, in a process of its own.

    footprint.py [TEMPLATES]      templates per worker, 1 unless given

Prints one JSON object: seconds from the start of Python to the first frame looked at; bytes on the wire per worker;
seconds of HQ to seal and sign and of sync to store the roster. Then, for the roster that is there at the start (read at
once) and for the next one (read in slices): processor seconds of the gate to read it and, in another thread, to build
its gallery; seconds until both are in force beside a loop that asks as often as the gate's; how often it asked, the
most processor time one of its calls took, the longest it had to wait for anything at all, also for a busy machine;
resident megabytes. At the end the highest of those.
"""

import gc
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

import psutil
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

COUNT = 50_000
LISTS_EVERY_S = 0.2
"""As the gate's loop does (edge/loop.py)."""


def write(replica: Path, version: int, each: int, model_id: str, signing_hex: str, site_hex: str) -> None:
    """Be HQ and sync: a roster of random people, cut, sealed, signed, and stored part by part."""
    import numpy as np

    from contract.messages import ListKind, SealedTemplate, SnapshotHeader, WorkerRecord
    from contract.parts import roster_content, write_parts
    from edge.replica.signed_lists import signed_part
    from edge.replica.writer import ReplicaWriter
    from hq.lists.publisher import _chunks

    signing = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(signing_hex))
    site = X25519PrivateKey.from_private_bytes(bytes.fromhex(site_hex)).public_key()
    vectors = np.random.default_rng(version).standard_normal((COUNT, each, 128), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    rows = vectors.astype("<f2")
    workers = [
        WorkerRecord(
            worker_id=f"worker-{number:06d}",
            sites=("site-1",),
            valid_until=date(2027, 1 + number % 12, 28),
            training_valid_until=date(2027, 1 + number % 12, 1 + number % 28),
            consent_ref=f"consent-{number:06d}",
            templates=tuple(SealedTemplate(model_id=model_id, vector=row.tobytes()) for row in own),
        )
        for number, own in enumerate(rows)
    ]
    start = time.perf_counter()
    header = SnapshotHeader(site_id="site-1", list_version=version, issued_utc=datetime.now(UTC))
    bodies = write_parts([roster_content(header, c) for c in _chunks(workers)], ListKind.ROSTER, site, signing)
    sealed = time.perf_counter()
    writer = ReplicaWriter(replica)
    for body in bodies:
        writer.add_part(signed_part(body, ListKind.ROSTER, "site-1", signing.public_key()), body)
    found = {
        "parts": len(bodies),
        "wire_bytes_per_worker": round(sum(map(len, bodies)) / COUNT),
        "hq_seal_and_sign_s": sealed - start,
        "sync_store_s": time.perf_counter() - sealed,
    }
    writer.close()
    print(json.dumps(found))


def main(each: int) -> None:
    process = psutil.Process()
    import numpy as np

    from edge.app.gate import PARTS_PER_REFRESH
    from edge.app.prepared_roster import PreparedRoster
    from edge.core.config import MatcherConfig, SiteConfig
    from edge.core.domain import Frame
    from edge.matcher import open_matcher
    from edge.matcher.active_gallery import RELEASE_AFTER_S
    from edge.replica.reader import ReplicaReader
    from edge.system.pinned_packages import cache_dir

    matcher = open_matcher(MatcherConfig(), cache_dir() / "models")
    matcher.identify(Frame(np.zeros((480, 640, 3), np.uint8), 0, 1))
    gc.freeze()  # as the gate does
    figures = {"start_to_ready_s": time.time() - process.create_time(), "resident_empty_mb": _resident(process)}
    signing, site = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()

    def publish(version: int) -> dict[str, float]:
        keys = (signing.private_bytes_raw().hex(), site.private_bytes_raw().hex())
        command = [sys.executable, __file__, "--write", str(replica), str(version), str(each), matcher.model_id, *keys]
        return dict(json.loads(subprocess.run(command, check=True, capture_output=True).stdout.splitlines()[-1]))

    with tempfile.TemporaryDirectory() as folder:
        replica = Path(folder) / "replica.db"
        figures |= publish(1)
        reader = ReplicaReader(replica, SiteConfig(), signing.public_key(), site)
        used = time.thread_time()
        reader.refresh()  # all at once, as at the gate's start
        figures["start_read_processor_s"] = time.thread_time() - used
        reader.parts_per_refresh = PARTS_PER_REFRESH
        roster = PreparedRoster(reader, matcher.prepare)
        for version, name in ((1, "start"), (2, "next")):
            if version == 2:
                publish(2)
            busy, own, start = process.cpu_times(), time.thread_time(), time.perf_counter()
            calls, waited = [], 0.0
            while roster.state.roster.version < version:
                began, used = time.perf_counter(), time.thread_time()
                if roster.refresh():
                    matcher.load(roster.state.templates)
                calls.append(time.thread_time() - used)
                waited = max(waited, time.perf_counter() - began)
                due = began + LISTS_EVERY_S
                while time.perf_counter() < due and roster.state.roster.version < version:
                    tick = time.perf_counter()
                    time.sleep(0.001)
                    waited = max(waited, time.perf_counter() - tick)
            spent, loop_s = process.cpu_times(), time.thread_time() - own
            if version == 2:
                figures["next_read_processor_s"] = sum(calls)
            figures |= {
                f"{name}_build_processor_s": spent.user + spent.system - busy.user - busy.system - loop_s,
                f"{name}_in_force_s": time.perf_counter() - start,
                f"{name}_calls": len(calls),
                f"{name}_longest_call_processor_ms": 1000 * max(calls),
                f"{name}_longest_wait_ms": 1000 * waited,
            }
            time.sleep(RELEASE_AFTER_S + 0.5)
            figures[f"{name}_resident_mb"] = _resident(process)
            assert len(roster.state.workers) == COUNT
            assert matcher.gallery_size == COUNT * each
    figures["resident_peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({name: round(value, 2) for name, value in figures.items()}, indent=2))


def _resident(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 2**20


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        path, number, each_, *rest = sys.argv[2:]
        write(Path(path), int(number), int(each_), *rest)
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 1)
