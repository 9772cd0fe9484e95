"""Every test that docs/OPERATIONS.md and docs/ARCHITECTURE.md name exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("page", ["OPERATIONS.md", "ARCHITECTURE.md", "SECURITY.md"])
def test_ok__the_tests_that_a_page_names_exist(page: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "docs" / page).read_text(encoding="utf-8"))
    assert len(named) > 10
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


def test_ok__every_row_of_the_security_page_names_a_test_or_says_that_it_is_open() -> None:
    text = (ROOT / "docs" / "SECURITY.md").read_text(encoding="utf-8")
    sections = re.split(r"^## ", text, flags=re.M)[1:]
    attackers = [section for section in sections if "| it tries | what stops it | shown by |" in section]
    assert len(attackers) >= 8
    for section in attackers:
        rows = [line for line in section.splitlines() if line.startswith("| ") and not line.startswith("| it tries |")]
        assert rows, section.splitlines()[0]
        for row in rows:
            cells = row.strip("| ").split(" | ")
            assert len(cells) == 3, row
            assert re.search(r"`tests/\S+\.py::test_\w+`", cells[2]) or cells[0].startswith("**open**"), row
        opened = [row.startswith("| **open**") for row in rows]
        assert opened == sorted(opened), f"{section.splitlines()[0]}: what is open stands at the end"
