"""Fill a small file system while the journal writes into its reserve: fill_the_reserve.py FOLDER GREEDY."""

import contextlib
import json
import sys
from pathlib import Path

from contract.chain import verify
from contract.messages import NoticeCode, NoticeEvent
from edge.core.config import DiskConfig, SiteConfig
from edge.core.ports import JournalError
from edge.sim import ManualClock
from edge.storage.disk_space import DiskSpace, Reserve
from edge.storage.journal import Journal, JournalReader

folder = Path(sys.argv[1])
hog = (folder / "another-program.log").open("ab", buffering=0)
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
    with contextlib.suppress(JournalError):
        note()
head = journal.size().head
hog.truncate(0)
look()
told["whole"] = reserve.missing_bytes == 0
for _ in range(100):
    note()
reader = JournalReader(folder / "journal.db")
told["chained"] = verify(reader.records(0, 10**6))[0] == journal.size().head == head + 100
print(json.dumps(told))
