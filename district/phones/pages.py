"""Mark a view as a page of a worker's own phone."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from district.pages import open_page
from district.people.models import Person
from district.phones.sessions import person_of, phone_of

_View = Callable[..., HttpResponseBase]


class PhoneRequest(HttpRequest):
    """A request of a worker's phone: `worker` is whose phone it is."""

    worker: Person


def phone_page(view: _View) -> _View:
    """Open a view for workers' phones alone; it finds the person in `request.worker`. Others learn how to get a
    link.
    """

    @open_page("a worker's own phone: its secret came from a one-time link")
    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        phone = phone_of(request)
        person = person_of(phone) if phone else None
        if person is None:
            return render(request, "phones/unknown.html", status=403)
        request.worker = person  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)

    return opened
