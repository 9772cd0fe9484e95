"""The pages are in plain English: short sentences, and a first paragraph that says what a page is for."""

import re
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "models/README.md",
    *tuple(sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))),
)
_SPEC = spec_from_file_location("language", ROOT / "scripts" / "language.py")
assert _SPEC is not None and _SPEC.loader is not None
LANGUAGE = module_from_spec(_SPEC)
_SPEC.loader.exec_module(LANGUAGE)
"""The one list of words that are out, for code and for pages."""


def _paragraphs(page: str) -> Iterator[str]:
    """Yield each paragraph, list item and table cell. Leave out code, headings, rows of links and generated parts."""
    text = (ROOT / page).read_text(encoding="utf-8")
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"<!-- [^>]*(?:generated|written) by.*?<!-- [^>]*end.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"`[^`]*`", "CODE", text)
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )|\n(?=\|)", text):
        if block.lstrip().startswith("#"):
            continue
        for cell in block.strip("| ").split("|") if block.startswith("|") else [block]:
            words = re.sub(r"!?\[[^\]]*\]\([^)]*\)", "", cell)
            if len(re.findall(r"\w+", words)) > len(re.findall(r"\]\(", cell)):  # more than a row of links
                yield " ".join(re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", cell).replace("**", "").split())


def _sentences(page: str) -> Iterator[str]:
    for paragraph in _paragraphs(page):
        for sentence in re.split(r"(?<=[.!?])[)\"]?\s+", re.sub(r"^(?:[-*]|\d+\.)\s+", "", paragraph)):
            if re.sub(r"CODE|and|or|[\W_]", "", sentence):  # more than a list of code
                yield sentence


@pytest.mark.parametrize("page", PAGES)
def test_ok__sentences_are_short(page: str) -> None:
    long = [s for s in _sentences(page) if len([w for w in s.split() if re.search(r"\w", w)]) > LANGUAGE.WORDS_MAX]
    assert not long, f"{page}: more than {LANGUAGE.WORDS_MAX} words"


@pytest.mark.parametrize("page", PAGES)
def test_ok__words_are_plain(page: str) -> None:
    assert not [s for s in _sentences(page) if LANGUAGE.WORD.search(re.sub(r'"[^"]*"', "", s))]


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("docs/")])
def test_ok__a_page_begins_with_what_it_is_for(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert re.match(r"# .+\n\nThis page is for ", text), page
