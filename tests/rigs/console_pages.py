"""Every page of the console that a link leads to, found by following links as each role."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlsplit

from django.test import Client
from django.urls import Resolver404, resolve

from district.accounts.models import User

_LINK = re.compile(r'(?:href|hx-get)="(/[^"#]*)"')
_NOT_PAGES = ("/static/",)


@dataclass(frozen=True)
class FoundPage:
    """One page of each kind: the name of its address, an address, and an account that opens it."""

    name: str
    address: str
    user: User


def console_pages(users: Iterable[User]) -> list[FoundPage]:
    """Follow the links from the first page of each account. Return one page for each name of an address."""
    found: dict[str, FoundPage] = {}
    for user in users:
        client = Client(headers={"Accept-Language": "en", "User-Agent": "walk"})
        client.force_login(user)
        waiting, seen = ["/"], set[str]()
        while waiting:
            address = waiting.pop(0)
            name = _name(address)
            if name in seen or not name:
                continue
            seen.add(name)
            answer = client.get(address)
            if answer.status_code != 200 or "text/html" not in answer.get("Content-Type", ""):
                continue
            found.setdefault(
                f"{name}{' ' + user.name if name == 'overview:home' else ''}", FoundPage(name, address, user)
            )
            waiting += _links(answer.text)
    return list(found.values())


def _links(html: str) -> Iterator[str]:
    for link in _LINK.findall(html):
        if not link.startswith(_NOT_PAGES):
            yield unescape(link)


def _name(address: str) -> str:
    try:
        return resolve(urlsplit(address).path).view_name
    except Resolver404:
        return ""
