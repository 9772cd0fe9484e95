"""PROMISE: each symbol that a page or a list names is drawn."""

import re
from pathlib import Path

from district.web.registry import navigation_entries

DISTRICT = Path(__file__).parents[2] / "district"
NAMED = re.compile(r"""\bicon=["']([\w-]+)["']|{% icon ["']([\w-]+)["']""")


def test_ok__no_symbol_is_missing() -> None:
    drawn = set(
        re.findall(r'id="([\w-]+)"', (DISTRICT.parent / "common/web/static/web/icons.svg").read_text(encoding="utf-8"))
    )
    files = [*DISTRICT.rglob("*.py"), *DISTRICT.rglob("*.html")]
    named = {one or other for file in files for one, other in NAMED.findall(file.read_text(encoding="utf-8"))}
    named |= {entry.icon for entry in navigation_entries()}
    assert len(named) > 30
    assert named - drawn == set()
