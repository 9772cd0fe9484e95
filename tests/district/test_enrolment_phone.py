"""PROMISE: a worker enrols alone on a phone, with a real choice; nobody else's phone gets in."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from district_hq import TestedHq, hq_in
from district_rig import SmallDistrict
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from contract.code import read
from district.enrolment.models import EnrolmentPhoto
from district.enrolment.rules import CODE_VALID, CODES_A_DAY
from district.exchange import hand_over
from district.people import registry
from district.people.models import Consent, Invitation, Person
from district.phones.links import make_links
from district.phones.models import WorkerPhone

JPEG = b"\xff\xd8\xff\xe0 not really"


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[TestedHq]:
    with hq_in(tmp_path / "hq") as made:
        yield made


@pytest.fixture(autouse=True)
def _empty_cache(settings: object) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}  # type: ignore[attr-defined]
    cache.clear()


def link_for(town: SmallDistrict, person: Person) -> str:
    return f"/i/{make_links('clerk', town.projects[0], [person])[0].secret}"


def phone_for(town: SmallDistrict, person: Person) -> Client:
    phone = Client()
    assert phone.post(link_for(town, person)).status_code == 302
    return phone


def test_ok__a_link_opens_one_phone_once(town: SmallDistrict) -> None:
    person, phone, other = town.people[0], Client(), Client()
    url = link_for(town, person)
    for looks in range(3):  # chat programs look at every link
        shown = other.get(url)
        assert shown.status_code == 200, looks
    assert person.name not in shown.content.decode()
    assert phone.post(url).headers["Location"] == "/me/"
    assert other.post(url).status_code == 410
    assert phone.get(url).headers["Location"] == "/me/"
    assert phone.get("/me/", follow=True).status_code == 200
    cookie = phone.cookies["sitegate_phone"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"
    assert not WorkerPhone.objects.filter(secret_hash=cookie.value).exists(), "the database keeps a hash alone"


def test_fail__a_found_link_needs_the_id_card_and_ends_after_wrong_answers(town: SmallDistrict) -> None:
    person = town.people[0]
    registry.set_document("clerk", person, "01", "11010519491231002X")
    url, phone = link_for(town, person), Client()
    for _ in range(4):
        assert phone.post(url, {"answer": "1234"}).status_code == 400
    assert phone.post(url, {"answer": "1234"}).status_code == 410
    assert phone.post(url, {"answer": "002X"}).status_code == 410
    assert phone.post(link_for(town, person), {"answer": "００2x"}).status_code == 302


@pytest.mark.parametrize("path", ["", "choose", "agree", "platform", "photo", "checking", "code", "kept", "receipt"])
def test_fail__a_strange_phone_sees_nothing(town: SmallDistrict, path: str) -> None:
    stranger = Client()
    stranger.cookies["sitegate_phone"] = "0" * 40
    assert stranger.get(f"/me/{path}").status_code == 403
    assert stranger.post("/me/stop").status_code == 403


def test_fail__an_older_phone_ends_with_a_new_one(town: SmallDistrict) -> None:
    first = phone_for(town, town.people[0])
    second = phone_for(town, town.people[0])
    assert first.get("/me/kept").status_code == 403
    assert second.get("/me/kept").status_code == 200
    WorkerPhone.objects.update(seen=timezone.now() - timedelta(days=200))
    assert second.get("/me/kept").status_code == 403


def test_ok__face_and_code_weigh_the_same(town: SmallDistrict) -> None:
    phone = phone_for(town, town.people[0])
    page = phone.get("/me/choose").content.decode()
    buttons = re.findall(r'<button name="way" value="(\w+)"( class="[^"]*")?>', page)
    assert buttons == [("face", ""), ("code", "")]
    agreeing = phone.get("/me/agree").content.decode()
    assert re.findall(r'<button class="(\w+)" name="answer"', agreeing) == ["main", "main"]


def test_ok__no_photo_is_taken_without_a_consent(town: SmallDistrict) -> None:
    phone = phone_for(town, town.people[0])
    from django.core.files.uploadedfile import SimpleUploadedFile as File

    assert phone.post("/me/photo", {"photo": File("a.jpg", JPEG)}).headers["Location"] == "/me/"
    phone.post("/me/choose", {"way": "face"})
    assert phone.get("/me/photo").headers["Location"] == "/me/"
    phone.post("/me/agree", {"answer": "yes"})
    assert phone.post("/me/photo", {"photo": File("a.jpg", JPEG)}).headers["Location"] == "/me/checking"
    photo = EnrolmentPhoto.objects.get()
    assert photo.consent == Consent.objects.get(person=town.people[0], purpose="face")
    phone.post("/me/stop")
    photo.refresh_from_db()
    assert (photo.state, photo.picture) == ("dropped", "")


def test_fail__what_is_no_photo_is_refused_in_one_sentence(town: SmallDistrict) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile as File

    phone = phone_for(town, town.people[0])
    phone.post("/me/agree", {"answer": "yes"})
    for data in (b"", b"PK\x03\x04", b"<svg/>"):
        assert phone.post("/me/photo", {"photo": File("a.jpg", data)}).status_code == 400
    assert phone.post("/me/photo", {}).status_code == 400
    assert not EnrolmentPhoto.objects.exists()


def test_fail__a_photo_form_of_another_site_is_refused(town: SmallDistrict) -> None:
    known = phone_for(town, town.people[0])
    known.post("/me/agree", {"answer": "yes"})
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = known.cookies
    assert strict.post("/me/photo", {"photo": "x"}).status_code == 403
    assert strict.post("/me/stop").status_code == 403


def test_ok__the_code_is_one_that_gates_take(town: SmallDistrict, hq: TestedHq) -> None:
    phone = phone_for(town, town.people[0])
    phone.post("/me/choose", {"way": "code"})
    hand_over.hand_over()
    from district.enrolment.worker import code_of

    page = phone.get("/me/code")
    assert page.status_code == 200 and b"<svg" in page.content
    held = cache.get(f"enrolment-code-{town.people[0].pk}")
    found = read(held[0], hq.keys.signing.public_key())
    assert found.worker_id == "w-1"
    assert found.expires_utc - found.issued_utc == CODE_VALID
    assert code_of(town.people[0]).svg in page.content.decode(), "two looks are one code"


def test_fail__codes_cannot_be_gathered(town: SmallDistrict, hq: TestedHq) -> None:
    phone = phone_for(town, town.people[0])
    phone.post("/me/choose", {"way": "code"})
    hand_over.hand_over()
    for _ in range(CODES_A_DAY):
        assert phone.get("/me/code").status_code == 200
        cache.delete(f"enrolment-code-{town.people[0].pk}")
    assert phone.get("/me/code").status_code == 503


def test_fail__without_hq_the_code_page_says_so(town: SmallDistrict) -> None:
    phone = phone_for(town, town.people[0])
    page = phone.get("/me/code")
    assert page.status_code == 503
    assert "no connection" in page.content.decode()


def test_ok__links_end_with_the_person(town: SmallDistrict) -> None:
    url = link_for(town, town.people[0])
    Person.objects.filter(pk=town.people[0].pk).update(erased=timezone.now())
    assert Client().get(url).status_code == 410
    Invitation.objects.update(expires=timezone.now())
    assert Client().get(link_for(town, town.people[1])).status_code == 200
