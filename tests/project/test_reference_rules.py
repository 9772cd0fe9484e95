"""docs/SAFETY.md shows the table of rules that the code has."""

from pathlib import Path

import pytest

from edge.core.decision import RULES
from edge.tools.docs.marks import renewed
from edge.tools.docs.rules import MAKER, table

PAGE = Path(__file__).parents[2] / "docs" / "SAFETY.md"


def test_ok__the_page_shows_the_rules_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert renewed(page, MAKER, table()) == page, "run: python -m edge.tools.docs.rules docs/SAFETY.md"


def test_ok__every_rule_has_a_row_of_its_own() -> None:
    rows = table().splitlines()[2:]
    assert [row.split(" | ")[1] for row in rows] == [rule.name for rule in RULES]
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(row.count("|") == 7 for row in rows)


def test_fail__a_page_without_marks() -> None:
    with pytest.raises(ValueError, match="lacks the marks"):
        renewed("# nothing here", MAKER, "")
