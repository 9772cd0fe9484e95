"""PROMISE: every text of the console is there in Chinese, with the same placeholders, and compiled."""

import gettext
import re
from collections import defaultdict
from pathlib import Path

import pytest
from gettext_texts import Text, catalogue, texts_of_app

DISTRICT = Path(__file__).parents[2] / "district"
APPS = sorted(path.parent for path in DISTRICT.glob("*/__init__.py"))
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


def _texts(folder: Path) -> set[Text]:
    return texts_of_app(folder, nested=folder != DISTRICT)


def _catalogue(folder: Path) -> dict[Text, str]:
    path = folder / "locale/zh_Hans/LC_MESSAGES/django.po"
    return catalogue(path) if path.is_file() else {}


@pytest.mark.parametrize("folder", [DISTRICT, *APPS], ids=lambda folder: folder.name)
def test_ok__every_text_has_its_chinese(folder: Path) -> None:
    said = _catalogue(folder)
    missing = sorted(text for _context, text in _texts(folder) if not said.get((_context, text)))
    assert not missing, f"run scripts/translations {folder.name}, and write the Chinese of these"


@pytest.mark.parametrize("folder", [DISTRICT, *APPS], ids=lambda folder: folder.name)
def test_ok__the_chinese_keeps_the_placeholders_and_is_compiled(folder: Path) -> None:
    said = _catalogue(folder)
    wrong = [
        english
        for (_context, english), chinese in said.items()
        if chinese and sorted(_PLACEHOLDER.findall(english)) != sorted(_PLACEHOLDER.findall(chinese))
    ]
    assert not wrong
    if said:
        with (folder / "locale/zh_Hans/LC_MESSAGES/django.mo").open("rb") as file:
            compiled = gettext.GNUTranslations(file)
        stale = [
            t
            for (c, t), zh in said.items()
            if zh and not c and zh not in (compiled.gettext(t), compiled.ngettext(t, t, 1))
        ]
        assert not stale, f"run scripts/translations {folder.name}: the compiled catalogue is older"


def test_ok__one_text_has_one_chinese_in_all_apps() -> None:
    """Django merges the catalogues: of two translations of one text, one app would see the other's."""
    said: dict[Text, set[str]] = defaultdict(set)
    for folder in (DISTRICT, *APPS):
        for text, chinese in _catalogue(folder).items():
            said[text] |= {chinese} if chinese else set()
    assert not {text: words for text, words in said.items() if len(words) > 1}, "give one of them a context (pgettext)"
