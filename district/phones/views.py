"""The page behind a link, and the end of a phone."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from district.pages import open_page
from district.phones import links, sessions
from district.phones.models import WorkerPhone
from district.phones.pages import phone_page
from district.phones.rules import masked


@open_page("a one-time link, sent or handed to one worker")
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, secret: str) -> HttpResponse:
    """Ask who opens a link, then open the phone. Looking at it uses nothing: chat programs look at every link."""
    invitation = links.open_link(secret)
    if invitation is None:
        known = sessions.phone_of(request)
        if known is not None and sessions.person_of(known) is not None:
            return redirect("enrolment:home")  # the link was used on this phone before
        return render(request, "phones/unknown.html", {"ended": True}, status=410)
    wrong = False
    if request.method == "POST":
        kind = request.headers.get("User-Agent", "")
        opened = links.use_link(invitation, request.POST.get("answer", ""), kind)
        if opened is not None:
            response = redirect("enrolment:home")
            sessions.remember(response, opened)
            return response
        if links.open_link(secret) is None:
            return render(request, "phones/unknown.html", {"ended": True}, status=410)
        wrong = True
    person = invitation.person
    context = {
        "name": masked(person.name),
        "site": invitation.project,
        "question": links.known_of(person).question.value,
        "wrong": wrong,
        "left": links.tries_left(invitation),
    }
    return render(request, "phones/link.html", context, status=400 if wrong else 200)


@phone_page
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """End this phone: another person uses it from now on."""
    phone = sessions.phone_of(request)
    if phone is not None:
        WorkerPhone.objects.filter(pk=phone.pk).update(ended=timezone.now())
    response = render(request, "phones/left.html")
    sessions.forget(response)
    return response
