"""Any file is wholly imported or wholly refused."""

import csv
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from import_rig import ImportRig, workbook

from common.sheets.refusals import ImportRefused
from common.sheets.values import BadCell, CellRules, a_date, an_id, name, phone, some_cards, some_ids, yes_or_no
from hq.imports import reading
from hq.imports.columns import map_columns
from hq.imports.plan import Change, ImportMode
from hq.keys import keys as hq_keys

ODD = [
    "w-1",
    "０017",
    "w 3",
    "",
    " ",
    "-",
    "是",
    "maybe",
    "2026/1/5",
    "46027",
    "4.4E+17",
    "0042",
    "site-1",
    "site-9",
    'a"\n;b',
]
MESS = st.one_of(st.sampled_from(ODD), st.text(max_size=6))
GOOD = {
    "工号": ["w-1", "w-2", "w-3", "w-4", "０017", " w-6"],
    "姓名": ["张三", "Zhang San", "", "-"],
    "在场": ["是", "no", "", "√"],
    "进场日期": ["2026/1/5", "2026年1月5日", "", "-", "20260105"],
    "卡号": ["0042", "", "", "7; 8"],
    "工地": ["site-1", "site-1, site-2", ""],
    "x": ["", "anything"],
}
HEADINGS = [*GOOD]
ROWS = st.lists(st.lists(MESS, min_size=1, max_size=7), max_size=6)


GOOD_ROWS = st.lists(
    st.fixed_dictionaries({key: st.sampled_from(good) for key, good in GOOD.items()}),
    min_size=1,
    max_size=4,
    unique_by=lambda row: row["工号"],
)
SPOILT = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([*GOOD]), st.sampled_from(ODD)), max_size=2)
"""Cells that get another text."""


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImportRig]:
    folder = tmp_path_factory.mktemp("hq")
    hq_keys.init(folder, ("site-1", "site-2"), 1883)
    found = ImportRig(folder, hq_keys.load(folder))
    yield found
    found.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=GOOD_ROWS,
    spoilt=SPOILT,
    headings=st.permutations(HEADINGS),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    mode=st.sampled_from(ImportMode),
    site=st.sampled_from([None, "site-1"]),
)
def test_ok__a_csv_of_any_cells(
    rig: ImportRig,
    rows: list[dict[str, str]],
    spoilt: list[tuple[int, str, str]],
    headings: list[str],
    encoding: str,
    separator: str,
    mode: ImportMode,
    site: str | None,
) -> None:
    for row, key, odd in spoilt:
        if row < len(rows):
            rows[row][key] = odd
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows([headings, *([row[key] for key in headings] for row in rows)])
    _whole_or_nothing(rig, rig.file("a.csv", text.getvalue().encode(encoding, "ignore")), mode, site)


@settings(max_examples=20, deadline=None)
@given(data=st.binary(max_size=300), name_=st.sampled_from(["a.csv", "a.toml", "a.json"]))
def test_ok__a_file_of_any_bytes(rig: ImportRig, data: bytes, name_: str) -> None:
    _whole_or_nothing(rig, rig.file(name_, data), ImportMode.UPDATE, None)


def _whole_or_nothing(rig: ImportRig, path: Path, mode: ImportMode, site: str | None) -> None:
    before = rig.everything()
    try:
        checked = rig.check(path, mode, site)
    except ImportRefused:
        with pytest.raises(ImportRefused):
            rig.take(path, mode, site)
        assert rig.everything() == before
        return
    assert rig.everything() == before, "a check changes nothing"
    done = rig.take(path, mode, site)
    assert (done.digest, done.problem_count) == (checked.digest, checked.problem_count)
    if done.problem_count or done.changes_nothing:
        assert rig.everything() == before
    elif mode is ImportMode.UPDATE:
        assert rig.check(path, mode, site).changes_nothing, "a second import finds nothing to do"


CELLS: Any = st.one_of(
    MESS, st.none(), st.booleans(), st.floats(), st.integers(), st.dates(), st.datetimes(), st.times(), st.timedeltas()
)


@given(CELLS)
def test_ok__any_cell_is_a_value_or_refused_with_a_sentence(cell: Any) -> None:
    for read in (an_id, some_ids, some_cards, phone, yes_or_no, a_date, name(80)):
        try:
            read(cell, CellRules())
        except BadCell as error:
            assert str(error)


@given(ROWS)
def test_ok__headings_among_any_rows_are_found(rows: list[list[str]]) -> None:
    found = map_columns([*[row for row in rows if not set(row) & {*HEADINGS}][:5], HEADINGS], {}, lambda headings: {})
    assert found.named["worker_id"] == "工号"


def test_ok__a_workbook_and_a_csv_of_the_same_rows_say_the_same(rig: ImportRig) -> None:
    rows = [["工号", "姓名"], ["x-1", "张三"], ["x 2", ""]]
    text = "\n".join(",".join(row) for row in rows)
    told = [
        rig.check(path, site="site-1").problems
        for path in (workbook(rig.folder / "b.xlsx", rows), rig.file("b.csv", text))
    ]
    assert told[0] == told[1] and len(told[0]) == 1


def test_fail__an_error_in_the_middle_leaves_nothing(rig: ImportRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "AT_ONCE", 2)
    path = rig.file("a.csv", "工号\n" + "\n".join(f"m-{n}" for n in range(6)))
    before, put, calls = rig.everything(), rig.people.put, []

    def fails(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return put(*args)

    monkeypatch.setattr(rig.people, "put", fails)
    with pytest.raises(OSError, match="No space"):
        rig.take(path, site="site-1")
    monkeypatch.undo()
    assert rig.everything() == before
    assert rig.take(path, site="site-1").workers == {Change.ADD: 6}


KILLED = """
import sys
from pathlib import Path
from hq.imports import reading
from hq.keys import keys
from import_rig import ImportRig
folder = Path(sys.argv[1])
reading.AT_ONCE = 10
rig = ImportRig.__new__(ImportRig)
rig.folder, rig.keys = folder, keys.load(folder)
from hq.database.store import Store
from hq.registry.people import PeopleRegistry
rig.store = Store(f"sqlite:///{folder / 'hq.db'}", rig.keys)
rig.people = PeopleRegistry(rig.store, rig.keys)
put, count = rig.people.put, 0
def slow(*args):
    global count
    count += 1
    done = put(*args)
    if count == 3:
        print("in the middle", flush=True)
        sys.stdin.read()
    return done
rig.people.put = slow
rig.take(folder / "k.csv", site="site-1")
"""


def test_ok__killed_in_the_middle_nothing_is_imported(rig: ImportRig) -> None:
    path = rig.file("k.csv", "工号\n" + "\n".join(f"k-{n}" for n in range(100)))
    before = rig.everything()
    rigs = str(Path(__file__).parents[1] / "rigs")
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(rig.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": rigs},
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"in the middle\n"
        child.send_signal(signal.SIGKILL)
    assert rig.everything() == before
    assert rig.take(path, site="site-1").workers == {Change.ADD: 100}
