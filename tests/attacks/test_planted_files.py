"""A taken-over sync or screen may put any file into its own folder. The gate goes on, and starts, with each."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from three_users import OWN, ThreeUsers
from three_users_checks import count, going_on, nothing_wrong, restarted, said

from contract.messages import NoticeCode
from edge.tools.demo.play import Follower

pytestmark = pytest.mark.timeout(300)

CLEAR = """
import shutil
def clear(name):
    for suffix in ("", "-wal", "-shm", ".lock"):
        path = state / OWN / (name + suffix)
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
"""
PLACED = {
    "a shorter index": "h = os.open(state / OWN / (NAME + '-shm'), os.O_RDWR | os.O_CREAT); os.truncate(h, 0)",
    "rubbish in the index": "h = os.open(state / OWN / (NAME + '-shm'), os.O_RDWR | os.O_CREAT); os.pwrite(h, os.urandom(32768), 0)",
    "a folder": "clear(NAME); (state / OWN / NAME).mkdir()",
    "a pipe": "clear(NAME); os.mkfifo(state / OWN / NAME)",
    "a pipe for the log": "(state / OWN / (NAME + '-wal')).unlink(missing_ok=True); os.mkfifo(state / OWN / (NAME + '-wal'))",
    "a pipe for the index": "(state / OWN / (NAME + '-shm')).unlink(missing_ok=True); os.mkfifo(state / OWN / (NAME + '-shm'))",
    "a link": "clear(NAME); (state / OWN / NAME).symlink_to('/dev/zero')",
    "a long text": "clear(NAME); open(state / OWN / NAME, 'w').write('SQLite format 3' + 'x' * 30_000_000)",
    "a file with a hole of 1 TB": "clear(NAME); os.truncate(os.open(state / OWN / NAME, os.O_CREAT | os.O_RDWR), 2 ** 40)",
    "a view without end": "clear(NAME); db = sqlite3.connect(state / OWN / NAME); db.executescript('PRAGMA journal_mode=WAL;"
    " CREATE VIEW %s AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id, id AS envelope,"
    " id AS ref, id AS kind, id AS body FROM n' % TABLE)",
    "numbers for bytes": "clear(NAME); db = sqlite3.connect(state / OWN / NAME); db.executescript('PRAGMA journal_mode=WAL;"
    " CREATE TABLE %s (id INTEGER PRIMARY KEY, envelope, ref, kind, body); INSERT INTO %s VALUES (1, 4000000000, 1, 2, 3)'"
    " % (TABLE, TABLE))",
    "a lock": "clear(NAME); db = sqlite3.connect(state / OWN / NAME, isolation_level=None);"
    " db.execute('PRAGMA locking_mode=EXCLUSIVE'); db.execute('CREATE TABLE x (y)');"
    " db.execute('BEGIN EXCLUSIVE')",
}
LAST = "print('held', flush=True); import time; time.sleep(100)"
OF = {"sync": ("replica.db", "commands"), "screen": ("desk.db", "requests")}


def code(user: str, what: str, then: str = "") -> str:
    name, table = OF[user]
    return f"OWN, NAME, TABLE = {OWN[user]!r}, {name!r}, {table!r}\n{CLEAR}\n{PLACED[what]}\n{then}"


@pytest.fixture(params=OF)
def user(request: pytest.FixtureRequest, house: ThreeUsers) -> Iterator[str]:
    """Whose process is taken over: it is gone, and its user attacks. Afterwards all is as it was."""
    user = str(request.param)
    house.kill(user)
    yield user
    house.attack(user, f"OWN = {OWN[user]!r}\n{CLEAR}\nclear({OF[user][0]!r})")
    if user not in house.running():
        house.start(user)
    deadline = time.monotonic() + 30
    while not (house.state / OWN[user] / f"{OF[user][0]}-shm").exists():
        assert time.monotonic() < deadline, house.log_tail(user)
        time.sleep(0.05)
    if "gate" not in house.running():
        house.start("gate")


def test_fail__what_lies_in_the_place_of_a_database_neither_stops_nor_hangs_the_gate(
    house: ThreeUsers, followed: Follower, user: str
) -> None:
    """One after the other, under the gate's eyes."""
    for what in PLACED:
        if what != "a lock":
            going_on(house, followed, lambda what=what: said(house, user, code(user, what)))  # type: ignore[misc]
    nothing_wrong(house)


@pytest.mark.parametrize("what", ["a pipe for the index", "a view without end"])
def test_fail__the_gate_starts_whatever_lies_in_the_place_of_a_database(
    house: ThreeUsers, followed: Follower, user: str, what: str
) -> None:
    said(house, user, code(user, what))
    restarted(house, followed)
    nothing_wrong(house)


CUTTING = """
import time
db = sqlite3.connect(state / OWN / NAME, isolation_level=None)
db.execute("PRAGMA journal_mode=WAL")
db.execute("CREATE TABLE IF NOT EXISTS lives (x)")
for _ in range(20):
    for size in (0, 32768):
        os.truncate(state / OWN / (NAME + "-shm"), size)
        time.sleep(0.1)
os._exit(0)
"""


def test_fail__an_index_that_is_cut_short_while_the_gate_reads_it_does_not_kill_the_gate(
    house: ThreeUsers, followed: Follower, user: str
) -> None:
    """SQLite maps the index into memory, and a reader beyond its end gets SIGBUS. Here the owner lives, and goes on
    cutting."""
    going_on(house, followed, lambda: said(house, user, f"NAME = {OF[user][0]!r}\n{CUTTING}"))
    nothing_wrong(house)


def test_fail__a_lock_that_is_held_neither_stops_nor_hangs_the_gate(
    house: ThreeUsers, followed: Follower, user: str
) -> None:
    with held(house, user, code(user, "a lock", LAST)):
        going_on(house, followed)
        restarted(house, followed)
    nothing_wrong(house)


LOCK = """
import struct, time
lock = struct.pack("hhqqi", fcntl.F_RDLCK, 0, 120, 1, 0)  # the byte that SQLite locks to write
fcntl.fcntl(os.open(state / "gate/journal.db-shm", os.O_RDONLY), fcntl.F_SETLK, lock)
print("held", flush=True)
time.sleep(100)
"""


def test_fail__a_lock_on_the_journal_ends_no_gate_and_keeps_none_from_starting(
    house: ThreeUsers, followed: Follower, user: str
) -> None:
    """Who can read it can lock it. Nobody is let in meanwhile; then the gate goes on by itself, and tells."""
    house.go.touch()
    with held(house, user, LOCK):
        house.kill("gate")
        house.start("gate")
        began, pid = time.monotonic(), house.pid("gate")
        while "journal_locked_at_start" not in house.log_tail("gate", 3):
            assert time.monotonic() < began + 60, house.log_tail("gate")
            house.check_alive()
            time.sleep(0.1)
        time.sleep(3)
        house.check_alive()
    before = count(followed, NoticeCode.GATE_STARTED)
    followed.until(lambda: count(followed, NoticeCode.GATE_STARTED) > before, 40, "the gate did not go on")
    assert house.pid("gate") == pid
    going_on(house, followed)
    nothing_wrong(house)


@contextmanager
def held(house: ThreeUsers, user: str, code: str) -> Iterator[None]:
    """While this code runs as the user."""
    holder = subprocess.Popen(
        house.users.command(user, sys.executable, "-c", house.head() + code), stdout=subprocess.PIPE, text=True, cwd="/"
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    try:
        yield
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
