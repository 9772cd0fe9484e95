"""A real, small file system (tmpfs in a mount namespace of the test's own) that fills up, and one that has become read-only.

Needs root, or a kernel that lets users make namespaces; without that it fails and says so: pytest -m long."""

import subprocess
import sys
from pathlib import Path

import pytest

STORY = """
import subprocess, sys
from pathlib import Path
from contract.chain import verify
from contract.messages import NoticeCode, NoticeEvent
from edge.core.config import SiteConfig
from edge.storage.journal import Journal, JournalReader
from edge.core.ports import JournalError
from edge.sim import ManualClock
from edge.replica.writer import ReplicaError, ReplicaWriter

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
"""


@pytest.mark.long
def test_fail__a_file_system_that_is_really_full_or_read_only(tmp_path: Path) -> None:
    script = 'mount -t tmpfs -o size=3m tmpfs "$1" && exec "$2" -c "$3" "$1"'
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", script, "sh", str(tmp_path), sys.executable, STORY],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"no namespace, or the story failed: {done.stderr[-1500:]}"
    said = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    print(done.stdout)
    assert "database or disk is full" in said["journal"] and "free disk space" in said["journal"]
    assert "free disk space" in said["replica"]
    assert "Read-only file system" in said["read-only"]
    assert said["went on"] == said["whole"] == "True"
