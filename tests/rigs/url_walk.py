"""Finds every page of the URL conf, and every form on a page."""

from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import product
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from two_parts import FOREIGN, MARK, OWN, OWN_MARK

WORDS: dict[str, tuple[str, ...]] = {"subject": ("people", "places", "enterprises", "projects")}
"""Words that an address takes besides ids, by the name of the argument."""


@dataclass(frozen=True)
class WalkedPage:
    """One entry of the URL conf."""

    route: str
    view: Any
    arguments: dict[str, Any]
    module: str

    @property
    def permissions(self) -> tuple[Any, Any] | None:
        """Return what `page` demands for looking and for changing; None if the view is not marked by it."""
        found: tuple[Any, Any] | None = getattr(self.view, "page_permissions", None)
        return found

    @property
    def is_open(self) -> bool:
        """Say whether the view needs no sign-in, with a reason in the code."""
        return hasattr(self.view, "open_because")

    def own(self) -> Iterator[str]:
        """Return addresses of own things."""
        return self._addresses((str(OWN),), (OWN_MARK,))

    def foreign(self) -> Iterator[str]:
        """Return addresses in which at least one thing is foreign."""
        if self.arguments:
            ids = (str(FOREIGN),) if len(self.arguments) == 1 else (str(FOREIGN), str(OWN))
            own = set(self.own())
            yield from (address for address in self._addresses(ids, (MARK,)) if address not in own)

    def _addresses(self, ids: tuple[str, ...], words: tuple[str, ...]) -> Iterator[str]:
        values = [
            ids if "Int" in type(converter).__name__ else WORDS.get(name, words)
            for name, converter in self.arguments.items()
        ]
        for chosen in product(*values):
            address = self.route
            for (name, _converter), value in zip(self.arguments.items(), chosen, strict=True):
                start = address.rindex("<", 0, address.index(f"{name}>"))
                address = address[:start] + value + address[address.index(f"{name}>") + len(name) + 1 :]
            yield f"/{address}"


class _FormParser(HTMLParser):
    """Collects the forms that a page posts."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, or a field of the form that is open."""
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = found.get("method", "").lower() == "post"
            if self._inside:
                self.forms.append((found.get("action", ""), {}))
        elif self._inside and tag in {"input", "select", "textarea", "button"} and found.get("name"):
            chooses = tag == "select" or found.get("type") in {"hidden", "radio", "checkbox", "number"}
            self.forms[-1][1][found["name"]] = str(FOREIGN) if chooses else found.get("value") or "zz"

    def handle_endtag(self, tag: str) -> None:
        """Close a form."""
        self._inside = self._inside and tag != "form"


def every_page() -> list[WalkedPage]:
    """Return every entry of the URL conf."""
    return [page for page in _walk(get_resolver(), "") if page.module != "django.views.static"]


def forms_of(html: str) -> list[tuple[str, dict[str, str]]]:
    """Return address and fields of each form that posts. What is chosen from a list is set to the foreign key."""
    parser = _FormParser()
    parser.feed(html)
    return parser.forms


def _walk(resolver: URLResolver, prefix: str) -> Iterator[WalkedPage]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry, route)
        elif isinstance(entry, URLPattern):
            view = entry.callback
            yield WalkedPage(route, view, dict(entry.pattern.converters), view.__module__)
