"""Limits what a request may bring, before anything reads it."""

from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import resolve
from django.utils.translation import gettext as _

from district.phones.sessions import phone_of

LARGEST = 21 * 1024 * 1024
"""A sheet of 20 MB, with what the form adds."""
STRANGERS = 64 * 1024
"""What a browser may send that is neither signed in nor a worker's phone. The check of a form's token reads a whole
body, and keeps large files on the disk. The web server's loop waits for as much before a thread begins.
"""


class BodyLimitMiddleware:
    """Refuses a body that no page takes, and a NUL in an address, which PostgreSQL cannot look for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer one request."""
        if "\0" in request.path_info:
            return HttpResponse(status=400)
        length = request.META.get("CONTENT_LENGTH") or "0"
        size = int(length) if length.isdecimal() else LARGEST + 1
        if size > LARGEST or (size > STRANGERS and _is_stranger(request) and not _is_known(request, size)):
            return HttpResponse(_("This is too large."), status=413, content_type="text/plain; charset=utf-8")
        return self._get_response(request)


def _is_stranger(request: HttpRequest) -> bool:
    return not request.user.is_authenticated and phone_of(request) is None


def _is_known(request: HttpRequest, size: int) -> bool:
    """Say whether the view knows the sender by the address, as that of an authority's program."""
    try:
        found = resolve(request.path_info)
    except Http404:
        return False
    knows = getattr(found.func, "knows_sender", None)
    return size <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE and knows is not None and knows(request, **found.kwargs)
