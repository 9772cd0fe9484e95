"""docs/MESSAGES.md says what the code says."""

from pathlib import Path

import pytest

from contract.reference import renewed

DOCUMENT = Path(__file__).parents[2] / "docs" / "MESSAGES.md"


def test_ok__the_tables_in_the_document_are_those_of_the_code() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert renewed(text) == text, "run: python -m contract.reference docs/MESSAGES.md"


def test_fail__a_document_without_marks() -> None:
    with pytest.raises(ValueError, match="lacks the marks"):
        renewed("# nothing here")
