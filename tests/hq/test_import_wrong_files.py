"""Files that are wrong: each is refused whole, with a sentence that says what to do. docs/HQ.md holds the table."""

import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from import_rig import ImportRig, packed, workbook

from common.sheets.refusals import ImportRefused
from contract.messages import RiskEntry
from contract.policy import RiskAction, RiskRule
from hq.imports.plan import ImportMode
from hq.keys import keys as hq_keys
from hq.registry.credentials import WrittenWorker
from hq.registry.import_file import PolicyEntry

PAGE = Path(__file__).parents[2] / "docs/HQ.md"
SITE = {"site": "site-1"}


@dataclass(frozen=True)
class WrongFile:
    """A wrong file. `content`: text or bytes of a file of this name, or rows of a workbook."""

    what: str
    name: str
    content: Any
    options: dict[str, Any] = field(default_factory=lambda: dict(SITE))
    listed: bool = True
    """It is in the table of docs/HQ.md."""


def sheets(*rows: list[object], **more: list[list[object]]) -> Callable[[Path], Path]:
    return lambda path: workbook(path, rows, **more)


def _formula(path: Path, value: bytes) -> Path:
    """Write a workbook whose formula has this saved value."""
    workbook(path, [["工号"], ["w-1"], ["=1/0"]])
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    part = "xl/worksheets/sheet1.xml"
    parts[part] = parts[part].replace(b'<c r="A3">', value[:20].partition(b"|")[0] or b'<c r="A3">')
    parts[part] = parts[part].replace(b"<v>0</v>", value.partition(b"|")[2])
    return packed(path, parts)


WRONG = (
    WrongFile("an id of 18 digits that a workbook holds as a number", "a.xlsx", sheets(["工号"], [440301199001011234])),
    WrongFile("the same in a CSV file", "a.csv", "工号\n4.40301E+17\n"),
    WrongFile("an id without its leading zeros", "a.xlsx", sheets(["工号"], [17])),
    WrongFile("a card as a number", "a.xlsx", sheets(["工号", "卡号"], ["w-1", 12345678])),
    WrongFile("a PIN as a number", "a.xlsx", sheets(["工号", "密码"], ["w-1", 4711])),
    WrongFile("a date in another order", "a.csv", "工号,进场日期\nw-1,1/5/2026\n"),
    WrongFile("a day number", "a.xlsx", sheets(["工号", "进场日期"], ["w-1", 46027])),
    WrongFile("a time without a zone", "a.csv", "工号,健康申报时间\nw-1,2026-01-05 14:30\n"),
    WrongFile("neither yes nor no", "a.csv", "工号,在场\nw-1,maybe\n"),
    WrongFile("a worker twice", "a.csv", "工号,在场\nw-9,否\nw-9,\n"),
    WrongFile("one card for two workers", "a.csv", "工号,卡号\nw-1,0042\nw-2,0042\n"),
    WrongFile("a card that another worker has", "a.csv", "工号,卡号\nw-1,0099\n"),
    WrongFile("a site that HQ lacks", "a.csv", "工号,工地\nw-1,site-11\n", {}),
    WrongFile("an end before the beginning", "a.csv", "工号,进场日期,退场日期\nw-1,2026-02-01,2026-01-01\n"),
    WrongFile("a list that no rule knows", "a.csv", "工号,名单\nw-known,Violense\n", {}),
    WrongFile("a risk entry for nobody", "a.csv", "工号,名单\nw-nobody,violence\n", {}),
    WrongFile("an entry twice", "a.csv", "工号,名单\nw-known,violence\nw-known,Violence \n", {}),
    WrongFile("a known worker with `--mode add`", "a.csv", "工号\nw-known\n", {**SITE, "mode": ImportMode.ADD}),
    WrongFile("an unknown one with `--mode remove`", "a.csv", "工号\nw-1\n", {"mode": ImportMode.REMOVE}),
    WrongFile("a row without an id", "a.csv", "工号,姓名\n,张三\n"),
    WrongFile("a separator inside a value", "a.csv", "工号,姓名\nw-1,Zhang, San\n"),
    WrongFile("an open quotation mark", "a.csv", '工号,姓名\nw-1,"Zhang\n'),
    WrongFile("no headings", "a.csv", "w-1,张三\n"),
    WrongFile("two columns that look the same", "a.csv", "工号,手机,电话\nw-1,1,2\n"),
    WrongFile("several sheets", "a.xlsx", sheets(["工号"], ["w-1"], more=[["工号"], ["w-2"]])),
    WrongFile("a formula with an error", "a.xlsx", lambda path: _formula(path, b'<c r="A3" t="e">|<v>#DIV/0!</v>')),
    WrongFile("a formula without its value", "a.xlsx", lambda path: _formula(path, b"|")),
    WrongFile("an old .xls, or a password", "a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
    WrongFile("no text at all", "a.csv", b"\xff\xff\x00\x01" * 9),
    WrongFile("TOML in UTF-16", "a.toml", "workers = []".encode("utf-16"), {}),
    WrongFile(
        "JSON with numbers for times", "a.json", '{"workers": [{"worker_id": "w-1", "declared_utc": 46353.25}]}', {}
    ),
    WrongFile(
        "JSON with another kind of date", "a.json", '{"workers": [{"worker_id": "w-1", "valid_from": "2026/1/5"}]}', {}
    ),
    WrongFile(
        "JSON with a card as a number",
        "a.json",
        '{"workers": [{"worker_id": "w-1", "sites": ["site-1"], "card": 12345678}]}',
        {},
    ),
    WrongFile(
        "JSON with a PIN as a number", "a.json", '{"workers": [{"worker_id": "w-1", "pin": 4711}]}', {}, listed=False
    ),
    WrongFile("an old .xls under its own name", "a.xls", b"\xd0\xcf\x11\xe0" + bytes(600), {}, listed=False),
    WrongFile("two cells far apart", "a.xlsx", lambda path: _sparse(path), listed=False),
    WrongFile(
        "a bomb", "a.xlsx", lambda path: packed(path, {"xl/worksheets/a.xml": bytes((1 << 30) + 1)}), listed=False
    ),
    WrongFile("no workbook in it", "a.xlsx", lambda path: packed(path, {"a": b"b"}), listed=False),
    WrongFile("an unknown site for a policy", "a.json", '{"policies": [{"site_id": "site-9"}]}', {}, listed=False),
    WrongFile(
        "a policy twice",
        "a.json",
        '{"policies": [{"site_id": "site-1", "two_person": true}, {"site_id": "site-1"}]}',
        {},
        listed=False,
    ),
    WrongFile("a pipe instead of a file", "pipe.csv", os.mkfifo, listed=False),
    WrongFile("a name with a mark that turns it round", "a.csv", "工号,姓名\nw-1,a\u202eb\n", listed=False),
)


def _sparse(path: Path) -> Path:
    """Write a workbook whose table would have 17 billion cells."""
    workbook(path, [["工号"], ["w-1"]])
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    part = "xl/worksheets/sheet1.xml"
    far = b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>z</t></is></c></row></sheetData>'
    parts[part] = parts[part].replace(b"</sheetData>", far)
    return packed(path, parts)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImportRig]:
    folder = tmp_path_factory.mktemp("hq")
    hq_keys.init(folder, ("site-1", "site-2"), 1883)
    found = ImportRig(folder, hq_keys.load(folder))
    rule = RiskRule(list_name="violence", action=RiskAction.DENY)
    found.put(
        workers=(WrittenWorker(worker_id="w-known", sites=("site-1",), employer="a", card="0099"),),
        risk=(RiskEntry(worker_id="w-known", list_name="key-screening"),),
        policies=(PolicyEntry(site_id="site-1", risk_rules=(rule,)),),
    )
    yield found
    found.close()


def refusal(rig: ImportRig, wrong: WrongFile) -> str:
    """Return the sentence by which a file is refused."""
    path = rig.folder / wrong.name
    if callable(wrong.content):
        wrong.content(path)
    else:
        rig.file(wrong.name, wrong.content)
    try:
        done = rig.take(path, **wrong.options)
    except ImportRefused as error:
        return (
            str(error)
            .removeprefix(str(path))
            .lstrip(": ")
            .replace("1 problem(s)\n  - ", "")
            .replace(str(path), wrong.name)
        )
    assert done.problem_count, f"{wrong.what}: taken"
    return str(done.problems[0])


@pytest.mark.parametrize("wrong", WRONG, ids=[one.what for one in WRONG])
def test_fail__nothing_of_a_wrong_file_is_imported(rig: ImportRig, wrong: WrongFile) -> None:
    before = rig.everything()
    said = refusal(rig, wrong)
    assert said and "Traceback" not in said and "pydantic" not in said
    assert rig.everything() == before


def test_ok__the_page_says_what_hq_says(rig: ImportRig) -> None:
    rows = [f"| {one.what} | `{refusal(rig, one).replace('|', ' ')}` |" for one in WRONG if one.listed]
    table = "\n".join(["| the file has | `sitegate-hq import` says |", "|---|---|", *rows])
    assert table in PAGE.read_text(encoding="utf-8"), f"put this into docs/HQ.md:\n{table}"
