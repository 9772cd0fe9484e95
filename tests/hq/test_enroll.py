"""`sitegate-hq enroll` with real photos, and with a process that a photo ends."""

import json
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from common.photo_messages import PhotoFile
from common.sheets.opening import open_sheet
from hq.cli import app
from hq.commands.context import opened
from hq.database.people_changes import noted_changes
from hq.photos.assignment import PhotoRow
from hq.photos.matcher_process import MatcherFault, PhotoMatcher
from hq.photos.table import photo_rows

FAKE = """
import sys, time, json
for line in sys.stdin:
    asked = json.loads(line)
    photo = asked.get("photo", {}).get("name")
    if photo == "dies":
        raise SystemExit(9)
    if photo == "hangs":
        time.sleep(60)
    if photo == "chatter":
        print("no JSON", flush=True)
        continue
    answer = {"files": [{"number": 0, "name": "dies"}]} if "open_source" in asked else {"model_id": "m"}
    print(json.dumps({"vector": "AAAA"} if photo else answer), flush=True)
"""


def sitegate_hq(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == code, done.output
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    sitegate_hq("init", tmp_path / "hq", "--site", "site-1")
    workers = [{"worker_id": f"w-{name}", "sites": ["site-1"]} for name in ("a", "b", "c", "twin", "down", "group")]
    workers[0]["consent_ref"] = "form-7"
    (tmp_path / "w.json").write_text(json.dumps({"workers": workers}))
    sitegate_hq("import", tmp_path / "w.json", "-d", tmp_path / "hq")
    return tmp_path / "hq"


def test_ok__good_photos_count_and_each_other_one_is_named(
    folder: Path, tmp_path: Path, photos_dir: Path, models_dir: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for name, photo in (
            ("w-a.jpg", "person-a-1.jpg"),
            ("w-a (2).jpg", "person-a-2.jpg"),
            ("w-b.jpg", "person-b-1.jpg"),
            ("w-twin.jpg", "person-b-1.jpg"),
            ("w-group.jpg", "group-1.jpg"),
        ):
            archive.write(photos_dir / photo, name)
        archive.writestr("w-c/front.png", (photos_dir / "person-c-1.png").read_bytes())
        turned = np.ascontiguousarray(np.rot90(cv2.imread(str(photos_dir / "person-a-3.jpg")), 2))
        archive.writestr("w-down.jpg", cv2.imencode(".jpg", turned)[1].tobytes())
        archive.writestr("w-c_2.jpg", (photos_dir / "person-a-3.jpg").read_bytes()[:9000])
    words = ("enroll", tmp_path / "photos.zip", "-d", folder, "--consent", "paper", "--models", models_dir, "--json")
    done = json.loads(sitegate_hq(*words, "--yes", "--by", "office-3", code=2))

    assert done["stored"] and {one["worker_id"] for one in done["enrolled"]} == {"w-a", "w-c"}
    problems = {one["file"] or one["worker_id"]: one["problem"] for one in done["problems"]}
    assert set(problems) == {"w-b", "w-twin", "w-group.jpg", "w-down.jpg", "w-c_2.jpg"}
    assert "worker w-twin" in problems["w-b"] and "worker w-b" in problems["w-twin"] and "--accept" in problems["w-b"]
    assert roster(folder) == {"w-a": ("form-7", 2), "w-c": ("paper", 1)}
    body = b"".join(path.read_bytes() for path in folder.glob("hq.db*"))
    with opened(folder) as (_, people, _publisher, store), store.read() as db:
        (noted,) = noted_changes(db, people.cipher, "w-a")
        vectors = [one.vector for worker in people.roster(db) for one in worker.templates]
    assert noted.by == "office-3" and vectors and not any(vector in body for vector in vectors)


def roster(folder: Path) -> dict[str, tuple[str | None, int]]:
    with opened(folder) as (_, people, _publisher, store), store.read() as db:
        return {w.worker_id: (w.consent_ref, len(w.templates)) for w in people.roster(db) if w.templates}


def test_fail__a_photo_that_ends_or_stops_the_process_costs_that_photo_alone(tmp_path: Path) -> None:
    command = (sys.executable, "-S", "-c", FAKE)
    with PhotoMatcher(tmp_path, command=command, photo_s=2) as matcher:
        assert "ends the program" in matcher.template(matcher.files[0]).problem
        assert "ends the program" in matcher.template(PhotoFile(number=1, name="chatter")).problem
        assert "longer than 2 s" in matcher.template(PhotoFile(number=2, name="hangs")).problem
        assert matcher.template(PhotoFile(number=3, name="w-1.jpg")).vector == b"\0\0\0"
    with pytest.raises(MatcherFault, match="no such thing"):
        PhotoMatcher(tmp_path, command=(sys.executable, "-S", "-c", "raise SystemExit('no such thing')")).__enter__()


def test_fail__an_acceptance_needs_its_reason(folder: Path, tmp_path: Path) -> None:
    assert "reason" in CliRunner().invoke(app, ["enroll", str(tmp_path), "-d", str(folder), "--accept", "w-a"]).output


def test_ok__a_sheet_names_photos_and_a_bad_one_is_refused_before_the_work(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("工号;照片;同意书\r\nw-b;张三.jpg;form-9\r\n".encode("gb18030"))
    assert photo_rows(open_sheet(tmp_path / "t.csv", None).rows()) == [PhotoRow(2, "w-b", "张三.jpg", "form-9")]
    (tmp_path / "bad.csv").write_text("name\nLi\n")
    done = CliRunner().invoke(app, ["enroll", str(tmp_path), "-d", str(folder), "--table", str(tmp_path / "bad.csv")])
    assert done.exit_code == 1 and "bad.csv: no column has the heading worker_id" in " ".join(done.output.split())
