"""Reads the rows of a sheet whose columns are known: each row's values, and what is wrong with its cells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.sheets.columns import ColumnMap, SheetField, letter
from common.sheets.opening import Sheet
from common.sheets.refusals import BadCell
from common.sheets.values import CLEAR, Cell, CellRules, is_empty, read_again, trimmed

TOO_WIDE = "has more cells than the headings: put a value that holds the separator into quotation marks"


@dataclass(frozen=True, slots=True)
class CellProblem:
    """What is wrong in a row, and under which heading."""

    row: int
    heading: str
    """"" for the whole row."""
    error: BadCell

    @property
    def place(self) -> str:
        """Return where it is, in English."""
        return f"row {self.row}, {self.heading}" if self.heading else f"row {self.row}"


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row. A field whose cell says nothing is not in `values`; None clears a field."""

    number: int
    """As a spreadsheet shows it."""
    values: Mapping[str, Any]
    problems: tuple[CellProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetRows:
    """The rows below the headings."""

    sheet: Sheet
    columns: ColumnMap
    rules: CellRules
    serial_dates: frozenset[str] = frozenset()
    """Fields whose numbers are day numbers."""

    def read(self) -> Iterator[SheetRow]:
        """Read the rows that say anything. It may be called again, and then reads the file again. Raises
        ImportRefused.
        """
        declared = self.rules._replace(serial_dates=True)
        fields = [
            (item, index, declared if item.key in self.serial_dates else self.rules)
            for item, index in self.columns.fields
        ]
        for index, (number, cells) in enumerate(self.sheet.rows()):
            if index >= self.columns.first_row and not all(map(is_empty, cells)):
                yield self._row(number, cells, fields)

    def _row(self, number: int, cells: Sequence[Cell], fields: Sequence[tuple[SheetField, int, CellRules]]) -> SheetRow:
        values, problems = dict[str, Any](), list[CellProblem]()
        if self.sheet.strict_width and not all(map(is_empty, cells[len(self.columns.headings) :])):
            problems.append(CellProblem(number, "", BadCell(TOO_WIDE)))
        for item, index, rules in fields:
            try:
                _read(item, cells[index] if index < len(cells) else None, rules, values)
            except BadCell as error:
                problems.append(CellProblem(number, self.columns.headings[index] or letter(index), error))
        return SheetRow(number, values, tuple(problems))


def _read(item: SheetField, cell: Cell, rules: CellRules, values: dict[str, Any]) -> None:
    """Read a cell into `values`, unless it says nothing. Raises BadCell."""
    said = trimmed(cell) if isinstance(cell, str) else cell
    if said is None or said == "":
        if item.needed:
            raise BadCell("is empty: write it, or delete the row")
    elif said in CLEAR and not item.needed:
        if not item.clearable:
            text = "%(cell)s does not say what to do: leave the cell empty to change nothing"
            raise BadCell(text, cell=repr(said))
        values[item.key] = None
    else:
        values[item.key] = read_again(item.read, cell, rules) if isinstance(cell, str) else item.read(cell, rules)
