"""The request of a page that `page()` opened."""

from typing import Any

from django.http import HttpRequest


class PageRequest(HttpRequest):
    """A request whose account is signed in and has rights."""

    user: Any
