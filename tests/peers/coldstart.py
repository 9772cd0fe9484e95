"""How long the gate's process takes from its start to the first frame it has looked at.

The real `sitegate gate`, with the walk-up film as its camera, mock pins and keys made for it, in a folder that is
thrown away: once more to bring the files into memory, then `--times` counted. Only the end of the first look is caught.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.signing import write_key_pair
from edge.core.config import MatcherConfig, SiteConfig
from edge.matcher import open_matcher
from edge.storage.journal import Journal
from edge.system.clock import SystemClock
from edge.system.pinned_packages import cache_dir
from edge.tools.bench.events import _append
from edge.tools.bench.face_to_relay import timing
from edge.tools.demo.cast import ACTS, portraits, walk_up_script
from edge.tools.demo.photos import fetch_photos

GATE = """
import sys
from edge.cli import app
from edge.matcher import FaceMatcher

look = FaceMatcher.look

def first_look(matcher, frame):
    seen = look(matcher, frame)
    print("looked", flush=True)
    FaceMatcher.look = look
    return seen

FaceMatcher.look = first_look
app(["gate", "--config", sys.argv[1], "--log-json"])
"""
LIMIT_S = 60


def prepare(folder: Path) -> Path:
    """A gate's configuration with everything it needs."""
    cast = portraits(fetch_photos(cache_dir() / "photos"), open_matcher(MatcherConfig(), cache_dir() / "models"))
    script = walk_up_script({"a-today": cast["a-today"]}, folder / "never", 30, acts=ACTS[:1])
    (folder / "film.toml").write_text(script, encoding="utf-8")
    for name, key in (("hq", Ed25519PrivateKey), ("seal", X25519PrivateKey), ("site", X25519PrivateKey)):
        write_key_pair(key.generate(), folder / f"{name}.key.pem", folder / f"{name}.pub.pem")
    path = folder / "gate.toml"
    path.write_text(
        f"""\
[site]
site_id = "site"
gate_id = "gate"
[paths]
state_dir = "state"
models_dir = {json.dumps(str(cache_dir() / "models"))}
[keys]
hq_signing_public_path = "hq.pub.pem"
hq_sealing_public_path = "seal.pub.pem"
site_private_path = "site.key.pem"
[camera]
source = "walkup"
path = "film.toml"
[gate]
pins = "mock"
""",
        encoding="utf-8",
    )
    return path


def start(config: Path) -> tuple[float, float, float]:
    """Seconds from the start of the process to its first look, its processor time until then, and what it read from the
    disk (MB)."""
    begun = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-c", GATE, str(config)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        line = process.stdout.readline()
        taken = time.monotonic() - begun
        if line.strip() != "looked":
            raise SystemExit(f"the gate did not start: {process.communicate(timeout=LIMIT_S)[1]}")
        times = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        told = dict(line.split(": ") for line in Path(f"/proc/{process.pid}/io").read_text().splitlines())
        process.terminate()
        process.communicate(timeout=LIMIT_S)
    return taken, (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK"), int(told["read_bytes"]) / 1e6


def fill(state: Path, size_mb: int) -> None:
    """Lengthen the gate's own journal to about so many MB: a month of a busy gate, all of it HQ's by now."""
    path = next(state.rglob("journal.db"))
    site = SiteConfig(site_id="site", gate_id="gate")
    journal = Journal(path, site, SystemClock(), synchronous="OFF")
    while path.stat().st_size + path.with_name("journal.db-wal").stat().st_size < size_mb * 1e6:
        _append(journal)
    journal._file.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    span_s = 30 * 86400
    journal._file.db.execute(
        "UPDATE events SET utc = utc - ? * (1 - seq * 1.0 / (SELECT max(seq) FROM events))", (span_s,)
    )
    journal._file.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    print(f"journal of {path.stat().st_size / 1e6:.0f} MB, {journal.size().kept:,} events over 30 days")
    journal.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench-peers --cold-start")
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--journal-mb", type=int, default=0, help="size of the journal that lies there")
    parser.add_argument("--cold", action="store_true", help="the files are not in memory (needs root)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sitegate-cold-") as work:
        config = prepare(Path(work))
        start(config)
        if options.journal_mb:
            fill(Path(work) / "state", options.journal_mb)
        taken = []
        for _ in range(options.times):
            if options.cold:
                os.sync()
                Path("/proc/sys/vm/drop_caches").write_text("1", encoding="ascii")
            taken.append(start(config))
    load = os.getloadavg()[0]
    *times, read_mb = zip(*taken, strict=True)
    for name, seconds in zip(("start to first look", "its processor time"), times, strict=True):
        found = timing(name, list(seconds))
        print(f"{name}: p50 {found.p50_ms / 1000:.2f} s, p95 {found.p95_ms / 1000:.2f} s, {options.times} starts")
    print(f"read from the disk: {sorted(read_mb)[len(read_mb) // 2]:.0f} MB")
    print(f"load of the machine: {load:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
