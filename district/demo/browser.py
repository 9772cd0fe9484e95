"""Use the console's pages as a person with a browser would: open, fill in a form, press its button."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Protocol, Self

import httpx

from district.demo.code_image import UnreadableCode, code_in_picture, picture_of

TIMEOUT_S = 60.0
_SILENT = {"script", "style", "template", "svg"}
Value = str | Sequence[str] | Path


class PageError(RuntimeError):
    """A page did not answer as expected, or lacks a form or a field. The text says which, and what it showed."""


class Browser(Protocol):
    """A browser that shows one page at a time."""

    def open(self, path: str) -> None:
        """Open a page of the console, or a whole address. Raises PageError."""

    def submit(self, action: str, values: Mapping[str, Value] | None = None, *, button: str = "") -> None:
        """Fill in the form whose address ends with `action`, and send it; "": the page's own address.

        `values`: by field name; a file by its path. `button`: the `name=value` of the button pressed, if the form has
        several. Other fields keep what they show. Raises PageError.
        """

    def text(self) -> str:
        """Return the words that the page shows."""

    def links(self, part: str) -> list[str]:
        """Return the addresses on the page that hold this part."""

    def values(self, field_name: str) -> list[str]:
        """Return the values of all fields with this name, of a list its choices, as "value label"."""

    def forms(self) -> str:
        """Return the addresses of the page's forms, one on each line."""

    def fields(self) -> str:
        """Return the names of the page's fields, one on each line."""

    def code(self) -> str:
        """Return the text of the QR code that the page shows. Raises PageError."""

    def path(self) -> str:
        """Return the path of the page that is shown, with its query."""


@dataclass
class _Field:
    name: str
    kind: str
    value: str = ""
    chosen: bool = True
    label: str = ""


@dataclass
class _Form:
    action: str
    method: str
    fields: list[_Field] = field(default_factory=list)


class _Page(HTMLParser):
    """The forms, links and words of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[_Form] = []
        self.links: list[str] = []
        self.loose: list[_Field] = []
        """Fields outside of forms: addresses to copy, say."""
        self.words: list[str] = []
        self._form: _Form | None = None
        self._silent: list[str] = []
        self._writing: _Field | None = None
        self._list = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "form":
                self._form = _Form(given.get("action", ""), given.get("method", "get").lower())
                self.forms.append(self._form)
            case "a":
                self.links.append(given.get("href", ""))
            case "input" | "button":
                kind = given.get("type", "submit" if tag == "button" else "text")
                chosen = "checked" in given if kind in {"checkbox", "radio"} else kind not in {"submit", "button"}
                self._add(
                    _Field(
                        given.get("name") or given.get("data-name", ""),
                        kind,
                        given.get("value", ""),
                        chosen,
                        given.get("aria-label", ""),
                    )
                )
            case "textarea":
                self._writing = self._add(_Field(given.get("name", ""), tag))
            case "select":
                self._list = given.get("name", "")
            case "option":
                self._writing = self._add(_Field(self._list, tag, given.get("value", ""), "selected" in given))
            case _ if tag in _SILENT:
                self._silent.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag in {"textarea", "option"}:
            self._writing = None
        elif self._silent and tag == self._silent[-1]:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if self._writing is not None and self._writing.kind == "textarea":
            self._writing.value += data.removeprefix("\n")
        elif self._writing is not None:
            self._writing.label += data.strip()
        elif data.strip():
            self.words.append(data.strip())

    def _add(self, made: _Field) -> _Field:
        (self.loose if self._form is None else self._form.fields).append(made)
        return made


class HttpBrowser:
    """A browser without a screen: it keeps cookies and follows redirects. Scripts do not run."""

    def __init__(self, base: str) -> None:
        """`base`: the console's address, without a slash at its end."""
        self._client = httpx.Client(base_url=base, follow_redirects=True, timeout=TIMEOUT_S)
        self._page, self._html = _Page(""), ""
        self._url = httpx.URL(base)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._client.close()

    def open(self, path: str) -> None:
        """Open a page. Raises PageError."""
        self._show(self._client.get(path))

    def submit(self, action: str, values: Mapping[str, Value] | None = None, *, button: str = "") -> None:
        """Fill in a form and send it. Raises PageError."""
        form = self._form(action)
        data, files = self._filled(form, dict(values or {}))
        if button:
            name, _, value = button.partition("=")
            data.setdefault(name, []).append(value)
        address = self._url.join(form.action) if form.action else self._url
        if form.method == "get":
            self._show(self._client.get(address, params=data))
            return
        opened = {name: (path.name, path.read_bytes()) for name, path in files.items()}
        self._show(self._client.post(address, data=data, files=opened or None, headers={"Referer": str(self._url)}))

    def text(self) -> str:
        """Return the words that the page shows."""
        return " ".join(self._page.words)

    def links(self, part: str) -> list[str]:
        """Return the addresses on the page that hold this part."""
        return [link for link in self._page.links if part in link]

    def values(self, field_name: str) -> list[str]:
        """Return the values of all fields with this name."""
        fields = [one for form in self._page.forms for one in form.fields] + self._page.loose
        fields = [one for one in fields if one.name == field_name]
        return [f"{one.value} {one.label}".strip() for one in fields]

    def forms(self) -> str:
        """Return the addresses of the page's forms, one on each line."""
        return "\n".join(form.action for form in self._page.forms)

    def fields(self) -> str:
        """Return the names of the page's fields, one on each line."""
        return "\n".join(one.name for form in self._page.forms for one in form.fields)

    def code(self) -> str:
        """Return the text of the QR code that the page shows: drawn, then read as a camera would. Raises PageError."""
        drawn = re.search(r"<svg[^>]*viewBox[^>]*>.*?</svg>", self._html.partition('class="code"')[2], re.DOTALL)
        if drawn is None:
            raise PageError(f"{self._url} shows no code: {self.text()[:600]}")
        try:
            return code_in_picture(picture_of(drawn[0]))
        except UnreadableCode as error:
            raise PageError(f"{self._url}: {error}") from error

    def path(self) -> str:
        """Return the path of the page that is shown, with its query."""
        return self._url.raw_path.decode()

    def _show(self, answer: httpx.Response) -> None:
        self._html, self._url = answer.text, answer.url
        self._page = _Page(self._html)
        if not answer.is_success:
            raise PageError(f"{answer.status_code} at {answer.url}: {self.text()[:600]}")

    def _form(self, action: str) -> _Form:
        for form in self._page.forms:
            if form.action.partition("?")[0].endswith(action) if action else form.method == "post" and not form.action:
                return form
        known = [one.action for one in self._page.forms]
        raise PageError(f"{self._url} has no form {action!r}, only {known}: {self.text()[:600]}")

    def _filled(self, form: _Form, values: dict[str, Value]) -> tuple[dict[str, list[str]], dict[str, Path]]:
        names = {one.name for one in form.fields}
        if missing := values.keys() - names:
            raise PageError(
                f"{self._url}: the form {form.action!r} has no field {sorted(missing)}, only {sorted(names)}"
            )
        data: dict[str, list[str]] = {}
        files: dict[str, Path] = {}
        for one in form.fields:
            if one.name and one.name not in values and one.chosen and one.kind != "file":
                data.setdefault(one.name, []).append(one.value)
        for name, value in values.items():
            if isinstance(value, Path):
                files[name] = value
            else:
                data[name] = [value] if isinstance(value, str) else list(value)
        self._first_choices(form, data)
        return data, files

    @staticmethod
    def _first_choices(form: _Form, data: dict[str, list[str]]) -> None:
        """Choose the first entry of each list that shows none as chosen, as browsers do."""
        for one in form.fields:
            if one.kind == "option" and one.name and one.name not in data:
                data[one.name] = [one.value]
