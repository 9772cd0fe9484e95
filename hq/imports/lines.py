"""Turns rows of a sheet, or entries of a JSON or TOML file, into lines: what somebody wants to change."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, Protocol

from contract.messages import RiskEntry
from hq.imports.columns import HEADINGS_WITHIN, ColumnMap, ColumnsUnclear, SheetField, Subject, letter, map_columns
from hq.imports.sheets import Row, Sheet
from hq.imports.values import CLEAR, BadCell, Cell, CellRules, is_empty, read_again, trimmed
from hq.registry.import_file import ImportFile, ImportRefused, PolicyEntry

_NEEDED = ("worker_id", "list_name")
DEFAULT_LIST = RiskEntry.model_fields["list_name"].default


@dataclass(frozen=True, slots=True)
class ImportProblem:
    """What is wrong, and where. The file is refused."""

    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}" if self.place else self.text


@dataclass(frozen=True, slots=True)
class WorkerLine:
    """What a file says of one worker. A field that it does not name is not in `fields`; None clears a field."""

    place: str
    worker_id: str
    fields: Mapping[str, Any]
    cards: tuple[str, ...] | None = field(default=None, repr=False)
    """Card numbers as the reader gives them; None: not named."""
    pin: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class RiskLine:
    """What a file says of one entry of a risk list."""

    place: str
    worker_id: str
    list_name: str
    fields: Mapping[str, Any]


Line = WorkerLine | RiskLine | ImportProblem


class Source(Protocol):
    """What a file asks for. `lines` may be called again, and then reads the file again. Raises ImportRefused."""

    @property
    def notes(self) -> Sequence[str]:
        """How the file was read."""

    @property
    def total(self) -> int | None:
        """Number of lines, if it is known."""

    @property
    def policies(self) -> Sequence[PolicyEntry]: ...

    @property
    def whole(self) -> ImportFile | None:
        """The file, if it is one of JSON or TOML: it may also hold enrolments."""

    def lines(self) -> Iterator[Line]: ...


@dataclass(frozen=True, slots=True)
class SheetSource:
    """A sheet whose columns are known."""

    path: Path
    sheet: Sheet
    columns: ColumnMap
    rules: CellRules
    serial_dates: frozenset[str] = frozenset()
    """Fields whose numbers are day numbers."""
    total: int | None = None
    policies: tuple[PolicyEntry, ...] = ()
    whole: ImportFile | None = None

    @property
    def notes(self) -> list[str]:
        named = ", ".join(f"{key} ← {heading}" for key, heading in self.columns.named.items())
        notes = [*self.sheet.notes, f"{self.columns.subject}, headings in row {self.columns.first_row}: {named}"]
        return [*notes, *([f"not read: {', '.join(self.columns.not_read)}"] if self.columns.not_read else [])]

    def lines(self) -> Iterator[Line]:
        declared = self.rules._replace(serial_dates=True)
        fields = [
            (item, index, declared if item.key in self.serial_dates else self.rules)
            for item, index in self.columns.fields
        ]
        ids = self.columns.columns["worker_id"]
        for index, (number, cells) in enumerate(self.sheet.rows()):
            if index >= self.columns.first_row and not (is_empty(_at(cells, ids)) and all(map(is_empty, cells))):
                yield from self._line(number, cells, fields)

    def _line(
        self, number: int, cells: Sequence[Cell], fields: Sequence[tuple[SheetField, int, CellRules]]
    ) -> Iterator[Line]:
        place, values, problems = f"row {number}", dict[str, Any](), list[ImportProblem]()
        if self.sheet.strict_width and not all(map(is_empty, cells[len(self.columns.headings) :])):
            text = "has more cells than the headings: put a value that holds the separator into quotation marks"
            problems.append(ImportProblem(place, text))
        for item, index, rules in fields:
            cell = _at(cells, index)
            try:
                _read(item, cell, rules, values)
            except BadCell as error:
                problems.append(ImportProblem(f"{place}, {self.columns.headings[index] or letter(index)}", str(error)))
        if not problems:
            yield _line_of(self.columns.subject, place, values)
        yield from problems


def _at(cells: Sequence[Cell], index: int) -> Cell:
    return cells[index] if index < len(cells) else None


def _read(item: SheetField, cell: Cell, rules: CellRules, values: dict[str, Any]) -> None:
    """Read a cell into `values`, unless it says nothing. Raises BadCell."""
    said = trimmed(cell) if isinstance(cell, str) else cell
    if said is None or said == "":
        if item.key in _NEEDED:
            raise BadCell("is empty: write it, or delete the row")
    elif said in CLEAR and item.key not in _NEEDED:
        if not item.clearable:
            raise BadCell(f"{said!r} does not say what to do: leave the cell empty to change nothing")
        values[item.key] = () if item.key == "card" else None
    else:
        values[item.key] = read_again(item.read, cell, rules) if isinstance(cell, str) else item.read(cell, rules)


def sheet_source(
    path: Path,
    sheet: Sheet,
    given: Mapping[str, str],
    saved: Any,
    rules: CellRules,
    serial_dates: frozenset[str] = frozenset(),
) -> SheetSource:
    """Find the columns of a sheet. Raises ImportRefused."""
    rows: Iterator[Row] = sheet.rows()
    first = [list(cells) for _, cells in islice(rows, HEADINGS_WITHIN)]
    if not first:
        raise ImportRefused(f"{path} has no rows")
    try:
        columns = map_columns(first, given, saved)
    except ColumnsUnclear as error:
        raise ImportRefused(f"{path}: {error}") from error
    finally:
        getattr(rows, "close", lambda: None)()
    return SheetSource(path, sheet, columns, rules, serial_dates)


@dataclass(frozen=True, slots=True)
class FileSource:
    """A JSON or TOML file that was read."""

    whole: ImportFile
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return len(self.whole.workers) + len(self.whole.risk or ())

    @property
    def policies(self) -> tuple[PolicyEntry, ...]:
        return self.whole.policies

    def lines(self) -> Iterator[Line]:
        workers = (
            WorkerLine(
                f"workers.{number}",
                worker.worker_id,
                {key: getattr(worker, key) for key in sorted(worker.model_fields_set - {"worker_id", "card"})},
            )
            for number, worker in enumerate(self.whole.workers)
        )
        risk = (
            RiskLine(
                f"risk.{number}",
                entry.worker_id,
                entry.list_name,
                {key: getattr(entry, key) for key in entry.model_fields_set - {"worker_id", "list_name"}},
            )
            for number, entry in enumerate(self.whole.risk or ())
        )
        return chain(workers, risk)


def _line_of(subject: Subject, place: str, values: dict[str, Any]) -> Line:
    worker_id = values.pop("worker_id")
    if subject is Subject.RISK:
        return RiskLine(place, worker_id, values.pop("list_name", DEFAULT_LIST), values)
    cards, pin = values.pop("card", None), values.get("pin")
    if pin is not None:  # None clears it, as any other field
        del values["pin"]
    return WorkerLine(place, worker_id, values, cards, pin)
