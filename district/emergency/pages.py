"""Mark a view as a page that exists only while a measure holds."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase

from district.emergency.registry import concerns
from district.emergency.rules import MeasureKind
from district.pages import page
from district.permissions import Permission

_View = Callable[..., HttpResponseBase]


def measure_page(
    permission: Permission, *kinds: MeasureKind, post: Permission | None = None, fresh: bool = False
) -> Callable[[_View], _View]:
    """Open a view as `page` does, and only while a measure of one of these kinds concerns the account. Else it is
    "not found", so that an ordinary site sees none of it.
    """

    def marked(view: _View) -> _View:
        @wraps(view)
        def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user: Any = request.user
            if not concerns(user, permission, *kinds):
                raise Http404
            return view(request, *args, **kwargs)

        return page(permission, post=post, fresh=fresh)(opened)

    return marked


def while_measure(permission: Permission, *kinds: MeasureKind) -> Callable[[Any], bool]:
    """Return a condition for an entry of the navigation: a measure of one of these kinds concerns the account."""
    return lambda user: concerns(user, permission, *kinds)
