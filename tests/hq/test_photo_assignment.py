"""Whose photo is whose, and whose may count."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from common.photo_messages import PhotoFile
from hq.photos.assignment import AssignedPhoto, PhotoRow, assigned_by_name, assigned_by_table, named_workers
from hq.photos.judging import PHOTOS_MAX, Offers, wanted_photos
from hq.photos.table import PhotoTableError, photo_rows
from hq.registry.photo_enrolments import ConsentState

WITHDRAWN = datetime(2026, 11, 20, tzinfo=UTC)


def files(*names: str) -> list[PhotoFile]:
    return [PhotoFile(number=number, name=name) for number, name in enumerate(names)]


@pytest.mark.parametrize(
    ("name", "worker"),
    [
        ("w-1.jpg", "w-1"),
        ("W/w-1.JPG", "w-1"),
        (" w-1 .jpg", "w-1"),
        ("w-1 (2).jpg", "w-1"),
        ("w-1(2).jpg", "w-1"),
        ("w-1_2.png", "w-1"),
        ("w-1/front.jpg", "w-1"),
        ("batch\\w-1\\front.jpg", "w-1"),
        ("w-1-2.jpg", "w-1-2"),
        ("1042.jpg", "1042"),
    ],
)
def test_ok__a_name_means_a_worker(name: str, worker: str) -> None:
    found = assigned_by_name(files(name), {"w-1", "w-1-2", "1042"})
    assert [photo.worker_id for photo in found.photos] == [worker]
    assert worker in named_workers(files(name))


@pytest.mark.parametrize(
    ("name", "said"), [("w-9.jpg", "w-9 is no worker"), ("张三.jpg", "no worker's id"), ("W-1.jpg", "W-1 is no worker")]
)
def test_fail__a_name_that_means_nobody_is_said_with_what_to_do(name: str, said: str) -> None:
    found = assigned_by_name(files(name), {"w-1"})
    assert not found.photos and said in found.problems[0].problem and "--table" in found.problems[0].problem


def test_ok__files_that_are_no_photos_are_left_out_and_counted() -> None:
    found = assigned_by_name(files("Thumbs.db", "__MACOSX/._w-1.jpg", ".DS_Store", "list.xlsx", "w-1.jpg"), {"w-1"})
    assert len(found.photos) == 1 and not found.problems and len(found.left_out) == 4


def test_ok__a_table_assigns_photos_of_any_name() -> None:
    rows = [PhotoRow(2, "w-1", "张三"), PhotoRow(3, "w-2", "IMG_2.JPG")]
    found = assigned_by_table(files("a/张三.jpg", "IMG_2.jpg"), {"w-1", "w-2"}, rows)
    assert [photo.worker_id for photo in found.photos] == ["w-1", "w-2"] and not found.problems


def test_fail__each_row_and_each_photo_that_does_not_fit_is_named() -> None:
    rows = [
        PhotoRow(2, "w-1", "a.jpg"),
        PhotoRow(3, "w-2", "a.jpg"),
        PhotoRow(4, "w-9", "b.jpg"),
        PhotoRow(5, "w-2", "c.jpg"),
        PhotoRow(6, "w-2", ""),
        PhotoRow(7, "w-2", "d.jpg"),
    ]
    found = assigned_by_table(files("a.jpg", "b.jpg", "1/d.jpg", "2/d.jpg"), {"w-1", "w-2"}, rows)
    assert [photo.worker_id for photo in found.photos] == ["w-1"]
    said = [str(problem) for problem in found.problems]
    expected = (
        "gives this photo to w-1",
        "w-9 is no worker",
        "no photo of this name",
        "missing",
        "2 photos",
        *3 * ["does not name"],
    )
    assert all(words in line for words, line in zip(expected, said, strict=True)), said


def test_ok__the_columns_of_a_table_are_found_by_their_headings() -> None:
    sheet = [["照片清单"], ["姓名", "工号", "照片", "同意书编号"], ["李伟", "007", "a.jpg", "c-1"], ["", "", "", ""]]
    assert photo_rows(enumerate(sheet, start=1)) == [PhotoRow(3, "007", "a.jpg", "c-1")]
    assert photo_rows([(1, ["Worker ID"]), (2, [" w-1 "])]) == [PhotoRow(2, "w-1")]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([["name"], ["a"]], "add the heading"),
        ([["worker_id"], [7.0]], "row 2: the id is a number"),
        ([["worker_id"], ["../a"]], "is not an id"),
        ([["worker_id", "consent"], ["w-1", "c-1"], ["w-1", "c-2"]], "rows 2 and 3 give w-1 two consents"),
    ],
)
def test_fail__a_table_that_is_not_clear_is_refused(rows: list[list[object]], said: str) -> None:
    with pytest.raises(PhotoTableError, match=said):
        photo_rows(enumerate(rows, start=1))


def states() -> Iterator[ConsentState]:
    yield ConsentState("has", "c-1", None, enrolled=False)
    yield ConsentState("none", None, None, enrolled=False)
    yield ConsentState("withdrawn", None, WITHDRAWN, enrolled=False)
    yield ConsentState("enrolled", "c-1", None, enrolled=True)


def chosen(offers: Offers, *, replace: bool = False, photos: int = 1) -> tuple[list[str], dict[str, str], list[str]]:
    known = {state.worker_id: state for state in states()}
    given = [AssignedPhoto(file, name) for name in known for file in files(*"a" * photos)]
    wanted, judged = wanted_photos(given, known, offers, replace=replace)
    return [one.worker_id for one in wanted], {p.worker_id: p.problem for p in judged.problems}, judged.already


def test_fail__nobody_is_enrolled_without_a_consent_and_nobody_again_by_chance() -> None:
    wanted, problems, already = chosen(Offers())
    assert wanted == ["has"] and already == ["enrolled"]
    assert "no consent" in problems["none"] and "withdrawn on 2026-11-20" in problems["withdrawn"]


def test_ok__a_consent_for_all_fills_gaps_and_brings_no_withdrawn_one_back() -> None:
    wanted, problems, _ = chosen(Offers(for_all="paper"))
    assert wanted == ["has", "none"] and list(problems) == ["withdrawn"]


def test_fail__a_table_changes_no_consent_that_hq_has() -> None:
    wanted, problems, _ = chosen(Offers({"has": "c-2", "none": "c-2", "withdrawn": "c-2"}))
    assert wanted == ["none"] and "another consent" in problems["has"] and "withdrawn" in problems["withdrawn"]


def test_ok__enrolled_workers_are_read_again_only_if_wanted() -> None:
    assert chosen(Offers(), replace=True)[0] == ["has", "enrolled"]


def test_fail__a_whole_folder_named_after_one_worker() -> None:
    wanted, problems, _ = chosen(Offers(), photos=PHOTOS_MAX + 1)
    assert not wanted and "choose the best" in problems["has"]
