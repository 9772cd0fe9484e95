"""Gate, sync and screen run as three users; each is taken over in turn and attacks what belongs to the others."""

import json

import pytest
from three_users import OWN, UIDS, ThreeUsers
from three_users_checks import count, going_on, nothing_wrong, restarted, said

from contract.messages import AccessEvent, NoticeCode
from edge.tools.demo.cast import MEMBERS
from edge.tools.demo.play import Follower

pytestmark = pytest.mark.timeout(300)

JPEG = b"\xff\xd8\xff"
WALK = """
import json, stat
def tries(what, path, act):
    try:
        act()
    except OSError:
        return
    done.append([what, str(path.relative_to(root))])
done = []
for path in [state, *sorted(state.rglob("*")), root / "keys", *sorted((root / "keys").iterdir()), root / "gate.toml"]:
    try:
        mode = path.lstat().st_mode
    except OSError:
        continue
    if stat.S_ISDIR(mode):
        tries("create", path, lambda: os.close(os.open(path / "planted", os.O_CREAT | os.O_EXCL | os.O_WRONLY)))
        tries("unplant", path, lambda: os.unlink(path / "planted"))
        tries("link", path, lambda: os.symlink("/etc/passwd", path / "planted-link"))
        tries("pipe", path, lambda: os.mkfifo(path / "planted-pipe"))
        for name in ("planted-link", "planted-pipe"):
            tries("unplant", path, lambda: os.unlink(path / name))
        tries("mode", path, lambda: os.chmod(path, mode & 0o7777))
        tries("rename", path, lambda: (os.rename(path, f"{path}-away"), os.rename(f"{path}-away", path)))
    else:
        tries("write", path, lambda: os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK)))
        tries("mode", path, lambda: os.chmod(path, mode & 0o7777))
        tries("rename", path, lambda: (os.rename(path, f"{path}-away"), os.rename(f"{path}-away", path)))
        tries("second name", path, lambda: (os.link(path, state / OWN / "second"), os.unlink(state / OWN / "second")))
        tries("lock", path, lambda: fcntl.flock(os.open(path, os.O_RDONLY | os.O_NONBLOCK), fcntl.LOCK_EX | fcntl.LOCK_NB)
              if path.name.endswith(".lock") else os.open("/nonexistent", 0))
print(json.dumps(done))
"""
"""Everything that can be done to a name or a file, to each file there. Returns what could be done."""

READ = """
import json
found = []
for path in [*state.rglob("*"), *(root / "keys").iterdir()]:
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    except OSError:
        continue
    found.append(str(path.relative_to(root)))
try:
    os.listdir(state / "desk")
    found.append("desk is listed")
except OSError:
    pass
from edge.app.memory_folder import memory_files
from edge.app.standings_file import NAME
from edge.core.config import Config, PathsConfig
standings = memory_files(Config(paths=PathsConfig(state_dir=state)), NAME)[1]
standings.lstat()
try:
    standings.read_bytes()
    found.append("standings are read")
except OSError:
    pass
try:
    os.close(os.open(standings.parent / "planted", os.O_CREAT | os.O_WRONLY))
    found.append("standings may be replaced")
except OSError:
    pass
print(json.dumps(found))
"""


def test_ok__the_three_work_together_and_hq_holds_everything(house: ThreeUsers, followed: Follower) -> None:
    house.go.touch()
    followed.until(lambda: house.picture().startswith(JPEG), 60, "the screen got no picture of who approaches")
    followed.until(
        lambda: any(isinstance(e, AccessEvent) and e.granted for e in followed.events), 60, "nobody was let in"
    )
    followed.until(followed.drained, 60, "HQ did not get everything")
    for user, folder in OWN.items():
        owners = {path.name: path.stat().st_uid for path in (house.state / folder).iterdir()}
        assert set(owners.values()) == {UIDS[user]}, owners
        assert not any(path.stat().st_mode & 0o022 for path in (house.state / folder).iterdir())


@pytest.mark.parametrize("user", UIDS)
def test_fail__no_process_changes_anything_outside_its_own_folder(
    house: ThreeUsers, followed: Follower, user: str
) -> None:
    """pulse-cuts with a chosen ref, refs deleted, journal.db removed, an old replica.db, list_deltas, lock files,
    models and
    voice renamed: all of these begin with writing or renaming a file of somebody else."""
    done = json.loads(said(house, user, WALK))
    secret = {"gate": "keys/site-demo.key.pem", "screen": "keys/site-demo.screen.key.pem"}.get(user, "")
    own = f"state/{OWN[user]}"
    others = [(what, path) for what, path in done if path not in (own, secret) and not path.startswith(f"{own}/")]
    assert others == []
    assert ["create", own] in done, "the attack itself works where it may"
    assert ["rename", own] not in done
    going_on(house, followed)
    nothing_wrong(house)


@pytest.mark.parametrize("user", UIDS)
def test_fail__no_process_reads_what_only_another_needs(house: ThreeUsers, followed: Follower, user: str) -> None:
    found = set(json.loads(said(house, user, READ)))
    assert ("keys/site-demo.key.pem" in found) == (user == "gate")
    assert ("keys/site-demo.screen.key.pem" in found) == (user == "screen")
    assert ("state/gate/gate-signing.key.pem" in found) == (user == "gate")
    assert ("state/sync/link-signing.key.pem" in found) == (user == "sync")
    assert ("desk is listed" in found) == ("state/desk/desk.db" in found) == (user != "sync")
    assert ("standings are read" in found) == (user != "sync"), "no process with a network sees whom a risk list names"
    assert ("standings may be replaced" in found) == (user == "gate")
    assert "state/gate/journal.db" in found
    assert ("state/gate/journal.db.lock" in found) == (user == "gate"), "who can read a lock file can hold it"
    assert ("state/sync/replica.db.lock" in found) == (user == "sync")


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM refs",
        "INSERT INTO refs VALUES ('lock-down-over:x', 1)",
        "DELETE FROM events",
        "PRAGMA journal_mode=DELETE",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "VACUUM",
    ],
)
def test_fail__the_journal_cannot_be_changed_through_sqlite(house: ThreeUsers, followed: Follower, sql: str) -> None:
    before = followed._journal.head()
    tried = house.attack("sync", f"sqlite3.connect(state / 'gate/journal.db').execute({sql!r}).fetchall()")
    assert "WAL" not in tried.stdout
    restarted(house, followed)
    assert followed._journal.head() > before
    assert count(followed, NoticeCode.JOURNAL_RESTARTED) == 0
    nothing_wrong(house)


def test_ok__readers_read_while_the_gate_is_dead_and_after_it_stopped(house: ThreeUsers, followed: Follower) -> None:
    """Neither needs a right to write: -wal and -shm stay, also with their last writer gone."""
    count_events = "print(sqlite3.connect(f'file:{state}/gate/journal.db?mode=ro', uri=True)"
    count_events += ".execute('SELECT count(*) FROM events').fetchone()[0])"
    for end in (house.kill, house.stop):
        end("gate")
        held = followed._journal.head()
        for user in ("sync", "screen"):
            assert int(said(house, user, count_events)) == held
        house.start("gate")
        followed.until(lambda held=held: followed._journal.head() > held, 40, "the gate did not start")  # type: ignore[misc]


OPEN = """
import json
from contract.keyring import OpeningKeys, TrustedKeys
from edge.replica.directory import DirectoryKeys, DirectoryReader
found = []
for key in sorted((root / "keys").glob("*.key.pem")):
    keys = lambda: DirectoryKeys(TrustedKeys(root / "keys/hq-signing.pub.pem"), OpeningKeys(key))
    names = DirectoryReader(state / "sync/replica.db", "site-demo", keys)
    found += [entry.name for entry in names.read().entries.values() if entry.name]
    names.close()
print(json.dumps(found))
"""
"""The directory, opened with every key that can be read."""


def test_fail__a_name_is_read_by_the_screen_alone_and_lies_nowhere_readable(
    house: ThreeUsers, followed: Follower
) -> None:
    name = "Zhao Extraordinary"
    people = {"workers": [{"worker_id": MEMBERS[0].worker_id, "name": name, "phone": "+86 138 0013 8000"}]}
    (house.hq_dir / "names.json").write_text(json.dumps(people))
    house.hq("import", str(house.hq_dir / "names.json"), "--publish")

    def names_for(user: str) -> list[str]:
        return list(json.loads(said(house, user, OPEN).splitlines()[-1]))

    followed.until(lambda: name in names_for("screen"), 40, "the screen's user does not read it")
    assert (names_for("gate"), names_for("sync")) == ([], [])
    going_on(house, followed)
    files = [path for path in house.root.rglob("*") if path.is_file() and not path.is_relative_to(house.hq_dir)]
    assert len(files) > 10
    for path in files:
        assert not any(word in path.read_bytes() for word in (b"Extraordinary", b"138 0013")), path
    nothing_wrong(house)
