"""What a taken-over sync or screen may do in its own folder: the gate goes on, and starts, whatever lies there."""

import subprocess
import time

import pytest
from test_three_users import going_on, nothing_wrong, restarted, said
from three_users import ThreeUsers

from edge.demo.play import Follower

pytestmark = pytest.mark.timeout(300)

CLEAR = """
import shutil
def clear(name):
    for suffix in ("", "-wal", "-shm", ".lock"):
        path = state / OWN / (name + suffix)
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
"""
PLACED = {
    "a folder": "clear(NAME); (state / OWN / NAME).mkdir()",
    "a pipe": "clear(NAME); os.mkfifo(state / OWN / NAME)",
    "a pipe for the log": "os.unlink(state / OWN / (NAME + '-wal')); os.mkfifo(state / OWN / (NAME + '-wal'))",
    "a pipe for the index": "os.unlink(state / OWN / (NAME + '-shm')); os.mkfifo(state / OWN / (NAME + '-shm'))",
    "a link": "clear(NAME); (state / OWN / NAME).symlink_to('/dev/zero')",
    "a long text": "clear(NAME); open(state / OWN / NAME, 'w').write('SQLite format 3' + 'x' * 30_000_000)",
    "a file with a hole of 1 TB": "clear(NAME); os.truncate(os.open(state / OWN / NAME, os.O_CREAT | os.O_RDWR), 2 ** 40)",
    "a view without end": "clear(NAME); db = sqlite3.connect(state / OWN / NAME); db.executescript('PRAGMA journal_mode=WAL;"
    " CREATE VIEW %s AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id, id AS envelope,"
    " id AS ref, id AS kind, id AS body FROM n' % TABLE)",
    "numbers for bytes": "clear(NAME); db = sqlite3.connect(state / OWN / NAME); db.executescript('PRAGMA journal_mode=WAL;"
    " CREATE TABLE %s (id INTEGER PRIMARY KEY, envelope, ref, kind, body); INSERT INTO %s VALUES (1, 4000000000, 1, 2, 3)'"
    " % (TABLE, TABLE))",
    "a shorter index": "os.truncate(state / OWN / (NAME + '-shm'), 0)",
    "rubbish in the index": "h = os.open(state / OWN / (NAME + '-shm'), os.O_RDWR); os.pwrite(h, os.urandom(32768), 0)",
    "a lock": "db = sqlite3.connect(state / OWN / NAME, isolation_level=None);"
    " db.execute('PRAGMA locking_mode=EXCLUSIVE'); db.execute('BEGIN EXCLUSIVE')",
}
OF = {"sync": ("replica.db", "commands"), "screen": ("desk.db", "requests")}


def place(house: ThreeUsers, user: str, what: str, then: str = "") -> str:
    name, table = OF[user]
    return said(house, user, f"{CLEAR}\nNAME, TABLE = {name!r}, {table!r}\n{PLACED[what]}\n{then}")


@pytest.mark.parametrize("what", PLACED)
@pytest.mark.parametrize("user", OF)
def test_fail__what_lies_in_the_place_of_a_database_neither_stops_nor_hangs_the_gate(
    house: ThreeUsers, followed: Follower, user: str, what: str
) -> None:
    house.kill(user)  # what it did before it was taken over; afterwards it is the attacker
    if what != "a lock":
        going_on(house, followed, lambda: place(house, user, what))
        restarted(house, followed)
    else:
        name, table = OF[user]
        code = f"OWN = {'sync' if user == 'sync' else 'desk'!r}\nNAME = {name!r}\n{PLACED[what]}\nprint('held', flush=True)\nimport time; time.sleep(60)"
        holder = hold(house, user, code)
        try:
            going_on(house, followed)
            restarted(house, followed)
        finally:
            holder.kill()
            holder.wait()
    nothing_wrong(house)
    said(house, user, f"{CLEAR}\nclear({OF[user][0]!r})")
    house.start(user)
    time.sleep(0.5)


def hold(house: ThreeUsers, user: str, code: str) -> "subprocess.Popen[str]":
    import sys

    head = f"import os, sqlite3, fcntl; from pathlib import Path; state = Path({str(house.state)!r})\n"
    command = house.users.command(user, sys.executable, "-c", head + code)
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/")
    assert holder.stdout is not None
    holder.stdout.readline()  # held, or refused because the gate reads just now
    return holder
