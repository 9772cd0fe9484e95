"""Find the addresses that a role reaches: links, parts that htmx fetches, and each filter of each list alone."""

import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

SAMPLES = 3
"""Addresses of one kind that are looked at."""
TYPED = ("王伟", "wangwei", "ww")
_LINK = re.compile(r'\b(?:href|hx-get)="([^"]+)"')
_FILES = re.compile(r"[?&]format=|\.csv$|\.xlsx$|/take/$|/static/|/demo/|/logout/|recovery-codes/download")
_CURSORS = ("after", "before")


@dataclass(frozen=True)
class WalkedAddress:
    """An address, and its kind: the view's name and the names of its parameters."""

    kind: str
    address: str


class _FilterParser(HTMLParser):
    """Collects the fields of the forms that look something up."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: list[tuple[str, str, list[str]]] = []
        """Address, name, values to try."""
        self._action: str | None = None
        self._options: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, one of its fields, or a choice of the field that is open."""
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._action = found.get("action", "") if found.get("method", "get").lower() == "get" else None
        elif self._action is None or (tag != "option" and not found.get("name")):
            return
        elif tag == "select":
            self._options = []
            self.fields.append((self._action, found["name"], self._options))
        elif tag == "option" and self._options is not None and found.get("value"):
            self._options.append(found["value"])
        elif tag == "input" and found.get("type", "text") not in ("hidden", "submit"):
            self.fields.append((self._action, found["name"], _values(found)))

    def handle_endtag(self, tag: str) -> None:
        """Close a form or a choice."""
        self._action = None if tag == "form" else self._action
        self._options = None if tag == "select" else self._options


def walk(get: Callable[[str], tuple[str, bool]], searches: list[str]) -> tuple[list[WalkedAddress], list[str]]:
    """Return a role's addresses, some of each kind, and those of files. `get` returns a page's text and whether it is
    a page.
    """
    waiting, seen, files = deque(["/", *(f"/search?q={text}" for text in searches)]), set[str](), set[str]()
    found: defaultdict[str, list[str]] = defaultdict(list)
    while waiting:
        address = waiting.popleft()
        if address in seen:
            continue
        seen.add(address)
        kind = kind_of(address)
        if kind is None or len(found[kind]) >= SAMPLES:
            continue
        text, is_page = get(address)
        if is_page:
            found[kind].append(address)
            for link in _links(address, text):
                files.add(link) if _FILES.search(link) else waiting.append(link)
    return [WalkedAddress(kind, one) for kind, addresses in found.items() for one in addresses], sorted(files)


def kind_of(address: str) -> str | None:
    """Return the kind of an address: one for all pages behind the first; None if no view answers to it."""
    from django.urls import Resolver404, resolve

    parts = urlsplit(address)
    try:
        name = resolve(parts.path).view_name
    except Resolver404:
        return None
    names = sorted(name for name, value in parse_qsl(parts.query) if value)
    if any(one in _CURSORS for one in names):
        names = ["next page"]
    return f"{name} {'+'.join(names)}".strip()


def _links(address: str, text: str) -> Iterator[str]:
    for link in _LINK.findall(text):
        yield from _own(address, unescape(link))
    parser = _FilterParser()
    parser.feed(text)
    for action, name, values in parser.fields:
        for value in values[:SAMPLES]:
            yield from _own(address, urljoin(action or urlsplit(address).path, f"?{urlencode({name: value})}"))


def _own(address: str, link: str) -> Iterator[str]:
    full = urljoin(address, link).partition("#")[0]
    if full.startswith("/") and not full.startswith("//"):
        yield full


def _values(field: dict[str, str]) -> list[str]:
    match field.get("type", "text"):
        case "checkbox" | "radio":
            return [field.get("value") or "on"]
        case "date":
            return ["2026-11-20"]
        case "month":
            return []
        case "number":
            return [field.get("value") or "1"]
        case _:
            return list(TYPED)
