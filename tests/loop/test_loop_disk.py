"""A gate whose disk fills up: told once, less and less beside the events, and opened as HQ's policy says."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from loop_rig import NOBODY, House, known

from contract.messages import Ack, DiskStep, NoticeCode, NoticeEvent, PolicySnapshot, Reason
from edge.core.config import Config, parse
from edge.loop import GateLoop
from edge.loop.disk_watch import SAMPLE_EVERY_S
from edge.storage.disk_space import MB, PIECE_BYTES, DiskSpace, Reserve

CONFIG = parse({"journal": {"budget_mb": 16}})


class Site(House):
    """The loop with a disk of a given free space."""

    free_mb = 5000.0

    def make_loop(self) -> GateLoop:
        self.config = CONFIG
        self.reserve = Reserve(self.folder / "journal.reserve", 2)
        self.disk = DiskSpace(self.folder, CONFIG.disk, self.reserve, free_bytes=lambda folder: int(self.free_mb * MB))
        self.lists.acks = lambda: [
            Ack(gate_id="gate-1", epoch=self.journal.epoch, seq=self.acked, utc=self.clock.utc())
        ]  # type: ignore[method-assign]
        adapters = self.adapters(disk=self.disk)
        return GateLoop(CONFIG, adapters)

    acked = 0

    def waits(self, free_mb: float, seconds: float = 11) -> None:
        self.free_mb = free_mb
        self.sees(NOBODY, seconds)

    @property
    def told(self) -> list[tuple[str, str]]:
        found = (NoticeCode.DISK_LOW, NoticeCode.DISK_OK, NoticeCode.DISK_FILLING)
        return [(e.code.value, e.detail) for e in self.events if isinstance(e, NoticeEvent) and e.code in found]

    def policy(self, **rules: bool) -> None:
        policy = PolicySnapshot(site_id="site-1", issued_utc=self.clock.utc(), **rules)
        self.lists.state = replace(self.lists.state, policy=policy)

    def write(self, events: int) -> None:
        self.journal._file.db.execute("PRAGMA synchronous=OFF")  # waiting for the disk is not what this is about
        for _ in range(events):
            self.journal.append(NoticeEvent, code=NoticeCode.REX, detail="x" * 300)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.loop.close()


def test_ok__each_step_is_told_once_and_undone(site: Site) -> None:
    for free_mb in (5000, 900, 900, 1100, 400, 100, 100, 5000, 5000):
        site.waits(free_mb)
    assert site.told == [
        ("disk_low", "low: 900 MB free"),
        ("disk_low", "very_low: 400 MB free"),
        ("disk_low", "critical: 100 MB free"),
        ("disk_ok", "ok: 5000 MB free"),
    ]


def test_ok__a_restart_tells_nothing_again(site: Site) -> None:
    site.waits(400)
    site.loop = site.make_loop()
    site.waits(400)
    assert [code for code, _ in site.told] == ["disk_low"]
    site.waits(550)  # still within the hysteresis of the step before the restart
    assert [code for code, _ in site.told] == ["disk_low"]


def test_ok__the_live_state_says_so_and_leaves_out_what_is_not_needed(site: Site) -> None:
    site.waits(5000)
    live = site.reader.live()
    assert live and live.disk and live.recognition
    assert (live.disk.step, live.disk.free_mb) == (DiskStep.OK, 5000)
    site.waits(300)
    live = site.reader.live()
    assert live and live.disk and live.disk.step is DiskStep.VERY_LOW
    assert live.recognition is None


def test_ok__what_was_set_aside_is_named_when_room_is_needed(site: Site) -> None:
    (site.folder / "journal.db.corrupt-1").write_bytes(b"x" * 100_000)
    site.waits(5000)
    site.waits(400)
    ((_, detail),) = site.told
    assert detail == "very_low: 400 MB free; copy away and delete journal.db.corrupt-1 (0.1 MB)"


def test_ok__with_the_last_reserve_the_gate_opens_unless_the_policy_forbids(site: Site) -> None:
    site.waits(100)
    site.sees(known(1), 0.5)
    site.sees(NOBODY, 8)
    site.policy(admit_on_low_disk=False)
    site.sees(known(2), 0.5)
    site.sees(NOBODY, 8)
    site.waits(5000)
    site.sees(known(3), 0.5)
    assert site.decisions == [Reason.GRANTED, Reason.DISK_FULL, Reason.GRANTED]


def test_fail__a_disk_that_is_really_full_costs_the_reserve_and_then_every_opening(site: Site) -> None:
    site.waits(5000)
    pages = int(site.journal._file.db.execute("PRAGMA page_count").fetchone()[0])
    site.journal._file.db.execute(f"PRAGMA max_page_count={pages}")
    site.free_mb = 0
    given = []

    def give() -> bool:
        nonlocal pages
        if not site.reserve.release_piece():
            return False
        pages += 3
        given.append(site.journal.size().head)
        site.journal._file.db.execute(f"PRAGMA max_page_count={pages}")
        return True

    site.journal._give_room = give
    for approach in range(1, 40):
        site.sees(known(approach), 0.3)
        site.sees(NOBODY, 7)
    assert len(given) == 2
    live = site.reader.live()
    assert live and live.disk and live.disk.step is DiskStep.CRITICAL
    granted, opened = site.decisions.count(Reason.GRANTED), site.acts.count("pulse")
    assert 0 < granted == opened < 39, "no record, no opening"
    site.journal._file.db.execute("PRAGMA max_page_count=100000")
    site.waits(5000)
    assert site.reserve.missing_bytes == 0
    site.sees(known(99), 0.3)
    assert site.acts.count("pulse") == opened + 1


def test_ok__over_budget_a_week_of_what_hq_holds_stays(site: Site) -> None:
    site.write(20_000)
    old = site.clock.utc()
    site.clock.advance(6.9 * 86_400)
    site.waits(5000, 0.5)
    assert site.journal.size().kept == 20_000, "not at HQ, and not a week old"
    site.acked = 19_000
    site.clock.advance(86_400)
    site.write(2_000)
    site.waits(5000, 20)
    size = site.journal.size()
    assert 15 < size.used_mb + size.log_mb <= 16, "no more than is needed"
    assert size.kept >= 3_000, "what HQ does not hold"
    assert site.clock.utc() - old < timedelta(days=30), "younger than keep_days"


def test_ok__short_of_room_only_the_newest_of_what_hq_holds_stay(site: Site) -> None:
    site.write(5_000)
    site.acked = 5_000
    site.waits(5000, 5)
    assert site.journal.size().kept >= 5_000
    site.waits(100, 60)
    assert site.journal.size().kept == 2_000


def test_ok__a_disk_that_fills_is_told_days_before(site: Site) -> None:
    for hour in range(12):
        site.waits(5200 - hour * 1000 / 24, 0.1)
        site.clock.advance(SAMPLE_EVERY_S * 6)
    (found,) = site.told
    assert found[0] == "disk_filling"
    assert "full in 4." in found[1]
    site.waits(4700, 0.5)
    live = site.reader.live()
    assert live and live.disk and live.disk.days_left and 4 < live.disk.days_left < 5
    assert [code for code, _ in site.told] == ["disk_filling"], "once a day"


def test_ok__events_that_hq_does_not_take_are_told_before_they_fill_the_budget(site: Site) -> None:
    for _ in range(8):
        site.waits(5000, 0.1)
        site.write(700)
        site.clock.advance(3600)
    assert [code for code, _ in site.told] == ["disk_filling"]
    assert "MB not at HQ" in site.told[0][1]


def test_ok__without_a_disk_to_look_at_the_gate_works_and_forgets_as_before(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.sees(known(), 0.5)
    live = house.reader.live()
    assert live and live.disk is None
    assert house.decisions == [Reason.GRANTED]
    assert Config().disk.low_mb and PIECE_BYTES
    house.loop.close()


def test_ok__a_program_that_reads_without_end_is_named_and_counted(site: Site) -> None:
    """Its -wal file is part of the budget, of the report, and cut once the program has ended."""
    look = "import sqlite3, sys, time; db = sqlite3.connect(sys.argv[1]); db.execute('BEGIN'); "
    look += "db.execute('SELECT count(*) FROM events').fetchall(); print('ready', flush=True); time.sleep(600)"
    site.waits(5000)
    command = [sys.executable, "-c", look, str(site.folder / "journal.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        site.write(5000)
        assert site.journal.size().log_mb > 32
        for _ in range(2):
            site.waits(5000)
        site.waits(400)
        process.kill()
    held = [e.detail for e in site.events if isinstance(e, NoticeEvent) and e.code is NoticeCode.JOURNAL_HELD]
    assert len(held) == 1 and f"because process {process.pid} (python" in held[0], held
    assert "MB in the journal's -wal file, held by process" in site.told[-1][1]
    site.waits(5000)
    assert site.journal.size().log_mb < 8
