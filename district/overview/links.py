"""Addresses of other apps' pages."""

from django.urls import NoReverseMatch, reverse


def address_of(name: str, *arguments: object) -> str:
    """Return the address of a page, or "" if this installation has none of that name."""
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""
