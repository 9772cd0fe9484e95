"""The console in tests: every page that a link leads to, and signing in a browser."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client
from django.urls import Resolver404, resolve
from selenium.webdriver.chrome.webdriver import WebDriver

from district.accounts.models import User

_LINK = re.compile(r'href="(/[^"#]*)"')
_NOT_PAGES = ("/static/",)


@dataclass(frozen=True)
class FoundPage:
    """One page of each kind: the name of its address, an address, and an account that opens it."""

    name: str
    address: str
    user: User


def console_pages(users: Iterable[User]) -> list[FoundPage]:
    """Follow the links from the first page of each account. Return one page for each template."""
    found: dict[str, FoundPage] = {}
    opened = set[str]()
    for user in users:
        client = Client(headers={"Accept-Language": "en", "User-Agent": "walk"})
        client.force_login(user)
        waiting, seen = ["/"], set[str]()
        while waiting:
            address = waiting.pop(0)
            name = _name(address)
            if not name or name in seen or (name in opened and name != "overview:home"):
                continue
            seen.add(name)
            answer = client.get(address)
            if answer.status_code != 200 or "text/html" not in answer.get("Content-Type", ""):
                answer.close()
                continue
            opened.add(name)
            found.setdefault(_kind(answer, name, user), FoundPage(name, address, user))
            waiting += _links(answer.text)
    return list(found.values())


def sign_in(browser: WebDriver, address: str, user: User) -> None:
    """Give the browser a session of an account, without its sign-in pages."""
    client = Client(headers={"User-Agent": browser.execute_script("return navigator.userAgent")})
    client.force_login(user)
    browser.get(f"{address}/static/web/icon.svg")
    browser.delete_all_cookies()
    browser.add_cookie({"name": settings.SESSION_COOKIE_NAME, "value": client.session.session_key or ""})
    browser.add_cookie({"name": settings.LANGUAGE_COOKIE_NAME, "value": "en"})


def _links(html: str) -> Iterator[str]:
    for link in _LINK.findall(html):
        if not link.startswith(_NOT_PAGES):
            yield unescape(link)


def _kind(answer: Any, name: str, user: User) -> str:
    """Return what makes a page another one: its template, and on the first page the role."""
    return user.name if name == "overview:home" else str(answer.templates[0].name)


def _name(address: str) -> str:
    try:
        return resolve(urlsplit(address).path).view_name
    except Resolver404:
        return ""
