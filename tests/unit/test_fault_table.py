"""Every test that docs/OPERATIONS.md and docs/ARCHITECTURE.md name exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("page", ["OPERATIONS.md", "ARCHITECTURE.md", "SECURITY.md"])
def test_ok__the_tests_that_a_page_names_exist(page: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "docs" / page).read_text(encoding="utf-8"))
    assert len(named) > 10 or page == "SECURITY.md"
    for path, name in named:
        assert (ROOT / path).is_file(), path
        if name:
            assert re.search(rf"^def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.M), f"{path}::{name}"


def test_ok__every_row_of_the_fault_table_names_a_test() -> None:
    text = (ROOT / "docs" / "OPERATIONS.md").read_text(encoding="utf-8")
    tables = text.split("## Faults, and what becomes of them\n")[1].split("\n## ")[0]
    rows = [line for line in tables.splitlines() if line.startswith("| ") and not line.startswith("| fault |")]
    assert len(rows) > 40
    assert all(re.search(r"`tests/\S+::test_\w+`", row) for row in rows)
