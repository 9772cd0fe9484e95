"""What a reader of one language would see on a page: its texts, and the words of another language among them."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

SPOKEN = ("alt", "aria-label", "placeholder", "title", "data-label")
"""Attributes that are read out or shown."""
_SILENT = {"script", "style", "code"}
_VOID = {"meta", "link", "input", "img", "br", "hr", "use", "rect", "path", "circle", "line", "source", "wbr", "col"}
EVERYWHERE = {"HTTPS", "CSV", "XLSX", "PIN", "UTC", "MB", "QR", "ID"}
"""Signs that Chinese readers read as they are."""
_COMMAND = re.compile(r"sitegate(-hq)?( [a-z-]+)+")
"""People type it as it stands."""
_LATIN = re.compile(r"[A-Za-z]{2,}")
_CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")


class Reader(HTMLParser):
    """Collects the texts and links of a page. What is marked as another language is left out."""

    def __init__(self, language: str) -> None:
        super().__init__(convert_charrefs=True)
        self._language = language
        self._open: list[tuple[str, bool]] = []
        self.texts: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        other = given.get("lang", self._language) != self._language
        silent = self._silent or other or tag in _SILENT
        if not silent:
            self.texts += [given[name] for name in SPOKEN if given.get(name)]
            if tag == "input" and given.get("type") in ("submit", "button", "reset"):
                self.texts.append(given.get("value", ""))
        for name in ("href", "hx-get"):
            if tag != "link" and tag != "use" and given.get(name):
                self.links.append(given[name])
        if tag not in _VOID:
            self._open.append((tag, silent))

    def handle_endtag(self, tag: str) -> None:
        while self._open and tag in [name for name, _ in self._open]:
            name, _ = self._open.pop()
            if name == tag:
                return

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.texts.append(" ".join(data.split()))

    @property
    def _silent(self) -> bool:
        return bool(self._open) and self._open[-1][1]


def read(page: str, language: str) -> Reader:
    """Return what a page shows, and where it leads."""
    reader = Reader(language)
    reader.feed(page)
    return reader


def foreign(texts: list[str], language: str) -> Iterator[str]:
    """Find words of the other language. Data of the tests is in a third alphabet, so it is never one."""
    for text in texts:
        found = _CHINESE.findall(text) if language == "en" else set(_LATIN.findall(_COMMAND.sub("", text))) - EVERYWHERE
        if found:
            yield text
