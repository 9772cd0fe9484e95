"""Fill a small file system, make room, then mount it read-only: fill_and_remount.py FOLDER."""

import subprocess
import sys
from pathlib import Path

from contract.chain import verify
from contract.messages import NoticeCode, NoticeEvent
from edge.core.config import SiteConfig
from edge.core.ports import JournalError
from edge.replica.writer import ReplicaError, ReplicaWriter
from edge.sim import ManualClock
from edge.storage.journal import Journal, JournalReader

folder = Path(sys.argv[1])
journal = Journal(folder / "journal.db", SiteConfig(), ManualClock())
replica = ReplicaWriter(folder / "replica.db")
written = 0


def fill():
    global written
    try:
        while True:
            journal.append(NoticeEvent, code=NoticeCode.TAMPER, detail="x" * 400)
            written += 1
    except JournalError as error:
        return str(error)


ballast = folder / "ballast"
ballast.write_bytes(bytes(500_000))
full = fill()
try:
    for number in range(2000):
        replica.add_command(b"%d" % number + bytes(2000))
    print("the replica was never refused")
except ReplicaError as error:
    print("replica:", error)
ballast.unlink()
before = written
print("journal:", full)
fill()
print("went on:", written > before)
reader = JournalReader(folder / "journal.db")
held = verify(reader.records(0, 100_000))[0]
for part in (reader, replica, journal):  # a file that is open for writing holds the remount up
    part.close()
subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
try:
    Journal(folder / "journal.db", SiteConfig(), ManualClock())
except JournalError as error:
    print("read-only:", error)
print("events:", held, "held of", written)
print("whole:", held == written > 100)
