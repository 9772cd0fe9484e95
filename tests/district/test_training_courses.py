"""PROMISE: officers make courses; files are checked; who may not see a course sees nothing of it."""

import struct
from io import BytesIO

import pytest
from district_rig import SmallDistrict
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from training_rig import event, phone_of, ready_course
from two_parts import client_of

from district.audit.models import Entry
from district.people.models import Certificate
from district.permissions import Role
from district.training import media, registry
from district.training.feed_handlers import handle
from district.training.models import Course, CourseMedia, CoursePage, Learning, MediaPart
from district.training.rules import MEDIA_MAX, TrainingRefused, draw, media_kind, read_choices, write_choices
from district.training.tables import COURSES


def box(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def mp4(size: int = 100) -> bytes:
    return box(b"ftyp", b"isom\0\0\0\1isom") + box(b"moov", b"m" * 20) + box(b"mdat", b"v" * size)


def jpeg(side: int = 40) -> bytes:
    target, exif = BytesIO(), Image.Exif()
    exif[0x010E] = "a secret place"
    Image.new("RGB", (side, side), "red").save(target, "JPEG", exif=exif)
    return target.getvalue()


def test_ok__an_officer_makes_a_course_on_the_pages(town: SmallDistrict) -> None:
    officer = client_of(town.accounts[Role.OFFICER])
    sent = {"title": "Masks", "kind": "防疫", "place": town.root.pk, "valid_days": 90, "asked": 1, "pass_percent": 80}
    page = officer.post("/training/courses/add/", {**sent, "proof": "gate"}).headers["Location"]
    course = Course.objects.get()
    assert "Add at least one page" in officer.post(f"{page}publish/", follow=True).content.decode()
    files = {"file": SimpleUploadedFile("../../x.mp4", mp4(), "text/html")}
    assert officer.post(f"{page}pages/add/", {"title": "Why", "text": "Because", **files}).status_code == 302
    files = {"file": SimpleUploadedFile("x.exe", jpeg())}
    officer.post(f"{page}pages/add/", {"title": "How", **files})
    assert "there are 0" in officer.post(f"{page}publish/", follow=True).content.decode()
    wrong = officer.post(f"{page}questions/add/", {"text": "Mask?", "choices": "yes\nno"})
    assert wrong.status_code == 422
    assert "Put a star" in wrong.content.decode() and "Mask?" in wrong.content.decode(), "what was typed stays"
    officer.post(f"{page}questions/add/", {"text": "Mask?", "choices": "no\n* yes"})
    officer.post(f"{page}publish/")
    course.refresh_from_db()
    assert course.state == Course.State.PUBLISHED
    first, second = CoursePage.objects.filter(course=course)
    officer.post(f"/training/pages/{second.pk}/move/", {"way": "up"})
    assert [one.title for one in CoursePage.objects.filter(course=course)] == ["How", "Why"]
    shown = officer.get(page).content.decode()
    assert f"/training/media/{first.media_id}/" in shown
    actions = set(Entry.objects.filter(subject_kind="training.course").values_list("action", flat=True))
    assert actions == {"make course", "change course", "publish course"}


def test_ok__a_picture_keeps_no_metadata_and_unused_files_go(town: SmallDistrict) -> None:
    course = ready_course(town)
    page = registry.add_page("officer", course, title="Picture", file=jpeg())
    stored = b"".join(bytes(part.data) for part in MediaPart.objects.order_by("number"))
    assert stored.startswith(b"\xff\xd8\xff") and b"secret" not in stored
    registry.add_page("officer", course, title="Same", file=jpeg())
    assert CourseMedia.objects.count() == 1
    for row in CoursePage.objects.filter(media__isnull=False):
        registry.remove_page("officer", row)
    assert not CourseMedia.objects.exists() and not MediaPart.objects.exists()
    assert page.media is not None


def test_ok__a_phone_takes_a_video_by_pieces(town: SmallDistrict) -> None:
    course, video = ready_course(town), mp4(600_000)
    page = registry.add_page("officer", course, title="Film", file=video)
    phone, address = phone_of(town, town.people[0]), f"/me/courses/{course.pk}/media/{page.pk}/"
    whole = phone.get(address)
    assert (whole.status_code, whole["Content-Type"], whole["Accept-Ranges"]) == (200, "video/mp4", "bytes")
    assert b"".join(whole.streaming_content) == video  # type: ignore[attr-defined]
    for wanted, piece in (
        ("bytes=0-99", video[:100]),
        (f"bytes={media.PART_BYTES - 5}-{media.PART_BYTES + 5}", video[media.PART_BYTES - 5 : media.PART_BYTES + 6]),
        ("bytes=-7", video[-7:]),
        (f"bytes={len(video) - 3}-", video[-3:]),
    ):
        answer = phone.get(address, headers={"Range": wanted})
        assert answer.status_code == 206, wanted
        assert b"".join(answer.streaming_content) == piece  # type: ignore[attr-defined]
    for wrong in (f"bytes={len(video)}-", "bytes=9-1", "bytes=-", "lines=1-2", "bytes=0-1,4-5"):
        assert phone.get(address, headers={"Range": wrong}).status_code == 416


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html><script>alert(1)</script>",
        b"%PDF-1.7",
        b"\xff\xd8\xff and no picture",
        mp4()[:-10],
        mp4() + b"<script>",
        box(b"ftyp", b"isom") + box(b"mdat", b"x"),
        box(b"ftyp") + box(b"moov") + box(b"evil") + box(b"mdat"),
        b"\0\0\0\0ftyp",
    ],
)
def test_fail__files_that_are_neither_picture_nor_video(town: SmallDistrict, data: bytes) -> None:
    course = ready_course(town)
    with pytest.raises(TrainingRefused):
        registry.add_page("officer", course, title="x", file=data)
    assert not CourseMedia.objects.exists()
    assert CoursePage.objects.count() == 2


def test_fail__a_file_that_is_too_large(town: SmallDistrict) -> None:
    with pytest.raises(TrainingRefused, match="20 MB"):
        media_kind(mp4(MEDIA_MAX))


def test_fail__nobody_changes_a_course_of_a_place_above(town: SmallDistrict) -> None:
    course = ready_course(town)
    question = course.questions.first()
    page = course.pages.first()
    assert page is not None and question is not None
    for role in (Role.MANAGER, Role.CLERK, Role.LIAISON, Role.AUDITOR):
        browser = client_of(town.accounts[role])
        assert browser.get(f"/training/courses/{course.pk}/").status_code == 200, role
        for path in (f"courses/{course.pk}/retire/", f"pages/{page.pk}/remove/", f"questions/{question.pk}/remove/"):
            assert browser.post(f"/training/{path}").status_code in (403, 404), (role, path)
    assert client_of(town.accounts[Role.GUARD]).get("/training/").status_code == 403
    course.refresh_from_db()
    assert course.state == Course.State.PUBLISHED
    shown = client_of(town.accounts[Role.MANAGER]).get(f"/training/courses/{course.pk}/").content.decode()
    assert "* yes" not in shown, "who takes no part in making it does not read the right answers"


def test_ok__a_site_confirms_its_own_workers_by_hand_and_no_others(town: SmallDistrict) -> None:
    course, manager = ready_course(town, questions=0), client_of(town.accounts[Role.MANAGER])
    for person in (town.people[0], town.people[-1]):
        learning = registry.start(person, course)
        for number in (1, 2):
            registry.read_page(learning, number, 2)
        assert registry.answer(learning, {}).passed
    mine, foreign = Learning.objects.order_by("pk")
    assert manager.post(f"/training/learners/{foreign.pk}/confirm/", {"why": "known to me"}).status_code == 404
    assert manager.post(f"/training/learners/{mine.pk}/confirm/", {"why": "x"}).status_code == 422
    assert manager.post(f"/training/learners/{mine.pk}/confirm/", {"why": "id card compared"}).status_code == 302
    assert manager.post(f"/training/learners/{mine.pk}/confirm/", {"why": "id card compared"}).status_code == 302
    assert [one.person for one in Certificate.objects.all()] == [town.people[0]]


def test_ok__lists_and_their_files(town: SmallDistrict) -> None:
    course = ready_course(town, questions=0)
    learning = registry.start(town.people[0], course)
    handle([event(learning.session_name, town.people[0].worker_id)])
    officer = client_of(town.accounts[Role.OFFICER])
    for path in ("", "learners/", "completed/", "proofs/", "classes/"):
        for query in ("", "?format=csv", "?format=xlsx"):
            assert officer.get(f"/training/{path}{query}").status_code == 200, (path, query)
    assert "does not count" in officer.get("/training/proofs/").content.decode()
    for query in ("state=waits", "state=done", "state=learning", f"course={course.pk}"):
        assert officer.get(f"/training/learners/?{query}").status_code == 200
    for query in ("holding=true", "holding=false", "before=2026-01-01", "before=x"):
        assert officer.get(f"/training/completed/?{query}").status_code == 200
    assert COURSES.name == "courses"


@settings(max_examples=60)
@given(st.dictionaries(st.integers(1, 50), st.integers(2, 6), max_size=12), st.integers(0, 20), st.text(max_size=5))
def test_ok__a_draw_asks_each_question_once_with_all_its_choices(
    questions: dict[int, int], asked: int, seed: str
) -> None:
    drawn = draw(questions, asked, seed)
    assert len({one.key for one in drawn}) == len(drawn) == min(asked, len(questions))
    assert all(sorted(one.order) == list(range(questions[one.key])) for one in drawn)
    assert drawn == draw(questions, asked, seed)


@settings(max_examples=60)
@given(st.text(max_size=60))
def test_ok__choices_are_read_as_they_are_written(text: str) -> None:
    try:
        choices, right = read_choices(text)
    except TrainingRefused:
        return
    assert read_choices(write_choices(choices, right)) == (choices, right)
