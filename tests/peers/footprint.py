"""What the gate's recognition costs to start and to hold, measured in a process of its own.

Prints one JSON object: seconds from the start of Python to the first frame looked at, seconds to read and to load a
roster of 50,000 workers, and resident megabytes before, at the peak of loading, and after.
"""

import json
import resource
import time
from datetime import UTC, datetime

import psutil

COUNT = 50_000


def main() -> None:
    process = psutil.Process()
    import numpy as np

    import edge.app.gate
    from contract.messages import RosterSnapshot, SealedTemplate, WorkerRecord
    from edge.config import MatcherConfig
    from edge.domain import Frame
    from edge.matcher.pipeline import open_matcher
    from edge.packages import cache_dir
    from edge.sync import lists

    assert edge.app.gate.run
    matcher = open_matcher(MatcherConfig(), cache_dir() / "models")
    matcher.look(Frame(np.zeros((480, 640, 3), np.uint8), 0, 1))
    ready_s = time.time() - process.create_time()
    empty = process.memory_info().rss
    random = np.random.default_rng(0)

    def record(number: int) -> WorkerRecord:
        vector = random.standard_normal(128).astype("<f2").tobytes()
        template = SealedTemplate(model_id=matcher.model_id, vector=vector)
        return WorkerRecord(worker_id=f"worker-{number:06d}", consent_ref="form", templates=(template,))

    roster = RosterSnapshot(
        site_id="site", list_version=1, issued_utc=datetime.now(UTC), workers=tuple(map(record, range(COUNT)))
    )
    payload = roster.model_dump_json().encode()
    del roster
    start = time.perf_counter()
    roster = RosterSnapshot.model_validate_json(payload)
    workers = {record.worker_id: lists.worker(record) for record in roster.workers}
    templates, _ = lists.templates(roster)
    payload_mb = len(payload) / 2**20
    del roster, payload  # as the gate's own reader lets go of them
    read = time.perf_counter()
    matcher.load(templates)
    loaded = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    found = {
        "start_to_ready_s": ready_s,
        "roster_payload_mb": payload_mb,
        "read_roster_s": read - start,
        "load_gallery_s": loaded - read,
        "resident_empty_mb": empty / 2**20,
        "resident_peak_mb": peak / 2**20,
        "resident_loaded_mb": process.memory_info().rss / 2**20,
    }
    assert len(workers) == matcher.gallery_size == COUNT
    print(json.dumps({name: round(value, 2) for name, value in found.items()}, indent=2))


if __name__ == "__main__":
    main()
