"""Texts and values that somebody means ill with, and a walk that puts them into every form."""

import re
from html.parser import HTMLParser

TEXT = "=zq\"'><script>{{7|add:7}}{% now 'Y' %}${7*7}</script>"
"""Closes an attribute, begins a script, is a formula, and says something to two kinds of templates."""
RUN = re.compile(r"""=zq["']|'><script|<script>\{\{|=zq&quot;'""")
"""What a page holds that shows the text and does not escape it. With the "=": a random token may end in "zq"."""
STRANGE = (
    "²", "9" * 40, "-1", "NaN", "1e400", "0001-01-01", "9999-12-31", "2100-02-29", "1900-01-01", "\0", b"\xed\xa0\x80",
    "a\0b", "x" * 500, "\u202e\u200b😀" * 20, "' OR 1=1 --", "javascript:alert(1)", "../../etc/passwd", "２０２６",
)  # fmt: skip


class _Fields(HTMLParser):
    """Collects the forms of a page with values that a person could send."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str], set[str]]] = []
        self._open = False
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, a field, or the first choice of one."""
        found = {name: value or "" for name, value in attrs}
        name = found.get("name", "")
        if tag == "form":
            self._open = found.get("method", "").lower() == "post"
            if self._open:
                self.forms.append((found.get("action", ""), {}, set()))
        elif self._open and tag == "option" and self._select:
            values = self.forms[-1][1]
            if "selected" in found or not values.get(self._select):
                values[self._select] = found.get("value", "") or values.get(self._select, "")
        elif self._open and name and tag in {"input", "textarea", "button", "select"}:
            self._field(tag, name, found)

    def handle_endtag(self, tag: str) -> None:
        """Close a form or a choice."""
        self._open = self._open and tag != "form"
        if tag == "select":
            self._select = ""

    def _field(self, tag: str, name: str, found: dict[str, str]) -> None:
        _action, values, texts = self.forms[-1]
        kind = found.get("type", "text")
        if tag == "select":
            self._select = name
            values[name] = ""
        elif tag == "textarea" or (tag == "input" and kind in {"text", "search", "tel", "url", "email", "password"}):
            texts.add(name)
            values[name] = found.get("value", "")
        else:
            plain = {"date": "2026-06-01", "time": "08:00", "number": "1"}.get(kind, "")
            values.setdefault(name, found.get("value", "") or plain or "on")


def forms_with_texts(html: str) -> list[tuple[str, dict[str, str], set[str]]]:
    """Return of each form that posts: its address, its fields with values of a usual person, its text fields."""
    parser = _Fields()
    parser.feed(html)
    return parser.forms
