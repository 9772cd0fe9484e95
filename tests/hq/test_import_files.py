"""Imports of CSV and XLSX as Excel, WPS and LibreOffice write them: what is taken, and what each mode changes."""

import codecs
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from import_rig import ImportRig, workbook

from common.sheets.opening import open_sheet
from common.sheets.refusals import ImportRefused
from contract.credentials import card_digest, pin_code_matches
from contract.messages import RiskEntry
from contract.policy import RiskAction, RiskRule
from hq.database import people as tables
from hq.imports.importing import Importing
from hq.imports.lines import SheetSource
from hq.imports.opening import columns_text, named_columns, open_source, save_columns
from hq.imports.plan import Change, ImportMode
from hq.imports.reading import ImportOptions
from hq.imports.summary import ImportSummary
from hq.keys import keys as hq_keys
from hq.registry.credentials import WrittenWorker
from hq.registry.import_file import PolicyEntry
from hq.registry.risk_record import RiskRecord
from hq.registry.site_rules import put_district

HEADINGS = "工号,姓名,单位,班组,工种,手机,进场日期,培训有效期"
ROW = "0017,张三,North Build,一班,电工,13800000000,2026/1/5,2026年12月31日"
CSV = f"{HEADINGS}\r\n{ROW}\r\n"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> hq_keys.HqKeys:
    folder = tmp_path_factory.mktemp("hq")
    hq_keys.init(folder, ("site-1", "site-2"), 1883)
    return hq_keys.load(folder)


@pytest.fixture
def rig(tmp_path: Path, keys: hq_keys.HqKeys) -> Iterator[ImportRig]:
    found = ImportRig(tmp_path, keys)
    yield found
    found.close()


@pytest.mark.parametrize(
    "data",
    [
        CSV.encode(),
        codecs.BOM_UTF8 + CSV.encode(),
        CSV.encode("gbk"),
        CSV.replace(",", "\t").encode("utf-16"),
        CSV.replace(",", ";").encode(),
        ("sep=;\r\n" + CSV.replace(",", ";")).encode(),
        ("工人名册,,,,,,,\r\n" + CSV).encode(),
        CSV.replace("0017", " ００17 ").replace("工号", "工 号*").replace("North Build", '"North\nBuild "').encode(),
    ],
    ids=["utf-8", "mark", "gbk", "utf-16", "semicolons", "sep", "title", "blanks and full width"],
)
def test_ok__csv_as_programs_write_it(rig: ImportRig, data: bytes) -> None:
    assert rig.take(rig.file("a.csv", data), site="site-1").workers == {Change.ADD: 1}
    worker = rig.worker("0017")
    assert (worker.employer, worker.trade, worker.sites) == ("North Build", "电工", ("site-1",))
    assert (worker.valid_from, worker.training_valid_until) == (date(2026, 1, 5), date(2026, 12, 31))
    assert rig.named("0017") == ("张三", "一班", "13800000000")


def test_ok__a_workbook_with_merged_headings_a_hidden_sheet_and_real_dates(rig: ImportRig) -> None:
    rows = [
        ["中建三局 工人名册", None, None, None],
        ["工号", "姓名", "有效期", None],
        [None, None, "进场日期", "退场日期"],
        ["0017", "张三", date(2026, 1, 5), datetime(2026, 12, 31)],
        [None, " ", None, None],
    ]
    path = workbook(rig.folder / "a.xlsx", rows, hidden=[["工号"], ["x-1"]], empty=[])
    assert rig.take(path, site="site-1").workers == {Change.ADD: 1}
    worker = rig.worker("0017")
    assert (worker.valid_from, worker.valid_until) == (date(2026, 1, 5), date(2026, 12, 31))
    assert "hidden, not read: hidden" in open_sheet(path, None).notes


def test_ok__rows_have_the_numbers_that_the_spreadsheet_shows(rig: ImportRig) -> None:
    path = workbook(rig.folder / "a.xlsx", [[], [], [None, None, "工号"], [], [None, None, "x y"]])
    assert str(rig.check(path).problems[0]).startswith("row 5, 工号: 'x y' is not an id")
    assert list(open_sheet(path, None).rows())[2] == (3, [None, None, "工号"])


def test_ok__an_update_of_one_field_leaves_the_others(rig: ImportRig) -> None:
    known = WrittenWorker(
        worker_id="w-1", sites=("site-1",), employer="a", trade="b", pin="4711", card="0042", consent_ref="c", name="N"
    )
    rig.put(workers=(known,))
    before = rig.worker("w-1")
    rig.take(rig.file("a.csv", "工号,工种,手机\nw-1,焊工,\n"))
    assert rig.worker("w-1") == before.model_copy(update={"trade": "焊工"})
    rig.take(rig.file("b.csv", "工号,工种,单位\nw-1,-,\n"))
    assert (rig.worker("w-1").trade, rig.worker("w-1").employer) == (None, "a")
    assert rig.named("w-1")[0] == "N"


def test_ok__replace_writes_whole_records_and_takes_the_site_from_the_others(rig: ImportRig) -> None:
    for name in ("w-1", "w-2", "w-3"):
        sites = ("site-2",) if name == "w-3" else ("site-1", "site-2")
        rig.put(workers=(WrittenWorker(worker_id=name, sites=sites, employer="a", trade="b", consent_ref="c"),))
    done = rig.take(rig.file("a.csv", "工号,单位\nw-1,z\n"), ImportMode.REPLACE, "site-1")
    assert done.workers == {Change.CHANGE: 2}
    one, two, three = (rig.worker(name) for name in ("w-1", "w-2", "w-3"))
    assert (one.employer, one.trade, one.consent_ref, one.sites) == ("z", None, "c", ("site-1", "site-2"))
    assert (two.employer, two.sites, three.sites) == ("a", ("site-2",), ("site-2",))


def test_ok__add_refuses_whom_hq_knows_and_remove_whom_it_does_not(rig: ImportRig) -> None:
    path = rig.file("a.csv", "工号\nw-1\nw-2\n")
    assert rig.take(path, ImportMode.ADD, "site-1").workers == {Change.ADD: 2}
    assert rig.take(path, ImportMode.ADD, "site-1").problem_count == 2
    assert rig.take(path, ImportMode.REMOVE).workers == {Change.REMOVE: 2}
    assert rig.people.find("w-1") is None
    assert "check the id" in str(rig.take(path, ImportMode.REMOVE).problems[0])


def test_ok__remove_with_a_site_takes_only_the_site_away(rig: ImportRig) -> None:
    rig.put(workers=(WrittenWorker(worker_id="w-1", sites=("site-1", "site-2")),))
    rig.take(rig.file("a.csv", "工号\nw-1\n"), ImportMode.REMOVE, "site-1")
    assert rig.worker("w-1").sites == ("site-2",)


def test_ok__cards_and_pins_count_at_all_sites_of_the_worker(rig: ImportRig) -> None:
    rig.put(workers=(WrittenWorker(worker_id="w-1", sites=("site-2",)),))
    rig.take(rig.file("a.csv", "工号,卡号,密码\nw-1,0042,04711\n"), site="site-1")
    worker = rig.worker("w-1")
    assert set(worker.cards) == {card_digest(site, "0042") for site in ("site-1", "site-2")}
    assert worker.pin and pin_code_matches("04711", worker.pin)


def test_ok__two_workers_may_swap_their_cards_in_one_file(rig: ImportRig) -> None:
    rig.take(rig.file("a.csv", "工号,卡号\nw-1,1\nw-2,2\n"), site="site-1")
    assert not rig.take(rig.file("b.csv", "工号,卡号\nw-1,2\nw-2,1\n"), site="site-1").problem_count
    assert rig.worker("w-1").cards == (card_digest("site-1", "2"),)
    assert "has at HQ" in str(rig.take(rig.file("c.csv", "工号,卡号\nw-3,2\n"), site="site-1").problems[0])


def _listed(rig: ImportRig) -> set[tuple[str, str]]:
    with rig.store.read() as db:
        return {(entry.worker_id, entry.list_name) for entry in rig.people.risk_lists.stored(db)}


def test_ok__one_new_risk_entry_does_not_replace_the_list(rig: ImportRig) -> None:
    rule = RiskRule(list_name="violence", action=RiskAction.DENY)
    rig.put(
        workers=[WrittenWorker(worker_id=f"w-{n}", sites=("site-1",)) for n in (1, 2)],
        risk=(RiskEntry(worker_id="w-1", list_name="violence"),),
        policies=(PolicyEntry(site_id="site-1", risk_rules=(rule,)),),
    )
    path = rig.file("a.csv", "工号,名单,原因,截止日期\nw-2,Violence ,R7,2099-01-31\n")
    assert rig.take(path, time_zone="Asia/Shanghai").risk == {Change.ADD: 1}
    assert _listed(rig) == {("w-1", "violence"), ("w-2", "violence")}  # by the rule's own spelling
    with rig.store.read() as db:
        entry = next(e for e in rig.people.risk_lists.stored(db) if e.worker_id == "w-2")
    assert (entry.reason_code, entry.valid_until_utc) == ("R7", datetime(2099, 1, 31, 16, tzinfo=UTC))
    assert rig.take(path, ImportMode.REPLACE, time_zone="Asia/Shanghai").risk[Change.REMOVE] == 1
    assert _listed(rig) == {("w-2", "violence")}
    rig.take(path, ImportMode.REMOVE, time_zone="Asia/Shanghai")
    assert not _listed(rig)


def test_ok__a_file_and_the_district_keep_each_others_rules(rig: ImportRig) -> None:
    def district(**rules: object) -> None:
        with rig.people.writing() as db:
            put_district(db, "site-1", {"declaration_valid_h"}, rules)

    def takes(rules: dict[str, object], mode: ImportMode = ImportMode.UPDATE) -> ImportSummary:
        text = json.dumps({"policies": [{"site_id": "site-1", **rules}]})
        return rig.take(rig.file("a.json", text), mode)

    def held() -> dict[str, object]:
        with rig.store.read() as db:
            return rig.people.policy(db, "site-1")

    with rig.people.writing() as db:  # as the version before wrote it: nobody knows whose rule this is
        tables.replace_policy(db, "site-1", '{"lane_names": true, "declaration_valid_h": 24.0}')
    district(declaration_valid_h=12.0)
    district()
    assert held() == {"lane_names": True}, "as before"
    district(declaration_valid_h=12.0)
    assert not takes({"two_person": False}).warnings
    assert held() == {"two_person": False, "declaration_valid_h": 12.0}
    (said,) = takes({"declaration_valid_h": 48}).warnings
    assert said == "declaration_valid_h = 12.0 of the district stays in force at site-1, not the file's"
    assert held() == {"declaration_valid_h": 12.0}
    district()
    assert held() == {"declaration_valid_h": 48.0}, "the file's own"
    district(declaration_valid_h=12.0)
    (said,) = takes({"lane_names": True}, ImportMode.REPLACE).warnings
    assert "goes at site-1" in said and held() == {"lane_names": True}


def test_ok__the_risk_list_of_one_site_replaces_neither_its_people_nor_entries_elsewhere(rig: ImportRig) -> None:
    rig.put(
        workers=[WrittenWorker(worker_id=f"w-{n}", sites=(f"site-{n % 2 + 1}",)) for n in range(4)],
        risk=[RiskEntry(worker_id=f"w-{n}", list_name="violence") for n in (0, 1)],
    )
    path = rig.file("a.csv", "工号,名单\nw-2,violence\n")
    done = rig.take(path, ImportMode.REPLACE, "site-1")
    assert done.risk == {Change.ADD: 1, Change.REMOVE: 1} and not done.workers
    assert _listed(rig) == {("w-1", "violence"), ("w-2", "violence")}


def test_fail__a_csv_file_with_too_many_columns_is_refused_at_once(rig: ImportRig) -> None:
    path = rig.file("a.csv", "工号," + "x," * 200_000 + "\nw-1\n")
    with pytest.raises(ImportRefused, match="row 1 has more than 300 columns"):
        rig.check(path)


def test_ok__a_file_with_headings_alone_takes_the_site_from_nobody(rig: ImportRig) -> None:
    rig.put(workers=(WrittenWorker(worker_id="w-1", sites=("site-1",)),))
    assert rig.take(rig.file("a.csv", "工号,姓名\n"), ImportMode.REPLACE, "site-1").changes_nothing
    assert rig.worker("w-1").sites == ("site-1",)


def test_fail__who_may_lift_an_entry_also_counts_for_a_file(rig: ImportRig) -> None:
    entry = RiskRecord(worker_id="w-1", list_name="key-screening", may_lift=("manager-7",), purpose="screening")
    rig.put(workers=(WrittenWorker(worker_id="w-1", sites=("site-1",)),), risk=(entry,))
    path = rig.file("a.csv", "工号,名单,原因\nw-1,key-screening,R1\n")
    for mode in (ImportMode.UPDATE, ImportMode.REPLACE, ImportMode.REMOVE):
        assert "only manager-7 may change it" in str(rig.take(path, mode).problems[0])
    assert _listed(rig) == {("w-1", "key-screening")}


def test_ok__columns_are_named_saved_and_used_again(rig: ImportRig) -> None:
    path = rig.file("a.csv", "证件号,呼名\nx-1,张\n")
    with pytest.raises(ImportRefused, match="--column worker_id=工号"):
        rig.check(path)
    given = {"worker_id": "证件号", "name": "B"}  # a heading, or a letter
    source = open_source(path, rig.store, given)
    assert isinstance(source, SheetSource)
    save_columns(rig.store, source)
    assert rig.take(path, columns={"worker_id": "证件号"}).workers == {Change.ADD: 1}
    assert rig.named("x-1")[0] == "张"
    kept = rig.file("columns.toml", columns_text(source.columns.named))
    assert named_columns(["team=班"], kept) == {"worker_id": "证件号", "name": "呼名", "team": "班"}


def test_ok__what_may_not_be_meant_is_said_before_it_is_applied(rig: ImportRig) -> None:
    rig.put(workers=(WrittenWorker(worker_id="w-1", sites=("site-1",), employer="North Build", consent_ref="c-1"),))
    text = "工号,单位,同意书,卡号\nw-1,North Bild,c-2,0012345678\nW-1,north build,,12345678\nw-2,,,0012345679\n"
    told = "; ".join(rig.check(rig.file("a.csv", text)).warnings)
    for part in (
        "templates made under",
        "differ only in capitals",
        "did you mean 'north build'",
        "leading zeros",
        "no site",
    ):
        assert part in told


def test_ok__day_numbers_count_where_somebody_declared_them(rig: ImportRig) -> None:
    path = rig.file("a.csv", "工号,进场日期\nw-1,46027\n")
    assert "46027" in str(rig.check(path).problems[0])
    rig.take(path, serial_dates=["valid_from"])
    assert rig.worker("w-1").valid_from == date(2026, 1, 5)


def test_ok__what_was_shown_is_what_is_applied(rig: ImportRig) -> None:
    importing = Importing(rig.people, rig.store, ImportOptions(site="site-1"))
    source = open_source(rig.file("a.csv", CSV), rig.store, {})
    checked = importing.check(source)
    rig.put(workers=(WrittenWorker(worker_id="0017", sites=("site-2",)),))
    before = rig.everything()
    with pytest.raises(ImportRefused, match="run the import again"):
        importing.apply(source, checked)
    assert rig.everything() == before


def test_ok__a_row_that_looks_like_headings_is_not_swallowed(rig: ImportRig) -> None:
    rig.take(rig.file("a.csv", "worker_id,name,active\nzhang,Zhang,active\nli,Li,no\n"))
    assert rig.worker("zhang").active and not rig.worker("li").active


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("ModuleNotFoundError('No module named python_calamine')", "python-calamine is not there"),
        ("ImportError('libm.so.6: version not found')", "python-calamine cannot be loaded"),
    ],
)
def test_fail__without_the_library_for_workbooks_the_refusal_names_it_and_how_to_install_it(
    rig: ImportRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, said: str
) -> None:
    path = workbook(rig.folder / "a.xlsx", [["工号"], ["w-1"]])
    (tmp_path / "instead").mkdir()
    (tmp_path / "instead/python_calamine.py").write_text(f"raise {fault}\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "instead"))
    with pytest.raises(ImportRefused) as refused:
        rig.check(path)
    assert said in str(refused.value) and "install 'sitegate[hq]'" in str(refused.value)
    assert "damaged" not in str(refused.value)
