"""PROMISE: a worker learns on the phone, and only a proof of who it was gives the certificate."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from unittest import mock

import pytest
from district_hq import TestedHq, hq_in
from district_rig import SmallDistrict
from django.core.cache import cache
from django.db.models import Q
from django.test import Client
from django.utils import timezone
from training_rig import KIND, event, phone_of, ready_course

from contract.code import BadCode, read
from contract.training_code import read_training_code
from district.exchange.models import OutboxRow
from district.people.models import Certificate
from district.phones.rows import rows_for
from district.training import registry
from district.training.codes import code_of_learning
from district.training.feed_handlers import handle
from district.training.models import Course, CourseAttempt, CourseCompletion, CourseQuestion, Learning, TrainingProof
from district.training.registry.learning import ATTEMPTS_A_DAY
from district.training.registry.proofs import PROOF_WITHIN
from district.training.rules import TrainingRefused


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[TestedHq]:
    with hq_in(tmp_path / "hq") as made:
        yield made


@pytest.fixture(autouse=True)
def _empty_cache(settings: object) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}  # type: ignore[attr-defined]
    cache.clear()


def right_answers(course: Course) -> dict[str, str]:
    return {f"question-{one.pk}": str(one.right) for one in CourseQuestion.objects.filter(course=course)}


def passed(town: SmallDistrict, course: Course) -> Learning:
    """Return a worker's way through a course, passed."""
    learning = registry.start(town.people[0], course)
    for number in (1, 2):
        registry.read_page(learning, number, 2)
    questions = CourseQuestion.objects.filter(course=course)
    assert registry.answer(learning, {one.pk: one.right for one in questions}).passed
    learning.refresh_from_db()
    return learning


def test_ok__a_worker_learns_on_the_phone_and_a_gate_completes_it(town: SmallDistrict, hq: TestedHq) -> None:
    course, person = ready_course(town), town.people[0]
    phone, home = phone_of(town, person), f"/me/courses/{course.pk}/"
    assert "Masks" in phone.get("/me/courses/").content.decode()
    assert phone.post(home).headers["Location"] == f"{home}pages/1/"
    assert phone.post(f"{home}pages/1/").headers["Location"] == f"{home}pages/2/"
    assert phone.post(f"{home}pages/2/").headers["Location"] == f"{home}test/"
    assert phone.post(f"{home}test/", right_answers(course)).headers["Location"] == f"{home}code/"
    assert phone.get(f"{home}code/").status_code == 200
    learning = Learning.objects.get(person=person)
    code = read_training_code(code_of_learning(learning).text, hq.keys.signing.public_key())
    assert (code.session_id, code.worker_id, code.site_id) == (learning.session_name, person.worker_id, "")
    with pytest.raises(BadCode):
        read(code_of_learning(learning).text, hq.keys.signing.public_key())
    assert not Certificate.objects.exists(), "the test alone proves nobody"

    OutboxRow.objects.all().delete()
    handle([event(learning.session_name, person.worker_id)])
    handle([event(learning.session_name, person.worker_id)])
    made = Certificate.objects.get(person=person)
    assert (made.kind, made.is_training) == (KIND, True)
    assert made.expires == timezone.localdate() + timedelta(days=365)
    assert OutboxRow.objects.filter(subject=person.worker_id).exists(), "HQ and the gates hear of it"
    assert CourseCompletion.objects.get().expires == made.expires
    assert phone.get(f"{home}code/").headers["Location"] == home
    assert f"{made.expires}" in phone.get(home).content.decode()


def test_ok__a_site_without_courses_sees_none_of_it(town: SmallDistrict) -> None:
    labels = [str(row.label) for row in rows_for(town.people[0])]
    assert "My courses" not in labels
    ready_course(town)
    assert "My courses" in [str(row.label) for row in rows_for(town.people[0])]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"worker": 1}, "another worker"),
        ({"proven": False, "detail": "the face is another's"}, "the face is another's"),
        ({"late": True}, "too long ago"),
    ],
)
def test_fail__what_is_not_proven_gives_no_certificate(
    town: SmallDistrict, change: dict[str, object], why: str
) -> None:
    learning = passed(town, ready_course(town))
    worker = town.people[int(str(change.get("worker", 0)))]
    late = PROOF_WITHIN + timedelta(days=1) if change.get("late") else timedelta(0)
    detail = str(change.get("detail", ""))
    proven = bool(change.get("proven", True))
    at = timezone.now() + late
    handle([event(learning.session_name, worker.worker_id, proven=proven, detail=detail, utc=at)])
    proof = TrainingProof.objects.get()
    assert not proof.proven
    assert why in proof.why
    assert not Certificate.objects.exists()


def test_fail__unknown_sessions_and_strangers_change_nothing(town: SmallDistrict) -> None:
    handle([event("l-0", town.people[0].worker_id), event("l-0", "w-unknown", seq=2)])
    assert not TrainingProof.objects.exists()


def test_fail__a_wrong_test_shows_what_to_do_and_keeps_the_answers(town: SmallDistrict) -> None:
    course = ready_course(town, questions=2)
    phone, home = phone_of(town, town.people[0]), f"/me/courses/{course.pk}/"
    for path in ("", "pages/1/", "pages/2/"):
        phone.post(f"{home}{path}")
    first, second = CourseQuestion.objects.filter(course=course)
    half = phone.post(f"{home}test/", {f"question-{first.pk}": "1"})
    assert half.status_code == 422
    assert "Answer each question." in half.content.decode()
    assert half.content.decode().count(" checked") == 1
    wrong = phone.post(f"{home}test/", {f"question-{first.pk}": "1", f"question-{second.pk}": "0"})
    assert "1 of 2 right" in wrong.content.decode()
    assert phone.post(f"{home}test/", {"question-9": "0", "question-x": "1", "question-1": "99"}).status_code == 422


def test_fail__pages_are_not_skipped_and_tries_are_limited(town: SmallDistrict) -> None:
    course = ready_course(town)
    phone, home = phone_of(town, town.people[0]), f"/me/courses/{course.pk}/"
    phone.post(home)
    assert phone.get(f"{home}pages/2/").headers["Location"] == f"{home}pages/1/"
    assert "Read all pages first." in phone.post(f"{home}test/", right_answers(course)).content.decode()
    learning = Learning.objects.get()
    for number in (1, 2):
        registry.read_page(learning, number, 2)
    wrong = {one.pk: 1 for one in CourseQuestion.objects.all()}
    for _ in range(ATTEMPTS_A_DAY):
        assert not registry.answer(learning, wrong).passed
    with pytest.raises(TrainingRefused, match="tomorrow"):
        registry.answer(learning, {one.pk: 0 for one in CourseQuestion.objects.all()})
    assert CourseAttempt.objects.count() == ATTEMPTS_A_DAY


def test_fail__a_phone_opens_no_course_of_another_site_or_trade(town: SmallDistrict, hq: TestedHq) -> None:
    foreign = ready_course(town, place=town.projects[3].place)
    cranes = ready_course(town, trade="060")
    draft = registry.make_course("officer", town.root, title="Draft", kind="x")
    phone = phone_of(town, town.people[0])
    for course in (foreign, cranes, draft):
        for path in ("", "pages/1/", "test/", "code/", "media/1/"):
            assert phone.get(f"/me/courses/{course.pk}/{path}").status_code == 404, (course, path)
        assert phone.post(f"/me/courses/{course.pk}/").status_code == 404
    assert Client().get("/me/courses/").status_code == 403
    assert not Learning.objects.exists()


def test_ok__without_a_connection_the_code_page_says_so(town: SmallDistrict) -> None:
    learning = passed(town, ready_course(town))
    phone = phone_of(town, town.people[0])
    from district.wire import HqAway

    with mock.patch("district.training.codes.hq_door", side_effect=HqAway("away")):
        shown = phone.get(f"/me/courses/{learning.course_id}/code/")
    assert shown.status_code == 503
    assert "no connection" in shown.content.decode()


def test_ok__a_course_with_the_test_alone_is_completed_by_it_and_learned_again(town: SmallDistrict) -> None:
    course = ready_course(town, proof=Course.Proof.TEST, valid_days=30)
    passed(town, course)
    assert CourseCompletion.objects.count() == 1
    passed(town, course)
    assert CourseCompletion.objects.count() == 2
    assert Certificate.objects.filter(~Q(number="")).count() == 2


def test_ok__an_erased_person_leaves_nothing(town: SmallDistrict) -> None:
    from district.people.held import held_of
    from district.people.signals import erased

    learning = passed(town, ready_course(town))
    handle([event(learning.session_name, town.people[0].worker_id)])
    assert any(table.label == "Training" for table in held_of(town.people[0]))
    erased.send(type(town.people[0]), person=town.people[0])
    for model in (Learning, TrainingProof, CourseCompletion, CourseAttempt):
        assert not model._default_manager.exists()
