"""Keep texts of ours from becoming formulas in a spreadsheet."""

FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Spreadsheets take a cell of a CSV file that begins so for a formula. In some languages full-width ones count too."""
ROWS_MAX = 1_048_575
"""Rows of a worksheet below its headings."""
CELL_MAX = 32_767
"""Characters of a worksheet's cell."""


def without_formula(text: str) -> str:
    """Put an apostrophe before a text that would be a formula, as spreadsheets write it themselves."""
    return f"'{text}" if text.startswith(FORMULA_BEGINS) else text
