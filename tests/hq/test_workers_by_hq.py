"""Workers and risk lists as an administrator handles them: `sitegate-hq worker`, `risk` and `export`."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from python_calamine import load_workbook
from sqlalchemy import insert, select
from typer.testing import CliRunner

from contract.messages import EnrolmentRecord, ListKind, SealedTemplate
from hq.cli import app
from hq.commands.context import opened
from hq.database import tables as t
from hq.database.clock import now
from hq.database.events import add_events
from hq.database.values import EventRow
from hq.registry import leaving
from hq.registry.import_file import ImportFile
from hq.registry.leaving import LeavingRefused

SECRETS = ("李伟", "+86 138 0013 8000", "Nordbau GmbH", "form-7", "contact-7", "screening of the floor", "asked for it")
WORKERS = [
    {
        "worker_id": "w-1",
        "sites": ["site-1", "site-2"],
        "name": "李伟",
        "team": "钢筋班",
        "phone": "+86 138 0013 8000",
        "employer": "Nordbau GmbH",
        "consent_ref": "form-7",
        "card": "0012345678",
    },
    {"worker_id": "w-2", "sites": ["site-1"], "name": "=Li", "employer": "Other", "valid_until": "2027-06-30"},
    {"worker_id": "w-3", "sites": [], "active": False},
]
BY = ("--by", "office-3", "--why", "asked for it")


class Hq:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *words: object, code: int = 0) -> str:
        done = CliRunner().invoke(app, [*map(str, words), "-d", str(self.folder)])
        assert done.exit_code == code, done.output
        return done.output

    def read(self, *words: object) -> Any:
        return json.loads(self.run(*words, "--json"))

    def bytes(self) -> bytes:
        return b"".join(path.read_bytes() for path in self.folder.glob("hq.db*"))


@pytest.fixture
def hq(tmp_path: Path) -> Hq:
    made = Hq(tmp_path / "hq")
    done = CliRunner().invoke(app, ["init", str(made.folder), "--site", "site-1", "--site", "site-2"])
    assert done.exit_code == 0
    (tmp_path / "w.json").write_text(json.dumps({"workers": WORKERS}))
    made.run("import", tmp_path / "w.json")
    record = EnrolmentRecord(
        worker_id="w-1",
        consent_ref="form-7",
        captured_utc=now(),
        templates=(SealedTemplate(model_id="m", vector=b"\0<" * 128),),
    )
    with opened(made.folder) as (_, people, _publisher, _store):
        people.take(ImportFile(enrolments=(record,)))
    return made


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [one["worker_id"] for one in found]


def test_ok__workers_are_listed_and_found_however_they_are_written(hq: Hq) -> None:
    assert ids(hq.read("worker", "list")) == ["w-1", "w-2"]
    assert ids(hq.read("worker", "list", "--left", "--without-photo")) == ["w-2", "w-3"]
    assert ids(hq.read("worker", "list", "--site", "site-2")) == ["w-1"]
    for text in ("李", "NORDBAU", "ｎｏｒｄｂａｕ", "13800138000", "138 0013", "钢筋", "W-1"):
        assert ids(hq.read("worker", "find", text)) == ["w-1"], text
    assert ids(hq.read("worker", "find", "w-")) == ["w-1", "w-2", "w-3"]
    assert "only the first 1" in hq.run("worker", "find", "w-", "--limit", 1)


def test_ok__one_worker_with_all_that_hq_knows_and_no_secret(hq: Hq) -> None:
    hq.run(
        "risk", "add", "w-1", "--reason", "contact-7", "--purpose", "screening", "--until", "14d", "--by", "office-3"
    )
    shown = hq.read("worker", "show", "w-1")
    assert (shown["worker"]["has_card"], shown["worker"]["templates"], shown["worker"]["has_pin"]) == (True, 1, False)
    assert shown["risk"][0]["reason_code"] == "contact-7"
    assert "李伟" in hq.run("worker", "show", "w-1") and "0012345678" not in hq.run("worker", "show", "w-1")
    assert "worker find" in refused(hq, "worker", "show", "w-9")


def test_ok__work_ends_at_once_on_a_day_or_at_one_site(hq: Hq) -> None:
    day = now().date() + timedelta(days=30)
    hq.run("worker", "retire", "w-2", "--last-day", day, *BY)
    hq.run("worker", "retire", "w-1", "--site", "site-2", *BY)
    shown = {one["worker_id"]: one for one in hq.read("worker", "list")}
    assert shown["w-2"]["valid_until"] == str(day) and shown["w-2"]["active"] and shown["w-1"]["sites"] == ["site-1"]
    hq.run("worker", "retire", "w-1", "w-2", *BY)
    assert ids(hq.read("worker", "list")) == []
    first, second = hq.read("worker", "show", "w-1")["changes"]
    assert (first["what"], first["by"], first["why"]) == ("retired", "office-3", "asked for it")
    assert second["why"] == "site site-2: asked for it"
    assert hq.read("worker", "show", "w-1")["worker"]["templates"] == 1


def test_fail__nobody_is_retired_if_one_of_them_cannot_be(hq: Hq) -> None:
    with opened(hq.folder) as (_, people, _publisher, _store):
        for names, options, said in (
            (["w-2", "w-9"], {}, "w-9 is not among"),
            (["w-2", "w-3"], {"site_id": "site-1"}, "w-3 is not assigned to site-1"),
            (["w-2"], {"site_id": "site-1", "last_day": now().date().replace(year=2999)}, "check the year"),
            (["w-2"], {"last_day": now().date().replace(year=2999)}, "check the year"),
            (["w-2"], {"last_day": now().date().replace(year=2027, month=7)}, "leaves on 2027-06-30 already"),
        ):
            with pytest.raises(LeavingRefused, match=said):
                leaving.retire(people, names, by="a", why="b", **options)  # type: ignore[arg-type]
        with pytest.raises(LeavingRefused, match="--why"):
            leaving.retire(people, ["w-2"], by="a", why=" ")
    assert ids(hq.read("worker", "list")) == ["w-1", "w-2"]


def test_ok__an_erased_worker_is_gone_from_all_but_events(hq: Hq) -> None:
    purpose = "screening of the floor"
    hq.run("risk", "add", "w-1", "--reason", "contact-7", "--purpose", purpose, "--until", "14d", "--by", "office-3")
    hq.run("publish")
    hq.run("worker", "retire", "w-1", *BY)
    with opened(hq.folder) as (_, _people, publisher, store), store.read() as db:
        directory = t.directory_entries.c
        secrets = [
            bytes(value)
            for value in db.execute(select(t.workers.c.record).where(t.workers.c.worker_id == "w-1")).scalars()
        ]
        secrets += [bytes(value) for value in db.execute(select(t.templates.c.sealed_record)).scalars()]
        secrets += [
            bytes(value) for value in db.execute(select(directory.record).where(directory.worker_id == "w-1")).scalars()
        ]
        secrets += [bytes(value) for value in db.execute(select(t.people_changes.c.why)).scalars() if value]
        kept = [
            [part.body[-100:] for part in publisher.kept(site, kind) if part.body]
            for site in ("site-1", "site-2")
            for kind in (ListKind.ROSTER, ListKind.RISK, ListKind.DIRECTORY)
        ]
        secrets += [body for bodies in kept for body in bodies]
    assert all(kept)
    assert all(secret in hq.bytes() for secret in secrets)

    erased = hq.read("worker", "erase", "w-1", *BY, "--yes")

    (counts,) = erased["erased"]
    assert (counts["record"], counts["directory"], counts["templates"], counts["has_card"]) == (True, True, 1, True)
    assert counts["risk_entries"] == 1 and erased["files_emptied"]
    held = hq.bytes()
    assert not [number for number, secret in enumerate(secrets) if secret in held]
    assert not any(text.encode() in held for text in SECRETS)
    shown = hq.read("worker", "show", "w-1")
    assert shown["worker"] is None and not shown["risk"]
    assert [(one["what"], one["why"]) for one in shown["changes"]] == [("erased", "asked for it"), ("retired", "")]
    assert ids(hq.read("worker", "list")) == ["w-2"] and ids(hq.read("risk", "list")) == []


def test_fail__neither_erasing_nor_adding_is_a_way_around_who_may_lift_an_entry(hq: Hq) -> None:
    add = ("risk", "add", "w-1", "--reason", "r", "--purpose", "p", "--until", "1d", "--may-lift", "doctor-2")
    hq.run(*add, "--by", "b")
    assert "only doctor-2 may change" in refused(hq, *add, "--by", "b")
    hq.run(*add, "--by", "Doctor-2")
    assert "--override" in refused(hq, "worker", "erase", "w-1", *BY, "--yes")
    assert ids(hq.read("risk", "list")) == ["w-1"]
    hq.run("worker", "erase", "w-1", *BY, "--yes", "--override")
    assert "override" in hq.read("worker", "show", "w-1")["changes"][0]["why"]


def test_fail__nothing_is_erased_for_a_wrong_id_or_without_a_yes(hq: Hq) -> None:
    with opened(hq.folder) as (_, people, _publisher, _store), pytest.raises(LeavingRefused, match="w-9"):
        leaving.erase(people, ["w-1", "w-9"], by="a", why="b")
    hq.run("worker", "erase", "w-1", *BY, code=1)
    assert ids(hq.read("worker", "list")) == ["w-1", "w-2"]


def refused(hq: Hq, *words: object) -> str:
    done = CliRunner().invoke(app, [*map(str, words), "-d", str(hq.folder)])
    assert done.exit_code != 0
    return " ".join(done.output.split())


def test_ok__one_entry_of_a_risk_list_touches_no_other(hq: Hq) -> None:
    add = ("risk", "add", "--reason", "contact-7", "--purpose", "screening", "--by", "office-3")
    hq.run(*add, "w-1", "--until", "2099-01-01T00:00Z", "--no-end", code=2)
    hq.run(*add, "w-1", "--until", "12h", "--may-lift", "doctor-2")
    hq.run(*add, "w-2", "--list", "violence", "--new-list", "--no-end", "--why", "court order 7")
    assert {(e["worker_id"], e["list_name"]) for e in hq.read("risk", "list")} == {
        ("w-1", "key-screening"),
        ("w-2", "violence"),
    }
    assert "court order 7" in hq.read("risk", "list", "--worker", "w-2")[0]["purpose"]
    assert "--override" in refused(hq, "risk", "lift", "w-1", *BY)
    hq.run("risk", "lift", "w-1", "--by", "Doctor-2", "--why", "negative")
    hq.run("risk", "lift", "w-2", "--list", "Violence ", "--override", *BY)
    assert hq.read("risk", "list") == []
    (lifted,) = hq.read("risk", "list", "--worker", "w-1")
    assert (lifted["lifted_by"], lifted["lifted_why"]) == ("Doctor-2", "negative")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("w-1",), "has an end"),
        (("w-1", "--no-end"), "why it has no end"),
        (("w-1", "--until", "2020-01-01"), "over already"),
        (("w-1", "--until", "2126-01-01"), "more than a year"),
        (("w-1", "--until", "01/02/2027"), "write a day as"),
        (("w-1", "--until", "2027-01-01T06:00"), "needs its zone"),
        (("w-9", "--until", "1d"), "w-9 is not among"),
        (("w-1", "--until", "1d", "--list", "key-screning"), "did you mean 'key-screening'?; a new list: --new-list"),
        (("../w", "--until", "1d"), "is not an id"),
    ],
)
def test_fail__an_entry_that_makes_no_sense_is_refused_with_what_to_write(
    hq: Hq, words: tuple[str, ...], said: str
) -> None:
    assert said in refused(hq, "risk", "add", "--reason", "r", "--purpose", "p", "--by", "b", *words)
    assert hq.read("risk", "list") == []


def test_ok__an_export_comes_back_as_an_import(hq: Hq, tmp_path: Path) -> None:
    hq.run("export", "workers", tmp_path / "w.xlsx")
    hq.run("risk", "add", "w-1", "--reason", "=r", "--purpose", "p", "--until", "1d", "--by", "b")
    assert hq.read("export", "risk", tmp_path / "risk.csv")["rows"] == 1
    assert "'=r" in (tmp_path / "risk.csv").read_text()
    heads, *rows = load_workbook(str(tmp_path / "w.xlsx")).get_sheet_by_index(0).to_python()
    found = [dict(zip(heads, row, strict=True)) for row in rows]
    assert ids(found) == ["w-1", "w-2", "w-3"] and found[1]["name"] == "=Li" and found[0]["sites"] == "site-1, site-2"
    assert "exists" in refused(hq, "export", "workers", tmp_path / "w.xlsx")
    hq.run("export", "workers", tmp_path / "w.csv")
    for name in ("w.xlsx", "w.csv"):
        assert "unchanged 3" in hq.run("import", tmp_path / name, "--dry-run")


def test_ok__events_of_a_day_in_the_order_in_which_they_happened(hq: Hq, tmp_path: Path) -> None:
    begin = datetime(2026, 11, 27, 23, tzinfo=UTC)
    rows = [
        EventRow("site-1", "gate-1", "e", n, "access", "granted", who, at, '{"direction":"in"}', f"{n}", f"{n}", now())
        for n, (who, at) in enumerate(
            [("w-2", begin + timedelta(hours=9)), ("w-1", begin + timedelta(hours=2)), ("w-1", begin)], start=1
        )
    ]
    watermark = {"gate_id": "gate-1", "epoch": "e", "site_id": "site-1", "seq": 3, "hash": "3", "updated_utc": now()}
    with opened(hq.folder) as (_, _people, _publisher, store), store.write() as db:
        add_events(db, rows)
        db.execute(insert(t.watermarks).values(**watermark))
    path = tmp_path / "events.csv"
    hq.run("export", "events", path, "--since", "2026-11-28T00:00Z", "--until", "2026-11-29T00:00Z")
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    assert [(one["time"], one["worker_id"], one["direction"]) for one in found] == [
        ("2026-11-28 01:00:00Z", "w-1", "in"),
        ("2026-11-28 08:00:00Z", "w-2", "in"),
    ]
    words = ("--since", "2026-11-27T00:00Z", "--until", "2026-11-30T00:00Z", "--worker", "w-1", "--json")
    assert json.loads(hq.run("export", "events", tmp_path / "w.xlsx", *words))["rows"] == 2
    assert "not after" in refused(hq, "export", "events", tmp_path / "x.csv", "--since", "3h", "--until", "7d")
