"""What the pages of training share: a refusal in a form, and files by pieces."""

import re
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render

from district.training import media
from district.training.models import CourseMedia
from district.training.rules import TrainingRefused
from district.web.refusals import refusal_text

PIECE_MAX = 4 * 1024 * 1024
"""A browser asks for more in another request. So no answer holds a thread for long."""
_RANGE = re.compile(r"bytes=(\d{1,12})?-(\d{1,12})?")


def form_page(
    request: HttpRequest, form: Form, do: Callable[[dict[str, Any]], str], template: str, context: dict[str, Any]
) -> HttpResponseBase:
    """Show a form, or do what it says and go on. What is refused stands in the form, with what was typed."""
    if request.method == "POST" and form.is_valid():
        try:
            address = do(form.cleaned_data)
        except TrainingRefused as error:
            form.add_error(None, refusal_text(error))
        else:
            return redirect(address)
    status = 422 if form.is_bound and form.errors else 200
    return render(request, template, {"form": form, **context}, status=status)


def do_or_say(request: HttpRequest, do: Callable[[], object], done: str) -> bool:
    """Do one thing and say so, or say why it was refused. Return whether it was done."""
    try:
        do()
    except TrainingRefused as error:
        messages.error(request, refusal_text(error))
        return False
    messages.success(request, done)
    return True


def file_answer(request: HttpRequest, found: CourseMedia) -> HttpResponseBase:
    """Return a picture or a video, or the piece of it that the browser asks for (RFC 9110, section 14)."""
    first, last, status = 0, found.size - 1, 200
    if wanted := request.headers.get("Range"):
        asked = _asked(wanted, found.size)
        if asked is None:
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{found.size}"})
        (first, last), status = asked, 206
    answer: HttpResponseBase = StreamingHttpResponse(
        media.pieces(found, first, last), status=status, content_type=found.mime
    )
    answer["Content-Length"] = str(last - first + 1)
    answer["Accept-Ranges"] = "bytes"
    answer["Content-Disposition"] = "inline"
    answer["X-Content-Type-Options"] = "nosniff"
    if status == 206:
        answer["Content-Range"] = f"bytes {first}-{last}/{found.size}"
    return answer


def _asked(wanted: str, size: int) -> tuple[int, int] | None:
    """Return the first and last byte of one range; None for one that the file does not have."""
    found = _RANGE.fullmatch(wanted.strip())
    if found is None or (found[1] is None and found[2] is None):
        return None
    if found[1] is None:
        first, last = max(0, size - int(found[2])), size - 1
    else:
        first, last = int(found[1]), min(int(found[2]) if found[2] else size - 1, size - 1)
    if first > last or first >= size:
        return None
    return first, min(last, first + PIECE_MAX - 1)
