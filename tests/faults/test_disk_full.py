"""A real filesystem that is really full: a small tmpfs in a mount namespace of its own, with another program filling it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

WITHIN = """
import json, sys
from pathlib import Path
from contract.chain import verify
from contract.messages import NoticeCode, NoticeEvent
from edge.core.config import DiskConfig, SiteConfig
from edge.storage.disk_space import DiskSpace, Reserve
from edge.storage.journal import Journal, JournalReader
from edge.core.ports import JournalError
from edge.sim import ManualClock

folder = Path(sys.argv[1])
hog = open(folder / "another-program.log", "ab", buffering=0)
reserve = Reserve(folder / "journal.reserve", 2)
disk = DiskSpace(folder, DiskConfig(low_mb=4, very_low_mb=3, critical_mb=2), reserve)
journal = Journal(folder / "journal.db", SiteConfig(), ManualClock(), give_room=reserve.release_piece)
told = {"steps": [], "in_reserve": 0, "greedy": int(sys.argv[2])}

def look():
    disk.measure()
    told["steps"].append(disk.step.value)

def fill(pieces=10**9):
    try:
        for _ in range(pieces):
            hog.write(b"x" * 65536)
        return True
    except OSError:
        return False

def note():
    journal.append(NoticeEvent, code=NoticeCode.REX, detail="x" * 200)

look()
for _ in range(20):
    note()
while disk.step.value != "critical" and fill(8):
    look()
fill()
try:
    while True:
        if told["greedy"]:
            fill(1)
        note()
        told["in_reserve"] += 1
except JournalError as error:
    told["error"] = str(error)
look()
for _ in range(3):
    try:
        note()
    except JournalError:
        pass
head = journal.size().head
hog.truncate(0)
look()
told["whole"] = reserve.missing_bytes == 0
for _ in range(100):
    note()
reader = JournalReader(folder / "journal.db")
told["chained"] = verify(reader.records(0, 10**6))[0] == journal.size().head == head + 100
print(json.dumps(told))
"""


@pytest.mark.parametrize("greedy", [0, 1], ids=["full", "full and greedy"])
def test_ok__on_a_full_disk_events_go_into_the_reserve_and_the_chain_holds(tmp_path: Path, greedy: int) -> None:
    inside = f'mount -t tmpfs -o size=10m tmpfs "{tmp_path}" && exec "{sys.executable}" -c "$0" "{tmp_path}" {greedy}'
    alone = ["unshare", "-Ur", "-m", "sh", "-c"]
    if subprocess.run([*alone, f'mount -t tmpfs tmpfs "{tmp_path}"'], capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount; tests/loop/test_loop_disk.py fills a disk without that")
    done = subprocess.run([*alone, inside, WITHIN], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    print(f"10 MB: {told['in_reserve']} events in the reserve of 2 MB, then: {told['error']}")
    steps = list(dict.fromkeys(told["steps"]))
    assert steps == ["ok", "low", "very_low", "critical"]
    assert told["in_reserve"] > (5 if greedy else 150)
    assert "free disk space" in told["error"]
    assert told["whole"] and told["chained"]
    assert told["steps"][-1] == "ok"
