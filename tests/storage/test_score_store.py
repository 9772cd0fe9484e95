"""scores.db: kept across restarts and kills, never in the gate's way."""

import os
import signal
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

from edge.core.score_counts import KEEP_DAYS, DayScores
from edge.storage.score_store import ScoreReader, ScoreStore

MONDAY = date(2026, 11, 2)
WRITER = """
import sys
from datetime import date
from pathlib import Path
from edge.core.score_counts import DayScores
from edge.storage.score_store import ScoreStore
store = ScoreStore(Path(sys.argv[1]))
for n in range(1, 1_000_000):
    store.save(DayScores(day=date(2026, 11, 2), model_id="m", accepted={i: n for i in range(150)}, unusable=n))
    print(n, flush=True)
"""


def kept(day: date = MONDAY, **fields: object) -> DayScores:
    return DayScores.model_validate({"day": day, "model_id": "m"} | fields)


def test_ok__a_day_is_replaced_and_read_by_others(tmp_path: Path) -> None:
    path = tmp_path / "scores.db"
    reader = ScoreReader(path)
    assert reader.days() == []
    store = ScoreStore(path)
    store.save(kept(accepted={120: 1}))
    store.save(kept(accepted={120: 1, -3: 2}, workers=2))
    store.save(kept(MONDAY + timedelta(days=1), unusable=1))
    assert store.days() == reader.days()
    assert store.days()[0].accepted == {120: 1, -3: 2}
    store.close()
    store.close()
    again = ScoreStore(path)
    assert len(again.days()) == 2
    again.close()
    reader.close()


def test_ok__old_days_go(tmp_path: Path) -> None:
    store = ScoreStore(tmp_path / "scores.db")
    store.save(kept())
    store.save(kept(MONDAY + timedelta(days=KEEP_DAYS)))
    assert [d.day for d in store.days()] == [MONDAY + timedelta(days=KEEP_DAYS)]
    store.close()


def test_ok__a_killed_gate_leaves_whole_days(tmp_path: Path) -> None:
    path = tmp_path / "scores.db"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    told = 0
    while told < 200:
        told = int(writer.stdout.readline())
    os.kill(writer.pid, signal.SIGKILL)
    rest, _ = writer.communicate()
    told = max([told, *(int(line) for line in rest.split() if line.isdigit())])
    store = ScoreStore(path)
    (day,) = store.days()
    assert day.unusable in (told, told + 1)  # everything that was said to be kept is
    assert set(day.accepted.values()) == {day.unusable}
    store.close()


def test_fail__a_damaged_file_is_set_aside_and_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "scores.db"
    path.write_bytes(b"no database at all, but long enough to be read as one" * 40)
    store = ScoreStore(path)
    store.save(kept(unusable=1))
    assert store.days() == [kept(unusable=1)]
    store.close()
    assert len(list(tmp_path.glob("scores.db.corrupt-*"))) == 1


def test_fail__a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = ScoreStore(tmp_path / "file" / "scores.db")
    store.save(kept())
    assert store.days() == []
    store.close()


def test_ok__a_row_of_another_version_is_passed_over(tmp_path: Path) -> None:
    store = ScoreStore(tmp_path / "scores.db")
    store.save(kept())
    assert store._db is not None
    store._db.execute("INSERT INTO days VALUES ('2026-11-01', 'm', '{\"day\": 7}')")
    assert store.days() == [kept()]
    store.close()
