"""`sitegate-hq import`: what it shows, when it asks, and what a script gets."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hq.cli import app
from hq.commands import imports
from hq.commands.context import opened


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    assert CliRunner().invoke(app, ["init", str(tmp_path / "hq"), "--site", "site-1"]).exit_code == 0
    (tmp_path / "a.csv").write_text("工号,姓名,职称\nw-1,张三,x\nw-2,李四,y\n", encoding="gbk")
    (tmp_path / "a.json").write_text('\ufeff{"workers": [{"worker_id": "w-9", "sites": ["site-1"]}]}', encoding="utf-8")
    yield tmp_path


def _run(folder: Path, *args: object, code: int = 0, given: str = "") -> str:
    done = CliRunner().invoke(app, ["import", *map(str, args), "--dir", str(folder / "hq")], input=given)
    assert done.exit_code == code, done.output
    return done.output


def _known(folder: Path) -> set[str]:
    with opened(folder / "hq") as (_, people, _publisher, store), store.read() as db:
        return {worker.worker_id for worker in people.roster(db)}


def test_ok__a_terminal_shows_every_change_and_asks_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "_is_terminal", lambda: True)
    shown = _run(folder, folder / "a.csv", "--site", "site-1", given="n\n")
    for part in (
        "GB18030",
        "name ← 姓名",
        "not read: 职称",
        "add 2",
        "row 2, w-1: add",
        "name 张三",
        "Apply this? [y/N]",
    ):
        assert part in shown
    assert _known(folder) == set()
    assert "imported 2 workers" in _run(folder, folder / "a.csv", "--site", "site-1", given="y\n")
    assert _known(folder) == {"w-1", "w-2"}
    assert "nothing changes" in _run(folder, folder / "a.csv", "--site", "site-1")


def test_ok__a_script_imports_json_as_before_and_a_sheet_with_yes(folder: Path) -> None:
    assert "imported 1 workers" in _run(folder, folder / "a.json", "--publish")
    shown = _run(folder, folder / "a.csv", "--site", "site-1", code=1)
    assert "张三" not in shown and _known(folder) == {"w-9"}
    assert "imported 2 workers" in _run(folder, folder / "a.csv", "--site", "site-1", "--yes")
    assert _known(folder) == {"w-1", "w-2", "w-9"}


def test_ok__a_dry_run_changes_nothing(folder: Path) -> None:
    assert "w-9: add" in _run(folder, folder / "a.json", "--dry-run", "--yes")
    assert _known(folder) == set()


def test_ok__named_columns_are_remembered_and_written(folder: Path) -> None:
    kept = folder / "columns.toml"
    _run(folder, folder / "a.csv", "--yes", "--column", "trade=职称", "--columns", kept)
    assert 'trade = "职称"' in kept.read_text(encoding="utf-8")
    assert "trade ← 职称" in _run(folder, folder / "a.csv", "--dry-run")


def test_fail__all_problems_of_a_file_are_named(folder: Path) -> None:
    rows = [{"worker_id": "w-9", "sites": ["site-9"]}, {"worker_id": "w-9", "sites": ["site-1"]}]
    (folder / "a.json").write_text(json.dumps({"workers": rows}), encoding="utf-8")
    done = CliRunner().invoke(app, ["import", str(folder / "a.json"), "--dir", str(folder / "hq")])
    assert done.exit_code == 1 and _known(folder) == set()
    for part in ("2 problem(s)", "workers.0: 'site-9' is no site", "workers.1: w-9 is named a second time"):
        assert part in done.output


def test_ok__several_files_are_checked_before_any_is_applied(folder: Path) -> None:
    (folder / "b.csv").write_text("worker_id,name\nw-3,Chen\n", encoding="utf-8-sig")
    files = folder / "a.csv", folder / "b.csv", folder / "a.json"
    (folder / "wrong.csv").write_text("worker_id,sites\nw-4,site-9\n")
    assert "site-9" in _run(folder, *files, folder / "wrong.csv", "--yes", code=1)
    assert _known(folder) == set()
    shown = _run(folder, *files, "--site", "site-1", "--yes")
    assert shown.count("imported") == 3
    assert _known(folder) == {"w-1", "w-2", "w-3", "w-9"}


def test_fail__a_file_that_an_earlier_one_contradicts_is_not_applied(folder: Path) -> None:
    """Each was right by itself. Then neither is applied."""
    (folder / "b.csv").write_text("worker_id,name,employer\nw-1,Zhang,Other\n")
    done = CliRunner().invoke(
        app, ["import", str(folder / "a.csv"), str(folder / "b.csv"), "--yes", "-d", str(folder / "hq")]
    )
    said = " ".join(done.output.split())
    assert done.exit_code == 1 and "nothing was imported" in said and "into one file" in said, done.output
    assert "imported 2" not in said and _known(folder) == set()


def test_fail__several_files_cannot_replace_each_other(folder: Path) -> None:
    (folder / "b.csv").write_text("worker_id,name\nw-3,Chen\n")
    said = _run(folder, folder / "a.csv", folder / "b.csv", "--site", "site-1", "--mode", "replace", "--yes", code=1)
    assert "takes one file" in said and _known(folder) == set()
