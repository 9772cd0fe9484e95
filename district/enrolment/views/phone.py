"""The worker's own pages: choose, agree, take a photo, show a code, see what is kept, stop."""

from typing import Any

from django.core.files.uploadhandler import MemoryFileUploadHandler, StopUpload
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from district.enrolment import photos
from district.enrolment.held import held_of
from district.enrolment.models import PlatformPhoto
from district.enrolment.rules import PHOTO_BYTES_MAX, TEXT_VERSION, NextStep, seems_photo
from district.enrolment.worker import (
    NoMoreCodes,
    asks_platform_photo,
    code_of,
    newest_photo,
    places_of,
    ways_of,
    withdrawal_of,
    withdrew,
)
from district.exchange.door import close_hq_door
from district.people import registry
from district.people.models import Consent, Person
from district.phones.pages import phone_page
from district.phones.rows import rows_for
from district.wire import HqAway, HqRefused

FACE, PLATFORM = Consent.Purpose.FACE, Consent.Purpose.PLATFORM_PHOTO
_PAGES = {NextStep.CHOOSE: "enrolment:choose", NextStep.AGREE: "enrolment:agree"}


class PhotoInMemory(MemoryFileUploadHandler):
    """Keeps a photo in memory, so that none ever reaches the disk. A larger one, and more than one, are not read."""

    _taken = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file of the size that the form says."""
        self.activated = True
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Take a piece. Stop reading what is too large."""
        self._taken += len(raw_data)
        if self._taken > PHOTO_BYTES_MAX:
            raise StopUpload(connection_reset=True)
        return super().receive_data_chunk(raw_data, start)


@phone_page
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what the worker does next, or how to pass today."""
    person = worker(request)
    ways = ways_of(person)
    if ways.step in _PAGES:
        return redirect(_PAGES[ways.step])
    today = timezone.localdate()
    places = places_of(person)
    context = {
        "person": person,
        "step": ways.step.value,
        "ways": ways,
        "places": places,
        "today": [one for one in places if one.now(today)],
        "withdrew": not ways.agreed and withdrew(person),
        "more": rows_for(person),
    }
    return render(request, "enrolment/phone/home.html", context)


@phone_page
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    """Let the worker choose between two ways of the same weight."""
    person = worker(request)
    way = request.POST.get("way", "")
    if request.method == "POST" and way in {Person.Way.FACE, Person.Way.CODE, Person.Way.CARD}:
        registry.choose_way(_by(person), person, Person.Way(way))
        return redirect("enrolment:agree" if way == Person.Way.FACE else "enrolment:platform")
    return render(request, "enrolment/phone/choose.html", {"person": person})


@phone_page
@require_http_methods(["GET", "HEAD", "POST"])
def agree(request: HttpRequest) -> HttpResponse:
    """Ask for the consent to the face; "no" leads to the code."""
    person = worker(request)
    if request.method == "POST":
        if request.POST.get("answer") != "yes":
            registry.choose_way(_by(person), person, Person.Way.CODE)
            return redirect("enrolment:home")
        registry.give_consent(_by(person), person, FACE, TEXT_VERSION)
        registry.choose_way(_by(person), person, Person.Way.FACE)
        photos.expect_photo()
        return redirect("enrolment:platform")
    return render(request, "enrolment/phone/agree.html")


@phone_page
@require_http_methods(["GET", "HEAD", "POST"])
def platform(request: HttpRequest) -> HttpResponse:
    """Ask apart for the consent to a photo for the national platform."""
    person = worker(request)
    wants = photos.platform_consent(person) is not None
    if request.method == "POST":
        if request.POST.get("answer") == "yes":
            registry.give_consent(_by(person), person, PLATFORM, TEXT_VERSION)
            return redirect("enrolment:photo")
        if wants:
            registry.withdraw_consent(_by(person), person, PLATFORM)
            PlatformPhoto.objects.filter(person=person).delete()
        return _after_platform(person)
    if wants or not asks_platform_photo():
        return _after_platform(person)
    return render(request, "enrolment/phone/platform.html")


def _after_platform(person: Person) -> HttpResponse:
    return redirect("enrolment:photo" if ways_of(person).step is NextStep.TAKE else "enrolment:home")


@csrf_exempt
@phone_page
@require_http_methods(["GET", "HEAD", "POST"])
def photo(request: HttpRequest) -> HttpResponse:
    """Take a photo. The check of the form's token follows the choice of where the upload is kept."""
    request.upload_handlers = [PhotoInMemory(request)]
    response: HttpResponse = _photo(request)
    return response


@csrf_protect
def _photo(request: HttpRequest) -> HttpResponse:
    person = worker(request)
    face, platform_ = photos.face_consent(person), photos.platform_consent(person)
    if face is None and platform_ is None:
        return redirect("enrolment:home")  # no consent, no photo
    problem = ""
    if request.method == "POST":
        problem = _taken(request, person)
        if not problem:
            return redirect("enrolment:checking")
    photos.expect_photo()
    last = newest_photo(person, face)
    advice = last.advice if last is not None and last.state == last.State.REFUSED else ""
    context = {"problem": problem, "advice": advice, "for_gates": face is not None}
    return render(request, "enrolment/phone/photo.html", context, status=400 if problem else 200)


def _taken(request: HttpRequest, person: Person) -> str:
    """Store the photo of a form. Return what is wrong with it."""
    sent = request.FILES.get("photo")
    data = sent.read() if sent is not None else b""
    if not data:
        return "empty"
    if not seems_photo(data):
        return "kind"
    try:
        photos.put_photo(person, data)
    except photos.TooManyPhotos:
        return "many"
    return ""


@phone_page
@require_safe
def checking(request: HttpRequest) -> HttpResponse:
    """Say that the photo is being checked. The page asks every second, and goes on by itself."""
    person = worker(request)
    last = newest_photo(person, photos.face_consent(person))
    waits = last is not None and last.state == last.State.WAITING
    if waits:
        if request.headers.get("X-Part"):
            return HttpResponse(status=204)
        return render(request, "enrolment/phone/checking.html")
    again = last is None or last.state == last.State.REFUSED
    target = reverse("enrolment:photo" if again else "enrolment:home")
    if request.headers.get("X-Part"):
        return HttpResponse(headers={"X-Go": target})
    return redirect(target)


@phone_page
@require_safe
def code(request: HttpRequest) -> HttpResponse:
    """Show the code that admits the worker once; the page makes a new one while the phone has a network."""
    context: dict[str, object] = {}
    try:
        context["code"] = code_of(worker(request))
    except NoMoreCodes:
        context["problem"] = "many"
    except HqRefused:
        context["problem"] = "early"
    except HqAway:
        close_hq_door()  # the next look opens it again
        context["problem"] = "away"
    part = bool(request.headers.get("X-Part"))
    status = 200 if "code" in context else 503
    return render(request, f"enrolment/phone/code{'_part' if part else ''}.html", context, status=status)


@phone_page
@require_safe
def kept(request: HttpRequest) -> HttpResponse:
    """Show what is kept about the worker, why, and until when."""
    person = worker(request)
    context = {
        "rows": held_of(person),
        "face": photos.face_consent(person),
        "platform": photos.platform_consent(person),
    }
    return render(request, "enrolment/phone/kept.html", context)


@phone_page
@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """Withdraw the consent to the face: one tap. The templates leave HQ and the gates."""
    person = worker(request)
    registry.withdraw_consent(_by(person), person, FACE)
    photos.drop_waiting(person)
    return redirect("enrolment:receipt")


@phone_page
@require_safe
def receipt(request: HttpRequest) -> HttpResponse:
    """Show which gates have confirmed a withdrawal."""
    part = bool(request.headers.get("X-Part"))
    try:
        found = withdrawal_of(worker(request))
    except HqAway:
        close_hq_door()
        return render(request, "enrolment/phone/away.html", status=503)
    if found is None:
        return HttpResponse(headers={"X-Go": reverse("enrolment:home")}) if part else redirect("enrolment:home")
    return render(request, f"enrolment/phone/receipt{'_part' if part else ''}.html", {"withdrawal": found})


def worker(request: HttpRequest) -> Person:
    """Return whose phone it is."""
    found: Person = request.worker  # type: ignore[attr-defined]
    return found


def _by(person: Person) -> str:
    """Return how the audit record names the worker."""
    return f"worker {person.worker_id}"
